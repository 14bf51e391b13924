// SPDX-License-Identifier: GPL-3.0-or-later
/// Events of an inbox's folders, by their names relative to the inbox. They say where to look, never what is there.
/// Guarantee: an event that the system dropped is told as `lost`. Method: inotify(7).
/// Faults: none; see Added. Thread-safety: owned by one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/inbox_files.h"

namespace chartlift::service {

struct InboxEvent {
    enum class Kind {
        changed,      ///< appeared, vanished, or has other attributes
        created,      ///< made here: for now somebody has it open for writing, unless it is a second name
        closed,       ///< closed after writing
        moved_in,     ///< renamed: from outside the inbox, or from a temporary name
        folder,       ///< a folder appeared, or was renamed
        folder_in,    ///< a folder was moved in, by the same rule as a file
        folder_gone,  ///< renamed away or removed
        root,         ///< the inbox itself was moved, removed or unmounted
        lost,         ///< events were dropped: look everywhere
    };
    Kind kind = Kind::changed;
    std::string name;  ///< a folder's ends in '/'; empty with root and lost
};

class InboxEvents {
public:
    static std::optional<InboxEvents> open();

    int descriptor() const { return queue_.get(); }
    enum class Added { yes, no_watches_left, no };
    /// Watches `folder` ("" is the inbox), held open by `opened`. Again is fine: the watch takes the new name.
    Added add(const std::string& folder, const Descriptor& opened);
    void forget(std::string_view folder);  ///< and what is below it
    std::vector<InboxEvent> read();        ///< never blocks

private:
    explicit InboxEvents(Descriptor queue) : queue_(std::move(queue)) {}
    void translate(std::uint32_t mask, std::uint32_t cookie, const std::string& folder, std::string_view leaf,
                   std::vector<InboxEvent>& events);
    bool came_from_input(std::uint32_t cookie) const;

    Descriptor queue_;
    std::map<int, std::string> folder_of_watch_;
    std::map<std::string, int> watch_of_folder_;
    std::deque<std::uint32_t> moved_inputs_;  ///< cookies of the last moves away from names that are inputs
};

}  // namespace chartlift::service
