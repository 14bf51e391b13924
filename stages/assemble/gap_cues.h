// SPDX-License-Identifier: GPL-3.0-or-later
/// How likely it is that a new document begins at a page, as a sum of log-odds with the cues that spoke for it.
/// Thread-safety: pure functions.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/doctype.h"
#include "core/document.h"

namespace chartlift::assemble {

struct GapScore {
    double log_odds = 0;                ///< of a boundary, natural logarithm
    std::vector<std::string> evidence;  ///< cues that spoke clearly for a boundary, strongest first

    double probability() const;
};

/// What lies between two content pages.
struct Between {
    bool blank = false;
    bool fault = false;
};

/// `pages` are content pages in scan order, all after the last sure boundary; scores the gap before pages[at].
/// Precondition: 0 < at < pages.size().
GapScore score_gap(std::span<const PageRecord* const> pages, std::size_t at, Between between, const DocTypes& types);

/// Do two values of a field name the same thing, OCR slips allowed? -1 clearly not, 0 cannot tell, 1 yes.
int same_value(const FieldValue& a, const FieldValue& b);

/// The document's type from its pages' types and titles.
TypeChoice pooled_type(std::span<const PageRecord* const> pages);

}  // namespace chartlift::assemble
