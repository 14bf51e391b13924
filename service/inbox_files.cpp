// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/inbox_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "service/inbox_names.h"

namespace chartlift::service {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
/// A rename anywhere on the system can make openat2 ask for another attempt; openat2(2), EAGAIN.
constexpr int kOpenAttempts = 8;

/// From statfs(2) and the kernel's linux/magic.h, where glibc's headers do not have them all.
constexpr std::array<std::uint32_t, 18> kNetworkShares{
    0x6969,      // NFS
    0x517B,      // SMB
    0xFF534D42,  // CIFS
    0xFE534D42,  // SMB2
    0x65735546,  // FUSE: sshfs, s3fs, rclone and their like
    0x01021997,  // 9P
    0x5346414F,  // AFS
    0x6B414653,  // kAFS
    0x73757245,  // Coda
    0x564C,      // NCP
    0x7461636F,  // OCFS2
    0x01161970,  // GFS2
    0x0BD00BD0,  // Lustre
    0x00C36400,  // Ceph
    0x47504653,  // GPFS
    0x786F4256,  // VirtualBox shared folders
    0xBACBACBC,  // VMware shared folders
    0x19830326,  // BeeGFS
};

std::int64_t nanoseconds(const timespec& time)
{
    return static_cast<std::int64_t>(time.tv_sec) * kNsPerSecond + time.tv_nsec;
}

EntryState state_of(const struct stat& status)
{
    EntryState state;
    switch (status.st_mode & static_cast<mode_t>(S_IFMT)) {
        case S_IFREG: state.kind = EntryKind::file; break;
        case S_IFDIR: state.kind = EntryKind::folder; break;
        case S_IFLNK: state.kind = EntryKind::symbolic_link; break;
        case S_IFIFO: state.kind = EntryKind::fifo; break;
        case S_IFSOCK: state.kind = EntryKind::socket; break;
        default: state.kind = EntryKind::device; break;
    }
    state.identity = {status.st_dev, status.st_ino, status.st_size, nanoseconds(status.st_mtim)};
    state.status_changed_ns = nanoseconds(status.st_ctim);
    state.names = status.st_nlink;
    return state;
}

}  // namespace

bool same_file(const store::FileIdentity& a, const store::FileIdentity& b)
{
    return a.device == b.device && a.inode == b.inode && a.size_bytes == b.size_bytes && a.modified_ns == b.modified_ns;
}

bool is_network_share(int descriptor)
{
    struct statfs status {};
    if (::fstatfs(descriptor, &status) != 0) return true;  // polling is right everywhere
    const auto type = static_cast<std::uint32_t>(status.f_type);
    return std::find(kNetworkShares.begin(), kNetworkShares.end(), type) != kNetworkShares.end();
}

Writers writers_of(int descriptor)
{
    // Who opens the file for writing in the moment that we hold the lease makes the kernel signal us: by default with
    // SIGIO, which ends a process; SIGURG is ignored unless somebody handles it.
    if (::fcntl(descriptor, F_SETSIG, SIGURG) != 0) return Writers::unknown;
    if (::fcntl(descriptor, F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN ? Writers::some : Writers::unknown;
    ::fcntl(descriptor, F_SETLEASE, F_UNLCK);
    return Writers::none;
}

std::optional<InboxFiles> InboxFiles::open(const std::filesystem::path& root, int& error)
{
    Descriptor folder(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) {
        error = errno;
        return std::nullopt;
    }
    return InboxFiles(std::move(folder));
}

bool InboxFiles::still_at(const std::filesystem::path& root) const
{
    const Descriptor there(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat now {};
    struct stat held {};
    return there && ::fstat(there.get(), &now) == 0 && ::fstat(root_.get(), &held) == 0 && now.st_dev == held.st_dev &&
           now.st_ino == held.st_ino;
}

Descriptor InboxFiles::open_beneath(std::string_view name, int flags, int& error) const
{
    const std::string path = name.empty() ? "." : std::string(name);
    open_how how{};
    how.flags = static_cast<__u64>(flags);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    for (int attempt = 0; attempt < kOpenAttempts; ++attempt) {
        Descriptor opened(static_cast<int>(::syscall(SYS_openat2, root_.get(), path.c_str(), &how, sizeof how)));
        if (opened) return opened;
        error = errno;
        if (error != EAGAIN && error != EINTR) break;
    }
    if (error != ENOSYS && error != EPERM) return {};  // EPERM: containers whose filter does not know openat2
    Descriptor opened(::openat(root_.get(), path.c_str(), flags));
    if (!opened) error = errno;
    return opened;
}

Descriptor InboxFiles::open_folder(std::string_view folder, int& error) const
{
    return open_beneath(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, error);
}

Descriptor InboxFiles::open_file(std::string_view name, int& error) const
{
    const auto state = look(name, error);
    if (!state) return {};
    if (state->kind != EntryKind::file) {
        error = ENOENT;
        return {};
    }
    // Were a pipe put here in between, O_NONBLOCK keeps it from stopping us.
    Descriptor file = open_beneath(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, error);
    const auto opened = file ? look_at(file, error) : std::nullopt;
    if (opened && opened->kind != EntryKind::file) error = ENOENT;
    return opened && opened->kind == EntryKind::file ? std::move(file) : Descriptor();
}

std::optional<EntryState> InboxFiles::look(std::string_view name, int& error) const
{
    if (name.ends_with('/')) name.remove_suffix(1);
    const Descriptor folder = open_folder(folder_of(name), error);
    return folder ? look_in(folder, std::string(leaf_of(name)), error) : std::nullopt;
}

Listing InboxFiles::list(const Descriptor& folder)
{
    Listing listing;
    const int copy = ::fcntl(folder.get(), F_DUPFD_CLOEXEC, 0);
    DIR* entries = copy < 0 ? nullptr : ::fdopendir(copy);
    if (entries == nullptr) {
        listing.error = errno;
        if (copy >= 0) ::close(copy);
        return listing;
    }
    ::rewinddir(entries);
    errno = 0;
    while (const dirent* entry = ::readdir(entries)) {  // NOLINT(concurrency-mt-unsafe): a stream of our own
        const std::string_view leaf = static_cast<const char*>(entry->d_name);
        if (leaf != "." && leaf != "..") listing.leaves.emplace_back(leaf);
        errno = 0;
    }
    listing.error = errno;
    ::closedir(entries);
    return listing;
}

std::optional<EntryState> InboxFiles::look_in(const Descriptor& folder, const std::string& leaf, int& error)
{
    struct stat status {};
    if (::fstatat(folder.get(), leaf.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) return state_of(status);
    error = errno;
    return std::nullopt;
}

std::optional<EntryState> InboxFiles::look_at(const Descriptor& file, int& error)
{
    struct stat status {};
    if (::fstat(file.get(), &status) == 0) return state_of(status);
    error = errno;
    return std::nullopt;
}

}  // namespace chartlift::service
