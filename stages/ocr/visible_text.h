// SPDX-License-Identifier: GPL-3.0-or-later
/// The second opinion: a PDF page's own visible text against what OCR read.
/// Thread-safety: pure functions.
#pragma once

#include <vector>

#include "core/text.h"

namespace chartlift::ocr {

/// Groups words that carry boxes only into lines (vertical overlap) and blocks (gaps between lines), in reading order.
PageText text_from_words(std::vector<Word> words);

/// The better of the two. The page's own text is taken when it is plausible language and either
/// - it covers what OCR saw (most OCR characters stand inside or beside its words) and agrees with it word by word, so
///   that it holds the same text without OCR's slips; or
/// - OCR read poorly (mean confidence below `least_confidence`, or less than half as many characters).
/// Otherwise OCR is kept: a stamp or header that a scanner wrote into the PDF covers a small part of the page.
PageText better_text(PageText read, const std::vector<Word>& visible, float least_confidence);

}  // namespace chartlift::ocr
