// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/training_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chartlift {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ParseCsv, ReadsQuotesCommasAndLineEnds)
{
    const auto rows = parse_csv("a,b\r\n\"x, \"\"y\"\"\nz\",2\n\n3,\n");
    ASSERT_TRUE(rows) << rows.error().message();
    EXPECT_THAT(*rows, ElementsAre(ElementsAre("a", "b"), ElementsAre("x, \"y\"\nz", "2"), ElementsAre("3", "")));
}

TEST(ParseCsv, KeepsACarriageReturnInsideQuotesOnly)
{
    const auto rows = parse_csv("a,\"b\r\"\r\nc,d\r");
    ASSERT_TRUE(rows);
    EXPECT_EQ(*rows, (std::vector<std::vector<std::string>>{{"a", "b\r"}, {"c", "d"}}));
}

TEST(ParseCsv, NamesTheLineOfARaggedRow)
{
    const auto ragged = parse_csv("a,b\n1,2\n1\n");
    ASSERT_FALSE(ragged);
    EXPECT_THAT(ragged.error().what, HasSubstr("line 3"));
    EXPECT_FALSE(parse_csv("a,b\n\"1,2\n"));
}

TEST(ReportLines, UndoesCommasThatWereLineEnds)
{
    EXPECT_THAT(report_lines("PLAN:,1.  Rest, fluids.,2.  Return in 1,000 hours.,EXAM: , Normal"),
                ElementsAre("PLAN:", "1.  Rest, fluids.", "2.  Return in 1,000 hours.", "EXAM:", "Normal"));
    EXPECT_THAT(report_lines("one\ntwo, three"), ElementsAre("one", "two, three"));
}

DocTypes note_type()
{
    DocTypes types;
    types.types.push_back({"note", "Note", "", {"Progress Note"}, false});
    return types;
}

TEST(ChartPages, PrintsEachReportHeadedAndUnheaded)
{
    std::string report = "SUBJECTIVE:";
    for (int i = 0; i < 900; ++i) report += " better";
    Random random(3);
    const auto pages = chart_pages(report, "note", note_type(), random);
    int titled = 0;
    for (const LabelledPage& page : pages) {
        EXPECT_EQ(page.type, "note");
        titled += page.titled ? 1 : 0;
        EXPECT_LE(text_lines(page.page).size(), 75U);
    }
    EXPECT_GE(pages.size(), 4U);
    EXPECT_EQ(titled, 1);
    Random same(3);
    EXPECT_EQ(chart_pages(report, "note", note_type(), same)[0].page.text.plain(), pages[0].page.text.plain());
}

TEST(ReadyPage, ComesAgainWithoutItsTitle)
{
    Random random(1);
    const auto pages = ready_page("A Clinic\nPROGRESS NOTE\nshe is well", "note", true, note_type(), random);
    ASSERT_EQ(pages.size(), 2U);
    EXPECT_TRUE(pages[0].titled);
    EXPECT_FALSE(pages[1].titled);
    EXPECT_EQ(text_lines(pages[1].page).size() + 1, text_lines(pages[0].page).size());
    EXPECT_EQ(ready_page("she is well", "note", false, note_type(), random).size(), 1U);
}

}  // namespace
}  // namespace chartlift
