// SPDX-License-Identifier: GPL-3.0-or-later
/// `chartlift watch`: the service in the foreground, until SIGTERM, Ctrl-C or the end of a drain; SIGHUP reads the
/// configuration again. Thread-safety: called once, before any thread is made.
#pragma once

#include <filesystem>
#include <functional>

#include "core/fault.h"
#include "pipeline/config.h"

namespace chartlift {

struct WatchArguments {
    std::function<Result<pipeline::Config>()> read_config;
    std::filesystem::path password_file;
    bool only_check = false;  ///< say whether the configuration is sound, and end
};

/// The process' exit code: 0 stopped or drained, 2 configuration, 5 OUT not available.
int watch_command(const WatchArguments& arguments);

}  // namespace chartlift
