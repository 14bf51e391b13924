// SPDX-License-Identifier: GPL-3.0-or-later
/// What a page is in nature, so that it is stored without waste and without loss: black and white, grey or colour.
/// Guarantee: unsure pages keep what they have. Thread-safety: pure functions.
#pragma once

#include <opencv2/core.hpp>

namespace chartlift::cleanup {

/// The grey page has only ink, clean paper and the blurred rims of ink: thresholding at 128 loses nothing.
bool is_bilevel_in_nature(const cv::Mat& gray);

/// Some of the page is clearly coloured once the paper's own tint is taken off: a stamp, blue ink, a letterhead.
bool is_colourful(const cv::Mat& rgb);

}  // namespace chartlift::cleanup
