// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/assemble/cues.h"

#include <gtest/gtest.h>

#include <sstream>

namespace chartlift {
namespace {

constexpr int kWidth_px = 1700;
constexpr int kHeight_px = 2200;

std::shared_ptr<const DocTypes> some_types()
{
    auto types = std::make_shared<DocTypes>();
    types->types = {{"consultation_note", "", "", {"Consultation", "Consult"}, false},
                    {"discharge_summary", "", "", {"Discharge Summary"}, false},
                    {"history_and_physical", "", "", {"History and Physical", "History & Physical"}, false}};
    types->labels = {{FieldKind::mrn, {"MRN", "Medical Record No."}, {}},
                     {FieldKind::first_name, {"Patient Name"}, {}}};
    types->facility_words = {"Hospital", "Clinic", "Medical Center"};
    return types;
}

/// Lines below each other; a line is text, letter height, top, left.
struct Row {
    std::string text;
    int top_px;
    int height_px = 24;
    int left_px = 200;
};

PageText page_of(const std::vector<Row>& rows)
{
    PageText text;
    std::uint32_t line = 0;
    for (const Row& row : rows) {
        std::istringstream in(row.text);
        std::string word;
        int x = row.left_px;
        while (in >> word) {
            const int width = static_cast<int>(word.size()) * row.height_px / 2;
            text.words.push_back({word, {x, row.top_px, x + width, row.top_px + row.height_px}, 0.95F, line, 0});
            x += width + row.height_px / 2;
        }
        ++line;
    }
    return text;
}

PageCues read(std::vector<Row> rows)
{
    // enough body text that its letters set the scale
    for (int i = 0; i < 12; ++i)
        rows.push_back({"The patient tolerated the procedure well and was discharged home", 900 + 40 * i});
    return ReadCues(some_types()).run(page_of(rows), kWidth_px, kHeight_px);
}

TEST(Cues, FindsTitleAndLetterheadInSpiteOfOcrSlips)
{
    const PageCues cues =
        read({{"Riverbend Communlty Clinic", 100, 36, 550}, {"D1SCHARGE SUMMARV", 170, 34, 600}, {"MRN 123456", 240}});
    EXPECT_EQ(cues.title_type, "discharge_summary");
    EXPECT_EQ(cues.letterhead, "riverbendcommunltyclinic");
}

TEST(Cues, SectionHeadingsAreNotTitles)
{
    EXPECT_EQ(read({{"CONSULTATION:", 300}}).title, "");
    EXPECT_EQ(read({{"The consultation was long and the history and physical short", 300}}).title, "");
    EXPECT_EQ(read({{"CONSULTATION", 1500, 34, 650}}).title, "") << "too far down the page";
}

TEST(Cues, TitleMayShareItsLine)
{
    EXPECT_EQ(read({{"HISTORY & PHYSICAL - 2 West", 120, 34, 500}}).title_type, "history_and_physical");
}

TEST(Cues, ProseAboutAHospitalIsNoLetterhead)
{
    EXPECT_EQ(read({{"he was then taken to the hospital by his wife who", 120}}).letterhead, "");
}

struct NumberCase {
    const char* text;
    int number;  ///< 0: none
    int total;   ///< 0: none
};

class PageNumbers : public testing::TestWithParam<NumberCase> {};

TEST_P(PageNumbers, AreReadAtTheFoot)
{
    const PageCues cues = read({{GetParam().text, 2100, 20, 800}});
    EXPECT_EQ(cues.page_number.value_or(0), GetParam().number);
    EXPECT_EQ(cues.page_total.value_or(0), GetParam().total);
}

INSTANTIATE_TEST_SUITE_P(Wordings, PageNumbers,
                         testing::Values(NumberCase{"Page 1 of 2", 1, 2}, NumberCase{"Page lof 2", 1, 2},
                                         NumberCase{"PAGE: 3", 3, 0}, NumberCase{"Pg. 2/4", 2, 4},
                                         NumberCase{"1/2", 1, 2}, NumberCase{"2 of 3", 2, 3}, NumberCase{"- 1 -", 1, 0},
                                         NumberCase{"-2-", 2, 0}, NumberCase{"3", 3, 0},
                                         NumberCase{"Page 3 of 2", 0, 0}, NumberCase{"01/02/2003", 0, 0},
                                         NumberCase{"Form 1144 Rev 2", 0, 0}));

TEST(Cues, PageNumbersInTheTextAreNotThePages)
{
    EXPECT_FALSE(read({{"see page 3 of 9 of the old chart", 700}}).page_number);
}

TEST(Cues, LettersOpenAndClose)
{
    EXPECT_TRUE(read({{"Dear Dr. Smith:", 500}}).opens_like_letter);
    EXPECT_TRUE(read({{"Electronically signed by A. Jones", 1700}}).ends_with_signature);
    EXPECT_TRUE(read({{"A. B. Jones, M.D.", 1700}}).ends_with_signature);
    EXPECT_FALSE(
        read({{"He was seen by A. Jones, M.D. in the past for this same problem here", 1700}}).ends_with_signature);
}

TEST(Cues, AFirstLineInMidSentenceContinues)
{
    EXPECT_TRUE(
        read({{"MRN 123456", 100}, {"removed from the field and the wound was closed", 300}}).first_line_continues);
    EXPECT_FALSE(read({{"MRN 123456", 100}, {"The wound was closed in layers and dressed", 300}}).first_line_continues);
}

TEST(Cues, AnEmptyPageHasNone)
{
    EXPECT_EQ(ReadCues(some_types()).run({}, kWidth_px, kHeight_px), PageCues{});
}

}  // namespace
}  // namespace chartlift
