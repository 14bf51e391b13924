// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/adapters/turn.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <opencv2/core.hpp>
#include <utility>

#include "stages/adapters/opencv.h"
#include "stages/adapters/pixels.h"

namespace chartlift::adapters {
namespace {

/// Row i of the block is byte i counted from the most significant; bit 7 of a byte is its leftmost pixel.
std::uint64_t transposed_8x8(std::uint64_t block)
{
    std::uint64_t swap = (block ^ (block >> 7)) & 0x00AA00AA00AA00AAULL;
    block ^= swap ^ (swap << 7);
    swap = (block ^ (block >> 14)) & 0x0000CCCC0000CCCCULL;
    block ^= swap ^ (swap << 14);
    swap = (block ^ (block >> 28)) & 0x00000000F0F0F0F0ULL;
    return block ^ swap ^ (swap << 28);
}

constexpr std::array<std::uint8_t, 256> kMirroredByte = [] {
    std::array<std::uint8_t, 256> table{};
    for (unsigned value = 0; value < 256; ++value)
        for (unsigned bit = 0; bit < 8; ++bit)
            if (value & (1U << bit)) table[value] = static_cast<std::uint8_t>(table[value] | (0x80U >> bit));
    return table;
}();

Image half_turned_bilevel(const Image& image)
{
    const int width = image.width_px();
    const int height = image.height_px();
    PixelBuffer out(PixelFormat::bilevel, width, height);
    const std::size_t bytes = row_bytes(PixelFormat::bilevel, width);
    const unsigned padding = static_cast<unsigned>((8 - width % 8) % 8);  // it comes first once the row is mirrored
    for (int y = 0; y < height; ++y) {
        const std::uint8_t* from = image.row(height - 1 - y);
        std::uint8_t* to = out.row(y);
        for (std::size_t i = 0; i < bytes; ++i) {
            const unsigned here = kMirroredByte[from[bytes - 1 - i]];
            const unsigned next = i + 1 < bytes ? kMirroredByte[from[bytes - 2 - i]] : 0U;
            to[i] = static_cast<std::uint8_t>(((here << 8 | next) << padding) >> 8);
        }
    }
    out.clear_padding_bits();
    return std::move(out).freeze();
}

Image quarter_turned_bilevel(const Image& image, bool clockwise)
{
    const int width = image.width_px();
    const int height = image.height_px();
    PixelBuffer out(PixelFormat::bilevel, height, width);
    const std::size_t bytes = row_bytes(PixelFormat::bilevel, width);
    const int out_bytes = static_cast<int>(row_bytes(PixelFormat::bilevel, height));
    for (int out_byte = 0; out_byte < out_bytes; ++out_byte) {
        std::array<const std::uint8_t*, 8> rows{};
        for (int i = 0; i < 8; ++i) {
            const int column = out_byte * 8 + i;
            if (column < height)
                rows[static_cast<std::size_t>(i)] = image.row(clockwise ? height - 1 - column : column);
        }
        for (std::size_t byte = 0; byte < bytes; ++byte) {
            std::uint64_t block = 0;
            for (const std::uint8_t* row : rows) block = block << 8 | (row ? row[byte] : 0U);
            if (block == 0) continue;  // most of a page is white, and the buffer starts white
            block = transposed_8x8(block);
            for (int i = 0; i < 8; ++i) {
                const int column = static_cast<int>(byte) * 8 + i;
                if (column >= width) break;
                out.row(clockwise ? column : width - 1 - column)[out_byte] =
                    static_cast<std::uint8_t>(block >> (56 - 8 * i));
            }
        }
    }
    return std::move(out).freeze();
}

}  // namespace

QuarterTurn sum(QuarterTurn a, QuarterTurn b)
{
    return static_cast<QuarterTurn>((static_cast<int>(a) + static_cast<int>(b)) % 360);
}

QuarterTurn opposite(QuarterTurn turn)
{
    return static_cast<QuarterTurn>((360 - static_cast<int>(turn)) % 360);
}

Affine turn_map(int width_px, int height_px, QuarterTurn by)
{
    const double width = width_px;
    const double height = height_px;
    switch (by) {
        case QuarterTurn::none: break;
        case QuarterTurn::cw90: return {0, -1, height, 1, 0, 0};
        case QuarterTurn::cw180: return {-1, 0, width, 0, -1, height};
        case QuarterTurn::cw270: return {0, 1, 0, -1, 0, width};
    }
    return {};
}

Image turned_cw(const Image& image, QuarterTurn by)
{
    if (by == QuarterTurn::none || image.empty()) return image;
    if (image.format() == PixelFormat::bilevel)
        return by == QuarterTurn::cw180 ? half_turned_bilevel(image)
                                        : quarter_turned_bilevel(image, by == QuarterTurn::cw90);
    cv::Mat out;
    cv::rotate(view(image), out,
               by == QuarterTurn::cw90    ? cv::ROTATE_90_CLOCKWISE
               : by == QuarterTurn::cw180 ? cv::ROTATE_180
                                          : cv::ROTATE_90_COUNTERCLOCKWISE);
    return from_mat(std::move(out));
}

UprightPage turned_cw(const UprightPage& page, QuarterTurn by)
{
    if (by == QuarterTurn::none) return page;
    const Affine forward = turn_map(page.gray.width_px(), page.gray.height_px(), by);
    UprightPage out = page;
    out.gray = turned_cw(page.gray, by);
    // A grey page's archive is often the same image: keep it shared.
    out.archive = page.archive.pixels() == page.gray.pixels() ? out.gray : turned_cw(page.archive, by);
    out.rotated_cw = sum(page.rotated_cw, opposite(by));
    out.to_scan = page.to_scan.after(forward.inverse());
    if (by != QuarterTurn::cw180) std::swap(out.layout.ruled_horizontals, out.layout.ruled_verticals);
    for (Word& word : out.visible_text) word.box = mapped(forward, word.box);
    return out;
}

}  // namespace chartlift::adapters
