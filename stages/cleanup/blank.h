// SPDX-License-Identifier: GPL-3.0-or-later
/// Whether a page carries anything written or printed.
/// Judged by shapes, not by the share of ink: punch holes, stains, specks and shadows leave a page blank, one short
/// line, a signature or a page number does not. Where the shapes leave a doubt the page is not blank, because a blank
/// page is left out of its document. Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <optional>

#include "stages/cleanup/reduced.h"

namespace chartlift::cleanup {

constexpr double kUsualLetter_in = 5.5 / 72;  ///< median letter of 10 to 12 pt type: an x-height or a little more

/// Of the size of a letter or of a few that touch: what text is made of.
bool is_letter(const Part& part, double dpi);

constexpr std::uint8_t kOtherInk = 2;  ///< in a marked mask: ink that is no letter; even, unlike the 255 of letters

/// Marks what is no letter as kOtherInk in a mask whose parts these are, unless fewer than `enough` letters stand
/// there.
void mark_other_ink(cv::Mat& ink, const Parts& parts, double dpi, int enough);

/// Median height of the letters in reduced pixels; nothing when there are fewer than 20.
std::optional<double> letter_height_px(const Parts& parts, double dpi);

/// `ink`: without bands and holes; `parts` are its own.
bool is_blank(const cv::Mat& ink, const Parts& parts, double dpi);

}  // namespace chartlift::cleanup
