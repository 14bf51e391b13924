// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "core/date.h"
#include "core/document.h"
#include "core/fault.h"
#include "core/geometry.h"
#include "core/image.h"
#include "core/text.h"

namespace chartlift {
namespace {

TEST(Fault, SaysWhereKindAndWhat)
{
    const Fault fault{FaultKind::limit, "decode", "page is 9 x 9 px; limits.max_pixels is 80"};
    EXPECT_EQ(fault.message(), "decode: limit: page is 9 x 9 px; limits.max_pixels is 80");
}

TEST(Fault, KindsSurviveTheirNames)
{
    for (int i = 0; i <= static_cast<int>(FaultKind::internal); ++i) {
        const auto kind = static_cast<FaultKind>(i);
        EXPECT_EQ(fault_kind_from(to_string(kind)), kind) << i;
    }
    EXPECT_FALSE(fault_kind_from("nonsense"));
}

TEST(Result, HoldsEitherTheValueOrTheFault)
{
    const Result<int> good = 7;
    ASSERT_TRUE(good);
    EXPECT_EQ(*good, 7);
    const Result<int> bad = Fault{FaultKind::io, "x", "y"};
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().kind, FaultKind::io);
}

TEST(Date, ReadsOnlyRealDays)
{
    EXPECT_EQ(to_iso(*date_from_iso("1985-12-09")), "1985-12-09");
    EXPECT_FALSE(date_from_iso("1985-02-29"));
    EXPECT_TRUE(date_from_iso("1984-02-29"));
    EXPECT_FALSE(date_from_iso("1985-1-09"));
    EXPECT_FALSE(date_from_iso("1985-+1-09"));
}

TEST(Affine, InverseUndoesTheMap)
{
    const Affine turn{0, -1, 100, 1, 0, 0};
    const Point there = turn({3, 4});
    const Point back = turn.inverse()(there);
    EXPECT_NEAR(back.x, 3, 1e-9);
    EXPECT_NEAR(back.y, 4, 1e-9);
    EXPECT_EQ(mapped(turn, Box{0, 0, 10, 20}), (Box{80, 0, 100, 10}));
}

TEST(Affine, AfterAppliesTheFirstMapFirst)
{
    const Affine shift{1, 0, 5, 0, 1, 0};
    const Affine twice{2, 0, 0, 0, 2, 0};
    EXPECT_DOUBLE_EQ(twice.after(shift)({1, 1}).x, 12);
    EXPECT_DOUBLE_EQ(shift.after(twice)({1, 1}).x, 7);
}

TEST(PageText, PlainKeepsLinesAndBlocks)
{
    PageText text;
    text.words = {{"a", {}, 1, 0, 0}, {"b", {}, 1, 0, 0}, {"c", {}, 1, 1, 0}, {"d", {}, 1, 2, 1}};
    EXPECT_EQ(text.plain(), "a b\nc\n\nd\n");
    EXPECT_EQ(lines_of(text.words).size(), 3U);
}

TEST(Image, RowBytesRoundUpForBilevel)
{
    EXPECT_EQ(row_bytes(PixelFormat::bilevel, 9), 2U);
    EXPECT_EQ(row_bytes(PixelFormat::gray8, 9), 9U);
    EXPECT_EQ(row_bytes(PixelFormat::rgb24, 9), 27U);
}

TEST(Names, FieldAndStateNamesSurviveTheirText)
{
    for (int i = 0; i < kFieldKinds; ++i) {
        const auto kind = static_cast<FieldKind>(i);
        EXPECT_EQ(field_kind_from(to_string(kind)), kind);
    }
    for (const auto state : {PageState::content, PageState::blank, PageState::separator, PageState::faulted})
        EXPECT_EQ(page_state_from(to_string(state)), state);
}

}  // namespace
}  // namespace chartlift
