// SPDX-License-Identifier: GPL-3.0-or-later
/// The catalog in one SQLite file (WAL, synchronous=FULL), with full text in FTS5.
/// Thread-safety: one connection behind a mutex.
#pragma once

#include <filesystem>
#include <memory>

#include "store/catalog.h"

namespace chartlift::store {

/// Opens or makes the catalog and brings its schema up to date (migrations.h).
/// Faults: store (cannot open, locked, damaged, newer than this program), disk_full.
Result<std::unique_ptr<Catalog>> open_sqlite_catalog(const std::filesystem::path& path);

}  // namespace chartlift::store
