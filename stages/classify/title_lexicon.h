// SPDX-License-Identifier: GPL-3.0-or-later
/// Finds the titles of models/doctypes among the first lines of a page, allowing for recognition errors.
/// Method: lines and titles are folded to upper-case words; a line is compared whole, then by Levenshtein distance
/// within a share of its length, then searched for a title of two or more words.
/// Guarantee: hits are in line order. Thread-safety: immutable.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/doctype.h"

namespace chartlift {

enum class TitleMatch {
    whole,   ///< the line is the title, of two or more words
    single,  ///< the line is the title, of one word, which may be a section heading as well
    close,   ///< the line is the title but for a few letters
    within,  ///< the title stands inside a short line
};
inline constexpr int kTitleMatches = 4;

struct TitleHit {
    std::size_t type = 0;  ///< index into DocTypes::types
    TitleMatch match = TitleMatch::whole;
    std::size_t line = 0;
};

/// Lines from the top in which a title is looked for: letterhead, address, title and header block.
inline constexpr std::size_t kTopLines = 12;

class TitleLexicon {
public:
    explicit TitleLexicon(const DocTypes& types);
    /// Looks at the first kTopLines of `lines`.
    std::vector<TitleHit> find(std::span<const std::string> lines) const;
    /// Whether the whole line is a title of any type.
    bool is_title(std::string_view line) const;

private:
    struct Title {
        std::string folded;  ///< upper-case words joined by one blank
        std::size_t words = 0;
        std::size_t type = 0;
    };
    std::vector<Title> titles_;  ///< sorted by length, then text
};

/// Upper-case letters and digits, words joined by one blank; "'s" loses its apostrophe, "&" becomes AND.
std::string folded_words(std::string_view text);

}  // namespace chartlift
