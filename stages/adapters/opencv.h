// SPDX-License-Identifier: GPL-3.0-or-later
/// OpenCV's Mat at the border. Thread-safety: free functions, safe from many threads.
#pragma once

#include <opencv2/core.hpp>

#include "core/image.h"

namespace chartlift::adapters {

/// A view without a copy, valid while `image` lives; never write to it. Precondition: gray8 or rgb24.
cv::Mat view(const Image& image);

/// Takes the Mat's pixels without a copy. Precondition: CV_8UC1 or CV_8UC3 (in RGB order).
Image from_mat(cv::Mat mat);

/// Pages run in parallel, so that OpenCV's own threads would only compete with them. Once, before the first page.
void use_one_thread_a_call();

}  // namespace chartlift::adapters
