// SPDX-License-Identifier: GPL-3.0-or-later
/// Small drawn pages and words with known boxes. Thread-safety: free functions.
#pragma once

#include <string>
#include <vector>

#include "core/image.h"
#include "core/text.h"
#include "stages/adapters/pixels.h"

namespace chartlift::sample {

/// Black rules three pixels thick, every fifty pixels both ways, and a black square at the top left.
inline bool black_at(int x, int y)
{
    return x % 50 < 3 || y % 50 < 3 || (x < 40 && y < 40);
}

inline Image bilevel_page(int width_px, int height_px)
{
    adapters::PixelBuffer out(PixelFormat::bilevel, width_px, height_px);
    for (int y = 0; y < height_px; ++y)
        for (int x = 0; x < width_px; ++x)
            if (black_at(x, y)) out.row(y)[x / 8] |= static_cast<std::uint8_t>(0x80U >> (x % 8));
    return std::move(out).freeze();
}

inline Image grey_page(int width_px, int height_px)
{
    adapters::PixelBuffer out(PixelFormat::gray8, width_px, height_px);
    for (int y = 0; y < height_px; ++y)
        for (int x = 0; x < width_px; ++x) out.row(y)[x] = static_cast<std::uint8_t>(60 + (x + 2 * y) / 8 % 160);
    return std::move(out).freeze();
}

inline Image colour_page(int width_px, int height_px)
{
    adapters::PixelBuffer out(PixelFormat::rgb24, width_px, height_px);
    for (int y = 0; y < height_px; ++y)
        for (int x = 0; x < width_px; ++x) {
            out.row(y)[3 * x] = static_cast<std::uint8_t>(255 * x / width_px);
            out.row(y)[3 * x + 1] = static_cast<std::uint8_t>(255 * y / height_px);
            out.row(y)[3 * x + 2] = 128;
        }
    return std::move(out).freeze();
}

/// Lines of words set from (left, top): `height_px` tall, `width_px` a character, two characters between words.
inline PageText text_of(const std::vector<std::vector<std::string>>& lines, int left_px, int top_px, int height_px,
                        int character_px)
{
    PageText text;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        int x = left_px;
        const int y = top_px + static_cast<int>(i) * 2 * height_px;
        for (const std::string& word : lines[i]) {
            const int width = character_px * static_cast<int>(word.size());
            text.words.push_back({word, {x, y, x + width, y + height_px}, 0.9F, static_cast<std::uint32_t>(i), 0});
            x += width + 2 * character_px;
        }
    }
    text.mean_confidence = text.words.empty() ? 0.0F : 0.9F;
    return text;
}

}  // namespace chartlift::sample
