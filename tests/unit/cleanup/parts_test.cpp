// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <random>

#include "stages/cleanup/bilevel.h"
#include "stages/cleanup/blank.h"
#include "stages/cleanup/deskew.h"
#include "stages/cleanup/dpi.h"
#include "stages/cleanup/edges.h"
#include "stages/cleanup/orientation.h"
#include "stages/cleanup/reduced.h"
#include "tests/unit/cleanup/drawn_page.h"

namespace chartlift::cleanup {
namespace {

bool blank(const cv::Mat& gray, double dpi = 200)
{
    Reduced page = reduced(gray, dpi);
    whiten(page.ink, find_junk(page), 0);
    return is_blank(page.ink, parts_of(page.ink), page.dpi);
}

TEST(Blank, HolesStainsSpecksShadowsAndBleedThroughAreBlank)
{
    cv::Mat page = white_page();
    for (const int y : {300, 1100, 1900}) cv::circle(page, {100, y}, 28, cv::Scalar(10), cv::FILLED);
    cv::rectangle(page, {0, 0}, {30, page.rows}, cv::Scalar(40), cv::FILLED);
    cv::ellipse(page, {900, 1300}, {160, 120}, 20, 0, 360, cv::Scalar(200), cv::FILLED);
    std::mt19937 random(5);
    for (int i = 0; i < 400; ++i)
        page.at<std::uint8_t>(static_cast<int>(random() % 2200), static_cast<int>(random() % 1700)) = 0;
    cv::Mat back;
    cv::flip(text_page(), back, 1);
    cv::Mat through = 255 - (255 - back) * 0.15;
    cv::min(page, through, page);
    EXPECT_TRUE(blank(page));
}

TEST(Blank, AShortLineAPageNumberOrASignatureIsNot)
{
    cv::Mat line = white_page();
    write_line(line, "See over", 300, 400);
    EXPECT_FALSE(blank(line));
    cv::Mat number = white_page();
    write_line(number, "3", 840, 2060);
    EXPECT_FALSE(blank(number));
    cv::Mat signature = white_page();
    for (int x = 0; x < 300; ++x)
        cv::circle(signature, {700 + x, 1500 + static_cast<int>(40 * std::sin(x / 12.0))}, 2, cv::Scalar(30),
                   cv::FILLED);
    EXPECT_FALSE(blank(signature));
}

TEST(Orientation, TopsStrayUprightAndBottomsOnTheHead)
{
    const Reduced page = reduced(text_page(), 200);
    const UprightVotes upright = upright_votes(parts_of(page.ink), page.dpi);
    EXPECT_GT(upright.t_value, 4);
    cv::Mat turned;
    cv::rotate(page.ink, turned, cv::ROTATE_180);
    const UprightVotes head = upright_votes(parts_of(turned), page.dpi);
    EXPECT_LT(head.t_value, -4);
    cv::rotate(page.ink, turned, cv::ROTATE_90_CLOCKWISE);
    EXPECT_LT(std::abs(upright_votes(parts_of(turned), page.dpi).t_value), 2);
}

TEST(Deskew, SaysNothingOfNoise)
{
    cv::Mat noise(1100, 850, CV_8UC1);
    std::mt19937 random(9);
    for (int y = 0; y < noise.rows; ++y)
        for (int x = 0; x < noise.cols; ++x) noise.at<std::uint8_t>(y, x) = random() % 50 == 0 ? 255 : 0;
    EXPECT_LT(find_skew(noise, {}).peak_ratio, 3);
    EXPECT_EQ(find_skew(cv::Mat::zeros(1100, 850, CV_8UC1), {}).peak_ratio, 0);
    EXPECT_EQ(find_skew(cv::Mat::zeros(3, 3, CV_8UC1), {}).peak_ratio, 0);
}

TEST(Dpi, BelievesATagThatMakesARealSheet)
{
    for (const float dpi : {100.0F, 200.0F, 300.0F, 600.0F}) {
        const auto px = [&](double inches) { return static_cast<int>(inches * static_cast<double>(dpi)); };
        const Resolution got = judged_dpi(px(8.5), px(11), Dpi{dpi}, 5.5 / 72 * static_cast<double>(dpi));
        EXPECT_EQ(got.dpi.value, dpi);
        EXPECT_EQ(got.origin, DpiOrigin::file);
    }
    EXPECT_EQ(judged_dpi(1012, 638, Dpi{300}, 20.0).dpi.value, 300.0F) << "an insurance card";
}

TEST(Dpi, EstimatesWhereTheTagIsMissingOrAbsurd)
{
    for (const auto& tag : {std::optional<Dpi>{}, std::optional<Dpi>{Dpi{0}}, std::optional<Dpi>{Dpi{1}},
                            std::optional<Dpi>{Dpi{72}}, std::optional<Dpi>{Dpi{96}}}) {
        const Resolution letter = judged_dpi(2550, 3300, tag, 23.0);
        EXPECT_EQ(letter.dpi.value, 300.0F);
        EXPECT_EQ(letter.origin, DpiOrigin::estimated);
        EXPECT_EQ(judged_dpi(1654, 2339, tag, 15.0).dpi.value, 200.0F) << "A4";
        EXPECT_EQ(judged_dpi(3300, 2550, tag, {}).dpi.value, 300.0F) << "landscape, without text";
    }
}

TEST(Edges, ASolidBlobAmongLettersIsNoHole)
{
    cv::Mat page = text_page();
    cv::circle(page, {228, 500}, 24, cv::Scalar(0), cv::FILLED);
    EXPECT_EQ(find_junk(reduced(page, 200)).holes, 0);
    cv::circle(page, {90, 500}, 24, cv::Scalar(0), cv::FILLED);
    EXPECT_EQ(find_junk(reduced(page, 200)).holes, 1);
}

TEST(Bilevel, PaperTintIsNotColour)
{
    cv::Mat page(800, 600, CV_8UC3, cv::Scalar(250, 240, 215));
    cv::putText(page, "Text", {100, 300}, cv::FONT_HERSHEY_COMPLEX, 3, cv::Scalar(30, 30, 28), 6);
    EXPECT_FALSE(is_colourful(page));
    cv::putText(page, "Ink", {100, 600}, cv::FONT_HERSHEY_COMPLEX, 3, cv::Scalar(30, 40, 190), 6);
    EXPECT_TRUE(is_colourful(page));
}

}  // namespace
}  // namespace chartlift::cleanup
