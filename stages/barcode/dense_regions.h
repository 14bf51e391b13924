// SPDX-License-Identifier: GPL-3.0-or-later
/// Where on a page a barcode may stand: regions about half of which is ink over a fifth of an inch, which print in
/// lines is not. Cheap, because it looks at the page at about 75 dpi; a region is a guess, to be read at full size.
/// Guarantee: any code printed black on white of the usual sizes lies whole in one region, quiet zone included.
/// Faults: none. Thread-safety: free functions, safe from many threads.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "core/geometry.h"
#include "core/units.h"

namespace chartlift {

/// The page shrunk by averaging, with what black and white look like on it.
struct SmallPage {
    cv::Mat gray;     ///< 8 bits
    int factor = 1;   ///< a power of two: pixels of the page a side of one of these
    float dpi = 0;    ///< of `gray`
    int black = 0;    ///< the darkest ink
    int white = 255;  ///< the paper
    /// Half way between ink and paper; 0 where the page has no contrast to speak of.
    int threshold() const { return white - black < 48 ? 0 : (white + black) / 2; }
};

/// Precondition: gray is not empty, dpi above 0.
SmallPage small_page(const cv::Mat& gray, Dpi dpi);

/// In pixels of the page, clipped to it, not overlapping, from top to bottom.
std::vector<Box> dense_regions(const SmallPage& small, int width_px, int height_px);

}  // namespace chartlift
