// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/progress.h"

#include <gtest/gtest.h>

namespace chartlift::pipeline {
namespace {

TEST(Progress, SaysPagesRateTimeLeftReviewAndFaults)
{
    ProgressCounts counts;
    counts.pages_known = 100;
    counts.all_known = true;
    counts.pages_done = 20;
    counts.held = 3;
    counts.faulted = 1;
    EXPECT_EQ(progress_line(counts, std::chrono::seconds(10)),
              "20/100 pages  2.0 pages/s  0:40 left  3 for review  1 faults");
}

TEST(Progress, PagesOfAnEarlierRunDoNotFlatterTheRate)
{
    ProgressCounts counts;
    counts.pages_known = 100;
    counts.all_known = true;
    counts.pages_done = 60;
    counts.pages_resumed = 50;
    EXPECT_EQ(progress_line(counts, std::chrono::seconds(10)),
              "60/100 pages  1.0 pages/s  0:40 left  0 for review  0 faults");
}

TEST(Progress, DoesNotPromiseATimeBeforeAllInputsAreKnown)
{
    ProgressCounts counts;
    counts.pages_known = 10;
    counts.pages_done = 5;
    EXPECT_EQ(progress_line(counts, std::chrono::seconds(5)),
              "5/10+ pages  1.0 pages/s  ?:?? left  0 for review  0 faults");
    EXPECT_NE(progress_line(ProgressCounts{}, std::chrono::seconds(0)).find("0/0+"), std::string::npos);
}

}  // namespace
}  // namespace chartlift::pipeline
