// SPDX-License-Identifier: GPL-3.0-or-later
/// The page as a small ink mask: what every detection in this folder works on. About 150 dpi, one byte a pixel,
/// 255 is ink. Ink is what is darker than kInkRatio times the paper around it; the paper is the local maximum of a
/// coarser copy (background normalisation as in Bloomberg's pixBackgroundNorm), never taken darker than kPaperFloor of
/// the page's paper, so that a black border counts as ink. Thread-safety: free functions, safe from many threads.
#pragma once

#include <cmath>
#include <opencv2/core.hpp>
#include <vector>

namespace chartlift::cleanup {

constexpr double kWorkDpi = 150;           ///< strokes of 6 pt type are still 1 to 2 px wide
constexpr int kLargestWorkSide_px = 3300;  ///< 22 in at 150 dpi; larger pages are reduced further
constexpr double kInkRatio = 0.7;          ///< 2 of 4 black pixels make an inked one when a bilevel page is halved
constexpr double kPaperFloor = 0.6;        ///< of the page's own paper level

struct Reduced {
    cv::Mat gray;           ///< CV_8UC1
    cv::Mat ink;            ///< CV_8UC1, 0 or 255, same size
    double scale = 1;       ///< reduced pixels per scan pixel, at most 1
    double dpi = kWorkDpi;  ///< of the reduced page, as far as the assumed resolution was right
    int paper = 255;        ///< grey level of the page's paper

    int px(double inches) const { return std::max(1, static_cast<int>(std::lround(inches * dpi))); }
};

/// `gray` at the resolution we assume, before it was judged.
Reduced reduced(const cv::Mat& gray, double assumed_dpi);

/// Half the size both ways, as means of 2 x 2 pixels; an odd last row or column is left out, which keeps OpenCV on its
/// fast path.
cv::Mat halved(const cv::Mat& gray);

/// A connected component (8 neighbours) of the mask, in reduced pixels.
struct Part {
    int left = 0;
    int top = 0;
    int width = 0;
    int height = 0;
    int area = 0;
    int right() const { return left + width; }
    int bottom() const { return top + height; }
};

struct Parts {
    cv::Mat labels;  ///< CV_32S; label i stands for list[i - 1], 0 for paper
    std::vector<Part> list;
};
Parts parts_of(const cv::Mat& ink);

}  // namespace chartlift::cleanup
