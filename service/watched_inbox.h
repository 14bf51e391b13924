// SPDX-License-Identifier: GPL-3.0-or-later
/// One inbox: what lies in it, since when it is still, and what of it is whole. Every decision is made from a look at
/// the disk; events only say where to look. Faults: none; an inbox that is not there is looked for again.
/// Thread-safety: owned by one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "service/inbox_events.h"
#include "service/inbox_files.h"
#include "service/inbox_records.h"
#include "service/watcher.h"

namespace chartlift::service {

class WatchedInbox {
public:
    WatchedInbox(std::size_t index, pipeline::Inbox settings, Passed passed);

    int events_descriptor() const { return events_ ? events_->descriptor() : -1; }  ///< -1 when polling
    int priority() const { return settings_.priority; }
    /// Looks wherever it is time to; stops judging once `wanted` inputs are ready.
    void work(std::size_t wanted);
    SteadyTime next_look() const;                ///< when to look even without an event
    std::optional<SteadyTime> next_due() const;  ///< when the next input may be whole
    std::optional<Ready> give();                 ///< the oldest that is whole and still as it was judged
    void taken(const Ready& ready);
    void put_back(const Ready& ready);
    std::vector<Refusal> take_refusals() { return std::exchange(untold_, {}); }
    InboxSeen seen() const;

private:
    enum class How { looked, created, closed, renamed_in };
    struct Refused {
        RefusalReason reason = RefusalReason::unreadable;
        std::uint32_t look = 0;
    };

    // The inbox itself, and the events in it.
    void check_root();
    void open_root();
    void lose_root();
    void full_look();
    void prune();
    void follow_events();
    void follow(const InboxEvent& event);

    // Looking. False: something could not be read just now, so what was not seen may be there.
    bool look_into_folder(const std::string& folder, How how, SteadyTime now);
    bool look_at_leaves(const std::string& folder, const Descriptor& opened, How how, SteadyTime now,
                        std::vector<std::string>& inner_folders);
    bool cannot_open(const std::string& folder, int error);
    void watch_folder(const std::string& folder, const Descriptor& opened);
    void look_again(const std::string& name, How how);
    void observe(const std::string& name, const EntryState& state, How how, SteadyTime now);
    void observe_input(const std::string& name, const EntryState& state, How how, SteadyTime now);
    void observe_marker(const std::string& name, const EntryState& state, How how, SteadyTime now);
    bool needs_no_look(const std::string& name);
    void vanish(const std::string& name);
    void vanish_below(const std::string& folder);
    void remove_file(Units::iterator unit, const std::string& inner);
    Units::iterator erase(Units::iterator unit);
    void refuse(const std::string& name, RefusalReason reason);
    std::string unit_of(std::string_view name) const;
    bool in_batch(std::string_view name) const;

    // Judging (inbox_judging.cpp).
    void judge(UnitNode& node);
    bool leave_out_passed(UnitNode& node);
    bool look_into_file(UnitNode& node, FileRecord& file, SteadyTime now);
    void make_ready(UnitNode& node, WholeBy whole_by);
    Evidence evidence_for(const UnitNode& node, SteadyTime now);
    void weigh(Marker& marker, const UnitNode& node, SteadyTime now, Evidence& evidence);
    bool read_marker(Marker& marker, SteadyTime now, Evidence& evidence);
    std::optional<Manifest> parse_marker(const Marker& marker, const Descriptor& file) const;
    std::vector<Marker*> markers_of(const std::string& unit);
    void marker_changed(std::string_view key, SteadyTime now);
    void judge_at(UnitNode& node, SteadyTime due);
    void judge_anew(UnitNode& node, SteadyTime now);
    void unschedule(UnitNode& node);
    bool still_as_judged(const UnitNode& node) const;
    Ready describe(const UnitNode& node);

    std::size_t index_;
    pipeline::Inbox settings_;
    Passed passed_;
    std::optional<InboxFiles> files_;  ///< nothing: the inbox is not there
    std::optional<InboxEvents> events_;
    bool local_ = true;
    bool out_of_watches_ = false;
    std::uint64_t events_lost_ = 0;
    std::uint64_t full_looks_ = 0;
    SteadyTime root_check_due_ = kNever;
    SteadyTime full_look_due_ = kNever;
    SteadyTime last_look_ = kNever;
    std::uint32_t look_ = 0;
    std::uint64_t last_order_ = 0;
    Units units_;
    std::set<std::tuple<SteadyTime, std::uint64_t, UnitNode*>> due_;
    std::set<std::pair<std::uint64_t, UnitNode*>> ready_;
    std::map<std::string, Marker, std::less<>> markers_;  ///< by marker_key
    std::map<std::string, Refused, std::less<>> refused_;
    std::vector<Refusal> untold_;
};

}  // namespace chartlift::service
