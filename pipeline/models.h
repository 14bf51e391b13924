// SPDX-License-Identifier: GPL-3.0-or-later
/// The folder of document types and trained weights, and what is read from it at the start of a run.
/// Faults: config (not found, unreadable, not what this program writes), limit (a file larger than any of ours).
/// Thread-safety: free functions; what they return is immutable.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/fault.h"
#include "core/names.h"
#include "stages/classify/page_type_model.h"

namespace chartlift::pipeline {

/// `chosen`, else beside the program (../share/chartlift/models), else the source tree it was built from.
Result<std::filesystem::path> find_models(const std::filesystem::path& chosen);

Result<std::shared_ptr<const PageTypeModel>> load_page_types(const std::filesystem::path& file);
Result<std::shared_ptr<const Nicknames>> load_nicknames(const std::filesystem::path& file);

}  // namespace chartlift::pipeline
