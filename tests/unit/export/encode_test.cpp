// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/export/encode.h"

#include <gtest/gtest.h>

#include <cstdio>
// jpeglib.h needs FILE declared before it.
#include <jpeglib.h>

#include <qpdf/Pl_Buffer.hh>
#include <qpdf/Pl_Flate.hh>
#include <string>
#include <vector>

#include "tests/unit/export/sample_pages.h"

namespace chartlift {
namespace {

struct Pixels {
    int width_px = 0;
    int height_px = 0;
    int channels = 0;
    std::vector<std::uint8_t> bytes;
};

Pixels decoded_jpeg(const std::string& bytes)
{
    jpeg_decompress_struct jpeg;
    jpeg_error_mgr errors;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&jpeg);
    jpeg_mem_src(&jpeg, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    jpeg_read_header(&jpeg, TRUE);
    jpeg_start_decompress(&jpeg);
    Pixels out;
    out.width_px = static_cast<int>(jpeg.output_width);
    out.height_px = static_cast<int>(jpeg.output_height);
    out.channels = jpeg.output_components;
    const std::size_t stride = jpeg.output_width * static_cast<std::size_t>(out.channels);
    out.bytes.resize(stride * jpeg.output_height);
    while (jpeg.output_scanline < jpeg.output_height) {
        JSAMPROW row = out.bytes.data() + stride * jpeg.output_scanline;
        jpeg_read_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_decompress(&jpeg);
    jpeg_destroy_decompress(&jpeg);
    return out;
}

TEST(Encode, BilevelBecomesG4WithItsEndOfBlock)
{
    const auto out = encode_image(sample::bilevel_page(803, 1001), Dpi{300}, {});
    ASSERT_TRUE(out) << out.error().message();
    EXPECT_EQ(out->codec, ImageCodec::g4);
    EXPECT_EQ(out->format, PixelFormat::bilevel);
    EXPECT_EQ(out->width_px, 803);
    EXPECT_EQ(out->height_px, 1001);
    EXPECT_LT(out->bytes.size(), 101U * 1001U / 4);
    // EOFB is 000000000001000000000001, somewhere in the last four bytes.
    ASSERT_GE(out->bytes.size(), 4U);
    std::uint32_t last = 0;
    for (std::size_t i = out->bytes.size() - 4; i < out->bytes.size(); ++i)
        last = (last << 8) | static_cast<std::uint8_t>(out->bytes[i]);
    bool found = false;
    for (int shift = 0; shift <= 8; ++shift) found |= ((last >> shift) & 0xFFFFFFU) == 0x001001U;
    EXPECT_TRUE(found);
}

TEST(Encode, GreyAndColourBecomeJpegThatLooksTheSame)
{
    const Image grey = sample::grey_page(400, 300);
    const auto out = encode_image(grey, Dpi{200}, {});
    ASSERT_TRUE(out);
    EXPECT_EQ(out->codec, ImageCodec::jpeg);
    const Pixels back = decoded_jpeg(out->bytes);
    ASSERT_EQ(back.channels, 1);
    ASSERT_EQ(back.width_px, 400);
    for (int y = 0; y < 300; y += 7)
        for (int x = 0; x < 400; x += 5)
            ASSERT_NEAR(back.bytes[static_cast<std::size_t>(y * 400 + x)], grey.row(y)[x], 40) << x << ' ' << y;

    const auto colour = encode_image(sample::colour_page(64, 48), Dpi{200}, {});
    ASSERT_TRUE(colour);
    EXPECT_EQ(colour->codec, ImageCodec::jpeg);
    EXPECT_EQ(decoded_jpeg(colour->bytes).channels, 3);
}

TEST(Encode, LosslessKeepsEachPixel)
{
    for (const Image& image : {sample::grey_page(201, 99), sample::colour_page(77, 50)}) {
        const auto out = encode_image(image, Dpi{300}, {.jpeg_quality = 80, .lossless = true});
        ASSERT_TRUE(out);
        EXPECT_EQ(out->codec, ImageCodec::flate);
        Pl_Buffer buffer("rows");
        Pl_Flate inflate("inflate", &buffer, Pl_Flate::a_inflate);
        inflate.write(reinterpret_cast<const unsigned char*>(out->bytes.data()), out->bytes.size());
        inflate.finish();
        const auto rows = buffer.getBufferSharedPointer();
        const std::size_t size = row_bytes(image.format(), image.width_px());
        const std::size_t pixel = image.format() == PixelFormat::rgb24 ? 3 : 1;
        ASSERT_EQ(rows->getSize(), (size + 1) * static_cast<std::size_t>(image.height_px()));
        // Undo the PNG filters independently of the code under test (PNG specification, 9.2).
        std::vector<std::uint8_t> above(size, 0);
        for (int y = 0; y < image.height_px(); ++y) {
            const unsigned char* in = rows->getBuffer() + (size + 1) * static_cast<std::size_t>(y);
            std::vector<std::uint8_t> row(size);
            for (std::size_t i = 0; i < size; ++i) {
                const int a = i >= pixel ? row[i - pixel] : 0;
                const int b = above[i];
                const int c = i >= pixel ? above[i - pixel] : 0;
                const int pa = std::abs(b - c);
                const int pb = std::abs(a - c);
                const int pc = std::abs(a + b - 2 * c);
                const int guesses[] = {0, a, b, (a + b) / 2, pa <= pb && pa <= pc ? a : pb <= pc ? b : c};
                ASSERT_LT(in[0], 5);
                row[i] = static_cast<std::uint8_t>(in[1 + i] + guesses[in[0]]);
                ASSERT_EQ(row[i], image.row(y)[i]) << i << ' ' << y;
            }
            above = row;
        }
    }
}

TEST(Encode, RefusesWhatHasNoSizeAndQualityOutOfRange)
{
    const auto empty = encode_image(Image{}, Dpi{300}, {});
    ASSERT_FALSE(empty);
    EXPECT_EQ(empty.error().kind, FaultKind::limit);
    const auto quality = encode_image(sample::grey_page(9, 9), Dpi{300}, {.jpeg_quality = 101, .lossless = false});
    ASSERT_FALSE(quality);
    EXPECT_EQ(quality.error().kind, FaultKind::config);
}

TEST(Encode, PagesTooWideForJpegAreStillKept)
{
    const auto out = encode_image(sample::grey_page(65'501, 3), Dpi{300}, {});
    ASSERT_TRUE(out);
    EXPECT_EQ(out->codec, ImageCodec::flate);
}

TEST(Thumbnail, ThinStrokesTurnGrey)
{
    const auto out = thumbnail_jpeg(sample::bilevel_page(1600, 2000), 200);
    ASSERT_TRUE(out);
    const Pixels small = decoded_jpeg(*out);
    EXPECT_EQ(small.width_px, 200);
    EXPECT_EQ(small.height_px, 250);
    int grey = 0;
    for (const std::uint8_t value : small.bytes) grey += value > 40 && value < 215 ? 1 : 0;
    EXPECT_GT(grey, 100);
    const auto never_larger = thumbnail_jpeg(sample::grey_page(50, 20), 400);
    ASSERT_TRUE(never_larger);
    EXPECT_EQ(decoded_jpeg(*never_larger).width_px, 50);
    EXPECT_FALSE(thumbnail_jpeg(Image{}, 100));
    EXPECT_FALSE(thumbnail_jpeg(sample::grey_page(9, 9), 0));
}

}  // namespace
}  // namespace chartlift
