// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/classify/train.h"

#include <fmt/core.h>
#include <linear.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>
#include <set>
#include <utility>

namespace chartlift {
namespace {

constexpr const char* kWhere = "train";
constexpr int kBins = 10;
/// A best guess that is wrong three times in four is not worth making.
constexpr double kLeastUsefulAccuracy = 0.25;
constexpr double kMostUnknownThreshold = 0.5;
/// Positive weights of rare types stay within these bounds, so that a handful of pages cannot dominate.
constexpr double kLeastTypeWeight = 0.4;
constexpr double kMostTypeWeight = 5;

void quiet(const char* /*text*/) {}

using RawPages = std::vector<std::vector<RawFeature>>;

struct Labels {
    std::vector<std::string> types;
    std::vector<std::size_t> of_page;
    std::vector<double> weight;  ///< one a type: the positive class weight
};

std::vector<float> idf_of(const RawPages& raw, std::span<const std::size_t> rows)
{
    std::vector<std::uint32_t> pages_with(kBuckets, 0);
    std::vector<std::size_t> last_seen(kBuckets, 0);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        for (const RawFeature& feature : raw[rows[i]]) {
            if (last_seen[feature.bucket] == i + 1) continue;
            last_seen[feature.bucket] = i + 1;
            ++pages_with[feature.bucket];
        }
    }
    std::vector<float> idf(kBuckets);
    const auto all = static_cast<double>(rows.size()) + 1;
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket)
        idf[bucket] = static_cast<float>(std::log(all / (pages_with[bucket] + 1.0)) + 1);
    return idf;
}

PageTypeWeights fit(const RawPages& raw, const Labels& labels, std::span<const std::size_t> rows,
                    const TrainSettings& settings)
{
    PageTypeWeights out;
    out.types = labels.types;
    out.idf = idf_of(raw, rows);
    const std::size_t types = labels.types.size();

    std::vector<feature_node> nodes;
    std::vector<std::size_t> starts;
    std::vector<double> targets;
    for (const std::size_t row : rows) {
        starts.push_back(nodes.size());
        for (const Feature& feature : weighted(raw[row], out.idf))
            nodes.push_back({static_cast<int>(feature.bucket) + 1, static_cast<double>(feature.value)});
        nodes.push_back({static_cast<int>(kBuckets) + 1, 1.0});  // the bias
        nodes.push_back({-1, 0});
        targets.push_back(static_cast<double>(labels.of_page[row]));
    }
    std::vector<feature_node*> vectors;
    vectors.reserve(starts.size());
    for (const std::size_t start : starts) vectors.push_back(&nodes[start]);

    problem task{};
    task.l = static_cast<int>(rows.size());
    task.n = static_cast<int>(kBuckets) + 1;
    task.y = targets.data();
    task.x = vectors.data();
    task.bias = 1;
    std::vector<int> weight_labels;
    std::vector<double> weights = labels.weight;
    for (std::size_t k = 0; k < types; ++k) weight_labels.push_back(static_cast<int>(k));
    parameter how{};
    how.solver_type = L2R_LR;
    how.eps = settings.tolerance;
    how.C = settings.regularisation_c;
    how.nr_weight = static_cast<int>(types);
    how.weight_label = weight_labels.data();
    how.weight = weights.data();
    set_print_string_function(&quiet);
    model* trained = ::train(&task, &how);

    out.weights.assign(kBuckets * types, 0);
    out.bias.assign(types, -10);  // a type without pages in this fold is never said
    // With two types liblinear keeps one vector, for the first label.
    const bool pair = trained->nr_class == 2;
    const int vectors_kept = pair ? 1 : trained->nr_class;
    for (int c = 0; c < trained->nr_class; ++c) {
        const auto k = static_cast<std::size_t>(trained->label[c]);
        const int column = pair ? 0 : c;
        const double sign = pair && c == 1 ? -1 : 1;
        for (std::size_t bucket = 0; bucket <= kBuckets; ++bucket) {
            const double w =
                sign * trained->w[bucket * static_cast<std::size_t>(vectors_kept) + static_cast<std::size_t>(column)];
            if (bucket < kBuckets)
                out.weights[bucket * types + k] = static_cast<float>(w);
            else
                out.bias[k] = static_cast<float>(w);
        }
    }
    free_and_destroy_model(&trained);
    out.decision_shift.assign(types, 0);
    return out;
}

struct Scaling {
    float scale = 1;
    std::vector<float> shift;
};

struct HeldOut {
    std::vector<std::vector<float>> decisions;  ///< by page
    std::vector<int> fold;                      ///< by page
};

/// Vector scaling: the scale and shifts that make the held-out pages most probable, by gradient descent with momentum.
/// Pages of frequent types are weighted down as in training, so that the probabilities hold for charts whose mix of
/// types is less lopsided than the corpus.
Scaling fit_scaling(const HeldOut& held, const Labels& labels, int without_fold)
{
    const std::size_t types = labels.types.size();
    Scaling out{1, std::vector<float>(types, 0)};
    constexpr int kSteps = 400;
    constexpr double kRate = 0.5;
    constexpr double kMomentum = 0.9;
    constexpr double kShiftPenalty = 0.01;
    double scale_speed = 0;
    std::vector<double> shift_speed(types, 0);
    for (int step = 0; step < kSteps; ++step) {
        double scale_slope = 0;
        std::vector<double> shift_slope(types, 0);
        double total = 0;
        for (std::size_t i = 0; i < held.decisions.size(); ++i) {
            if (held.fold[i] == without_fold) continue;
            const auto p = calibrated(held.decisions[i], out.scale, out.shift);
            const double weight = labels.weight[labels.of_page[i]];
            total += weight;
            for (std::size_t k = 0; k < types; ++k) {
                const double gap = weight * (static_cast<double>(p[k]) - (labels.of_page[i] == k ? 1.0 : 0.0));
                scale_slope += gap * static_cast<double>(held.decisions[i][k]);
                shift_slope[k] += gap;
            }
        }
        if (total <= 0) break;
        scale_speed = kMomentum * scale_speed - 0.1 * kRate * scale_slope / total;
        out.scale = std::max(0.05F, out.scale + static_cast<float>(scale_speed));
        for (std::size_t k = 0; k < types; ++k) {
            const double slope = shift_slope[k] / total + kShiftPenalty * static_cast<double>(out.shift[k]);
            shift_speed[k] = kMomentum * shift_speed[k] - kRate * slope;
            out.shift[k] += static_cast<float>(shift_speed[k]);
        }
    }
    return out;
}

struct Judged {
    std::size_t said = 0;
    float probability = 0;
};

double calibration_error(std::span<const Judged> judged, const Labels& labels, std::span<const std::size_t> rows,
                         std::vector<ReliabilityBin>* bins_out)
{
    std::vector<ReliabilityBin> bins(kBins);
    for (const std::size_t row : rows) {
        const auto at = std::min(kBins - 1, static_cast<int>(judged[row].probability * kBins));
        ReliabilityBin& bin = bins[static_cast<std::size_t>(at)];
        ++bin.pages;
        bin.mean_probability += static_cast<double>(judged[row].probability);
        bin.accuracy += judged[row].said == labels.of_page[row] ? 1 : 0;
    }
    double error = 0;
    for (ReliabilityBin& bin : bins) {
        if (bin.pages == 0) continue;
        bin.mean_probability /= bin.pages;
        bin.accuracy /= bin.pages;
        error += std::abs(bin.mean_probability - bin.accuracy) * bin.pages / static_cast<double>(rows.size());
    }
    if (bins_out != nullptr) *bins_out = std::move(bins);
    return error;
}

/// The highest threshold under which guesses are right less often than kLeastUsefulAccuracy.
float unknown_threshold(std::span<const Judged> judged, const Labels& labels)
{
    std::vector<std::size_t> order(judged.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return judged[a].probability != judged[b].probability ? judged[a].probability < judged[b].probability : a < b;
    });
    float threshold = 0;
    int right = 0;
    for (std::size_t i = 0;
         i < order.size() && static_cast<double>(judged[order[i]].probability) < kMostUnknownThreshold; ++i) {
        if (judged[order[i]].said == labels.of_page[order[i]]) ++right;
        if (right < kLeastUsefulAccuracy * static_cast<double>(i + 1)) threshold = judged[order[i]].probability;
    }
    return threshold;
}

void fill_report(FitReport& report, std::span<const LabelledPage> pages, const Labels& labels,
                 std::span<const Judged> judged, float unknown_below)
{
    std::map<std::string, std::vector<std::size_t>> rows_of;
    std::vector<int> said(labels.types.size(), 0);
    std::vector<int> right(labels.types.size(), 0);
    std::vector<int> real(labels.types.size(), 0);
    std::vector<std::size_t> all;
    int unknown = 0;
    for (std::size_t i = 0; i < pages.size(); ++i) {
        const bool hit = judged[i].said == labels.of_page[i];
        Tally& tally = pages[i].titled ? report.titled[pages[i].corpus] : report.untitled[pages[i].corpus];
        for (Tally* t : {&tally, &report.all}) {
            ++t->pages;
            t->right += hit ? 1 : 0;
        }
        ++real[labels.of_page[i]];
        ++said[judged[i].said];
        if (hit) ++right[labels.of_page[i]];
        if (!hit) ++report.confusions[labels.types[labels.of_page[i]]][labels.types[judged[i].said]];
        if (judged[i].probability < unknown_below) ++unknown;
        rows_of[pages[i].corpus].push_back(i);
        all.push_back(i);
    }
    for (std::size_t k = 0; k < labels.types.size(); ++k)
        report.types[labels.types[k]] = {real[k], said[k] > 0 ? static_cast<double>(right[k]) / said[k] : 0,
                                         real[k] > 0 ? static_cast<double>(right[k]) / real[k] : 0};
    for (const auto& [corpus, rows] : rows_of)
        report.calibration_error[corpus] = calibration_error(judged, labels, rows, nullptr);
    report.calibration_error["all"] = calibration_error(judged, labels, all, &report.reliability);
    report.share_unknown = pages.empty() ? 0 : static_cast<double>(unknown) / static_cast<double>(pages.size());
}

/// Groups are dealt to the folds type by type, so that each fold holds some of each type.
std::vector<int> folds_of(std::span<const LabelledPage> pages, int folds, std::uint64_t seed, int& groups)
{
    std::map<std::string, std::pair<std::string, std::vector<std::size_t>>> by_group;
    for (std::size_t i = 0; i < pages.size(); ++i) {
        auto& [type, rows] = by_group[pages[i].corpus + '\n' + pages[i].group];
        if (rows.empty()) type = pages[i].type;
        rows.push_back(i);
    }
    groups = static_cast<int>(by_group.size());
    std::map<std::string, std::vector<std::vector<std::size_t>>> by_type;
    for (auto& [group, entry] : by_group) by_type[entry.first].push_back(std::move(entry.second));
    std::mt19937_64 random(seed);
    std::vector<int> fold(pages.size(), 0);
    int next = 0;
    for (auto& [type, list] : by_type) {
        for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[random() % i]);
        for (const auto& rows : list) {
            for (const std::size_t row : rows) fold[row] = next % folds;
            ++next;
        }
    }
    return fold;
}

}  // namespace

Result<PageTypeModel> train(std::span<const LabelledPage> pages, const std::shared_ptr<const DocTypes>& types,
                            const TrainSettings& settings, FitReport& report)
{
    if (settings.folds < 2 || settings.folds > 20)
        return Fault{FaultKind::config, kWhere, fmt::format("folds is {}; 2 to 20 allowed", settings.folds)};
    if (!(settings.regularisation_c > 0) || !(settings.tolerance > 0))
        return Fault{FaultKind::config, kWhere, "regularisation and tolerance must be above 0"};
    std::set<std::string> ids;
    for (const LabelledPage& page : pages) {
        if (types->find(page.type) == nullptr)
            return Fault{FaultKind::config, kWhere, fmt::format("type '{}' is not defined", page.type)};
        ids.insert(page.type);
    }
    if (ids.size() < 2)
        return Fault{FaultKind::config, kWhere, fmt::format("{} types to tell apart; at least 2 needed", ids.size())};

    Labels labels;
    labels.types.assign(ids.begin(), ids.end());
    std::vector<double> count(labels.types.size(), 0);
    for (const LabelledPage& page : pages) {
        const auto at = std::lower_bound(labels.types.begin(), labels.types.end(), page.type) - labels.types.begin();
        labels.of_page.push_back(static_cast<std::size_t>(at));
        ++count[static_cast<std::size_t>(at)];
    }
    for (const double n : count)
        labels.weight.push_back(
            std::clamp(std::sqrt(static_cast<double>(pages.size()) / (static_cast<double>(count.size()) * n)),
                       kLeastTypeWeight, kMostTypeWeight));

    const TitleLexicon lexicon(*types);
    RawPages raw;
    raw.reserve(pages.size());
    for (const LabelledPage& page : pages) raw.push_back(raw_features(page.page, lexicon, *types));

    report = {};
    report.pages = static_cast<int>(pages.size());
    HeldOut held;
    held.fold = folds_of(pages, settings.folds, settings.seed, report.groups);
    held.decisions.resize(pages.size());
    for (int fold = 0; fold < settings.folds; ++fold) {
        std::vector<std::size_t> rows;
        for (std::size_t i = 0; i < pages.size(); ++i)
            if (held.fold[i] != fold) rows.push_back(i);
        // The compacted model is judged, because that is what ships.
        const PageTypeModel model = PageTypeModel::compacted(fit(raw, labels, rows, settings), settings.max_rows);
        for (std::size_t i = 0; i < pages.size(); ++i)
            if (held.fold[i] == fold) held.decisions[i] = model.decisions(weighted(raw[i], model.idf()));
    }
    std::vector<Judged> judged(pages.size());
    for (int fold = 0; fold < settings.folds; ++fold) {
        const Scaling scaling = fit_scaling(held, labels, fold);
        for (std::size_t i = 0; i < pages.size(); ++i) {
            if (held.fold[i] != fold) continue;
            const auto p = calibrated(held.decisions[i], scaling.scale, scaling.shift);
            const auto best = std::max_element(p.begin(), p.end());
            judged[i] = {static_cast<std::size_t>(best - p.begin()), *best};
        }
    }
    const float unknown_below = unknown_threshold(judged, labels);
    fill_report(report, pages, labels, judged, unknown_below);

    int headed = 0;
    int headed_right = 0;
    for (const LabelledPage& page : pages) {
        for (const TitleHit& hit : lexicon.find(text_lines(page.page))) {
            if (hit.match != TitleMatch::whole) continue;
            ++headed;
            if (types->types[hit.type].id == page.type) ++headed_right;
            break;
        }
    }
    std::vector<std::size_t> everything(pages.size());
    std::iota(everything.begin(), everything.end(), std::size_t{0});
    PageTypeWeights full = fit(raw, labels, everything, settings);
    const Scaling scaling = fit_scaling(held, labels, -1);
    full.decision_scale = scaling.scale;
    full.decision_shift = scaling.shift;
    full.unknown_below = Score{unknown_below};
    full.title_precision = Score{(static_cast<float>(headed_right) + 1) / (static_cast<float>(headed) + 2)};
    full.version = settings.version;
    return PageTypeModel::compacted(full, settings.max_rows);
}

}  // namespace chartlift
