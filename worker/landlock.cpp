// SPDX-License-Identifier: GPL-3.0-or-later
#include "worker/landlock.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "worker/channel.h"

namespace chartlift::worker {
namespace {

// Debian 12's headers know ABI 2. The rest is from include/uapi/linux/landlock.h of Linux 6.12.
constexpr std::uint64_t kTruncate = 1ULL << 14;       // LANDLOCK_ACCESS_FS_TRUNCATE, ABI 3
constexpr std::uint64_t kIoctlDevice = 1ULL << 15;    // LANDLOCK_ACCESS_FS_IOCTL_DEV, ABI 5
constexpr std::uint64_t kBindTcp = 1ULL << 0;         // LANDLOCK_ACCESS_NET_BIND_TCP, ABI 4
constexpr std::uint64_t kConnectTcp = 1ULL << 1;      // LANDLOCK_ACCESS_NET_CONNECT_TCP, ABI 4
constexpr std::uint64_t kAbstractSocket = 1ULL << 0;  // LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, ABI 6
constexpr std::uint64_t kSignal = 1ULL << 1;          // LANDLOCK_SCOPE_SIGNAL, ABI 6
/// ABI 1: LANDLOCK_ACCESS_FS_EXECUTE to LANDLOCK_ACCESS_FS_MAKE_SYM.
constexpr std::uint64_t kFirstRights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

/// struct landlock_ruleset_attr as of ABI 6; an older kernel is given its beginning.
struct Ruleset {
    std::uint64_t files = 0;
    std::uint64_t network = 0;
    std::uint64_t scope = 0;
};

/// Poppler draws text whose font the PDF lacks with the system's, and reads character maps of Asian fonts.
constexpr std::array kReadable{
    "/usr/share/fonts",       "/usr/local/share/fonts",       "/etc/fonts",
    "/var/cache/fontconfig",  "/usr/share/fontconfig",        "/usr/share/poppler",
    "/usr/share/texmf/fonts", "/usr/share/ghostscript/fonts",
};

Fault fault(const char* step)
{
    return {FaultKind::internal, "confine", fmt::format("landlock: {}: {}", step, std::strerror(errno))};
}

Ruleset everything(int abi)
{
    Ruleset rules;
    rules.files = kFirstRights;
    if (abi >= 2) rules.files |= LANDLOCK_ACCESS_FS_REFER;
    if (abi >= 3) rules.files |= kTruncate;
    if (abi >= 4) rules.network = kBindTcp | kConnectTcp;
    if (abi >= 5) rules.files |= kIoctlDevice;
    if (abi >= 6) rules.scope = kAbstractSocket | kSignal;
    return rules;
}

std::size_t size_of_rules(int abi)
{
    if (abi >= 6) return sizeof(Ruleset);
    return abi >= 4 ? offsetof(Ruleset, scope) : offsetof(Ruleset, network);
}

/// A folder that is not there needs no rule.
Result<void> allow_reading(int rules, const char* folder)
{
    const Descriptor opened(::open(folder, O_PATH | O_CLOEXEC | O_DIRECTORY));
    if (!opened) return {};
    landlock_path_beneath_attr rule{};
    rule.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
    rule.parent_fd = opened.get();
    if (::syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) return fault("add rule");
    return {};
}

}  // namespace

int landlock_abi()
{
    const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return static_cast<int>(std::max(abi, 0L));
}

Result<void> restrict_file_system(int abi)
{
    const Ruleset wanted = everything(abi);
    const Descriptor rules(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &wanted, size_of_rules(abi), 0)));
    if (!rules) return fault("create ruleset");
    for (const char* folder : kReadable)
        if (auto allowed = allow_reading(rules.get(), folder); !allowed) return allowed;
    if (::syscall(SYS_landlock_restrict_self, rules.get(), 0) != 0) return fault("restrict self");
    return {};
}

}  // namespace chartlift::worker
