// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/shown_name.h"

#include <gtest/gtest.h>

namespace chartlift {
namespace {

TEST(ShownName, LeavesPrintableTextAsItIs)
{
    EXPECT_EQ(shown_name("ward 3 - Müller, 診療録.tif"), "ward 3 - Müller, 診療録.tif");
}

TEST(ShownName, WritesWhatATerminalOrJsonCannotTakeByItsBytes)
{
    EXPECT_EQ(shown_name("a\nb\x1b[31m.tif"), "a\\x0ab\\x1b[31m.tif");
    EXPECT_EQ(shown_name("caf\xe9.tif"), "caf\\xe9.tif");
    EXPECT_EQ(shown_name("\xc0\xaf"), "\\xc0\\xaf") << "longer than it need be";
    EXPECT_EQ(shown_name("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "half of a surrogate pair";
    EXPECT_EQ(shown_name("\xe2\x82"), "\\xe2\\x82") << "cut off";
    EXPECT_EQ(shown_name("x\xe2\x80\xae"
                         "fit.exe"),
              "x\\xe2\\x80\\xae"
              "fit.exe")
        << "turned to the left";
}

TEST(ShownName, KeepsDifferentNamesDifferent)
{
    EXPECT_NE(shown_name("\\x41"), shown_name("A"));
    EXPECT_EQ(shown_name("\\"), "\\x5c");
}

}  // namespace
}  // namespace chartlift
