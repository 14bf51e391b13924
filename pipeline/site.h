// SPDX-License-Identifier: GPL-3.0-or-later
/// What the service of a site is told: its inboxes, its outlet, and how files are decoded. Read from the sections
/// [[inbox]], [service] and [worker] of the configuration. Thread-safety: plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

namespace chartlift::pipeline {

enum class WatchMode {
    automatic,  ///< by the kind of file system: events on local disks, polling on network shares
    events,     ///< inotify
    polling,
};

enum class InboxFolders {
    files,    ///< every file, at any depth, is an input of its own
    batches,  ///< a folder directly under the inbox is one batch, whole when its marker, count or manifest says so
};

enum class AfterTaking {
    move,   ///< the original goes to `done`
    leave,  ///< the original stays; it is known by its identity and not taken again
};

struct Inbox {
    std::string name;            ///< shown in status and metrics; unique; defaults to the folder's name
    std::filesystem::path path;  ///< absolute
    std::string batch_class;     ///< recorded with every batch
    int priority = 0;            ///< higher goes first, 0 to 9
    WatchMode mode = WatchMode::automatic;
    InboxFolders folders = InboxFolders::files;
    AfterTaking after = AfterTaking::move;
    std::filesystem::path done;                    ///< empty: OUT/done/NAME
    std::chrono::milliseconds settle{3'000};       ///< size and time unchanged for so long
    std::chrono::milliseconds incomplete{60'000};  ///< still for so long is taken though its end looks cut off
    std::chrono::milliseconds poll{2'000};         ///< between two looks, when polling
    std::chrono::milliseconds rescan{60'000};      ///< between two full looks beside events, in case one was lost
};

struct ServiceSettings {
    std::filesystem::path out;         ///< where `watch` works; required by it
    std::string host = "127.0.0.1";    ///< address of metrics and health; loopback only, since nobody logs in there
    int port = 9464;                   ///< 0: none
    std::int64_t min_free_mb = 2'048;  ///< of OUT's disk; below it nothing is taken in
};

struct WorkerSettings {
    bool confined = true;            ///< decode in confined processes; false: in this process, for debugging only
    std::int64_t memory_mb = 4'096;  ///< address space of one worker process
    /// What is started as a worker: the program sets it to itself. Empty, as in a test's own program: none is started.
    std::filesystem::path program;
};

}  // namespace chartlift::pipeline
