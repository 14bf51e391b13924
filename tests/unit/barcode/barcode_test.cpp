// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/barcode/barcode.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/barcode/drawn_page.h"

namespace chartlift {
namespace {

using ZXing::BarcodeFormat;

std::vector<Barcode> read(const UprightPage& page)
{
    auto out = ReadBarcodes{{}}.run(page, {});
    EXPECT_TRUE(out) << out.error().message();
    return out ? *out : std::vector<Barcode>{};
}

struct Sample {
    BarcodeFormat format;
    const char* name;
    const char* text;
    int module_px;
};
constexpr Sample kSamples[] = {{BarcodeFormat::Code128, "Code128", "MRN-00481516", 4},
                               {BarcodeFormat::Code39, "Code39", "PATCHT", 4},
                               {BarcodeFormat::ITF, "ITF", "0123456789", 4},
                               {BarcodeFormat::Codabar, "Codabar", "31117013", 4},
                               {BarcodeFormat::EAN13, "EAN-13", "5901234123457", 4},
                               {BarcodeFormat::QRCode, "QRCode", "https://example.org/separator?type=consult", 8},
                               {BarcodeFormat::DataMatrix, "DataMatrix", "ENC 5512-77", 8},
                               {BarcodeFormat::PDF417, "PDF417", "SEPARATOR SHEET", 4}};

void PrintTo(const Sample& sample, std::ostream* out)
{
    *out << sample.name;
}

struct Each : ::testing::TestWithParam<Sample> {
    static void expect_read(const cv::Mat& page, const Box* where = nullptr)
    {
        const Sample& sample = GetParam();
        const auto found = read(drawn::upright(page));
        ASSERT_EQ(found.size(), 1U);
        EXPECT_EQ(found[0].format, sample.name);
        std::string value = found[0].value;
        while (!value.empty() && value.back() == ' ') value.pop_back();
        EXPECT_EQ(value, sample.text);
        if (!where) return;
        const double common = static_cast<double>(intersection(found[0].box, *where).width_px()) *
                              intersection(found[0].box, *where).height_px();
        EXPECT_GT(common, 0.8 * where->width_px() * where->height_px());
        EXPECT_LT(found[0].box.width_px(), where->width_px() * 1.2 + 10);
        EXPECT_LT(found[0].box.height_px(), where->height_px() * 1.2 + 10);
    }
};

TEST_P(Each, IsReadWhereItStands)
{
    cv::Mat page = drawn::sheet();
    drawn::print_on(page);
    const Box where = drawn::place(page, GetParam().format, GetParam().text, {700, 1400}, GetParam().module_px);
    expect_read(page, &where);
}

TEST_P(Each, IsReadSideways)
{
    cv::Mat page = drawn::sheet(3300, 2550);
    drawn::place(page, GetParam().format, GetParam().text, {700, 1400}, GetParam().module_px);
    cv::rotate(page, page, cv::ROTATE_90_CLOCKWISE);
    expect_read(page);
}

TEST_P(Each, IsReadOnALeaningSticker)
{
    cv::Mat page = drawn::sheet();
    drawn::place(page, GetParam().format, GetParam().text, {700, 1400}, GetParam().module_px);
    expect_read(drawn::leaning(page, 3));
}

TEST_P(Each, IsReadThroughNoise)
{
    cv::Mat page = drawn::sheet(1700, 1300);
    drawn::place(page, GetParam().format, GetParam().text, {300, 600}, GetParam().module_px);
    expect_read(drawn::noisy(page, 20, 0.002));
}
INSTANTIATE_TEST_SUITE_P(Formats, Each, ::testing::ValuesIn(kSamples));

TEST(Barcode, SpecksAcrossTheBarsAreAveragedAway)
{
    cv::Mat page = drawn::sheet(1700, 1300);
    drawn::place(page, BarcodeFormat::Code128, "FAX-2231", {300, 600}, 4);
    const auto found = read(drawn::upright(drawn::noisy(page, 30, 0.03)));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].value, "FAX-2231");
}

TEST(Barcode, TheSameLinearCodeTwiceIsReadTwice)
{
    // ZXing 1.4 ends the program on this page when asked for several symbols at once.
    cv::Mat page = drawn::sheet();
    drawn::place(page, BarcodeFormat::Code39, "PATCHT", {300, 600}, 4);
    drawn::place(page, BarcodeFormat::Code39, "PATCHT", {300, 900}, 4);
    drawn::place(page, BarcodeFormat::Code39, "PATCHT", {1500, 2600}, 4);
    const auto found = read(drawn::upright(page));
    ASSERT_EQ(found.size(), 3U);
    for (const Barcode& symbol : found) EXPECT_EQ(symbol.value, "PATCHT");
    EXPECT_LT(found[0].box.top_px, found[1].box.top_px);
    EXPECT_GT(found[2].box.left_px, 1400);
}

TEST(Barcode, APageOfPrintAndTablesHasNone)
{
    cv::Mat page = drawn::sheet();
    drawn::print_on(page);
    EXPECT_TRUE(read(drawn::upright(page)).empty());
    EXPECT_TRUE(read(drawn::upright(drawn::noisy(page, 25, 0.01))).empty());
}

TEST(Barcode, AnEmptyPageHasNone)
{
    EXPECT_TRUE(read(drawn::upright(drawn::sheet())).empty());
    EXPECT_TRUE(read(drawn::upright(drawn::noisy(drawn::sheet(), 4, 0))).empty());
    EXPECT_TRUE(read(drawn::upright(drawn::sheet(1, 1))).empty());
    EXPECT_TRUE(read(drawn::upright(drawn::sheet(3, 2000))).empty());
}

TEST(Barcode, ACardIsReadWhole)
{
    cv::Mat card = drawn::sheet(700, 440);
    drawn::place(card, BarcodeFormat::QRCode, "MEMBER 12", {60, 60}, 14);
    const auto found = read(drawn::upright(card, 200));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].value, "MEMBER 12");
}

TEST(Barcode, OtherResolutionsWork)
{
    for (const int dpi : {150, 200, 600}) {
        cv::Mat page = drawn::sheet(dpi * 17 / 2, dpi * 11);
        drawn::place(page, BarcodeFormat::Code128, "BOX 17", {dpi, 4 * dpi}, dpi / 75, dpi / 2);
        const auto found = read(drawn::upright(page, static_cast<float>(dpi)));
        ASSERT_EQ(found.size(), 1U) << dpi;
        EXPECT_EQ(found[0].value, "BOX 17");
    }
}

TEST(Barcode, KindsCanBeTurnedOff)
{
    cv::Mat page = drawn::sheet();
    drawn::place(page, BarcodeFormat::Code128, "L", {300, 600}, 4);
    drawn::place(page, BarcodeFormat::QRCode, "M", {300, 2000}, 10);
    BarcodeSettings settings;
    settings.linear = false;
    auto found = ReadBarcodes{settings}.run(drawn::upright(page), {});
    ASSERT_TRUE(found);
    ASSERT_EQ(found->size(), 1U);
    EXPECT_EQ(found->front().value, "M");
    settings.matrix = false;
    EXPECT_TRUE(ReadBarcodes{settings}.run(drawn::upright(page), {})->empty());
}

TEST(Barcode, RefusesAPageWithoutSizeAndStopsWhenAsked)
{
    const auto none = ReadBarcodes{{}}.run(UprightPage{}, {});
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind, FaultKind::limit);
    cv::Mat page = drawn::sheet();
    drawn::place(page, BarcodeFormat::Code128, "L", {300, 600}, 4);
    StageContext context;
    context.deadline = StageContext::Clock::now() - std::chrono::seconds(1);
    const auto late = ReadBarcodes{{}}.run(drawn::upright(page), context);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind, FaultKind::timeout);
}

}  // namespace
}  // namespace chartlift
