// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <thread>

#include "tests/unit/decode/pages.h"
#include "tests/unit/decode/writers.h"

/// Fontconfig, which Poppler asks for substitute fonts, keeps its configuration until the process ends.
extern "C" const char* __lsan_default_suppressions()  // NOLINT: the sanitizer's name for it
{
    return "leak:libfontconfig";
}

namespace chartlift::test {
namespace {

using ::testing::HasSubstr;

const std::string kFullPage = "q 612 0 0 792 0 0 cm /Im0 Do Q";

std::string image_dict(int width, int height, int bits, const std::string& space, const std::string& more = "")
{
    return fmt::format("/Type /XObject /Subtype /Image /Width {} /Height {} /BitsPerComponent {} /ColorSpace {} {}",
                       width, height, bits, space, more);
}

/// One page of 612 x 792 points that draws one image.
std::string image_pdf(const std::string& dictionary, const std::string& bytes, const std::string& content = kFullPage,
                      const std::string& extra = "")
{
    PdfParts pdf;
    const int image = pdf.add_stream(dictionary, bytes);
    pdf.add_page(content, fmt::format("/XObject << /Im0 {} 0 R >>", image), extra);
    return pdf.file();
}

constexpr int kWidth = 51, kHeight = 66;  // 612 x 792 points at 6 dpi

std::string gray_samples()
{
    std::string bytes;
    for (int y = 0; y < kHeight; ++y)
        for (int x = 0; x < kWidth; ++x) bytes += static_cast<char>(noise(x, y, 0) & 255);
    return bytes;
}

TEST(Pdf, GivesFlateSamplesAsTheyAre)
{
    const std::string bytes = deflated(gray_samples());
    const auto got = only_page(image_pdf(image_dict(kWidth, kHeight, 8, "/DeviceGray", "/Filter /FlateDecode"), bytes));
    ASSERT_TRUE(got) << got.error().message();
    ASSERT_EQ(got->image.format(), PixelFormat::gray8);
    ASSERT_EQ(got->image.width_px(), kWidth);
    ASSERT_EQ(got->image.height_px(), kHeight);
    ASSERT_TRUE(got->file_dpi);
    EXPECT_NEAR(got->file_dpi->value, 6, 0.01);
    for (int y = 0; y < kHeight; ++y)
        for (int x = 0; x < kWidth; ++x) ASSERT_EQ(pixel(got->image, x, y)[0], static_cast<int>(noise(x, y, 0) & 255));
}

TEST(Pdf, AppliesPlacementAndRotation)
{
    // The image's matrix and the page's /Rotate, and the orientation that they amount to.
    struct Case {
        const char* matrix;
        int rotate, orientation;
    };
    for (const Case& c :
         {Case{"612 0 0 792 0 0", 0, 1}, Case{"612 0 0 792 0 0", 90, 6}, Case{"612 0 0 792 0 0", 180, 3},
          Case{"612 0 0 792 0 0", 270, 8}, Case{"-612 0 0 792 612 0", 0, 2}, Case{"612 0 0 -792 0 792", 0, 4},
          Case{"-612 0 0 -792 612 792", 0, 3}, Case{"0 792 -612 0 612 0", 0, 8}, Case{"0 -792 612 0 0 792", 0, 6},
          Case{"0 -792 612 0 0 792", 270, 1}, Case{"0 792 612 0 0 0", 0, 7}, Case{"0 -792 -612 0 612 792", 0, 5}}) {
        SCOPED_TRACE(std::string(c.matrix) + " rotate " + std::to_string(c.rotate));
        const std::string content = fmt::format("q {} cm /Im0 Do Q", c.matrix);
        const auto got = only_page(image_pdf(image_dict(kWidth, kHeight, 8, "/DeviceGray"), gray_samples(), content,
                                             fmt::format("/Rotate {}", c.rotate)));
        ASSERT_TRUE(got) << got.error().message();
        // A turned image is squared first, because 51 x 66 pixels lie on 792 x 612 points; look at the corners.
        const auto& image = got->image;
        const std::pair<int, int> corners[] = {{0, 0}, {kWidth - 1, 0}, {0, kHeight - 1}};
        for (const auto& [x, y] : corners) {
            const int across = x == 0 ? 0 : 1, below = y == 0 ? 0 : 1;
            const auto [at_x, at_y] = seen_at(c.orientation, across, below, 2, 2);
            EXPECT_EQ(pixel(image, at_x * (image.width_px() - 1), at_y * (image.height_px() - 1))[0],
                      static_cast<int>(noise(x, y, 0) & 255));
        }
    }
}

TEST(Pdf, GivesFaxDataAsItIs)
{
    TiffPage page;
    page.photometric = 0;
    page.width_px = kWidth;
    page.height_px = kHeight;
    page.value = [](int x, int y, int s) { return noise(x, y, s) & 1; };
    const std::string data = group4_data(page);
    const auto dict = [](const std::string& parameters, const std::string& more) {
        return image_dict(kWidth, kHeight, 1, "/DeviceGray",
                          fmt::format("/Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns {} {} >> {}", kWidth,
                                      parameters, more));
    };
    for (const bool black_is_1 : {false, true})
        for (const bool flipped : {false, true}) {
            const auto got =
                only_page(image_pdf(dict(black_is_1 ? "/BlackIs1 true" : "", flipped ? "/Decode [1 0]" : ""), data));
            ASSERT_TRUE(got) << got.error().message();
            ASSERT_EQ(got->image.format(), PixelFormat::bilevel);
            EXPECT_TRUE(padding_is_zero(got->image));
            for (int y = 0; y < kHeight; ++y)
                for (int x = 0; x < kWidth; ++x) {
                    const bool fax_black = page.value(x, y, 0) != 0;
                    ASSERT_EQ(pixel(got->image, x, y)[0] == 0, fax_black != (black_is_1 != flipped));
                }
        }
    const auto mask = only_page(image_pdf(
        fmt::format("/Type /XObject /Subtype /Image /ImageMask true /Width {} /Height {} /Filter [/FlateDecode "
                    "/CCITTFaxDecode] /DecodeParms [null << /K -1 /Columns {} >>]",
                    kWidth, kHeight, kWidth),
        deflated(data)));
    ASSERT_TRUE(mask) << mask.error().message();
    ASSERT_EQ(mask->image.format(), PixelFormat::bilevel);
    EXPECT_EQ(pixel(mask->image, 3, 3)[0] == 0, page.value(3, 3, 0) != 0);
}

TEST(Pdf, GivesJpegAndJpeg2000AtTheirPixels)
{
    JpegPage jpeg;
    jpeg.value = &slope;
    const auto dct = only_page(image_pdf(image_dict(64, 48, 8, "/DeviceRGB", "/Filter /DCTDecode"), jpeg_file(jpeg),
                                         "q 612 0 0 459 0 0 cm /Im0 Do Q", "/MediaBox [0 0 612 459]"));
    ASSERT_TRUE(dct) << dct.error().message();
    ASSERT_EQ(dct->image.width_px(), 64);
    EXPECT_TRUE(near(pixel(dct->image, 30, 20), {110, 100, 130}, 10));

    jpeg.components = 4;
    jpeg.value = [](int, int, int s) { return s == 3 ? 51U : s == 0 ? 255U : 0U; };
    const auto cmyk =
        only_page(image_pdf(image_dict(64, 48, 8, "/DeviceCMYK", "/Filter /DCTDecode /Decode [1 0 1 0 1 0 1 0]"),
                            jpeg_file(jpeg), "q 612 0 0 459 0 0 cm /Im0 Do Q", "/MediaBox [0 0 612 459]"));
    ASSERT_TRUE(cmyk) << cmyk.error().message();
    EXPECT_TRUE(near(pixel(cmyk->image, 5, 5), {0, 204, 204}, 4));

    Jp2Page jp2;
    jp2.value = &slope;
    const auto jpx = only_page(image_pdf("/Type /XObject /Subtype /Image /Width 40 /Height 24 /Filter /JPXDecode",
                                         jp2_file(jp2), "q 400 0 0 240 0 0 cm /Im0 Do Q", "/MediaBox [0 0 400 240]"));
    ASSERT_TRUE(jpx) << jpx.error().message();
    ASSERT_EQ(jpx->image.width_px(), 40);
    EXPECT_TRUE(near(pixel(jpx->image, 30, 20), {110, 100, 130}, 2));
}

TEST(Pdf, ReadsIndexedSamplesAndBilevelOnes)
{
    std::string indexes;
    for (int y = 0; y < kHeight; ++y)
        for (int x = 0; x < kWidth; ++x) indexes += static_cast<char>(noise(x, y, 0) % 3);
    const auto got =
        only_page(image_pdf(image_dict(kWidth, kHeight, 8, "[/Indexed /DeviceRGB 2 <FF0000 00FF00 0000FF>]"), indexes));
    ASSERT_TRUE(got) << got.error().message();
    const std::array<Rgb, 3> colours{Rgb{255, 0, 0}, Rgb{0, 255, 0}, Rgb{0, 0, 255}};
    EXPECT_EQ(pixel(got->image, 7, 9), colours[noise(7, 9, 0) % 3]);

    const std::string bits(static_cast<std::size_t>((kWidth + 7) / 8 * kHeight), '\xAA');
    for (const bool flipped : {false, true}) {
        const auto page =
            only_page(image_pdf(image_dict(kWidth, kHeight, 1, "/DeviceGray", flipped ? "/Decode [1 0]" : ""), bits));
        ASSERT_TRUE(page) << page.error().message();
        ASSERT_EQ(page->image.format(), PixelFormat::bilevel);
        EXPECT_EQ(pixel(page->image, 0, 0)[0], flipped ? 0 : 255);
        EXPECT_EQ(pixel(page->image, 1, 0)[0], flipped ? 255 : 0);
    }
}

const std::string kFont = "/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>";

TEST(Pdf, RendersTextAndGivesItsWords)
{
    PdfParts pdf;
    pdf.add_page("BT /F1 24 Tf 72 700 Td (Lorem ipsum) Tj 0 -40 Td (dolor) Tj ET", kFont);
    DecodeSettings settings;
    settings.render_dpi = Dpi{150};
    const auto got = only_page(pdf.file(), {}, settings);
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ(got->image.width_px(), 1275);
    EXPECT_EQ(got->image.height_px(), 1650);
    EXPECT_EQ(got->image.format(), PixelFormat::gray8);
    EXPECT_FLOAT_EQ(got->file_dpi->value, 150);
    ASSERT_EQ(got->visible_text.size(), 3U);
    EXPECT_EQ(got->visible_text[0].text, "Lorem");
    EXPECT_EQ(got->visible_text[1].text, "ipsum");
    EXPECT_EQ(got->visible_text[2].text, "dolor");
    EXPECT_EQ(got->visible_text[0].line, got->visible_text[1].line);
    EXPECT_EQ(got->visible_text[2].line, got->visible_text[1].line + 1);
    // The box is where the ink is: from x = 72 pt, baseline y = 700 pt.
    const Box& box = got->visible_text[0].box;
    EXPECT_NEAR(box.left_px, 72 * 150 / 72, 6);
    EXPECT_NEAR(box.bottom_px, (792 - 700) * 150 / 72, 14);
    int dark = 0;
    for (int y = box.top_px; y < box.bottom_px; ++y)
        for (int x = box.left_px; x < box.right_px; ++x) dark += pixel(got->image, x, y)[0] < 128 ? 1 : 0;
    EXPECT_GT(dark, 200);
}

TEST(Pdf, WordBoxesTurnWithThePage)
{
    PdfParts pdf;
    pdf.add_page("BT /F1 24 Tf 72 700 Td (Lorem) Tj ET", kFont, "/Rotate 90 /CropBox [36 36 576 756]");
    const auto got = only_page(pdf.file());
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ(got->image.width_px(), 3000);
    EXPECT_EQ(got->image.height_px(), 2250);
    ASSERT_EQ(got->visible_text.size(), 1U);
    const Box& box = got->visible_text[0].box;
    int inside = 0, all = 0;
    for (int y = 0; y < got->image.height_px(); ++y)
        for (int x = 0; x < got->image.width_px(); ++x)
            if (pixel(got->image, x, y)[0] < 128) {
                ++all;
                inside += x >= box.left_px && x < box.right_px && y >= box.top_px && y < box.bottom_px ? 1 : 0;
            }
    EXPECT_GT(all, 500);
    EXPECT_GT(inside, all * 9 / 10);
}

TEST(Pdf, AnOcrLayerIsNoSecondOpinion)
{
    PdfParts pdf;
    const int image = pdf.add_stream(image_dict(kWidth, kHeight, 8, "/DeviceGray"), gray_samples());
    const std::string resources = fmt::format("/XObject << /Im0 {} 0 R >> {}", image, kFont);
    pdf.add_page(kFullPage + " BT 3 Tr /F1 24 Tf 72 700 Td (hidden) Tj ET", resources);
    pdf.add_page("BT /F1 24 Tf 72 700 Td (covered) Tj ET " + kFullPage, resources);
    pdf.add_page(kFullPage + " BT /F1 24 Tf 72 700 Td (stamped) Tj ET", resources);
    pdf.add_page("BT /F1 24 Tf 72 700 Td (seen) Tj 3 Tr 0 -40 Td (hidden) Tj ET", resources);
    const auto file = open(pdf.file());
    ASSERT_TRUE(file);
    for (const int native : {0, 1}) {
        const auto page = (*file)->page(native, {});
        ASSERT_TRUE(page);
        EXPECT_EQ(page->image.width_px(), kWidth);
        EXPECT_TRUE(page->visible_text.empty());
    }
    const auto stamped = (*file)->page(2, {});
    ASSERT_TRUE(stamped);
    EXPECT_EQ(stamped->image.width_px(), 2550);  // rendered, with the text
    ASSERT_EQ(stamped->visible_text.size(), 1U);
    EXPECT_TRUE((*file)->page(3, {})->visible_text.empty());
}

TEST(Pdf, RendersWhatIsMoreThanOneImage)
{
    const std::string dict = image_dict(kWidth, kHeight, 8, "/DeviceGray");
    for (const std::string content :
         {"q 306 0 0 396 0 0 cm /Im0 Do Q", "q 612 0 0 792 0 0 cm /Im0 Do Q 0 0 m 100 100 l S",
          "q 612 0 0 792 0 0 cm /Im0 Do Q q 612 0 0 792 0 0 cm /Im0 Do Q",
          "q 100 100 m 300 700 l 500 100 l W n 612 0 0 792 0 0 cm /Im0 Do Q"}) {
        const auto got = only_page(image_pdf(dict, gray_samples(), content));
        ASSERT_TRUE(got) << got.error().message();
        EXPECT_GT(got->image.width_px(), 800) << content;
    }
    // White paper under it, and a clip that cuts nothing, change nothing.
    for (const std::string content :
         {"1 g 0 0 612 792 re f q 612 0 0 792 0 0 cm /Im0 Do Q", "q 0 0 612 792 re W n 612 0 0 792 0 0 cm /Im0 Do Q",
          "/Artifact BMC q 612 0 0 792 0 0 cm /Im0 Do Q EMC"}) {
        const auto got = only_page(image_pdf(dict, gray_samples(), content));
        ASSERT_TRUE(got) << got.error().message();
        EXPECT_EQ(got->image.width_px(), kWidth) << content;
    }
    // A note stuck to the page must be seen.
    PdfParts pdf;
    const int image = pdf.add_stream(dict, gray_samples());
    const int look = pdf.add_stream("/Type /XObject /Subtype /Form /BBox [0 0 100 100]", "1 0 0 rg 0 0 100 100 re f");
    pdf.add_page(
        kFullPage, fmt::format("/XObject << /Im0 {} 0 R >>", image),
        fmt::format("/Annots [<< /Type /Annot /Subtype /Stamp /F 4 /Rect [100 100 200 200] /AP << /N {} 0 R >> >>]",
                    look));
    const auto got = only_page(pdf.file());
    ASSERT_TRUE(got) << got.error().message();
    ASSERT_EQ(got->image.format(), PixelFormat::rgb24);
    EXPECT_EQ(pixel(got->image, 600, 3300 - 600), (Rgb{255, 0, 0}));
}

TEST(Pdf, FindsTheImageInsideAForm)
{
    PdfParts pdf;
    const int image = pdf.add_stream(image_dict(kWidth, kHeight, 8, "/DeviceGray"), gray_samples());
    const int form =
        pdf.add_stream(fmt::format("/Type /XObject /Subtype /Form /BBox [0 0 1 1] /Matrix [612 0 0 792 0 0] "
                                   "/Resources << /XObject << /Im0 {} 0 R >> >>",
                                   image),
                       "/Im0 Do");
    pdf.add_page("/Fm0 Do", fmt::format("/XObject << /Fm0 {} 0 R >>", form));
    const auto got = only_page(pdf.file());
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ(got->image.width_px(), kWidth);
}

TEST(Pdf, FormsThatMultiplyAreALimitNotAHang)
{
    PdfParts pdf;
    int form = pdf.add_stream("/Type /XObject /Subtype /Form /BBox [0 0 600 700]", "0 0 1 1 re f");
    for (int level = 0; level < 10; ++level) {
        std::string content;
        for (int i = 0; i < 20; ++i) content += "/Fm0 Do ";
        form = pdf.add_stream(fmt::format("/Type /XObject /Subtype /Form /BBox [0 0 600 700] /Resources << /XObject << "
                                          "/Fm0 {} 0 R >> >>",
                                          form),
                              content);
    }
    pdf.add_page("/Fm0 Do", fmt::format("/XObject << /Fm0 {} 0 R >>", form));
    const auto got = only_page(pdf.file());
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind, FaultKind::limit);
}

TEST(Pdf, InlineImagesAreRenderedAndManyOfThemTakeNoLonger)
{
    PdfParts pdf;
    pdf.add_page("q 612 0 0 792 0 0 cm BI /W 1 /H 1 /BPC 8 /CS /G ID \x20 EI Q BT /F1 24 Tf 72 700 Td (seen) Tj ET",
                 kFont, "/MediaBox [0 0 612 792]");
    std::string nothing_else;
    for (int i = 0; i < 20'000; ++i) nothing_else += "ID E\n";
    pdf.add_page(nothing_else, "", "/MediaBox [0 0 72 72]");
    const auto file = open(pdf.file());
    ASSERT_TRUE(file);
    const auto page = (*file)->page(0, {});
    ASSERT_TRUE(page) << page.error().message();
    EXPECT_LT(pixel(page->image, 1200, 2000)[0], 64);
    ASSERT_EQ(page->visible_text.size(), 1U);
    const std::clock_t start = std::clock();  // our own time: the machine may be busy
    static_cast<void>((*file)->page(1, {}));
    EXPECT_LT((std::clock() - start) / CLOCKS_PER_SEC, 5);
}

TEST(Pdf, AsksForThePasswordAndTakesTheRightOne)
{
    const std::string bytes = encrypted(
        image_pdf(image_dict(kWidth, kHeight, 8, "/DeviceGray", "/Filter /FlateDecode"), deflated(gray_samples())),
        "sesame");
    const auto refused = open(bytes);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, FaultKind::encrypted);
    EXPECT_THAT(refused.error().what, HasSubstr("--password-file"));
    DecodeSettings settings;
    settings.passwords = {"wrong"};
    EXPECT_EQ(open(bytes, {}, settings).error().kind, FaultKind::encrypted);
    settings.passwords = {"wrong", "sesame"};
    const auto got = only_page(bytes, {}, settings);
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ(pixel(got->image, 5, 6)[0], static_cast<int>(noise(5, 6, 0) & 255));

    PdfParts text;
    text.add_page("BT /F1 24 Tf 72 700 Td (Lorem) Tj ET", kFont);
    const auto rendered = only_page(encrypted(text.file(), "sesame"), {}, settings);
    ASSERT_TRUE(rendered) << rendered.error().message();
    EXPECT_EQ(rendered->visible_text.size(), 1U);
}

TEST(Pdf, CapsPagesAndPixelsBeforeItRenders)
{
    PdfParts pdf;
    pdf.add_page("0 0 m 9 9 l S", "", "/MediaBox [0 0 1000000 1000000]");
    pdf.add_page("0 0 m 9 9 l S", "", "/MediaBox [0 0 1000000000000000 10]");
    pdf.add_page("0 0 m 9 9 l S", "");
    const std::string bytes = pdf.file();
    const auto file = open(bytes);
    ASSERT_TRUE(file);
    EXPECT_EQ((*file)->page(0, {}).error().kind, FaultKind::limit);
    EXPECT_EQ((*file)->page(1, {}).error().kind, FaultKind::limit);
    EXPECT_TRUE((*file)->page(2, {}));
    StageContext context;
    context.limits.max_pages = 2;
    EXPECT_EQ(open(bytes, context).error().kind, FaultKind::limit);
    const auto huge = only_page(image_pdf(image_dict(100000, 100000, 1, "/DeviceGray"), "x"));
    ASSERT_FALSE(huge);
    EXPECT_EQ(huge.error().kind, FaultKind::limit);
}

TEST(Pdf, DamageIsAFaultOfItsPage)
{
    PdfParts pdf;
    const int cut = pdf.add_stream(image_dict(kWidth, kHeight, 8, "/DeviceGray"), gray_samples().substr(0, 1000));
    pdf.add_page(kFullPage, fmt::format("/XObject << /Im0 {} 0 R >>", cut));
    pdf.add_page("0 0 300 300 re f", "");
    const auto file = open(pdf.file());
    ASSERT_TRUE(file);
    EXPECT_EQ((*file)->page(0, {}).error().kind, FaultKind::corrupt);
    EXPECT_TRUE((*file)->page(1, {}));
    EXPECT_EQ(open("%PDF-1.4\nnothing here").error().kind, FaultKind::corrupt);
    const std::string whole = image_pdf(image_dict(kWidth, kHeight, 8, "/DeviceGray"), gray_samples());
    const auto no_table = open(whole.substr(0, whole.rfind("xref\n0") - 3));  // qpdf rebuilds the table
    EXPECT_TRUE(no_table || no_table.error().kind == FaultKind::corrupt);
}

TEST(Pdf, UnequalResolutionsAreSquared)
{
    const auto got = only_page(image_pdf(image_dict(kWidth, kHeight, 8, "/DeviceGray"), gray_samples(),
                                         "q 612 0 0 1584 0 0 cm /Im0 Do Q", "/MediaBox [0 0 612 1584]"));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->image.width_px(), kWidth);
    EXPECT_EQ(got->image.height_px(), 2 * kHeight);
    EXPECT_NEAR(got->file_dpi->value, 6, 0.01);
}

TEST(Pdf, ThreadsWithFilesOfTheirOwnDoNotDisturbEachOther)
{
    PdfParts pdf;
    for (const char* word : {"Lorem", "ipsum", "dolor", "sit"})
        pdf.add_page(
            fmt::format("0.2 0.4 0.9 rg 20 20 {} 30 re f BT /F1 24 Tf 20 80 Td ({}) Tj ET", 50 + word[0] % 40, word),
            kFont, "/MediaBox [0 0 200 120]");
    const std::string bytes = pdf.file();
    const auto shown = [](const DecodedPage& page) {
        std::string all = page.visible_text.empty() ? "" : page.visible_text[0].text;
        for (int y = 0; y < page.image.height_px(); ++y)
            all.append(reinterpret_cast<const char*>(page.image.row(y)),
                       row_bytes(page.image.format(), page.image.width_px()));
        return all;
    };
    const auto alone = open(bytes);
    std::vector<std::string> expected;
    for (int i = 0; i < 4; ++i) expected.push_back(shown(*(*alone)->page(i, {})));
    std::array<int, 4> wrong{};
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < wrong.size(); ++t)
        threads.emplace_back([&, t] {
            const auto file = open(bytes);
            for (int round = 0; round < 8; ++round) {
                const auto i = static_cast<std::size_t>(round) + t;
                const auto page = (*file)->page(static_cast<int>(i % 4), {});
                wrong[t] += page && shown(*page) == expected[i % 4] ? 0 : 1;
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, (std::array<int, 4>{}));
}

TEST(Pdf, UserUnitScalesThePage)
{
    const auto got =
        only_page(image_pdf(image_dict(kWidth, kHeight, 8, "/DeviceGray"), gray_samples(), kFullPage, "/UserUnit 2"));
    ASSERT_TRUE(got);
    EXPECT_NEAR(got->file_dpi->value, 3, 0.01);
}

}  // namespace
}  // namespace chartlift::test
