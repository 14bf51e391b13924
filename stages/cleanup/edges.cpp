// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/cleanup/edges.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

namespace chartlift::cleanup {
namespace {

constexpr double kShortestBand_in = 0.4;   ///< along the frame; a letter cut by the frame is shorter
constexpr double kSmallestHole_in = 0.13;  ///< across; a standard hole is 0.24 to 0.32, a worn copy shows less
constexpr double kLargestHole_in = 0.5;
constexpr double kHoleFromFrame_in = 1.0;   ///< its centre
constexpr double kHoleClearance_in = 0.06;  ///< free of other ink all round
constexpr double kFringe_in = 0.035;        ///< the blurred rim of a dark area, whitened with it

/// Light shapes of letter size with the band's own solid dark above and below: a banner with reversed text, no shadow.
bool holds_letters(const cv::Mat& dark, const cv::Mat& labels, int label, const cv::Rect& box, int brush, double dpi)
{
    const Parts light = parts_of(dark(box) == 0);
    constexpr double kSmallest_in = 0.05;
    constexpr double kTallest_in = 0.4;
    constexpr int kLetters = 5;
    int letters = 0;
    for (const Part& part : light.list) {
        const int tall = std::max(part.height, part.width);
        if (tall < kSmallest_in * dpi || tall > kTallest_in * dpi) continue;
        const int x = box.x + part.left + part.width / 2;
        const int above = box.y + part.top - brush;
        const int below = box.y + part.bottom() + brush;
        if (above < 0 || below >= labels.rows) continue;
        if (labels.at<int>(above, x) == label && labels.at<int>(below, x) == label) ++letters;
    }
    return letters >= kLetters;
}

cv::Rect grown(const cv::Rect& box, int by, const cv::Size& within)
{
    return cv::Rect(box.x - by, box.y - by, box.width + 2 * by, box.height + 2 * by) & cv::Rect({0, 0}, within);
}

}  // namespace

Junk find_junk(const Reduced& page)
{
    Junk junk;
    const double dpi = page.dpi / 2;
    const cv::Size size(page.ink.cols / 2, page.ink.rows / 2);
    const int brush = std::max(3, static_cast<int>(std::lround(kStroke_in * dpi)) | 1);  // odd: an even one shifts
    if (size.width < 4 * brush || size.height < 4 * brush) return junk;
    cv::Mat dark = halved(page.ink);
    cv::compare(dark, 127, dark, cv::CMP_GT);

    // Beyond the frame all is taken as dark, so that a thin band is not opened away.
    cv::Mat framed;
    cv::copyMakeBorder(dark, framed, brush, brush, brush, brush, cv::BORDER_CONSTANT, cv::Scalar(255));
    cv::morphologyEx(framed, framed, cv::MORPH_OPEN, cv::getStructuringElement(cv::MORPH_RECT, {brush, brush}));
    cv::Mat solid = framed(cv::Rect({brush, brush}, size)).clone();
    if (cv::countNonZero(solid) > kMostJunk * static_cast<double>(solid.total())) return junk;

    const Parts parts = parts_of(solid);
    std::vector<std::uint8_t> marked(parts.list.size() + 1, 0);
    const int fringe = std::max(1, static_cast<int>(std::lround(kFringe_in * dpi)));
    for (std::size_t i = 0; i < parts.list.size(); ++i) {
        const Part& part = parts.list[i];
        const cv::Rect box(part.left, part.top, part.width, part.height);
        const bool at_side = part.left <= 1 || part.right() >= size.width - 1;
        const bool at_end = part.top <= 1 || part.bottom() >= size.height - 1;
        const bool band =
            (at_side && part.height >= kShortestBand_in * dpi) || (at_end && part.width >= kShortestBand_in * dpi);
        if (band) {
            if (holds_letters(dark, parts.labels, static_cast<int>(i) + 1, box, brush, dpi)) continue;
            ++junk.bands;
        } else {
            const double across = (part.width + part.height) / 2.0;
            if (across < kSmallestHole_in * dpi || across > kLargestHole_in * dpi) continue;
            const double aspect = static_cast<double>(part.width) / part.height;
            const double roundness = part.area / (std::numbers::pi / 4 * part.width * part.height);
            if (aspect < 0.75 || aspect > 1.33 || roundness < 0.85 || roundness > 1.2) continue;
            const double x = part.left + part.width / 2.0;
            const double y = part.top + part.height / 2.0;
            if (std::min({x, y, size.width - x, size.height - y}) > kHoleFromFrame_in * dpi) continue;
            const int clearance = std::max(2, static_cast<int>(std::lround(kHoleClearance_in * dpi)));
            const cv::Rect around = grown(box, clearance, size);
            const cv::Mat thin = dark(around) & ~solid(around);  // a band nearby does no harm, strokes do
            if (cv::countNonZero(thin) > part.area * 0.2 + 4) continue;
            ++junk.holes;
        }
        marked[i + 1] = 1;
        junk.boxes.push_back(grown(box, fringe, size));
    }
    if (junk.boxes.empty()) return junk;
    junk.mask = cv::Mat::zeros(size, CV_8UC1);
    for (const cv::Rect& box : junk.boxes)
        for (int y = box.y; y < box.y + box.height; ++y) {
            const int* label = parts.labels.ptr<int>(y);
            auto* out = junk.mask.ptr<std::uint8_t>(y);
            for (int x = box.x; x < box.x + box.width; ++x)
                if (marked[static_cast<std::size_t>(label[x])]) out[x] = 255;
        }
    cv::dilate(junk.mask, junk.mask, cv::getStructuringElement(cv::MORPH_RECT, {2 * fringe + 1, 2 * fringe + 1}));
    return junk;
}

void whiten(cv::Mat& image, const Junk& junk, int level)
{
    for (const cv::Rect& box : junk.boxes) {
        const double fx = static_cast<double>(image.cols) / junk.mask.cols;
        const double fy = static_cast<double>(image.rows) / junk.mask.rows;
        const int left = static_cast<int>(box.x * fx);
        const int top = static_cast<int>(box.y * fy);
        const int right = std::min(image.cols, static_cast<int>(std::ceil((box.x + box.width) * fx)));
        const int bottom = std::min(image.rows, static_cast<int>(std::ceil((box.y + box.height) * fy)));
        if (right <= left || bottom <= top) continue;
        const cv::Rect area(left, top, right - left, bottom - top);
        cv::Mat mask;
        cv::resize(junk.mask(box), mask, area.size(), 0, 0, cv::INTER_NEAREST);
        image(area).setTo(cv::Scalar::all(level), mask);
    }
}

}  // namespace chartlift::cleanup
