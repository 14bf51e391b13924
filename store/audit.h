// SPDX-License-Identifier: GPL-3.0-or-later
/// The audit log: who did what to which document, batch or file, and when. Entries are numbered from 0 without gaps and
/// are only ever added. Each is a leaf of a hash tree (merkle.h) whose root is signed (signed_note.h) with every
/// addition, so that an entry changed, dropped, moved or slipped in later does not fit (audit_verify.h).
///
/// A leaf is its columns as netstrings (https://cr.yp.to/proto/netstrings.txt), which read in one way only:
///     "23:chartlift audit entry 1," seq at actor what subject detail      e.g. "1:7,24:2026-03-01T08:15:00.250Z,..."
/// Beside the catalog stand audit/signing_key.pem (whoever has it can sign), audit/verify_key.pem and audit/checkpoints
/// (signed_note.h), a copy of which, kept elsewhere, pins the history even against whoever has the signing key.
///
/// Guarantee: entries are committed together with the change that they tell of, or not at all. Nothing is signed on top
/// of a tree that does not fit its signed head. Order is that of the numbers: a clock that steps back breaks nothing.
/// No patient text: subjects are ids, details are JSON of codes, counts and hashes; the caller sees to that.
/// Faults: those of store/sqlite.h and files.h; store (the log does not fit its signed head), config (key missing).
/// Thread-safety: a trail is used by one thread at a time, like its Database; several processes may append to one log.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/fault.h"
#include "store/files.h"
#include "store/merkle.h"
#include "store/signed_note.h"
#include "store/sqlite.h"

namespace chartlift::store {

struct AuditEvent {
    std::string what;     ///< "batch.recorded"
    std::string subject;  ///< the id of what it happened to; empty: the whole store
    std::string detail;   ///< JSON
};

/// Who: "service", "run:alice".
struct Actor {
    std::string name;
};

/// The account that runs this process, behind what it runs: "run:alice"; by number where it has no name.
Actor actor_of(std::string_view command);

/// Who opens a catalog, and the layer that its changes of the disk go through.
struct CatalogAccess {
    Actor actor = actor_of("operator");
    Files* files = nullptr;  ///< null: the real file system; must outlive what is opened
    Files& files_or_real() const;
};

struct AuditEntry {
    std::uint64_t seq = 0;
    std::string at;  ///< UTC, ISO 8601, milliseconds
    std::string actor;
    std::string what;
    std::string subject;
    std::string detail;
};

std::string leaf_of(const AuditEntry& entry);

/// Where the log of a catalog keeps its keys and checkpoints.
struct AuditFiles {
    std::filesystem::path signing_key;
    std::filesystem::path verify_key;
    std::filesystem::path checkpoints;
    static AuditFiles beside(const std::filesystem::path& catalog);
};

class AuditTrail {
public:
    /// A checkpoint goes into the file after this many entries: few enough to pin a day's work, and after ten million
    /// entries the file is still small enough (2 MB) to be written anew each time.
    static constexpr std::uint64_t kCheckpointEvery = 1024;

    /// For the catalog at `catalog`. `files` must outlive the trail.
    AuditTrail(const std::filesystem::path& catalog, Actor actor, Files& files);

    /// Adds entries within the caller's open transaction; the first ever makes the key, and enters what the catalog
    /// already holds as "document.adopted".
    Result<void> append(Database& database, const std::vector<AuditEvent>& events);

    /// append() and commit, then a checkpoint if one is due. A checkpoint that cannot be written is no fault: what was
    /// committed stays committed, and the next commit tries again.
    Result<void> commit(Database& database, Transaction& transaction, const std::vector<AuditEvent>& events);

    /// Writes the newest signed head into the checkpoints file, unless it stands there, and returns its note. Takes a
    /// transaction of its own, so that two processes do not write at once. Faults: config (the log is empty).
    Result<std::string> write_checkpoint(Database& database);

private:
    Result<void> load_key(bool may_make);
    Result<GrowingTree> tree_to_extend(Database& database);
    Result<std::uint64_t> newest_in_file() const;

    AuditFiles places_;
    Actor actor_;
    Files& files_;
    std::optional<SigningKey> key_;
    std::optional<std::uint64_t> checkpointed_;  ///< entries under the newest checkpoint in the file, as far as known
    std::uint64_t size_ = 0;                     ///< entries after the last append
};

/// The signed head of a database; nothing where the log is empty.
Result<std::optional<SignedNote>> read_head(const Database& database);
/// Reads stored nodes for the proofs of merkle.h.
ReadNode node_reader(const Database& database);

struct AuditQuery {
    std::string subject;      ///< empty: any
    std::string since;        ///< the beginning of an ISO time, UTC: "2026-03-01"; empty: ever
    std::size_t limit = 100;  ///< the newest so many
};

/// Oldest first.
Result<std::vector<AuditEntry>> find_entries(const Database& database, const AuditQuery& query);

/// For a sceptic with the verify key: the entry, its path to the root, and the signed note over that root, as JSON.
Result<std::string> proof_json(const Database& database, std::uint64_t seq);

}  // namespace chartlift::store
