// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/cleanup/orientation.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "stages/adapters/leptonica.h"

namespace chartlift::cleanup {
namespace {

constexpr double kStretch_in =
    1.5;  ///< long enough for 10 letters, short enough for curved and residually leaning lines
constexpr double kBandShare = 0.5;  ///< the x-height band is where the profile reaches this share of its peak
constexpr int kThinnestBand_px = 4;
constexpr double kThickestBand_in = 0.35;
constexpr double kReach = 0.55;         ///< of the band's height: ascenders and descenders both reach this far
constexpr double kLeastOutside = 0.04;  ///< of the band's ink; below it the stretch is capitals or figures

/// Votes of one upright strip of the page, appended.
void vote(const std::vector<int>& profile, double dpi, std::vector<double>& votes)
{
    const int rows = static_cast<int>(profile.size());
    const auto at = [&](int y) { return y < 0 || y >= rows ? 0 : profile[static_cast<std::size_t>(y)]; };
    const int thickest = static_cast<int>(kThickestBand_in * dpi);
    const int lowest_peak = static_cast<int>(kStretch_in * dpi * 0.04);
    for (int y = 0; y < rows;) {
        if (at(y) < lowest_peak) {
            ++y;
            continue;
        }
        // A line's band: from here to where the profile falls below half of the peak seen so far.
        int peak = at(y);
        int end = y;
        while (end < rows && at(end) >= kBandShare * peak) peak = std::max(peak, at(end++));
        int top = y;
        while (top < end && at(top) < kBandShare * peak) ++top;
        const int height = end - top;
        if (height >= kThinnestBand_px && height <= thickest) {
            const int reach = std::max(2, static_cast<int>(std::lround(kReach * height)));
            double above = 0;
            double below = 0;
            double band = 0;
            for (int i = 1; i <= reach; ++i) {  // the row next to the band belongs to neither: it is blurred band
                above += at(top - 1 - i);
                below += at(end + i);
            }
            for (int i = top; i < end; ++i) band += at(i);
            if (above + below > kLeastOutside * band && above < band && below < band)
                votes.push_back((above - below) / (above + below));
        }
        y = std::max(end, y + 1);
    }
}

}  // namespace

UprightVotes upright_votes(const cv::Mat& letters, double dpi)
{
    const int stretch = std::max(8, static_cast<int>(kStretch_in * dpi));
    std::vector<double> votes;
    std::vector<int> profile(static_cast<std::size_t>(letters.rows));
    for (int left = 0; left < letters.cols; left += stretch) {
        const int right = std::min(left + stretch, letters.cols);
        if (right - left < stretch / 2) break;
        for (int y = 0; y < letters.rows; ++y) {
            const auto* row = letters.ptr<std::uint8_t>(y);
            int sum = 0;
            for (int x = left; x < right; ++x) sum += row[x] & 1;
            profile[static_cast<std::size_t>(y)] = sum;
        }
        vote(profile, dpi, votes);
    }
    UprightVotes out;
    out.count = static_cast<int>(votes.size());
    if (votes.empty()) return out;
    double sum = 0;
    double squares = 0;
    for (const double v : votes) {
        sum += v;
        squares += v * v;
    }
    const double n = out.count;
    out.mean = sum / n;
    const double variance = std::max(0.1, squares / n - out.mean * out.mean);  // a few equal votes are no certainty
    out.t_value = out.mean / std::sqrt(variance / n);
    return out;
}

double upright_evidence(const cv::Mat& letters, double dpi)
{
    const double votes = upright_votes(letters, dpi).t_value;
    const adapters::PixPtr pix(pixCreate(letters.cols, letters.rows, 1));
    if (!pix) return votes;
    const int words = pixGetWpl(pix.get());
    for (int y = 0; y < letters.rows; ++y) {
        const auto* row = letters.ptr<std::uint8_t>(y);
        l_uint32* line = pixGetData(pix.get()) + static_cast<std::ptrdiff_t>(y) * words;
        for (int word = 0; word < words; ++word) {
            const int first = word * 32;
            const int count = std::min(32, letters.cols - first);
            l_uint32 bits = 0;
            for (int i = 0; i < count; ++i) bits |= static_cast<l_uint32>(row[first + i] & 1) << (31 - i);
            line[word] = bits;
        }
    }
    l_float32 shapes = 0;
    constexpr int kFewestShapes = 20;  // fewer ascenders and descenders together say nothing
    if (pixUpDownDetect(pix.get(), &shapes, kFewestShapes, 0, 0) != 0) shapes = 0;
    constexpr double kShapeWeight = 1.0 / 3;  // Leptonica's own threshold is 8 to 10 where a t-value's is 3
    return votes + kShapeWeight * static_cast<double>(shapes);
}

}  // namespace chartlift::cleanup
