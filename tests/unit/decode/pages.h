// SPDX-License-Identifier: GPL-3.0-or-later
/// What the decoder's tests share: opening bytes, looking at pixels, and a picture without symmetry.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "stages/decode/decode.h"
#include "stages/decode/memory_source.h"

namespace chartlift::test {

inline Result<std::unique_ptr<OpenFile>> open(const std::string& bytes, const StageContext& context = {},
                                              DecodeSettings settings = {})
{
    return Decode(std::move(settings)).open(std::make_shared<MemorySource>(bytes), context);
}

inline Result<DecodedPage> only_page(const std::string& bytes, const StageContext& context = {},
                                     DecodeSettings settings = {}, int index = 0)
{
    auto file = open(bytes, context, std::move(settings));
    if (!file) return file.error();
    return (*file)->page(index, context);
}

using Rgb = std::array<int, 3>;

inline Rgb pixel(const Image& image, int x, int y)
{
    const std::uint8_t* row = image.row(y);
    switch (image.format()) {
        case PixelFormat::bilevel: {
            const int value = (row[x / 8] >> (7 - x % 8)) & 1 ? 0 : 255;
            return {value, value, value};
        }
        case PixelFormat::gray8: return {row[x], row[x], row[x]};
        case PixelFormat::rgb24: return {row[3 * x], row[3 * x + 1], row[3 * x + 2]};
    }
    return {};
}

/// Any number, the same for the same place.
inline unsigned noise(int x, int y, int sample)
{
    auto h = static_cast<unsigned>(x) * 73856093U ^ static_cast<unsigned>(y) * 19349663U ^
             static_cast<unsigned>(sample) * 83492791U;
    h ^= h >> 13;
    h *= 0x5bd1e995U;
    return h ^ (h >> 15);
}

/// Smooth and without symmetry, so that lossy compression keeps it and a wrong turn shows.
inline unsigned slope(int x, int y, int sample)
{
    return static_cast<unsigned>(sample == 0 ? 20 + 3 * x : sample == 1 ? 20 + 4 * y : 120 + x - y);
}

/// Where a stored pixel of a w x h raster is seen, by orientation (TIFF 6.0, Orientation).
inline std::pair<int, int> seen_at(int orientation, int x, int y, int w, int h)
{
    switch (orientation) {
        case 2: return {w - 1 - x, y};
        case 3: return {w - 1 - x, h - 1 - y};
        case 4: return {x, h - 1 - y};
        case 5: return {y, x};
        case 6: return {h - 1 - y, x};
        case 7: return {h - 1 - y, w - 1 - x};
        case 8: return {y, w - 1 - x};
        default: return {x, y};
    }
}

inline bool near(const Rgb& a, const Rgb& b, int slack)
{
    for (std::size_t c = 0; c < 3; ++c)
        if (a[c] > b[c] + slack || b[c] > a[c] + slack) return false;
    return true;
}

inline bool padding_is_zero(const Image& image)
{
    if (image.format() != PixelFormat::bilevel || image.width_px() % 8 == 0) return true;
    for (int y = 0; y < image.height_px(); ++y)
        if ((image.row(y)[image.width_px() / 8] & (0xFF >> (image.width_px() % 8))) != 0) return false;
    return true;
}

}  // namespace chartlift::test
