// SPDX-License-Identifier: GPL-3.0-or-later
/// An immutable page image whose pixels are shared, never copied, between the steps that read them.
/// Thread-safety: const and shared, safe from many threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace chartlift {

enum class PixelFormat {
    bilevel,  ///< 1 bit a pixel, most significant bit first, 1 is black; bits past the width are 0
    gray8,    ///< 8 bits a pixel, 0 is black
    rgb24,    ///< 8 bits each of red, green, blue
};

class Image {
public:
    Image() = default;
    /// `pixels` points at row 0 and may alias any owner (a Pix, a Mat, a vector). Precondition: it holds
    /// height * stride_bytes bytes, and stride_bytes covers a row of the format.
    Image(PixelFormat format, int width_px, int height_px, std::size_t stride_bytes,
          std::shared_ptr<const std::uint8_t> pixels)
        : format_(format),
          width_px_(width_px),
          height_px_(height_px),
          stride_bytes_(stride_bytes),
          pixels_(std::move(pixels))
    {
    }

    PixelFormat format() const { return format_; }
    int width_px() const { return width_px_; }
    int height_px() const { return height_px_; }
    std::size_t stride_bytes() const { return stride_bytes_; }
    bool empty() const { return !pixels_; }
    const std::uint8_t* row(int y) const { return pixels_.get() + static_cast<std::size_t>(y) * stride_bytes_; }
    const std::shared_ptr<const std::uint8_t>& pixels() const { return pixels_; }

private:
    PixelFormat format_ = PixelFormat::gray8;
    int width_px_ = 0;
    int height_px_ = 0;
    std::size_t stride_bytes_ = 0;
    std::shared_ptr<const std::uint8_t> pixels_;
};

/// Bytes that the pixels of one row take, without padding.
constexpr std::size_t row_bytes(PixelFormat format, int width_px)
{
    const auto width = static_cast<std::size_t>(width_px);
    switch (format) {
        case PixelFormat::bilevel: return (width + 7) / 8;
        case PixelFormat::gray8: return width;
        case PixelFormat::rgb24: return width * 3;
    }
    return 0;
}

}  // namespace chartlift
