// SPDX-License-Identifier: GPL-3.0-or-later
#include "worker/confine.h"

#include <fmt/core.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "worker/landlock.h"
#include "worker/system_calls.h"

namespace chartlift::worker {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // its runtime maps terabytes, and makes calls of its own
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#else
constexpr bool kSanitized = false;
#endif

/// The socket, open input files (process.h bounds them), one answer, and a few fonts.
constexpr rlim_t kMostDescriptors = 256;

Fault fault(const char* step)
{
    return {FaultKind::internal, "confine", fmt::format("{}: {}", step, std::strerror(errno))};
}

bool limit(__rlimit_resource resource, rlim_t most)
{
    const rlimit both{most, most};
    return ::setrlimit(resource, &both) == 0;
}

/// What the program itself has mapped: libraries and models, which the limit on memory must not count.
std::int64_t mapped_bytes()
{
    std::ifstream statm("/proc/self/statm");  // proc(5): the first number is the size in pages
    std::int64_t pages = 0;
    statm >> pages;
    return pages * ::sysconf(_SC_PAGESIZE);
}

Result<void> set_limits(const Confinement& confinement)
{
    if (!kSanitized && !limit(RLIMIT_AS, static_cast<rlim_t>(mapped_bytes() + confinement.memory_bytes)))
        return fault("limit memory");
    if (!limit(RLIMIT_CPU, static_cast<rlim_t>(confinement.cpu_s))) return fault("limit processor time");
    if (!limit(RLIMIT_FSIZE, static_cast<rlim_t>(confinement.largest_file_bytes))) return fault("limit file size");
    if (!limit(RLIMIT_NOFILE, kMostDescriptors)) return fault("limit descriptors");
    if (!limit(RLIMIT_CORE, 0)) return fault("limit core");
    if (!kSanitized && !limit(RLIMIT_NPROC, 0)) return fault("limit processes");
    return {};
}

}  // namespace

Result<Protections> confine(const Confinement& confinement)
{
    Protections active;
    ::umask(077);
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return fault("not dumpable");
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fault("no new privileges");
    active.no_new_privileges = true;
    if (auto limited = set_limits(confinement); !limited) return limited.error();
    active.limits = !kSanitized;
    active.landlock_abi = landlock_abi();
    if (!confinement.filters) return active;
    if (active.landlock_abi > 0) {
        if (auto restricted = restrict_file_system(active.landlock_abi); !restricted) return restricted.error();
        active.landlock = true;
    }
    if (kSanitized) return active;
    if (auto restricted = restrict_system_calls({confinement.socket, active.landlock}); !restricted)
        return restricted.error();
    active.seccomp = true;
    return active;
}

Protections available_protections()
{
    Protections available;
    available.no_new_privileges = ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) >= 0;
    available.landlock_abi = landlock_abi();
    available.landlock = available.landlock_abi > 0;
    available.seccomp = !kSanitized && system_calls_can_be_filtered();
    available.limits = !kSanitized;
    return available;
}

}  // namespace chartlift::worker
