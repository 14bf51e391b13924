// SPDX-License-Identifier: GPL-3.0-or-later
/// Words as read from a page, in reading order. All text here is patient data: it goes into OUT, never into a log.
/// Thread-safety: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/geometry.h"
#include "core/units.h"

namespace chartlift {

struct Word {
    std::string text;         ///< UTF-8, no white space
    Box box;                  ///< pixels of the upright page
    float confidence = 0;     ///< the engine's own, 0 to 1; not a probability
    std::uint32_t line = 0;   ///< numbered from 0 over the page, in reading order
    std::uint32_t block = 0;  ///< numbered from 0 over the page, in reading order
    friend bool operator==(const Word&, const Word&) = default;
};

/// Guarantee: words of one line stand together, lines of one block stand together, both numbered in order.
struct PageText {
    std::vector<Word> words;
    float mean_confidence = 0;  ///< over characters, 0 to 1; 0 for a page without words

    /// Words of a line are joined by a blank, lines by a line feed, blocks by an empty line.
    std::string plain() const;
};

/// The half-open range of word indexes of each line, in order.
struct LineRange {
    std::size_t first = 0;
    std::size_t last = 0;
    Box box;
};
std::vector<LineRange> lines_of(std::span<const Word> words);

}  // namespace chartlift
