// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/ocr/engine_pool.h"

#include <chrono>

namespace chartlift::ocr {
namespace {

constexpr std::chrono::milliseconds kLookAgain{50};  // how soon a waiting caller notices a stop or its deadline

}  // namespace

Result<EnginePool::Lease> EnginePool::lease(const StageContext& context)
{
    {
        std::unique_lock lock(mutex_);
        while (idle_.empty() && most_ > 0 && made_ >= most_) {
            if (auto wanted = context.still_wanted("ocr"); !wanted) return wanted.error();
            freed_.wait_for(lock, kLookAgain);
        }
        if (!idle_.empty()) {
            auto engine = std::move(idle_.back());
            idle_.pop_back();
            return Lease(*this, std::move(engine));
        }
        ++made_;
    }
    // Loading the network takes tens of milliseconds, so it happens outside the lock.
    auto engine = Engine::create(settings_);
    if (!engine) {
        const std::lock_guard lock(mutex_);
        --made_;
        freed_.notify_one();
        return engine.error();
    }
    return Lease(*this, std::move(*engine));
}

void EnginePool::give_back(std::unique_ptr<Engine> engine)
{
    {
        const std::lock_guard lock(mutex_);
        idle_.push_back(std::move(engine));
    }
    freed_.notify_one();
}

}  // namespace chartlift::ocr
