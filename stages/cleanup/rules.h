// SPDX-License-Identifier: GPL-3.0-or-later
/// Ruled lines of forms and tables, counted on a level page. A rule is a run of ink at least kShortestRule_in long and
/// at most kThickestRule_in thick. Thread-safety: pure functions.
#pragma once

#include <opencv2/core.hpp>

namespace chartlift::cleanup {

constexpr double kShortestRule_in = 1.0;
constexpr double kThickestRule_in = 0.05;

/// Runs along the rows of the mask; transpose it for the other direction.
int count_rules_along_rows(const cv::Mat& ink, double dpi);

}  // namespace chartlift::cleanup
