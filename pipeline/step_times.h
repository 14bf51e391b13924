// SPDX-License-Identifier: GPL-3.0-or-later
/// How much processor time each step of the flow took, so that anyone can see where a run spends itself.
/// Guarantee: counts the calling thread's processor time, which a busy machine does not inflate as it does wall time.
/// Faults: none. Thread-safety: steps are called from many threads; read the times when the run is over.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/steps.h"

namespace chartlift::pipeline {

struct StepTime {
    std::string step;
    std::chrono::nanoseconds cpu{0};
};

/// Told of every call of a step and the wall time it took, in seconds, on the step's own thread.
using ObserveStep = std::function<void(const std::string& step, double seconds)>;

class StepTimes {
public:
    /// Puts a clock around every step of `steps`; `observe` may be empty.
    explicit StepTimes(Steps& steps, ObserveStep observe = {});
    std::vector<StepTime> totals() const;  ///< in the order of the flow

private:
    struct Clock;
    std::shared_ptr<Clock> add(const char* step);
    ObserveStep observe_;
    std::vector<std::shared_ptr<Clock>> clocks_;
};

}  // namespace chartlift::pipeline
