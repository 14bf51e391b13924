// SPDX-License-Identifier: GPL-3.0-or-later
/// Document types and field labels out of TOML files (models/doctypes), so that a site adds a type without code.
/// A file with `id` defines one type: id, name, loinc, titles, single_page. Any file may instead carry words shared by
/// all types: [[label]] (kind, labels, not_after), facility_words, separator_values; these are joined over all files
/// in name order. Guarantee: types are sorted by id and their ids are distinct; every string is trimmed and not empty.
/// Faults: config (a value that is missing, unknown or of the wrong type; the message names file, line and key), io.
/// Thread-safety: pure functions.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/doctype.h"
#include "core/fault.h"

namespace chartlift::adapters {

/// Each file is its name (for messages) and its text.
Result<DocTypes> parse_doctypes(const std::vector<std::pair<std::string, std::string>>& files);

/// Every *.toml of the folder, in name order. A folder without any is a config fault.
Result<DocTypes> load_doctypes(const std::filesystem::path& folder);

}  // namespace chartlift::adapters
