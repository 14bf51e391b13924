// SPDX-License-Identifier: GPL-3.0-or-later
/// Looking at an inbox's entries without following any symbolic link below it, and without opening anything but folders
/// and regular files. Method: openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS; where a kernel lacks it, the
/// last part of a name is still never followed. Faults: errno values, since the caller tells them apart. Thread-safety:
/// const calls are safe from many threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stages/adapters/descriptor.h"
#include "store/intake_ledger.h"

namespace chartlift::service {

using adapters::Descriptor;

enum class EntryKind { file, folder, symbolic_link, fifo, socket, device };

struct EntryState {
    EntryKind kind = EntryKind::file;
    store::FileIdentity identity;
    std::int64_t status_changed_ns = 0;  ///< ctime: moves when content, mode, owner, times or names change
    std::uint64_t names = 1;             ///< hard links
};

bool same_file(const store::FileIdentity& a, const store::FileIdentity& b);

/// True for NFS, SMB, FUSE, 9P and their like: changes made elsewhere raise no event here, and leases say nothing.
bool is_network_share(int descriptor);

enum class Writers { none, some, unknown };
/// Does anybody have this file open for writing? A lease answers, which is given back at once. Local disks only.
Writers writers_of(int descriptor);

struct Listing {
    std::vector<std::string> leaves;  ///< any order, without . and ..
    int error = 0;                    ///< errno; the listing is not whole
};

/// A folder that is watched, held open so that what is below it is found even where its path is renamed.
class InboxFiles {
public:
    static std::optional<InboxFiles> open(const std::filesystem::path& root, int& error);

    bool still_at(const std::filesystem::path& root) const;  ///< the path leads to the same folder, and it is readable
    int descriptor() const { return root_.get(); }

    /// `folder` relative, "" for the root itself. Negative with errno in `error`.
    Descriptor open_folder(std::string_view folder, int& error) const;
    /// A regular file, for reading. The descriptor may be another file than one looked at before: compare.
    Descriptor open_file(std::string_view name, int& error) const;
    std::optional<EntryState> look(std::string_view name, int& error) const;

    static Listing list(const Descriptor& folder);
    static std::optional<EntryState> look_in(const Descriptor& folder, const std::string& leaf, int& error);
    static std::optional<EntryState> look_at(const Descriptor& file, int& error);

private:
    explicit InboxFiles(Descriptor root) : root_(std::move(root)) {}
    Descriptor open_beneath(std::string_view name, int flags, int& error) const;

    Descriptor root_;
};

}  // namespace chartlift::service
