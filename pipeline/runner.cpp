// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/runner.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <set>
#include <thread>

#include "pipeline/file_source.h"
#include "pipeline/graph.h"
#include "pipeline/intake.h"
#include "pipeline/listings.h"
#include "pipeline/make_steps.h"
#include "pipeline/models.h"
#include "pipeline/sources.h"
#include "pipeline/spool.h"
#include "store/archive.h"
#include "store/patient_index.h"
#include "store/sqlite_catalog.h"

namespace chartlift::pipeline {
namespace {

/// Two runs on one OUT would undo each other's work.
class OutLock {
public:
    static Result<std::unique_ptr<OutLock>> take(const std::filesystem::path& out)
    {
        const auto path = out / ".lock";
        const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (descriptor < 0) return store::file_fault(errno, "open", path);
        auto lock = std::make_unique<OutLock>(descriptor);
        if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0)
            return Fault{FaultKind::store, "run", "another run is working on this folder", out.string()};
        return lock;
    }
    explicit OutLock(int descriptor) : descriptor_(descriptor) {}
    OutLock(const OutLock&) = delete;
    OutLock& operator=(const OutLock&) = delete;
    ~OutLock() { ::close(descriptor_); }

private:
    int descriptor_;
};

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

/// Imports the PMI when its content is not the one imported last.
Result<void> refresh_patients(store::SqlitePatientIndex& patients, const std::filesystem::path& file,
                              Progress& progress)
{
    auto sha256 = store::sha256_of_file(file);
    if (!sha256) return sha256.error();
    auto held = patients.holds(*sha256);
    if (!held) return held.error();
    if (*held) return {};
    progress.say(fmt::format("importing the patient index from {}", file.string()));
    auto report = patients.import(file, *sha256);
    if (!report) return report.error();
    progress.say(fmt::format("patient index: {} patients, {} bad rows", report->patients, report->read.bad));
    constexpr std::size_t kShown = 5;
    for (std::size_t i = 0; i < std::min(kShown, report->read.first_bad.size()); ++i)
        progress.say(fmt::format("  line {}: {}", report->read.first_bad[i].line, report->read.first_bad[i].reason));
    return {};
}

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
        auto models = find_models(options_.config.models);
        if (!models) return models.error();
        if (auto made = files_.make_folders(options_.out); !made) return made;
        auto lock = OutLock::take(options_.out);
        if (!lock) return lock.error();
        auto catalog = store::open_sqlite_catalog(options_.out / "catalog.sqlite");
        if (!catalog) return catalog.error();
        auto patients = store::SqlitePatientIndex::open(options_.out / "catalog.sqlite");
        if (!patients) return patients.error();
        if (!options_.config.patients.empty())
            if (auto done = refresh_patients(**patients, options_.config.patients, progress_); !done) return done;

        const Spool spool(options_.out / "spool", options_.config.page_fingerprint(*models), files_);
        const auto decode = std::make_shared<const Decode>(
            DecodeSettings{Dpi{static_cast<float>(options_.config.render_dpi)}, options_.passwords});
        const StepServices services{options_.config, decode,    spool,
                                    files_,          **catalog, (*patients)->size() > 0 ? patients->get() : nullptr,
                                    options_.out,    *models};
        auto steps = make_steps(services);
        if (!steps) return steps.error();
        if (hooks_.change_steps) hooks_.change_steps(*steps);
        const StepTimes times(*steps);

        Intake intake(options_, *decode, **catalog, files_, progress_);
        if (auto found = intake.discover(); !found) return found;

        std::stop_source stop;
        const std::stop_callback relay(options_.stop, [&] { stop.request_stop(); });
        RunEvents events(progress_, stop);
        FlowSettings settings;
        settings.limits = options_.config.limits;
        settings.threads = options_.config.threads > 0
                               ? options_.config.threads
                               : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
        settings.pages_in_flight =
            options_.config.pages_in_flight > 0 ? options_.config.pages_in_flight : 2 * settings.threads;
        settings.stop = stop.get_token();

        progress_.start();
        run_flow(*steps, settings, events, [&](FlowEntrance& entrance) {
            if (auto fed = intake.feed(entrance, spool, stop.get_token()); !fed) events.store_failed(fed.error());
        });
        progress_.finish();

        events.into(outcome);
        outcome.step_times = times.totals();
        intake.into(outcome);
        outcome.interrupted = options_.stop.stop_requested();
        if (auto done = intake.record_duplicates(); !done && !outcome.fatal) outcome.fatal = done.error();
        const Config& config = options_.config;
        const RunFacts facts{outcome.done_now.total,
                             elapsed(),
                             settings.threads,
                             {{"type", config.route_type},
                              {"split", config.route_split},
                              {"match", config.route_patient},
                              {"ocr", config.route_ocr}}};
        if (auto written = write_listings(**catalog, facts, options_.out, files_); !written) return written;
        auto summary = (*catalog)->summary();
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
