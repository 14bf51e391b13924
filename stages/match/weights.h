// SPDX-License-Identifier: GPL-3.0-or-later
/// The weight of each field, in bits: log2 of how much likelier the printed value is if the patient is the document's
/// than if the document is someone else's (Fellegi & Sunter, JASA 64, 1969). The m probabilities (how a right patient's
/// field comes out on a scan) are reasoned and stand beside each level in weights.cpp; the u probabilities (by chance)
/// come from the index's own frequencies (section 3.3 of that paper; Winkler 1990 for partial agreement).
/// A field read with probability p is either read right, or wrong and then hardly informative:
/// weight = log2(p * 2^w + (1 - p) * g), with g = 1 for an agreement and 0.3 for a disagreement, because most misread
/// fields still look like what is printed.
/// Guarantee: a field missing on either side weighs 0. Thread-safety: pure functions over plain values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/date.h"
#include "core/field.h"
#include "core/names.h"
#include "core/patient.h"
#include "core/population.h"

namespace chartlift::match {

struct PrintedText {
    std::string joined;              ///< without blanks; empty: missing
    std::vector<std::string> parts;  ///< see name_parts
    double probability = 0;          ///< that it is what is printed
};

/// The fields of a document, folded once for all candidates.
struct Printed {
    PrintedText mrn, last_name, first_name, middle_name, suffix, sex;
    std::optional<Date> birth_date;
    double birth_date_probability = 0;
};
Printed printed_from(const PageFields& fields);

/// All fields of one patient compared; the indexes of `fields` are those of FieldKind up to sex.
struct PairWeights {
    static constexpr std::size_t kFields = 7;  ///< mrn, last, first, middle, suffix, birth date, sex
    std::vector<FieldComparison> fields = std::vector<FieldComparison>(kFields);
    const FieldComparison& of(FieldKind kind) const { return fields.at(static_cast<std::size_t>(kind)); }
    double bits() const;
};
PairWeights compare(const Printed& printed, const Patient& patient, const Population& population,
                    const Nicknames& nicknames);

}  // namespace chartlift::match
