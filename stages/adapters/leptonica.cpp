// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/adapters/leptonica.h"

#include <cstring>
#include <vector>

#include "stages/adapters/pixels.h"

namespace chartlift::adapters {
namespace {

int depth_of(PixelFormat format)
{
    switch (format) {
        case PixelFormat::bilevel: return 1;
        case PixelFormat::gray8: return 8;
        case PixelFormat::rgb24: return 32;
    }
    return 8;
}

/// Leptonica stores each row as 32-bit words whose most significant byte is leftmost.
void swap_words(std::uint32_t* words, std::size_t count)
{
    for (std::size_t i = 0; i < count; ++i) words[i] = __builtin_bswap32(words[i]);
}

}  // namespace

Result<PixPtr> to_pix(const Image& image)
{
    PixPtr pix(pixCreateNoInit(image.width_px(), image.height_px(), depth_of(image.format())));
    if (!pix) return Fault{FaultKind::library, "leptonica", "could not allocate an image"};
    const auto words_per_line = static_cast<std::size_t>(pixGetWpl(pix.get()));
    for (int y = 0; y < image.height_px(); ++y) {
        std::uint32_t* line = pixGetData(pix.get()) + static_cast<std::size_t>(y) * words_per_line;
        const std::uint8_t* row = image.row(y);
        if (image.format() == PixelFormat::rgb24) {
            for (int x = 0; x < image.width_px(); ++x, row += 3)
                line[x] = (static_cast<std::uint32_t>(row[0]) << 24) | (static_cast<std::uint32_t>(row[1]) << 16) |
                          (static_cast<std::uint32_t>(row[2]) << 8);
        } else {
            line[words_per_line - 1] = 0;  // the padding bytes of the last word
            std::memcpy(line, row, row_bytes(image.format(), image.width_px()));
            swap_words(line, words_per_line);
        }
    }
    return pix;
}

Result<Image> from_pix(const Pix& pix_const)
{
    Pix* pix = const_cast<Pix*>(&pix_const);  // NOLINT: Leptonica's getters lack const
    const int width = pixGetWidth(pix);
    const int height = pixGetHeight(pix);
    const int depth = pixGetDepth(pix);
    if (depth != 1 && depth != 8 && depth != 32)
        return Fault{FaultKind::library, "leptonica",
                     "image depth is " + std::to_string(depth) + "; 1, 8 or 32 is handled"};
    const PixelFormat format = depth == 1 ? PixelFormat::bilevel : depth == 8 ? PixelFormat::gray8 : PixelFormat::rgb24;
    PixelBuffer buffer(format, width, height);
    const auto words_per_line = static_cast<std::size_t>(pixGetWpl(pix));
    std::vector<std::uint32_t> swapped(words_per_line);
    for (int y = 0; y < height; ++y) {
        const std::uint32_t* line = pixGetData(pix) + static_cast<std::size_t>(y) * words_per_line;
        std::uint8_t* row = buffer.row(y);
        if (depth == 32) {
            for (int x = 0; x < width; ++x, row += 3) {
                row[0] = static_cast<std::uint8_t>(line[x] >> 24);
                row[1] = static_cast<std::uint8_t>(line[x] >> 16);
                row[2] = static_cast<std::uint8_t>(line[x] >> 8);
            }
        } else {
            std::memcpy(swapped.data(), line, words_per_line * sizeof(std::uint32_t));
            swap_words(swapped.data(), words_per_line);
            std::memcpy(row, swapped.data(), row_bytes(format, width));
        }
    }
    buffer.clear_padding_bits();
    return std::move(buffer).freeze();
}

void silence_leptonica()
{
    setMsgSeverity(L_SEVERITY_NONE);
}

}  // namespace chartlift::adapters
