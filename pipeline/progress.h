// SPDX-License-Identifier: GPL-3.0-or-later
/// What a running job shows: on a terminal one live line, elsewhere a plain line every few seconds, on stderr.
/// Guarantee: shows counts only, never patient text. Thread-safety: the counters may be written from many threads.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace chartlift::pipeline {

struct ProgressCounts {
    std::atomic<std::int64_t> pages_known{0};  ///< of the inputs looked at so far
    std::atomic<bool> all_known{false};        ///< every input has been looked at
    std::atomic<std::int64_t> pages_done{0};
    std::atomic<std::int64_t> pages_resumed{0};  ///< of pages_done, done by an earlier run
    std::atomic<std::int64_t> documents{0};
    std::atomic<std::int64_t> held{0};     ///< documents for review
    std::atomic<std::int64_t> faulted{0};  ///< pages
};

enum class ProgressStyle { automatic, live, plain, silent };

class Progress {
public:
    explicit Progress(ProgressStyle style);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    ProgressCounts counts;
    void start();
    void finish();  ///< clears the live line
    /// A line for people, above the live line.
    void say(const std::string& line);

private:
    void show_until_finished();
    bool live_ = false;
    bool silent_ = false;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool finished_ = false;
    std::chrono::steady_clock::time_point began_;
    std::thread thread_;
};

/// "12/95 pages  1.9 pages/s  0:44 left  3 for review  0 faults"; separate for the test.
std::string progress_line(const ProgressCounts& counts, std::chrono::duration<double> elapsed);

}  // namespace chartlift::pipeline
