// SPDX-License-Identifier: GPL-3.0-or-later
/// A writable image on its way to becoming an immutable Image. Rows are padded to 64 bytes for vector loads.
/// Precondition of the constructor: sizes are capped by the caller before memory is taken.
/// Thread-safety: owned by one thread until frozen.
#pragma once

#include <cstdint>
#include <memory>

#include "core/image.h"

namespace chartlift::adapters {

class PixelBuffer {
public:
    PixelBuffer(PixelFormat format, int width_px, int height_px);  ///< zero-filled; throws std::bad_alloc
    std::uint8_t* row(int y) { return pixels_.get() + static_cast<std::size_t>(y) * stride_bytes_; }
    int width_px() const { return width_px_; }
    int height_px() const { return height_px_; }
    std::size_t stride_bytes() const { return stride_bytes_; }
    /// Sets the bits past the width of a bilevel row to 0, as Image promises.
    void clear_padding_bits();
    Image freeze() &&;

private:
    PixelFormat format_;
    int width_px_;
    int height_px_;
    std::size_t stride_bytes_;
    std::shared_ptr<std::uint8_t> pixels_;
};

/// rgb24 by the luma weights of ITU-R BT.601, bilevel as 0 and 255; gray8 is returned as it is, shared.
Image to_gray(const Image& image);

}  // namespace chartlift::adapters
