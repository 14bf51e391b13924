// SPDX-License-Identifier: GPL-3.0-or-later
// The half of WatchedInbox that decides what is whole.
#include <algorithm>
#include <cerrno>

#include "pipeline/sources.h"
#include "service/completeness.h"
#include "service/inbox_names.h"
#include "service/watched_inbox.h"

namespace chartlift::service {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;
using End = FileRecord::End;

constexpr auto kLongestPutBack = 60s;
/// How often a file that somebody has open is looked at: four times in `settle`, within these.
constexpr std::chrono::milliseconds kOpenAgainMin = 10ms;
constexpr std::chrono::milliseconds kOpenAgainMax = 1s;

std::chrono::milliseconds open_again(std::chrono::milliseconds settle)
{
    return std::clamp(settle / 4, kOpenAgainMin, kOpenAgainMax);
}

}  // namespace

void WatchedInbox::judge(UnitNode& node)
{
    const SteadyTime now = Clock::now();
    Unit& unit = node.second;
    if (now < unit.not_before) return judge_at(node, unit.not_before);
    const Evidence evidence = evidence_for(node, now);
    const SteadyTime still = unit.still_since();
    const bool batch = node.first.ends_with('/');
    const bool renamed_in = (batch ? unit.renamed_in_at : unit.files.front().renamed_in_at) >= still;
    const bool vouched = !evidence.unfulfilled && (evidence.at >= still || renamed_in);
    const SteadyTime whole_at = still + (evidence.unfulfilled ? settings_.incomplete : settings_.settle);
    if (!vouched && now < whole_at) return judge_at(node, std::min(whole_at, evidence.again_at.value_or(whole_at)));

    if (!leave_out_passed(node)) return;
    bool cut_off = false;
    bool closed = true;
    for (auto& file : unit.files) {
        if (file.stage != FileRecord::Stage::waiting) continue;
        if (!look_into_file(node, file, now)) return;
        closed = closed && file.end == End::closed;
        // Made here and never closed: a writer that a lease could not show.
        cut_off = cut_off || file.end == End::cut_off || (file.still_open && file.end != End::closed);
    }
    if (cut_off && !vouched && now < still + settings_.incomplete) return judge_at(node, still + settings_.incomplete);
    if (vouched) return make_ready(node, evidence.at >= still ? evidence.by : WholeBy::renamed_in);
    if (cut_off || evidence.unfulfilled) return make_ready(node, WholeBy::gave_up_waiting);
    make_ready(node, closed ? WholeBy::closed : WholeBy::settled);
}

/// False if nothing is left that was not taken before.
bool WatchedInbox::leave_out_passed(UnitNode& node)
{
    if (settings_.after != pipeline::AfterTaking::leave || !passed_) return true;
    for (auto& file : node.second.files)
        if (file.stage == FileRecord::Stage::waiting && passed_(index_, node.first + file.name, file.identity))
            file.stage = FileRecord::Stage::passed;
    if (node.second.has_waiting()) return true;
    judge_anew(node, Clock::now());
    return false;
}

/// False if the unit cannot be whole now; it is scheduled then.
bool WatchedInbox::look_into_file(UnitNode& node, FileRecord& file, SteadyTime now)
{
    if (file.end != End::unknown) return true;
    const std::string name = node.first + file.name;
    int error = 0;
    Descriptor opened = files_->open_file(name, error);
    const auto state = opened ? InboxFiles::look_at(opened, error) : std::nullopt;
    if (!state) {
        if (error == EACCES || error == EPERM) refuse(name, RefusalReason::unreadable);
        judge_at(node, now + settings_.rescan);
        look_again(name, How::looked);  // it may be gone, and the unit with it
        return false;
    }
    if (!same_file(state->identity, file.identity) || state->status_changed_ns != file.status_changed_ns) {
        observe_input(name, *state, How::looked, now);
        return false;
    }
    const Writers writers = local_ ? writers_of(opened.get()) : Writers::unknown;
    if (writers == Writers::some) {
        judge_at(node, now + open_again(settings_.settle));
        return false;
    }
    const adapters::DescriptorSource bytes(std::move(opened));
    file.end = !looks_whole(bytes) ? End::cut_off : writers == Writers::none ? End::closed : End::settled;
    return true;
}

void WatchedInbox::make_ready(UnitNode& node, WholeBy whole_by)
{
    unschedule(node);
    node.second.whole_by = whole_by;
    node.second.stage = Unit::Stage::ready;
    ready_.emplace(node.second.order, &node);
}

// --- What markers say ---

std::vector<Marker*> WatchedInbox::markers_of(const std::string& unit)
{
    std::vector<Marker*> found;
    const auto add = [&](const std::string& key) {
        if (const auto marker = markers_.find(key); marker != markers_.end()) found.push_back(&marker->second);
    };
    const bool batch = unit.ends_with('/');
    const std::string name = batch ? unit.substr(0, unit.size() - 1) : unit;
    for (const char* ending : {".done", ".ready", ".sha256"}) add(name + ending);
    if (batch) {
        for (const char* ending : {".done", ".ready", ".sha256"}) add(unit + name + ending);
        for (const char* leaf : {".done", ".ready", "manifest.sha256", "manifest.json", "count"}) add(unit + leaf);
        for (auto it = markers_.lower_bound(unit); it != markers_.end() && it->first.starts_with(unit); ++it)
            if (count_in_name(std::string_view(it->first).substr(unit.size()))) found.push_back(&it->second);
    } else if (const auto stem = without_ending(name); !stem.empty()) {
        for (const char* ending : {".done", ".ready"}) add(std::string(stem) + ending);
    }
    return found;
}

Evidence WatchedInbox::evidence_for(const UnitNode& node, SteadyTime now)
{
    Evidence evidence;
    for (Marker* marker : markers_of(node.first)) weigh(*marker, node, now, evidence);
    return evidence;
}

void WatchedInbox::weigh(Marker& marker, const UnitNode& node, SteadyTime now, Evidence& evidence)
{
    const MarkerKind kind = kind_of_marker(leaf_of(marker.name));
    WholeBy by = WholeBy::marker;
    if (kind != MarkerKind::flag) {
        by = kind == MarkerKind::count ? WholeBy::count : WholeBy::manifest;
        if (!read_marker(marker, now, evidence) || !marker.manifest) {
            evidence.unfulfilled = true;
            return;
        }
        weigh_manifest(*marker.manifest, marker.name, node, evidence);
    }
    if (marker.changed_at < evidence.at) return;
    evidence.at = marker.changed_at;
    evidence.by = by;
}

/// False if it is not whole itself yet; evidence.again_at says when it may be.
bool WatchedInbox::read_marker(Marker& marker, SteadyTime now, Evidence& evidence)
{
    if (marker.read) return true;
    const auto again = [&](SteadyTime at) {
        evidence.again_at = std::min(at, evidence.again_at.value_or(at));
        return false;
    };
    int error = 0;
    const Descriptor file = files_->open_file(marker.name, error);
    if (!file) {
        if (error == EACCES || error == EPERM) refuse(marker.name, RefusalReason::unreadable);
        return false;
    }
    const auto state = InboxFiles::look_at(file, error);
    if (!state) return false;
    if (!same_file(state->identity, marker.state.identity)) {
        marker.state = *state;
        marker.changed_at = now;
    }
    const Writers writers = local_ ? writers_of(file.get()) : Writers::unknown;
    if (writers == Writers::some) return again(now + open_again(settings_.settle));
    if (writers == Writers::unknown && now < marker.changed_at + settings_.settle)
        return again(marker.changed_at + settings_.settle);
    marker.manifest = parse_marker(marker, file);
    marker.read = true;
    if (!marker.manifest) refuse(marker.name, RefusalReason::manifest_damaged);
    return true;
}

std::optional<Manifest> WatchedInbox::parse_marker(const Marker& marker, const Descriptor& file) const
{
    const std::string_view leaf = leaf_of(marker.name);
    if (const auto count = count_in_name(leaf)) return Manifest{{}, count};
    const auto size = static_cast<std::uint64_t>(marker.state.identity.size_bytes);
    if (size > kMostManifestBytes) return std::nullopt;
    std::string text(size, '\0');
    const auto got = adapters::read_at(file.get(), 0, std::as_writable_bytes(std::span(text)), "watch");
    if (!got || *got != size) return std::nullopt;
    if (kind_of_marker(leaf) == MarkerKind::count) {
        const auto count = parse_count(text);
        return count ? std::optional(Manifest{{}, *count}) : std::nullopt;
    }
    auto manifest = kind_of_marker(leaf) == MarkerKind::checksums ? parse_sha256sums(text) : parse_manifest_json(text);
    return manifest ? std::optional(std::move(*manifest)) : std::nullopt;
}

void WatchedInbox::marker_changed(std::string_view key, SteadyTime now)
{
    const auto concerns = [&](Units::iterator unit) {
        if (unit != units_.end() && unit->second.stage == Unit::Stage::waiting) judge_at(*unit, now);
    };
    if (in_batch(key)) concerns(units_.find(unit_of(key)));
    const std::string name(without_ending(key));
    if (name.empty()) return;
    concerns(units_.find(name));
    concerns(units_.find(name + "/"));
    for (auto unit = units_.lower_bound(name + "."); unit != units_.end() && unit->first.starts_with(name + ".");
         ++unit)
        if (without_ending(unit->first) == name) concerns(unit);
}

// --- When to judge ---

void WatchedInbox::judge_at(UnitNode& node, SteadyTime due)
{
    unschedule(node);
    node.second.stage = Unit::Stage::waiting;
    node.second.due = due;
    due_.emplace(due, node.second.order, &node);
}

void WatchedInbox::judge_anew(UnitNode& node, SteadyTime now)
{
    if (node.second.stage == Unit::Stage::given) return;
    if (node.second.has_waiting()) return judge_at(node, now);
    unschedule(node);
    node.second.stage = Unit::Stage::idle;
}

void WatchedInbox::unschedule(UnitNode& node)
{
    due_.erase({node.second.due, node.second.order, &node});
    ready_.erase({node.second.order, &node});
}

// --- Giving ---

std::optional<Ready> WatchedInbox::give()
{
    while (!ready_.empty()) {
        UnitNode& node = *ready_.begin()->second;
        if (still_as_judged(node)) {
            Ready ready = describe(node);
            unschedule(node);
            node.second.stage = Unit::Stage::given;
            for (auto& file : node.second.files)
                if (file.stage == FileRecord::Stage::waiting) file.stage = FileRecord::Stage::given;
            return ready;
        }
        judge_at(node, Clock::now());
        std::vector<std::string> names;
        for (const auto& file : node.second.files) names.push_back(node.first + file.name);
        for (const auto& name : names) look_again(name, How::looked);  // the unit may be gone with its last file
    }
    return std::nullopt;
}

bool WatchedInbox::still_as_judged(const UnitNode& node) const
{
    return std::all_of(node.second.files.begin(), node.second.files.end(), [&](const FileRecord& file) {
        if (file.stage != FileRecord::Stage::waiting) return true;
        int error = 0;
        const auto state = files_->look(node.first + file.name, error);
        return state && state->kind == EntryKind::file && same_file(state->identity, file.identity) &&
               state->status_changed_ns == file.status_changed_ns;
    });
}

Ready WatchedInbox::describe(const UnitNode& node)
{
    Evidence evidence = evidence_for(node, Clock::now());
    Ready ready{.inbox = index_,
                .name = node.first,
                .files = {},
                .markers = {},
                .expected = std::move(evidence.expected),
                .expected_count = evidence.count,
                .whole_by = node.second.whole_by};
    for (const auto& file : node.second.files) {
        if (file.stage != FileRecord::Stage::waiting) continue;
        const std::string name = node.first + file.name;
        ready.files.push_back({settings_.path / name, name, file.identity});
    }
    std::sort(ready.files.begin(), ready.files.end(),
              [](const ReadyFile& a, const ReadyFile& b) { return pipeline::natural_less(a.name, b.name); });
    for (const Marker* marker : markers_of(node.first)) ready.markers.push_back(settings_.path / marker->name);
    return ready;
}

void WatchedInbox::taken(const Ready& ready)
{
    for (const auto& given : ready.files) {
        const auto node = units_.find(ready.name);
        if (node == units_.end()) return;
        FileRecord* file = node->second.find(std::string_view(given.name).substr(ready.name.size()));
        if (file == nullptr || file->stage != FileRecord::Stage::given) continue;
        file->identity = given.identity;
        file->stage = FileRecord::Stage::passed;
        if (files_) look_again(given.name, How::looked);  // gone, or another file by now
    }
    const auto node = units_.find(ready.name);
    if (node == units_.end() || node->second.stage != Unit::Stage::given) return;
    node->second.stage = Unit::Stage::idle;
    node->second.put_backs = 0;
    judge_anew(*node, Clock::now());
}

void WatchedInbox::put_back(const Ready& ready)
{
    const auto node = units_.find(ready.name);
    if (node == units_.end() || node->second.stage != Unit::Stage::given) return;
    Unit& unit = node->second;
    for (auto& file : unit.files) {
        if (file.stage != FileRecord::Stage::given) continue;
        file.stage = FileRecord::Stage::waiting;
        file.end = End::unknown;
    }
    std::chrono::milliseconds pause = settings_.settle;
    for (unsigned i = 0; i < unit.put_backs && pause < kLongestPutBack; ++i) pause *= 2;
    ++unit.put_backs;
    unit.not_before = Clock::now() + std::min<std::chrono::milliseconds>(pause, kLongestPutBack);
    judge_at(*node, unit.not_before);
}

}  // namespace chartlift::service
