// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/cleanup/dpi.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "stages/cleanup/blank.h"

namespace chartlift::cleanup {
namespace {

constexpr double kShortestSide_in = 2;  // an insurance card is 2.1 x 3.4
constexpr double kShortestLong_in = 3;
constexpr double kLongestShort_in = 24;
constexpr double kLongestSide_in = 36;
constexpr double kLowestDpi = 50;
constexpr double kHighestDpi = 2400;
constexpr double kLetterSpread = 0.45;  ///< natural logarithm, one standard deviation
constexpr double kSmallestLetter_in = 2.4 / 72;
constexpr double kLargestLetter_in = 9.5 / 72;

struct Sheet {
    double short_in;
    double long_in;
    double prior;  ///< how usual it is in charts
};
constexpr std::array kSheets = {
    Sheet{8.5, 11, 1.0},     Sheet{8.27, 11.69, 0.5}, Sheet{8.5, 14, 0.15},      Sheet{5.5, 8.5, 0.05},
    Sheet{5.83, 8.27, 0.05}, Sheet{11, 17, 0.03},     Sheet{11.69, 16.54, 0.02}, Sheet{2.125, 3.375, 0.03},
    Sheet{3, 5, 0.02},       Sheet{4, 6, 0.02},
};
constexpr double kShapeSpread = 0.02;  ///< of the ratio of sides, natural logarithm; pages are cropped by a little
constexpr std::array kUsualDpi = {75.0, 100.0, 150.0, 200.0, 240.0, 300.0, 400.0, 600.0, 1200.0};
constexpr double kSnap = 0.03;  ///< an estimate this close to a usual resolution is that

bool sheet_is_possible(double width_px, double height_px, double dpi)
{
    const double shorter = std::min(width_px, height_px) / dpi;
    const double longer = std::max(width_px, height_px) / dpi;
    return dpi >= kLowestDpi && dpi <= kHighestDpi && shorter >= kShortestSide_in && shorter <= kLongestShort_in &&
           longer >= kShortestLong_in && longer <= kLongestSide_in;
}

bool is_common_sheet(double width_px, double height_px, double dpi)
{
    constexpr double kTolerance = 0.04;
    const double shorter = std::min(width_px, height_px) / dpi;
    const double longer = std::max(width_px, height_px) / dpi;
    return std::any_of(kSheets.begin(), kSheets.end(), [&](const Sheet& sheet) {
        return std::abs(shorter / sheet.short_in - 1) < kTolerance && std::abs(longer / sheet.long_in - 1) < kTolerance;
    });
}

double snapped(double dpi)
{
    for (const double usual : kUsualDpi)
        if (std::abs(dpi / usual - 1) < kSnap) return usual;
    return std::round(dpi);
}

double squared(double x)
{
    return x * x;
}

}  // namespace

Dpi assumed_dpi(int width_px, int height_px, std::optional<Dpi> file_dpi)
{
    const double width = width_px;
    const double height = height_px;
    if (file_dpi && sheet_is_possible(width, height, static_cast<double>(file_dpi->value)) &&
        // Programs write 72 and 96 where they know nothing, so these need a sheet that exists.
        (file_dpi->value > 96 || is_common_sheet(width, height, static_cast<double>(file_dpi->value))))
        return *file_dpi;
    return Dpi{static_cast<float>(std::clamp(std::max(width, height) / 11, kLowestDpi, kHighestDpi))};
}

Resolution judged_dpi(int width_px, int height_px, std::optional<Dpi> file_dpi, std::optional<double> letter_height_px)
{
    const double width = std::max(1, width_px);
    const double height = std::max(1, height_px);
    if (file_dpi && assumed_dpi(width_px, height_px, file_dpi) == *file_dpi &&
        sheet_is_possible(width, height, static_cast<double>(file_dpi->value))) {
        const double letter_in =
            letter_height_px ? *letter_height_px / static_cast<double>(file_dpi->value) : kUsualLetter_in;
        if ((letter_in >= kSmallestLetter_in && letter_in <= kLargestLetter_in) ||
            is_common_sheet(width, height, static_cast<double>(file_dpi->value)))
            return {*file_dpi, DpiOrigin::file};
    }

    const double shape = std::log(std::max(width, height) / std::min(width, height));
    double best_dpi = 0;
    double best_score = -8;  // natural logarithm; a sheet less likely than this does not fit
    for (const Sheet& sheet : kSheets) {
        const double dpi = (std::max(width, height) / sheet.long_in + std::min(width, height) / sheet.short_in) / 2;
        double score =
            std::log(sheet.prior) - squared((shape - std::log(sheet.long_in / sheet.short_in)) / kShapeSpread) / 2;
        if (letter_height_px) score -= squared(std::log(*letter_height_px / dpi / kUsualLetter_in) / kLetterSpread) / 2;
        if (dpi < kLowestDpi || dpi > kHighestDpi || score <= best_score) continue;
        best_score = score;
        best_dpi = dpi;
    }
    if (best_dpi == 0) best_dpi = letter_height_px ? *letter_height_px / kUsualLetter_in : std::max(width, height) / 11;
    return {Dpi{static_cast<float>(snapped(std::clamp(best_dpi, kLowestDpi, kHighestDpi)))}, DpiOrigin::estimated};
}

}  // namespace chartlift::cleanup
