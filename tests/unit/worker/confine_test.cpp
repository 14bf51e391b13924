// SPDX-License-Identifier: GPL-3.0-or-later
#include "worker/confine.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>

namespace chartlift::worker {
namespace {

constexpr int kWorked = 0;    // exit codes of the child: what it tried was possible,
constexpr int kRefused = 42;  // was refused with EACCES or EPERM,
constexpr int kOther = 43;    // failed otherwise,
constexpr int kUnconfined = 44;

/// Confines a child, which then tries; gives wait(2)'s status.
int status_of(const std::function<bool()>& attempt, const Confinement& confinement = {})
{
    const pid_t child = ::fork();
    if (child == 0) {
        if (!confine(confinement)) ::_exit(kUnconfined);
        errno = 0;
        if (attempt()) ::_exit(kWorked);
        ::_exit(errno == EACCES || errno == EPERM ? kRefused : kOther);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_FALSE(WIFEXITED(status) && WEXITSTATUS(status) == kUnconfined);
    return status;
}

int code_of(const std::function<bool()>& attempt)
{
    const int status = status_of(attempt);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

bool opens(const char* path, int flags)
{
    return ::open(path, flags, 0600) >= 0;
}

TEST(Confine, OnlyFontsCanBeOpened)
{
    EXPECT_EQ(code_of([] { return opens("/etc/passwd", O_RDONLY); }), kRefused);
    EXPECT_EQ(code_of([] { return opens("/", O_RDONLY | O_DIRECTORY); }), kRefused);
    EXPECT_EQ(code_of([] { return opens("/proc/self/environ", O_RDONLY); }), kRefused);
    EXPECT_EQ(code_of([] { return opens("/tmp/chartlift-confine-test", O_WRONLY | O_CREAT); }), kRefused);
    EXPECT_EQ(code_of([] { return opens("/usr/share/fonts/chartlift-test", O_RDWR | O_CREAT); }), kRefused);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // by the filter of calls, which these leave out
    EXPECT_EQ(code_of([] { return ::unlink("/tmp/chartlift-confine-test") == 0; }), kRefused);
#endif
    const bool landlock = available_protections().landlock;
    if (!landlock) std::puts("this kernel has no Landlock: fonts cannot be opened either");
    EXPECT_EQ(code_of([] { return opens("/usr/share/fonts", O_RDONLY | O_DIRECTORY); }), landlock ? kWorked : kRefused);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

TEST(Confine, CallsOutsideTheListEndTheProcess)
{
    EXPECT_EQ(code_of([] { return ::socket(AF_INET, SOCK_STREAM, 0) >= 0; }), -SIGSYS);
    EXPECT_EQ(code_of([] { return ::socket(AF_UNIX, SOCK_STREAM, 0) >= 0; }), -SIGSYS);
    EXPECT_EQ(code_of([] { return ::fork() >= 0; }), -SIGSYS);
    EXPECT_EQ(code_of([] { return ::execl("/bin/true", "true", nullptr) == 0; }), -SIGSYS);
    EXPECT_EQ(code_of([] { return ::kill(::getppid(), 0) == 0; }), -SIGSYS);
    EXPECT_EQ(code_of([] { return ::syscall(SYS_tgkill, ::getppid(), ::getppid(), 0) == 0; }), -SIGSYS);
    EXPECT_EQ(code_of([] { return ::ptrace(PTRACE_ATTACH, ::getppid(), nullptr, nullptr) == 0; }), -SIGSYS);
    EXPECT_EQ(code_of([] { return ::syscall(SYS_process_vm_readv, ::getppid(), 0, 0, 0, 0, 0) == 0; }), -SIGSYS);
    EXPECT_EQ(code_of([] {
                  io_uring_params params{};
                  return ::syscall(SYS_io_uring_setup, 1, &params) >= 0;
              }),
              -SIGSYS);
    EXPECT_EQ(code_of([] { return ::mount("none", "/mnt", "tmpfs", 0, nullptr) == 0; }), -SIGSYS);
    EXPECT_EQ(code_of([] { return opens("/tmp", O_TMPFILE | O_RDONLY); }), -SIGSYS);
}

TEST(Confine, NothingBecomesExecutable)
{
    EXPECT_EQ(code_of([] {
                  return ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
              }),
              -SIGSYS);
    EXPECT_EQ(code_of([] {
                  void* page = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                  return ::mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
              }),
              -SIGSYS);
}

TEST(Confine, MemoryAndTimeAreBounded)
{
    Confinement small;
    small.memory_bytes = 64 << 20;
    EXPECT_EQ(
        WEXITSTATUS(status_of(
            [] { return ::mmap(nullptr, 128 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED; },
            small)),
        kOther);
    Confinement quick;
    quick.cpu_s = 1;
    const int status = status_of(
        [] {
            for (volatile int i = 0;;) i = i + 1;
            return true;
        },
        quick);
    EXPECT_TRUE(WIFSIGNALED(status));
}

TEST(Confine, NoLimitCanBeRaisedAgain)
{
    EXPECT_EQ(code_of([] {
                  const rlimit more{RLIM_INFINITY, RLIM_INFINITY};
                  return ::setrlimit(RLIMIT_AS, &more) == 0;
              }),
              -SIGSYS);
}

#endif

TEST(Confine, SaysWhatIsActiveAndWhatIsAvailable)
{
    const Protections available = available_protections();
    EXPECT_TRUE(available.no_new_privileges);
    EXPECT_EQ(available.landlock, available.landlock_abi > 0);
    EXPECT_TRUE(opens("/etc/passwd", O_RDONLY)) << "asking must not confine";
    EXPECT_EQ(code_of([&] {
                  errno = EACCES;
                  return true;
              }),
              kWorked);
    // confine() in a child gives what was promised.
    const pid_t child = ::fork();
    if (child == 0) {
        const auto active = confine({});
        ::_exit(active && *active == available ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace chartlift::worker
