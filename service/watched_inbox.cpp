// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/watched_inbox.h"

#include <algorithm>
#include <cerrno>
#include <climits>

#include "pipeline/sources.h"
#include "service/inbox_names.h"

namespace chartlift::service {
namespace {

using Clock = std::chrono::steady_clock;
/// Folders in folders; deeper than anybody files paper, and far from the limits on paths and descriptors.
constexpr std::ptrdiff_t kDeepest = 64;

RefusalReason refusal_of(EntryKind kind)
{
    switch (kind) {
        case EntryKind::symbolic_link: return RefusalReason::symbolic_link;
        case EntryKind::fifo: return RefusalReason::fifo;
        case EntryKind::socket: return RefusalReason::socket;
        default: return RefusalReason::device;
    }
}

std::chrono::milliseconds age(SteadyTime since)
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - since);
}

}  // namespace

WatchedInbox::WatchedInbox(std::size_t index, pipeline::Inbox settings, Passed passed)
    : index_(index), settings_(std::move(settings)), passed_(std::move(passed))
{
}

void WatchedInbox::work(std::size_t wanted)
{
    check_root();
    if (!files_) return;
    follow_events();
    if (Clock::now() >= full_look_due_) full_look();
    while (ready_.size() < wanted && !due_.empty()) {
        const auto [due, order, node] = *due_.begin();
        if (due > Clock::now()) return;
        judge(*node);
    }
}

SteadyTime WatchedInbox::next_look() const
{
    return files_ ? std::min(root_check_due_, full_look_due_) : root_check_due_;
}

std::optional<SteadyTime> WatchedInbox::next_due() const
{
    if (!ready_.empty()) return kNever;
    return due_.empty() ? std::nullopt : std::optional(std::get<SteadyTime>(*due_.begin()));
}

InboxSeen WatchedInbox::seen() const
{
    InboxSeen seen{.name = settings_.name,
                   .available = files_.has_value(),
                   .by_events = events_.has_value(),
                   .out_of_watches = out_of_watches_,
                   .ready = ready_.size(),
                   .refused = refused_.size(),
                   .full_looks = full_looks_,
                   .events_lost = events_lost_};
    if (last_look_ != kNever) seen.last_look_ago = age(last_look_);
    for (const auto& [name, unit] : units_) {
        if (unit.stage == Unit::Stage::waiting) ++seen.waiting;
        if (unit.stage == Unit::Stage::given) ++seen.given;
        if (unit.stage == Unit::Stage::waiting || unit.stage == Unit::Stage::ready)
            seen.oldest_age = std::max(seen.oldest_age, age(unit.first_seen));
    }
    return seen;
}

// --- The inbox itself, and the events in it ---

void WatchedInbox::check_root()
{
    if (Clock::now() < root_check_due_) return;
    if (!files_ || !files_->still_at(settings_.path)) {
        lose_root();
        open_root();
    }
    root_check_due_ = Clock::now() + std::min(settings_.poll, settings_.rescan);
}

void WatchedInbox::open_root()
{
    int error = 0;
    files_ = InboxFiles::open(settings_.path, error);
    if (!files_) return;
    local_ = !is_network_share(files_->descriptor());
    const bool by_events =
        settings_.mode == pipeline::WatchMode::events || (settings_.mode == pipeline::WatchMode::automatic && local_);
    if (by_events) events_ = InboxEvents::open();
    out_of_watches_ = by_events && !events_;
    full_look_due_ = kNever;
}

void WatchedInbox::lose_root()
{
    files_.reset();
    events_.reset();
    due_.clear();
    ready_.clear();
    markers_.clear();
    refused_.clear();
    std::erase_if(units_, [](const UnitNode& node) { return node.second.stage != Unit::Stage::given; });
}

void WatchedInbox::full_look()
{
    ++look_;
    const bool all_seen = look_into_folder("", How::looked, Clock::now());
    if (all_seen) prune();
    ++full_looks_;
    last_look_ = Clock::now();
    full_look_due_ = last_look_ + (events_ ? settings_.rescan : settings_.poll);
    if (!all_seen) full_look_due_ = last_look_ + std::min(settings_.poll, settings_.rescan);
}

void WatchedInbox::prune()
{
    for (auto unit = units_.begin(); unit != units_.end();) {
        const auto gone = std::erase_if(unit->second.files, [&](const FileRecord& file) { return file.look != look_; });
        if (gone > 0) {
            unit->second.changed_at = Clock::now();
            judge_anew(*unit, unit->second.changed_at);
        }
        unit = unit->second.files.empty() ? erase(unit) : std::next(unit);
    }
    std::erase_if(markers_, [&](const auto& entry) { return entry.second.look != look_; });
    std::erase_if(refused_, [&](const auto& entry) { return entry.second.look != look_; });
}

void WatchedInbox::follow_events()
{
    if (!events_) return;
    for (const auto& event : events_->read()) {
        follow(event);
        if (!events_) return;  // the inbox was lost, or the system is out of watches
    }
}

void WatchedInbox::follow(const InboxEvent& event)
{
    using Kind = InboxEvent::Kind;
    const SteadyTime now = Clock::now();
    bool all_seen = true;
    switch (event.kind) {
        case Kind::changed: look_again(event.name, How::looked); break;
        case Kind::created: look_again(event.name, How::created); break;
        case Kind::closed: look_again(event.name, How::closed); break;
        case Kind::moved_in: look_again(event.name, How::renamed_in); break;
        case Kind::folder: all_seen = look_into_folder(event.name, How::looked, now); break;
        case Kind::folder_in:
            all_seen = look_into_folder(event.name, How::renamed_in, now);
            if (const auto unit = units_.find(event.name); unit != units_.end()) unit->second.renamed_in_at = now;
            break;
        case Kind::folder_gone: vanish_below(event.name); break;
        case Kind::root:
            root_check_due_ = kNever;
            check_root();
            break;
        case Kind::lost:
            ++events_lost_;
            full_look_due_ = kNever;
            for (auto& [name, unit] : units_)
                for (auto& file : unit.files) file.still_open = false;  // the event that says so may be among the lost
            break;
    }
    if (!all_seen) full_look_due_ = std::min(full_look_due_, now + settings_.poll);
}

// --- Looking ---

bool WatchedInbox::look_into_folder(const std::string& folder, How how, SteadyTime now)
{
    if (std::count(folder.begin(), folder.end(), '/') > kDeepest) {
        refuse(folder, RefusalReason::too_deep);
        return true;
    }
    std::vector<std::string> inner_folders;
    bool all_seen = true;
    {
        int error = 0;
        const Descriptor opened = files_->open_folder(folder, error);
        if (!opened) return cannot_open(folder, error);
        refused_.erase(folder);
        watch_folder(folder, opened);  // before it is listed: what comes in between is seen twice, never not at all
        all_seen = look_at_leaves(folder, opened, how, now, inner_folders);
    }
    for (const auto& inner : inner_folders) all_seen = look_into_folder(inner, how, now) && all_seen;
    return all_seen;
}

bool WatchedInbox::cannot_open(const std::string& folder, int error)
{
    switch (error) {
        case EACCES:
        case EPERM: refuse(folder, RefusalReason::unreadable); return true;
        case ENAMETOOLONG: refuse(folder, RefusalReason::name_too_long); return true;
        case ENOENT:
        case ENOTDIR:
        case ELOOP: return true;  // gone, or made a link of, since it was listed
        default: return false;
    }
}

void WatchedInbox::watch_folder(const std::string& folder, const Descriptor& opened)
{
    if (!events_ || events_->add(folder, opened) != InboxEvents::Added::no_watches_left) return;
    events_.reset();
    out_of_watches_ = true;
    full_look_due_ = Clock::now() + settings_.poll;
}

bool WatchedInbox::look_at_leaves(const std::string& folder, const Descriptor& opened, How how, SteadyTime now,
                                  std::vector<std::string>& inner_folders)
{
    Listing listing = InboxFiles::list(opened);
    std::sort(listing.leaves.begin(), listing.leaves.end(), pipeline::natural_less);
    bool all_seen = listing.error == 0;
    // The names were read before the files are looked at, so that a marker among them is older than what is seen of
    // its file: within one look, marker and file may share one time.
    for (const auto& leaf : listing.leaves) {
        const std::string name = folder + leaf;
        const bool marker = kind_of_file(leaf, in_batch(name)) == NameKind::marker;
        if ((is_passed_over_folder(leaf) && !marker) || needs_no_look(name)) continue;
        int error = 0;
        const auto state = InboxFiles::look_in(opened, leaf, error);
        if (!state) {
            if (error == EACCES) refuse(name, RefusalReason::unreadable);
            all_seen = all_seen && (error == ENOENT || error == EACCES);
        } else if (state->kind != EntryKind::folder) {
            observe(name, *state, how, now);
        } else if (!is_passed_over_folder(leaf)) {
            inner_folders.push_back(name + "/");
        }
    }
    return all_seen;
}

void WatchedInbox::look_again(const std::string& name, How how)
{
    int error = 0;
    const auto state = files_->look(name, error);
    const SteadyTime now = Clock::now();
    if (state && state->kind != EntryKind::folder)
        observe(name, *state, how, now);
    else if (state || error == ENOENT || error == ENOTDIR || error == ELOOP)
        vanish(name);
    else
        full_look_due_ = std::min(full_look_due_, now + settings_.poll);
}

void WatchedInbox::observe(const std::string& name, const EntryState& state, How how, SteadyTime now)
{
    if (state.kind != EntryKind::file) {
        const auto known = refused_.find(name);
        if (known == refused_.end() || known->second.reason != refusal_of(state.kind)) vanish(name);
        return refuse(name, refusal_of(state.kind));
    }
    if (settings_.path.native().size() + 1 + name.size() >= PATH_MAX) return refuse(name, RefusalReason::name_too_long);
    switch (kind_of_file(leaf_of(name), in_batch(name))) {
        case NameKind::input: return observe_input(name, state, how, now);
        case NameKind::marker: return observe_marker(name, state, how, now);
        case NameKind::passed_over: return;
    }
}

void WatchedInbox::observe_input(const std::string& name, const EntryState& state, How how, SteadyTime now)
{
    const auto [node, new_unit] = units_.try_emplace(unit_of(name));
    Unit& unit = node->second;
    if (new_unit) {
        unit.order = ++last_order_;
        unit.first_seen = now;
    }
    const std::string_view inner = std::string_view(name).substr(node->first.size());
    FileRecord* file = unit.find(inner);
    const bool fresh = file == nullptr;
    if (fresh) {
        file = &unit.add(inner);
        unit.changed_at = now;
    }
    file->look = look_;
    const bool other = fresh || !same_file(file->identity, state.identity);
    const bool waits = file->stage == FileRecord::Stage::waiting;
    const bool touched =
        waits && (file->status_changed_ns != state.status_changed_ns || how == How::closed || how == How::renamed_in);
    file->identity = state.identity;
    file->status_changed_ns = state.status_changed_ns;
    if (how == How::created) file->still_open = state.names == 1;
    if (how == How::closed || how == How::renamed_in) file->still_open = false;
    const auto known = refused_.find(name);
    if (!other && !touched) {
        if (known != refused_.end()) known->second.look = look_;
        return;
    }
    if (known != refused_.end()) refused_.erase(known);
    file->changed_at = now;
    file->end = FileRecord::End::unknown;
    if (how == How::renamed_in) file->renamed_in_at = now;
    if (file->stage == FileRecord::Stage::passed) file->stage = FileRecord::Stage::waiting;
    judge_anew(*node, now);
}

void WatchedInbox::observe_marker(const std::string& name, const EntryState& state, How how, SteadyTime now)
{
    const std::string key = marker_key(name);
    const auto [entry, fresh] = markers_.try_emplace(key);
    Marker& marker = entry->second;
    marker.look = look_;
    const bool same = !fresh && same_file(marker.state.identity, state.identity) &&
                      marker.state.status_changed_ns == state.status_changed_ns;
    const auto known = refused_.find(name);
    if (same) {
        if (known != refused_.end()) known->second.look = look_;
        if (how == How::looked) return;
        marker.changed_at = now;  // a look found it before its event was read, and its file's events stood before it
        return marker_changed(key, now);
    }
    if (known != refused_.end()) refused_.erase(known);
    marker = {.name = name, .state = state, .changed_at = now, .look = look_, .read = false, .manifest = {}};
    marker_changed(key, now);
}

/// What was judged is looked at again when it is given; what was given, when it is taken or put back.
bool WatchedInbox::needs_no_look(const std::string& name)
{
    const auto unit = units_.find(unit_of(name));
    if (unit == units_.end() || (unit->second.stage != Unit::Stage::ready && unit->second.stage != Unit::Stage::given))
        return false;
    FileRecord* file = unit->second.find(std::string_view(name).substr(unit->first.size()));
    if (file == nullptr || file->stage == FileRecord::Stage::passed) return false;
    file->look = look_;
    return true;
}

void WatchedInbox::vanish(const std::string& name)
{
    refused_.erase(name);
    const auto marker = markers_.find(marker_key(name));
    if (marker != markers_.end() && marker->second.name == name) {
        markers_.erase(marker);
        marker_changed(marker_key(name), Clock::now());
    }
    const auto unit = units_.find(unit_of(name));
    if (unit != units_.end()) remove_file(unit, name.substr(unit->first.size()));
}

void WatchedInbox::vanish_below(const std::string& folder)
{
    const auto below = [&](std::string_view name) { return name.starts_with(folder); };
    std::erase_if(markers_, [&](const auto& entry) { return below(entry.second.name); });
    std::erase_if(refused_, [&](const auto& entry) { return below(entry.first); });
    for (auto unit = units_.lower_bound(folder); unit != units_.end() && below(unit->first);) unit = erase(unit);
    const auto around = units_.find(unit_of(folder));  // a folder within a batch's
    if (around == units_.end()) return;
    std::vector<std::string> gone;
    for (const auto& file : around->second.files)
        if (below(around->first + file.name)) gone.push_back(file.name);
    if (gone.empty()) return;
    std::erase_if(around->second.files, [&](const FileRecord& file) { return below(around->first + file.name); });
    remove_file(around, gone.front());
}

void WatchedInbox::remove_file(Units::iterator unit, const std::string& inner)
{
    unit->second.remove(inner);
    if (unit->second.files.empty()) {
        erase(unit);
        return;
    }
    unit->second.changed_at = Clock::now();
    judge_anew(*unit, unit->second.changed_at);
}

Units::iterator WatchedInbox::erase(Units::iterator unit)
{
    unschedule(*unit);
    return units_.erase(unit);
}

void WatchedInbox::refuse(const std::string& name, RefusalReason reason)
{
    const auto [entry, fresh] = refused_.try_emplace(name, Refused{reason, look_});
    const bool told = !fresh && entry->second.reason == reason;
    entry->second = {reason, look_};
    if (!told) untold_.push_back({index_, name, reason});
}

std::string WatchedInbox::unit_of(std::string_view name) const
{
    return std::string(in_batch(name) ? name.substr(0, name.find('/') + 1) : name);
}

bool WatchedInbox::in_batch(std::string_view name) const
{
    return settings_.folders == pipeline::InboxFolders::batches && name.find('/') != name.npos;
}

}  // namespace chartlift::service
