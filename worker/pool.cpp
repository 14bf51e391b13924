// SPDX-License-Identifier: GPL-3.0-or-later
#include "worker/pool.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

namespace chartlift::worker {
namespace {

using Clock = StageContext::Clock;
using std::chrono::milliseconds;

/// How soon a thread that waits for a process notices a stop or its deadline.
constexpr milliseconds kLook{50};
/// Over the whole life of a process; kMostBusy in process.cpp ends it well before, unless one page takes an hour.
constexpr std::int64_t kCpu_s = 7'200;

Hello hello_of(const PoolSettings& settings)
{
    Hello hello;
    hello.confinement.memory_bytes = settings.memory_bytes;
    hello.confinement.largest_file_bytes = settings.memory_bytes;  // an answer stood in memory before it was written
    hello.confinement.cpu_s = kCpu_s;
    hello.confinement.filters = settings.confined;
    hello.decode = settings.decode;
    return hello;
}

}  // namespace

Result<std::shared_ptr<Pool>> Pool::start(PoolSettings settings)
{
    if (settings.processes < 1) return Fault{FaultKind::config, "worker", "a pool needs one process or more"};
    std::size_t passwords_bytes = 0;
    for (const std::string& password : settings.decode.passwords) passwords_bytes += password.size() + sizeof(int);
    constexpr std::size_t kRoom_bytes = kLongestPacket_bytes - 1024;
    if (passwords_bytes > kRoom_bytes)
        return Fault{FaultKind::config, "worker",
                     "passwords take " + std::to_string(passwords_bytes) + " bytes; " + std::to_string(kRoom_bytes) +
                         " are allowed"};
    std::shared_ptr<Pool> pool(new Pool(std::move(settings)));  // NOLINT: the constructor is private
    auto first = pool->start_one();
    if (!first) return first.error();
    pool->protections_ = (*first)->protections();
    pool->places_.push_back({std::move(*first)});
    return pool;
}

PoolCounts Pool::counts() const
{
    return {started_, died_, killed_, retired_, requests_};
}

std::chrono::nanoseconds Pool::processor_time()
{
    const std::scoped_lock lock(mutex_);
    return std::accumulate(places_.begin(), places_.end(), processor_time_of_ended_,
                           [](auto sum, const Place& place) { return sum + place.process->processor_time(); });
}

Result<std::shared_ptr<Process>> Pool::start_one()
{
    auto process = Process::start(settings_.program, hello_of(settings_));
    if (!process) return process.error();
    ++started_;
    return std::shared_ptr<Process>(std::move(*process));
}

/// An idle process: the wished one, or that which worked least.
Pool::Place* Pool::place_for(const Process* wished, bool only_wished)
{
    Place* best = nullptr;
    for (Place& place : places_) {
        if (place.busy) continue;
        if (place.process.get() == wished) return &place;
        if (!only_wished && (best == nullptr || place.taken < best->taken)) best = &place;
    }
    return best;
}

Result<Pool::Lease> Pool::lease(const Wish& wish, const StageContext& context, std::string_view where)
{
    const auto patient_until = Clock::now() + wish.patience;
    std::unique_lock lock(mutex_);
    for (;;) {
        if (auto wanted = context.still_wanted(where); !wanted) return wanted.error();
        const bool living = std::any_of(places_.begin(), places_.end(),
                                        [&](const Place& place) { return place.process == wish.process; });
        const auto now = Clock::now();
        const bool only_wished = wish.process && living && now < patient_until;
        if (Place* place = place_for(wish.process.get(), only_wished)) {
            place->busy = true;
            ++place->taken;
            ++requests_;
            return Lease(*this, place->process);
        }
        if (!only_wished && static_cast<int>(places_.size()) + starting_ < settings_.processes) {
            ++starting_;
            lock.unlock();
            auto process = start_one();
            lock.lock();
            --starting_;
            if (!process) {
                freed_.notify_one();
                return process.error();
            }
            places_.push_back({std::move(*process), true, 1});
            ++requests_;
            return Lease(*this, places_.back().process);
        }
        freed_.wait_until(lock, only_wished ? std::min(patient_until, now + kLook) : now + kLook);
    }
}

void Pool::give_back(std::shared_ptr<Process> process)
{
    const bool gone = !process->alive();
    const bool worn = !gone && process->worn_out();
    if (gone) ++(process->was_killed() ? killed_ : died_);
    if (worn) ++retired_;
    {
        const std::scoped_lock lock(mutex_);
        const auto found =
            std::find_if(places_.begin(), places_.end(), [&](const Place& place) { return place.process == process; });
        if (found != places_.end()) {
            if (gone || worn) {
                processor_time_of_ended_ += process->processor_time();
                places_.erase(found);
            } else {
                found->busy = false;
            }
        }
    }
    freed_.notify_all();
}

StageContext with_deadline(const StageContext& context)
{
    StageContext bounded = context;
    bounded.deadline = std::min(context.deadline, Clock::now() + context.limits.page_timeout);
    return bounded;
}

std::int64_t left_ms(const StageContext& context)
{
    const auto left = std::chrono::ceil<milliseconds>(context.deadline - Clock::now());
    return std::max<std::int64_t>(left.count(), 1);
}

}  // namespace chartlift::worker
