// SPDX-License-Identifier: GPL-3.0-or-later
/// From what the operator named to batches: a multi-page TIFF or a PDF is one batch; a folder's single images are one
/// batch, in natural name order; a tree of folders is many batches.
/// Guarantee: every file with an image's or a PDF's content or name ending is in exactly one batch; every other file is
/// listed in `ignored`, never passed over in silence. Symbolic links inside folders are listed, not followed.
/// Faults: io (a named path does not exist or cannot be read). Thread-safety: free functions.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/fault.h"

namespace chartlift::pipeline {

struct BatchInput {
    std::string name;  ///< the file as named, or the folder with a slash at its end
    std::vector<std::filesystem::path> files;
};

struct Discovery {
    std::vector<BatchInput> batches;
    std::vector<std::filesystem::path> ignored;  ///< not an image or PDF by content or by name
};

enum class FileRole {
    batch,  ///< stands alone: a PDF, a multi-page TIFF
    image,  ///< one page
    other,
};
/// Looks into a file; the pipeline's own opens it with the decode stage, tests use names.
using JudgeFile = std::function<FileRole(const std::filesystem::path& file)>;

/// `skip` is a folder that is never entered: OUT may lie inside the input.
Result<Discovery> discover(std::span<const std::filesystem::path> named, const std::filesystem::path& skip,
                           const JudgeFile& judge);

/// page2 before page10; digits compare as numbers, letters without case, ties by bytes.
bool natural_less(std::string_view a, std::string_view b);

/// True for .tif .tiff .pdf .jpg .jpeg .png .jp2 .j2k .jpx .jpf, any case.
bool has_scan_ending(const std::filesystem::path& file);

}  // namespace chartlift::pipeline
