// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/cleanup/blank.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace chartlift::cleanup {
namespace {

constexpr double kSmallestLetter_in = 0.03;  ///< x-height of 5 pt type
constexpr double kTallestLetter_in = 0.4;    ///< capitals of 40 pt type
constexpr double kWidestWord_in = 1.5;       ///< letters of a word may touch
constexpr double kUnprintable_in = 0.3;      ///< from the frame; what stands only there are feed marks and fax headers
constexpr double kSmallestSheet_in = 2;      ///< a smaller image with any ink is a clipping, never a blank sheet
constexpr int kSmallestSheet_px = 300;       ///< the same where the resolution is not known
constexpr int kEnoughLetters = 150;          ///< specks never come in rows of this many; no closer look needed

/// Beside each other on one line, of like height. Lines may run either way: the page is not turned yet.
bool neighbours(const Part& a, const Part& b, bool along_rows)
{
    const auto start = [&](const Part& p) { return along_rows ? p.left : p.top; };
    const auto end = [&](const Part& p) { return along_rows ? p.right() : p.bottom(); };
    const auto top = [&](const Part& p) { return along_rows ? p.top : p.left; };
    const auto bottom = [&](const Part& p) { return along_rows ? p.bottom() : p.right(); };
    const int height_a = bottom(a) - top(a);
    const int height_b = bottom(b) - top(b);
    const int taller = std::max(height_a, height_b);
    const int lower = std::min(height_a, height_b);
    const int overlap = std::min(bottom(a), bottom(b)) - std::max(top(a), top(b));
    const int gap = std::max(start(a), start(b)) - std::min(end(a), end(b));
    return 2 * lower >= taller - 2 && 2 * overlap >= lower && gap >= 0 && gap <= taller;
}

/// Strokes, not a blot: nothing of it is thicker than a pen.
bool is_drawn(const cv::Mat& ink, const Parts& parts, std::size_t index, double dpi)
{
    const Part& part = parts.list[index];
    const cv::Rect box(part.left, part.top, part.width, part.height);
    cv::Mat own = parts.labels(box) == static_cast<int>(index) + 1;
    cv::bitwise_and(own, ink(box), own);
    constexpr double kPen_in = 0.045;
    const int pen = std::max(3, static_cast<int>(kPen_in * dpi) | 1);
    cv::copyMakeBorder(own, own, pen, pen, pen, pen, cv::BORDER_CONSTANT, cv::Scalar(0));
    cv::Mat thick;
    cv::erode(own, thick, cv::getStructuringElement(cv::MORPH_RECT, {pen, pen}));
    return cv::countNonZero(thick) == 0;
}

}  // namespace

bool is_letter(const Part& part, double dpi)
{
    const int taller = std::max(part.height, part.width);
    const int lower = std::min(part.height, part.width);
    return taller >= std::max(3.0, kSmallestLetter_in * dpi) && lower <= kTallestLetter_in * dpi &&
           taller <= kWidestWord_in * dpi && lower >= 2 && taller <= 12 * lower;
}

void mark_other_ink(cv::Mat& ink, const Parts& parts, double dpi, int enough)
{
    std::vector<std::uint8_t> value(parts.list.size() + 1, kOtherInk);
    value[0] = 0;
    int letters = 0;
    for (std::size_t i = 0; i < parts.list.size(); ++i)
        if (is_letter(parts.list[i], dpi)) {
            value[i + 1] = 255;
            ++letters;
        }
    if (letters < enough) return;
    for (int y = 0; y < ink.rows; ++y) {
        const int* label = parts.labels.ptr<int>(y);
        auto* row = ink.ptr<std::uint8_t>(y);
        for (int x = 0; x < ink.cols; ++x) row[x] = value[static_cast<std::size_t>(label[x])];
    }
}

std::optional<double> letter_height_px(const Parts& parts, double dpi)
{
    std::vector<int> heights;
    for (const Part& part : parts.list)
        if (is_letter(part, dpi) && part.width < 3 * part.height && part.height < 4 * part.width)
            heights.push_back(part.height);
    constexpr std::size_t kFew = 20;
    if (heights.size() < kFew) return {};
    const auto middle = heights.begin() + static_cast<std::ptrdiff_t>(heights.size() / 2);
    std::nth_element(heights.begin(), middle, heights.end());
    return *middle;
}

bool is_blank(const cv::Mat& ink, const Parts& parts, double dpi)
{
    if (parts.list.empty()) return true;
    if (std::max(ink.cols, ink.rows) < kSmallestSheet_in * dpi || std::max(ink.cols, ink.rows) < kSmallestSheet_px)
        return false;
    const int margin = std::min(static_cast<int>(kUnprintable_in * dpi), std::min(ink.cols, ink.rows) / 20);
    const cv::Rect printable(margin, margin, ink.cols - 2 * margin, ink.rows - 2 * margin);
    std::vector<std::size_t> letters;
    for (std::size_t i = 0; i < parts.list.size(); ++i) {
        const Part& part = parts.list[i];
        if (!printable.contains({part.left + part.width / 2, part.top + part.height / 2})) continue;
        if (is_letter(part, dpi)) {
            letters.push_back(i);
            continue;
        }
        // A signature, a drawing, a ruled box: wide and tall but thin of stroke.
        constexpr double kSmallestDrawing_in = 0.15;
        constexpr double kMostFill = 0.4;
        if (part.width >= kSmallestDrawing_in * dpi && part.height >= kSmallestDrawing_in * dpi &&
            part.area < kMostFill * part.width * part.height && is_drawn(ink, parts, i, dpi))
            return false;
        // A picture or a solid area far larger than a stain.
        constexpr double kLargestStain_in2 = 2;
        if (part.area > kLargestStain_in2 * dpi * dpi) return false;
    }
    if (letters.size() >= kEnoughLetters) return false;
    constexpr double kFigure_in = 0.06;  // figures of 6 pt type: one alone may be a page number
    for (const std::size_t i : letters) {
        const Part& part = parts.list[i];
        if (std::max(part.height, part.width) >= kFigure_in * dpi && is_drawn(ink, parts, i, dpi)) return false;
        int beside = 0;
        for (const bool along_rows : {true, false}) {
            beside = 0;
            for (const std::size_t j : letters)
                if (j != i && neighbours(part, parts.list[j], along_rows)) ++beside;
            if (beside >= 2) return false;
        }
    }
    return true;
}

}  // namespace chartlift::cleanup
