// SPDX-License-Identifier: GPL-3.0-or-later
/// Pixels of one page as the bytes of a PDF image stream, and small JPEGs for people.
/// Guarantee: bilevel pages and every page under `lossless` keep each pixel; the same image gives the same bytes.
/// Faults: limit (an empty image, more pixels than a codec can hold), library (libtiff or libjpeg gave up).
/// Thread-safety: free functions, safe from many threads.
/// Method: ITU-T T.6 by libtiff, ITU-T T.81 by libjpeg-turbo, RFC 1950 with the PNG row filters (PNG specification,
/// section 9, the heuristic of 12.8) by libqpdf.
#pragma once

#include <string>

#include "core/fault.h"
#include "core/image.h"
#include "core/units.h"

namespace chartlift {

enum class ImageCodec {
    g4,     ///< CCITT group 4, one strip, black runs are 1 bits: /K -1, /BlackIs1 false
    jpeg,   ///< baseline; colour as YCbCr
    flate,  ///< zlib over rows with PNG filters: /Predictor 15
};

struct EncodedImage {
    ImageCodec codec = ImageCodec::g4;
    PixelFormat format = PixelFormat::bilevel;
    int width_px = 0;
    int height_px = 0;
    Dpi dpi;
    std::string bytes;
};

struct EncodeSettings {
    int jpeg_quality = 80;  ///< 1 to 100, libjpeg's scale
    bool lossless = false;  ///< Flate instead of JPEG for grey and colour
};

/// bilevel -> G4; gray8 and rgb24 -> JPEG, or Flate when lossless or larger than JPEG's 65,500 px.
Result<EncodedImage> encode_image(const Image& archive, Dpi dpi, const EncodeSettings& settings);

/// A JPEG `width_px` wide (no wider than the image), averaged over areas so that thin strokes turn grey, not lost.
Result<std::string> thumbnail_jpeg(const Image& image, int width_px);

}  // namespace chartlift
