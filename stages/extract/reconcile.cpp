// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/extract/reconcile.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chartlift {
namespace {

constexpr double kLaterPage = 0.97;   // of a vote, a page: headers run down towards the end
constexpr double kOtherPerson = 0.1;  // of a vote: the page names someone else than the document does
constexpr double kConfident = 0.75;   // both sides of a disagreement must be at least this sure
constexpr double kDoubtful = 0.85;    // below, one wrong letter is more likely OCR's than another person's
constexpr std::size_t kMaxPages = 5'000;

/// What OCR confuses becomes one character; upper case; letters and digits only.
std::string confusable(std::string_view text, bool number)
{
    std::string out;
    for (char c : text) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        const bool keep = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
        if (!keep) continue;
        switch (c) {
            case 'O':
            case 'Q': c = '0'; break;
            case 'D': c = number ? '0' : 'D'; break;
            case 'I':
            case 'L': c = '1'; break;
            case 'S': c = '5'; break;
            case 'B': c = '8'; break;
            case 'Z': c = '2'; break;
            default: break;
        }
        out += c;
    }
    return out;
}

/// Edit distance, or `most` + 1 where it is larger.
std::size_t edits(std::string_view a, std::string_view b, std::size_t most)
{
    if (a.size() > 60 || b.size() > 60) return a == b ? 0 : most + 1;
    std::array<std::size_t, 61> row{};
    for (std::size_t j = 0; j <= b.size(); ++j) row.at(j) = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t corner = std::exchange(row.at(0), i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = corner + (a[i - 1] == b[j - 1] ? 0 : 1);
            corner = row.at(j);
            row.at(j) = std::min({changed, row.at(j) + 1, row.at(j - 1) + 1});
        }
    }
    return std::min(row.at(b.size()), most + 1);
}

bool same_reading(const FieldValue& a, const FieldValue& b)
{
    const std::string& left = a.value.reveal();
    const std::string& right = b.value.reveal();
    if (left == right) return true;
    const bool doubtful = std::min(a.probability.value, b.probability.value) < static_cast<float>(kDoubtful);
    switch (a.kind) {
        case FieldKind::mrn:
        case FieldKind::encounter: {
            const std::string x = confusable(left, true);
            const std::string y = confusable(right, true);
            return x == y || (doubtful && x.size() >= 6 && edits(x, y, 1) <= 1);
        }
        case FieldKind::birth_date:
        case FieldKind::service_date: return doubtful && edits(left, right, 1) <= 1;
        case FieldKind::sex: return false;
        default: {
            const std::string x = confusable(left, false);
            const std::string y = confusable(right, false);
            if (x == y) return true;
            if (x.empty() || y.empty()) return false;
            if (a.kind == FieldKind::first_name || a.kind == FieldKind::middle_name || a.kind == FieldKind::author)
                if ((x.size() == 1 || y.size() == 1) && x.front() == y.front()) return true;
            const std::size_t shorter = std::min(x.size(), y.size());
            const std::size_t allowed = shorter >= 8 ? 2 : shorter >= 4 ? 1 : 0;
            return edits(x, y, allowed) <= allowed;
        }
    }
}

struct Vote {
    const FieldValue* value = nullptr;
    double weight = 0;  ///< doubt taken away, in nats, so that two good pages outvote one
    double full = 0;    ///< the same, whoever the page names: what speaks against the winner counts whole
};

struct Cluster {
    std::vector<Vote> votes;
    double weight = 0;
    double full = 0;
};

double doubt_removed(const FieldValue& value)
{
    return -std::log(1 - std::clamp(static_cast<double>(value.probability.value), 0.0, 0.99));
}

std::vector<Cluster> clusters_of(const std::vector<Vote>& votes)
{
    std::vector<Cluster> clusters;
    for (const Vote& vote : votes) {
        const auto same = std::find_if(clusters.begin(), clusters.end(), [&](const Cluster& c) {
            return same_reading(*c.votes.front().value, *vote.value);
        });
        Cluster& cluster = same == clusters.end() ? clusters.emplace_back() : *same;
        cluster.votes.push_back(vote);
        cluster.weight += vote.weight;
        cluster.full += vote.full;
    }
    std::stable_sort(clusters.begin(), clusters.end(),
                     [](const Cluster& a, const Cluster& b) { return a.weight > b.weight; });
    return clusters;
}

/// Of one cluster the reading that most of its weight stands behind; a full name before an initial.
const FieldValue& spokesman(const Cluster& cluster)
{
    const FieldValue* best = nullptr;
    double best_weight = -1;
    for (const Vote& vote : cluster.votes) {
        double weight = 0;
        for (const Vote& other : cluster.votes)
            if (other.value->value == vote.value->value) weight += other.weight;
        if (vote.value->value.reveal().size() == 1) weight *= 0.5;
        if (weight > best_weight + 1e-9 ||
            (weight > best_weight - 1e-9 && best && vote.value->probability > best->probability)) {
            best = vote.value;
            best_weight = weight;
        }
    }
    return *best;
}

const FieldValue* value_of(const PageFields& page, FieldKind kind)
{
    return page.best(kind);
}

}  // namespace

DocumentFields reconcile(std::span<const PageFields* const> pages)
{
    DocumentFields out;
    std::vector<const PageFields*> read;
    for (const PageFields* page : pages)
        if (page && read.size() < kMaxPages) read.push_back(page);

    const auto vote = [&](FieldKind kind, const std::vector<double>& trust) {
        std::vector<Vote> votes;
        double order = 1;
        for (std::size_t i = 0; i < read.size(); ++i) {
            if (const FieldValue* value = value_of(*read[i], kind)) {
                const double full = doubt_removed(*value) * order;
                votes.push_back({value, full * trust[i], full});
            }
            order = std::max(0.5, order * kLaterPage);
        }
        return votes;
    };
    const auto settle = [&](const std::vector<Cluster>& clusters) {
        const Cluster& winner = clusters.front();
        FieldValue value = spokesman(winner);
        double all = 0;
        double surest = 0;
        for (const Cluster& cluster : clusters) all += cluster.full;
        for (const Vote& v : winner.votes) surest = std::max(surest, static_cast<double>(v.value->probability.value));
        // Pages of one document repeat one header and its OCR, so they are no independent witnesses: half counts.
        const double repeats = 1 - std::exp(-0.5 * (winner.weight - winner.votes.front().weight));
        const double joint = std::min(0.99, surest + (1 - surest) * 0.5 * std::max(0.0, repeats));
        value.probability = Score{static_cast<float>(all > 0 ? joint * winner.full / all : joint)};
        out.fields.values.push_back(std::move(value));
    };

    const std::vector<double> equal(read.size(), 1.0);
    std::vector<double> trust = equal;
    const std::vector<Cluster> last_names = clusters_of(vote(FieldKind::last_name, equal));
    if (!last_names.empty()) {
        for (std::size_t i = 0; i < read.size(); ++i) {
            const FieldValue* last = value_of(*read[i], FieldKind::last_name);
            if (last && !same_reading(*last_names.front().votes.front().value, *last)) trust[i] = kOtherPerson;
        }
    }
    for (int k = 0; k < kFieldKinds; ++k) {
        const auto kind = static_cast<FieldKind>(k);
        if (kind == FieldKind::last_name) {
            if (!last_names.empty()) settle(last_names);
            continue;
        }
        const std::vector<Cluster> clusters = clusters_of(vote(kind, trust));
        if (!clusters.empty()) settle(clusters);
    }

    // Who is meant: the record number first, then birth date and name.
    const auto confident = [](const FieldValue* value) {
        return value && value->probability.value >= static_cast<float>(kConfident) ? value : nullptr;
    };
    for (const FieldKind kind : {FieldKind::mrn, FieldKind::last_name, FieldKind::first_name, FieldKind::birth_date}) {
        const FieldValue* first = nullptr;
        const PageFields* first_page = nullptr;
        for (const PageFields* page : read) {
            const FieldValue* value = confident(value_of(*page, kind));
            if (!value) continue;
            if (!first) {
                first = value;
                first_page = page;
                continue;
            }
            if (same_reading(*first, *value)) continue;
            if (kind == FieldKind::first_name) {
                // The same number and last name with another first name is a nickname, or a typist's slip.
                const FieldValue* a = confident(value_of(*first_page, FieldKind::mrn));
                const FieldValue* b = confident(value_of(*page, FieldKind::mrn));
                const FieldValue* c = confident(value_of(*first_page, FieldKind::last_name));
                const FieldValue* d = confident(value_of(*page, FieldKind::last_name));
                if (a && b && same_reading(*a, *b) && c && d && same_reading(*c, *d)) continue;
            }
            out.disagreements.push_back({kind, first->page, value->page});
            break;  // one a kind is reason enough for a person to look
        }
    }
    return out;
}

}  // namespace chartlift
