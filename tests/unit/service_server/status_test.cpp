// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace chartlift::service {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

LiveStatus busy()
{
    LiveStatus status;
    status.state = ServiceState::working;
    status.started_at = 1'000'000;
    status.now = status.started_at + 2 * 86'400 + 3 * 3'600 + 59;
    status.since = status.now - 75;
    status.version = "0.1.0";
    status.pid = 4'711;
    status.inboxes = {{.name = "ward3", .mode = "events", .waiting = 12, .not_whole = 1, .oldest_age_s = 130},
                      {.name = "a-longer-name", .mode = "polling"}};
    status.pages_in_flight = 8;
    status.pages_done = 12'345;
    status.batches_done = 678;
    status.documents_automatic = 1'000;
    status.documents_held = 23;
    status.faults = 4;
    status.review_depth = 17;
    status.workers = {.running = 4, .started = 6, .died = 2, .confined = true};
    status.disk_free_bytes = 120'000'000'000;
    status.disk_floor_bytes = 2'147'483'648;
    status.last_reload = {.at = 1'000'100, .ok = true, .message = ""};
    return status;
}

TEST(Status, ComesBackFromItsJsonUnchanged)
{
    auto status = busy();
    for (int i = 0; i < kServiceStates; ++i) {
        status.state = static_cast<ServiceState>(i);
        const auto back = live_status_from(to_json(status));
        ASSERT_TRUE(back) << back.error().message();
        EXPECT_EQ(*back, status);
    }
    EXPECT_THAT(to_json(status), Not(HasSubstr("\n")));
}

TEST(Status, StatesHaveNamesOfTheirOwn)
{
    for (int i = 0; i < kServiceStates; ++i) {
        const auto state = static_cast<ServiceState>(i);
        EXPECT_EQ(service_state_from(to_string(state)), state);
    }
    EXPECT_EQ(service_state_from("asleep"), std::nullopt);
}

TEST(Status, WhatIsNotAStatusIsAFaultThatDoesNotQuoteIt)
{
    auto wrong_type = to_json(busy());
    wrong_type.replace(wrong_type.find("12345"), 5, "\"Doe\"");
    auto no_count = to_json(busy());
    no_count.replace(no_count.find("12345"), 5, "1e99");
    auto before_the_world = to_json(busy());
    before_the_world.replace(before_the_world.find("12345"), 5, "-9223372036854775808");
    for (const std::string& text :
         {std::string(), std::string("{}"), std::string("[1]"), std::string("Doe"), std::string(100'000, '['),
          wrong_type, no_count, before_the_world, std::string(R"({"state":"Doe"})")}) {
        const auto status = live_status_from(text);
        ASSERT_FALSE(status) << text.substr(0, 80);
        EXPECT_EQ(status.error().kind, FaultKind::corrupt);
        EXPECT_THAT(status.error().message(), Not(HasSubstr("Doe")));
    }
}

TEST(Status, ReadsShortAndAligned)
{
    setenv("TZ", "UTC", 1);  // NOLINT(concurrency-mt-unsafe): one thread
    EXPECT_EQ(status_text(busy()), R"(chartlift   0.1.0, process 4711, up 2 d 3 h
state       working, for 1 min 15 s
now         8 pages in flight, 12 files waiting
done        678 batches, 12345 pages, 1000 documents filed and 23 held, 4 faults
review      17 documents wait for a person
workers     4 running, 2 replaced
disk        120.0 GB free, takes in above 2.1 GB
config      reloaded at 1970-01-12 13:48:20

  inbox          waiting  not whole      oldest  quarantined  watched by
  ward3               12          1  2 min 10 s            0  events
  a-longer-name        0          0           -            0  polling
)");
}

TEST(Status, SaysWhatToDoWhenSomethingIsWrong)
{
    auto status = busy();
    status.state = ServiceState::disk_nearly_full;
    status.disk_free_bytes = 1'000'000'000;
    status.workers.confined = false;
    status.inboxes[0].available = false;
    status.inboxes[1].quarantined = 1;
    status.last_reload = {.at = 1'000'100, .ok = false, .message = "site.toml:3: limits.max_pages is 0; 1 to 1000000"};
    const auto text = status_text(status);
    EXPECT_THAT(text, HasSubstr("DISK NEARLY FULL"));
    EXPECT_THAT(text, HasSubstr("free at least 1.1 GB"));
    EXPECT_THAT(text, HasSubstr("inbox ward3 cannot be read"));
    EXPECT_THAT(text, HasSubstr("1 file waits in quarantine: chartlift quarantine list"));
    EXPECT_THAT(text, HasSubstr("the old one holds: site.toml:3: limits.max_pages is 0; 1 to 1000000"));
    EXPECT_THAT(text, HasSubstr("worker.confined is false"));
    status = busy();
    status.state = ServiceState::waiting_for_store;
    EXPECT_THAT(status_text(status), HasSubstr("nothing is lost"));
    EXPECT_THAT(status_text(busy()), Not(HasSubstr("to do")));
}

TEST(Status, AClockThatStepsBackGivesNoNegativeTimes)
{
    auto status = busy();
    status.now = status.started_at - 5'000;
    EXPECT_THAT(status_text(status), HasSubstr("up 0 s"));
}

TEST(Status, IsReadyExactlyWhileFilesAreTakenIn)
{
    auto status = busy();
    for (const auto state :
         {ServiceState::working, ServiceState::idle, ServiceState::reloading, ServiceState::reload_failed}) {
        status.state = state;
        EXPECT_TRUE(readiness(status).ok);
    }
    for (const auto state : {ServiceState::starting, ServiceState::waiting_for_store, ServiceState::disk_nearly_full,
                             ServiceState::draining, ServiceState::drained}) {
        status.state = state;
        EXPECT_FALSE(readiness(status).ok);
        EXPECT_FALSE(readiness(status).why.empty());
    }
    status.state = ServiceState::waiting_for_store;
    status.reason = "catalog: store: locked";
    EXPECT_EQ(readiness(status).why, "the store is not available: catalog: store: locked");
}

TEST(Status, ALineForTheServiceManager)
{
    EXPECT_EQ(status_line(busy()), "working, 8 pages in flight, 12 files waiting");
    auto status = busy();
    status.inboxes[0].quarantined = 2;
    status.pages_in_flight = 1;
    status.reason = "why";
    EXPECT_EQ(status_line(status), "working, 1 page in flight, 12 files waiting, 2 in quarantine: why");
}

TEST(Heartbeat, IsAliveWhileItBeats)
{
    using std::chrono::milliseconds;
    Heartbeat heart;
    EXPECT_TRUE(heart.check(milliseconds(1'000)).ok);
    std::this_thread::sleep_for(milliseconds(30));
    const auto health = heart.check(milliseconds(10));
    EXPECT_FALSE(health.ok);
    EXPECT_THAT(health.why, HasSubstr("the main loop has not come round for "));
    EXPECT_GE(heart.age(), milliseconds(30));
    const auto before = std::chrono::steady_clock::now();
    heart.beat();
    EXPECT_LE(heart.age(), std::chrono::steady_clock::now() - before);
}

}  // namespace
}  // namespace chartlift::service
