// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/ocr/visible_text.h"

#include <gtest/gtest.h>

namespace chartlift::ocr {
namespace {

std::vector<Word> two_lines()
{
    // given out of order, as a PDF may draw them
    return {{"second", {10, 60, 80, 80}, 0, 0, 0},    {"report", {100, 12, 180, 32}, 0, 0, 0},
            {"Discharge", {10, 10, 90, 30}, 0, 0, 0}, {"line", {90, 61, 130, 81}, 0, 0, 0},
            {"stands", {140, 60, 190, 80}, 0, 0, 0},  {"here", {200, 60, 240, 80}, 0, 0, 0}};
}

PageText read_as(const std::vector<std::string>& texts, float confidence)
{
    PageText text = text_from_words(two_lines());
    for (std::size_t i = 0; i < text.words.size(); ++i) {
        text.words[i].text = texts[i];
        text.words[i].confidence = confidence;
    }
    text.mean_confidence = confidence;
    return text;
}

TEST(VisibleText, IsPutIntoReadingOrder)
{
    const PageText text = text_from_words(two_lines());
    EXPECT_EQ(text.plain(), "Discharge report\n\nsecond line stands here\n");
    EXPECT_FLOAT_EQ(text.mean_confidence, 1.0F);
}

TEST(VisibleText, ReplacesOcrThatAgreesButSlips)
{
    const PageText read = read_as({"Discharge", "rep0rt", "second", "line", "stands", "here"}, 0.9F);
    EXPECT_EQ(better_text(read, two_lines(), 0.55F).words[1].text, "report");
}

TEST(VisibleText, ReplacesOcrThatReadPoorly)
{
    const PageText read = read_as({"xx", "yy", "zz", "qq", "ww", "vv"}, 0.3F);
    EXPECT_EQ(better_text(read, two_lines(), 0.55F).words[0].text, "Discharge");
}

TEST(VisibleText, OfAStampDoesNotReplaceThePage)
{
    PageText read = read_as({"Discharge", "report", "second", "line", "stands", "here"}, 0.9F);
    const std::vector<Word> stamp{{"Scanned-2019-01-01-by-station-7", {500, 500, 900, 520}, 0, 0, 0}};
    EXPECT_EQ(better_text(read, stamp, 0.55F).words, read.words);
}

TEST(VisibleText, OfABrokenEncodingIsNotBelieved)
{
    const PageText read = read_as({"xx", "yy", "zz", "qq", "ww", "vv"}, 0.3F);
    auto broken = two_lines();
    for (Word& word : broken) word.text = "\x01\x02\x03#%";
    EXPECT_EQ(better_text(read, broken, 0.55F).words, read.words);
}

}  // namespace
}  // namespace chartlift::ocr
