// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/cleanup/orientation.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "stages/cleanup/blank.h"

namespace chartlift::cleanup {
namespace {

constexpr double kStretch_in = 3;  ///< 30 letters or more, and a residual lean moves its ends by less than a pixel
constexpr double kLineGap = 0.6;   ///< of the letter height: centres further apart belong to two lines
constexpr double kNear = 0.12;     ///< of the line's letter height: as high as the others
constexpr double kStray = 0.2;     ///< of the line's letter height: clearly higher or lower than the others
constexpr std::size_t kShortestLine = 4;

/// The value that most others are within `near_px` of.
double usual(const std::vector<double>& sorted, double near_px)
{
    std::size_t best_count = 0;
    double best = 0;
    std::size_t first = 0;
    for (std::size_t last = 0; last < sorted.size(); ++last) {
        while (sorted[last] - sorted[first] > 2 * near_px) ++first;
        if (last - first + 1 > best_count) {
            best_count = last - first + 1;
            best = sorted[(first + last) / 2];
        }
    }
    return best;
}

double centre(const Part* part)
{
    return part->top + part->height / 2.0;
}

struct Tally {
    int tops = 0;
    int bottoms = 0;
    double squares = 0;  ///< of the lines' differences
};

/// `line`: the large letters of one stretch of a line; `small`: everything else of the stretch of the page.
void count_line(const std::vector<const Part*>& line, const std::vector<const Part*>& small, Tally& tally)
{
    if (line.size() < kShortestLine) return;
    std::vector<double> tops;
    std::vector<double> bottoms;
    std::vector<double> heights;
    for (const Part* part : line) {
        tops.push_back(part->top);
        bottoms.push_back(part->bottom());
        heights.push_back(part->height);
    }
    std::sort(tops.begin(), tops.end());
    std::sort(bottoms.begin(), bottoms.end());
    std::nth_element(heights.begin(), heights.begin() + static_cast<std::ptrdiff_t>(heights.size() / 2), heights.end());
    const double height = heights[heights.size() / 2];
    const double near_px = std::max(0.5, kNear * height);
    const double stray_px = std::max(1.5, kStray * height);
    const double top = usual(tops, near_px);
    const double bottom = usual(bottoms, near_px);
    int strayed_tops = 0;
    int strayed_bottoms = 0;
    const auto count = [&](const Part* part) {
        strayed_tops += std::abs(part->top - top) > stray_px;
        strayed_bottoms += std::abs(part->bottom() - bottom) > stray_px;
    };
    for (const Part* part : line) count(part);
    for (const Part* part : small)  // full stops and commas, dots of i
        if (part->bottom() > top - height / 2 && part->top < bottom + height / 2) count(part);
    tally.tops += strayed_tops;
    tally.bottoms += strayed_bottoms;
    const double difference = strayed_tops - strayed_bottoms;
    tally.squares += difference * difference;
}

}  // namespace

UprightVotes upright_votes(const Parts& parts, double dpi)
{
    const double usual_height = letter_height_px(parts, dpi).value_or(kUsualLetter_in * dpi);
    const int stretch = std::max(16, static_cast<int>(kStretch_in * dpi));
    int right = 0;
    for (const Part& part : parts.list) right = std::max(right, part.right());
    const auto stretches = static_cast<std::size_t>(right / stretch + 1);
    std::vector<std::vector<const Part*>> large(stretches);
    std::vector<std::vector<const Part*>> small(stretches);
    for (const Part& part : parts.list) {
        if (part.height < 2 || part.height > 4 * usual_height || part.width > kStretch_in * dpi / 2) continue;
        const auto at = static_cast<std::size_t>((part.left + part.width / 2) / stretch);
        (part.height >= 0.6 * usual_height ? large : small)[at].push_back(&part);
    }
    Tally tally;
    for (std::size_t i = 0; i < stretches; ++i) {
        std::vector<const Part*>& letters = large[i];
        std::sort(letters.begin(), letters.end(), [](const Part* a, const Part* b) {
            return centre(a) < centre(b) || (centre(a) == centre(b) && a->left < b->left);
        });
        std::vector<const Part*> line;
        for (const Part* part : letters) {
            if (!line.empty() && centre(part) - centre(line.back()) > kLineGap * usual_height / 2) {
                count_line(line, small[i], tally);
                line.clear();
            }
            line.push_back(part);
        }
        count_line(line, small[i], tally);
    }
    UprightVotes out{tally.tops, tally.bottoms, 0};
    const double spread = std::max<double>(tally.squares, tally.tops + tally.bottoms);
    if (spread > 0) out.t_value = (tally.tops - tally.bottoms) / std::sqrt(spread);
    return out;
}

}  // namespace chartlift::cleanup
