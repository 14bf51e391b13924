// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "pipeline/collect.h"
#include "pipeline/graph.h"

namespace chartlift::pipeline {
namespace {

std::shared_ptr<const BatchJob> batch_of(const std::string& name, std::uint32_t pages)
{
    SourceFile source;
    source.path = name;
    source.pages = pages;
    return std::make_shared<const BatchJob>(name, name, std::vector<SourceFile>{source});
}

/// Steps that do nothing but count, so that each test changes the one it is about.
Steps plain_steps()
{
    Steps steps;
    steps.decode = [](const PageTicket&, const StageContext&) -> Result<DecodedPage> { return DecodedPage{}; };
    steps.cleanup = [](const DecodedPage&, const StageContext&) -> Result<Upright> {
        return std::make_shared<const UprightPage>();
    };
    steps.read = [](const Upright& page, const StageContext&) -> Result<PageReading> {
        return PageReading{page, {}, true, {}};
    };
    steps.understand = [](const std::shared_ptr<const PageReading>& reading, const PageTicket&,
                          const StageContext&) -> Result<PageInsight> {
        return PageInsight{reading, {}, {}, {}};
    };
    steps.save = [](const PageInsight&, const PageTicket& ticket) -> Result<PageRecord> {
        PageRecord record;
        record.page = ticket.page;
        return record;
    };
    steps.save_fault = [](const Fault& fault, const PageTicket& ticket) -> Result<PageRecord> {
        PageRecord record;
        record.page = ticket.page;
        record.state = PageState::faulted;
        record.fault = fault;
        return record;
    };
    const auto nothing = [](BatchWork&) -> Result<void> { return {}; };
    steps.assemble = steps.identify = steps.match = steps.route = steps.deliver = steps.record = nothing;
    return steps;
}

class Witness final : public FlowEvents {
public:
    void page_done(const PageTicket& ticket, const PageRecord& record) override
    {
        const std::scoped_lock lock(mutex);
        ++pages[{ticket.batch->id(), ticket.page}];
        if (record.fault) faults.push_back(*record.fault);
    }
    void page_dropped(const PageTicket&) override { ++dropped; }
    void batch_done(const BatchWork& batch) override
    {
        const std::scoped_lock lock(mutex);
        batches[batch.job->id()] = batch.pages;
    }
    void batch_failed(const BatchWork&, const Fault& fault) override
    {
        const std::scoped_lock lock(mutex);
        failed.push_back(fault);
    }
    void store_failed(const Fault& fault) override
    {
        const std::scoped_lock lock(mutex);
        store_faults.push_back(fault);
    }

    std::mutex mutex;
    std::map<std::pair<std::string, PageIndex>, int> pages;
    std::map<std::string, std::vector<PageRecord>> batches;
    std::vector<Fault> faults;
    std::vector<Fault> failed;
    std::vector<Fault> store_faults;
    std::atomic<int> dropped{0};
};

void admit_all(FlowEntrance& entrance, const std::shared_ptr<const BatchJob>& batch)
{
    for (PageIndex page = 0; page < batch->page_count(); ++page) entrance.admit({batch, page});
}

TEST(Flow, RecordsEveryPageOfBatchesMuchLargerThanTheSlots)
{
    // A slot held until the batch ends would starve here: 40 pages a batch, two slots.
    const Steps steps = plain_steps();
    Witness witness;
    run_flow(steps, {2, 2, {}, {}}, witness, [](FlowEntrance& entrance) {
        for (const char* name : {"a", "b", "c"}) admit_all(entrance, batch_of(name, 40));
    });
    EXPECT_EQ(witness.pages.size(), 120U);
    for (const auto& [page, times] : witness.pages) EXPECT_EQ(times, 1);
    ASSERT_EQ(witness.batches.size(), 3U);
    for (const auto& [id, pages] : witness.batches)
        for (PageIndex i = 0; i < pages.size(); ++i) EXPECT_EQ(pages[i].page, i);
}

TEST(Flow, KeepsNoMorePagesInMemoryThanItHasSlots)
{
    Steps steps = plain_steps();
    std::atomic<int> in_memory{0};
    std::atomic<int> most{0};
    steps.decode = [&](const PageTicket&, const StageContext&) -> Result<DecodedPage> {
        const int now = ++in_memory;
        int seen = most;
        while (seen < now && !most.compare_exchange_weak(seen, now)) {}
        return DecodedPage{};
    };
    steps.save = [&](const PageInsight&, const PageTicket& ticket) -> Result<PageRecord> {
        --in_memory;
        PageRecord record;
        record.page = ticket.page;
        return record;
    };
    Witness witness;
    run_flow(steps, {4, 3, {}, {}}, witness, [](FlowEntrance& entrance) { admit_all(entrance, batch_of("a", 200)); });
    EXPECT_EQ(witness.pages.size(), 200U);
    EXPECT_LE(most, 3);
}

TEST(Flow, TurnsAnExceptionOfAnyPageStepIntoThatPagesFault)
{
    for (const std::string where : {"decode", "cleanup", "ocr", "classify"}) {
        Steps steps = plain_steps();
        std::atomic<int> calls{0};
        const auto third_time = [&] {
            if (++calls == 3) throw std::runtime_error("boom Jane Doe");
        };
        const Steps plain = plain_steps();
        if (where == "decode")
            steps.decode = [&](const PageTicket& t, const StageContext& c) {
                third_time();
                return plain.decode(t, c);
            };
        if (where == "cleanup")
            steps.cleanup = [&](const DecodedPage& p, const StageContext& c) {
                third_time();
                return plain.cleanup(p, c);
            };
        if (where == "ocr")
            steps.read = [&](const Upright& p, const StageContext& c) {
                third_time();
                return plain.read(p, c);
            };
        if (where == "classify")
            steps.understand = [&](const std::shared_ptr<const PageReading>& r, const PageTicket& t,
                                   const StageContext& c) {
                third_time();
                return plain.understand(r, t, c);
            };
        Witness witness;
        run_flow(steps, {2, 4, {}, {}}, witness,
                 [](FlowEntrance& entrance) { admit_all(entrance, batch_of("a", 10)); });
        EXPECT_EQ(witness.pages.size(), 10U) << where;
        ASSERT_EQ(witness.faults.size(), 1U) << where;
        EXPECT_EQ(witness.faults[0].kind, FaultKind::internal);
        EXPECT_EQ(witness.faults[0].where, where);
        EXPECT_EQ(witness.faults[0].what.find("Jane"), std::string::npos)
            << "an exception's text may hold patient data";
        EXPECT_EQ(witness.batches.size(), 1U) << "the other pages of the batch must go through";
    }
}

TEST(Flow, OutOfMemoryIsOnePagesLimitFault)
{
    Steps steps = plain_steps();
    steps.cleanup = [](const DecodedPage&, const StageContext&) -> Result<Upright> { throw std::bad_alloc(); };
    Witness witness;
    run_flow(steps, {2, 2, {}, {}}, witness, [](FlowEntrance& entrance) { admit_all(entrance, batch_of("a", 3)); });
    ASSERT_EQ(witness.faults.size(), 3U);
    EXPECT_EQ(witness.faults[0].kind, FaultKind::limit);
}

TEST(Flow, AFailingBatchStepLosesNoOtherBatch)
{
    Steps steps = plain_steps();
    steps.match = [](BatchWork& batch) -> Result<void> {
        if (batch.job->id() == "b") return Fault{FaultKind::store, "match", "index is gone"};
        if (batch.job->id() == "c") throw std::runtime_error("boom");
        return {};
    };
    bool recorded_after_failure = false;
    steps.record = [&](BatchWork& batch) -> Result<void> {
        recorded_after_failure |= batch.job->id() == "b" || batch.job->id() == "c";
        return {};
    };
    Witness witness;
    run_flow(steps, {2, 2, {}, {}}, witness, [](FlowEntrance& entrance) {
        for (const char* name : {"a", "b", "c", "d"}) admit_all(entrance, batch_of(name, 5));
    });
    EXPECT_EQ(witness.batches.size(), 2U);
    EXPECT_EQ(witness.failed.size(), 2U);
    EXPECT_FALSE(recorded_after_failure);
}

TEST(Flow, AStoreThatCannotSaveIsAnnouncedAndThePageDropped)
{
    Steps steps = plain_steps();
    steps.save = [](const PageInsight&, const PageTicket& ticket) -> Result<PageRecord> {
        if (ticket.page == 2) return Fault{FaultKind::disk_full, "files", "no room"};
        PageRecord record;
        record.page = ticket.page;
        return record;
    };
    Witness witness;
    run_flow(steps, {2, 2, {}, {}}, witness, [](FlowEntrance& entrance) { admit_all(entrance, batch_of("a", 5)); });
    ASSERT_EQ(witness.store_faults.size(), 1U);
    EXPECT_EQ(witness.store_faults[0].kind, FaultKind::disk_full);
    EXPECT_EQ(witness.dropped, 1);
    EXPECT_EQ(witness.pages.size(), 4U);
    EXPECT_TRUE(witness.batches.empty()) << "an incomplete batch must not be recorded";
}

TEST(Flow, AStopFinishesPagesInFlightAndDropsTheRest)
{
    Steps steps = plain_steps();
    std::stop_source stop;
    std::atomic<int> begun{0};
    steps.decode = [&](const PageTicket&, const StageContext&) -> Result<DecodedPage> {
        if (++begun == 5) stop.request_stop();
        return DecodedPage{};
    };
    Witness witness;
    run_flow(steps, {2, 2, {}, stop.get_token()}, witness,
             [](FlowEntrance& entrance) { admit_all(entrance, batch_of("a", 100)); });
    EXPECT_EQ(static_cast<int>(witness.pages.size()), begun);
    EXPECT_EQ(witness.pages.size() + static_cast<std::size_t>(witness.dropped), 100U);
    EXPECT_GT(witness.dropped, 50);
    EXPECT_TRUE(witness.batches.empty());
}

TEST(Flow, GivesEachPageADeadline)
{
    Steps steps = plain_steps();
    std::atomic<int> with_deadline{0};
    steps.read = [&](const Upright& page, const StageContext& context) -> Result<PageReading> {
        if (context.deadline <= StageContext::Clock::now() + std::chrono::milliseconds(50)) ++with_deadline;
        return PageReading{page, {}, true, {}};
    };
    Limits limits;
    limits.page_timeout = std::chrono::milliseconds(50);
    Witness witness;
    run_flow(steps, {1, 1, limits, {}}, witness, [](FlowEntrance& entrance) { admit_all(entrance, batch_of("a", 3)); });
    EXPECT_EQ(with_deadline, 3);
}

TEST(Flow, TakesPagesSavedByAnEarlierRun)
{
    const Steps steps = plain_steps();
    Witness witness;
    const auto batch = batch_of("a", 4);
    run_flow(steps, {2, 2, {}, {}}, witness, [&](FlowEntrance& entrance) {
        for (PageIndex page = 0; page < 4; ++page) {
            PageRecord record;
            record.page = page;
            record.word_count = 7;
            if (page % 2 == 0)
                entrance.admit_saved({batch, page}, record);
            else
                entrance.admit({batch, page});
        }
    });
    ASSERT_EQ(witness.batches.count("a"), 1U);
    EXPECT_EQ(witness.batches["a"][2].word_count, 7U);
    EXPECT_EQ(witness.batches["a"][1].word_count, 0U);
}

TEST(Flow, PassesOnWhatTheFeederThrows)
{
    const Steps steps = plain_steps();
    Witness witness;
    EXPECT_THROW(run_flow(steps, {2, 2, {}, {}}, witness, [](FlowEntrance&) { throw std::runtime_error("feeder"); }),
                 std::runtime_error);
}

TEST(Flow, ResultsDoNotDependOnTheNumberOfThreads)
{
    const auto run_with = [](int threads) {
        Steps steps = plain_steps();
        steps.save = [](const PageInsight&, const PageTicket& ticket) -> Result<PageRecord> {
            std::this_thread::sleep_for(std::chrono::microseconds((ticket.page * 7919) % 300));
            PageRecord record;
            record.page = ticket.page;
            record.source_page = ticket.page * 3;
            return record;
        };
        Witness witness;
        run_flow(steps, {threads, 2 * threads, {}, {}}, witness, [](FlowEntrance& entrance) {
            for (const char* name : {"a", "b"}) admit_all(entrance, batch_of(name, 60));
        });
        return std::move(witness.batches);
    };
    const auto one = run_with(1);
    EXPECT_EQ(one.size(), 2U);
    EXPECT_EQ(one, run_with(16));
}

TEST(Collector, WaitsForEveryPageAndOrdersThem)
{
    Collector collector;
    const auto batch = batch_of("a", 3);
    PageRecord record;
    record.page = 2;
    EXPECT_FALSE(collector.take({batch, 2}, record));
    record.page = 0;
    EXPECT_FALSE(collector.take({batch, 0}, record));
    record.page = 1;
    const auto work = collector.take({batch, 1}, record);
    ASSERT_TRUE(work);
    EXPECT_EQ(work->pages[2].page, 2U);
}

}  // namespace
}  // namespace chartlift::pipeline
