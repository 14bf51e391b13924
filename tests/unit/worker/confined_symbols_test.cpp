// SPDX-License-Identifier: GPL-3.0-or-later
#include "worker/confined_symbols.h"

#include <gtest/gtest.h>

#include "stages/barcode/barcode.h"
#include "tests/unit/barcode/drawn_page.h"
#include "tests/unit/worker/pool_of.h"

namespace chartlift::worker {
namespace {

using ZXing::BarcodeFormat;

TEST(ConfinedSymbols, AreThoseReadInThisProcess)
{
    const auto pool = test::pool_of(1);
    const ReadBarcodes there({}, confined_symbols(pool));
    const ReadBarcodes here{{}};
    cv::Mat sheet = drawn::sheet();
    drawn::print_on(sheet);
    drawn::place(sheet, BarcodeFormat::Code128, "MRN-00481516", {300, 1000}, 4);
    drawn::place(sheet, BarcodeFormat::Code128, "MRN-00481516", {300, 1300}, 4);
    drawn::place(sheet, BarcodeFormat::QRCode, "https://example.org/\xC3\xA9", {300, 1700}, 8);
    drawn::place(sheet, BarcodeFormat::PDF417, "SEPARATOR SHEET", {1200, 2400}, 4);
    const auto page = drawn::upright(sheet);
    const auto a = here.run(page, {});
    const auto b = there.run(page, {});
    ASSERT_TRUE(a) << a.error().message();
    ASSERT_TRUE(b) << b.error().message();
    EXPECT_GE(a->size(), 4U);
    EXPECT_EQ(*a, *b);
    EXPECT_GT(pool->counts().requests, 0);
}

TEST(ConfinedSymbols, OfAPageWithoutAnyAreNone)
{
    const ReadBarcodes there({}, confined_symbols(test::pool_of(1)));
    cv::Mat small(400, 600, CV_8UC1, cv::Scalar(250));  // small enough to be read whole
    const auto found = there.run(drawn::upright(small), {});
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_TRUE(found->empty());
}

TEST(ConfinedSymbols, StopWhenAsked)
{
    const auto read = confined_symbols(test::pool_of(1));
    cv::Mat small(400, 600, CV_8UC1, cv::Scalar(250));
    StageContext context;
    context.deadline = StageContext::Clock::now() - std::chrono::seconds(1);
    const auto late = read(drawn::upright(small).gray, {}, context);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind, FaultKind::timeout);
    EXPECT_EQ(late.error().where, "barcode");
}

}  // namespace
}  // namespace chartlift::worker
