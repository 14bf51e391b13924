// SPDX-License-Identifier: GPL-3.0-or-later
/// The watched-folder service: opens OUT, works until stopped, and opens it again whenever the store comes back or the
/// configuration changes. Metrics, health and status are served all the while.
/// Guarantee: crash-only: there is no clean shutdown that matters. A store that is locked, gone or full is waited for,
/// said so, and the work goes on; a configuration is checked whole before it is taken, and one that is refused changes
/// nothing. Faults: config (settings that watch needs; models), store (another chartlift works on OUT), io (the port is
/// taken). Thread-safety: run() once, from one thread; reload() from any.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/fault.h"
#include "pipeline/config.h"
#include "pipeline/steps.h"
#include "store/files.h"

namespace chartlift::service {

struct ServiceOptions {
    /// Reads the configuration, with what the command line sets over it; called at the start and at every reload.
    std::function<Result<pipeline::Config>()> read_config;
    std::vector<std::string> passwords;  ///< for encrypted PDFs
    std::string version;
    int log_descriptor = 2;
    store::Files* files = nullptr;                       ///< for tests; null: the real file system
    std::function<void(pipeline::Steps&)> change_steps;  ///< for tests; may be empty
};

class Service {
public:
    explicit Service(ServiceOptions options);
    ~Service();
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    /// Works until stop is requested or the queue is drained. A fault: it could not begin.
    Result<void> run(const std::stop_token& stop);
    /// The configuration is to be read again (SIGHUP).
    void reload();

private:
    class Supervisor;
    std::unique_ptr<Supervisor> supervisor_;
};

/// What `watch` needs beyond a sound configuration: service.out, at least one inbox, and inboxes that are not within
/// OUT. Faults: config.
Result<void> check_for_watching(const pipeline::Config& config);

}  // namespace chartlift::service
