// SPDX-License-Identifier: GPL-3.0-or-later
/// A file system that ends the process at its nth durable step, as a power cut would: with everything written so far on
/// the disk, with everything lost that was not synced, or with the step itself half done.
/// Guarantee: until the crash it does what PosixFiles does, but for the syncs, which are only noted. What counts as
/// synced: a file's bytes and every name after sync_filesystem(); the names of one folder after sync_folder(). Less
/// than any real file system keeps (ext4's fsync of a folder keeps more), so what survives here survives there. It
/// crashes by _exit, so it is used in a forked child. SQLite syncs by itself: a commit either is before or after.
/// Thread-safety: safe from many threads (steps take turns).
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "store/files.h"

namespace chartlift::test {

enum class Loss {
    nothing,    ///< the process dies: what was written stays
    unsynced,   ///< the power fails: names that were not synced are as they were before, bytes that were not are gone
    bytes,      ///< the power fails: every name had reached the disk, bytes that were not synced had not
    half_step,  ///< the process dies within the step: half the bytes, half the tree, a commit just before it
};

struct CrashPlan {
    std::int64_t step = 0;  ///< crash once this step is done (half_step: within it), counted from 1; 0: never
    Loss loss = Loss::nothing;
    std::filesystem::path aside;  ///< empty folder on the same file system, for what may have to come back
};

inline constexpr int kCrashStatus = 137;  ///< exit status of a process that crashed as planned

class CrashingFiles final : public store::Files {
public:
    explicit CrashingFiles(CrashPlan plan) : plan_(std::move(plan)) {}

    /// What each step so far was: "append", "rename", ...
    std::vector<std::string> steps() const;

    Result<std::unique_ptr<store::OutputFile>> create(const std::filesystem::path& path) override;
    Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
    Result<bool> rename_new(const std::filesystem::path& from, const std::filesystem::path& to) override;
    Result<bool> link_new(const std::filesystem::path& from, const std::filesystem::path& to) override;
    Result<void> remove_tree(const std::filesystem::path& path) override;
    Result<void> make_folders(const std::filesystem::path& path) override;
    Result<void> sync_filesystem(const std::filesystem::path& any_path_on_it) override;
    Result<void> sync_folder(const std::filesystem::path& folder) override;
    Result<void> commit(const std::function<Result<void>()>& transaction) override;

private:
    class Output;
    /// A name whose change has not been synced, and what stood under it before. A rename changes two names as one, as
    /// every journaling file system does it: once either folder is synced both have changed.
    struct UnsyncedName {
        std::filesystem::path path;
        std::filesystem::path before;       ///< empty: nothing stood there
        std::filesystem::path came_from{};  ///< of a rename
    };
    /// A file whose bytes have not been synced: a second name for it, and how many bytes the disk has.
    struct UnsyncedBytes {
        std::filesystem::path alias;
        std::uintmax_t synced_bytes = 0;
    };

    bool power_cut() const { return plan_.step > 0 && (plan_.loss == Loss::unsynced || plan_.loss == Loss::bytes); }
    bool half_now(const char* step);  ///< counts the step; true where it is the one to leave half done
    void done();                      ///< crashes where the step just counted is the planned one
    std::filesystem::path next_aside();
    std::filesystem::path keep_aside(const std::filesystem::path& path);
    void name_changes(const std::filesystem::path& path);
    void lose_unsynced();
    [[noreturn]] void crash();
    Result<bool> move_name(const std::filesystem::path& from, const std::filesystem::path& to, bool replace);

    CrashPlan plan_;
    store::PosixFiles real_;
    mutable std::recursive_mutex mutex_;  ///< a commit may take other steps within it
    std::vector<std::string> steps_;
    std::vector<UnsyncedName> names_;
    std::vector<UnsyncedBytes> bytes_;
    std::int64_t kept_ = 0;
};

}  // namespace chartlift::test
