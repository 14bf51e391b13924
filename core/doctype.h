// SPDX-License-Identifier: GPL-3.0-or-later
/// Clinical document types as data: a site adds one by a TOML file in models/doctypes, without code.
/// Thread-safety: immutable after loading, shared-const.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/field.h"

namespace chartlift {

struct DocType {
    std::string id;                   ///< "operative_report"
    std::string name;                 ///< "Operative report"
    std::string loinc;                ///< "11504-8"; empty where LOINC has no document code
    std::vector<std::string> titles;  ///< how the type is headed on paper, any case: "OPERATIVE REPORT", "Op Note"
    bool single_page = false;         ///< always one sheet: an insurance card, an ECG tracing
};

/// The wordings that announce a field on paper: "MRN", "Medical Record No.", "DOB", "Date of Birth".
struct FieldLabels {
    FieldKind kind = FieldKind::mrn;  ///< first_name stands for a whole patient name
    std::vector<std::string> labels;  ///< any case; longest match wins
    std::vector<std::string>
        not_after;  ///< words before the label that make it someone else's: "Mother's", "Referring"
};

struct DocTypes {
    std::vector<DocType> types;  ///< sorted by id
    std::vector<FieldLabels> labels;
    std::vector<std::string> facility_words;  ///< words that mark a letterhead: "Hospital", "Clinic", "Medical Center"
    std::vector<std::string> separator_values;  ///< barcode values that mark a separator sheet: "PATCHT"

    const DocType* find(std::string_view id) const;
};

}  // namespace chartlift
