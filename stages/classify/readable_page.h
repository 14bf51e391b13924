// SPDX-License-Identifier: GPL-3.0-or-later
/// A page as the classifier reads it: recognised words with their boxes, and what cleanup saw of its layout.
/// Thread-safety: plain values and pure functions.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/page.h"
#include "core/text.h"

namespace chartlift {

struct ReadablePage {
    PageText text;
    PageLayout layout;
    int width_px = 0;
    int height_px = 0;
};

/// A page of plain text lines, with word boxes as of a letter page typed at 300 dpi, so that text without pixels goes
/// through the same feature code as recognised pages do.
ReadablePage page_from_lines(std::span<const std::string> lines);

/// The text of each line in reading order, words joined by one blank; lines without words do not occur.
std::vector<std::string> text_lines(const ReadablePage& page);

}  // namespace chartlift
