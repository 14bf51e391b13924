// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/classify/readable_page.h"

#include <algorithm>

namespace chartlift {
namespace {

// A US letter page at 300 dpi, 10-point type with 12-point leading, one-inch margins.
constexpr int kWidthPx = 2550;
constexpr int kHeightPx = 3300;
constexpr int kMarginPx = 300;
constexpr int kLeadingPx = 50;
constexpr int kTypePx = 40;
constexpr int kAdvancePx = 18;

}  // namespace

ReadablePage page_from_lines(std::span<const std::string> lines)
{
    ReadablePage page;
    page.width_px = kWidthPx;
    page.height_px = kHeightPx;
    page.text.mean_confidence = 1;
    std::uint32_t line = 0;
    std::uint32_t block = 0;
    bool gap = false;
    for (std::size_t row = 0; row < lines.size(); ++row) {
        const std::string& text = lines[row];
        bool wrote = false;
        std::size_t at = 0;
        while (at < text.size()) {
            const std::size_t first = text.find_first_not_of(" \t\r", at);
            if (first == std::string::npos) break;
            const std::size_t last = std::min(text.find_first_of(" \t\r", first), text.size());
            if (gap && !wrote && !page.text.words.empty()) ++block;
            Word word;
            word.text = text.substr(first, last - first);
            word.confidence = 1;
            word.line = line;
            word.block = block;
            word.box.left_px = kMarginPx + static_cast<int>(first) * kAdvancePx;
            word.box.right_px = kMarginPx + static_cast<int>(last) * kAdvancePx;
            word.box.top_px = kMarginPx + static_cast<int>(row) * kLeadingPx;
            word.box.bottom_px = word.box.top_px + kTypePx;
            page.text.words.push_back(std::move(word));
            wrote = true;
            at = last;
        }
        gap = !wrote;
        if (wrote) ++line;
    }
    return page;
}

std::vector<std::string> text_lines(const ReadablePage& page)
{
    std::vector<std::string> lines;
    for (const LineRange& range : lines_of(page.text.words)) {
        std::string text;
        for (std::size_t i = range.first; i < range.last; ++i) {
            if (!text.empty()) text += ' ';
            text += page.text.words[i].text;
        }
        lines.push_back(std::move(text));
    }
    return lines;
}

}  // namespace chartlift
