// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/cleanup/deskew.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "stages/cleanup/reduced.h"

namespace chartlift::cleanup {
namespace {

constexpr int kStrip_px = 8;  ///< at the steepest direction a strip smears a line by 2.6 px
constexpr int kLanes = 16;    ///< rows are padded to this many, so that the inner loop has a fixed length

/// Row sums of each strip, one strip after the other.
class Strips {
public:
    explicit Strips(const cv::Mat& ink)
        : rows_(ink.rows),
          strips_((ink.cols + kStrip_px - 1) / kStrip_px),
          padded_rows_((ink.rows + kLanes - 1) / kLanes * kLanes),
          sums_(static_cast<std::size_t>(strips_) * static_cast<std::size_t>(padded_rows_))
    {
        for (int y = 0; y < rows_; ++y) {
            const auto* row = ink.ptr<std::uint8_t>(y);
            for (int strip = 0; strip < strips_; ++strip) {
                const int first = strip * kStrip_px;
                const int last = std::min(first + kStrip_px, ink.cols);
                int sum = 0;
                for (int x = first; x < last; ++x) sum += row[x] & 1;
                sums_[index(strip, y)] = static_cast<std::uint16_t>(sum);
            }
        }
    }

    /// Sum of squared differences of the profile along lines that rise by `degrees` to the right.
    double score(double degrees, std::vector<std::uint16_t>& profile) const
    {
        const double slope = std::tan(degrees * std::numbers::pi / 180);
        const int reach = static_cast<int>(std::ceil(std::abs(slope) * strips_ * kStrip_px / 2)) + 1;
        profile.assign(static_cast<std::size_t>(padded_rows_ + 2 * reach + 1), 0);
        for (int strip = 0; strip < strips_; ++strip) {
            const double from_middle_px = (strip + 0.5 - strips_ / 2.0) * kStrip_px;
            const int shift = reach + static_cast<int>(std::lround(from_middle_px * slope));
            std::uint16_t* to = profile.data() + shift;
            const std::uint16_t* from = sums_.data() + index(strip, 0);
            for (int block = 0; block < padded_rows_; block += kLanes)
                for (int lane = 0; lane < kLanes; ++lane)
                    to[block + lane] = static_cast<std::uint16_t>(to[block + lane] + from[block + lane]);
        }
        // Over two rows, so that a page that lies straight on the pixel grid has no advantage over its neighbours.
        double total = 0;
        for (std::size_t i = 2; i < profile.size(); ++i) {
            const int step = profile[i] - profile[i - 2];
            total += static_cast<double>(step) * step;
        }
        return total;
    }

private:
    std::size_t index(int strip, int y) const
    {
        return static_cast<std::size_t>(strip) * static_cast<std::size_t>(padded_rows_) + static_cast<std::size_t>(y);
    }
    int rows_;
    int strips_;
    int padded_rows_;
    std::vector<std::uint16_t> sums_;
};

/// Offset of the top of the parabola through three scores a step apart, in steps.
double parabola_top(double before, double at, double after)
{
    const double bend = before - 2 * at + after;
    return bend >= 0 ? 0 : std::clamp(0.5 * (before - after) / bend, -0.5, 0.5);
}

struct Sweep {
    double best_deg = 0;
    double best_score = 0;
    double median_score = 0;
};

Sweep sweep(const Strips& strips, double middle_deg, double reach_deg, double step_deg)
{
    const int steps = std::max(1, static_cast<int>(std::lround(reach_deg / step_deg)));
    std::vector<std::uint16_t> profile;
    std::vector<double> scores;
    for (int i = -steps; i <= steps; ++i) scores.push_back(strips.score(middle_deg + i * step_deg, profile));
    const auto best = std::max_element(scores.begin(), scores.end());
    const auto at = best - scores.begin();
    Sweep out{middle_deg + static_cast<double>(at - steps) * step_deg, *best, 0};
    if (at > 0 && at + 1 < static_cast<std::ptrdiff_t>(scores.size()))
        out.best_deg += step_deg * parabola_top(*(best - 1), *best, *(best + 1));
    std::nth_element(scores.begin(), scores.begin() + steps, scores.end());
    out.median_score = scores[static_cast<std::size_t>(steps)];
    return out;
}

}  // namespace

cv::Mat half_mask(const cv::Mat& ink)
{
    cv::Mat half = halved(ink);
    cv::compare(half, 127, half, cv::CMP_GT);
    return half;
}

Skew find_skew_coarsely(const cv::Mat& half, const SkewSearch& search)
{
    if (half.cols < kStrip_px || half.rows < kStrip_px) return {};
    const double inked = cv::countNonZero(half);
    if (inked == 0) return {};
    const Sweep coarse = sweep(Strips(half), 0, search.largest_deg, search.coarse_step_deg);
    return {Degrees{static_cast<float>(coarse.best_deg)}, coarse.best_score / std::max(1.0, coarse.median_score),
            coarse.best_score / inked};
}

Skew find_skew(const cv::Mat& ink, const SkewSearch& search)
{
    Skew skew = find_skew_coarsely(half_mask(ink), search);
    if (skew.peak_ratio == 0) return skew;
    const Strips strips(ink);
    const Sweep middle =
        sweep(strips, static_cast<double>(skew.ccw.value), search.coarse_step_deg, search.middle_step_deg);
    const Sweep fine = sweep(strips, middle.best_deg, 2 * search.fine_step_deg, search.fine_step_deg);
    skew.ccw = Degrees{static_cast<float>(fine.best_deg)};
    return skew;
}

}  // namespace chartlift::cleanup
