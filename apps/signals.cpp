// SPDX-License-Identifier: GPL-3.0-or-later
#include "apps/signals.h"

#include <unistd.h>

#include <csignal>
#include <ctime>

namespace chartlift {
namespace {

constexpr int kExitInterrupted = 130;

sigset_t awaited(bool hangup)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (hangup) sigaddset(&set, SIGHUP);
    return set;
}

}  // namespace

StopSignals::StopSignals(std::function<void()> on_first, std::function<void()> on_hangup)
    : on_first_(std::move(on_first)), on_hangup_(std::move(on_hangup))
{
    const sigset_t set = awaited(static_cast<bool>(on_hangup_));
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    listener_ = std::jthread([this, set](const std::stop_token& over) {
        const timespec interval{0, 100'000'000};  // how soon the listener sees that the work is over
        while (!over.stop_requested()) {
            const int signal = sigtimedwait(&set, nullptr, &interval);
            if (signal < 0) continue;
            if (signal == SIGHUP) {
                on_hangup_();
                continue;
            }
            if (stop_.stop_requested()) ::_exit(kExitInterrupted);
            on_first_();
            stop_.request_stop();
        }
    });
}

StopSignals::~StopSignals() = default;

}  // namespace chartlift
