// SPDX-License-Identifier: GPL-3.0-or-later
/// Which patient of the index a document belongs to, and how sure that is.
///
/// Exactly one of these is true: the document is patient i's, or it is nobody's of the index. A priori a share s of
/// documents has its patient in the index, each of its N patients alike: s/N. With the weights w_i of weights.h
///     P(i | document) = (s/N) 2^w_i / ((1-s) + sum_j (s/N) (2^w_j + r_j)),
/// where r_j stands for the people who are not in the index but resemble patient j because they are kin or because a
/// label strayed, which independent fields would overlook: an unlisted twin (same surname and birth date), an unlisted
/// namesake or father and son (same name), and j's number on a stranger's, a relative's or a twin's document. So a
/// number whose name and birth date say otherwise is no match, and a name alone is never a sure one.
///
/// Ambiguous is stricter than the probability: see ambiguous() in match.cpp for the margins asked of relatives.
/// Guarantee: probabilities of all candidates and of "none" sum to 1; the result does not depend on the order of the
/// candidates, ties included (by patient id). Faults: cancelled, timeout, limit (more than 10,000 candidates).
/// Thread-safety: run() is const and shares nothing that changes.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/field.h"
#include "core/names.h"
#include "core/patient.h"
#include "core/population.h"
#include "core/stage.h"

namespace chartlift {

struct MatchSettings {
    double share_in_index = 0.9;   ///< documents whose patient the index knows, 0 to 1 exclusive
    double close_margin_bits = 7;  ///< two candidates nearer than this (1:128) are ambiguous
    double relative_margin_bits =
        10;                     ///< the same for kin and namesakes (1:1024), who also need a field that parts them
    double sure_reading = 0.8;  ///< a field read less surely than this parts nobody
    std::shared_ptr<const Nicknames> nicknames;  ///< null: only the rule for beginnings and diminutives
};

struct MatchInput {
    PageFields fields;
    std::vector<Patient> candidates;               ///< what the index answered to query_from(fields)
    std::shared_ptr<const Population> population;  ///< null: general shares
    bool index_available = false;
};

class Match {
public:
    using Input = MatchInput;
    using Output = PatientMatch;
    static constexpr std::string_view name = "match";
    explicit Match(MatchSettings settings);
    Result<PatientMatch> run(const MatchInput& input, const StageContext& context) const;

private:
    MatchSettings settings_;
};
static_assert(Stage<Match>);

}  // namespace chartlift
