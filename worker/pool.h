// SPDX-License-Identifier: GPL-3.0-or-later
/// The worker processes of one run: long-lived, disposable, started when first needed, replaced when one died, was
/// killed, or has done so much that a fresh one is cheaper than what it may have leaked.
/// Guarantee: a process works for one thread at a time; at most `processes` live at once; when the pool and every file
/// opened through it are gone, so is every process. A caller waits for a process while all are busy, and that time
/// counts towards its deadline: as many processes as threads means that nobody waits.
/// Faults: of start(), internal or config (a worker cannot be started or confined); of lease(), timeout, cancelled,
/// internal. Thread-safety: all members are safe from many threads.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "core/stage.h"
#include "stages/decode/decode.h"
#include "worker/process.h"

namespace chartlift::worker {

struct PoolSettings {
    int processes = 1;                                 ///< as many as threads decode at once
    std::int64_t memory_bytes = 4'294'967'296;         ///< address space of one, beyond the program itself
    bool confined = true;                              ///< false: no Landlock and no seccomp, for debugging
    std::filesystem::path program = "/proc/self/exe";  ///< is run as `PROGRAM decode-worker`
    DecodeSettings decode;
};

/// Since the pool was started.
struct PoolCounts {
    std::int64_t started = 0;
    std::int64_t died = 0;      ///< by themselves: a signal, a refused system call
    std::int64_t killed = 0;    ///< by us: late, stopped, or not to be believed
    std::int64_t retired = 0;   ///< replaced after much work
    std::int64_t requests = 0;  ///< files opened, pages and crops
};

class Pool {
public:
    /// One process is started at once, so that a site learns here whether it works.
    static Result<std::shared_ptr<Pool>> start(PoolSettings settings);

    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    ~Pool() = default;

    PoolCounts counts() const;
    std::chrono::nanoseconds processor_time();                       ///< that all its processes took
    const Protections& protections() const { return protections_; }  ///< of the first process

    /// One process for one thread, given back at the end.
    class Lease {
    public:
        Lease(Pool& pool, std::shared_ptr<Process> process) : pool_(&pool), process_(std::move(process)) {}
        Lease(Lease&&) = default;
        Lease& operator=(Lease&&) = delete;
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        ~Lease()
        {
            if (process_) pool_->give_back(std::move(process_));
        }
        const std::shared_ptr<Process>& process() const { return process_; }

    private:
        Pool* pool_;
        std::shared_ptr<Process> process_;
    };

    /// Which process a caller would like, and how long it is worth waiting for.
    struct Wish {
        std::shared_ptr<Process> process;
        std::chrono::milliseconds patience{0};
    };
    Result<Lease> lease(const Wish& wish, const StageContext& context, std::string_view where);

private:
    explicit Pool(PoolSettings settings) : settings_(std::move(settings)) {}

    struct Place {
        std::shared_ptr<Process> process;
        bool busy = false;
        std::size_t taken = 0;  ///< how often it was leased: the least used is taken first
    };

    Result<std::shared_ptr<Process>> start_one();
    Place* place_for(const Process* wished, bool only_wished);
    void give_back(std::shared_ptr<Process> process);

    PoolSettings settings_;
    Protections protections_;
    std::mutex mutex_;
    std::condition_variable freed_;
    std::vector<Place> places_;
    int starting_ = 0;
    std::chrono::nanoseconds processor_time_of_ended_{};
    std::atomic<std::int64_t> started_{0};
    std::atomic<std::int64_t> died_{0};
    std::atomic<std::int64_t> killed_{0};
    std::atomic<std::int64_t> retired_{0};
    std::atomic<std::int64_t> requests_{0};
};

/// `context` with an end: the page timeout where it has no deadline.
StageContext with_deadline(const StageContext& context);

/// What is left of the deadline, at least a millisecond.
std::int64_t left_ms(const StageContext& context);

}  // namespace chartlift::worker
