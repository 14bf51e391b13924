// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/classify/title_lexicon.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace chartlift {
namespace {

DocTypes two_types()
{
    DocTypes types;
    types.types.push_back({"history", "History", "", {"History & Physical", "H&P"}, false});
    types.types.push_back({"operation", "Operation", "", {"Operative Report", "Surgeon's Report", "Operation"}, false});
    return types;
}

std::vector<TitleHit> hits(const std::string& line)
{
    const std::vector<std::string> lines{line};
    return TitleLexicon(two_types()).find(lines);
}

TEST(FoldedWords, ForgetsCaseAndMarks)
{
    EXPECT_EQ(folded_words("  Surgeon's  Report: "), "SURGEONS REPORT");
    EXPECT_EQ(folded_words("Surgeon\xE2\x80\x99s Report"), "SURGEONS REPORT");
    EXPECT_EQ(folded_words("H&P"), "H AND P");
    EXPECT_EQ(folded_words("X-Ray/CT"), "X RAY CT");
    EXPECT_EQ(folded_words("--"), "");
}

TEST(TitleLexicon, FindsAWholeLine)
{
    const auto found = hits("HISTORY AND PHYSICAL");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].type, 0U);
    EXPECT_EQ(found[0].match, TitleMatch::whole);
}

TEST(TitleLexicon, ForgivesAFewWrongLetters)
{
    const auto found = hits("0perative Rep0rt");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].type, 1U);
    EXPECT_EQ(found[0].match, TitleMatch::close);
    EXPECT_TRUE(hits("Corrective Resort").empty());
}

TEST(TitleLexicon, FindsATitleInsideAShortLineOnly)
{
    const auto found = hits("Mercy Hospital Operative Report (final)");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].match, TitleMatch::within);
    EXPECT_TRUE(
        hits("The operative report of the outside hospital was reviewed with the patient and with her son today")
            .empty());
    EXPECT_TRUE(hits("cooperative reporting").empty());
}

TEST(TitleLexicon, OneWordBeforeAColonIsASection)
{
    ASSERT_EQ(hits("OPERATION").size(), 1U);
    EXPECT_EQ(hits("OPERATION")[0].match, TitleMatch::single);
    EXPECT_TRUE(hits("OPERATION:").empty());
    EXPECT_EQ(hits("OPERATIVE REPORT:").size(), 1U);
}

TEST(TitleLexicon, LooksAtTheTopOnly)
{
    std::vector<std::string> lines(kTopLines, "nothing of note");
    lines.push_back("OPERATIVE REPORT");
    EXPECT_TRUE(TitleLexicon(two_types()).find(lines).empty());
    lines[kTopLines - 1] = "OPERATIVE REPORT";
    EXPECT_EQ(TitleLexicon(two_types()).find(lines).size(), 1U);
}

}  // namespace
}  // namespace chartlift
