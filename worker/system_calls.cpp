// SPDX-License-Identifier: GPL-3.0-or-later
#include "worker/system_calls.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>

namespace chartlift::worker {
namespace {

/// Harmless whatever the arguments: memory, time, descriptors already held, what a file is like, the end.
constexpr int kAllowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(preadv),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(pwrite64),
    SCMP_SYS(close),
    SCMP_SYS(lseek),
    SCMP_SYS(fstat),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fadvise64),
    SCMP_SYS(memfd_create),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(getcpu),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(setitimer),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getcwd),
    SCMP_SYS(uname),
    SCMP_SYS(sysinfo),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    // What fontconfig asks of its folders; Landlock has no say in these, and nothing is opened by them.
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(statfs),
    SCMP_SYS(fstatfs),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(getdents64),
};

/// Refused with EACCES rather than by death: fontconfig would write its cache anew.
constexpr int kRefused[] = {
    SCMP_SYS(mkdir),   SCMP_SYS(mkdirat),  SCMP_SYS(rmdir),     SCMP_SYS(unlink),   SCMP_SYS(unlinkat),
    SCMP_SYS(rename),  SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(link),     SCMP_SYS(linkat),
    SCMP_SYS(symlink), SCMP_SYS(chmod),    SCMP_SYS(fchmod),    SCMP_SYS(fchmodat), SCMP_SYS(utimensat),
    SCMP_SYS(creat),   SCMP_SYS(openat2),
};

constexpr unsigned kReadingFlags = O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
/// The kernel's O_LARGEFILE, which glibc defines as 0 on 64-bit machines.
constexpr unsigned kKernelLargeFile = 0100000;

class Filter {
public:
    Filter() : context_(::seccomp_init(SCMP_ACT_KILL_PROCESS))
    {
        if (context_ == nullptr) error_ = ENOMEM;
    }
    Filter(const Filter&) = delete;
    Filter& operator=(const Filter&) = delete;
    ~Filter()
    {
        if (context_ != nullptr) ::seccomp_release(context_);
    }

    /// Allows a call, where all conditions hold.
    void allow(int call, std::initializer_list<scmp_arg_cmp> conditions = {}) { add(SCMP_ACT_ALLOW, call, conditions); }
    void refuse(int call, int error, std::initializer_list<scmp_arg_cmp> conditions = {})
    {
        add(SCMP_ACT_ERRNO(static_cast<std::uint32_t>(error) & 0xFFFFU), call, conditions);
    }
    /// 0, or the error of the first step that failed.
    int load()
    {
        keep(::seccomp_attr_set(context_, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
        keep(::seccomp_attr_set(context_, SCMP_FLTATR_CTL_OPTIMIZE, kBinaryTree));
        if (error_ == 0) keep(::seccomp_load(context_));
        return error_;
    }

private:
    static constexpr std::uint32_t kBinaryTree = 2;  // the cost of a call no longer grows with the list

    void add(std::uint32_t action, int call, std::initializer_list<scmp_arg_cmp> conditions)
    {
        if (error_ == 0)
            keep(::seccomp_rule_add_array(context_, action, call, static_cast<unsigned>(conditions.size()),
                                          conditions.begin()));
    }
    void keep(int code)
    {
        if (error_ == 0 && code < 0) error_ = -code;
    }

    scmp_filter_ctx context_;
    int error_ = 0;
};

scmp_arg_cmp none_of(unsigned argument, std::uint64_t bits)
{
    return {argument, SCMP_CMP_MASKED_EQ, bits, 0};
}

scmp_arg_cmp all_of(unsigned argument, std::uint64_t bits)
{
    return {argument, SCMP_CMP_MASKED_EQ, bits, bits};
}

scmp_arg_cmp is(unsigned argument, std::uint64_t value)
{
    return {argument, SCMP_CMP_EQ, value, 0};
}

/// `flags`: which argument holds them.
void rule_opening(Filter& filter, int call, unsigned flags, bool allowed)
{
    if (!allowed) {
        filter.refuse(call, EACCES);
        return;
    }
    constexpr std::uint64_t kOthers = 0xFFFFFFFFU & ~std::uint64_t{kReadingFlags | kKernelLargeFile};
    filter.allow(call, {none_of(flags, kOthers)});
    for (const int writing : {O_WRONLY, O_RDWR, O_CREAT})
        filter.refuse(call, EACCES, {all_of(flags, static_cast<std::uint64_t>(writing))});
}

}  // namespace

bool system_calls_can_be_filtered()
{
    const std::uint32_t action = SECCOMP_RET_KILL_PROCESS;
    return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

Result<void> restrict_system_calls(const CallRules& rules)
{
    Filter filter;
    for (const int call : kAllowed) filter.allow(call);
    for (const int call : kRefused) filter.refuse(call, EACCES);
    rule_opening(filter, SCMP_SYS(open), 1, rules.open_files);
    rule_opening(filter, SCMP_SYS(openat), 2, rules.open_files);
    filter.allow(SCMP_SYS(mmap), {none_of(2, PROT_EXEC)});
    filter.allow(SCMP_SYS(mprotect), {none_of(2, PROT_EXEC)});
    const auto socket = static_cast<std::uint64_t>(rules.socket);
    filter.allow(SCMP_SYS(sendmsg), {is(0, socket)});
    filter.allow(SCMP_SYS(recvmsg), {is(0, socket)});
    for (const int command : {F_GETFL, F_GETFD, F_SETFD, F_GET_SEALS})
        filter.allow(SCMP_SYS(fcntl), {is(1, static_cast<std::uint64_t>(command))});
    filter.refuse(SCMP_SYS(ioctl), ENOTTY, {is(1, TCGETS)});  // "is this a terminal?"
    // abort() signals its own process, and nothing else may be signalled.
    filter.allow(SCMP_SYS(tgkill), {is(0, static_cast<std::uint64_t>(::getpid()))});
    // Asking for a limit, never setting one.
    filter.allow(SCMP_SYS(prlimit64), {is(0, 0), is(2, 0)});
    filter.allow(SCMP_SYS(getrlimit));
    if (const int error = filter.load(); error != 0)
        return Fault{FaultKind::internal, "confine", fmt::format("seccomp: {}", std::strerror(error))};
    return {};
}

}  // namespace chartlift::worker
