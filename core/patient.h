// SPDX-License-Identifier: GPL-3.0-or-later
/// People of the patient master index (PMI) and how a document compares with them. Thread-safety: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/date.h"
#include "core/field.h"
#include "core/phi.h"
#include "core/units.h"

namespace chartlift {

struct Patient {
    std::int64_t id = 0;  ///< row of the index
    Phi<std::string> mrn;
    Phi<std::string> last_name;
    Phi<std::string> first_name;
    Phi<std::string> middle_name;
    Phi<std::string> suffix;
    Phi<std::optional<Date>> birth_date;
    Phi<std::string> sex;  ///< "F", "M", "X" or empty
    Phi<std::string> address;
    Phi<std::string> city;
    Phi<std::string> state;
    Phi<std::string> zip;
    Phi<std::string> phone;
    friend bool operator==(const Patient&, const Patient&) = default;
};

enum class Agreement { missing, exact, close, swapped, nickname, differs };
std::string_view to_string(Agreement agreement);

/// One line of the reasons a reviewer sees beside a candidate.
struct FieldComparison {
    FieldKind field = FieldKind::mrn;
    Agreement agreement = Agreement::missing;
    float weight_bits = 0;  ///< log2 of the likelihood ratio match : non-match
    friend bool operator==(const FieldComparison&, const FieldComparison&) = default;
};

struct Candidate {
    Patient patient;
    float weight_bits = 0;  ///< sum over the comparisons
    Score probability;      ///< that this patient is the document's; over all candidates and "none" they sum to 1
    std::vector<FieldComparison> reasons;
    friend bool operator==(const Candidate&, const Candidate&) = default;
};

struct PatientMatch {
    bool index_available = false;
    std::vector<Candidate> candidates;  ///< best first, at most five
    bool ambiguous = false;  ///< the two best are close, or the best has a twin, namesake or Jr/Sr that the evidence
                             ///< does not exclude
    friend bool operator==(const PatientMatch&, const PatientMatch&) = default;
};

}  // namespace chartlift
