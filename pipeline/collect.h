// SPDX-License-Identifier: GPL-3.0-or-later
/// Gathers the pages of each batch until all have arrived, in whatever order they come.
/// Thread-safety: none; the graph calls it from a serial node.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/steps.h"

namespace chartlift::pipeline {

class Collector {
public:
    /// The whole batch, with its pages in scan order, when this page was the last one missing. A page that was dropped
    /// (no record) makes its batch incomplete: it is forgotten once all its pages have been heard of.
    std::shared_ptr<BatchWork> take(const PageTicket& ticket, const std::optional<PageRecord>& record);

private:
    struct Open {
        std::vector<std::optional<PageRecord>> pages;
        std::size_t missing = 0;
        bool incomplete = false;
    };
    std::map<std::string, Open> open_;
};

}  // namespace chartlift::pipeline
