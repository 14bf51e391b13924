// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/inbox_events.h"

#include <fmt/core.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "service/inbox_names.h"

namespace chartlift::service {
namespace {

/// Not IN_MODIFY: a busy writer would fill the queue with it, and a look at the end of `settle` finds the same.
constexpr std::uint32_t kMask = IN_CREATE | IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE |
                                IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;
constexpr std::size_t kReadBytes = 64U << 10U;
/// The two halves of a rename follow each other in the queue; a few may be interleaved.
constexpr std::size_t kRememberedMoves = 64;

}  // namespace

std::optional<InboxEvents> InboxEvents::open()
{
    Descriptor queue(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!queue) return std::nullopt;
    return InboxEvents(std::move(queue));
}

InboxEvents::Added InboxEvents::add(const std::string& folder, const Descriptor& opened)
{
    // Through the open descriptor, so that the folder watched is the one that was opened, whatever its path leads to.
    const std::string path = fmt::format("/proc/self/fd/{}", opened.get());
    const int watch = ::inotify_add_watch(queue_.get(), path.c_str(), kMask);
    if (watch < 0) return errno == ENOSPC || errno == ENOMEM ? Added::no_watches_left : Added::no;
    if (const auto old = folder_of_watch_.find(watch); old != folder_of_watch_.end())
        watch_of_folder_.erase(old->second);
    folder_of_watch_[watch] = folder;
    watch_of_folder_[folder] = watch;
    return Added::yes;
}

void InboxEvents::forget(std::string_view folder)
{
    auto it = watch_of_folder_.lower_bound(std::string(folder));
    while (it != watch_of_folder_.end() && it->first.starts_with(folder)) {
        ::inotify_rm_watch(queue_.get(), it->second);
        folder_of_watch_.erase(it->second);
        it = watch_of_folder_.erase(it);
    }
}

std::vector<InboxEvent> InboxEvents::read()
{
    std::vector<InboxEvent> events;
    alignas(inotify_event) std::array<char, kReadBytes> buffer{};
    for (;;) {
        const ssize_t got = ::read(queue_.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return events;
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
            inotify_event head{};
            std::memcpy(&head, buffer.data() + at, sizeof head);
            const char* name = buffer.data() + at + sizeof head;
            const std::string_view leaf(name, ::strnlen(name, head.len));
            at += sizeof head + head.len;
            if ((head.mask & IN_Q_OVERFLOW) != 0) {
                moved_inputs_.clear();
                events.push_back({InboxEvent::Kind::lost, {}});
                continue;
            }
            const auto folder = folder_of_watch_.find(head.wd);
            if (folder == folder_of_watch_.end()) continue;  // of a folder that was moved away since
            if ((head.mask & IN_IGNORED) != 0) {
                if (folder->second.empty()) events.push_back({InboxEvent::Kind::root, {}});
                watch_of_folder_.erase(folder->second);
                folder_of_watch_.erase(folder);
                continue;
            }
            translate(head.mask, head.cookie, std::string(folder->second), leaf, events);
        }
    }
}

void InboxEvents::translate(std::uint32_t mask, std::uint32_t cookie, const std::string& folder, std::string_view leaf,
                            std::vector<InboxEvent>& events)
{
    using Kind = InboxEvent::Kind;
    if (leaf.empty()) {  // the folder itself; where it is not the inbox, its parent tells the same
        if (folder.empty()) events.push_back({Kind::root, {}});
        return;
    }
    const bool is_folder = (mask & IN_ISDIR) != 0;
    const std::string name = folder + std::string(leaf) + (is_folder ? "/" : "");
    const bool input = is_folder ? !is_passed_over_folder(leaf) : kind_of_file(leaf, false) != NameKind::passed_over;
    if ((mask & IN_MOVED_FROM) != 0 && input) {
        moved_inputs_.push_back(cookie);
        if (moved_inputs_.size() > kRememberedMoves) moved_inputs_.pop_front();
    }
    if (!input) return;
    const bool moved_in = (mask & IN_MOVED_TO) != 0 && !came_from_input(cookie);
    if (is_folder) {
        if ((mask & (IN_MOVED_FROM | IN_DELETE)) != 0) {
            forget(name);
            events.push_back({Kind::folder_gone, name});
        } else {
            events.push_back({moved_in ? Kind::folder_in : Kind::folder, name});
        }
        return;
    }
    Kind kind = Kind::changed;
    if ((mask & IN_CREATE) != 0) kind = Kind::created;
    if ((mask & IN_CLOSE_WRITE) != 0) kind = Kind::closed;
    if (moved_in) kind = Kind::moved_in;
    events.push_back({kind, name});
}

bool InboxEvents::came_from_input(std::uint32_t cookie) const
{
    return std::find(moved_inputs_.begin(), moved_inputs_.end(), cookie) != moved_inputs_.end();
}

}  // namespace chartlift::service
