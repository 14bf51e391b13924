// SPDX-License-Identifier: GPL-3.0-or-later
/// What the service is doing now: told over HTTP as JSON, to people by `chartlift status`.
/// Guarantee: holds counts, configured names and fault texts without files; never patient text or an input's name.
/// Faults of live_status_from: corrupt. Times are seconds since 1970 (UTC).
/// Thread-safety: LiveStatus is a plain value; Heartbeat is safe from many threads.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/fault.h"

namespace chartlift::service {

enum class ServiceState {
    starting,
    working,            ///< pages are in flight
    idle,               ///< nothing to do
    waiting_for_store,  ///< the catalog or the archive is locked or cannot be reached
    disk_nearly_full,   ///< nothing is taken in until there is room
    draining,           ///< finishing what was taken; nothing new is taken in
    drained,            ///< finished and nothing new is taken in
    reloading,          ///< reading its configuration again
    reload_failed,      ///< the new configuration was refused; it works on with the old one
};
inline constexpr int kServiceStates = 9;
std::string_view to_string(ServiceState state);
std::optional<ServiceState> service_state_from(std::string_view text);
/// Whether files are taken in.
bool takes_in(ServiceState state);

struct InboxStatus {
    std::string name;
    std::string mode;               ///< "events" or "polling", as chosen
    bool available = true;          ///< the folder can be read
    std::int64_t waiting = 0;       ///< whole, not taken yet
    std::int64_t not_whole = 0;     ///< still growing, or their marker is missing
    std::int64_t quarantined = 0;   ///< waiting for a person
    std::int64_t oldest_age_s = 0;  ///< of the oldest that waits; 0: none
    friend bool operator==(const InboxStatus&, const InboxStatus&) = default;
};

struct WorkerStatus {
    std::int64_t running = 0;
    std::int64_t started = 0;  ///< since the service started
    std::int64_t died = 0;     ///< of those, crashed, hung or stopped for what they tried
    bool confined = true;
    friend bool operator==(const WorkerStatus&, const WorkerStatus&) = default;
};

struct ReloadStatus {
    std::int64_t at = 0;  ///< 0: never reloaded
    bool ok = true;
    std::string message;  ///< what is wrong: file, line, key, allowed range; empty if ok
    friend bool operator==(const ReloadStatus&, const ReloadStatus&) = default;
};

struct LiveStatus {
    ServiceState state = ServiceState::starting;
    std::string reason;      ///< why it is in that state; a fault's log_text(); empty if there is nothing to say
    std::int64_t since = 0;  ///< of the state
    std::int64_t started_at = 0;
    std::int64_t now = 0;  ///< when this was told
    std::string version;
    std::int64_t pid = 0;
    std::vector<InboxStatus> inboxes;
    std::int64_t pages_in_flight = 0;
    std::int64_t pages_done = 0;  ///< this and the following counts: since the start
    std::int64_t batches_done = 0;
    std::int64_t documents_automatic = 0;
    std::int64_t documents_held = 0;
    std::int64_t faults = 0;
    std::int64_t review_depth = 0;  ///< documents that wait for a person, whenever they came
    WorkerStatus workers;
    std::int64_t disk_free_bytes = 0;
    std::int64_t disk_floor_bytes = 0;  ///< service.min_free_mb; below it nothing is taken in
    ReloadStatus last_reload;
    friend bool operator==(const LiveStatus&, const LiveStatus&) = default;
};

std::string to_json(const LiveStatus& status);  ///< one object, UTF-8, on one line
Result<LiveStatus> live_status_from(std::string_view json);

/// For people: aligned, some 20 lines, ends with what to do where something is wrong.
std::string status_text(const LiveStatus& status);
/// One line: "working, 12 pages in flight, 3 files waiting"; for systemctl status.
std::string status_line(const LiveStatus& status);

/// Whether something holds, and if not why, in one line.
struct Health {
    bool ok = true;
    std::string why;
};
/// Ready: files are taken in. The reason says what stands in the way.
Health readiness(const LiveStatus& status);

/// Beaten by the service's main loop; whoever looks after the service asks how long ago.
class Heartbeat {
public:
    Heartbeat() { beat(); }
    void beat() { last_.store(std::chrono::steady_clock::now().time_since_epoch().count()); }
    std::chrono::milliseconds age() const;
    /// Alive: beaten within `longest`.
    Health check(std::chrono::milliseconds longest) const;

private:
    std::atomic<std::chrono::steady_clock::rep> last_{0};
};

}  // namespace chartlift::service
