// SPDX-License-Identifier: GPL-3.0-or-later
/// What a stage is: a value in, a value out, const, knowing nothing of what comes next.
/// Thread-safety: a stage's run is safe from many threads; a StageContext is a plain value.
#pragma once

#include <chrono>
#include <concepts>
#include <stop_token>
#include <string_view>

#include "core/fault.h"
#include "core/limits.h"

namespace chartlift {

/// What every call of a stage may rely on. Cheap to copy.
struct StageContext {
    using Clock = std::chrono::steady_clock;
    Limits limits;
    Clock::time_point deadline = Clock::time_point::max();
    std::stop_token stop;

    bool out_of_time() const { return Clock::now() >= deadline; }
    /// The fault to return when the deadline has passed or a stop was asked for; a long loop checks it now and then.
    Result<void> still_wanted(std::string_view where) const
    {
        if (stop.stop_requested()) return Fault{FaultKind::cancelled, std::string(where), "stopped by the operator"};
        if (out_of_time())
            return Fault{FaultKind::timeout, std::string(where), "page took longer than limits.page_timeout_s"};
        return {};
    }
};

template <class S>
concept Stage = requires(const S& stage, const typename S::Input& input, const StageContext& context)
{
    {
        S::name
        } -> std::convertible_to<std::string_view>;
    {
        stage.run(input, context)
        } -> std::same_as<Result<typename S::Output>>;
};

}  // namespace chartlift
