// SPDX-License-Identifier: GPL-3.0-or-later
// The whole run over real stages and real files, with a full disk, a failing step or a broken input put in its way.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <opencv2/imgproc.hpp>

#include "pipeline/runner.h"
#include "stages/adapters/leptonica.h"
#include "stages/adapters/opencv.h"
#include "tests/support/failing_files.h"
#include "tests/support/temporary_folder.h"

namespace chartlift::pipeline {
namespace {

using test::read_all;
using test::TemporaryFolder;

/// A letter page at 100 dpi with a few lines of text; small, since each test recognises several.
void write_page(const std::filesystem::path& path, const std::vector<std::string>& lines)
{
    cv::Mat page(1100, 850, CV_8UC1, cv::Scalar(255));
    int y = 120;
    for (const std::string& line : lines) {
        cv::putText(page, line, {80, y}, cv::FONT_HERSHEY_SIMPLEX, 0.7, cv::Scalar(0), 2, cv::LINE_AA);
        y += 40;
    }
    const auto pix = adapters::to_pix(adapters::from_mat(page));
    ASSERT_TRUE(pix);
    std::filesystem::create_directories(path.parent_path());
    ASSERT_EQ(pixWrite(path.c_str(), pix->get(), IFF_PNG), 0);
}

class RunTest : public ::testing::Test {
protected:
    void SetUp() override
    {
        write_page(folder_.path() / "in/page1.png",
                   {"Mercy General Hospital", "DISCHARGE SUMMARY", "Patient Name: Doe, Jane", "MRN: 4830055",
                    "The patient was admitted with chest pain."});
        write_page(folder_.path() / "in/page2.png", {"OPERATIVE REPORT", "Patient Name: Roe, Richard", "MRN: 7712345",
                                                     "The patient was brought to the operating room."});
        options_.inputs = {folder_.path() / "in"};
        options_.out = folder_.path() / "out";
        options_.config.threads = 2;
    }

    RunOutcome go(const RunHooks& hooks = {})
    {
        Progress progress(ProgressStyle::silent);
        return run(options_, progress, hooks);
    }
    std::string listing(const char* name) const { return read_all(options_.out / name); }

    TemporaryFolder folder_;
    RunOptions options_;
};

TEST_F(RunTest, EveryPageEndsInOneStateAndEveryFileIsThere)
{
    folder_.file("in/page3.jpg", "this is no picture");
    const RunOutcome outcome = go();
    ASSERT_FALSE(outcome.fatal) << outcome.fatal->message();
    EXPECT_EQ(exit_code_of(outcome), ExitCode::some_faulted);
    EXPECT_EQ(outcome.summary.pages.total, 3);
    EXPECT_EQ(outcome.summary.pages.faulted, 1);
    EXPECT_EQ(outcome.summary.pages.held + outcome.summary.pages.filed, 2);
    EXPECT_GT(outcome.summary.reasons.at("patient.no_index"), 0) << "without an index every document is held for it";
    for (const char* name : {"pages.jsonl", "manifest.jsonl", "catalog.sqlite", "report.html"})
        EXPECT_TRUE(std::filesystem::exists(options_.out / name)) << name;
    EXPECT_NE(listing("pages.jsonl").find("\"state\":\"faulted\""), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(options_.out / "spool") && !std::filesystem::is_empty(options_.out / "spool"))
        << "the journal of a recorded batch is removed";
}

TEST_F(RunTest, RunningAgainRepeatsNothingAndChangesNothing)
{
    ASSERT_FALSE(go().fatal);
    const std::string pages = listing("pages.jsonl");
    const std::string manifest = listing("manifest.jsonl");
    RunHooks hooks;
    hooks.change_steps = [](Steps& steps) {
        steps.decode = [](const PageTicket&, const StageContext&) -> Result<DecodedPage> {
            ADD_FAILURE() << "a page was decoded again";
            return DecodedPage{};
        };
    };
    const RunOutcome again = go(hooks);
    EXPECT_FALSE(again.fatal);
    EXPECT_EQ(again.batches_before, 1);
    EXPECT_EQ(again.done_now.total, 0);
    EXPECT_EQ(listing("pages.jsonl"), pages);
    EXPECT_EQ(listing("manifest.jsonl"), manifest);
}

TEST_F(RunTest, TheSameContentUnderAnotherNameIsADuplicate)
{
    std::filesystem::copy(folder_.path() / "in", folder_.path() / "copy");
    options_.inputs.push_back(folder_.path() / "copy");
    const RunOutcome outcome = go();
    EXPECT_FALSE(outcome.fatal);
    EXPECT_EQ(outcome.duplicates, 1);
    EXPECT_EQ(outcome.summary.duplicates, 1);
    EXPECT_EQ(outcome.summary.pages.total, 2);
}

TEST_F(RunTest, AFailingStepIsOnePagesFaultAndTheOtherPageGoesThrough)
{
    RunHooks hooks;
    hooks.change_steps = [](Steps& steps) {
        steps.read = [real = steps.read, calls = std::make_shared<std::atomic<int>>(0)](
                         const Upright& page, const StageContext& context) -> Result<PageReading> {
            if (++*calls == 1) return Fault{FaultKind::timeout, "ocr", "page took longer than limits.page_timeout_s"};
            return real(page, context);
        };
    };
    const RunOutcome outcome = go(hooks);
    EXPECT_EQ(exit_code_of(outcome), ExitCode::some_faulted);
    EXPECT_EQ(outcome.summary.pages.faulted, 1);
    EXPECT_EQ(outcome.summary.faults.at("timeout"), 1);
    EXPECT_EQ(outcome.summary.pages.total, 2);
}

TEST_F(RunTest, AFullDiskStopsWithExit5AndTheNextRunFinishes)
{
    RunOptions whole = options_;
    whole.out = folder_.path() / "whole";
    {
        Progress progress(ProgressStyle::silent);
        ASSERT_FALSE(run(whole, progress).fatal);
    }
    // The disk runs full while archiving, while saving pages, while writing documents, and while writing the listings.
    for (const std::int64_t operations : {3, 12, 20, 28, 40, 52}) {
        std::filesystem::remove_all(options_.out);
        test::FailingFiles files;
        files.operations_left = operations;
        RunHooks hooks;
        hooks.files = &files;
        const RunOutcome full = go(hooks);
        ASSERT_TRUE(full.fatal) << operations;
        EXPECT_EQ(full.fatal->kind, FaultKind::disk_full) << full.fatal->message();
        EXPECT_EQ(exit_code_of(full), ExitCode::store_unavailable);
        const RunOutcome resumed = go();
        ASSERT_FALSE(resumed.fatal) << resumed.fatal->message();
        EXPECT_EQ(listing("pages.jsonl"), read_all(whole.out / "pages.jsonl")) << operations;
        EXPECT_EQ(listing("manifest.jsonl"), read_all(whole.out / "manifest.jsonl")) << operations;
    }
}

TEST_F(RunTest, AStopIsResumedWithoutRepeatingPages)
{
    std::stop_source stop;
    options_.stop = stop.get_token();
    options_.config.threads = 1;
    options_.config.pages_in_flight = 1;
    RunHooks hooks;
    hooks.change_steps = [&](Steps& steps) {
        steps.save = [&, real = steps.save](const PageInsight& page, const PageTicket& ticket) {
            stop.request_stop();
            return real(page, ticket);
        };
    };
    const RunOutcome stopped = go(hooks);
    EXPECT_TRUE(stopped.interrupted);
    EXPECT_EQ(exit_code_of(stopped), ExitCode::interrupted);
    EXPECT_EQ(stopped.summary.pages.total, 0);
    options_.stop = {};
    int decoded = 0;
    hooks.change_steps = [&](Steps& steps) {
        steps.decode = [&, real = steps.decode](const PageTicket& ticket, const StageContext& context) {
            ++decoded;
            return real(ticket, context);
        };
    };
    const RunOutcome resumed = go(hooks);
    EXPECT_EQ(decoded, 1) << "the page saved before the stop is not done again";
    EXPECT_EQ(resumed.summary.pages.total, 2);
}

TEST_F(RunTest, NothingToDoIsSaid)
{
    options_.inputs = {folder_.file("other/readme.txt", "hello").parent_path()};
    const RunOutcome outcome = go();
    EXPECT_EQ(exit_code_of(outcome), ExitCode::nothing_done);
    EXPECT_EQ(outcome.ignored.size(), 1U);
}

TEST_F(RunTest, ASecondRunOnTheSameOutIsRefused)
{
    std::filesystem::create_directories(options_.out);
    const int lock = ::open((options_.out / ".lock").c_str(), O_RDWR | O_CREAT, 0600);
    ASSERT_EQ(::flock(lock, LOCK_EX), 0);
    const RunOutcome outcome = go();
    ::close(lock);
    ASSERT_TRUE(outcome.fatal);
    EXPECT_EQ(exit_code_of(outcome), ExitCode::store_unavailable);
    EXPECT_NE(outcome.fatal->what.find("another chartlift"), std::string::npos);
}

TEST_F(RunTest, ADamagedCatalogIsExit5AndIsLeftAlone)
{
    folder_.file("out/catalog.sqlite", std::string(4096, 'x'));
    const RunOutcome outcome = go();
    ASSERT_TRUE(outcome.fatal);
    EXPECT_EQ(exit_code_of(outcome), ExitCode::store_unavailable);
    EXPECT_EQ(listing("catalog.sqlite"), std::string(4096, 'x'));
}

}  // namespace
}  // namespace chartlift::pipeline
