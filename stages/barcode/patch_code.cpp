// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/barcode/patch_code.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chartlift {
namespace {

constexpr double kModule_in = 0.08;     // narrow bar and gap
constexpr double kWide = 2.5;           // modules in a wide bar
constexpr double kSmallestScale = 0.6;  // sheets are printed to fit, and resolutions are estimated
constexpr double kLargestScale = 1.5;
constexpr double kTolerance = 0.35;            // of a module, for each bar and gap, beyond one pixel of blur
constexpr double kQuietOutside_modules = 3.2;  // towards the nearest edge; no gap in a barcode is as wide
constexpr double kQuietInside_modules = 1.6;   // sheets say in large letters what they are, close under the bars
constexpr double kQuietAtEdge_modules = 0.4;   // between the outermost bar and the edge of the page
constexpr double kSpeck_modules = 0.35;        // thinner marks in the quiet zone are dirt or a frame
constexpr double kShortest_in = 1.5;           // the specification says 2; a sheet may lose a little
constexpr double kStep_in = 0.05;              // between the lines that are looked at
constexpr double kLargestSlope = 0.12;         // the page is level; a patch stuck on may lean by 7 degrees
constexpr double kLargestHole_in = 0.5;        // a punch hole or a staple across the bars

struct Pattern {
    std::array<bool, 4> wide;
    const char* letter;
};
constexpr std::array<Pattern, 6> kPatterns{{{{true, true, false, false}, "1"},
                                            {{true, false, false, true}, "2"},
                                            {{true, false, true, false}, "3"},
                                            {{false, true, true, false}, "4"},
                                            {{false, false, true, true}, "6"},
                                            {{false, true, false, true}, "T"}}};

struct Run {
    int start;
    int length;
    bool black;
};

/// Four bars met on one line across them.
struct Crossing {
    int line;   // where the line stands
    int start;  // of the first bar, along the line
    int end;    // of the last bar
    std::array<bool, 4> wide;
};

/// Runs of one line; a mark thinner than `speck` is taken for paper.
std::vector<Run> runs_of(const cv::Mat& ink, int line, double speck)
{
    const auto* row = ink.ptr<std::uint8_t>(line);
    std::vector<Run> runs;
    for (int i = 0; i < ink.cols;) {
        const bool black = row[i] != 0;
        int end = i + 1;
        while (end < ink.cols && (row[end] != 0) == black) ++end;
        const bool paper = !black || end - i < speck;
        if (paper && !runs.empty() && !runs.back().black)
            runs.back().length += end - i;
        else
            runs.push_back({i, end - i, !paper});
        i = end;
    }
    return runs;
}

std::optional<std::array<bool, 4>> bars_at(const std::vector<Run>& runs, std::size_t first, int line_length,
                                           double smallest_module, double largest_module)
{
    const int total = runs[first + 6].start + runs[first + 6].length - runs[first].start;
    const double module = total / 10.0;  // two wide bars, two narrow ones and three gaps
    if (module < smallest_module || module > largest_module) return std::nullopt;
    const double allowed = kTolerance * module + 1;
    std::array<bool, 4> wide{};
    int wide_bars = 0;
    for (std::size_t i = 0; i < 7; ++i) {
        const int length = runs[first + i].length;
        const bool bar = i % 2 == 0;
        const bool is_wide = bar && length > module * (1 + kWide) / 2;
        if (std::abs(length - module * (is_wide ? kWide : 1.0)) > allowed) return std::nullopt;
        if (bar) wide[i / 2] = is_wide;
        wide_bars += is_wide ? 1 : 0;
    }
    if (wide_bars != 2) return std::nullopt;
    if (first == 0 || first + 7 >= runs.size()) return std::nullopt;  // the outermost bar runs off the page
    const Run& before = runs[first - 1];
    const Run& after = runs[first + 7];
    const bool before_is_outside = runs[first].start < line_length - after.start;
    const auto needed = [&](bool outside, bool at_edge) {
        if (at_edge) return kQuietAtEdge_modules * module;
        return (outside ? kQuietOutside_modules : kQuietInside_modules) * module;
    };
    if (before.length < needed(before_is_outside, first == 1)) return std::nullopt;
    if (after.length < needed(!before_is_outside, first + 8 == runs.size())) return std::nullopt;
    return wide;
}

std::string_view letter_of(std::array<bool, 4> wide, bool reversed)
{
    if (reversed) std::reverse(wide.begin(), wide.end());
    for (const Pattern& pattern : kPatterns)
        if (pattern.wide == wide) return pattern.letter;
    return {};
}

struct Stripe {
    std::vector<Crossing> crossings;
};

/// Patches whose bars stand upright in `ink`; boxes in its pixels.
std::vector<Barcode> upright_patches(const cv::Mat& ink, double dpi)
{
    const double smallest = kModule_in * dpi * kSmallestScale;
    const double largest = kModule_in * dpi * kLargestScale;
    const int step = std::max(1, static_cast<int>(std::lround(kStep_in * dpi)));
    std::vector<Stripe> stripes;
    for (int line = step / 2; line < ink.rows; line += step) {
        const std::vector<Run> runs = runs_of(ink, line, kSpeck_modules * smallest);
        for (std::size_t first = 0; first + 6 < runs.size(); ++first) {
            if (!runs[first].black) continue;
            const auto wide = bars_at(runs, first, ink.cols, smallest, largest);
            if (!wide) continue;
            const Run& last = runs[first + 6];
            const Crossing crossing{line, runs[first].start, last.start + last.length, *wide};
            const auto follows = [&](const Stripe& stripe) {
                const Crossing& before = stripe.crossings.back();
                const int down = line - before.line;
                return before.line < line && before.wide == *wide && down <= kLargestHole_in * dpi + step &&
                       std::abs(crossing.start - before.start) <= kLargestSlope * down + 1.5 &&
                       std::abs(crossing.end - before.end) <= kLargestSlope * down + 1.5;
            };
            const auto found = std::find_if(stripes.begin(), stripes.end(), follows);
            if (found == stripes.end())
                stripes.push_back({{crossing}});
            else
                found->crossings.push_back(crossing);
        }
    }
    std::vector<Barcode> out;
    for (const Stripe& stripe : stripes) {
        const int top = stripe.crossings.front().line - step / 2;
        const int bottom = stripe.crossings.back().line + step - step / 2;
        const bool enough = static_cast<int>(stripe.crossings.size()) * step * 5 >= (bottom - top) * 4;
        if (bottom - top < kShortest_in * dpi || !enough) continue;
        Box box{ink.cols, top, 0, bottom};
        for (const Crossing& crossing : stripe.crossings) {
            box.left_px = std::min(box.left_px, crossing.start);
            box.right_px = std::max(box.right_px, crossing.end);
        }
        const bool nearer_the_end = box.left_px > ink.cols - box.right_px;
        const std::string letter(letter_of(stripe.crossings.front().wide, nearer_the_end));
        out.push_back({"Patch" + letter, "PATCH" + letter, box});
    }
    return out;
}

}  // namespace

std::vector<Barcode> find_patch_codes(const SmallPage& small, int width_px, int height_px)
{
    if (small.threshold() == 0) return {};
    const cv::Mat ink = small.gray < small.threshold();
    std::vector<Barcode> out = upright_patches(ink, static_cast<double>(small.dpi));
    for (Barcode& lying : upright_patches(ink.t(), static_cast<double>(small.dpi))) {
        std::swap(lying.box.left_px, lying.box.top_px);
        std::swap(lying.box.right_px, lying.box.bottom_px);
        out.push_back(std::move(lying));
    }
    for (Barcode& patch : out) {
        patch.box.left_px *= small.factor;
        patch.box.top_px *= small.factor;
        patch.box.right_px *= small.factor;
        patch.box.bottom_px *= small.factor;
        patch.box = intersection(patch.box, {0, 0, width_px, height_px});
    }
    return out;
}

}  // namespace chartlift
