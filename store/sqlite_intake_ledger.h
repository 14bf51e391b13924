// SPDX-License-Identifier: GPL-3.0-or-later
/// The intake ledger in the catalog's SQLite file, over a connection of its own.
/// Guarantee: that of intake_ledger.h; its commits are steps of store/files.h. Counts are kept by
/// triggers and the waiting stand in an index of their own, so that a million arrivals slow nothing down.
/// Faults: those of store/sqlite.h. Thread-safety: one connection behind a mutex; another process may write at the
/// same time, and is waited for up to `patience`.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

#include "store/audit.h"
#include "store/intake_ledger.h"

namespace chartlift::store {

/// How long a call waits for another process's transaction before it is a fault.
constexpr std::chrono::milliseconds kLedgerPatience{10'000};

/// Opens or makes the catalog's tables (migrations.h). Every change is in the audit log as access.actor's, its subject
/// "arrival:ID": "arrival.taken", ".duplicate", ".recorded", ".quarantined", ".retried", ".released", ".discarded";
/// and "intake.drain". That an original was moved changes no arrival, and is not in it.
/// Faults: store (cannot open, locked, damaged, newer than this program), disk_full.
Result<std::unique_ptr<IntakeLedger>> open_sqlite_intake_ledger(const std::filesystem::path& path,
                                                                const CatalogAccess& access = {},
                                                                std::chrono::milliseconds patience = kLedgerPatience);

}  // namespace chartlift::store
