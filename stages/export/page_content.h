// SPDX-License-Identifier: GPL-3.0-or-later
/// The content stream of one page: the scan, and over it the words, invisible, each where it was read.
/// Guarantee: words appear in reading order, each stretched to the width of its box and followed by a blank, so that
/// selecting, searching and copying follow the scan. The words of one line share one height and baseline, as people
/// expect of a selection; a word far out of line keeps its own.
/// Faults: none. Thread-safety: free functions, safe from many threads.
/// Method: text rendering mode 3 and horizontal scaling, ISO 32000-1, 9.3.4 and 9.3.6.
#pragma once

#include <string>

#include "core/text.h"
#include "core/units.h"
#include "stages/export/glyphless_font.h"

namespace chartlift {

/// How the pixels of a page lie on its sheet.
struct Sheet {
    int width_px = 0;
    int height_px = 0;
    double points_a_px = 0;  ///< a point is 1/72 inch
};

/// A sheet at the image's resolution, or as near to it as PDF/A's 3 to 14,400 points a side allow (ISO 19005-2,
/// 6.1.13). Precondition: dpi above 0, sizes at least 1.
Sheet sheet_of(int width_px, int height_px, Dpi dpi);

/// Adds every character that page_content() will use.
void collect_characters(const PageText& text, CharacterCodes& codes);

/// Names used: /Im0 for the image, /F0 for the glyphless font.
std::string page_content(const Sheet& sheet, const PageText& text, const CharacterCodes& codes);

}  // namespace chartlift
