// SPDX-License-Identifier: GPL-3.0-or-later
/// Signals as requests. Ctrl-C and SIGTERM ask to stop: the first drains what is in flight, the second ends the process
/// at once. SIGHUP asks the service to read its configuration again.
/// Must be made before any thread, so that all of them leave the signals to it. Thread-safety: one object a process.
#pragma once

#include <functional>
#include <stop_token>
#include <thread>

namespace chartlift {

class StopSignals {
public:
    /// Called from a thread of their own: `on_first` once, `on_hangup` at every SIGHUP. Without `on_hangup` a SIGHUP
    /// does what it does by default: it ends the process.
    explicit StopSignals(std::function<void()> on_first, std::function<void()> on_hangup = {});
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;
    ~StopSignals();
    std::stop_token token() const { return stop_.get_token(); }

private:
    std::function<void()> on_first_;
    std::function<void()> on_hangup_;
    std::stop_source stop_;
    std::jthread listener_;
};

}  // namespace chartlift
