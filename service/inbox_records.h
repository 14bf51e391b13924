// SPDX-License-Identifier: GPL-3.0-or-later
/// What a watched inbox remembers of its entries: one small record a file. Thread-safety: plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "service/batch_manifest.h"
#include "service/inbox_files.h"
#include "service/ready.h"

namespace chartlift::service {

using SteadyTime = std::chrono::steady_clock::time_point;
constexpr SteadyTime kNever = SteadyTime::min();

struct FileRecord {
    enum class Stage { waiting, given, passed };
    enum class End { unknown, closed, settled, cut_off };  ///< what a look into the file said

    std::string name;  ///< within its unit; empty where the unit is the file
    store::FileIdentity identity{};
    std::int64_t status_changed_ns = 0;
    SteadyTime changed_at;
    SteadyTime renamed_in_at = kNever;
    std::uint32_t look = 0;  ///< number of the full look that last saw it
    Stage stage = Stage::waiting;
    End end = End::unknown;
    bool still_open = false;  ///< made here, and not closed since
};

/// What is taken as one: a file, or a batch's folder.
struct Unit {
    enum class Stage { idle, waiting, ready, given };

    std::uint64_t order = 0;  ///< of appearance
    Stage stage = Stage::waiting;
    SteadyTime first_seen;
    SteadyTime changed_at;  ///< a file appeared or vanished
    SteadyTime renamed_in_at = kNever;
    SteadyTime due;
    SteadyTime not_before = kNever;
    unsigned put_backs = 0;
    WholeBy whole_by = WholeBy::settled;
    std::vector<FileRecord> files;  ///< by name

    FileRecord* find(std::string_view inner);
    FileRecord& add(std::string_view inner);
    void remove(std::string_view inner);
    bool has_waiting() const;
    SteadyTime still_since() const;  ///< of the files that wait
};
using Units = std::map<std::string, Unit, std::less<>>;
using UnitNode = Units::value_type;

struct Marker {
    std::string name;
    EntryState state{};
    SteadyTime changed_at;
    std::uint32_t look = 0;
    bool read = false;                 ///< `manifest` is what it says
    std::optional<Manifest> manifest;  ///< of checksums, manifest.json and counts; nothing: damaged
};

/// What the markers of a unit say together.
struct Evidence {
    SteadyTime at = kNever;  ///< the latest that says "whole"
    WholeBy by = WholeBy::marker;
    bool unfulfilled = false;            ///< a promise is not kept, cannot be understood, or cannot be read yet
    std::optional<SteadyTime> again_at;  ///< when a marker that is being written may be read
    std::vector<ExpectedFile> expected;
    std::optional<std::uint64_t> count;
};

/// Adds what a manifest promises of a unit; `marker` and `unit` are names relative to the inbox.
void weigh_manifest(const Manifest& manifest, const std::string& marker, const UnitNode& unit, Evidence& evidence);

}  // namespace chartlift::service
