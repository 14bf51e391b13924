// SPDX-License-Identifier: GPL-3.0-or-later
/// A page's words as a file that other programs read. Plain text is PageText::plain().
/// Guarantee: well-formed XHTML that names every word with its box and the engine's confidence; the same input gives
/// the same bytes. Faults: none. Thread-safety: free function, safe from many threads.
/// Method: hOCR 1.2 (Breuel and Ibison-Priddy, http://kba.github.io/hocr-spec/1.2/): ocr_page, ocr_carea, ocr_par,
/// ocr_line, ocrx_word.
#pragma once

#include <string>
#include <string_view>

#include "core/text.h"
#include "core/units.h"

namespace chartlift {

std::string to_hocr(const PageText& text, int width_px, int height_px, Dpi dpi, std::string_view page_title);

}  // namespace chartlift
