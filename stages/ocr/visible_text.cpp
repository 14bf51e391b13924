// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/ocr/visible_text.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <map>
#include <numeric>

namespace chartlift::ocr {
namespace {

constexpr std::size_t kFewestCharacters = 20;  // less is a stamp or a page number, not the page's text
constexpr double kPlausibleShare = 0.6;   // of words with letters or digits only inside: broken encodings fall below
constexpr double kAgreeingShare = 0.75;   // OCR slips and hyphenation stay above this on clean pages
constexpr double kCoveredShare = 0.9;     // of OCR's characters over the page's own words
constexpr double kPoorShare = 0.5;        // OCR found less than half of what the page says it holds
constexpr double kSameLineOverlap = 0.5;  // of the lower word's height
constexpr double kBlockGap = 1.2;         // line heights of white between blocks

std::size_t letters(const std::string& text)
{
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }));
}

std::size_t letters(const std::vector<Word>& words)
{
    return std::accumulate(words.begin(), words.end(), std::size_t{0},
                           [](std::size_t sum, const Word& word) { return sum + letters(word.text); });
}

bool plausible(const std::vector<Word>& words)
{
    std::size_t good = 0;
    for (const Word& word : words)
        if (2 * letters(word.text) >= word.text.size()) ++good;
    return letters(words) >= kFewestCharacters &&
           static_cast<double>(good) >= kPlausibleShare * static_cast<double>(words.size());
}

/// Share of OCR's words that the page's own text also holds, as a multiset.
double agreement(const std::vector<Word>& read, const std::vector<Word>& visible)
{
    std::map<std::string, int> counts;
    for (const Word& word : visible) ++counts[word.text];
    std::size_t hits = 0;
    std::size_t all = 0;
    for (const Word& word : read) {
        if (letters(word.text) == 0) continue;
        ++all;
        if (auto at = counts.find(word.text); at != counts.end() && at->second > 0) {
            --at->second;
            ++hits;
        }
    }
    return all == 0 ? 0.0 : static_cast<double>(hits) / static_cast<double>(all);
}

/// Share of OCR's characters whose word's centre lies in a visible word's box.
double covered(const std::vector<Word>& read, const std::vector<Word>& visible)
{
    std::size_t inside = 0;
    for (const Word& word : read) {
        const int x = (word.box.left_px + word.box.right_px) / 2;
        const int y = (word.box.top_px + word.box.bottom_px) / 2;
        const bool hit = std::any_of(visible.begin(), visible.end(), [x, y](const Word& own) {
            return x >= own.box.left_px && x < own.box.right_px && y >= own.box.top_px && y < own.box.bottom_px;
        });
        if (hit) inside += letters(word.text);
    }
    const std::size_t all = letters(read);
    return all == 0 ? 1.0 : static_cast<double>(inside) / static_cast<double>(all);
}

}  // namespace

PageText text_from_words(std::vector<Word> words)
{
    PageText text;
    std::erase_if(words, [](const Word& word) { return word.text.empty() || word.box.empty(); });
    std::stable_sort(words.begin(), words.end(), [](const Word& a, const Word& b) {
        return a.box.top_px + a.box.bottom_px < b.box.top_px + b.box.bottom_px;
    });
    struct Line {
        Box box;
        std::vector<Word> words;
    };
    std::vector<Line> lines;
    for (Word& word : words) {
        const bool joins = !lines.empty() && [&] {
            const Box shared{0, std::max(lines.back().box.top_px, word.box.top_px), 1,
                             std::min(lines.back().box.bottom_px, word.box.bottom_px)};
            const int lower = std::min(lines.back().box.height_px(), word.box.height_px());
            return shared.height_px() >= kSameLineOverlap * lower;
        }();
        if (!joins) lines.push_back({word.box, {}});
        lines.back().box = united(lines.back().box, word.box);
        lines.back().words.push_back(std::move(word));
    }
    std::uint32_t block = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        Line& line = lines[i];
        std::stable_sort(line.words.begin(), line.words.end(),
                         [](const Word& a, const Word& b) { return a.box.left_px < b.box.left_px; });
        if (i > 0 && line.box.top_px - lines[i - 1].box.bottom_px >
                         kBlockGap * std::min(line.box.height_px(), lines[i - 1].box.height_px()))
            ++block;
        for (Word& word : line.words) {
            word.line = static_cast<std::uint32_t>(i);
            word.block = block;
            word.confidence = 1;  // exact by construction: the file says which characters it drew
            text.words.push_back(std::move(word));
        }
    }
    text.mean_confidence = text.words.empty() ? 0.0F : 1.0F;
    return text;
}

PageText better_text(PageText read, const std::vector<Word>& visible, float least_confidence)
{
    if (visible.empty() || !plausible(visible)) return read;
    const bool same = agreement(read.words, visible) >= kAgreeingShare && covered(read.words, visible) >= kCoveredShare;
    const bool poor = read.mean_confidence < least_confidence ||
                      static_cast<double>(letters(read.words)) < kPoorShare * static_cast<double>(letters(visible));
    return same || poor ? text_from_words(visible) : read;
}

}  // namespace chartlift::ocr
