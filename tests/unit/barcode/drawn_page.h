// SPDX-License-Identifier: GPL-3.0-or-later
/// Pages drawn for tests: print in lines, ruled tables, and symbols at known places. Thread-safety: free functions.
#pragma once

#include <ZXing/BarcodeFormat.h>
#include <ZXing/BitMatrix.h>
#include <ZXing/MultiFormatWriter.h>

#include <opencv2/imgproc.hpp>
#include <random>
#include <string>

#include "core/page.h"
#include "stages/adapters/opencv.h"

namespace chartlift::drawn {

inline cv::Mat sheet(int width_px = 2550, int height_px = 3300)
{
    return {height_px, width_px, CV_8UC1, cv::Scalar(250)};
}

inline void bar(cv::Mat& page, const Box& box, int grey = 10)
{
    const Box inside = intersection(box, {0, 0, page.cols, page.rows});
    page(cv::Rect(inside.left_px, inside.top_px, inside.width_px(), inside.height_px())).setTo(grey);
}

/// Single-spaced print over the whole page, ten points at 300 dpi, and a ruled table at the top.
inline void print_on(cv::Mat& page)
{
    std::mt19937 random(7);
    const std::string letters = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOP 0123456789 .,";
    for (int y = 900; y + 100 < page.rows; y += 50) {
        std::string line;
        for (int i = 0; i < 90; ++i) line += letters[random() % letters.size()];
        cv::putText(page, line, {180, y}, cv::FONT_HERSHEY_COMPLEX, 1.1, 10, 2, cv::LINE_AA);
    }
    for (int y = 200; y <= 800; y += 60) bar(page, {180, y, 2370, y + 4});
    for (int x = 180; x <= 2370; x += 365) bar(page, {x, 200, x + 4, 804});
}

inline ZXing::BitMatrix symbol(ZXing::BarcodeFormat format, const std::string& text)
{
    return ZXing::MultiFormatWriter(format).setMargin(0).encode(text, 1, 1);
}

/// Draws with square modules, linear symbols `height_px` tall; returns where.
inline Box place(cv::Mat& page, ZXing::BarcodeFormat format, const std::string& text, cv::Point at, int module_px,
                 int height_px = 150)
{
    const ZXing::BitMatrix bits = symbol(format, text);
    const bool linear = ZXing::BarcodeFormats(ZXing::BarcodeFormat::LinearCodes).testFlag(format);
    const int tall = linear ? height_px : bits.height() * module_px;
    const Box box{at.x, at.y, at.x + bits.width() * module_px, at.y + tall};
    const int quiet = 10 * module_px;
    bar(page, {box.left_px - quiet, box.top_px - quiet, box.right_px + quiet, box.bottom_px + quiet}, 250);
    for (int y = 0; y < tall; ++y)
        for (int x = 0; x < box.width_px(); ++x)
            if (bits.get(x / module_px, linear ? 0 : y / module_px)) page.at<std::uint8_t>(at.y + y, at.x + x) = 10;
    return box;
}

inline cv::Mat leaning(const cv::Mat& page, double degrees)
{
    const cv::Point2f middle(static_cast<float>(page.cols) / 2, static_cast<float>(page.rows) / 2);
    cv::Mat out;
    cv::warpAffine(page, out, cv::getRotationMatrix2D(middle, degrees, 1), page.size(), cv::INTER_LINEAR,
                   cv::BORDER_CONSTANT, 250);
    return out;
}

/// Blur of a scanner's optics, grain, and specks as of a fax.
inline cv::Mat noisy(const cv::Mat& page, double sigma, double speck_share)
{
    cv::Mat out;
    cv::GaussianBlur(page, out, {3, 3}, 0);
    std::mt19937 random(11);
    std::normal_distribution<double> grain(0, sigma);
    std::uniform_real_distribution<double> share(0, 1);
    for (int y = 0; y < out.rows; ++y)
        for (int x = 0; x < out.cols; ++x) {
            auto& pixel = out.at<std::uint8_t>(y, x);
            pixel = cv::saturate_cast<std::uint8_t>(pixel + grain(random));
            if (share(random) < speck_share) pixel = static_cast<std::uint8_t>(255 - pixel);
        }
    return out;
}

inline UprightPage upright(const cv::Mat& page, float dpi = 300)
{
    UprightPage out;
    out.gray = adapters::from_mat(page.clone());
    out.dpi = Dpi{dpi};
    return out;
}

}  // namespace chartlift::drawn
