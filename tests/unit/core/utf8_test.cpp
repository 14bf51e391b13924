// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/utf8.h"

#include <gtest/gtest.h>

namespace chartlift {
namespace {

TEST(Utf8, ReadsEveryLength)
{
    const std::string text = "a\xC3\xBC\xE2\x82\xAC\xF0\x9F\x99\x82";
    std::u32string codes;
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint next = code_point_at(text, at);
        EXPECT_TRUE(next.well_formed);
        codes += next.code;
        at += next.bytes;
    }
    EXPECT_EQ(codes, U"a\u00FC\u20AC\U0001F642");
    EXPECT_TRUE(is_utf8(text));
}

TEST(Utf8, RefusesWhatRfc3629DoesNotAllow)
{
    for (const char* malformed : {"\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                                  "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xFF", "\xE2\x82", "\xC3"})
        EXPECT_FALSE(is_utf8(malformed)) << malformed;
}

TEST(Utf8, RepairsByteByByteAndLeavesTheRest)
{
    EXPECT_EQ(repaired_utf8("a\xFF\xE2\x82z"), "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz");
    EXPECT_EQ(repaired_utf8("\xC3\xBC"), "\xC3\xBC");
    EXPECT_EQ(repaired_utf8(""), "");
}

}  // namespace
}  // namespace chartlift
