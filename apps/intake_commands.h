// SPDX-License-Identifier: GPL-3.0-or-later
/// The operator's commands over the intake ledger: status, retry, drain, and quarantine list|show|release|discard.
/// Their texts show names of files, unprintable bytes escaped: they are for the terminal of whoever may see them.
/// Faults: those of store/intake_ledger.h. Thread-safety: free functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/fault.h"
#include "store/intake_ledger.h"

namespace CLI {
class App;
}

namespace chartlift {

/// The queue's part of `chartlift status`.
std::string intake_status_text(const store::Depths& depths, bool draining, std::chrono::system_clock::time_point now);
Result<std::string> quarantine_text(store::IntakeLedger& ledger);
/// All that is known of an arrival, and what to do where it is quarantined. Its files stand under `out`.
Result<std::string> arrival_text(store::IntakeLedger& ledger, std::int64_t id, const std::filesystem::path& out);

/// What a command over several arrivals did: one refused does not keep the others from being done.
struct Done {
    std::vector<std::int64_t> ids;
    std::vector<Fault> refused;
};
using ArrivalCommand = Result<void> (store::IntakeLedger::*)(std::int64_t);
Done for_each_arrival(store::IntakeLedger& ledger, std::span<const std::int64_t> ids, ArrivalCommand command);
/// Everything that retry() accepts.
Done retry_all(store::IntakeLedger& ledger);

/// Says how many still wait, whenever that changed, until none does (true) or `stop` is requested (false).
Result<bool> wait_until_drained(store::IntakeLedger& ledger, const std::stop_token& stop,
                                std::chrono::milliseconds between_looks,
                                const std::function<void(const std::string&)>& say);

/// Adds the subcommands; the one that is called sets `code`.
void add_intake_commands(CLI::App& app, int& code);

}  // namespace chartlift
