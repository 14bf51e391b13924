// SPDX-License-Identifier: GPL-3.0-or-later
/// `chartlift audit`: what was done, by whom and when, and whether the log of it is whole.
/// Guarantee: verify, show and prove change nothing on the disk; no output names a patient.
/// Thread-safety: free functions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "store/audit.h"

namespace chartlift {

struct AuditArguments {
    std::filesystem::path out = "out";
    std::filesystem::path catalog;                   ///< empty: OUT/catalog.sqlite
    std::filesystem::path verify_key;                ///< empty: beside the catalog
    std::vector<std::filesystem::path> checkpoints;  ///< copies kept elsewhere, besides the one beside the catalog
    store::AuditQuery query;
    std::uint64_t seq = 0;

    std::filesystem::path catalog_file() const { return catalog.empty() ? out / "catalog.sqlite" : catalog; }
};

/// 0: sound; 3: not, with the offences in plain words; else as the exit codes say.
int audit_verify_command(const AuditArguments& arguments);
/// The newest entries, as a table.
int audit_show_command(const AuditArguments& arguments);
/// A proof, as JSON, that an entry is in the log.
int audit_prove_command(const AuditArguments& arguments);
/// Writes the newest checkpoint to the checkpoints file, and prints it to be kept elsewhere.
int audit_checkpoint_command(const AuditArguments& arguments);

}  // namespace chartlift
