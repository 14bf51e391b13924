// SPDX-License-Identifier: GPL-3.0-or-later
/// The intake ledger in the catalog's SQLite file, over a connection of its own.
/// Guarantee: that of intake_ledger.h; commits go through `files`, so that crash tests see them. Counts are kept by
/// triggers and the waiting stand in an index of their own, so that a million arrivals slow nothing down.
/// Faults: those of store/sqlite.h. Thread-safety: one connection behind a mutex; another process may write at the
/// same time, and is waited for up to `patience`.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "store/files.h"
#include "store/intake_ledger.h"

namespace chartlift::store {

/// How long a call waits for another process's transaction before it is a fault.
constexpr std::chrono::milliseconds kLedgerPatience{10'000};

/// `who` stands in the audit log as the one who made the changes: "service", or the operator's account.
/// Faults: store (cannot open, locked, damaged, newer than this program), disk_full.
Result<std::unique_ptr<IntakeLedger>> open_sqlite_intake_ledger(const std::filesystem::path& path, Files& files,
                                                                std::string who,
                                                                std::chrono::milliseconds patience = kLedgerPatience);

}  // namespace chartlift::store
