// SPDX-License-Identifier: GPL-3.0-or-later
/// The catalog's schema, one step a version (PRAGMA user_version). A step, once released, is never edited.
#pragma once

#include "core/fault.h"
#include "store/sqlite.h"

namespace chartlift::store {

/// Faults: store (the file is newer than this program). Each step runs in its own transaction.
/// Thread-safety: one thread, before the database is shared.
Result<void> migrate(Database& database);

}  // namespace chartlift::store
