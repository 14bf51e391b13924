// SPDX-License-Identifier: GPL-3.0-or-later
/// OUT at work for the service: takes files in from the inboxes and feeds them to the flow, until it is told to end or
/// the store fails. A new one is opened after a reload, and once the store is back.
/// Guarantee: what was taken in waits on the disk (ledger and archive), not in memory; a batch is admitted to the flow
/// only when there is room, by priority, in turn among inboxes. What a session leaves unfinished, the next one goes on
/// with. One bad input never stops the others.
/// Faults: config (models, languages), store, disk_full, io. Thread-safety: run() belongs to one thread; show() is safe
/// from many.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "pipeline/config.h"
#include "pipeline/out_folder.h"
#include "service/log.h"
#include "service/metrics.h"
#include "service/status.h"
#include "store/files.h"

namespace chartlift::service {

/// Since the service started.
struct Counts {
    std::atomic<std::int64_t> pages{0};
    std::atomic<std::int64_t> faults{0};  ///< pages
    std::atomic<std::int64_t> batches{0};
    std::atomic<std::int64_t> documents_automatic{0};
    std::atomic<std::int64_t> documents_held{0};
    std::atomic<std::int64_t> workers_started{0};  ///< by sessions that ended
    std::atomic<std::int64_t> workers_died{0};
};

/// What the sessions of one service share: they come and go, these stay.
struct Surroundings {
    store::Files& files;
    Log& log;
    Metrics& metrics;
    Heartbeat& heartbeat;
    Counts& counts;
    std::atomic<bool>& reload_wanted;
    std::stop_token stop;
    std::function<void(pipeline::Steps&)> change_steps;  ///< for tests; may be empty
};

enum class SessionEnd { stopped, drained, reload_wanted };

class Session {
public:
    static Result<std::unique_ptr<Session>> open(const pipeline::Config& config, std::vector<std::string> passwords,
                                                 const Surroundings& around);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    /// Works until stopped, drained or a reload is wanted. The fault of a store that failed ends it too.
    Result<SessionEnd> run();
    /// Once run() has returned: makes the listings anew and writes a checkpoint of the audit log.
    Result<void> close();
    /// What this session knows: state, inboxes, pages in flight; and the counts since the service started.
    void show(LiveStatus& status) const;

private:
    class Work;
    explicit Session(std::unique_ptr<Work> work);
    std::unique_ptr<Work> work_;
};

}  // namespace chartlift::service
