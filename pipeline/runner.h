// SPDX-License-Identifier: GPL-3.0-or-later
/// The main job: inputs to filed documents in OUT, resumable.
/// Guarantee: every page of every input ends in exactly one state, and the sum is checked; a run that was killed,
/// stopped or ran out of disk goes on when called again with the same OUT, repeats nothing that was recorded, and ends
/// with the catalog that an uninterrupted run makes. Faults: see RunOutcome::fatal. Thread-safety: one run an OUT at a
/// time (a lock file says who).
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/fault.h"
#include "pipeline/config.h"
#include "pipeline/progress.h"
#include "pipeline/step_times.h"
#include "pipeline/steps.h"
#include "store/catalog.h"
#include "store/files.h"

namespace chartlift::pipeline {

struct RunOptions {
    std::vector<std::filesystem::path> inputs;
    std::filesystem::path out;
    Config config;
    std::vector<std::string> passwords;
    std::stop_token stop;
};

struct RunOutcome {
    store::CatalogSummary summary;    ///< of all that OUT holds
    store::PageTally done_now;        ///< pages recorded by this run
    std::int64_t batches_before = 0;  ///< inputs recorded by an earlier run and passed over
    std::int64_t batches_now = 0;
    std::int64_t duplicates = 0;
    std::vector<std::filesystem::path> ignored;  ///< files that are no scans
    std::vector<Fault> batch_faults;             ///< batches that could not be finished
    std::optional<Fault> fatal;                  ///< the run ended early, or could not begin
    bool interrupted = false;                    ///< the operator asked to stop
    std::chrono::milliseconds took{0};
    std::vector<StepTime> step_times;  ///< processor time, by step, of all threads
};

/// Exit codes, as documented in `chartlift run --help`.
enum class ExitCode {
    done = 0,
    usage = 2,
    some_faulted = 3,
    nothing_done = 4,
    store_unavailable = 5,
    interrupted = 130
};
ExitCode exit_code_of(const RunOutcome& outcome);

/// Lets tests put a failing step or file system in place; both may be empty.
struct RunHooks {
    std::function<void(Steps&)> change_steps;
    store::Files* files = nullptr;
};

RunOutcome run(const RunOptions& options, Progress& progress, const RunHooks& hooks = {});

}  // namespace chartlift::pipeline
