// SPDX-License-Identifier: GPL-3.0-or-later
/// THE flow: pages through decode, cleanup, read, understand and save on all cores; batches, once all their pages have
/// arrived, through assemble, identify, match, route, deliver and record.
/// Guarantee: every admitted page is announced exactly once by page_done or page_dropped; every batch whose pages all
/// arrived is announced exactly once by batch_done or batch_failed; results do not depend on the number of threads.
/// At most `pages_in_flight` pages have their pixels in memory. A fault of one page is that page's alone.
/// Faults: none are returned; they arrive as events. Thread-safety: events come from many threads at once.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include "core/limits.h"
#include "pipeline/steps.h"

namespace chartlift::pipeline {

struct FlowSettings {
    int threads = 1;
    int pages_in_flight = 2;
    Limits limits;
    std::stop_token stop;  ///< asked to stop: pages in flight are finished, pages not begun are dropped
};

class FlowEvents {
public:
    FlowEvents() = default;
    FlowEvents(const FlowEvents&) = delete;
    FlowEvents& operator=(const FlowEvents&) = delete;
    virtual ~FlowEvents() = default;
    virtual void page_done(const PageTicket& ticket, const PageRecord& record) = 0;
    virtual void page_dropped(const PageTicket& ticket) = 0;  ///< stopped before it was begun, or it could not be saved
    virtual void batch_done(const BatchWork& batch) = 0;
    virtual void batch_failed(const BatchWork& batch, const Fault& fault) = 0;
    virtual void store_failed(const Fault& fault) = 0;  ///< nothing more can be saved: the run should stop
};

/// How pages enter: from any thread, while run_flow runs its `feed`.
class FlowEntrance {
public:
    FlowEntrance() = default;
    FlowEntrance(const FlowEntrance&) = delete;
    FlowEntrance& operator=(const FlowEntrance&) = delete;
    virtual ~FlowEntrance() = default;
    virtual void admit(const PageTicket& ticket) = 0;
    virtual void admit_saved(const PageTicket& ticket, const PageRecord& record) = 0;  ///< done by an earlier run
};

/// Returns when everything admitted has been announced. `feed` runs on a thread of its own beside the flow.
void run_flow(const Steps& steps, const FlowSettings& settings, FlowEvents& events,
              const std::function<void(FlowEntrance&)>& feed);

}  // namespace chartlift::pipeline
