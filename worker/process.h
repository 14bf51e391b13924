// SPDX-License-Identifier: GPL-3.0-or-later
/// One worker process, seen from the program that started it.
/// Guarantee: exchange() comes back at the deadline, whatever the worker does; a worker that died, was late or answered
/// out of turn is killed and reaped before it returns, and alive() is false from then on. Nobody else's child is
/// waited for. The destructor kills and reaps.
/// Faults of exchange(): what ended the worker, as the fault of the page that it worked on: timeout, cancelled, library
/// (a signal), internal (nonsense).
/// Thread-safety: close_file() from any thread; the rest by the one thread that leases the process.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "core/stage.h"
#include "worker/channel.h"
#include "worker/protocol.h"

namespace chartlift::worker {

struct Exchanged {
    Answer answer;
    Descriptor memory;
};

class Process {
public:
    /// Starts `program` as a worker and waits until it is confined. Faults: internal, limit (no process to be had).
    static Result<std::unique_ptr<Process>> start(const std::filesystem::path& program, const Hello& hello);

    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process();

    /// Nothing where the worker was gone before it could begin: try another. `where` is the stage that asks.
    std::optional<Result<Exchanged>> exchange(const decltype(Request::body)& request, int descriptor,
                                              const StageContext& context, std::string_view where);

    /// Ends a worker whose answer is not to be believed, and gives the fault that says so.
    Fault distrust(std::string_view where, std::string_view why);

    bool alive() const { return pid_ > 0; }
    /// Processor time that it has taken so far; any thread may ask.
    std::chrono::nanoseconds processor_time() const { return processor_time_.load(); }
    bool was_killed() const { return killed_; }  ///< by us, rather than having died by itself
    const Protections& protections() const { return protections_; }

    /// After so much work a fresh process is cheaper than whatever this one may have leaked.
    bool worn_out() const;

    FileHandle next_file() { return ++last_file_; }
    /// Notes that a file is open. The file that was opened longest ago is closed where there are too many.
    void file_opened(FileHandle file);
    bool has_file(FileHandle file) const;
    void close_file(FileHandle file);

private:
    Process(pid_t pid, Descriptor socket) : pid_(pid), socket_(std::move(socket)) {}

    enum class Waited { answered, gone, late, stopped };
    Waited wait_for_answer(StageContext::Clock::time_point until, const std::stop_token& stop) const;
    bool silent() const;
    int end(bool by_us);
    Fault died(std::string_view where);

    pid_t pid_;
    Descriptor socket_;
    bool killed_ = false;
    std::uint32_t last_number_ = 0;
    FileHandle last_file_ = 0;
    Protections protections_;
    std::atomic<std::chrono::nanoseconds> processor_time_{};
    std::atomic<bool> deaf_{false};  ///< it did not take a message
    int requests_ = 0;
    std::chrono::steady_clock::duration busy_{};
    std::int64_t memory_bytes_ = 0;
    mutable std::mutex files_mutex_;
    std::deque<FileHandle> files_;  ///< open there, the oldest first
};

}  // namespace chartlift::worker
