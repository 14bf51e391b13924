// SPDX-License-Identifier: GPL-3.0-or-later
/// What a page's own text says about where documents begin: title, letterhead, page number, letter opening, signature,
/// a first line in mid-sentence. Tolerates OCR slips (one edit from six characters on).
/// Guarantee: a title is a line at the top that is, or begins or ends with, one of DocTypes' titles and stands out as a
/// heading does (larger, capitals, centred, or a line of its own above the text); the longest and most prominent wins.
/// A line that ends in a colon is a section heading and counts only if it is set larger than the text.
/// Faults: none. Thread-safety: const, safe from many threads. Cost: under 2 ms a page.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/doctype.h"
#include "core/document.h"
#include "core/text.h"

namespace chartlift {

class ReadCues {
public:
    explicit ReadCues(std::shared_ptr<const DocTypes> types);
    PageCues run(const PageText& text, int width_px, int height_px) const;

private:
    struct Title {
        std::string folded;
        std::size_t type;   ///< index of DocTypes::types
        std::size_t words;  ///< of the printed title
    };
    std::shared_ptr<const DocTypes> types_;
    std::vector<Title> titles_;
    std::vector<std::string> facility_words_;  ///< folded
    std::vector<std::string> labels_;          ///< folded field labels: lines that start so belong to a header
};

}  // namespace chartlift
