// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <ctime>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

namespace chartlift::service {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// The value of a series, as "name{labels} value" stands in the text; NaN if it is not there.
double value_of(const std::string& text, const std::string& series)
{
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (line.rfind(series + " ", 0) == 0) return std::stod(line.substr(series.size()));
    return std::nan("");
}

TEST(Metrics, WhatIsKnownAtTheStartStandsAtZero)
{
    const std::string text = Metrics("1.2.3").text();
    EXPECT_EQ(value_of(text, R"(chartlift_pages_total{state="content"})"), 0);
    EXPECT_EQ(value_of(text, R"(chartlift_faults_total{kind="disk_full"})"), 0);
    EXPECT_EQ(value_of(text, R"(chartlift_documents_total{route="held"})"), 0);
    EXPECT_EQ(value_of(text, R"(chartlift_stage_seconds_count{stage="ocr_and_barcodes"})"), 0);
    EXPECT_EQ(value_of(text, R"(chartlift_state{state="starting"})"), 1);
    EXPECT_EQ(value_of(text, R"(chartlift_build_info{version="1.2.3"})"), 1);
}

TEST(Metrics, CountsWhatHappens)
{
    Metrics metrics("1");
    metrics.page_done(PageState::content);
    metrics.page_done(PageState::content);
    metrics.page_done(PageState::blank);
    metrics.fault(FaultKind::timeout);
    metrics.document_done(true);
    metrics.document_done(false);
    metrics.batch_recorded("ward3", 1.5);
    metrics.arrival("ward3", "renamed");
    metrics.refusal("symlink");
    metrics.quarantined("ward3", FaultKind::corrupt);
    metrics.stage_seconds("decode", 0.015);
    metrics.reloaded(false);
    metrics.set_log_dropped(7);
    const std::string text = metrics.text();
    EXPECT_EQ(value_of(text, R"(chartlift_pages_total{state="content"})"), 2);
    EXPECT_EQ(value_of(text, R"(chartlift_pages_total{state="blank"})"), 1);
    EXPECT_EQ(value_of(text, R"(chartlift_faults_total{kind="timeout"})"), 1);
    EXPECT_EQ(value_of(text, R"(chartlift_documents_total{route="automatic"})"), 1);
    EXPECT_EQ(value_of(text, R"(chartlift_documents_total{route="held"})"), 1);
    EXPECT_EQ(value_of(text, R"(chartlift_batches_total{inbox="ward3"})"), 1);
    EXPECT_EQ(value_of(text, R"(chartlift_batch_seconds_sum{inbox="ward3"})"), 1.5);
    EXPECT_EQ(value_of(text, R"(chartlift_arrivals_total{how="renamed",inbox="ward3"})"), 1);
    EXPECT_EQ(value_of(text, R"(chartlift_refusals_total{reason="symlink"})"), 1);
    EXPECT_EQ(value_of(text, R"(chartlift_quarantined_total{inbox="ward3",kind="corrupt"})"), 1);
    EXPECT_EQ(value_of(text, R"(chartlift_stage_seconds_bucket{stage="decode",le="0.01"})"), 0);
    EXPECT_EQ(value_of(text, R"(chartlift_stage_seconds_bucket{stage="decode",le="0.02"})"), 1);
    EXPECT_EQ(value_of(text, R"(chartlift_reloads_total{result="refused"})"), 1);
    EXPECT_EQ(value_of(text, "chartlift_log_lines_dropped"), 7);
}

TEST(Metrics, GaugesFollowTheStatusAndInboxesThatAreGoneLeave)
{
    Metrics metrics("1");
    LiveStatus status;
    status.state = ServiceState::disk_nearly_full;
    status.inboxes = {{.name = "ward3", .mode = "events", .waiting = 5, .not_whole = 1, .oldest_age_s = 90},
                      {.name = "ward4", .mode = "polling", .available = false}};
    status.review_depth = 17;
    status.workers = {.running = 2, .started = 5, .died = 3, .confined = true};
    status.disk_free_bytes = 123;
    metrics.set(status);
    std::string text = metrics.text();
    EXPECT_EQ(value_of(text, R"(chartlift_state{state="disk_nearly_full"})"), 1);
    EXPECT_EQ(value_of(text, R"(chartlift_state{state="starting"})"), 0);
    EXPECT_EQ(value_of(text, "chartlift_ready"), 0);
    EXPECT_EQ(value_of(text, R"(chartlift_inbox_files{inbox="ward3",what="waiting"})"), 5);
    EXPECT_EQ(value_of(text, R"(chartlift_queue_age_seconds{inbox="ward3"})"), 90);
    EXPECT_EQ(value_of(text, R"(chartlift_inbox_available{inbox="ward4"})"), 0);
    EXPECT_EQ(value_of(text, "chartlift_review_documents"), 17);
    EXPECT_EQ(value_of(text, "chartlift_workers"), 2);
    EXPECT_EQ(value_of(text, "chartlift_workers_started_total"), 5);
    EXPECT_EQ(value_of(text, "chartlift_disk_free_bytes"), 123);
    status.workers.died = 4;
    metrics.set(status);
    status.workers.died = 2;  // a counter never goes back
    status.state = ServiceState::idle;
    status.inboxes.erase(status.inboxes.begin());
    metrics.set(status);
    text = metrics.text();
    EXPECT_EQ(value_of(text, "chartlift_ready"), 1);
    EXPECT_EQ(value_of(text, "chartlift_workers_died_total"), 4);
    EXPECT_THAT(text, Not(HasSubstr("ward3")));
    EXPECT_THAT(text, HasSubstr("ward4"));
}

TEST(Metrics, NoFreeTextBecomesALabel)
{
    Metrics metrics("1");
    metrics.batch_recorded("Doe, John", 1);
    metrics.arrival("Doe\"} 1\n", "renamed");
    metrics.stage_seconds("Doe", 1);
    LiveStatus status;
    status.inboxes = {{.name = "Doe John", .mode = "events"}};
    metrics.set(status);
    EXPECT_THAT(metrics.text(), Not(HasSubstr("Doe")));
    EXPECT_THAT(metrics.text(), HasSubstr(R"(chartlift_batches_total{inbox="other"} 1)"));
}

TEST(Metrics, TellsWhatTheProcessCosts)
{
    const std::string text = Metrics("1").text();
    EXPECT_GT(value_of(text, "process_resident_memory_bytes"), 1e6);
    EXPECT_GT(value_of(text, "process_virtual_memory_bytes"), value_of(text, "process_resident_memory_bytes"));
    EXPECT_GE(value_of(text, "process_open_fds"), 3);
    EXPECT_LT(value_of(text, "process_open_fds"), value_of(text, "process_max_fds"));
    EXPECT_GE(value_of(text, "process_threads"), 1);
    EXPECT_GT(value_of(text, "process_cpu_seconds_total"), 0);
    EXPECT_NEAR(value_of(text, "process_start_time_seconds"), static_cast<double>(std::time(nullptr)), 600);
    std::thread other([&, before = value_of(text, "process_threads")] {
        EXPECT_EQ(value_of(Metrics("1").text(), "process_threads"), before + 1);
    });
    other.join();
}

/// Prometheus' own conventions, as promtool check metrics asks for them.
TEST(Metrics, NamesFollowTheConventions)
{
    const std::string text = Metrics("1").text();
    std::set<std::string> families;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::smatch found;
        if (!std::regex_match(line, found, std::regex("# TYPE (\\S+) (\\S+)"))) continue;
        const std::string name = found[1];
        EXPECT_TRUE(families.insert(name).second) << name << " stands there twice";
        EXPECT_TRUE(std::regex_match(name, std::regex("(chartlift|process)_[a-z_]+"))) << name;
        EXPECT_EQ(found[2] == "counter", std::regex_search(name, std::regex("_total$"))) << name;
        EXPECT_THAT(text, HasSubstr("# HELP " + name + " "));
    }
    EXPECT_GE(families.size(), 20U);
}

TEST(Metrics, MayBeReadWhileItIsWritten)
{
    Metrics metrics("1");
    std::thread writer([&] {
        LiveStatus status;
        for (int i = 0; i < 2'000; ++i) {
            metrics.page_done(PageState::content);
            status.inboxes = {{.name = i % 2 == 0 ? "even" : "odd", .mode = "events"}};
            if (i % 20 == 0) metrics.set(status);
        }
    });
    for (int i = 0; i < 20; ++i) EXPECT_THAT(metrics.text(), HasSubstr("chartlift_pages_total"));
    writer.join();
    EXPECT_EQ(value_of(metrics.text(), R"(chartlift_pages_total{state="content"})"), 2'000);
}

}  // namespace
}  // namespace chartlift::service
