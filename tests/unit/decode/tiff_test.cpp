// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <ctime>

#include "tests/unit/decode/pages.h"
#include "tests/unit/decode/writers.h"

namespace chartlift::test {
namespace {

using ::testing::HasSubstr;

enum Compression { none = 1, group3 = 3, group4 = 4, lzw = 5, jpeg = 7, deflate = 8, packbits = 32773 };
enum Photometric { white_is_zero = 0, black_is_zero = 1, rgb = 2, palette = 3, cmyk = 5, ycbcr = 6 };

struct Kind {
    const char* name;
    int bits, samples, photometric, extra;
    PixelFormat format;
};

constexpr Kind kKinds[] = {
    {"bilevel", 1, 1, black_is_zero, -1, PixelFormat::bilevel},
    {"bilevel, white is zero", 1, 1, white_is_zero, -1, PixelFormat::bilevel},
    {"grey 2", 2, 1, black_is_zero, -1, PixelFormat::gray8},
    {"grey 4", 4, 1, black_is_zero, -1, PixelFormat::gray8},
    {"grey 8", 8, 1, black_is_zero, -1, PixelFormat::gray8},
    {"grey 8, white is zero", 8, 1, white_is_zero, -1, PixelFormat::gray8},
    {"grey 16", 16, 1, black_is_zero, -1, PixelFormat::gray8},
    {"grey 8 alpha", 8, 2, black_is_zero, 2, PixelFormat::gray8},
    {"palette 1", 1, 1, palette, -1, PixelFormat::rgb24},
    {"palette 4", 4, 1, palette, -1, PixelFormat::rgb24},
    {"palette 8", 8, 1, palette, -1, PixelFormat::rgb24},
    {"rgb 8", 8, 3, rgb, -1, PixelFormat::rgb24},
    {"rgb 16", 16, 3, rgb, -1, PixelFormat::rgb24},
    {"rgb 4", 4, 3, rgb, -1, PixelFormat::rgb24},
    {"rgb 8 alpha", 8, 4, rgb, 2, PixelFormat::rgb24},
    {"cmyk 8", 8, 4, cmyk, -1, PixelFormat::rgb24},
};

TiffPage page_of(const Kind& kind)
{
    TiffPage page;
    page.bits = kind.bits;
    page.samples = kind.samples;
    page.photometric = kind.photometric;
    page.extra_sample = kind.extra;
    page.value = [bits = kind.bits](int x, int y, int s) { return noise(x, y, s) & ((1U << bits) - 1); };
    return page;
}

/// What a reader should see, worked out from the samples by the definitions of TIFF 6.0.
Rgb expected(const TiffPage& page, int x, int y)
{
    const auto raw = [&](int s) { return static_cast<int>(page.value(x, y, s)); };
    const int largest = (1 << page.bits) - 1;
    const auto byte = [&](int s) { return page.bits == 16 ? raw(s) >> 8 : raw(s) * 255 / largest; };
    const auto on_white = [](int value, int alpha) { return (value * alpha + 255 * (255 - alpha) + 127) / 255; };
    Rgb seen{};
    switch (page.photometric) {
        case palette: return {raw(0) * 7 % 256, raw(0) * 31 % 256, 255 - raw(0)};
        case cmyk:
            for (int c = 0; c < 3; ++c)
                seen[static_cast<std::size_t>(c)] = ((255 - byte(c)) * (255 - byte(3)) + 127) / 255;
            return seen;
        case rgb: seen = {byte(0), byte(1), byte(2)}; break;
        default: {
            const int value = page.photometric == white_is_zero ? 255 - byte(0) : byte(0);
            seen = {value, value, value};
        }
    }
    if (page.extra_sample > 0)
        for (int& c : seen) c = on_white(c, byte(page.samples - 1));
    return seen;
}

void expect_shows(const Image& image, const TiffPage& page, int slack = 0)
{
    const int w = page.width_px, h = page.height_px;
    const bool turned = page.orientation >= 5;
    ASSERT_EQ(image.width_px(), turned ? h : w);
    ASSERT_EQ(image.height_px(), turned ? w : h);
    for (int y = 0; y < h; ++y)
        for (int x = 0; x < w; ++x) {
            const auto [at_x, at_y] = seen_at(page.orientation, x, y, w, h);
            ASSERT_TRUE(near(pixel(image, at_x, at_y), expected(page, x, y), slack))
                << "stored pixel " << x << ", " << y << ": got " << ::testing::PrintToString(pixel(image, at_x, at_y))
                << " expected " << ::testing::PrintToString(expected(page, x, y));
        }
    EXPECT_TRUE(padding_is_zero(image));
}

TEST(Tiff, ReadsEveryKindOfSampleInEveryLayout)
{
    for (const Kind& kind : kKinds)
        for (const int compression : {none, lzw, deflate, packbits})
            for (const bool separate : {false, true})
                for (const bool tiled : {false, true})
                    for (const bool big : {false, true}) {
                        if (separate && kind.samples == 1) continue;
                        TiffPage page = page_of(kind);
                        page.compression = compression;
                        page.separate = separate;
                        page.tiled = tiled;
                        SCOPED_TRACE(std::string(kind.name) + " compression " + std::to_string(compression) +
                                     (separate ? " separate" : "") + (tiled ? " tiled" : "") + (big ? " big" : ""));
                        const auto got = only_page(tiff_file({page}, big));
                        ASSERT_TRUE(got) << got.error().message();
                        EXPECT_EQ(got->image.format(), kind.format);
                        expect_shows(got->image, page);
                    }
}

TEST(Tiff, ReadsFaxInBothPhotometricsAndAllOrientations)
{
    for (const int photometric : {white_is_zero, black_is_zero})
        for (const int compression : {group3, group4})
            for (int orientation = 0; orientation <= 8; ++orientation) {
                TiffPage page = page_of(kKinds[0]);
                page.photometric = photometric;
                page.compression = compression;
                page.group3_options = orientation % 2;  // one- and two-dimensional
                page.orientation = orientation;
                SCOPED_TRACE(orientation);
                const auto got = only_page(tiff_file({page}));
                ASSERT_TRUE(got) << got.error().message();
                EXPECT_EQ(got->image.format(), PixelFormat::bilevel);
                expect_shows(got->image, page);
            }
}

TEST(Tiff, AppliesOrientationToGreyAndColour)
{
    for (const Kind& kind : {kKinds[4], kKinds[11]})
        for (int orientation = 1; orientation <= 8; ++orientation) {
            TiffPage page = page_of(kind);
            page.orientation = orientation;
            const auto got = only_page(tiff_file({page}));
            ASSERT_TRUE(got) << got.error().message();
            expect_shows(got->image, page);
        }
}

TEST(Tiff, ReadsJpegInGreyRgbAndYcbcr)
{
    for (const int photometric : {black_is_zero, rgb, ycbcr})
        for (const bool tiled : {false, true}) {
            TiffPage page;
            page.bits = 8;
            page.samples = photometric == black_is_zero ? 1 : 3;
            page.photometric = photometric;
            page.compression = jpeg;
            page.rows_per_strip = 16;
            page.tiled = tiled;
            page.value = &slope;
            const auto got = only_page(tiff_file({page}));
            ASSERT_TRUE(got) << got.error().message();
            page.photometric = photometric == ycbcr ? static_cast<int>(rgb) : photometric;
            expect_shows(got->image, page, photometric == ycbcr ? 40 : 12);  // subsampled blue is the worst
        }
}

TEST(Tiff, SquaresFaxPixels)
{
    TiffPage page = page_of(kKinds[0]);
    page.width_px = 40;
    page.height_px = 30;
    page.compression = group4;
    page.x_resolution = 204;
    page.y_resolution = 98;
    const auto got = only_page(tiff_file({page}));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->image.width_px(), 40);
    EXPECT_EQ(got->image.height_px(), 62);  // 30 * 204 / 98
    EXPECT_EQ(got->image.format(), PixelFormat::bilevel);
    ASSERT_TRUE(got->file_dpi);
    EXPECT_FLOAT_EQ(got->file_dpi->value, 204);
    for (int x = 0; x < 40; ++x) {
        EXPECT_EQ(pixel(got->image, x, 0), expected(page, x, 0));
        EXPECT_EQ(pixel(got->image, x, 61), expected(page, x, 29));
    }
}

TEST(Tiff, SquaresBeforeItTurns)
{
    TiffPage page = page_of(kKinds[4]);
    page.width_px = 40;
    page.height_px = 30;
    page.orientation = 6;
    page.x_resolution = 100;
    page.y_resolution = 200;
    const auto got = only_page(tiff_file({page}));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->image.width_px(), 30);
    EXPECT_EQ(got->image.height_px(), 80);
    EXPECT_FLOAT_EQ(got->file_dpi->value, 200);
}

TEST(Tiff, ReadsResolutionUnits)
{
    TiffPage page = page_of(kKinds[4]);
    page.x_resolution = page.y_resolution = 118.11;
    page.resolution_unit = 3;
    EXPECT_NEAR(only_page(tiff_file({page}))->file_dpi->value, 300, 0.1);
    page.resolution_unit = 1;
    EXPECT_FALSE(only_page(tiff_file({page}))->file_dpi);
    page.x_resolution = 0;
    EXPECT_FALSE(only_page(tiff_file({page}))->file_dpi);
}

TEST(Tiff, ReachesPagesInAnyOrder)
{
    std::vector<TiffPage> pages;
    for (int i = 0; i < 5; ++i) {
        pages.push_back(page_of(kKinds[4]));
        pages.back().width_px = 10 + i;
    }
    const auto file = open(tiff_file(pages));
    ASSERT_TRUE(file);
    ASSERT_EQ((*file)->page_count(), 5);
    for (const int i : {4, 0, 2, 2, 1, 3}) EXPECT_EQ((*file)->page(i, {})->image.width_px(), 10 + i);
    EXPECT_EQ((*file)->page(5, {}).error().kind, FaultKind::internal);
    EXPECT_EQ((*file)->page(-1, {}).error().kind, FaultKind::internal);
}

TEST(Tiff, LeavesThumbnailsOutButNeverALonePage)
{
    TiffPage full = page_of(kKinds[4]);
    TiffPage thumbnail = page_of(kKinds[4]);
    thumbnail.width_px = thumbnail.height_px = 9;
    thumbnail.subfile = 1;
    EXPECT_EQ((*open(tiff_file({full, thumbnail, full})))->page_count(), 2);
    full.subfile = 1;  // marked as a reduced copy, but of nothing
    EXPECT_EQ((*open(tiff_file({full})))->page_count(), 1);
}

TEST(Tiff, ABrokenChainIsAPageThatFaults)
{
    const std::string whole = tiff_file({page_of(kKinds[4]), page_of(kKinds[4])});
    // The link of the last directory lies behind its entries; let it lead to the first directory.
    std::string looping = whole;
    const auto number = [&looping](std::size_t at, int bytes) {
        std::size_t value = 0;
        for (int i = bytes - 1; i >= 0; --i)
            value = value << 8 | static_cast<unsigned char>(looping[at + static_cast<std::size_t>(i)]);
        return value;
    };
    const std::size_t first = number(4, 4);
    const std::size_t second = number(first + 2 + 12 * number(first, 2), 4);
    const std::size_t link = second + 2 + 12 * number(second, 2);
    looping.replace(link, 4, looping.substr(4, 4));
    const auto file = open(looping);
    ASSERT_TRUE(file);
    ASSERT_EQ((*file)->page_count(), 3);
    EXPECT_TRUE((*file)->page(1, {}));
    EXPECT_EQ((*file)->page(2, {}).error().kind, FaultKind::corrupt);
    EXPECT_THAT((*file)->page(2, {}).error().what, HasSubstr("back to an earlier one"));

    std::string lost = whole;
    lost.replace(link, 4, "\xFF\xFF\xFF\x7F");
    EXPECT_EQ((*open(lost))->page_count(), 3);
    EXPECT_EQ((*open(lost))->page(2, {}).error().kind, FaultKind::corrupt);
}

TEST(Tiff, ABadPageLeavesTheOthersReadable)
{
    TiffPage page = page_of(kKinds[4]);
    page.compression = deflate;
    page.height_px = 60;
    page.rows_per_strip = 60;
    page.value = [](int x, int y, int s) { return noise(x / 3, y, s) % 20; };
    std::string bytes = tiff_file({page, page, page});
    const std::size_t size = bytes.size() / 3;
    bytes.replace(size + 100, 60, std::string(60, '\x55'));  // within the second page's only strip
    const auto file = open(bytes);
    ASSERT_TRUE(file);
    EXPECT_TRUE((*file)->page(0, {}));
    ASSERT_FALSE((*file)->page(1, {}));
    EXPECT_EQ((*file)->page(1, {}).error().kind, FaultKind::corrupt);
    EXPECT_TRUE((*file)->page(2, {}));
}

TEST(Tiff, TruncatedFaxIsAFaultUnlessLittleIsMissing)
{
    TiffPage page = page_of(kKinds[0]);
    page.height_px = 200;
    page.rows_per_strip = 200;
    page.compression = group4;
    page.photometric = white_is_zero;
    const std::string data = group4_data(page);
    std::string bytes = tiff_file({page});
    const std::size_t at = bytes.find(data);
    ASSERT_NE(at, std::string::npos);
    std::string half = bytes;
    half.replace(at + data.size() / 2, data.size() / 2, std::string(data.size() / 2, '\0'));
    const auto bad = only_page(half);
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().kind, FaultKind::corrupt);
    std::string end = bytes;
    end.replace(at + data.size() * 97 / 100, data.size() * 3 / 100, std::string(data.size() * 3 / 100, '\0'));
    const auto good = only_page(end);
    ASSERT_TRUE(good) << good.error().message();
    EXPECT_EQ(pixel(good->image, 20, 100), expected(page, 20, 100));
}

TEST(Tiff, ReadsGroup3WithoutEndOfLineMarks)
{
    TiffPage page = page_of(kKinds[0]);
    page.photometric = white_is_zero;
    page.compression = 2;  // run lengths in whole bytes: no marks
    page.width_px = 64;
    page.height_px = page.rows_per_strip = 20;
    page.value = [](int x, int, int) { return x < 17 ? 1U : 0U; };  // 000110 11000011 00001010 ... ends on a byte
    std::string bytes = tiff_file({page});
    const auto aligned = only_page(bytes);
    ASSERT_TRUE(aligned) << aligned.error().message();
    expect_shows(aligned->image, page);
}

TEST(Tiff, FaxThatEndsBeforeItsHeightIsWhiteBelow)
{
    TiffPage page = page_of(kKinds[0]);
    page.height_px = page.rows_per_strip = 100;
    page.compression = group4;
    page.photometric = white_is_zero;
    std::string bytes = tiff_file({page});
    // Both ImageLength and RowsPerStrip are the only entries of that value: let them promise twice the rows.
    const std::string promised("\x64\0\0\0", 4);
    std::size_t changed = 0;
    for (std::size_t at = bytes.find(promised); at != std::string::npos; at = bytes.find(promised, at + 4)) {
        bytes[at] = '\xC8';
        ++changed;
    }
    ASSERT_EQ(changed, 2U);
    const auto got = only_page(bytes);
    ASSERT_TRUE(got) << got.error().message();
    ASSERT_EQ(got->image.height_px(), 200);
    EXPECT_EQ(pixel(got->image, 5, 99), expected(page, 5, 99));
    for (int x = 0; x < page.width_px; ++x) EXPECT_EQ(pixel(got->image, x, 150)[0], 255);
}

TEST(Tiff, CapsSizesBeforeMemoryIsTaken)
{
    StageContext context;
    context.limits.max_pixels = 36 * 23;
    const auto got = only_page(tiff_file({page_of(kKinds[4])}), context);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind, FaultKind::limit);
    EXPECT_THAT(got.error().what, HasSubstr("37 x 23"));

    context = {};
    context.limits.max_pages = 2;
    EXPECT_TRUE(open(tiff_file({page_of(kKinds[4]), page_of(kKinds[4])}), context));
    const auto file = open(tiff_file({page_of(kKinds[4]), page_of(kKinds[4]), page_of(kKinds[4])}), context);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().kind, FaultKind::limit);

    context = {};
    context.limits.max_bytes = 100;
    EXPECT_EQ(open(tiff_file({page_of(kKinds[4])}), context).error().kind, FaultKind::limit);
}

TEST(Tiff, SaysWhatItDoesNotRead)
{
    TiffPage page;
    page.bits = 32;
    page.sample_format = 3;
    page.value = &slope;
    page.width_px = 16;
    const auto got = only_page(tiff_file({page}));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind, FaultKind::unsupported);
}

TEST(Tiff, KeepsTheDeadline)
{
    StageContext late;
    const auto file = open(tiff_file({page_of(kKinds[4])}));
    late.deadline = StageContext::Clock::now() - std::chrono::seconds(1);
    EXPECT_EQ((*file)->page(0, late).error().kind, FaultKind::timeout);
    std::stop_source stop;
    StageContext stopped;
    stopped.stop = stop.get_token();
    stop.request_stop();
    EXPECT_EQ((*file)->page(0, stopped).error().kind, FaultKind::cancelled);
    EXPECT_TRUE((*file)->page(0, {}));
}

TEST(Tiff, AThousandPagesTakeAThousandTimesOne)
{
    TiffPage page = page_of(kKinds[0]);
    page.compression = group4;
    const std::string bytes = tiff_file(std::vector<TiffPage>(1000, page));
    const auto file = open(bytes);
    ASSERT_EQ((*file)->page_count(), 1000);
    const auto time = [&](int from, int to) {
        const std::clock_t start = std::clock();  // our own time: the machine may be busy
        for (int i = from; i < to; ++i) EXPECT_TRUE((*file)->page(i, {}));
        return std::clock() - start;
    };
    time(0, 100);
    const auto first = time(0, 200);
    const auto last = time(800, 1000);
    EXPECT_LT(last, 4 * first + CLOCKS_PER_SEC / 50);  // walking the chain would make it nine times
}

}  // namespace
}  // namespace chartlift::test
