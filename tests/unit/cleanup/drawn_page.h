// SPDX-License-Identifier: GPL-3.0-or-later
/// Pages drawn for the tests: lines of text, rules, holes and bands on white paper.
#pragma once

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <utility>

#include "core/page.h"
#include "stages/adapters/opencv.h"
#include "stages/adapters/pixels.h"

namespace chartlift {

constexpr int kLetterWidth_px = 1700;  ///< 8.5 in at 200 dpi
constexpr int kLetterHeight_px = 2200;
constexpr int kPaper = 245;

inline cv::Mat white_page(int width_px = kLetterWidth_px, int height_px = kLetterHeight_px)
{
    return {height_px, width_px, CV_8UC1, cv::Scalar(kPaper)};
}

inline void write_line(cv::Mat& page, const std::string& text, int x, int y)
{
    cv::putText(page, text, {x, y}, cv::FONT_HERSHEY_COMPLEX, 0.8, cv::Scalar(20), 2, cv::LINE_AA);
}

inline cv::Mat text_page()
{
    cv::Mat page = white_page();
    for (int line = 0; line < 36; ++line)
        write_line(page,
                   line % 3 == 0   ? "The patient was seen for follow up, and feels better today."
                   : line % 3 == 1 ? "Blood pressure 128/76. No chest pain, dyspnea or edema."
                                   : "Plan: continue the present drugs. Return in three months.",
                   200, 250 + line * 50);
    return page;
}

/// `mat` with its content leaning counter-clockwise, on white paper.
inline cv::Mat leaning(const cv::Mat& mat, double degrees_ccw)
{
    const cv::Mat map = cv::getRotationMatrix2D(
        {static_cast<float>(mat.cols - 1) / 2, static_cast<float>(mat.rows - 1) / 2}, degrees_ccw, 1);
    cv::Mat out;
    cv::warpAffine(mat, out, map, mat.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT, cv::Scalar::all(kPaper));
    return out;
}

inline DecodedPage as_page(const cv::Mat& mat, float dpi = 200)
{
    DecodedPage page;
    page.image = adapters::from_mat(mat.clone());
    if (dpi > 0) page.file_dpi = Dpi{dpi};
    return page;
}

inline Image as_bilevel(const cv::Mat& gray)
{
    adapters::PixelBuffer out(PixelFormat::bilevel, gray.cols, gray.rows);
    for (int y = 0; y < gray.rows; ++y)
        for (int x = 0; x < gray.cols; ++x)
            if (gray.at<std::uint8_t>(y, x) < 128)
                out.row(y)[x / 8] = static_cast<std::uint8_t>(out.row(y)[x / 8] | (0x80 >> (x % 8)));
    return std::move(out).freeze();
}

}  // namespace chartlift
