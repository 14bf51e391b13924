// SPDX-License-Identifier: GPL-3.0-or-later
/// What this machine has: versions, models, languages, cores, memory, disk and limits, each with what to do where
/// something is missing.
/// Guarantee: reads only; never faults: what cannot be told is a check that did not pass.
/// Thread-safety: free function.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/config.h"

namespace chartlift::pipeline {

struct Check {
    std::string name;
    std::string value;
    bool passed = true;
    std::string remedy;  ///< what to do, where it did not pass
};

/// `out` is the folder a run would write to; it need not exist.
std::vector<Check> examine(const Config& config, const std::filesystem::path& out);

}  // namespace chartlift::pipeline
