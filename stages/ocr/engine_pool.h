// SPDX-License-Identifier: GPL-3.0-or-later
/// Engines on loan: each caller gets one for itself and it comes back when the lease ends, also by an exception.
/// Guarantee: never more engines than `most` (0: as many as there are callers at once); a caller who must wait gives up
/// at its deadline or stop. Faults: as Engine::create, timeout, cancelled. Thread-safety: lease() from many threads.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "core/fault.h"
#include "core/stage.h"
#include "stages/ocr/engine.h"

namespace chartlift::ocr {

class EnginePool {
public:
    class Lease {
    public:
        Lease(EnginePool& pool, std::unique_ptr<Engine> engine) : pool_(&pool), engine_(std::move(engine)) {}
        Lease(Lease&& other) noexcept : pool_(other.pool_), engine_(std::move(other.engine_)) {}
        Lease& operator=(Lease&&) = delete;
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        ~Lease()
        {
            if (engine_) pool_->give_back(std::move(engine_));
        }
        Engine& operator*() const { return *engine_; }
        Engine* operator->() const { return engine_.get(); }

    private:
        EnginePool* pool_;
        std::unique_ptr<Engine> engine_;
    };

    EnginePool(EngineSettings settings, int most) : settings_(std::move(settings)), most_(most) {}
    Result<Lease> lease(const StageContext& context);

private:
    void give_back(std::unique_ptr<Engine> engine);

    const EngineSettings settings_;
    const int most_;
    std::mutex mutex_;
    std::condition_variable freed_;
    std::vector<std::unique_ptr<Engine>> idle_;
    int made_ = 0;
};

}  // namespace chartlift::ocr
