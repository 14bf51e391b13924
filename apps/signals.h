// SPDX-License-Identifier: GPL-3.0-or-later
/// Ctrl-C and SIGTERM as a request to stop: the first drains what is in flight, the second ends the process at once.
/// Must be made before any thread, so that all of them leave the signals to it. Thread-safety: one object a process.
#pragma once

#include <functional>
#include <stop_token>
#include <thread>

namespace chartlift {

class StopSignals {
public:
    /// `on_first` is called once, from a thread of its own.
    explicit StopSignals(std::function<void()> on_first);
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;
    ~StopSignals();
    std::stop_token token() const { return stop_.get_token(); }

private:
    std::function<void()> on_first_;
    std::stop_source stop_;
    std::jthread listener_;
};

}  // namespace chartlift
