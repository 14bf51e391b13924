// SPDX-License-Identifier: GPL-3.0-or-later
/// Finds what the scanner and the punch left on a page: dark bands along the frame and punch holes.
/// Guarantee: only solid dark areas thicker than any stroke of text are marked (a morphological opening keeps nothing
/// thinner than kStroke_in), so that letters that touch a band stay. Undone, because it could be content: a band that
/// holds light letters, a round blob with other ink right beside it, and everything when more than kMostJunk of the
/// page would go. Thread-safety: free functions.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "stages/cleanup/reduced.h"

namespace chartlift::cleanup {

constexpr double kStroke_in = 0.055;  ///< thicker than a stroke of 36 pt bold type
constexpr double kMostJunk = 0.35;    ///< share of the page; beyond this it is a picture or a dark page

struct Junk {
    cv::Mat mask;                 ///< CV_8UC1, 255 is to be whitened; at half the size of Reduced::ink; empty: nothing
    std::vector<cv::Rect> boxes;  ///< of the marked areas, in pixels of the mask
    int bands = 0;
    int holes = 0;
};

Junk find_junk(const Reduced& page);

/// Paints the junk on an image of any size and channel count that shows the same page. `level` is the new value of
/// each channel.
void whiten(cv::Mat& image, const Junk& junk, int level);

}  // namespace chartlift::cleanup
