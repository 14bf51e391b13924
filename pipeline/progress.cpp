// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

namespace chartlift::pipeline {
namespace {

constexpr std::chrono::milliseconds kLiveInterval{250};
constexpr std::chrono::seconds kPlainInterval{5};
constexpr const char* kClearLine = "\r\033[K";

}  // namespace

std::string progress_line(const ProgressCounts& counts, std::chrono::duration<double> elapsed)
{
    const std::int64_t done = counts.pages_done;
    const std::int64_t known = counts.pages_known;
    const std::int64_t worked = done - counts.pages_resumed;
    const double rate = elapsed.count() > 0 ? static_cast<double>(worked) / elapsed.count() : 0;
    std::string left = "?:??";
    if (rate > 0 && counts.all_known) {
        const auto seconds = static_cast<std::int64_t>(std::ceil(static_cast<double>(known - done) / rate));
        left = seconds >= 3600 ? fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
                               : fmt::format("{}:{:02}", seconds / 60, seconds % 60);
    }
    return fmt::format("{}/{}{} pages  {:.1f} pages/s  {} left  {} for review  {} faults", done, known,
                       counts.all_known ? "" : "+", rate, left, counts.held.load(), counts.faulted.load());
}

Progress::Progress(ProgressStyle style)
    : live_(style == ProgressStyle::live || (style == ProgressStyle::automatic && ::isatty(STDERR_FILENO) == 1)),
      silent_(style == ProgressStyle::silent)
{
}

Progress::~Progress()
{
    finish();
}

void Progress::start()
{
    began_ = std::chrono::steady_clock::now();
    finished_ = false;
    if (!silent_) thread_ = std::thread([this] { show_until_finished(); });
}

void Progress::finish()
{
    {
        const std::scoped_lock lock(mutex_);
        finished_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) {
        thread_.join();
        if (live_) std::fputs(kClearLine, stderr);
    }
}

void Progress::say(const std::string& line)
{
    if (silent_) return;
    const std::scoped_lock lock(mutex_);
    std::fputs(((live_ ? kClearLine : "") + line + "\n").c_str(), stderr);
}

void Progress::show_until_finished()
{
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, live_ ? kLiveInterval : std::chrono::milliseconds(kPlainInterval),
                           [this] { return finished_; })) {
        const std::string line = progress_line(counts, std::chrono::steady_clock::now() - began_);
        std::fputs(live_ ? (kClearLine + line).c_str() : (line + "\n").c_str(), stderr);
        std::fflush(stderr);
    }
}

}  // namespace chartlift::pipeline
