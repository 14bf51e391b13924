// SPDX-License-Identifier: GPL-3.0-or-later
/// A page's words cut into tokens and segments, the form in which labels and values are looked for.
/// A token is a word or a part of one: "MRN:0568706" is two, "Name:____Smith" is two, "Age/Sex" is two. A segment is a
/// run of words with ordinary gaps: one cell of a form's row, one phrase of a header. Segments are built from boxes, so
/// a printed line that the OCR engine cut in two comes together, and a table row that it read as one line comes apart.
/// Guarantee: tokens of a segment stand together, left to right; at most kMaxWords words are looked at.
/// Faults: none. Thread-safety: pure functions over plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/geometry.h"
#include "core/text.h"

namespace chartlift::extract {

/// A dense page holds about 1,000 words; the rest of a longer one is noise or a bomb.
inline constexpr std::size_t kMaxWords = 4'000;
/// Longer words are rules and noise, not text; a cap on what one word may cost.
inline constexpr std::size_t kMaxWordBytes = 80;

struct Token {
    std::string text;        ///< as read; curly quotes and dashes made plain, leaders and rules cut off
    std::string folded;      ///< as labels are compared: A-Z only where it has letters, "NO" for # and "Number"
    std::uint32_t word = 0;  ///< index into the words given
    Box box;                 ///< of this part of the word
    float confidence = 0;
    bool colon = false;   ///< ':' or '=' follows: a label ends here
    bool joined = false;  ///< '/' or '&' stands between this letter and the next: "Age/Sex"
    bool opens = false;   ///< begins with '(' or '['
    bool closes = false;  ///< ends with ')' or ']'
    bool comma = false;   ///< ',' follows
    int gap_px = 0;       ///< white space before it in its segment
    std::size_t segment = 0;
};

struct Segment {
    std::size_t first = 0;  ///< half-open range of tokens
    std::size_t last = 0;
    Box box;
    int next_right = -1;  ///< the next segment to the right on the same printed line, or -1
    int next_left = -1;   ///< the next segment to the left, or -1
};

struct ReadPage {
    std::vector<Token> tokens;
    std::vector<Segment> segments;
    int text_height_px = 1;  ///< median height of words: the page's unit of length
    int width_px = 1;
    int height_px = 1;

    std::span<const Token> range(std::size_t first, std::size_t last) const
    {
        return std::span<const Token>(tokens).subspan(first, last - first);
    }
};

ReadPage read_page(std::span<const Word> words, int width_px, int height_px);

/// Upper case, letters and digits only; in text with letters the digits that OCR puts for letters (0 1 5 8) become
/// them.
std::string fold(std::string_view text);

/// Two boxes stand on one printed line; allows for a residual lean of a degree between boxes far apart.
bool same_line(const Box& a, const Box& b);

bool has_digit(std::string_view text);
bool has_letter(std::string_view text);  ///< any byte past ASCII counts as a letter

}  // namespace chartlift::extract
