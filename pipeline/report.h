// SPDX-License-Identifier: GPL-3.0-or-later
/// report.html: one self-contained page that a manager can read: what came of the pages, why documents are held, how
/// sure the system is (histograms as SVG), what faulted, and thumbnails of the documents that need a person.
/// Guarantee: no script and nothing fetched from elsewhere; every text from a file is escaped; names no patient, though
/// the thumbnails show pages. Faults: store. Thread-safety: free function.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/doctype.h"
#include "core/fault.h"
#include "pipeline/config.h"
#include "store/catalog.h"

namespace chartlift::pipeline {

struct RunFacts {
    std::int64_t pages = 0;  ///< recorded by the last run
    std::chrono::milliseconds took{0};
    int threads = 1;
    std::map<std::string, double> thresholds;  ///< "type", "split", "match", "ocr": below it a person looks
};

std::map<std::string, double> thresholds_of(const Config& config);

Result<std::string> report_html(store::Catalog& catalog, const RunFacts& facts);

/// Bars over [0, 1] in twenty steps, with axis labels and a dashed line at the threshold.
std::string histogram_svg(const std::vector<float>& values, std::optional<double> threshold);

}  // namespace chartlift::pipeline
