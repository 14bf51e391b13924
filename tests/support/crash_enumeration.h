// SPDX-License-Identifier: GPL-3.0-or-later
/// Crashes a piece of work at every durable step it takes, in every way (crashing_files.h), lets it start again, and
/// compares what it leaves with what work nobody disturbed leaves.
/// Guarantee: all work runs in forked children, so that threads it starts (TBB's do not survive a fork) are nobody
/// else's; the caller must not have started any. The points are spread over as many processes as there are cores.
/// Thread-safety: one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/support/crashing_files.h"

namespace chartlift::test {

/// Everything comparable that work leaves: a name for each thing, and its content.
using Remains = std::map<std::string, std::string>;

struct CrashScenario {
    /// Puts the inputs into an empty folder, which is the current one.
    std::function<void()> prepare;
    /// The work, in the current folder; true where it ended as it should. Called again after a crash.
    std::function<bool(store::Files&)> work;
    /// What it left in the current folder.
    std::function<Remains()> remains;
    /// What must hold after any crash, before the next start; empty where it does. May be left out.
    std::function<std::string()> always{};
};

struct CrashReport {
    std::vector<std::string> steps;  ///< of the undisturbed work
    Remains undisturbed;
    std::int64_t points = 0;            ///< crashes, each followed by a restart and a comparison
    std::vector<std::string> failures;  ///< "step 12 (rename), unsynced lost: pages.jsonl differs"
};

struct CrashChoice {
    std::int64_t every = 1;           ///< each how many-th step; more than 1 only where a sanitizer makes work slow
    std::int64_t double_crashes = 0;  ///< how many times the restart is crashed too, at a random step
    unsigned seed = 1;
};

/// `folder` must be empty and stand on a file system with hard links.
CrashReport enumerate_crashes(const CrashScenario& scenario, const CrashChoice& choice,
                              const std::filesystem::path& folder);

/// The bytes of every file below a folder of the current one, for Remains.
void add_files(Remains& remains, const std::filesystem::path& folder);

}  // namespace chartlift::test
