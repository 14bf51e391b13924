// SPDX-License-Identifier: GPL-3.0-or-later
/// A file on disk as a ByteSource, read by pread so that many threads share one descriptor and nothing is loaded whole.
/// Faults: io (cannot open, not a regular file). Thread-safety: const calls are safe from many threads.
#pragma once

#include <filesystem>
#include <memory>

#include "core/byte_source.h"

namespace chartlift::pipeline {

Result<std::shared_ptr<const ByteSource>> open_file_source(const std::filesystem::path& path);

}  // namespace chartlift::pipeline
