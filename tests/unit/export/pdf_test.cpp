// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/export/pdf.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFPageDocumentHelper.hh>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/unit/export/sample_pages.h"

namespace chartlift {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

PdfInfo info(PdfLevel level = PdfLevel::a2b)
{
    PdfInfo out;
    out.title = "Operative report <1> & caf\xC3\xA9";
    out.document_id = "doc-1";
    out.producer = "chartlift test";
    out.level = level;
    return out;
}

PdfPage page_of(const Image& image, PageText text, float dpi = 300, bool lossless = false)
{
    auto encoded = encode_image(image, Dpi{dpi}, {.jpeg_quality = 80, .lossless = lossless});
    EXPECT_TRUE(encoded);
    return {*std::move(encoded), std::move(text)};
}

PdfPageLoader loader(std::vector<PdfPage> pages)
{
    return [pages = std::move(pages)](std::size_t i) -> Result<PdfPage> { return pages.at(i); };
}

Result<std::string> pdf_of(const PdfInfo& about, std::vector<PdfPage> pages)
{
    std::string out;
    const std::size_t count = pages.size();
    const auto done = write_pdf(
        about, count, loader(std::move(pages)),
        [&out](std::string_view bytes) -> Result<void> {
            out += bytes;
            return {};
        },
        StageContext{});
    if (!done) return done.error();
    return out;
}

/// A file of its own in the test's temporary folder.
class TempFile {
public:
    explicit TempFile(const std::string& bytes)
        : path_(std::filesystem::temp_directory_path() / fmt::format("chartlift_export_{}_{}.pdf", getpid(), ++counter))
    {
        std::ofstream(path_, std::ios::binary) << bytes;
    }
    TempFile(const TempFile&) = delete;
    TempFile& operator=(const TempFile&) = delete;
    ~TempFile() { std::filesystem::remove(path_); }
    std::string path() const { return path_.string(); }

private:
    static inline int counter = 0;
    std::filesystem::path path_;
};

struct Ran {
    int status = 0;
    std::string output;
};

Ran run(const std::string& command)
{
    Ran ran;
    FILE* pipe = popen((command + " 2>&1").c_str(), "r");
    std::array<char, 4096> buffer{};
    for (std::size_t n = 0; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
        ran.output.append(buffer.data(), n);
    ran.status = pclose(pipe);
    return ran;
}

std::vector<std::string> words_in(const std::string& text)
{
    std::istringstream in(text);
    std::vector<std::string> out;
    for (std::string word; in >> word;) out.push_back(word);
    return out;
}

PageText letter()
{
    return sample::text_of({{"Dear", "Colleague,"},
                            {"thank", "you", "for", "seeing", "this", "pleasant", "patient"},
                            {"with", "caf\xC3\xA9", "syndrome", "(", "rare", ").", "She", "takes", "25", "mg"}},
                           300, 400, 45, 20);
}

struct Level : ::testing::TestWithParam<PdfLevel> {};

TEST_P(Level, PassesQpdfsCheckAndKeepsItsPages)
{
    auto pdf = pdf_of(info(GetParam()), {page_of(sample::bilevel_page(2550, 3300), letter()),
                                         page_of(sample::grey_page(850, 1100), letter(), 100),
                                         page_of(sample::colour_page(500, 400), {}, 200, true)});
    ASSERT_TRUE(pdf) << pdf.error().message();
    const TempFile file(*pdf);
    const Ran check = run("qpdf --check " + file.path());
    EXPECT_EQ(check.status, 0) << check.output;
    EXPECT_THAT(check.output, HasSubstr("No syntax or stream encoding errors found"));
    EXPECT_THAT(check.output, Not(HasSubstr("WARNING")));
    EXPECT_THAT(*pdf, HasSubstr(GetParam() == PdfLevel::a1b ? "%PDF-1.4" : "%PDF-1.7"));
    EXPECT_THAT(*pdf, HasSubstr(GetParam() == PdfLevel::a1b ? "<pdfaid:part>1<" : "<pdfaid:part>2<"));
    EXPECT_EQ(pdf->find("/ObjStm") == std::string::npos, GetParam() == PdfLevel::a1b);
    QPDF read;
    read.processMemoryFile("made", pdf->data(), pdf->size());
    auto pages = QPDFPageDocumentHelper(read).getAllPages();
    ASSERT_EQ(pages.size(), 3U);
    auto box = pages[0].getObjectHandle().getKey("/MediaBox").getArrayAsRectangle();
    EXPECT_NEAR(box.urx, 612, 0.01);
    EXPECT_NEAR(box.ury, 792, 0.01);
    EXPECT_EQ(read.getTrailer().getKey("/Info").getKey("/Title").getUTF8Value(), info().title);
}
INSTANTIATE_TEST_SUITE_P(Both, Level, ::testing::Values(PdfLevel::a2b, PdfLevel::a1b));

TEST(Pdf, ImagesKeepTheirCodecAndResolution)
{
    auto pdf = pdf_of(info(), {page_of(sample::bilevel_page(2550, 3300), letter()),
                               page_of(sample::grey_page(850, 1100), letter(), 100),
                               page_of(sample::colour_page(500, 400), {}, 200, true)});
    ASSERT_TRUE(pdf);
    const TempFile file(*pdf);
    const Ran list = run("pdfimages -list " + file.path());
    EXPECT_TRUE(
        std::regex_search(list.output, std::regex(R"(1 +0 +image +2550 +3300 +gray +1 +1 +ccitt .* 300 +300 )")))
        << list.output;
    EXPECT_TRUE(std::regex_search(list.output, std::regex(R"(2 +1 +image +850 +1100 +gray +1 +8 +jpeg .* 100 +100 )")))
        << list.output;
    EXPECT_TRUE(std::regex_search(list.output, std::regex(R"(3 +2 +image +500 +400 +rgb +3 +8 +image .* 200 +200 )")))
        << list.output;
}

TEST(Pdf, EachPixelComesBack)
{
    const int width = 503;
    const int height = 300;
    for (const Image& image : {sample::grey_page(width, height), sample::colour_page(width, height)}) {
        auto pdf = pdf_of(info(), {page_of(image, {}, 72, true)});
        ASSERT_TRUE(pdf);
        const TempFile file(*pdf);
        ASSERT_EQ(run(fmt::format("pdfimages {0} {0}", file.path())).output, "");
        const std::string made = file.path() + "-000.ppm";  // grey comes as equal red, green and blue
        const std::string pixels = run("cat " + made).output;
        std::filesystem::remove(made);
        const std::string header = fmt::format("P6\n{} {}\n255\n", width, height);
        ASSERT_EQ(pixels.size(), header.size() + 3U * width * height);
        const bool colour = image.format() == PixelFormat::rgb24;
        for (int y = 0; y < height; ++y)
            for (int i = 0; i < 3 * width; ++i) {
                const char got = pixels[header.size() + static_cast<std::size_t>(3 * width * y + i)];
                ASSERT_EQ(static_cast<std::uint8_t>(got), image.row(y)[colour ? i : i / 3]) << i << ' ' << y;
            }
    }
}

TEST(Pdf, WhatIsBlackOnTheScanIsBlackWhenRendered)
{
    const int width = 500;
    const int height = 300;
    auto pdf = pdf_of(info(), {page_of(sample::bilevel_page(width, height), {}, 72)});
    ASSERT_TRUE(pdf);
    const TempFile file(*pdf);
    const std::string pixels = run("pdftoppm -gray -r 72 " + file.path()).output;
    const std::string header = fmt::format("P5\n{} {}\n255\n", width, height);
    ASSERT_EQ(pixels.size(), header.size() + static_cast<std::size_t>(width * height));
    const auto at = [&](int x, int y) {
        return static_cast<std::uint8_t>(pixels[header.size() + static_cast<std::size_t>(y * width + x)]);
    };
    for (int y = 1; y + 1 < height; ++y)
        for (int x = 1; x + 1 < width; ++x) {
            // Poppler blends neighbours; where a pixel's surroundings agree, the colour must be plain.
            const bool black = sample::black_at(x, y);
            bool plain = true;
            for (const int dy : {-1, 0, 1})
                for (const int dx : {-1, 0, 1}) plain = plain && sample::black_at(x + dx, y + dy) == black;
            if (plain) { ASSERT_NEAR(at(x, y), black ? 0 : 255, 2) << x << ' ' << y; }
        }
}

TEST(Pdf, TextIsFoundWhereItWasRead)
{
    const PageText text = letter();
    auto pdf = pdf_of(info(), {page_of(sample::bilevel_page(2550, 3300), text)});
    ASSERT_TRUE(pdf);
    const TempFile file(*pdf);
    const Ran out = run("pdftotext -bbox " + file.path() + " -");
    const std::regex word(
        R"re(<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">([^<]*)</word>)re");
    std::size_t i = 0;
    for (std::sregex_iterator it(out.output.begin(), out.output.end(), word), end; it != end; ++it, ++i) {
        ASSERT_LT(i, text.words.size());
        const Box& box = text.words[i].box;
        constexpr double kPointsAPx = 72.0 / 300;
        EXPECT_EQ((*it)[5].str(), text.words[i].text);
        EXPECT_NEAR(std::stod((*it)[1]), box.left_px * kPointsAPx, 1.5);
        EXPECT_NEAR(std::stod((*it)[2]), box.top_px * kPointsAPx, 1.5);
        EXPECT_NEAR(std::stod((*it)[3]), box.right_px * kPointsAPx, 1.5);
        EXPECT_NEAR(std::stod((*it)[4]), box.bottom_px * kPointsAPx, 1.5);
    }
    EXPECT_EQ(i, text.words.size());
}

TEST(Pdf, CopyingGivesTheWordsInOrder)
{
    // Real lines: words of unequal height, descenders, a rule read as a tall bar.
    PageText text = letter();
    for (std::size_t i = 0; i < text.words.size(); i += 2) text.words[i].box.top_px += 12;
    for (std::size_t i = 1; i < text.words.size(); i += 3) text.words[i].box.bottom_px += 9;
    auto pdf = pdf_of(info(), {page_of(sample::bilevel_page(2550, 3300), text)});
    ASSERT_TRUE(pdf);
    const TempFile file(*pdf);
    std::vector<std::string> want;
    for (const Word& word : text.words) want.push_back(word.text);
    EXPECT_EQ(words_in(run("pdftotext " + file.path() + " -").output), want);
    EXPECT_EQ(words_in(run("pdftotext -raw " + file.path() + " -").output), want);
}

TEST(Pdf, CarriesAnyCharacterAndDropsControls)
{
    const PageText text = sample::text_of({{"caf\xC3\xA9", "e\xEF\xAC\x81x", "\xF0\x9F\x98\x80", "<&>\"'()\\"},
                                           {"a\x01\x7F"
                                            "b",
                                            "\xCE\xBCg", "\xE4\xB8\xAD"}},
                                          100, 100, 45, 20);
    auto pdf = pdf_of(info(), {page_of(sample::bilevel_page(1275, 1650), text)});
    ASSERT_TRUE(pdf);
    const TempFile file(*pdf);
    EXPECT_THAT(words_in(run("pdftotext -raw " + file.path() + " -").output),
                ElementsAre("caf\xC3\xA9", "e\xEF\xAC\x81x", "\xF0\x9F\x98\x80", "<&>\"'()\\", "ab", "\xCE\xBCg",
                            "\xE4\xB8\xAD"));
}

TEST(Pdf, TextIsInvisible)
{
    const PageText text = sample::text_of({{"HEAVY", "TEXT"}}, 10, 10, 60, 40);
    auto with = pdf_of(info(), {page_of(sample::grey_page(425, 550), text, 100, true)});
    auto without = pdf_of(info(), {page_of(sample::grey_page(425, 550), {}, 100, true)});
    ASSERT_TRUE(with && without);
    const TempFile a(*with);
    const TempFile b(*without);
    EXPECT_EQ(run("pdftoppm -gray -r 100 " + a.path()).output, run("pdftoppm -gray -r 100 " + b.path()).output);
}

TEST(Pdf, TheSameInputGivesTheSameBytes)
{
    const auto make = [](const PdfInfo& about) {
        return pdf_of(about, {page_of(sample::bilevel_page(425, 550), letter(), 50)});
    };
    auto first = make(info());
    auto second = make(info());
    ASSERT_TRUE(first && second);
    EXPECT_EQ(*first, *second);
    PdfInfo other = info();
    other.document_id = "doc-2";
    auto third = make(other);
    ASSERT_TRUE(third);
    EXPECT_NE(*first, *third);
    EXPECT_THAT(*first, Not(HasSubstr("/CreationDate")));
    EXPECT_THAT(*first, Not(HasSubstr("doc-1")));
}

TEST(Pdf, PropertiesGoIntoInfoAndXmp)
{
    PdfInfo about = info(PdfLevel::a1b);
    about.properties = {{"DocumentType", "operative_report"}};
    auto pdf = pdf_of(about, {page_of(sample::bilevel_page(425, 550), {}, 50)});
    ASSERT_TRUE(pdf);
    EXPECT_THAT(*pdf, HasSubstr("<chartlift:DocumentType>operative_report</chartlift:DocumentType>"));
    EXPECT_THAT(*pdf, HasSubstr("/DocumentType (operative_report)"));
    EXPECT_THAT(*pdf, HasSubstr("<pdfaProperty:name>DocumentType</pdfaProperty:name>"));
    about.properties = {{"No Spaces", "x"}};
    const auto refused = pdf_of(about, {page_of(sample::bilevel_page(425, 550), {}, 50)});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, FaultKind::config);
}

TEST(Pdf, PassesPreflight)
{
    PdfInfo about = info(PdfLevel::a1b);
    about.properties = {{"DocumentType", "operative_report"}};
    auto pdf = pdf_of(about, {page_of(sample::bilevel_page(2550, 3300), letter()),
                              page_of(sample::colour_page(850, 1100), letter(), 100),
                              page_of(sample::grey_page(500, 400), {}, 200, true)});
    ASSERT_TRUE(pdf);
    const TempFile file(*pdf);
    const Ran preflight = run(std::string(CHARTLIFT_SOURCE_DIR) + "/scripts/validate_pdfa " + file.path());
    EXPECT_EQ(preflight.status, 0) << preflight.output;
}

TEST(Pdf, ALoadersFaultTravels)
{
    for (const int failing_call : {1, 4}) {  // in the first pass, and in the second
        int calls = 0;
        const PdfPage page = page_of(sample::bilevel_page(425, 550), letter(), 50);
        const auto done = write_pdf(
            info(), 3,
            [&](std::size_t) -> Result<PdfPage> {
                if (calls++ == failing_call) return Fault{FaultKind::corrupt, "archive", "page file is cut short"};
                return page;
            },
            [](std::string_view) -> Result<void> { return {}; }, StageContext{});
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error(), (Fault{FaultKind::corrupt, "archive", "page file is cut short"}));
    }
}

TEST(Pdf, ASinksFaultTravels)
{
    int pieces = 0;
    const PdfPage page = page_of(sample::grey_page(1700, 2200), letter(), 200, true);
    const auto done = write_pdf(
        info(), 5, [&](std::size_t) -> Result<PdfPage> { return page; },
        [&](std::string_view) -> Result<void> {
            if (++pieces == 2) return Fault{FaultKind::disk_full, "files", "no room left"};
            return {};
        },
        StageContext{});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().kind, FaultKind::disk_full);
    EXPECT_EQ(pieces, 2);
}

TEST(Pdf, StopsWhenAskedTo)
{
    std::stop_source stop;
    StageContext context;
    context.stop = stop.get_token();
    const PdfPage page = page_of(sample::bilevel_page(425, 550), letter(), 50);
    const auto done = write_pdf(
        info(), 10,
        [&](std::size_t i) -> Result<PdfPage> {
            if (i == 4) stop.request_stop();
            return page;
        },
        [](std::string_view) -> Result<void> { return {}; }, context);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().kind, FaultKind::cancelled);
}

TEST(Pdf, RefusesNothingAndNonsense)
{
    const auto none = pdf_of(info(), {});
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind, FaultKind::limit);
    PdfPage page = page_of(sample::bilevel_page(425, 550), {}, 50);
    page.image.dpi = Dpi{0};
    const auto no_dpi = pdf_of(info(), {page});
    ASSERT_FALSE(no_dpi);
    EXPECT_EQ(no_dpi.error().kind, FaultKind::limit);
}

TEST(Pdf, SheetsStayWithinWhatPdfAAllows)
{
    auto pdf = pdf_of(
        info(), {page_of(sample::bilevel_page(20'000, 40), {}, 10), page_of(sample::bilevel_page(10, 10), {}, 600)});
    ASSERT_TRUE(pdf);
    QPDF read;
    read.processMemoryFile("made", pdf->data(), pdf->size());
    for (auto& page : QPDFPageDocumentHelper(read).getAllPages()) {
        const auto box = page.getObjectHandle().getKey("/MediaBox").getArrayAsRectangle();
        EXPECT_LE(box.urx, 14'400);
        EXPECT_GE(box.urx, 3);
        EXPECT_GE(box.ury, 3);
    }
}

TEST(Pdf, LongDocumentsHoldOnePageAtATime)
{
    constexpr std::size_t kPages = 500;
    constexpr std::size_t kImage_bytes = 300'000;
    // All images together are 143 MiB; what may stay is a few kilobytes a page.
    [[maybe_unused]] constexpr long kAllowed_kib = 48 * 1024;
    const PdfPage sample = page_of(sample::bilevel_page(2550, 3300), letter());
    std::vector<std::size_t> order;
    std::size_t written = 0;
    rusage before{};
    getrusage(RUSAGE_SELF, &before);
    const auto done = write_pdf(
        info(), kPages,
        [&](std::size_t i) -> Result<PdfPage> {
            order.push_back(i);
            PdfPage page = sample;
            page.image.codec = ImageCodec::jpeg;  // never decoded here
            page.image.bytes.assign(kImage_bytes, static_cast<char>(i));
            return page;
        },
        [&](std::string_view bytes) -> Result<void> {
            written += bytes.size();
            return {};
        },
        StageContext{});
    ASSERT_TRUE(done) << done.error().message();
    rusage after{};
    getrusage(RUSAGE_SELF, &after);
#ifndef __SANITIZE_ADDRESS__  // which keeps freed memory on purpose
    EXPECT_LT(after.ru_maxrss - before.ru_maxrss, kAllowed_kib);
#endif
    EXPECT_GT(written, kPages * kImage_bytes);
    ASSERT_EQ(order.size(), 2 * kPages);
    for (std::size_t i = 0; i < order.size(); ++i) ASSERT_EQ(order[i], i % kPages);
}

}  // namespace
}  // namespace chartlift
