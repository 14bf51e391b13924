// SPDX-License-Identifier: GPL-3.0-or-later
/// Identifiers read from a page, with their evidence. Thread-safety: plain values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/geometry.h"
#include "core/page.h"
#include "core/phi.h"
#include "core/units.h"

namespace chartlift {

enum class FieldKind {
    mrn,
    last_name,
    first_name,
    middle_name,
    suffix,
    birth_date,
    sex,
    service_date,
    encounter,
    author,
    facility,
};
inline constexpr int kFieldKinds = 11;

std::string_view to_string(FieldKind kind);  ///< "mrn", "last_name", ... as in the manifest
std::optional<FieldKind> field_kind_from(std::string_view text);

struct FieldValue {
    FieldKind kind = FieldKind::mrn;
    Phi<std::string>
        value;  ///< normalised: dates YYYY-MM-DD, sex F/M/X, names without titles and punctuation, as cased on the page
    Phi<std::string> raw;  ///< as it stands on the page
    Score probability;     ///< that `value` is what is printed
    PageIndex page = 0;
    Box box;                           ///< pixels of the upright page
    std::vector<std::uint32_t> words;  ///< indexes into PageText::words
    friend bool operator==(const FieldValue&, const FieldValue&) = default;
};

/// Everything read from one page; several values of a kind may stand there, best first within a kind.
struct PageFields {
    std::vector<FieldValue> values;
    const FieldValue* best(FieldKind kind) const;
    friend bool operator==(const PageFields&, const PageFields&) = default;
};

}  // namespace chartlift
