// SPDX-License-Identifier: GPL-3.0-or-later
/// Trains the page-type model and measures it on pages whose group it has not seen.
/// Method: L2-regularised logistic regression, one type against the rest (liblinear L2R_LR), rarer types weighted up by
/// the square root of their rarity; k folds by group give held-out decisions, on which vector scaling is fitted and,
/// again fold by fold, judged.
/// Guarantee: the same pages, settings and seed give the same model on one kind of machine.
/// Faults: config (fewer than two types, a type without enough groups for the folds, a setting out of range).
/// Thread-safety: pure function; no two at once (liblinear's print hook is process-wide).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/doctype.h"
#include "core/fault.h"
#include "stages/classify/page_type_model.h"
#include "stages/classify/readable_page.h"

namespace chartlift {

struct LabelledPage {
    ReadablePage page;
    std::string type;
    std::string group;    ///< pages of one group (near-duplicates) never stand on both sides of a split
    bool titled = false;  ///< the page is headed by a title of its type
    std::string corpus;   ///< for reporting figures corpus by corpus
};

struct TrainSettings {
    double regularisation_c = 20;  ///< liblinear's C: more follows the training pages closer
    double tolerance = 0.02;       ///< liblinear's eps, relative to the gradient at the start
    int folds = 5;                 ///< held-out groups for calibration and figures, 2 to 20
    std::uint64_t seed = 1;
    std::size_t max_rows = 110'000;  ///< buckets kept in the model; a row is a byte a type
    std::string version = "unversioned";
};

/// Right and wrong on held-out pages.
struct Tally {
    int pages = 0;
    int right = 0;
    double accuracy() const { return pages > 0 ? static_cast<double>(right) / pages : 0; }
};

struct ReliabilityBin {
    int pages = 0;
    double mean_probability = 0;
    double accuracy = 0;
};

struct TypeFigures {
    int pages = 0;
    double precision = 0;
    double recall = 0;
};

struct FitReport {
    int pages = 0;
    int groups = 0;
    Tally all;                              ///< held out, as all below
    std::map<std::string, Tally> titled;    ///< by corpus
    std::map<std::string, Tally> untitled;  ///< by corpus
    std::map<std::string, TypeFigures> types;
    std::map<std::string, std::map<std::string, int>> confusions;  ///< true type -> said type -> pages, wrong ones only
    std::map<std::string, double> calibration_error;  ///< expected calibration error by corpus, ten equal bins
    std::vector<ReliabilityBin> reliability;          ///< ten equal bins of the best probability
    double share_unknown = 0;
};

/// Precondition: every type is an id of `types`.
Result<PageTypeModel> train(std::span<const LabelledPage> pages, const std::shared_ptr<const DocTypes>& types,
                            const TrainSettings& settings, FitReport& report);

}  // namespace chartlift
