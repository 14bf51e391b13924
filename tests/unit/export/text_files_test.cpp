// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/export/text_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/export/sample_pages.h"

namespace chartlift {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

int count(const std::string& text, const std::string& what)
{
    int found = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
    return found;
}

TEST(Hocr, NamesEachWordWithItsBoxAndConfidence)
{
    PageText text = sample::text_of({{"Dear", "Colleague,"}, {"Thank", "you"}}, 100, 200, 40, 20);
    text.words[3].confidence = 0.456F;
    text.words[2].block = text.words[3].block = 1;
    const std::string hocr = to_hocr(text, 2550, 3300, Dpi{300}, "page 1");
    EXPECT_THAT(
        hocr, HasSubstr("class=\"ocr_page\" id=\"page_1\" title=\"bbox 0 0 2550 3300; ppageno 0; scan_res 300 300\""));
    EXPECT_THAT(hocr, HasSubstr("title=\"bbox 100 200 180 240; x_wconf 90\">Dear</span>"));
    EXPECT_THAT(hocr, HasSubstr("x_wconf 46\">you</span>"));
    EXPECT_EQ(count(hocr, "ocr_carea\" id"), 2);
    EXPECT_EQ(count(hocr, "class=\"ocr_line\""), 2);
    EXPECT_EQ(count(hocr, "class=\"ocrx_word\""), 4);
    EXPECT_THAT(hocr, HasSubstr("id=\"line_1_2\" title=\"bbox 100 280 300 320\""));
}

TEST(Hocr, EscapesWhatXmlReservesAndDropsWhatItForbids)
{
    const PageText text = sample::text_of({{"<b>&", "\x01g\"\x7Fx", "caf\xC3\xA9", "\xFF"}}, 0, 0, 10, 5);
    const std::string hocr = to_hocr(text, 100, 100, Dpi{300}, "R&D <1>");
    EXPECT_THAT(hocr, HasSubstr("<title>R&amp;D &lt;1&gt;</title>"));
    EXPECT_THAT(hocr, HasSubstr(">&lt;b&gt;&amp;</span>"));
    EXPECT_THAT(hocr, HasSubstr(">g&quot;x</span>"));
    EXPECT_THAT(hocr, HasSubstr(">caf\xC3\xA9</span>"));
    EXPECT_THAT(hocr, HasSubstr(">\xEF\xBF\xBD</span>"));
    EXPECT_THAT(hocr, Not(HasSubstr("\x01")));
}

TEST(Hocr, APageWithoutWordsIsStillAPage)
{
    const std::string hocr = to_hocr(PageText{}, 10, 20, Dpi{300}, "blank");
    EXPECT_THAT(hocr, HasSubstr("bbox 0 0 10 20"));
    EXPECT_THAT(hocr, Not(HasSubstr("ocr_carea\" id")));
}

}  // namespace
}  // namespace chartlift
