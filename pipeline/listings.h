// SPDX-License-Identifier: GPL-3.0-or-later
/// What people and scripts read in OUT, made anew from the catalog at the end of every run: pages.jsonl, manifest.jsonl
/// and report.html.
/// Guarantee: each is replaced as a whole, and holds all that OUT's catalog holds, in a stable order.
/// Faults: disk_full, io, store. Thread-safety: free function.
#pragma once

#include <filesystem>

#include "core/fault.h"
#include "pipeline/report.h"
#include "store/catalog.h"
#include "store/files.h"

namespace chartlift::pipeline {

Result<void> write_listings(store::Catalog& catalog, const RunFacts& facts, const std::filesystem::path& out,
                            store::Files& files);

}  // namespace chartlift::pipeline
