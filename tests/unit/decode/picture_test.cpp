// SPDX-License-Identifier: GPL-3.0-or-later
// JPEG, PNG, JPEG 2000, and what holds for every format.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/decode/pages.h"
#include "tests/unit/decode/writers.h"

namespace chartlift::test {
namespace {

using ::testing::HasSubstr;

JpegPage jpeg_page(int components)
{
    JpegPage page;
    page.components = components;
    page.value = &slope;
    return page;
}

Rgb slope_rgb(int x, int y)
{
    return {static_cast<int>(slope(x, y, 0)), static_cast<int>(slope(x, y, 1)), static_cast<int>(slope(x, y, 2))};
}

TEST(Jpeg, ReadsGreyAndColourPlainAndProgressive)
{
    for (const bool progressive : {false, true}) {
        JpegPage page = jpeg_page(3);
        page.progressive = progressive;
        page.dpi = 300;
        const auto got = only_page(jpeg_file(page));
        ASSERT_TRUE(got) << got.error().message();
        ASSERT_EQ(got->image.format(), PixelFormat::rgb24);
        ASSERT_TRUE(got->file_dpi);
        EXPECT_FLOAT_EQ(got->file_dpi->value, 300);
        EXPECT_TRUE(near(pixel(got->image, 30, 20), slope_rgb(30, 20), 10));

        page = jpeg_page(1);
        page.progressive = progressive;
        const auto gray = only_page(jpeg_file(page));
        ASSERT_TRUE(gray);
        EXPECT_EQ(gray->image.format(), PixelFormat::gray8);
        EXPECT_FALSE(gray->file_dpi);
        EXPECT_NEAR(pixel(gray->image, 30, 20)[0], 110, 6);
    }
}

TEST(Jpeg, TurnsByExif)
{
    for (int orientation = 1; orientation <= 8; ++orientation) {
        SCOPED_TRACE(orientation);
        JpegPage page = jpeg_page(3);
        page.orientation = orientation;
        const auto got = only_page(jpeg_file(page));
        ASSERT_TRUE(got) << got.error().message();
        ASSERT_EQ(got->image.width_px(), orientation >= 5 ? 48 : 64);
        for (const auto& [x, y] : {std::pair(3, 4), std::pair(60, 4), std::pair(3, 44), std::pair(60, 44)}) {
            const auto [at_x, at_y] = seen_at(orientation, x, y, 64, 48);
            EXPECT_TRUE(near(pixel(got->image, at_x, at_y), slope_rgb(x, y), 14)) << x << ", " << y;
        }
    }
}

TEST(Jpeg, ReadsInvertedCmyk)
{
    JpegPage page = jpeg_page(4);
    page.value = [](int, int, int s) { return s == 3 ? 51U : s == 0 ? 255U : 0U; };  // cyan under a fifth of black
    const auto got = only_page(jpeg_file(page));
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_TRUE(near(pixel(got->image, 5, 5), {0, 204, 204}, 4)) << ::testing::PrintToString(pixel(got->image, 5, 5));
}

TEST(Jpeg, HalfAFileIsAFaultTheLastRowsAreNot)
{
    JpegPage page = jpeg_page(3);
    page.width_px = page.height_px = 400;
    page.value = [](int x, int y, int s) { return noise(x / 4, y / 4, s) & 255; };
    for (const bool progressive : {false, true}) {
        page.progressive = progressive;
        const std::string whole = jpeg_file(page);
        const auto half = only_page(whole.substr(0, whole.size() / 2));
        ASSERT_FALSE(half);
        EXPECT_EQ(half.error().kind, FaultKind::corrupt);
        EXPECT_TRUE(only_page(whole.substr(0, whole.size() - 2)));  // only the end marker is missing
    }
    page.progressive = false;
    const std::string whole = jpeg_file(page);
    EXPECT_TRUE(only_page(whole.substr(0, whole.size() * 97 / 100)));
    EXPECT_FALSE(only_page(whole.substr(0, whole.size() * 85 / 100)));
    EXPECT_FALSE(only_page(whole.substr(0, 100)));
}

TEST(Jpeg, AnImpossiblyEmptyFileTakesNoMemory)
{
    std::string bytes = jpeg_file(jpeg_page(1));
    const std::size_t frame = bytes.find(std::string("\xFF\xC0", 2));
    bytes.replace(frame + 5, 4, std::string("\x3A\x98\x3A\x98", 4));  // 15000 x 15000
    const auto got = only_page(bytes);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind, FaultKind::corrupt);
    EXPECT_THAT(got.error().what, HasSubstr("15000 x 15000"));
}

TEST(Png, ReadsEveryKindPlainAndInterlaced)
{
    struct Kind {
        int bits, colour_type;
        PixelFormat format;
    };
    for (const Kind kind :
         {Kind{1, 0, PixelFormat::bilevel}, Kind{2, 0, PixelFormat::gray8}, Kind{4, 0, PixelFormat::gray8},
          Kind{8, 0, PixelFormat::gray8}, Kind{16, 0, PixelFormat::gray8}, Kind{8, 2, PixelFormat::rgb24},
          Kind{16, 2, PixelFormat::rgb24}, Kind{8, 4, PixelFormat::gray8}, Kind{8, 6, PixelFormat::rgb24},
          Kind{16, 6, PixelFormat::rgb24}, Kind{1, 3, PixelFormat::rgb24}, Kind{4, 3, PixelFormat::rgb24},
          Kind{8, 3, PixelFormat::rgb24}})
        for (const bool interlaced : {false, true}) {
            SCOPED_TRACE(std::to_string(kind.bits) + " bits, type " + std::to_string(kind.colour_type) +
                         (interlaced ? " interlaced" : ""));
            PngPage page;
            page.bits = kind.bits;
            page.colour_type = kind.colour_type;
            page.interlaced = interlaced;
            page.dpi = 300;
            page.value = [bits = kind.bits](int x, int y, int s) { return noise(x, y, s) & ((1U << bits) - 1); };
            if (kind.colour_type == 3)
                for (int i = 0; i < 1 << kind.bits; ++i)
                    for (const int v : {i * 7, i * 31, 255 - i}) page.palette.push_back(static_cast<std::uint8_t>(v));
            const auto got = only_page(png_file(page));
            ASSERT_TRUE(got) << got.error().message();
            ASSERT_EQ(got->image.format(), kind.format);
            EXPECT_NEAR(got->file_dpi->value, 300, 0.1);
            EXPECT_TRUE(padding_is_zero(got->image));
            const int largest = (1 << kind.bits) - 1;
            const auto byte = [&](int x, int y, int s) {
                const int raw = static_cast<int>(page.value(x, y, s));
                return kind.bits == 16 ? (raw * 255 + 32767) / 65535 : raw * 255 / largest;
            };
            for (int y = 0; y < page.height_px; ++y)
                for (int x = 0; x < page.width_px; ++x) {
                    Rgb seen{};
                    const int raw = static_cast<int>(page.value(x, y, 0));
                    if (kind.colour_type == 3)
                        seen = {raw * 7 % 256, raw * 31 % 256, 255 - raw};
                    else if ((kind.colour_type & 2) != 0)
                        seen = {byte(x, y, 0), byte(x, y, 1), byte(x, y, 2)};
                    else
                        seen = {byte(x, y, 0), byte(x, y, 0), byte(x, y, 0)};
                    if ((kind.colour_type & 4) != 0) {
                        const int alpha = byte(x, y, kind.colour_type == 4 ? 1 : 3);
                        for (int& c : seen) c = (c * alpha + 255 * (255 - alpha) + 127) / 255;
                    }
                    ASSERT_TRUE(near(pixel(got->image, x, y), seen, kind.bits == 16 ? 1 : 0)) << x << ", " << y;
                }
        }
}

TEST(Png, AWrongChecksumAndAMissingEndAreFaults)
{
    PngPage page;
    page.value = &noise;
    page.bits = 8;
    page.value = [](int x, int y, int s) { return noise(x, y, s) & 255; };
    const std::string whole = png_file(page);
    std::string damaged = whole;
    damaged[whole.find("IDAT") + 40] = static_cast<char>(damaged[whole.find("IDAT") + 40] ^ 1);
    EXPECT_EQ(only_page(damaged).error().kind, FaultKind::corrupt);
    EXPECT_EQ(only_page(whole.substr(0, whole.size() / 2)).error().kind, FaultKind::corrupt);
    EXPECT_EQ(only_page(whole.substr(0, 20)).error().kind, FaultKind::corrupt);
}

TEST(Jp2, ReadsGreyColourAndSubsampledColour)
{
    for (const bool stream_only : {false, true}) {
        Jp2Page page;
        page.stream_only = stream_only;
        page.value = &slope;
        const auto colour = only_page(jp2_file(page));
        ASSERT_TRUE(colour) << colour.error().message();
        EXPECT_TRUE(near(pixel(colour->image, 30, 20), slope_rgb(30, 20), 2));
        page.components = 1;
        const auto gray = only_page(jp2_file(page));
        ASSERT_TRUE(gray);
        EXPECT_EQ(gray->image.format(), PixelFormat::gray8);
        EXPECT_NEAR(pixel(gray->image, 30, 20)[0], 110, 2);
    }
    Jp2Page page;
    page.subsampled = true;
    page.value = [](int, int, int s) { return s == 0 ? 100U : s == 1 ? 128U : 178U; };
    const auto ycc = only_page(jp2_file(page));
    ASSERT_TRUE(ycc) << ycc.error().message();
    EXPECT_TRUE(near(pixel(ycc->image, 10, 10), {170, 64, 100}, 2))
        << ::testing::PrintToString(pixel(ycc->image, 10, 10));
}

TEST(Jp2, ReadsTheResolutionBox)
{
    Jp2Page page;
    page.value = &slope;
    std::string bytes = jp2_file(page);
    const std::string res("\0\0\0\x1Ares \0\0\0\x12resc\x2E\x23\0\x01\x2E\x23\0\x01\0\0", 26);  // 11811 a metre
    const std::size_t header = bytes.find("jp2h") - 4;
    const auto length = static_cast<unsigned char>(bytes[header + 3]);
    bytes.insert(header + length, res);
    bytes[header + 3] = static_cast<char>(length + res.size());
    const auto got = only_page(bytes);
    ASSERT_TRUE(got) << got.error().message();
    ASSERT_TRUE(got->file_dpi);
    EXPECT_NEAR(got->file_dpi->value, 300, 0.1);
}

TEST(Jp2, DamageIsAFault)
{
    Jp2Page page;
    page.value = [](int x, int y, int s) { return noise(x, y, s) & 255; };
    const std::string whole = jp2_file(page);
    EXPECT_EQ(only_page(whole.substr(0, whole.size() / 2)).error().kind, FaultKind::corrupt);
    EXPECT_EQ(only_page(whole.substr(0, 60)).error().kind, FaultKind::corrupt);
}

TEST(EveryFormat, IsKnownByItsFirstBytesAndCapped)
{
    TiffPage tiff;
    tiff.value = &noise;
    tiff.value = [](int x, int y, int s) { return noise(x, y, s) & 1; };
    PngPage png;
    png.value = [](int x, int y, int s) { return noise(x, y, s) & 255; };
    Jp2Page jp2;
    jp2.value = &slope;
    PdfParts pdf;
    pdf.add_page("", "");
    const std::vector<std::pair<FileFormat, std::string>> files{{FileFormat::tiff, tiff_file({tiff})},
                                                                {FileFormat::jpeg, jpeg_file(jpeg_page(3))},
                                                                {FileFormat::png, png_file(png)},
                                                                {FileFormat::jp2, jp2_file(jp2)},
                                                                {FileFormat::pdf, pdf.file()}};
    for (const auto& [format, bytes] : files) {
        SCOPED_TRACE(to_string(format));
        EXPECT_EQ(sniff(MemorySource(bytes)), format);
        const auto file = open(bytes);
        ASSERT_TRUE(file) << file.error().message();
        EXPECT_EQ((*file)->format(), format);
        EXPECT_EQ((*file)->page_count(), 1);
        EXPECT_TRUE((*file)->page(0, {}));
        EXPECT_EQ((*file)->page(1, {}).error().kind, FaultKind::internal);
        EXPECT_EQ((*file)->page(-1, {}).error().kind, FaultKind::internal);
        StageContext small;
        small.limits.max_pixels = 500;
        const auto refused = (*file)->page(0, small);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().kind, FaultKind::limit);
        EXPECT_THAT(refused.error().what, HasSubstr("limits.max_pixels is 500"));
        StageContext late;
        late.deadline = StageContext::Clock::now() - std::chrono::seconds(1);
        EXPECT_EQ((*file)->page(0, late).error().kind, FaultKind::timeout);
    }
    EXPECT_EQ(sniff(MemorySource(std::string_view("GIF89a"))), FileFormat::unknown);
    EXPECT_EQ(open("GIF89a").error().kind, FaultKind::unsupported);
    EXPECT_EQ(open("").error().kind, FaultKind::corrupt);
}

/// A disk that fails at some place.
class FailingSource final : public ByteSource {
public:
    FailingSource(std::string bytes, std::uint64_t from) : inner_(bytes), from_(from) {}
    std::uint64_t size_bytes() const override { return inner_.size_bytes(); }
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) const override
    {
        if (offset + into.size() > from_) return Fault{FaultKind::io, "disk", "reading failed"};
        return inner_.read_at(offset, into);
    }

private:
    MemorySource inner_;
    std::uint64_t from_;
};

TEST(EveryFormat, AFailingDiskIsNotCalledACorruptFile)
{
    TiffPage tiff;
    tiff.bits = 8;
    tiff.width_px = tiff.height_px = 200;
    tiff.value = [](int x, int y, int s) { return noise(x, y, s) & 255; };
    auto file = Decode(DecodeSettings{}).open(std::make_shared<FailingSource>(jpeg_file(jpeg_page(3)), 1200), {});
    ASSERT_TRUE(file);
    EXPECT_EQ((*file)->page(0, {}).error().kind, FaultKind::io);
    // The TIFF's directory lies at its end; the strips in front of it are read in one go.
    const std::string bytes = tiff_file({tiff});
    class Middle final : public ByteSource {
    public:
        explicit Middle(const std::string& text) : inner_(text) {}
        std::uint64_t size_bytes() const override { return inner_.size_bytes(); }
        Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) const override
        {
            if (offset > 5000 && offset < 10000) return Fault{FaultKind::io, "disk", "reading failed"};
            return inner_.read_at(offset, into);
        }

    private:
        MemorySource inner_;
    };
    auto opened = Decode(DecodeSettings{}).open(std::make_shared<Middle>(bytes), {});
    ASSERT_TRUE(opened);
    EXPECT_EQ((*opened)->page(0, {}).error().kind, FaultKind::io);
}

}  // namespace
}  // namespace chartlift::test
