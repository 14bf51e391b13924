// SPDX-License-Identifier: GPL-3.0-or-later
/// What the patient index is asked for, and how common names, birth years and numbers are in it: how surprising an
/// agreement is depends on that (frequency-based weights: Fellegi & Sunter, A Theory for Record Linkage, JASA 64, 1969,
/// section 3.3; Winkler, Proc. Section on Survey Research Methods, ASA, 1990).
/// Guarantee: every share is in (0, 1]; a small index leans on general shares (a Dirichlet prior), so that ten patients
/// do not make a name look rare or common. Thread-safety: plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/date.h"
#include "core/field.h"
#include "core/names.h"
#include "core/patient.h"
#include "core/phi.h"

namespace chartlift {

/// The numbers of one length: how many there are and, where all are plain digits, the range they lie in.
struct MrnShape {
    std::int64_t count = 0;
    bool digits_only = true;
    std::int64_t lowest = 0;
    std::int64_t highest = 0;
};

struct Population {
    std::int64_t patients = 0;
    std::unordered_map<std::string, std::uint32_t> last_names;   ///< joined -> patients; names borne once are left out
    std::unordered_map<std::string, std::uint32_t> first_names;  ///< the same
    std::map<int, std::uint32_t> birth_years;                    ///< year -> patients
    std::map<std::string, std::uint32_t> sexes;                  ///< "F" -> patients
    std::map<int, MrnShape> mrn_shapes;                          ///< length of mrn_key -> numbers of that length

    /// Share of people who bear this joined name.
    double last_name_share(std::string_view joined) const;
    double first_name_share(std::string_view joined) const;
    /// Chance that a person drawn at random was born on this very day.
    double birth_date_share(Date date) const;
    double sex_share(std::string_view sex) const;
    /// Chance that a number drawn at random from those that could be issued is this one.
    double mrn_share(std::string_view key) const;

    /// Counts one patient in; names borne once are counted too. drop_singles() then leaves them out.
    void add(const Patient& patient);
    void drop_singles();
};

/// What a document says of its patient, in lookup form. Patient data: never log it.
struct PatientQuery {
    Phi<std::vector<std::string>> mrns;               ///< mrn_key
    Phi<std::vector<std::string>> last_names;         ///< folded, without suffix
    Phi<std::vector<std::string>> first_names;        ///< joined, as printed
    Phi<std::vector<std::string>> other_first_names;  ///< joined: nicknames and formal names of those printed
    Phi<std::vector<Date>> birth_dates;
    bool empty() const
    {
        return mrns.reveal().empty() && last_names.reveal().empty() && first_names.reveal().empty() &&
               birth_dates.reveal().empty();
    }
};

/// At most three values of a kind, best first.
PatientQuery query_from(const PageFields& fields, const Nicknames& nicknames = {});

}  // namespace chartlift
