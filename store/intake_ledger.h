// SPDX-License-Identifier: GPL-3.0-or-later
/// The port to the intake ledger: what the service took in, from which inbox, and what became of it.
/// Guarantee: every call that changes something is one transaction, with its audit entries, or changes nothing. The
/// same content never waits or is recorded twice: it is a duplicate, linked to the first. Arrivals are ordered by id,
/// never by clock. An arrival moves only along these lines:
///
///     (new) -> taken -> recorded        (new) -> duplicate
///                ^  `-> quarantined -> discarded
///                '------retry / release of quarantined, retry of recorded with a fault
///
/// Crash rules: take() follows the archive's sync and precedes the move of the original. Seen again after a crash, the
/// very file (name, device, inode, size, mtime) is found by find_taken() until mark_moved(); its move is finished, and
/// it is not taken again. Once moved, a file with the same name and identity was put back by somebody: a new arrival,
/// and by its content a duplicate. Originals that stay are found for ever.
/// Faults: store (locked, damaged), disk_full, config (what an operator asked for is not allowed in this state, or
/// there is no such arrival), internal. Names of files are raw bytes and may name patients: they are in no fault's
/// `what` and in no audit entry. Thread-safety: safe from many threads (calls are serialised) and processes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/fault.h"

namespace chartlift::store {

struct FileIdentity {  ///< the very file, not its name
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size_bytes = 0;
    std::int64_t modified_ns = 0;  ///< since 1970
    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

enum class ArrivalState {
    taken,        ///< waiting, or in the flow
    recorded,     ///< in the catalog; with a fault if some of its pages could not be done
    duplicate,    ///< its content is that of `duplicate_of`; nothing more happens to it
    quarantined,  ///< could not be processed; an operator decides
    discarded,    ///< the operator gave it up; the same content would be taken anew
};
std::string_view to_string(ArrivalState state);
std::optional<ArrivalState> arrival_state_from(std::string_view text);

struct ArrivedFile {
    std::string name;  ///< relative to the inbox; any bytes but NUL
    FileIdentity identity;
    std::string sha256;  ///< lower-case hexadecimal; its name in the archive
    std::uint64_t bytes = 0;
    bool moved = false;  ///< the original is no longer in the inbox
};

struct NewArrival {
    std::string inbox;
    std::string batch_class;
    int priority = 0;                ///< of the inbox; higher goes first
    std::string name;                ///< a folder's ends in '/'
    std::vector<ArrivedFile> files;  ///< in scan order; at least one
    std::string batch_id;            ///< hash of the content, as pipeline::batch_id_of; empty: unknown, no duplicate
    bool originals_stay = false;     ///< the inbox leaves originals in place: there is nothing to move
    std::optional<Fault> fault;      ///< known before it is tried: it waits only to be quarantined, with this fault
};

struct Arrival {
    std::int64_t id = 0;
    std::string inbox;
    std::string batch_class;
    int priority = 0;
    std::string name;
    std::vector<ArrivedFile> files;
    std::string batch_id;
    ArrivalState state = ArrivalState::taken;
    int attempts = 0;                          ///< times it was put in the queue; a duplicate's is 0
    bool redo = false;                         ///< an operator wants it done again, though the catalog may hold it
    std::optional<Fault> fault;                ///< of the last attempt that ended
    std::optional<std::int64_t> duplicate_of;  ///< never a duplicate itself
    std::string taken_at;                      ///< UTC, ISO 8601
    std::string changed_at;                    ///< when it came into its state
};

struct TakenFile {  ///< one file of one arrival
    std::int64_t arrival = 0;
    std::size_t ordinal = 0;  ///< in Arrival::files
};

struct UnmovedFile {
    TakenFile place;
    std::string inbox;
    ArrivedFile file;
};

struct InboxDepth {  ///< arrivals by state
    std::string inbox;
    std::int64_t waiting = 0;  ///< taken: waiting or in the flow
    std::int64_t recorded = 0;
    std::int64_t duplicates = 0;
    std::int64_t quarantined = 0;
    std::int64_t discarded = 0;
    std::optional<std::chrono::sys_time<std::chrono::milliseconds>> oldest_waiting_since;
};
using Depths = std::vector<InboxDepth>;  ///< by name of the inbox

struct ArrivalFilter {
    std::optional<ArrivalState> state;  ///< nothing: any
    bool retryable = false;             ///< only what retry() would accept
    std::int64_t after_id = 0;
    std::size_t limit = 100;
};

class IntakeLedger {
public:
    IntakeLedger() = default;
    IntakeLedger(const IntakeLedger&) = delete;
    IntakeLedger& operator=(const IntakeLedger&) = delete;
    virtual ~IntakeLedger() = default;

    /// Records arrivals, many in one transaction; they come back in the same order, each taken or a duplicate. One that
    /// find_taken() would find comes back as it stands: taking it again changes nothing.
    virtual Result<std::vector<Arrival>> take(std::span<const NewArrival> arrivals) = 0;
    /// This very file was taken and is not yet moved away: finish its move, do not take it again.
    virtual Result<std::optional<TakenFile>> find_taken(std::string_view inbox, std::string_view name,
                                                        const FileIdentity& identity) = 0;
    /// For a restart: taken, and to be moved, but not known to be moved (by arrival id).
    virtual Result<std::vector<UnmovedFile>> not_yet_moved() = 0;
    virtual Result<void> mark_moved(std::span<const TakenFile> files) = 0;  ///< or gone by other hands

    /// Up to `per_inbox` oldest waiting arrivals of each inbox, without those in flight; in the order in which to start
    /// them: by priority, then the first of each inbox, the second of each, and so on.
    virtual Result<std::vector<Arrival>> heads(std::span<const std::int64_t> in_flight, std::size_t per_inbox) = 0;
    /// A taken arrival is recorded (with a fault if pages faulted) or quarantined (with its fault). Finishing it again
    /// the same way is fine and changes nothing.
    virtual Result<void> finish(std::int64_t id, ArrivalState state, const std::optional<Fault>& fault) = 0;

    // The operator's commands.
    virtual Result<void> retry(std::int64_t id) = 0;    ///< recorded with a fault, or quarantined: taken, redo
    virtual Result<void> release(std::int64_t id) = 0;  ///< quarantined: taken, redo
    virtual Result<void> discard(std::int64_t id) = 0;  ///< quarantined: discarded
    virtual Result<void> request_drain(bool wanted) = 0;
    virtual Result<bool> drain_requested() = 0;
    virtual Result<Depths> depths() = 0;
    virtual Result<std::vector<Arrival>> list(const ArrivalFilter& filter) = 0;  ///< by id
    virtual Result<std::optional<Arrival>> find(std::int64_t id) = 0;
};

}  // namespace chartlift::store
