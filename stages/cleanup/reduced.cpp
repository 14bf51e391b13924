// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/cleanup/reduced.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace chartlift::cleanup {
namespace {

/// The grey level that `share` of the pixels do not exceed.
int percentile(const cv::Mat& gray, double share)
{
    std::array<int, 256> counts{};
    for (int y = 0; y < gray.rows; ++y) {
        const auto* row = gray.ptr<std::uint8_t>(y);
        for (int x = 0; x < gray.cols; ++x) ++counts[row[x]];
    }
    const double wanted = share * static_cast<double>(gray.total());
    double seen = 0;
    for (int level = 0; level < 256; ++level) {
        seen += counts[static_cast<std::size_t>(level)];
        if (seen >= wanted) return level;
    }
    return 255;
}

}  // namespace

Reduced reduced(const cv::Mat& gray, double assumed_dpi)
{
    Reduced out;
    const int longest = std::max(gray.cols, gray.rows);
    out.scale = std::min({1.0, kWorkDpi / assumed_dpi, static_cast<double>(kLargestWorkSide_px) / longest});
    out.dpi = assumed_dpi * out.scale;
    const cv::Size size(std::max(1, static_cast<int>(std::lround(gray.cols * out.scale))),
                        std::max(1, static_cast<int>(std::lround(gray.rows * out.scale))));
    if (size == gray.size())
        out.gray = gray;
    else
        cv::resize(gray, out.gray, size, 0, 0, cv::INTER_AREA);

    cv::Mat half = halved(out.gray);
    cv::dilate(half, half, cv::getStructuringElement(cv::MORPH_RECT, {3, 3}));
    cv::Mat paper;
    constexpr int kCell_px = 8;  // of the halved copy: about 0.1 in
    cv::resize(half, paper, {std::max(1, half.cols / kCell_px), std::max(1, half.rows / kCell_px)}, 0, 0,
               cv::INTER_AREA);
    cv::dilate(paper, paper, cv::getStructuringElement(cv::MORPH_RECT, {3, 3}));
    cv::blur(paper, paper, {3, 3});
    constexpr double kPaperShare = 0.8;  // a letter page on a dark ledger-size bed still shows its own paper
    constexpr int kDarkestPaper = 96;    // paper darker than this is not paper; a black page then is all ink
    out.paper = std::max(percentile(paper, kPaperShare), kDarkestPaper);
    cv::max(paper, out.paper * kPaperFloor, paper);
    paper *= kInkRatio;
    cv::Mat threshold;
    cv::resize(paper, threshold, out.gray.size(), 0, 0, cv::INTER_LINEAR);
    cv::compare(out.gray, threshold, out.ink, cv::CMP_LT);
    return out;
}

cv::Mat halved(const cv::Mat& gray)
{
    const cv::Size size(std::max(1, gray.cols / 2), std::max(1, gray.rows / 2));
    const cv::Rect even(0, 0, std::min(gray.cols, 2 * size.width), std::min(gray.rows, 2 * size.height));
    cv::Mat half;
    cv::resize(gray(even), half, size, 0, 0, cv::INTER_AREA);
    return half;
}

Parts parts_of(const cv::Mat& ink)
{
    Parts out;
    cv::Mat stats;
    cv::Mat centroids;
    const int count = cv::connectedComponentsWithStats(ink, out.labels, stats, centroids, 8, CV_32S, cv::CCL_SPAGHETTI);
    out.list.reserve(static_cast<std::size_t>(count));
    for (int i = 1; i < count; ++i) {
        const int* s = stats.ptr<int>(i);
        out.list.push_back({s[cv::CC_STAT_LEFT], s[cv::CC_STAT_TOP], s[cv::CC_STAT_WIDTH], s[cv::CC_STAT_HEIGHT],
                            s[cv::CC_STAT_AREA]});
    }
    return out;
}

}  // namespace chartlift::cleanup
