// SPDX-License-Identifier: GPL-3.0-or-later
/// How far the text lines of a page lean, from the sharpness of its projection profile.
/// Method: the profile along a leaning direction has the largest sum of squared differences between neighbouring rows
/// when the direction follows the lines (W. Postl, Detection of linear oblique structures and skew scan in digitized
/// documents, ICPR 1986; the differential score is D. Bloomberg's, SPIE 2422, 1995). The page is cut into narrow
/// upright strips whose row sums are shifted against each other, so that an angle costs one addition per strip and row.
/// Guarantee: nothing is said of a page whose best direction does not stand out. Thread-safety: free functions.
#pragma once

#include <opencv2/core.hpp>

#include "core/units.h"

namespace chartlift::cleanup {

struct SkewSearch {
    double largest_deg = 18;       ///< search this far each way; real feeders skew up to about 16
    double coarse_step_deg = 0.5;  ///< half a step off, the ends of a line 6 in long move by 1 px at 75 dpi
    double middle_step_deg = 0.1;  ///< a line 6 in long moves by 1.6 px at 150 dpi
    double fine_step_deg = 0.04;   ///< the scores round the best are still apart, so that a parabola fits them
};

struct Skew {
    Degrees ccw;            ///< of the content; 0 where nothing stands out
    double peak_ratio = 0;  ///< best score over the median score of all directions
    double line_score = 0;  ///< best score, over the score that ink without any order would have
};

/// `ink`: 255 is what counts, even values do not; text lines roughly along the rows, about 150 dpi.
Skew find_skew(const cv::Mat& ink, const SkewSearch& search);

/// Without refinement, on half_mask(ink): enough to tell along which side the lines run.
cv::Mat half_mask(const cv::Mat& ink);
Skew find_skew_coarsely(const cv::Mat& half, const SkewSearch& search);

}  // namespace chartlift::cleanup
