// SPDX-License-Identifier: GPL-3.0-or-later
/// Watches inboxes and gives what is whole. It never moves, changes or deletes anything, keeps nothing on disk, and has
/// no thread of its own: it works while next() runs.
/// Guarantee: what lies in an inbox is given sooner or later, whatever events are lost, and never while it is known to
/// be written. A file is whole when its size, times and inode were still for `settle` by the steady clock, nobody has
/// it open for writing (where that can be told) and its end is not cut off; at once when a marker or manifest that came
/// after its last change says so, or it was renamed in; all the same after `incomplete`. Names ending in .part .tmp
/// .filepart .crdownload ~, dot-files and the droppings of file browsers are not inputs. Links, pipes, sockets and
/// devices are refused without being opened.
/// Local disks are watched by inotify, network shares by looking; both are looked through in full every `rescan`. An
/// inbox that is not there is looked for again, every `poll`.
/// Method: inotify(7), in particular "Limitations and caveats"; fcntl(2), F_SETLEASE, to find writers.
/// Faults: io (start only: no descriptors left). Thread-safety: all calls are safe from many threads; one of them at a
/// time may be in next().
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/fault.h"
#include "pipeline/site.h"
#include "service/ready.h"

namespace chartlift::service {

/// Was this very file of an inbox that leaves originals in place taken before? Asked once a file and version, from
/// next(), only for inboxes with AfterTaking::leave. False when it cannot be told: take-in asks the ledger again.
using Passed = std::function<bool(std::size_t inbox, const std::string& name, const store::FileIdentity& identity)>;

/// What the watcher knows of one inbox, for status and metrics.
struct InboxSeen {
    std::string name;
    bool available = false;       ///< it could be read at the last look
    bool by_events = false;       ///< inotify; false: polling
    bool out_of_watches = false;  ///< events were wanted, but the system has none left: polled instead
    std::size_t waiting = 0;      ///< inputs that are not whole yet
    std::size_t ready = 0;        ///< whole, not yet given
    std::size_t given = 0;        ///< given by next(), neither taken nor put back yet
    std::size_t refused = 0;      ///< entries there that will not be taken
    std::uint64_t full_looks = 0;
    std::uint64_t events_lost = 0;               ///< times the queue of events overflowed; a full look followed each
    std::chrono::milliseconds oldest_age{0};     ///< since the oldest input not yet given was first seen
    std::chrono::milliseconds last_look_ago{0};  ///< since the last full look ended
};

class Watcher {
public:
    static Result<std::unique_ptr<Watcher>> start(std::vector<pipeline::Inbox> inboxes, const Passed& passed = {});
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;
    ~Watcher();

    /// Blocks until something is whole, `wait` has passed or stop is requested. Gives at most `most` (the rest stays
    /// where it is): of the inboxes with the highest priority first, in turn among equals, the oldest of each first.
    /// A name that was given is not given again before taken() or put_back().
    std::vector<Ready> next(std::size_t most, std::chrono::milliseconds wait, const std::stop_token& stop);

    /// It was taken: these very files are passed over for as long as they lie there. Files that came into a folder
    /// after it was given are an input of their own, so move what Ready lists, never the folder as a whole.
    void taken(const Ready& ready);
    /// It could not be taken now (it changed while it was read, the disk is full): looked at anew after `settle`, and
    /// after twice as long each further time, up to a minute.
    void put_back(const Ready& ready);

    /// What was refused since the last call; each entry once for as long as it lies there.
    std::vector<Refusal> take_refusals();
    std::vector<InboxSeen> seen() const;  ///< in the order of the inboxes

private:
    class Loop;
    explicit Watcher(std::unique_ptr<Loop> loop);
    std::unique_ptr<Loop> loop_;
};

}  // namespace chartlift::service
