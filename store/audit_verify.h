// SPDX-License-Identifier: GPL-3.0-or-later
/// Checks an audit log, offline and on a copy: needs the catalog's file and the verify key, changes neither, and never
/// needs the signing key. Checkpoints kept elsewhere show what was cut off or made anew since.
/// Checked, in one pass over the entries: their numbers; each leaf's hash, made again from the columns; each node of
/// the tree; the root at every checkpoint and at the head, and their signatures; then that each document stands in the
/// catalog as its latest entry says.
/// Guarantee: offences come in the order of the entries, the first being the first that does not fit. What was altered
/// with its own hash and all the tree made anew is pinned between two checkpoints, since nothing nearer was signed.
/// Not found: a whole log put back to an earlier state, unless a checkpoint after that state was kept.
/// Faults: those of store/sqlite.h; config (no verify key), io. An offence is no fault.
/// Thread-safety: free function; the log may be appended to meanwhile (one snapshot of it is read).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/fault.h"
#include "store/signed_note.h"
#include "store/sqlite.h"

namespace chartlift::store {

struct AuditCopy {
    std::filesystem::path catalog;
    std::filesystem::path verify_key;
    std::vector<std::filesystem::path> checkpoints;  ///< files that are not there hold none
};

enum class AuditOffenceKind {
    missing,     ///< an entry that was signed is not there
    altered,     ///< an entry is not what was logged
    reordered,   ///< an entry stands where another did
    tree,        ///< the stored tree does not fit the entries
    not_signed,  ///< entries that no signature covers
    truncated,   ///< the log ends before a checkpoint that was signed
    history,     ///< the entries up to a checkpoint or the head are not those that were signed
    signature,   ///< a head or checkpoint whose signature does not hold
    key,         ///< a head or checkpoint signed with another key
    checkpoint,  ///< a checkpoints file that cannot be read to its end
    document,    ///< the catalog does not hold what the log says it does
};

struct AuditOffence {
    AuditOffenceKind kind = AuditOffenceKind::altered;
    std::optional<std::uint64_t> seq;
    std::string text;  ///< for people; names no patient
};

struct AuditReport {
    std::uint64_t entries = 0;
    std::optional<Checkpoint> head;
    std::size_t checkpoints = 0;  ///< that were checked, over all files
    std::size_t cut_short = 0;    ///< files whose last checkpoint is not whole; it was left out
    std::uint64_t documents = 0;  ///< of the catalog, that were checked
    std::vector<AuditOffence> offences;
    bool sound() const { return offences.empty(); }
};

/// Told now and then how many entries were checked, of how many.
using AuditProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

Result<AuditReport> verify_audit(const AuditCopy& copy, const AuditProgress& progress = {});

/// For reading alone; without so much as a lock file beside it, if nobody has it open.
Result<Database> open_to_read(const std::filesystem::path& catalog);

}  // namespace chartlift::store
