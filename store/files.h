// SPDX-License-Identifier: GPL-3.0-or-later
/// The one small layer through which every file of OUT is written, so that tests can make any step of it fail.
/// Everything durable goes through it: writes, syncs, renames, links, removals and the database's commits.
/// Guarantee: a file appears under its final name only when it is whole and on the disk (temporary name, sync, rename,
/// sync of the folder), so that a reader, a crash or a full disk never shows half of one.
/// Faults: disk_full (ENOSPC, EDQUOT, EFBIG), io (anything else); messages name the path and the reason.
/// Thread-safety: Files is safe from many threads; OutputFile and StagedFiles are owned by one.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "core/fault.h"

namespace chartlift::store {

class OutputFile {
public:
    OutputFile() = default;
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;
    virtual ~OutputFile() = default;
    virtual Result<void> append(std::string_view bytes) = 0;
    virtual Result<void> close() = 0;  ///< errors of delayed writes are reported here
};

class Files {
public:
    Files() = default;
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;
    virtual ~Files() = default;
    virtual Result<std::unique_ptr<OutputFile>> create(const std::filesystem::path& path) = 0;
    virtual Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
    /// As rename, but false where `to` exists already: nothing is ever replaced by it.
    virtual Result<bool> rename_new(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
    /// A second name for the same file (or a copy where the file system has none); false where `to` exists already.
    virtual Result<bool> link_new(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
    virtual Result<void> remove_tree(const std::filesystem::path& path) = 0;  ///< absent is fine
    virtual Result<void> make_folders(const std::filesystem::path& path) = 0;
    virtual Result<void> sync_filesystem(const std::filesystem::path& any_path_on_it) = 0;
    virtual Result<void> sync_folder(const std::filesystem::path& folder) = 0;
    /// A database's commit, as one step of this layer among the others.
    virtual Result<void> commit(const std::function<Result<void>()>& transaction) { return transaction(); }
};

/// The real file system. Files are made with mode 0600, folders 0700: patient data is nobody else's to read.
class PosixFiles final : public Files {
public:
    Result<std::unique_ptr<OutputFile>> create(const std::filesystem::path& path) override;
    Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
    Result<bool> rename_new(const std::filesystem::path& from, const std::filesystem::path& to) override;
    Result<bool> link_new(const std::filesystem::path& from, const std::filesystem::path& to) override;
    Result<void> remove_tree(const std::filesystem::path& path) override;
    Result<void> make_folders(const std::filesystem::path& path) override;
    Result<void> sync_filesystem(const std::filesystem::path& any_path_on_it) override;
    Result<void> sync_folder(const std::filesystem::path& folder) override;
};

/// What writes a file's bytes: it is handed a sink.
using Sink = std::function<Result<void>(std::string_view bytes)>;
using Writer = std::function<Result<void>(const Sink& sink)>;

/// Several files that appear together: all are written under temporary names, the file system is synced once, then all
/// are renamed. Not published: the temporary files are removed by the destructor.
class StagedFiles {
public:
    explicit StagedFiles(Files& files) : files_(files) {}
    StagedFiles(const StagedFiles&) = delete;
    StagedFiles& operator=(const StagedFiles&) = delete;
    ~StagedFiles();

    Result<void> write(const std::filesystem::path& path, const Writer& writer);
    Result<void> write(const std::filesystem::path& path, std::string_view bytes);
    Result<void> publish();

private:
    Files& files_;
    struct Staged {
        std::filesystem::path temporary;
        std::filesystem::path path;
    };
    std::vector<Staged> staged_;
};

/// One file by the same rules. `durable` false leaves out the syncs, for files that can be made again (the spool).
Result<void> replace_file(Files& files, const std::filesystem::path& path, std::string_view bytes, bool durable = true);

/// Gives a file another place, on any file system, under `to` or, where that name is taken, under `to` with ~2, ~3, ...
/// before its ending: never over another file. Synced. Returns the name it got. `from` is gone only when `to` is safe.
Result<std::filesystem::path> move_file(Files& files, const std::filesystem::path& from,
                                        const std::filesystem::path& to);

/// The fault for an errno value after an operation on a path.
Fault file_fault(int error_number, std::string_view operation, const std::filesystem::path& path);

}  // namespace chartlift::store
