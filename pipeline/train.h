// SPDX-License-Identifier: GPL-3.0-or-later
/// `chartlift train`: labelled text in, the page-type model and its card out.
/// Corpora are told apart by their ending: .jsonl holds pages already laid out, an object a line with "text", "type",
/// "document", "titled" (as `scripts/make_scans corpus` writes); .csv holds bare reports with the columns doc_type,
/// text and, where present, near_dup_group and ambiguous (rows with ambiguous 1 are left out). Types no doctypes file
/// defines are left out and counted.
/// Faults: io, config, corrupt; the message names the file and line, never text of the corpus.
/// Thread-safety: one training at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/doctype.h"
#include "core/fault.h"
#include "stages/classify/page_type_model.h"
#include "stages/classify/train.h"

namespace chartlift {

struct TrainOptions {
    std::vector<std::filesystem::path> corpora;
    std::filesystem::path doctypes;            ///< folder of type definitions
    std::filesystem::path out;                 ///< the model; the card is written beside it, ending in .md
    std::filesystem::path exclude_groups;      ///< optional: a near_dup_group a line, left out of training
    std::filesystem::path notes;               ///< optional: text put into the card, on the data and its limits
    std::map<std::string, std::string> renamed{///< types of a corpus under the name they have here
                                               {"pathology_lab_report", "pathology_report"}};
    TrainSettings settings;  ///< the version is composed here
};

struct TrainReport {
    FitReport fit;
    std::map<std::string, int> skipped;  ///< reason -> reports or pages left out
    std::uint64_t model_bytes = 0;
    std::string version;
};

/// `say` is told, a line at a time, what is going on.
Result<TrainReport> train_page_types(const TrainOptions& options, const std::function<void(std::string_view)>& say);

}  // namespace chartlift
