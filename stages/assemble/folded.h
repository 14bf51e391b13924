// SPDX-License-Identifier: GPL-3.0-or-later
/// Text made comparable in spite of OCR slips. Thread-safety: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chartlift::assemble {

/// Lower-case letters and digits only, ASCII; everything else is dropped. "History & Physical" -> "historyphysical".
std::string folded(std::string_view text);

/// Levenshtein distance (V. Levenshtein, 1966), but `cap` + 1 as soon as it is known to exceed `cap`.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t cap);

/// Equal but for OCR slips: one edit from 6 characters on, another for each 8 more.
bool much_the_same(std::string_view a, std::string_view b);

}  // namespace chartlift::assemble
