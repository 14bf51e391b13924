// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/watcher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <mutex>
#include <numeric>

#include "service/inbox_files.h"
#include "service/watched_inbox.h"
#include "store/files.h"

namespace chartlift::service {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Waiting longer than this changes nothing for the caller, and keeps sums of times far from overflow.
constexpr milliseconds kLongestWait = std::chrono::hours(1);

/// Poll's time-out, rounded up: rounding down would make the loop spin through the last millisecond.
int time_out(SteadyTime until)
{
    const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
    return static_cast<int>(std::clamp(left, milliseconds(0), kLongestWait).count());
}

}  // namespace

class Watcher::Loop {
public:
    Loop(std::vector<pipeline::Inbox> inboxes, const Passed& passed, Descriptor wake) : wake_(std::move(wake))
    {
        inboxes_.reserve(inboxes.size());
        for (auto& inbox : inboxes) inboxes_.emplace_back(inboxes_.size(), std::move(inbox), passed);
        by_turn_.resize(inboxes_.size());
        std::iota(by_turn_.begin(), by_turn_.end(), std::size_t{0});
        std::stable_sort(by_turn_.begin(), by_turn_.end(),
                         [&](std::size_t a, std::size_t b) { return inboxes_[a].priority() > inboxes_[b].priority(); });
    }

    std::vector<Ready> next(std::size_t most, milliseconds wait, const std::stop_token& stop)
    {
        const std::stop_callback on_stop(stop, [this] { wake_up(); });
        const SteadyTime deadline = Clock::now() + std::clamp(wait, milliseconds(0), kLongestWait);
        for (;;) {
            std::vector<pollfd> sources{{wake_.get(), POLLIN, 0}};
            SteadyTime again = deadline;
            {
                const std::scoped_lock lock(mutex_);
                for (auto& inbox : inboxes_) inbox.work(most);
                auto given = give(most);
                if (!given.empty() || stop.stop_requested() || Clock::now() >= deadline) return given;
                for (const auto& inbox : inboxes_) {
                    again = std::min(again, inbox.next_look());
                    if (most > 0) again = std::min(again, inbox.next_due().value_or(again));
                    if (inbox.events_descriptor() >= 0) sources.push_back({inbox.events_descriptor(), POLLIN, 0});
                }
            }
            ::poll(sources.data(), sources.size(), time_out(again));
            eventfd_t rung = 0;
            ::eventfd_read(wake_.get(), &rung);
        }
    }

    void taken(const Ready& ready)
    {
        const std::scoped_lock lock(mutex_);
        if (ready.inbox < inboxes_.size()) inboxes_[ready.inbox].taken(ready);
        wake_up();
    }

    void put_back(const Ready& ready)
    {
        const std::scoped_lock lock(mutex_);
        if (ready.inbox < inboxes_.size()) inboxes_[ready.inbox].put_back(ready);
        wake_up();
    }

    std::vector<Refusal> take_refusals()
    {
        const std::scoped_lock lock(mutex_);
        std::vector<Refusal> all;
        for (auto& inbox : inboxes_) {
            auto refusals = inbox.take_refusals();
            std::move(refusals.begin(), refusals.end(), std::back_inserter(all));
        }
        return all;
    }

    std::vector<InboxSeen> seen() const
    {
        const std::scoped_lock lock(mutex_);
        std::vector<InboxSeen> all;
        for (const auto& inbox : inboxes_) all.push_back(inbox.seen());
        return all;
    }

private:
    void wake_up() const { ::eventfd_write(wake_.get(), 1); }

    std::vector<Ready> give(std::size_t most)
    {
        std::vector<Ready> given;
        while (given.size() < most) {
            auto one = give_one();
            if (!one) break;
            given.push_back(std::move(*one));
        }
        return given;
    }

    /// The first in by_turn_ that has something; it then goes behind the others of its priority.
    std::optional<Ready> give_one()
    {
        for (auto turn = by_turn_.begin(); turn != by_turn_.end(); ++turn) {
            auto ready = inboxes_[*turn].give();
            if (!ready) continue;
            const int priority = inboxes_[*turn].priority();
            const auto lower =
                std::find_if(turn, by_turn_.end(), [&](std::size_t i) { return inboxes_[i].priority() != priority; });
            std::rotate(turn, std::next(turn), lower);
            return ready;
        }
        return std::nullopt;
    }

    mutable std::mutex mutex_;
    Descriptor wake_;
    std::vector<WatchedInbox> inboxes_;
    std::vector<std::size_t> by_turn_;  ///< by priority; among equals, whoever waited longest first
};

Result<std::unique_ptr<Watcher>> Watcher::start(std::vector<pipeline::Inbox> inboxes, const Passed& passed)
{
    Descriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake) return store::file_fault(errno, "make an eventfd for", {});
    return std::unique_ptr<Watcher>(
        new Watcher(std::make_unique<Loop>(std::move(inboxes), passed, std::move(wake))));  // NOLINT: private
}

Watcher::Watcher(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
Watcher::~Watcher() = default;

std::vector<Ready> Watcher::next(std::size_t most, milliseconds wait, const std::stop_token& stop)
{
    return loop_->next(most, wait, stop);
}

void Watcher::taken(const Ready& ready)
{
    loop_->taken(ready);
}

void Watcher::put_back(const Ready& ready)
{
    loop_->put_back(ready);
}

std::vector<Refusal> Watcher::take_refusals()
{
    return loop_->take_refusals();
}

std::vector<InboxSeen> Watcher::seen() const
{
    return loop_->seen();
}

std::string_view to_string(WholeBy whole_by)
{
    switch (whole_by) {
        case WholeBy::settled: return "settled";
        case WholeBy::closed: return "closed";
        case WholeBy::renamed_in: return "renamed in";
        case WholeBy::marker: return "marker";
        case WholeBy::manifest: return "manifest";
        case WholeBy::count: return "count";
        case WholeBy::gave_up_waiting: return "gave up waiting";
    }
    return "unknown";
}

std::string_view to_string(RefusalReason reason)
{
    switch (reason) {
        case RefusalReason::symbolic_link: return "symbolic link";
        case RefusalReason::fifo: return "fifo";
        case RefusalReason::socket: return "socket";
        case RefusalReason::device: return "device";
        case RefusalReason::name_too_long: return "name too long";
        case RefusalReason::too_deep: return "too deep";
        case RefusalReason::unreadable: return "unreadable";
        case RefusalReason::manifest_damaged: return "manifest damaged";
    }
    return "unknown";
}

}  // namespace chartlift::service
