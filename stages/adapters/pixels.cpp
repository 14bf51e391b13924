// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/adapters/pixels.h"

#include <cstring>

namespace chartlift::adapters {
namespace {
constexpr std::size_t kRowAlignment_bytes = 64;
}

PixelBuffer::PixelBuffer(PixelFormat format, int width_px, int height_px)
    : format_(format),
      width_px_(width_px),
      height_px_(height_px),
      stride_bytes_((row_bytes(format, width_px) + kRowAlignment_bytes - 1) / kRowAlignment_bytes * kRowAlignment_bytes)
{
    const std::size_t bytes = stride_bytes_ * static_cast<std::size_t>(height_px);
    pixels_ = std::shared_ptr<std::uint8_t>(new std::uint8_t[bytes](), std::default_delete<std::uint8_t[]>());
}

void PixelBuffer::clear_padding_bits()
{
    if (format_ != PixelFormat::bilevel || width_px_ % 8 == 0) return;
    const auto keep = static_cast<std::uint8_t>(0xFF00U >> (width_px_ % 8));
    const std::size_t last = row_bytes(format_, width_px_) - 1;
    for (int y = 0; y < height_px_; ++y) row(y)[last] &= keep;
}

Image PixelBuffer::freeze() &&
{
    return {format_, width_px_, height_px_, stride_bytes_, std::move(pixels_)};
}

Image to_gray(const Image& image)
{
    if (image.format() == PixelFormat::gray8) return image;
    PixelBuffer out(PixelFormat::gray8, image.width_px(), image.height_px());
    for (int y = 0; y < image.height_px(); ++y) {
        const std::uint8_t* from = image.row(y);
        std::uint8_t* to = out.row(y);
        if (image.format() == PixelFormat::rgb24) {
            for (int x = 0; x < image.width_px(); ++x, from += 3)
                to[x] = static_cast<std::uint8_t>((77 * from[0] + 150 * from[1] + 29 * from[2] + 128) >> 8);
        } else {
            for (int x = 0; x < image.width_px(); ++x) to[x] = (from[x >> 3] >> (7 - (x & 7))) & 1 ? 0 : 255;
        }
    }
    return std::move(out).freeze();
}

}  // namespace chartlift::adapters
