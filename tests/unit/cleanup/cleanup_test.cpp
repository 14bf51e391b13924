// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/cleanup/cleanup.h"

#include <gtest/gtest.h>

#include "stages/adapters/turn.h"
#include "tests/unit/cleanup/drawn_page.h"

namespace chartlift {
namespace {

UprightPage cleaned(const DecodedPage& page)
{
    auto out = Cleanup{CleanupSettings{}}.run(page, StageContext{});
    EXPECT_TRUE(out) << (out ? "" : out.error().message());
    return out ? *out : UprightPage{};
}

int gray_at(const Image& image, double x, double y)
{
    return image.row(static_cast<int>(y))[static_cast<int>(x)];
}

TEST(Cleanup, RefusesAPageOverThePixelLimit)
{
    StageContext context;
    context.limits.max_pixels = 1'000'000;
    const auto out = Cleanup{CleanupSettings{}}.run(as_page(white_page(1240, 1754)), context);
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().message(), "cleanup: limit: page is 1240 x 1754 px; limits.max_pixels is 1000000");
}

TEST(Cleanup, FaultsOnAPageWithoutPixelsAndWhenTimeIsUp)
{
    const auto empty = Cleanup{CleanupSettings{}}.run(DecodedPage{}, StageContext{});
    ASSERT_FALSE(empty);
    EXPECT_EQ(empty.error().kind, FaultKind::corrupt);
    StageContext late;
    late.deadline = StageContext::Clock::now();
    const auto out = Cleanup{CleanupSettings{}}.run(as_page(white_page()), late);
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().kind, FaultKind::timeout);
}

TEST(Cleanup, TakesThePagesThatHoldNothing)
{
    for (const int size : {1, 2, 7, 40}) {
        const UprightPage tiny = cleaned(as_page(white_page(size, size), 300));
        EXPECT_EQ(tiny.gray.width_px(), size);
        EXPECT_EQ(tiny.rotated_cw, QuarterTurn::none);
    }
    cleaned(as_page(white_page(3000, 1)));
    cleaned(as_page(white_page(1, 3000)));
    EXPECT_TRUE(cleaned(as_page(white_page())).blank);
    const UprightPage black = cleaned(as_page(cv::Mat(2200, 1700, CV_8UC1, cv::Scalar(0))));
    EXPECT_FALSE(black.blank) << "a black page may be a picture: a person must see it";
    EXPECT_EQ(gray_at(black.gray, 850, 1100), 0);
    EXPECT_FALSE(black.orientation_sure);
}

TEST(Cleanup, ALevelUprightPageSharesItsPixels)
{
    const DecodedPage page = as_page(text_page());
    const UprightPage out = cleaned(page);
    EXPECT_EQ(out.gray.pixels(), page.image.pixels());
    EXPECT_EQ(out.skew_ccw.value, 0.0F);
    EXPECT_TRUE(out.orientation_sure);
    EXPECT_EQ(out.dpi.value, 200.0F);
    EXPECT_EQ(out.dpi_origin, DpiOrigin::file);
    EXPECT_FALSE(out.blank);
}

TEST(Cleanup, FindsAndUndoesEveryTurnOfGreyAndBilevelPages)
{
    for (const bool bilevel : {false, true})
        for (const auto turn : {QuarterTurn::none, QuarterTurn::cw90, QuarterTurn::cw180, QuarterTurn::cw270}) {
            const cv::Mat upright = text_page();
            DecodedPage page = as_page(upright);
            if (bilevel) page.image = as_bilevel(upright);
            const Image straight = page.image;
            page.image = adapters::turned_cw(page.image, turn);
            const UprightPage out = cleaned(page);
            EXPECT_EQ(out.rotated_cw, turn) << bilevel;
            EXPECT_TRUE(out.orientation_sure);
            EXPECT_EQ(out.archive.format(), bilevel ? PixelFormat::bilevel : PixelFormat::gray8);
            ASSERT_EQ(out.archive.height_px(), straight.height_px());
            int different = 0;
            for (int y = 0; y < straight.height_px(); ++y)
                for (std::size_t i = 0; i < row_bytes(straight.format(), straight.width_px()); ++i)
                    different += out.archive.row(y)[i] != straight.row(y)[i];
            EXPECT_EQ(different, 0) << "a turn loses nothing";
        }
}

TEST(Cleanup, MeasuresAndUndoesALean)
{
    for (const double lean : {-6.0, -1.3, -0.4, 0.2, 0.9, 3.5}) {
        const UprightPage out = cleaned(as_page(leaning(text_page(), lean)));
        EXPECT_NEAR(static_cast<double>(out.skew_ccw.value), lean, 0.06);
        const UprightPage again = cleaned([&] {
            DecodedPage page;
            page.image = out.gray;
            page.file_dpi = out.dpi;
            return page;
        }());
        EXPECT_NEAR(static_cast<double>(again.skew_ccw.value), 0, 0.08) << "level after " << lean;
    }
}

TEST(Cleanup, EveryUprightPointLeadsBackToTheSameMarkInTheScan)
{
    cv::Mat upright = text_page();
    const cv::Point mark(1500, 150);
    cv::rectangle(upright, mark - cv::Point(6, 6), mark + cv::Point(6, 6), cv::Scalar(0), cv::FILLED);
    DecodedPage page = as_page(leaning(upright, 2.0));
    page.image = adapters::turned_cw(page.image, QuarterTurn::cw270);
    page.visible_text.push_back({"mark", Box{}, 1, 0, 0});
    // Where the mark stands in the scan, found by looking.
    const cv::Mat scan = adapters::view(page.image);
    cv::Point found;
    cv::Mat blurred;
    cv::blur(scan, blurred, {11, 11});
    cv::minMaxLoc(blurred, nullptr, nullptr, &found);
    page.visible_text[0].box = Box{found.x - 6, found.y - 6, found.x + 7, found.y + 7};
    const UprightPage out = cleaned(page);
    ASSERT_EQ(out.rotated_cw, QuarterTurn::cw270);
    cv::blur(adapters::view(out.gray), blurred, {11, 11});
    cv::Point there;
    cv::minMaxLoc(blurred, nullptr, nullptr, &there);
    const Point back = out.to_scan({there.x + 0.5, there.y + 0.5});
    EXPECT_NEAR(back.x, found.x + 0.5, 2);
    EXPECT_NEAR(back.y, found.y + 0.5, 2);
    const Box& box = out.visible_text[0].box;
    EXPECT_NEAR((box.left_px + box.right_px) / 2.0, there.x + 0.5, 2);
    EXPECT_NEAR((box.top_px + box.bottom_px) / 2.0, there.y + 0.5, 2);
}

TEST(Cleanup, AFewCapitalsLeaveThePageAsItIs)
{
    cv::Mat page = white_page();
    write_line(page, "NOXZHI", 700, 900);
    const DecodedPage decoded = as_page(page);
    const UprightPage out = cleaned(decoded);
    EXPECT_FALSE(out.orientation_sure);
    EXPECT_EQ(out.rotated_cw, QuarterTurn::none);
    EXPECT_EQ(out.skew_ccw.value, 0.0F);
    EXPECT_EQ(out.gray.pixels(), decoded.image.pixels());
}

TEST(Cleanup, WhitensBandsAndHolesButNotTheLettersBesideThem)
{
    cv::Mat page = text_page();
    cv::rectangle(page, {0, 0}, {34, page.rows}, cv::Scalar(25), cv::FILLED);
    for (const int y : {300, 1100, 1900}) cv::circle(page, {100, y}, 28, cv::Scalar(10), cv::FILLED);
    const UprightPage out = cleaned(as_page(page));
    EXPECT_GT(gray_at(out.gray, 10, 1000), 200);
    EXPECT_GT(gray_at(out.gray, 100, 1100), 200);
    EXPECT_GT(gray_at(out.archive, 100, 1900), 200);
    const cv::Rect text(200, 200, 1400, 1900);
    EXPECT_EQ(cv::norm(adapters::view(out.gray)(text), page(text), cv::NORM_INF), 0);
}

TEST(Cleanup, KeepsADarkBannerWithLettersInIt)
{
    cv::Mat page = text_page();
    cv::rectangle(page, {0, 0}, {page.cols, 120}, cv::Scalar(10), cv::FILLED);
    cv::putText(page, "MERCY GENERAL HOSPITAL", {500, 80}, cv::FONT_HERSHEY_COMPLEX, 1.2, cv::Scalar(250), 3);
    EXPECT_LT(gray_at(cleaned(as_page(page)).gray, 300, 60), 50);
}

TEST(Cleanup, ALeaningPageGrowsRatherThanLoseInk)
{
    cv::Mat upright = white_page();
    for (int line = 0; line < 40; ++line)
        write_line(upright, "The patient was seen for follow up, and feels better today. Plan: return.", 20,
                   60 + line * 53);
    cv::Mat big = white_page(kLetterWidth_px + 400, kLetterHeight_px + 400);
    upright.copyTo(big(cv::Rect(200, 200, upright.cols, upright.rows)));
    const cv::Mat scan = leaning(big, 5)(cv::Rect(200, 200, upright.cols, upright.rows)).clone();
    const UprightPage out = cleaned(as_page(scan));
    EXPECT_GE(out.gray.width_px(), scan.cols);
    EXPECT_NEAR(cv::countNonZero(adapters::view(out.gray) < 128), cv::countNonZero(scan < 128),
                0.02 * cv::countNonZero(scan < 128));
    EXPECT_EQ(out.archive.width_px(), out.gray.width_px());
}

TEST(Cleanup, StoresAPageAsWhatItIs)
{
    cv::Mat clean = text_page();
    cv::threshold(clean, clean, 128, 255, cv::THRESH_BINARY);
    EXPECT_EQ(cleaned(as_page(clean)).archive.format(), PixelFormat::bilevel);
    EXPECT_EQ(cleaned(as_page(clean)).gray.format(), PixelFormat::gray8);
    cv::Mat photo = clean.clone();
    for (int y = 0; y < 400; ++y) photo.row(1700 + y).colRange(300, 900).setTo(y / 2 + 30);
    EXPECT_EQ(cleaned(as_page(photo)).archive.format(), PixelFormat::gray8);
    cv::Mat rgb;
    cv::cvtColor(text_page(), rgb, cv::COLOR_GRAY2RGB);
    EXPECT_EQ(cleaned(as_page(rgb)).archive.format(), PixelFormat::gray8) << "grey in three channels is grey";
    cv::rectangle(rgb, {1200, 1900}, {1500, 2000}, cv::Scalar(200, 30, 30), 12);
    EXPECT_EQ(cleaned(as_page(rgb)).archive.format(), PixelFormat::rgb24);
}

TEST(Cleanup, CountsRules)
{
    cv::Mat page = text_page();
    for (const int y : {215, 2060, 2100, 2140}) cv::line(page, {200, y}, {1500, y}, cv::Scalar(0), 3);
    for (const int x : {150, 1600}) cv::line(page, {x, 200}, {x, 2000}, cv::Scalar(0), 3);
    const PageLayout layout = cleaned(as_page(page)).layout;
    EXPECT_EQ(layout.ruled_horizontals, 4);
    EXPECT_EQ(layout.ruled_verticals, 2);
    DecodedPage turned = as_page(page);
    turned.image = adapters::turned_cw(turned.image, QuarterTurn::cw90);
    EXPECT_EQ(cleaned(turned).layout.ruled_horizontals, 4);
}

}  // namespace
}  // namespace chartlift
