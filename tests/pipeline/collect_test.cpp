// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/collect.h"

#include <gtest/gtest.h>

namespace chartlift::pipeline {
namespace {

PageRecord record_of(PageIndex page)
{
    PageRecord record;
    record.page = page;
    return record;
}

class CollectorTest : public testing::Test {
protected:
    PageTicket ticket(PageIndex page) const { return {batch_, page}; }
    std::shared_ptr<const BatchJob> batch_ = std::make_shared<const BatchJob>(
        "b1", "x.tif", std::vector<SourceFile>{{"x.tif", {}, "s", 1, 0, 3, std::nullopt}});
    Collector collector_;
};

TEST_F(CollectorTest, GivesTheBatchInScanOrderOnceEveryPageArrived)
{
    EXPECT_FALSE(collector_.take(ticket(2), record_of(2)));
    EXPECT_FALSE(collector_.take(ticket(0), record_of(0)));
    const auto work = collector_.take(ticket(1), record_of(1));
    ASSERT_TRUE(work);
    for (PageIndex page = 0; page < 3; ++page) EXPECT_EQ(work->pages.at(page).page, page);
}

TEST_F(CollectorTest, APageThatArrivesTwiceCountsOnce)
{
    EXPECT_FALSE(collector_.take(ticket(0), record_of(0)));
    EXPECT_FALSE(collector_.take(ticket(0), record_of(0)));
    EXPECT_FALSE(collector_.take(ticket(1), record_of(1)));
    EXPECT_TRUE(collector_.take(ticket(2), record_of(2)));
}

TEST_F(CollectorTest, ABatchWithADroppedPageIsForgottenNotGiven)
{
    EXPECT_FALSE(collector_.take(ticket(0), record_of(0)));
    EXPECT_FALSE(collector_.take(ticket(1), std::nullopt));
    EXPECT_FALSE(collector_.take(ticket(2), record_of(2)));
    EXPECT_FALSE(collector_.take(ticket(0), record_of(0))) << "begun anew";
}

}  // namespace
}  // namespace chartlift::pipeline
