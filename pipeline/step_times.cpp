// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/step_times.h"

#include <atomic>
#include <ctime>

namespace chartlift::pipeline {
namespace {

std::int64_t thread_cpu_ns()
{
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

struct StepTimes::Clock {
    std::string step;
    ObserveStep observe;
    std::atomic<std::int64_t> total_ns{0};

    template <class Value, class... Arguments>
    static std::function<Value(Arguments...)> around(const std::shared_ptr<Clock>& clock,
                                                     std::function<Value(Arguments...)> work)
    {
        return [clock, work = std::move(work)](Arguments... arguments) {
            const std::int64_t began = thread_cpu_ns();
            const auto began_wall = std::chrono::steady_clock::now();
            auto result = work(arguments...);
            clock->total_ns += thread_cpu_ns() - began;
            if (clock->observe)
                clock->observe(clock->step,
                               std::chrono::duration<double>(std::chrono::steady_clock::now() - began_wall).count());
            return result;
        };
    }
};

std::shared_ptr<StepTimes::Clock> StepTimes::add(const char* step)
{
    clocks_.push_back(std::make_shared<Clock>());
    clocks_.back()->step = step;
    clocks_.back()->observe = observe_;
    return clocks_.back();
}

StepTimes::StepTimes(Steps& steps, ObserveStep observe) : observe_(std::move(observe))
{
    steps.decode = Clock::around(add("decode"), std::move(steps.decode));
    steps.cleanup = Clock::around(add("cleanup"), std::move(steps.cleanup));
    steps.read = Clock::around(add("ocr and barcodes"), std::move(steps.read));
    steps.understand = Clock::around(add("classify and extract"), std::move(steps.understand));
    steps.save = Clock::around(add("save"), std::move(steps.save));
    steps.assemble = Clock::around(add("assemble"), std::move(steps.assemble));
    steps.match = Clock::around(add("match"), std::move(steps.match));
    steps.deliver = Clock::around(add("export"), std::move(steps.deliver));
    steps.record = Clock::around(add("record"), std::move(steps.record));
}

std::vector<StepTime> StepTimes::totals() const
{
    std::vector<StepTime> times;
    for (const auto& clock : clocks_) times.push_back({clock->step, std::chrono::nanoseconds(clock->total_ns.load())});
    return times;
}

}  // namespace chartlift::pipeline
