// SPDX-License-Identifier: GPL-3.0-or-later
#include "apps/signals.h"

#include <unistd.h>

#include <csignal>
#include <ctime>

namespace chartlift {
namespace {

constexpr int kExitInterrupted = 130;

sigset_t stop_signals()
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

}  // namespace

StopSignals::StopSignals(std::function<void()> on_first) : on_first_(std::move(on_first))
{
    const sigset_t set = stop_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    listener_ = std::jthread([this](const std::stop_token& over) {
        const sigset_t waited = stop_signals();
        const timespec interval{0, 100'000'000};  // how soon the listener sees that the work is over
        while (!over.stop_requested()) {
            if (sigtimedwait(&waited, nullptr, &interval) < 0) continue;
            if (stop_.stop_requested()) ::_exit(kExitInterrupted);
            on_first_();
            stop_.request_stop();
        }
    });
}

StopSignals::~StopSignals() = default;

}  // namespace chartlift
