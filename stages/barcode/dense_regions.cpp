// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/barcode/dense_regions.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <opencv2/imgproc.hpp>

namespace chartlift {
namespace {

constexpr float kSmallestWorking_dpi = 70;
constexpr double kWindow_in = 0.2;        // wider than a line of print, so that text is thinned by its line gaps
constexpr double kDenseInk = 0.32;        // codes are 0.35 to 0.65 ink; print in lines is 0.1 to 0.25
constexpr double kSmallestSide_in = 0.1;  // of the dense core; the smallest codes are 0.2 in, and the window blurs
constexpr double kMargin_in = 0.25;       // the window's blur and a quiet zone
constexpr double kInkShare = 0.00005;     // this share of pixels is at least as dark as ink: a small code is enough
constexpr double kPaperShare = 0.5;       // this share is no lighter than paper

int quantile(const std::array<int, 256>& histogram, double share, std::size_t total)
{
    const auto wanted = static_cast<std::size_t>(share * static_cast<double>(total));
    std::size_t seen = 0;
    for (std::size_t level = 0; level < histogram.size(); ++level) {
        seen += static_cast<std::size_t>(histogram[level]);
        if (seen > wanted) return static_cast<int>(level);
    }
    return 255;
}

bool touch(const Box& a, const Box& b)
{
    return !intersection(a, b).empty();
}

/// Merges boxes until none overlap.
std::vector<Box> merged(std::vector<Box> boxes)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (std::size_t i = 0; i < boxes.size(); ++i)
            for (std::size_t j = i + 1; j < boxes.size();) {
                if (!touch(boxes[i], boxes[j])) {
                    ++j;
                    continue;
                }
                boxes[i] = united(boxes[i], boxes[j]);
                boxes.erase(boxes.begin() + static_cast<std::ptrdiff_t>(j));
                changed = true;
            }
    }
    std::sort(boxes.begin(), boxes.end(), [](const Box& a, const Box& b) {
        return a.top_px != b.top_px ? a.top_px < b.top_px : a.left_px < b.left_px;
    });
    return boxes;
}

}  // namespace

SmallPage small_page(const cv::Mat& gray, Dpi dpi)
{
    SmallPage small;
    small.gray = gray;
    small.dpi = dpi.value;
    // Halving is several times faster in OpenCV than shrinking by four at once.
    while (small.dpi / 2 >= kSmallestWorking_dpi && small.gray.cols >= 4 && small.gray.rows >= 4) {
        cv::Mat half;
        cv::resize(small.gray, half, cv::Size(small.gray.cols / 2, small.gray.rows / 2), 0, 0, cv::INTER_AREA);
        small.gray = half;
        small.factor *= 2;
        small.dpi /= 2;
    }
    std::array<int, 256> histogram{};
    for (int y = 0; y < small.gray.rows; ++y)
        for (const auto *p = small.gray.ptr<std::uint8_t>(y), *end = p + small.gray.cols; p != end; ++p)
            ++histogram[*p];
    small.black = quantile(histogram, kInkShare, small.gray.total());
    small.white = quantile(histogram, kPaperShare, small.gray.total());
    // A page mostly black, such as a code that fills its image: take the lightest for paper.
    if (small.threshold() == 0) small.white = quantile(histogram, 1 - kInkShare, small.gray.total());
    return small;
}

std::vector<Box> dense_regions(const SmallPage& small, int width_px, int height_px)
{
    if (small.threshold() == 0) return {};
    const int window = std::max(3, static_cast<int>(std::lround(kWindow_in * static_cast<double>(small.dpi))) | 1);
    // Mean grey over the window, cut off at the page's own black and white, tells the share of ink.
    cv::Mat clipped;
    cv::min(small.gray, small.white, clipped);
    cv::max(clipped, small.black, clipped);
    cv::Mat mean;
    cv::blur(clipped, mean, cv::Size(window, window), cv::Point(-1, -1), cv::BORDER_REPLICATE);
    const double dark = small.white - kDenseInk * (small.white - small.black);
    cv::Mat dense;
    cv::threshold(mean, dense, dark, 255, cv::THRESH_BINARY_INV);
    cv::Mat labels;
    cv::Mat stats;
    cv::Mat centroids;
    const int count = cv::connectedComponentsWithStats(dense, labels, stats, centroids, 8, CV_32S);
    const double smallest = kSmallestSide_in * static_cast<double>(small.dpi);
    const int margin = static_cast<int>(std::ceil(kMargin_in * static_cast<double>(small.dpi)));
    std::vector<Box> boxes;
    for (int i = 1; i < count; ++i) {
        const int width = stats.at<int>(i, cv::CC_STAT_WIDTH);
        const int height = stats.at<int>(i, cv::CC_STAT_HEIGHT);
        if (std::min(width, height) < smallest) continue;
        const int left = stats.at<int>(i, cv::CC_STAT_LEFT);
        const int top = stats.at<int>(i, cv::CC_STAT_TOP);
        const Box grown{(left - margin) * small.factor, (top - margin) * small.factor,
                        (left + width + margin) * small.factor, (top + height + margin) * small.factor};
        boxes.push_back(intersection(grown, {0, 0, width_px, height_px}));
    }
    return merged(std::move(boxes));
}

}  // namespace chartlift
