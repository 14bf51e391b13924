// SPDX-License-Identifier: GPL-3.0-or-later
/// OUT/quarantine: what could not be processed, for a person to look at: ID/NAME, a second name of the archived file,
/// and ID.why.json, which says what is wrong, in which inbox it lay, and what to do.
/// Guarantee: put() can be done again after a crash and ends the same; nothing is ever deleted by it. A file that is in
/// no archive (too large to be kept) is moved there itself.
/// Faults: io, disk_full. Thread-safety: safe for different arrivals.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/fault.h"
#include "store/archive.h"
#include "store/files.h"
#include "store/intake_ledger.h"

namespace chartlift::service {

/// What a person can do about an input that cannot be processed.
std::string_view remedy_for(FaultKind kind);

class Quarantine {
public:
    Quarantine(const std::filesystem::path& out, store::Files& files);

    Result<void> put(const store::Arrival& arrival, const Fault& fault) const;
    /// Once the arrival was released and processed after all.
    Result<void> remove(std::int64_t arrival_id) const;
    std::filesystem::path folder_of(std::int64_t arrival_id) const;

private:
    std::filesystem::path folder_;
    store::Archive archive_;
    store::Files& files_;
};

}  // namespace chartlift::service
