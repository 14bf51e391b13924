// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/session.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>

#include "core/shown_name.h"
#include "pipeline/graph.h"
#include "pipeline/intake.h"
#include "pipeline/listings.h"
#include "service/quarantine.h"
#include "service/take_in.h"
#include "service/watcher.h"
#include "store/sqlite_intake_ledger.h"
#include "worker/pool.h"

namespace chartlift::service {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookInterval{200};  ///< between two looks for free slots while nothing comes in
constexpr std::chrono::milliseconds kControlInterval{
    1'000};                               ///< between two looks at the disk and the operator's wishes
constexpr std::size_t kMostAtOnce = 64;   ///< inputs taken in one go: enough for one commit, soon enough for the flow
constexpr std::int64_t kPagesAhead = 32;  ///< pages admitted beyond those in flight, so that no core waits for the next
constexpr std::int64_t kMebibyte = 1024 * 1024;

std::int64_t free_bytes(const std::filesystem::path& folder)
{
    struct statvfs status {};
    if (::statvfs(folder.c_str(), &status) != 0) return 0;
    return static_cast<std::int64_t>(status.f_bavail) * static_cast<std::int64_t>(status.f_frsize);
}

/// The fault of a batch of which nothing could be read: its first page's.
std::optional<Fault> fault_of_all(const pipeline::BatchWork& batch)
{
    for (const PageRecord& page : batch.pages)
        if (page.state != PageState::faulted) return std::nullopt;
    return batch.pages.empty() ? Fault{FaultKind::corrupt, "decode", "file has no pages"} : batch.pages.front().fault;
}

/// The first fault among a batch's pages, if any: what an operator may want to try again.
std::optional<Fault> first_fault(const pipeline::BatchWork& batch)
{
    for (const PageRecord& page : batch.pages)
        if (page.fault) return page.fault;
    return std::nullopt;
}

bool is_the_stores(const Fault& fault)
{
    return fault.kind == FaultKind::disk_full || fault.kind == FaultKind::store || fault.kind == FaultKind::io;
}

}  // namespace

class Session::Work final : public pipeline::FlowEvents {
public:
    Work(const pipeline::Config& config, const Surroundings& around)
        : config_(config),
          around_(around),
          out_(config.service.out),
          quarantine_(out_, around.files),
          floor_bytes_(config.service.min_free_mb * kMebibyte),
          stop_relay_(around.stop, [this] { flow_stop_.request_stop(); })
    {
    }

    ~Work() override
    {
        if (!folder_ || !folder_->workers()) return;
        const worker::PoolCounts counts = folder_->workers()->counts();
        around_.counts.workers_started += counts.started;
        around_.counts.workers_died += counts.died + counts.killed;
    }
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;

    Result<void> open(std::vector<std::string> passwords)
    {
        const store::Actor actor = store::actor_of("service");
        auto folder = pipeline::OutFolder::open(
            {out_,
             config_,
             std::move(passwords),
             actor,
             {},
             around_.change_steps,
             [this](const std::string& step, double seconds) { around_.metrics.stage_seconds(step, seconds); }},
            around_.files);
        if (!folder) return folder.error();
        folder_ = std::move(*folder);
        auto ledger = store::open_sqlite_intake_ledger(out_ / "catalog.sqlite", {actor, &around_.files});
        if (!ledger) return ledger.error();
        ledger_ = std::move(*ledger);
        take_in_ =
            std::make_unique<TakeIn>(out_, config_.inboxes, config_.limits, *ledger_, around_.files, around_.log);
        if (auto finished = take_in_->finish_moves(); !finished) return finished;
        auto watcher = Watcher::start(
            config_.inboxes, [this](std::size_t inbox, const std::string& name, const store::FileIdentity& identity) {
                auto taken = ledger_->find_taken(config_.inboxes.at(inbox).name, name, identity);
                return taken && *taken;
            });
        if (!watcher) return watcher.error();
        watcher_ = std::move(*watcher);
        return look_at_disk_and_wishes();
    }

    Result<SessionEnd> run()
    {
        const pipeline::FlowSettings settings{pipeline::threads_of(config_), pipeline::pages_in_flight_of(config_),
                                              config_.limits, flow_stop_.get_token()};
        pipeline::run_flow(folder_->steps(), settings, *this, [this](pipeline::FlowEntrance& entrance) {
            if (auto fed = feed(entrance); !fed) store_failed(fed.error());
        });
        const std::scoped_lock lock(mutex_);
        if (failed_) return *failed_;
        return end_;
    }

    Result<void> close()
    {
        const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - opened_);
        const pipeline::RunFacts facts{around_.counts.pages, took, pipeline::threads_of(config_),
                                       thresholds_of(config_)};
        return pipeline::write_listings(folder_->catalog(), facts, out_, around_.files);
    }

    void show(LiveStatus& status) const
    {
        const std::scoped_lock lock(mutex_);
        status.state = state();
        status.reason = status.state == ServiceState::disk_nearly_full
                            ? "free space on the disk of service.out is below service.min_free_mb"
                            : "";
        status.inboxes.clear();
        for (const InboxSeen& inbox : seen_) {
            InboxStatus shown;
            shown.name = inbox.name;
            shown.mode = inbox.by_events ? "events" : "polling";
            shown.available = inbox.available;
            shown.not_whole = static_cast<std::int64_t>(inbox.waiting);
            shown.waiting = static_cast<std::int64_t>(inbox.ready + inbox.given);
            shown.oldest_age_s = std::chrono::duration_cast<std::chrono::seconds>(inbox.oldest_age).count();
            for (const store::InboxDepth& depth : depths_)
                if (depth.inbox == inbox.name) add_depth(depth, shown);
            status.inboxes.push_back(std::move(shown));
        }
        status.pages_in_flight = pages_in_flight_;
        status.review_depth = review_depth_;
        status.disk_free_bytes = disk_free_bytes_;
        status.disk_floor_bytes = floor_bytes_;
        const Counts& counts = around_.counts;
        status.pages_done = counts.pages;
        status.faults = counts.faults;
        status.batches_done = counts.batches;
        status.documents_automatic = counts.documents_automatic;
        status.documents_held = counts.documents_held;
        status.workers.confined = config_.worker.confined;
        status.workers.started = counts.workers_started;
        status.workers.died = counts.workers_died;
        if (const worker::Pool* pool = folder_->workers()) {
            const worker::PoolCounts now = pool->counts();
            status.workers.running = now.started - now.died - now.killed - now.retired;
            status.workers.started += now.started;
            status.workers.died += now.died + now.killed;
        }
    }

    void page_done(const pipeline::PageTicket&, const PageRecord& record) override
    {
        --pages_in_flight_;
        ++around_.counts.pages;
        around_.metrics.page_done(record.state);
        if (!record.fault) return;
        ++around_.counts.faults;
        around_.metrics.fault(record.fault->kind);
    }
    void page_dropped(const pipeline::PageTicket&) override { --pages_in_flight_; }

    void batch_done(const pipeline::BatchWork& batch) override
    {
        ++around_.counts.batches;
        for (const Document& document : batch.documents) {
            ++(document.route.automatic() ? around_.counts.documents_automatic : around_.counts.documents_held);
            around_.metrics.document_done(document.route.automatic());
        }
        const auto all = fault_of_all(batch);
        settle(batch.job->id(), all ? store::ArrivalState::quarantined : store::ArrivalState::recorded,
               all ? all : first_fault(batch));
    }
    void batch_failed(const pipeline::BatchWork& batch, const Fault& fault) override
    {
        if (is_the_stores(fault))
            store_failed(fault);
        else
            settle(batch.job->id(), store::ArrivalState::quarantined, fault);
    }
    void store_failed(const Fault& fault) override
    {
        {
            const std::scoped_lock lock(mutex_);
            if (!failed_) failed_ = fault;
        }
        flow_stop_.request_stop();
    }

private:
    struct InFlight {
        store::Arrival arrival;
        Clock::time_point began;
    };

    static void add_depth(const store::InboxDepth& depth, InboxStatus& shown)
    {
        shown.waiting += depth.waiting;
        shown.quarantined = depth.quarantined;
        if (!depth.oldest_waiting_since) return;
        // The clock may have been set back since.
        const auto age = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now() -
                                                                          *depth.oldest_waiting_since);
        shown.oldest_age_s = std::max<std::int64_t>({shown.oldest_age_s, age.count(), 0});
    }

    ServiceState state() const
    {
        if (drain_) return ServiceState::draining;
        if (disk_low_) return ServiceState::disk_nearly_full;
        return pages_in_flight_ > 0 || !in_flight_.empty() ? ServiceState::working : ServiceState::idle;
    }

    /// The service's main loop: operator's wishes, then the inboxes, then the flow.
    Result<void> feed(pipeline::FlowEntrance& entrance)
    {
        while (!flow_stop_.stop_requested()) {
            around_.heartbeat.beat();
            if (around_.reload_wanted) return finish(SessionEnd::reload_wanted);
            if (Clock::now() - looked_ >= kControlInterval)
                if (auto looked = look_at_disk_and_wishes(); !looked) return looked;
            if (drain_ && all_admitted_ && nothing_in_flight()) return finish_drain();
            const bool room = pages_in_flight_ < pipeline::pages_in_flight_of(config_) + kPagesAhead;
            const auto wait = room && !all_admitted_ ? std::chrono::milliseconds(0) : kLookInterval;
            if (auto taken = take_in(wait); !taken)
                return taken.error();
            else if (*taken)
                all_admitted_ = false;
            if (disk_low_ || !room) continue;
            auto admitted = admit_next(entrance);
            if (!admitted) return admitted.error();
            all_admitted_ = !*admitted;
        }
        return {};
    }

    Result<void> finish(SessionEnd end)
    {
        const std::scoped_lock lock(mutex_);
        end_ = end;
        flow_stop_.request_stop();
        return {};
    }

    /// The wish is fulfilled: the next start takes in again, while a crash before this moment goes on draining.
    Result<void> finish_drain()
    {
        if (auto done = ledger_->request_drain(false); !done) return done;
        around_.log.write(LogLevel::info, "drain.done");
        return finish(SessionEnd::drained);
    }

    bool nothing_in_flight() const
    {
        const std::scoped_lock lock(mutex_);
        return in_flight_.empty();
    }

    Result<void> look_at_disk_and_wishes()
    {
        looked_ = Clock::now();
        all_admitted_ = false;  // an operator may have put something back in the queue
        auto drain = ledger_->drain_requested();
        if (!drain) return drain.error();
        auto depths = ledger_->depths();
        if (!depths) return depths.error();
        auto review = folder_->catalog().review_depth();
        if (!review) return review.error();
        auto seen = watcher_->seen();  // here and not in show(): a share that hangs would keep status waiting
        const std::int64_t free = free_bytes(out_);
        // Once low, it must rise by a twentieth, or the service would flutter at the mark.
        constexpr std::int64_t kTwentieth = 20;
        const bool low = free < floor_bytes_ + (disk_low_ ? floor_bytes_ / kTwentieth : 0);
        if (low != disk_low_)
            around_.log.write(low ? LogLevel::warning : LogLevel::info, low ? LogName("disk.low") : LogName("disk.ok"),
                              {{"free_bytes", free}, {"floor_bytes", floor_bytes_}});
        const std::scoped_lock lock(mutex_);
        if (*drain && !drain_) around_.log.write(LogLevel::info, "drain.requested");
        drain_ = *drain;
        disk_low_ = low;
        disk_free_bytes_ = free;
        depths_ = std::move(*depths);
        seen_ = std::move(seen);
        review_depth_ = *review;
        return {};
    }

    /// True where something was taken in.
    Result<bool> take_in(std::chrono::milliseconds wait)
    {
        if (drain_ || disk_low_) {
            std::mutex idle;  // nothing is to be looked at: only the wait, which a stop ends
            std::unique_lock lock(idle);
            pause_.wait_for(lock, flow_stop_.get_token(), wait, [] { return false; });
            return false;
        }
        const auto ready = watcher_->next(kMostAtOnce, wait, flow_stop_.get_token());
        for (const Refusal& refusal : watcher_->take_refusals()) {
            around_.metrics.refusal(refusal.reason);
            around_.log.write(LogLevel::warning, "input.refused",
                              {LogField::inbox(config_.inboxes.at(refusal.inbox).name), {"reason", refusal.reason}});
        }
        if (ready.empty()) return false;
        auto taken = take_in_->take(ready);
        if (!taken) return taken.error();
        std::vector<bool> back(ready.size(), false);
        for (const std::size_t index : taken->given_back) back.at(index) = true;
        for (std::size_t i = 0; i < ready.size(); ++i) {
            if (back.at(i))
                watcher_->put_back(ready.at(i));
            else
                watcher_->taken(ready.at(i));
        }
        for (const store::Arrival& arrival : taken->arrivals) {
            const ClosedText how =
                arrival.state == store::ArrivalState::duplicate ? ClosedText("duplicate") : ClosedText("new");
            around_.metrics.arrival(arrival.inbox, how);
            around_.log.write(LogLevel::info, "arrival.taken",
                              {{"arrival", arrival.id},
                               LogField::inbox(arrival.inbox),
                               {"files", arrival.files.size()},
                               {"state", arrival.state}});
        }
        return !taken->arrivals.empty();
    }

    /// Admits what waits, in the ledger's order, until there is no more room. False where nothing waits.
    Result<bool> admit_next(pipeline::FlowEntrance& entrance)
    {
        std::vector<std::int64_t> in_flight;
        {
            const std::scoped_lock lock(mutex_);
            for (const auto& [batch, entry] : in_flight_) in_flight.push_back(entry.arrival.id);
        }
        constexpr std::size_t kEach = 8;  // arrivals of one inbox looked at in one go
        auto heads = ledger_->heads(in_flight, kEach);
        if (!heads) return heads.error();
        for (store::Arrival& arrival : *heads) {
            if (pages_in_flight_ >= pipeline::pages_in_flight_of(config_) + kPagesAhead) return true;
            if (flow_stop_.stop_requested()) return true;
            around_.heartbeat.beat();
            if (auto admitted = admit(entrance, std::move(arrival)); !admitted) return admitted.error();
        }
        return !heads->empty();
    }

    /// The arrival's files as the flow reads them, or why this arrival, and only this one, cannot be read.
    Result<std::vector<pipeline::SourceFile>> sources_of(const store::Arrival& arrival) const
    {
        std::vector<pipeline::SourceFile> sources;
        for (const store::ArrivedFile& file : arrival.files) {
            if (file.sha256.empty())
                return Fault{FaultKind::limit, "take-in",
                             "the file was too large for the archive; raise limits.max_bytes, move it from quarantine "
                             "back into its inbox, and discard this arrival"};
            pipeline::SourceFile source;
            source.path = shown_name(arrival.inbox + "/" + file.name);
            source.sha256 = file.sha256;
            source.bytes = file.bytes;
            source.archived = folder_->archive().path_of(file.sha256);
            auto counted = pipeline::count_pages(source, folder_->opener(), config_.limits);
            if (!counted) return counted.error();
            sources.push_back(std::move(source));
        }
        return sources;
    }

    /// One file missing from the archive is that file's trouble; an archive that cannot be read is the store's.
    bool archive_is_there() const
    {
        std::error_code error;
        return std::filesystem::is_directory(out_ / "archive", error);
    }

    Result<void> admit(pipeline::FlowEntrance& entrance, store::Arrival arrival)
    {
        if (arrival.fault && !arrival.redo)
            return end_arrival(arrival, store::ArrivalState::quarantined, arrival.fault);
        auto sources = sources_of(arrival);
        if (!sources && is_the_stores(sources.error()) && !archive_is_there()) return sources.error();
        if (!sources) return end_arrival(arrival, store::ArrivalState::quarantined, sources.error());
        const auto job = std::make_shared<const pipeline::BatchJob>(
            arrival.batch_id, shown_name(arrival.inbox + "/" + arrival.name), std::move(*sources), arrival.batch_class);
        if (!arrival.redo) {
            auto recorded = folder_->catalog().find_batch(arrival.batch_id);
            if (!recorded) return recorded.error();
            // The last run ended between the catalog's commit and the ledger's.
            if (*recorded && (*recorded)->faulted < (*recorded)->total) {
                if (auto forgotten = folder_->spool().forget(arrival.batch_id); !forgotten) return forgotten;
                return end_arrival(arrival, store::ArrivalState::recorded, std::nullopt);
            }
        }
        pages_in_flight_ += job->page_count();
        {
            const std::scoped_lock lock(mutex_);
            const std::string batch = arrival.batch_id;
            in_flight_.insert_or_assign(batch, InFlight{std::move(arrival), Clock::now()});
        }
        pipeline::admit(entrance, folder_->spool(), job);
        return {};
    }

    /// Called by the flow: the batch is in the catalog, or cannot be.
    void settle(const std::string& batch_id, store::ArrivalState state, const std::optional<Fault>& fault)
    {
        InFlight done;
        {
            const std::scoped_lock lock(mutex_);
            const auto found = in_flight_.find(batch_id);
            if (found == in_flight_.end()) return;
            done = found->second;
        }
        if (auto ended = end_arrival(done.arrival, state, fault); !ended) return store_failed(ended.error());
        if (state == store::ArrivalState::recorded)
            around_.metrics.batch_recorded(done.arrival.inbox,
                                           std::chrono::duration<double>(Clock::now() - done.began).count());
        const std::scoped_lock lock(mutex_);
        in_flight_.erase(batch_id);
    }

    Result<void> end_arrival(const store::Arrival& arrival, store::ArrivalState state,
                             const std::optional<Fault>& fault)
    {
        if (state == store::ArrivalState::quarantined)
            if (auto put = quarantine_.put(arrival, *fault); !put) return put;
        if (auto finished = ledger_->finish(arrival.id, state, fault); !finished) return finished;
        if (state == store::ArrivalState::recorded && arrival.redo)
            if (auto removed = quarantine_.remove(arrival.id); !removed) return removed;
        if (state == store::ArrivalState::quarantined) {
            around_.metrics.quarantined(arrival.inbox, fault->kind);
            around_.log.write(LogLevel::warning, "arrival.quarantined", {{"arrival", arrival.id}, LogField(*fault)});
        } else {
            around_.log.write(LogLevel::info, "arrival.recorded",
                              {{"arrival", arrival.id}, LogField::id("batch", arrival.batch_id)});
        }
        return {};
    }

    const pipeline::Config config_;
    const Surroundings around_;
    const std::filesystem::path out_;
    const Quarantine quarantine_;
    const std::int64_t floor_bytes_;
    std::unique_ptr<pipeline::OutFolder> folder_;
    std::unique_ptr<store::IntakeLedger> ledger_;
    std::unique_ptr<TakeIn> take_in_;
    std::unique_ptr<Watcher> watcher_;
    std::stop_source flow_stop_;
    std::stop_callback<std::function<void()>> stop_relay_;
    std::condition_variable_any pause_;
    const Clock::time_point opened_ = Clock::now();
    Clock::time_point looked_;
    bool all_admitted_ = false;  ///< of the main loop: nothing waits that is not in flight
    std::atomic<std::int64_t> pages_in_flight_{0};
    std::atomic<bool> drain_{false};
    std::atomic<bool> disk_low_{false};
    mutable std::mutex mutex_;
    std::map<std::string, InFlight> in_flight_;  ///< by batch id
    std::optional<Fault> failed_;
    SessionEnd end_ = SessionEnd::stopped;
    store::Depths depths_;
    std::vector<InboxSeen> seen_;
    std::int64_t review_depth_ = 0;
    std::int64_t disk_free_bytes_ = 0;
};

Session::Session(std::unique_ptr<Work> work) : work_(std::move(work)) {}
Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::open(const pipeline::Config& config, std::vector<std::string> passwords,
                                               const Surroundings& around)
{
    auto work = std::make_unique<Work>(config, around);
    if (auto opened = work->open(std::move(passwords)); !opened) return opened.error();
    return std::unique_ptr<Session>(new Session(std::move(work)));
}

Result<SessionEnd> Session::run()
{
    return work_->run();
}

Result<void> Session::close()
{
    return work_->close();
}

void Session::show(LiveStatus& status) const
{
    work_->show(status);
}

}  // namespace chartlift::service
