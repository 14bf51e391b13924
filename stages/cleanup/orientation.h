// SPDX-License-Identifier: GPL-3.0-or-later
/// Whether level text stands upright or on its head.
/// Method: Latin lower-case text has about three times as much ink in ascenders as in descenders (D. Bloomberg,
/// G. Kopec, L. Dasari, Measuring document image skew and orientation, SPIE 2422, 1995). Each stretch of a text line
/// votes with the ink right above and right below its x-height band; stretches without either (capitals, figures)
/// do not vote. A second witness is Leptonica's pixUpDownDetect, which looks for the shapes of single ascenders and
/// descenders by hit-miss transforms (Bloomberg, the same paper): it is stronger on long pages, the votes on short
/// ones and on small type. Guarantee: the caller asks for evidence, a t-value; little text gives little.
/// Thread-safety: free functions.
#pragma once

#include <opencv2/core.hpp>

namespace chartlift::cleanup {

struct UprightVotes {
    int count = 0;       ///< stretches of lines that voted
    double mean = 0;     ///< -1 all on its head, 1 all upright
    double t_value = 0;  ///< mean over its standard error
};

/// `letters`: 0 or 255, level, only parts of letter size; about 150 dpi.
UprightVotes upright_votes(const cv::Mat& letters, double dpi);

/// Both witnesses together as one t-value, positive for upright. Where they contradict each other: near 0.
double upright_evidence(const cv::Mat& letters, double dpi);

}  // namespace chartlift::cleanup
