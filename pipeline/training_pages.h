// SPDX-License-Identifier: GPL-3.0-or-later
/// Turns labelled text into pages as a scanner and an OCR engine would hand them over: wrapped, under a letterhead,
/// with and without a title and a header block, cut into pages, with recognition errors.
/// A bare report becomes two renditions, so that the model meets each text both headed and unheaded.
/// Guarantee: the same text and random state give the same pages. Thread-safety: pure functions.
#pragma once

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/doctype.h"
#include "core/fault.h"
#include "stages/classify/train.h"

namespace chartlift {

using Random = std::mt19937_64;

/// Rows of a comma-separated file with quoted fields (RFC 4180), the first row being the header.
/// Faults: corrupt (an open quote, a row with another number of fields; the message names the line).
Result<std::vector<std::vector<std::string>>> parse_csv(std::string_view text);

/// The lines of a report whose line ends were turned into commas ("PLAN:,1.  Rest.,2.  Fluids."), or as they stand
/// where real line ends are there.
std::vector<std::string> report_lines(std::string_view text);

/// A report without letterhead, as charts print it. `type` must be one of `types`.
std::vector<LabelledPage> chart_pages(const std::string& report, const std::string& type, const DocTypes& types,
                                      Random& random);

/// A page that is already laid out: once as it is, and, where it is titled, once without the title.
std::vector<LabelledPage> ready_page(const std::string& text, const std::string& type, bool titled,
                                     const DocTypes& types, Random& random);

}  // namespace chartlift
