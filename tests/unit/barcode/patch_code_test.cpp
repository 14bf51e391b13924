// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/barcode/patch_code.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/unit/barcode/drawn_page.h"

namespace chartlift {
namespace {

std::vector<Barcode> patches(const cv::Mat& page, float dpi = 300)
{
    return find_patch_codes(small_page(page, Dpi{dpi}), page.cols, page.rows);
}

/// Four bars across the page from `top` down, w for wide, n for narrow; 24 px is 0.08 in at 300 dpi.
Box draw(cv::Mat& page, const std::string& pattern, int top, int left = 300, int right = 2250, int module = 24)
{
    int y = top;
    for (const char c : pattern) {
        const int height = c == 'w' ? module * 5 / 2 : module;
        drawn::bar(page, {left, y, right, y + height});
        y += height + module;
    }
    return {left, top, right, y - module};
}

const std::map<std::string, std::string> kLetters{{"wwnn", "1"}, {"wnnw", "2"}, {"wnwn", "3"},
                                                  {"nwwn", "4"}, {"nnww", "6"}, {"nwnw", "T"}};

TEST(PatchCode, ReadsAllSixFromTheNearestEdgeInward)
{
    for (const auto& [pattern, letter] : kLetters) {
        cv::Mat page = drawn::sheet();
        const Box where = draw(page, pattern, 150);
        for (int turn = 0; turn < 4; ++turn) {
            const auto found = patches(page);
            ASSERT_EQ(found.size(), 1U) << letter << ' ' << turn;
            EXPECT_EQ(found[0].value, "PATCH" + letter) << turn;
            EXPECT_EQ(found[0].format, "Patch" + letter);
            if (turn == 0) {
                EXPECT_NEAR(found[0].box.left_px, where.left_px, 20);
                EXPECT_NEAR(found[0].box.right_px, where.right_px, 20);
                EXPECT_NEAR(found[0].box.top_px, where.top_px, 8);
                EXPECT_NEAR(found[0].box.bottom_px, where.bottom_px, 8);
            }
            cv::rotate(page, page, cv::ROTATE_90_CLOCKWISE);
        }
    }
}

TEST(PatchCode, SurvivesScalingLeanNoiseAndAHole)
{
    for (const int module : {18, 21, 27}) {  // printed to fit
        cv::Mat page = drawn::sheet();
        draw(page, "nwnw", 150, 300, 2250, module);
        ASSERT_EQ(patches(page).size(), 1U) << module;
    }
    cv::Mat page = drawn::sheet();
    draw(page, "nwnw", 250);
    const auto leaning = patches(drawn::leaning(page, 1.5));
    ASSERT_EQ(leaning.size(), 1U);
    EXPECT_EQ(leaning[0].value, "PATCHT");
    EXPECT_EQ(patches(drawn::noisy(page, 30, 0.02)).size(), 1U);
    cv::circle(page, {1200, 330}, 45, 250, cv::FILLED);
    EXPECT_EQ(patches(page).size(), 1U);
}

TEST(PatchCode, OtherResolutionsWork)
{
    for (const int dpi : {100, 200, 600}) {
        cv::Mat page = drawn::sheet(dpi * 17 / 2, dpi * 11);
        draw(page, "nwnw", dpi / 2, dpi, dpi * 7, dpi * 2 / 25);
        ASSERT_EQ(patches(page, static_cast<float>(dpi)).size(), 1U) << dpi;
    }
}

TEST(PatchCode, TablesPrintAndOtherBarsAreNone)
{
    cv::Mat printed = drawn::sheet();
    drawn::print_on(printed);
    EXPECT_TRUE(patches(printed).empty());

    cv::Mat rules = drawn::sheet();  // thick rules, evenly spaced
    for (int y = 200; y < 1200; y += 48) drawn::bar(rules, {200, y, 2300, y + 24});
    EXPECT_TRUE(patches(rules).empty());

    cv::Mat four = drawn::sheet();  // four rules alike are no patch
    draw(four, "nnnn", 150);
    draw(four, "wwww", 1500);
    EXPECT_TRUE(patches(four).empty());

    cv::Mat five = drawn::sheet();  // a fifth bar: part of something else
    draw(five, "nwnwn", 150);
    EXPECT_TRUE(patches(five).empty());

    cv::Mat brief = drawn::sheet();  // an inch only
    draw(brief, "nwnw", 150, 300, 600);
    EXPECT_TRUE(patches(brief).empty());
}

TEST(PatchCode, GiantBarcodesAreNone)
{
    using ZXing::BarcodeFormat;
    for (const auto format : {BarcodeFormat::Code128, BarcodeFormat::Code39, BarcodeFormat::ITF}) {
        for (const int module : {12, 16, 20, 24}) {
            cv::Mat page = drawn::sheet(6000, 3300);
            drawn::place(page, format, "331100", {300, 500}, module, 1200);
            EXPECT_TRUE(patches(page).empty()) << ZXing::ToString(format) << ' ' << module;
        }
    }
}

}  // namespace
}  // namespace chartlift
