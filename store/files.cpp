// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/files.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <system_error>

namespace chartlift::store {
namespace {

constexpr mode_t kFileMode = 0600;
constexpr std::string_view kTemporarySuffix = ".part";

class PosixOutputFile final : public OutputFile {
public:
    PosixOutputFile(int descriptor, std::filesystem::path path) : descriptor_(descriptor), path_(std::move(path)) {}
    PosixOutputFile(const PosixOutputFile&) = delete;
    PosixOutputFile& operator=(const PosixOutputFile&) = delete;
    ~PosixOutputFile() override
    {
        if (descriptor_ >= 0) ::close(descriptor_);
    }

    Result<void> append(std::string_view bytes) override
    {
        while (!bytes.empty()) {
            const ssize_t wrote = ::write(descriptor_, bytes.data(), bytes.size());
            if (wrote < 0 && errno == EINTR) continue;
            if (wrote < 0) return file_fault(errno, "write", path_);
            bytes.remove_prefix(static_cast<std::size_t>(wrote));
        }
        return {};
    }

    Result<void> close() override
    {
        const int descriptor = std::exchange(descriptor_, -1);
        if (descriptor >= 0 && ::close(descriptor) != 0 && errno != EINTR) return file_fault(errno, "close", path_);
        return {};
    }

private:
    int descriptor_;
    std::filesystem::path path_;
};

class Descriptor {
public:
    Descriptor(const std::filesystem::path& path, int flags) : descriptor_(::open(path.c_str(), flags | O_CLOEXEC)) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor()
    {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    int get() const { return descriptor_; }

private:
    int descriptor_;
};

std::filesystem::path temporary_for(const std::filesystem::path& path)
{
    std::filesystem::path temporary = path;
    temporary += kTemporarySuffix;
    return temporary;
}

/// "name~2.tif"; the stem gives way where the whole would be longer than a name can be.
std::string numbered(const std::filesystem::path& name, int number)
{
    constexpr std::size_t kLongestName_bytes = 255;  // NAME_MAX
    const std::string ending = fmt::format("~{}{}", number, name.extension().string());
    std::string stem = name.stem().string();
    stem.resize(std::min(stem.size(), kLongestName_bytes - std::min(ending.size(), kLongestName_bytes)));
    return stem + ending;
}

/// Two mounts of one file system (a bind mount) refuse a rename between them as two file systems do.
bool crosses_mounts(const std::filesystem::path& from, const std::filesystem::path& to)
{
    struct statx a {};
    struct statx b {};
    if (::statx(AT_FDCWD, from.c_str(), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_MNT_ID, &a) != 0 ||
        ::statx(AT_FDCWD, to.parent_path().c_str(), 0, STATX_BASIC_STATS | STATX_MNT_ID, &b) != 0)
        return false;
    const bool known = (a.stx_mask & b.stx_mask & STATX_MNT_ID) != 0;
    return a.stx_dev_major != b.stx_dev_major || a.stx_dev_minor != b.stx_dev_minor ||
           (known && a.stx_mnt_id != b.stx_mnt_id);
}

/// Makes the folder, and each folder above it that was missing certain to be found after a power cut.
Result<void> make_folders_synced(Files& files, const std::filesystem::path& folder)
{
    std::vector<std::filesystem::path> parents;
    std::error_code error;
    for (auto missing = folder; !missing.empty() && !std::filesystem::exists(missing, error);
         missing = missing.parent_path())
        parents.push_back(missing.parent_path());
    if (auto made = files.make_folders(folder); !made) return made;
    for (const auto& parent : parents)
        if (auto synced = files.sync_folder(parent); !synced) return synced;
    return {};
}

}  // namespace

Fault file_fault(int error_number, std::string_view operation, const std::filesystem::path& path)
{
    const bool full = error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
    return Fault{
        full ? FaultKind::disk_full : FaultKind::io, "files",
        fmt::format("cannot {}: {}", operation, std::error_code(error_number, std::generic_category()).message()),
        path.string()};
}

Result<std::unique_ptr<OutputFile>> PosixFiles::create(const std::filesystem::path& path)
{
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kFileMode);
    if (descriptor < 0) return file_fault(errno, "create", path);
    return std::unique_ptr<OutputFile>(std::make_unique<PosixOutputFile>(descriptor, path));
}

Result<void> PosixFiles::rename(const std::filesystem::path& from, const std::filesystem::path& to)
{
    if (::rename(from.c_str(), to.c_str()) != 0) return file_fault(errno, "rename to", to);
    return {};
}

Result<bool> PosixFiles::rename_new(const std::filesystem::path& from, const std::filesystem::path& to)
{
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
    if (errno == EEXIST) return false;
    if (errno != EINVAL && errno != ENOSYS) return file_fault(errno, "rename", from);
    // A file system that cannot promise it (NFS, some FUSE): a hard link cannot replace anything either.
    if (::link(from.c_str(), to.c_str()) != 0)
        return errno == EEXIST ? Result<bool>(false) : file_fault(errno, "link", from);
    if (::unlink(from.c_str()) != 0) return file_fault(errno, "remove", from);
    return true;
}

Result<bool> PosixFiles::link_new(const std::filesystem::path& from, const std::filesystem::path& to)
{
    if (::link(from.c_str(), to.c_str()) == 0) return true;
    if (errno == EEXIST) return false;
    std::error_code error;
    if (std::filesystem::exists(to, error)) return false;
    // Not the name with a suffix: that may be too long for a name.
    const auto temporary =
        to.parent_path() / fmt::format(".{:x}.part", std::hash<std::string>()(to.filename().string()));
    std::filesystem::copy_file(from, temporary, std::filesystem::copy_options::overwrite_existing, error);
    if (error) return file_fault(error.value(), "copy", from);
    if (::chmod(temporary.c_str(), kFileMode) != 0) return file_fault(errno, "set the mode of", temporary);
    if (auto synced = sync_filesystem(temporary); !synced) return synced.error();
    return rename_new(temporary, to);
}

Result<void> PosixFiles::remove_tree(const std::filesystem::path& path)
{
    std::error_code error;
    std::filesystem::remove_all(path, error);
    if (error) return file_fault(error.value(), "remove", path);
    return {};
}

Result<void> PosixFiles::make_folders(const std::filesystem::path& path)
{
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) return {};
    if (path.has_parent_path() && path.parent_path() != path)
        if (auto made = make_folders(path.parent_path()); !made) return made;
    constexpr mode_t kFolderMode = 0700;
    if (::mkdir(path.c_str(), kFolderMode) != 0 && errno != EEXIST) return file_fault(errno, "make folder", path);
    if (!std::filesystem::is_directory(path, error)) return file_fault(ENOTDIR, "make folder", path);
    return {};
}

Result<void> PosixFiles::sync_filesystem(const std::filesystem::path& any_path_on_it)
{
    const Descriptor descriptor(any_path_on_it, O_RDONLY);
    if (descriptor.get() < 0 || ::syncfs(descriptor.get()) != 0) return file_fault(errno, "sync", any_path_on_it);
    return {};
}

Result<void> PosixFiles::sync_folder(const std::filesystem::path& folder)
{
    const Descriptor descriptor(folder, O_RDONLY | O_DIRECTORY);
    if (descriptor.get() < 0 || ::fsync(descriptor.get()) != 0) return file_fault(errno, "sync", folder);
    return {};
}

StagedFiles::~StagedFiles()
{
    for (const Staged& staged : staged_) (void)files_.remove_tree(staged.temporary);
}

Result<void> StagedFiles::write(const std::filesystem::path& path, const Writer& writer)
{
    if (auto made = files_.make_folders(path.parent_path()); !made) return made;
    staged_.push_back({temporary_for(path), path});
    auto file = files_.create(staged_.back().temporary);
    if (!file) return file.error();
    const Sink sink = [&](std::string_view bytes) { return (*file)->append(bytes); };
    if (auto written = writer(sink); !written) return written;
    return (*file)->close();
}

Result<void> StagedFiles::write(const std::filesystem::path& path, std::string_view bytes)
{
    return write(path, [bytes](const Sink& sink) { return sink(bytes); });
}

Result<void> StagedFiles::publish()
{
    if (staged_.empty()) return {};
    if (auto synced = files_.sync_filesystem(staged_.front().path.parent_path()); !synced) return synced;
    std::set<std::filesystem::path> folders;
    while (!staged_.empty()) {
        const Staged& staged = staged_.back();
        if (auto renamed = files_.rename(staged.temporary, staged.path); !renamed) return renamed;
        folders.insert(staged.path.parent_path());
        staged_.pop_back();
    }
    for (const auto& folder : folders)
        if (auto synced = files_.sync_folder(folder); !synced) return synced;
    return {};
}

Result<std::filesystem::path> move_file(Files& files, const std::filesystem::path& from,
                                        const std::filesystem::path& to)
{
    if (auto made = make_folders_synced(files, to.parent_path()); !made) return made.error();
    constexpr int kMostNames = 100'000;  // beyond it something is wrong that a number cannot mend
    std::filesystem::path place = to;
    for (int n = 2; n < kMostNames; ++n) {
        auto moved = files.rename_new(from, place);
        // Another file system or mount: the copy must be safe before the original goes.
        if (!moved && crosses_mounts(from, place)) {
            moved = files.link_new(from, place);
            if (moved && *moved) {
                if (auto synced = files.sync_folder(place.parent_path()); !synced) return synced.error();
                if (auto removed = files.remove_tree(from); !removed) return removed.error();
            }
        }
        if (!moved) return moved.error();
        if (*moved) {
            if (auto synced = files.sync_folder(place.parent_path()); !synced) return synced.error();
            if (auto synced = files.sync_folder(from.parent_path()); !synced) return synced.error();
            return place;
        }
        place = to.parent_path() / numbered(to, n);
    }
    return Fault{FaultKind::io, "files", fmt::format("{} names are taken", kMostNames), to.string()};
}

Result<void> replace_file(Files& files, const std::filesystem::path& path, std::string_view bytes, bool durable)
{
    StagedFiles staged(files);
    if (durable) {
        if (auto written = staged.write(path, bytes); !written) return written;
        return staged.publish();
    }
    const auto temporary = temporary_for(path);
    auto file = files.create(temporary);
    if (!file) return file.error();
    if (auto written = (*file)->append(bytes); !written) return written;
    if (auto closed = (*file)->close(); !closed) return closed;
    return files.rename(temporary, path);
}

}  // namespace chartlift::store
