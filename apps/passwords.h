// SPDX-License-Identifier: GPL-3.0-or-later
/// Passwords of encrypted PDFs come in a file, one a line, since arguments show in the process list.
/// Faults: config (the file cannot be read). Thread-safety: free function.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/fault.h"

namespace chartlift {

/// None where `file` is empty.
Result<std::vector<std::string>> read_passwords(const std::filesystem::path& file);

}  // namespace chartlift
