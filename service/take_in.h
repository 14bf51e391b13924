// SPDX-License-Identifier: GPL-3.0-or-later
/// Takes whole inputs in: hashes and copies them into the archive, records them in the ledger, and only then moves the
/// originals out of the inbox.
/// Guarantee: after a crash at any point nothing is lost and nothing is taken twice: an original leaves the inbox only
/// when its content is synced in the archive and its arrival committed; finish_moves() ends what a crash cut short. An
/// original never replaces another in `done`. A file that changed since it was found whole is given back, not taken.
/// Faults: disk_full, store, io of OUT's own folders; a file's own troubles are the file's: it is quarantined or given
/// back. Thread-safety: one thread.
#pragma once

#include <filesystem>
#include <vector>

#include "core/limits.h"
#include "pipeline/site.h"
#include "service/log.h"
#include "service/watcher.h"
#include "store/archive.h"
#include "store/files.h"
#include "store/intake_ledger.h"

namespace chartlift::service {

class TakeIn {
public:
    TakeIn(std::filesystem::path out, std::vector<pipeline::Inbox> inboxes, const Limits& limits,
           store::IntakeLedger& ledger, store::Files& files, Log& log);

    struct Taken {
        std::vector<store::Arrival> arrivals;
        /// Indexes of inputs that changed or cannot be read now: to be looked at again. The others are taken, or were
        /// by an earlier run.
        std::vector<std::size_t> given_back;
    };
    Result<Taken> take(const std::vector<Ready>& ready) const;

    /// At the start, before the inboxes are watched.
    Result<void> finish_moves() const;

private:
    bool is_outs(const Fault& fault) const;
    Result<bool> is_known(const Ready& ready) const;
    Result<bool> archive_files(const Ready& ready, store::NewArrival& arrival) const;
    Result<void> move_away(const store::Arrival& arrival, const std::vector<std::filesystem::path>& markers) const;
    Result<void> move_original(const store::ArrivedFile& file, const std::filesystem::path& from,
                               const std::filesystem::path& to) const;
    std::vector<std::filesystem::path> markers_left(const store::Arrival& arrival) const;
    std::filesystem::path place_for(const pipeline::Inbox& inbox, const store::Arrival& arrival,
                                    const std::string& name, bool archived) const;
    void remove_empty_folders(const std::filesystem::path& folder) const;

    std::filesystem::path out_;
    std::vector<pipeline::Inbox> inboxes_;
    Limits limits_;
    store::IntakeLedger& ledger_;
    store::Files& files_;
    store::Archive archive_;
    Log& log_;
};

}  // namespace chartlift::service
