// SPDX-License-Identifier: GPL-3.0-or-later
/// Sets lines of typed text on an imaginary page, as words with boxes and line numbers, the way OCR would report them.
/// A column of the text is 20 px, a row 60 px; text is 30 px high, so one blank is a word's gap and three are a
/// column's. A row that begins with '~' is small print (the label row of a form's cells): runs parted by two blanks or
/// more keep their column, but stand 14 px high. "@Y" alone moves to Y px. Thread-safety: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "stages/extract/extract.h"

namespace chartlift::test {

inline constexpr int kPageWidth_px = 2550;
inline constexpr int kPageHeight_px = 3300;

inline ExtractInput typed_page(std::string_view text, float confidence = 0.95F)
{
    ExtractInput input;
    input.width_px = kPageWidth_px;
    input.height_px = kPageHeight_px;
    input.dpi = Dpi{300};
    int y = 150;
    std::uint32_t line = 0;
    std::size_t at = 0;
    while (at <= text.size()) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        std::string_view row = text.substr(at, end - at);
        at = end + 1;
        if (row.starts_with('@')) {
            y = std::stoi(std::string(row.substr(1)));
            continue;
        }
        const bool small = row.starts_with('~');
        if (small) row.remove_prefix(1);
        const int height = small ? 14 : 30;
        const int pitch = small ? 9 : 20;
        int x = 0;
        std::size_t run_start = 0;
        for (std::size_t i = 0; i < row.size();) {
            if (row[i] == ' ') {
                ++i;
                continue;
            }
            const bool run_begins = i < 2 || row.substr(i - 2, 2) == "  ";
            std::size_t stop = row.find(' ', i);
            if (stop == std::string_view::npos) stop = row.size();
            if (run_begins) run_start = i;
            x = 200 + static_cast<int>(run_start) * 20 + static_cast<int>(i - run_start) * pitch;
            Word word;
            word.text = row.substr(i, stop - i);
            word.box = {x, y, x + static_cast<int>(stop - i) * pitch - 3, y + height};
            word.confidence = confidence;
            word.line = line;
            input.text.words.push_back(word);
            i = stop;
        }
        ++line;
        y += small ? 34 : 60;
    }
    return input;
}

}  // namespace chartlift::test
