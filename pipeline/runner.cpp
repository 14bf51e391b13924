// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/runner.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "pipeline/graph.h"
#include "pipeline/intake.h"
#include "pipeline/listings.h"
#include "pipeline/out_folder.h"

namespace chartlift::pipeline {
namespace {

/// What the flow tells while it runs: counts for the progress line, and the first fault that ends the run.
class RunEvents final : public FlowEvents {
public:
    RunEvents(Progress& progress, std::stop_source& stop) : progress_(progress), stop_(stop) {}

    void page_done(const PageTicket&, const PageRecord& record) override
    {
        ++progress_.counts.pages_done;
        if (record.state == PageState::faulted) ++progress_.counts.faulted;
    }
    void page_dropped(const PageTicket&) override { ++dropped_; }
    void batch_done(const BatchWork& batch) override
    {
        const std::scoped_lock lock(mutex_);
        ++batches_;
        for (const PageRecord& page : batch.pages) {
            ++tally_.total;
            if (page.state == PageState::blank) ++tally_.blank;
            if (page.state == PageState::separator) ++tally_.separator;
            if (page.state == PageState::faulted) ++tally_.faulted;
        }
        for (const Document& document : batch.documents) {
            (document.route.automatic() ? tally_.filed : tally_.held) +=
                static_cast<std::int64_t>(document.split.pages.size());
            ++progress_.counts.documents;
            if (!document.route.automatic()) ++progress_.counts.held;
        }
    }
    void batch_failed(const BatchWork& batch, const Fault& fault) override
    {
        {
            const std::scoped_lock lock(mutex_);
            batch_faults_.push_back(
                {fault.kind, fmt::format("batch {}: {}", batch.job->name(), fault.where), fault.what});
        }
        if (ends_the_run(fault)) store_failed(fault);
    }
    void store_failed(const Fault& fault) override
    {
        const std::scoped_lock lock(mutex_);
        if (!fatal_) fatal_ = fault;
        stop_.request_stop();
    }

    void into(RunOutcome& outcome) const
    {
        const std::scoped_lock lock(mutex_);
        outcome.done_now = tally_;
        outcome.batches_now = batches_;
        outcome.batch_faults = batch_faults_;
        if (!outcome.fatal) outcome.fatal = fatal_;
    }
    std::int64_t dropped() const { return dropped_; }

    static bool ends_the_run(const Fault& fault)
    {
        return fault.kind == FaultKind::disk_full || fault.kind == FaultKind::store || fault.kind == FaultKind::io;
    }

private:
    Progress& progress_;
    std::stop_source& stop_;
    mutable std::mutex mutex_;
    store::PageTally tally_;
    std::int64_t batches_ = 0;
    std::vector<Fault> batch_faults_;
    std::optional<Fault> fatal_;
    std::atomic<std::int64_t> dropped_{0};
};

class Run {
public:
    Run(const RunOptions& options, Progress& progress, const RunHooks& hooks)
        : options_(options), progress_(progress), hooks_(hooks), files_(hooks.files ? *hooks.files : posix_)
    {
    }

    RunOutcome go()
    {
        began_ = std::chrono::steady_clock::now();
        RunOutcome outcome;
        if (auto done = work(outcome); !done && !outcome.fatal) outcome.fatal = done.error();
        outcome.took = elapsed();
        return outcome;
    }

private:
    std::chrono::milliseconds elapsed() const
    {
        return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began_);
    }

    Result<void> work(RunOutcome& outcome)
    {
        auto lock = OutLock::take(options_.out, files_);
        if (!lock) return lock.error();
        const Config& config = options_.config;
        auto opened = OutFolder::open({options_.out,
                                       config,
                                       options_.passwords,
                                       store::actor_of("run"),
                                       [this](const std::string& line) { progress_.say(line); },
                                       hooks_.change_steps,
                                       {}},
                                      files_);
        if (!opened) return opened.error();
        OutFolder& folder = **opened;

        Intake intake(options_, folder, progress_);
        if (auto found = intake.discover(); !found) return found;

        std::stop_source stop;
        const std::stop_callback relay(options_.stop, [&] { stop.request_stop(); });
        RunEvents events(progress_, stop);
        const FlowSettings settings{threads_of(config), pages_in_flight_of(config), config.limits, stop.get_token()};

        progress_.start();
        run_flow(folder.steps(), settings, events, [&](FlowEntrance& entrance) {
            if (auto fed = intake.feed(entrance, stop.get_token()); !fed) events.store_failed(fed.error());
        });
        progress_.finish();

        events.into(outcome);
        outcome.step_times = folder.step_times();
        intake.into(outcome);
        outcome.interrupted = options_.stop.stop_requested();
        if (auto done = intake.record_duplicates(); !done && !outcome.fatal) outcome.fatal = done.error();
        const RunFacts facts{outcome.done_now.total, elapsed(), settings.threads, thresholds_of(config)};
        if (auto written = write_listings(folder.catalog(), facts, options_.out, files_); !written) return written;
        auto summary = folder.catalog().summary();
        if (!summary) return summary.error();
        outcome.summary = std::move(*summary);
        return check(outcome, events, intake);
    }

    /// Every page that was admitted must have been recorded or be known to be unfinished.
    Result<void> check(const RunOutcome& outcome, const RunEvents& events, const Intake& intake) const
    {
        const store::PageTally& t = outcome.summary.pages;
        if (t.total != t.filed + t.held + t.blank + t.separator + t.faulted)
            return Fault{FaultKind::internal, "run",
                         fmt::format("{} pages were taken in, but {} filed + {} held + {} blank + {} separator + {} "
                                     "faulted; this is a bug",
                                     t.total, t.filed, t.held, t.blank, t.separator, t.faulted)};
        const bool whole =
            outcome.batch_faults.empty() && events.dropped() == 0 && !outcome.interrupted && !outcome.fatal;
        if (whole && intake.pages_admitted() != outcome.done_now.total)
            return Fault{FaultKind::internal, "run",
                         fmt::format("{} pages were admitted but {} were recorded; this is a bug",
                                     intake.pages_admitted(), outcome.done_now.total)};
        return {};
    }

    const RunOptions& options_;
    Progress& progress_;
    const RunHooks& hooks_;
    std::chrono::steady_clock::time_point began_;
    store::PosixFiles posix_;
    store::Files& files_;
};

}  // namespace

ExitCode exit_code_of(const RunOutcome& outcome)
{
    if (outcome.fatal) {
        switch (outcome.fatal->kind) {
            case FaultKind::store:
            case FaultKind::disk_full:
            case FaultKind::io: return ExitCode::store_unavailable;
            case FaultKind::config: return ExitCode::usage;
            default: return ExitCode::nothing_done;
        }
    }
    if (outcome.interrupted) return ExitCode::interrupted;
    const store::PageTally& pages = outcome.summary.pages;
    if (pages.total == 0 || pages.faulted == pages.total) return ExitCode::nothing_done;
    if (pages.faulted > 0 || !outcome.batch_faults.empty()) return ExitCode::some_faulted;
    return ExitCode::done;
}

RunOutcome run(const RunOptions& options, Progress& progress, const RunHooks& hooks)
{
    return Run(options, progress, hooks).go();
}

}  // namespace chartlift::pipeline
