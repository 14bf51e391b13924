// SPDX-License-Identifier: GPL-3.0-or-later
/// An inbox and its watcher for tests, with short times. Thread-safety: one thread.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "service/watcher.h"
#include "tests/support/temporary_folder.h"

namespace chartlift::service {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using pipeline::WatchMode;

/// Long enough for a busy machine to keep a writer's steps apart, short enough for many tests.
constexpr auto kSettle = 80ms;
constexpr auto kIncomplete = 400ms;
constexpr auto kSoon = 5s;  ///< what must come comes before this, on the slowest machine

inline pipeline::Inbox inbox_at(const std::filesystem::path& path, WatchMode mode)
{
    pipeline::Inbox inbox;
    inbox.name = path.filename();
    inbox.path = path;
    inbox.mode = mode;
    inbox.settle = kSettle;
    inbox.incomplete = kIncomplete;
    inbox.poll = 20ms;
    inbox.rescan = 10min;  // so that nothing but events can have found what a test of events finds
    return inbox;
}

/// Thousands of files are removed in no time from memory, and in half a minute from a disk that somebody syncs.
inline const bool kInMemory = ::access("/dev/shm", W_OK) == 0 && ::setenv("TMPDIR", "/dev/shm", 0) == 0;

/// One inbox in a folder of its own.
class Watching {
public:
    explicit Watching(WatchMode mode) : inbox(inbox_at(folder.path() / "in", mode))
    {
        std::filesystem::create_directory(inbox.path);
        std::filesystem::create_directory(outside());
    }
    Watcher& start(Passed passed = {})
    {
        watcher_ = std::move(*Watcher::start({inbox}, std::move(passed)));
        return *watcher_;
    }
    Watcher& operator()() { return *watcher_; }

    std::filesystem::path path(const std::string& name) const { return inbox.path / name; }
    std::filesystem::path outside() const { return folder.path() / "outside"; }
    void write(const std::string& name, const std::string& bytes = "whole") const
    {
        std::filesystem::create_directories(path(name).parent_path());
        std::ofstream(path(name), std::ios::binary) << bytes;
    }
    /// One write, with the file closed before and after.
    void append(const std::string& name, const std::string& bytes) const
    {
        std::ofstream(path(name), std::ios::binary | std::ios::app) << bytes;
    }
    void rename(const std::string& from, const std::string& to) const { std::filesystem::rename(path(from), path(to)); }
    void move_in(const std::string& name, const std::string& bytes = "whole") const
    {
        std::ofstream(outside() / "file", std::ios::binary) << bytes;
        std::filesystem::rename(outside() / "file", path(name));
    }

    std::vector<Ready> next(std::chrono::milliseconds wait = kSoon, std::size_t most = 100)
    {
        return watcher_->next(most, wait, {});
    }
    /// The next input, which must come.
    Ready one()
    {
        auto ready = next(kSoon, 1);
        EXPECT_EQ(ready.size(), 1U);
        return ready.empty() ? Ready{} : std::move(ready.front());
    }
    bool nothing_for(std::chrono::milliseconds time) { return next(time).empty(); }

    test::TemporaryFolder folder;
    pipeline::Inbox inbox;

private:
    std::unique_ptr<Watcher> watcher_;
};

inline std::vector<std::string> names(const std::vector<Ready>& ready)
{
    std::vector<std::string> all;
    for (const auto& one : ready) all.push_back(one.name);
    return all;
}

inline std::vector<std::string> file_names(const Ready& ready)
{
    std::vector<std::string> all;
    for (const auto& file : ready.files) all.push_back(file.name);
    return all;
}

class BothModes : public ::testing::TestWithParam<WatchMode> {};

inline std::string mode_name(const ::testing::TestParamInfo<WatchMode>& info)
{
    return info.param == WatchMode::events ? "Events" : "Polling";
}

}  // namespace chartlift::service
