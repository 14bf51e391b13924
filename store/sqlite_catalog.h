// SPDX-License-Identifier: GPL-3.0-or-later
/// The catalog in one SQLite file (WAL, synchronous=FULL), with full text in FTS5.
/// Guarantee: every change is committed together with its entries in the audit log (audit.h): "batch.recorded",
/// "document.filed", "document.held" and "document.removed" (of a batch recorded anew), "input.duplicate".
/// Thread-safety: one connection behind a mutex.
#pragma once

#include <filesystem>
#include <memory>

#include "store/audit.h"
#include "store/catalog.h"

namespace chartlift::store {

/// Opens or makes the catalog and brings its schema up to date (migrations.h).
/// Faults: store (cannot open, locked, damaged, newer than this program), disk_full.
Result<std::unique_ptr<Catalog>> open_sqlite_catalog(const std::filesystem::path& path,
                                                     const CatalogAccess& access = {});

}  // namespace chartlift::store
