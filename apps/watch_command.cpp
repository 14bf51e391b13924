// SPDX-License-Identifier: GPL-3.0-or-later
#include "apps/watch_command.h"

#include <fmt/core.h>

#include <atomic>
#include <cstdio>

#include "apps/passwords.h"
#include "apps/signals.h"
#include "pipeline/runner.h"
#include "service/service.h"

namespace chartlift {
namespace {

using pipeline::ExitCode;

int failed(const Fault& fault)
{
    std::fputs(("chartlift: " + fault.message() + "\n").c_str(), stderr);
    return static_cast<int>(fault.kind == FaultKind::config ? ExitCode::usage : ExitCode::store_unavailable);
}

int check(const WatchArguments& arguments)
{
    auto config = arguments.read_config();
    if (!config) return failed(config.error());
    if (auto checked = service::check_for_watching(*config); !checked) return failed(checked.error());
    fmt::print("the configuration is sound: {} inbox{}, output in {}\n", config->inboxes.size(),
               config->inboxes.size() == 1 ? "" : "es", config->service.out.string());
    return static_cast<int>(ExitCode::done);
}

}  // namespace

int watch_command(const WatchArguments& arguments)
{
    if (arguments.only_check) return check(arguments);
    auto passwords = read_passwords(arguments.password_file);
    if (!passwords) return failed(passwords.error());
    service::ServiceOptions options;
    options.read_config = arguments.read_config;
    options.passwords = std::move(*passwords);
    options.version = CHARTLIFT_VERSION;
    // Made before the service, whose threads must leave the signals to it; they arrive only once run() has begun.
    std::atomic<service::Service*> running = nullptr;
    const StopSignals signals([] {},
                              [&running] {
                                  if (service::Service* service = running) service->reload();
                              });
    service::Service service(std::move(options));
    running = &service;
    if (auto ran = service.run(signals.token()); !ran) return failed(ran.error());
    return static_cast<int>(ExitCode::done);
}

}  // namespace chartlift
