// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/cleanup/bilevel.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <opencv2/imgproc.hpp>

namespace chartlift::cleanup {

bool is_bilevel_in_nature(const cv::Mat& gray)
{
    constexpr int kDarkestPaper = 240;
    constexpr int kLightestInk = 64;
    constexpr double kMostBetween = 0.02;        // of the page: rims of dense 300 dpi text take 1 to 2 %
    constexpr double kLeastOfRimsAtInk = 0.995;  // rims lie beside ink; anything else grey is content
    constexpr int kFirstLook = 16;  // every so many rows: most grey pages are refused without reading them whole
    std::int64_t between = 0;
    for (const int step : {kFirstLook, 1}) {
        std::array<std::int64_t, 256> counts{};
        std::int64_t seen = 0;
        for (int y = 0; y < gray.rows; y += step, seen += gray.cols) {
            const auto* row = gray.ptr<std::uint8_t>(y);
            for (int x = 0; x < gray.cols; ++x) ++counts[row[x]];
        }
        between = std::accumulate(counts.begin() + kLightestInk + 1, counts.begin() + kDarkestPaper, std::int64_t{0});
        const double most = step == 1 ? kMostBetween : 2 * kMostBetween;
        if (static_cast<double>(between) > most * static_cast<double>(seen)) return false;
    }
    if (between == 0) return true;
    cv::Mat lowest;
    cv::erode(gray, lowest, cv::getStructuringElement(cv::MORPH_RECT, {3, 3}));
    std::int64_t at_ink = 0;
    for (int y = 0; y < gray.rows; ++y) {
        const auto* row = gray.ptr<std::uint8_t>(y);
        const auto* low = lowest.ptr<std::uint8_t>(y);
        for (int x = 0; x < gray.cols; ++x)
            at_ink += row[x] > kLightestInk && row[x] < kDarkestPaper && low[x] <= kLightestInk;
    }
    return static_cast<double>(at_ink) >= kLeastOfRimsAtInk * static_cast<double>(between);
}

bool is_colourful(const cv::Mat& rgb)
{
    constexpr int kReduction = 4;      // a pen stroke at 300 dpi still fills most of a pixel
    constexpr int kChroma = 48;        // grey levels between the largest and the smallest channel
    constexpr double kShare = 0.0005;  // of the page: about 4 cm of pen stroke on a letter page
    cv::Mat small;
    cv::resize(rgb, small, {std::max(1, rgb.cols / kReduction), std::max(1, rgb.rows / kReduction)}, 0, 0,
               cv::INTER_AREA);
    std::array<std::array<int, 256>, 3> counts{};
    for (int y = 0; y < small.rows; ++y) {
        const auto* row = small.ptr<std::uint8_t>(y);
        for (int x = 0; x < small.cols; ++x)
            for (std::size_t channel = 0; channel < 3; ++channel) ++counts[channel][*row++];
    }
    std::array<int, 3> paper{};  // the median level of each channel: most of a page is paper
    for (std::size_t channel = 0; channel < 3; ++channel) {
        std::size_t seen = 0;
        while (paper[channel] < 255) {
            seen += static_cast<std::size_t>(counts[channel][static_cast<std::size_t>(paper[channel])]);
            if (2 * seen >= small.total()) break;
            ++paper[channel];
        }
    }
    const int brightest = std::max({paper[0], paper[1], paper[2], 1});
    std::size_t coloured = 0;
    for (int y = 0; y < small.rows; ++y) {
        const auto* row = small.ptr<std::uint8_t>(y);
        for (int x = 0; x < small.cols; ++x, row += 3) {
            int low = 255;
            int high = 0;
            for (std::size_t channel = 0; channel < 3; ++channel) {
                const int level = std::min(255, row[channel] * brightest / std::max(1, paper[channel]));
                low = std::min(low, level);
                high = std::max(high, level);
            }
            coloured += high - low > kChroma;
        }
    }
    const bool coloured_paper = brightest - std::min({paper[0], paper[1], paper[2]}) > kChroma;
    return coloured_paper || static_cast<double>(coloured) > kShare * static_cast<double>(small.total());
}

}  // namespace chartlift::cleanup
