// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/match/match.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "stages/match/weights.h"

namespace chartlift {
namespace {

using match::PairWeights;

constexpr std::size_t kMaxCandidates = 10'000;  // an index answers with some hundreds
constexpr std::size_t kCandidatesKept = 5;      // what a reviewer can look over
constexpr double kPlausible = 0.05;             // a best candidate below this is "none", not "ambiguous"

// How often a document comes from someone outside the index who resembles one of its patients; per document of that
// patient. Twins are three births in a hundred, half of them not patients; fathers and sons of one name, and namesakes
// in one town, alike; a wrong label or a neighbour's number was put on one document in a hundred, seldom on kin.
constexpr double kUnlistedTwin = 0.015;
constexpr double kUnlistedNamesake = 0.02;
constexpr double kStrayNumber = 0.01;
constexpr double kStrayNumberOfKin = 0.002;
constexpr double kStrayNumberOfTwin = 0.0005;

bool agrees(const PairWeights& weights, FieldKind kind)
{
    const FieldComparison& field = weights.of(kind);
    return field.agreement != Agreement::missing && field.agreement != Agreement::differs;
}

bool is(const PairWeights& weights, FieldKind kind, Agreement agreement)
{
    return weights.of(kind).agreement == agreement;
}

struct Scored {
    const Patient* patient = nullptr;
    PairWeights weights;
    double bits = 0;
    double share = 0;  ///< 2^bits over all that can be true
};

/// log2 of r_j: see match.h.
double lookalike_bits(const PairWeights& weights)
{
    const auto term = [&](double prior, std::initializer_list<FieldKind> kinds) {
        double bits = std::log2(prior);
        for (const FieldKind kind : kinds) {
            if (!agrees(weights, kind)) return 0.0;
            bits += static_cast<double>(weights.of(kind).weight_bits);
        }
        return std::exp2(bits);
    };
    // Fathers and sons share more than the name: a middle name or a sex that agrees does not tell them apart.
    double shared_bits = 0;
    for (const FieldKind kind : {FieldKind::middle_name, FieldKind::sex})
        if (agrees(weights, kind)) shared_bits += std::max(0.0, static_cast<double>(weights.of(kind).weight_bits));
    const double sum = term(kUnlistedTwin, {FieldKind::last_name, FieldKind::birth_date}) +
                       std::exp2(shared_bits) * term(kUnlistedNamesake, {FieldKind::last_name, FieldKind::first_name}) +
                       term(kStrayNumber, {FieldKind::mrn}) +
                       term(kStrayNumberOfKin, {FieldKind::mrn, FieldKind::last_name}) +
                       term(kStrayNumberOfTwin, {FieldKind::mrn, FieldKind::last_name, FieldKind::birth_date});
    return std::log2(std::max(sum, 1e-300));
}

/// Kin or namesakes: people whose papers are easily taken for each other's.
bool relatives(const Patient& a, const Patient& b)
{
    std::string last_a = fold_name(a.last_name.reveal());
    std::string last_b = fold_name(b.last_name.reveal());
    take_suffix(last_a);
    take_suffix(last_b);
    const auto parts_a = name_parts(last_a);
    const auto parts_b = name_parts(last_b);
    const bool same_last = join_name(last_a) == join_name(last_b) ||
                           std::any_of(parts_a.begin(), parts_a.end(), [&](const std::string& part) {
                               return std::find(parts_b.begin(), parts_b.end(), part) != parts_b.end();
                           });
    const bool same_first = fold_name(a.first_name.reveal()) == fold_name(b.first_name.reveal());
    const bool same_birth = a.birth_date.reveal() && a.birth_date.reveal() == b.birth_date.reveal();
    const bool same_address = !a.address.reveal().empty() && a.address.reveal() == b.address.reveal();
    return (same_last && (same_first || same_birth || same_address)) || (same_first && same_birth);
}

/// The document says outright that it is `best`, and what it says there is not `other`.
bool parted(const Scored& best, const Scored& other, const match::Printed& printed, double sure_reading)
{
    const auto parts = [&](FieldKind kind, double reading) {
        return reading >= sure_reading && is(best.weights, kind, Agreement::exact) &&
               !is(other.weights, kind, Agreement::exact) && !is(other.weights, kind, Agreement::missing);
    };
    if (parts(FieldKind::mrn, printed.mrn.probability)) return true;
    if (parts(FieldKind::birth_date, printed.birth_date_probability)) return true;
    return parts(FieldKind::first_name, printed.first_name.probability) &&
           is(other.weights, FieldKind::first_name, Agreement::differs);
}

/// A field that names `other` exactly and denies `best`: the document speaks of two people.
bool contradicted(const Scored& best, const Scored& other, bool kin)
{
    const auto says_other = [&](FieldKind kind) {
        return is(other.weights, kind, Agreement::exact) && is(best.weights, kind, Agreement::differs);
    };
    const bool other_named =
        agrees(other.weights, FieldKind::last_name) || agrees(other.weights, FieldKind::first_name);
    if (says_other(FieldKind::mrn) || (other_named && says_other(FieldKind::birth_date))) return true;
    return kin && (says_other(FieldKind::first_name) || says_other(FieldKind::suffix));
}

/// Not to be filed without a person. Any two candidates within close_margin_bits are. Relatives and namesakes (twins,
/// father and son, two of one name) must stand relative_margin_bits apart and be parted by a number, a birth date or a
/// clearly different given name that was read surely and agrees exactly. And no margin helps where the number or the
/// birth date is exactly another candidate's.
bool ambiguous(const std::vector<Scored>& ranked, const match::Printed& printed, const MatchSettings& settings)
{
    if (ranked.size() < 2 || ranked.front().share < kPlausible) return false;
    const Scored& best = ranked.front();
    return std::any_of(ranked.begin() + 1, ranked.end(), [&](const Scored& other) {
        const double margin = best.bits - other.bits;
        if (margin < settings.close_margin_bits) return true;
        const bool kin = relatives(*best.patient, *other.patient);
        if (contradicted(best, other, kin)) return true;
        return kin && (margin < settings.relative_margin_bits || !parted(best, other, printed, settings.sure_reading));
    });
}

}  // namespace

Match::Match(MatchSettings settings) : settings_(std::move(settings))
{
    settings_.share_in_index = std::clamp(settings_.share_in_index, 0.001, 0.999);
    if (!settings_.nicknames) settings_.nicknames = std::make_shared<const Nicknames>();
}

Result<PatientMatch> Match::run(const MatchInput& input, const StageContext& context) const
{
    PatientMatch out;
    out.index_available = input.index_available;
    if (!input.index_available) return out;
    if (input.candidates.size() > kMaxCandidates)
        return Fault{
            FaultKind::limit, std::string(name),
            std::to_string(input.candidates.size()) + " candidates; the most is " + std::to_string(kMaxCandidates)};
    const Population general;
    const Population& population = input.population ? *input.population : general;
    const match::Printed printed = match::printed_from(input.fields);

    std::vector<Scored> ranked;
    ranked.reserve(input.candidates.size());
    for (const Patient& patient : input.candidates) {
        if (const auto wanted = context.still_wanted(name); !wanted) return wanted.error();
        Scored scored{&patient, match::compare(printed, patient, population, *settings_.nicknames), 0, 0};
        scored.bits = scored.weights.bits();
        ranked.push_back(std::move(scored));
    }
    std::sort(ranked.begin(), ranked.end(), [](const Scored& a, const Scored& b) {
        if (a.bits != b.bits) return a.bits > b.bits;
        return a.patient->id < b.patient->id;
    });

    const double patients =
        static_cast<double>(std::max<std::int64_t>({population.patients, static_cast<std::int64_t>(ranked.size()), 1}));
    const double share = settings_.share_in_index;
    const double each_bits = std::log2(share / patients);
    // Weights reach some 70 bits either way, far within a double's exponent: no scaling is needed.
    double sum = 1 - share;
    for (Scored& scored : ranked) {
        scored.share = std::exp2(each_bits + scored.bits);
        sum += scored.share + std::exp2(each_bits + lookalike_bits(scored.weights));
    }
    for (Scored& scored : ranked) scored.share /= sum;
    out.ambiguous = ambiguous(ranked, printed, settings_);
    for (const Scored& scored : ranked) {
        if (out.candidates.size() == kCandidatesKept) break;
        out.candidates.push_back({*scored.patient, static_cast<float>(scored.bits),
                                  Score{static_cast<float>(scored.share)}, scored.weights.fields});
    }
    return out;
}

}  // namespace chartlift
