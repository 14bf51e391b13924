// SPDX-License-Identifier: GPL-3.0-or-later
#include "worker/process.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string>
#include <thread>

#include "worker/worker_main.h"

namespace chartlift::worker {
namespace {

using Clock = StageContext::Clock;
using std::chrono::milliseconds;

/// The program and its libraries are mapped in a tenth of this on a busy machine.
constexpr milliseconds kStart{20'000};
/// A worker keeps its deadline itself, if it can: then it need not be killed.
constexpr milliseconds kGrace{250};
/// How soon a stop that the operator asked for is noticed.
constexpr milliseconds kStopLook{50};
constexpr milliseconds kLongestWait{3'600'000};  // poll(2) counts in an int
/// Between the end of a socket and the end of its process.
constexpr milliseconds kDying{500};
/// A worker is replaced after so much work; starting one costs about as much as a page.
constexpr int kMostRequests = 2'000;
constexpr std::chrono::minutes kMostBusy{20};
constexpr int kMemoryLook = 16;  // requests between two looks at its memory
/// Descriptors in the worker are few; a file that was closed for this is opened again when it is needed.
constexpr std::size_t kMostFiles = 64;

class SpawnActions {
public:
    SpawnActions() { ::posix_spawn_file_actions_init(&actions_); }
    SpawnActions(const SpawnActions&) = delete;
    SpawnActions& operator=(const SpawnActions&) = delete;
    ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
    posix_spawn_file_actions_t* get() { return &actions_; }

private:
    posix_spawn_file_actions_t actions_{};
};

class SpawnAttributes {
public:
    SpawnAttributes() { ::posix_spawnattr_init(&attributes_); }
    SpawnAttributes(const SpawnAttributes&) = delete;
    SpawnAttributes& operator=(const SpawnAttributes&) = delete;
    ~SpawnAttributes() { ::posix_spawnattr_destroy(&attributes_); }
    posix_spawnattr_t* get() { return &attributes_; }

private:
    posix_spawnattr_t attributes_{};
};

/// Ctrl-C in a terminal and systemd's stop go to every process of the service: it is the program that decides whether
/// a page is finished first, so its workers do not hear them.
void leave_stopping_to_the_program(SpawnAttributes& attributes)
{
    sigset_t blocked;
    sigemptyset(&blocked);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGTSTP, SIGPIPE})
        sigaddset(&blocked, signal);
    sigset_t standard;
    sigfillset(&standard);
    ::posix_spawnattr_setsigmask(attributes.get(), &blocked);
    ::posix_spawnattr_setsigdefault(attributes.get(), &standard);
    ::posix_spawnattr_setpgroup(attributes.get(), 0);
    ::posix_spawnattr_setflags(attributes.get(),
                               POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

Result<pid_t> spawn(const std::filesystem::path& program, int socket)
{
    SpawnActions actions;
    ::posix_spawn_file_actions_adddup2(actions.get(), socket, kWorkerSocket);
    ::posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(actions.get(), STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addopen(actions.get(), STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addclosefrom_np(actions.get(), kWorkerSocket + 1);
    SpawnAttributes attributes;
    leave_stopping_to_the_program(attributes);
    std::string name = program.string();
    std::string argument = kWorkerArgument;
    std::array<char*, 3> arguments{name.data(), argument.data(), nullptr};
    std::string path = "PATH=/usr/bin:/bin";
    std::string language = "LANG=C.UTF-8";
    std::array<char*, 3> environment{path.data(), language.data(), nullptr};
    pid_t pid = -1;
    const int error =
        ::posix_spawn(&pid, name.c_str(), actions.get(), attributes.get(), arguments.data(), environment.data());
    if (error != 0)
        return Fault{FaultKind::internal, "worker",
                     fmt::format("cannot start a decode worker: {}", std::strerror(error))};
    return pid;
}

std::int64_t resident_bytes(pid_t pid)
{
    std::ifstream statm(fmt::format("/proc/{}/statm", pid));  // proc(5): size and resident set, in pages
    std::int64_t size = 0;
    std::int64_t resident = 0;
    statm >> size >> resident;
    return resident * ::sysconf(_SC_PAGESIZE);
}

/// Nothing where the process has been reaped.
std::chrono::nanoseconds processor_time_of(pid_t pid)
{
    clockid_t clock{};
    timespec used{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return {};
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

std::string what_ended(int status)
{
    if (!WIFSIGNALED(status))
        return fmt::format("ended without an answer, exit code {}", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    const int signal = WTERMSIG(status);
    switch (signal) {
        case SIGSYS: return "made a system call that it is not allowed";
        case SIGXCPU: return "used up its processor time";
        case SIGALRM: return "took too long";
        case SIGXFSZ: return "wrote more than it may";
        default: break;
    }
    std::string name = ::sigdescr_np(signal) != nullptr ? ::sigdescr_np(signal) : "unknown";
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return fmt::format("died of signal {} ({})", signal, name);
}

FaultKind kind_of_end(int status)
{
    if (!WIFSIGNALED(status)) return FaultKind::library;
    switch (WTERMSIG(status)) {
        case SIGXCPU:
        case SIGALRM: return FaultKind::timeout;
        case SIGXFSZ: return FaultKind::limit;
        default: return FaultKind::library;
    }
}

}  // namespace

Result<std::unique_ptr<Process>> Process::start(const std::filesystem::path& program, const Hello& hello)
{
    std::array<int, 2> ends{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return Fault{FaultKind::internal, "worker", fmt::format("no socket: {}", std::strerror(errno))};
    Descriptor ours(ends[0]);
    Descriptor theirs(ends[1]);
    const auto pid = spawn(program, theirs.get());
    if (!pid) return pid.error();
    theirs = Descriptor();                                                 // so that its end is seen
    std::unique_ptr<Process> process(new Process(*pid, std::move(ours)));  // NOLINT: the constructor is private
    process->memory_bytes_ = hello.confinement.memory_bytes;
    StageContext context;
    context.deadline = Clock::now() + kStart;
    auto ready = process->exchange(hello, -1, context, "worker");
    if (!ready || !*ready) return ready ? ready->error() : process->died("worker");
    if (const auto* fault = std::get_if<Fault>(&(*ready)->answer.body)) return *fault;
    const auto* protections = std::get_if<Protections>(&(*ready)->answer.body);
    if (protections == nullptr) return process->distrust("worker", "it did not say how it is confined");
    process->protections_ = *protections;
    return process;
}

Process::~Process()
{
    if (alive()) end(true);
}

std::optional<Result<Exchanged>> Process::exchange(const decltype(Request::body)& request, int descriptor,
                                                   const StageContext& context, std::string_view where)
{
    if (!alive()) return std::nullopt;
    // Whatever it has to say before it was asked, no page is to pay for.
    if (!silent()) {
        end(true);
        return std::nullopt;
    }
    const auto started = Clock::now();
    const std::uint32_t number = ++last_number_;
    if (send_packet(socket_.get(), encoded(Request{number, request}), descriptor, false) != Sent::whole) {
        end(true);
        return std::nullopt;
    }
    const Waited waited = wait_for_answer(context.deadline, context.stop);
    busy_ += Clock::now() - started;
    ++requests_;
    processor_time_ = std::max(processor_time_.load(), processor_time_of(pid_));
    switch (waited) {
        case Waited::answered: break;
        case Waited::gone: return died(where);
        case Waited::late:
            end(true);
            return Fault{FaultKind::timeout, std::string(where),
                         "page took longer than limits.page_timeout_s; its decode worker was ended"};
        case Waited::stopped:
            end(true);
            return Fault{FaultKind::cancelled, std::string(where), "stopped by the operator"};
    }
    Packet packet;
    switch (receive_packet(socket_.get(), packet)) {
        case Received::whole: break;
        case Received::closed: return died(where);
        case Received::malformed: return distrust(where, "packet is malformed");
    }
    auto answer = answer_from(packet.bytes);
    if (!answer) return distrust(where, "answer is malformed");
    if (answer->number < number) {  // what an earlier page left behind; this one is asked for again
        end(true);
        return std::nullopt;
    }
    if (answer->number > number) return distrust(where, "answer is out of turn");
    return Exchanged{std::move(*answer), std::move(packet.descriptor)};
}

/// Waits for a packet, or the end of the socket.
Process::Waited Process::wait_for_answer(Clock::time_point until, const std::stop_token& stop) const
{
    for (;;) {
        const auto left = std::chrono::ceil<milliseconds>(until + kGrace - Clock::now());
        const auto slice = std::min(left, stop.stop_possible() ? kStopLook : kLongestWait);
        pollfd look{socket_.get(), POLLIN, 0};
        const int ready = ::poll(&look, 1, static_cast<int>(std::max<std::int64_t>(slice.count(), 0)));
        if (ready > 0) return (look.revents & POLLIN) != 0 ? Waited::answered : Waited::gone;
        if (ready < 0 && errno != EINTR) return Waited::gone;
        if (stop.stop_requested()) return Waited::stopped;
        if (Clock::now() >= until + kGrace) return Waited::late;
    }
}

/// Nothing to read, and the other end is there.
bool Process::silent() const
{
    pollfd look{socket_.get(), POLLIN, 0};
    return ::poll(&look, 1, 0) == 0;
}

/// Kills where need be, and reaps; gives the status of wait(2).
int Process::end(bool by_us)
{
    int status = 0;
    const auto until = Clock::now() + kDying;
    while (!by_us && ::waitpid(pid_, &status, WNOHANG) == 0) {
        by_us = Clock::now() >= until;
        std::this_thread::sleep_for(milliseconds(1));
    }
    if (by_us) {
        ::kill(pid_, SIGKILL);
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
    }
    killed_ = by_us;
    pid_ = -1;
    return status;
}

/// The worker closed its end.
Fault Process::died(std::string_view where)
{
    if (!alive()) return {FaultKind::internal, std::string(where), "decode worker is gone"};
    const int status = end(false);
    if (was_killed()) return {FaultKind::library, std::string(where), "decode worker hung up on this page"};
    return {kind_of_end(status), std::string(where), fmt::format("decode worker {} on this page", what_ended(status))};
}

Fault Process::distrust(std::string_view where, std::string_view why)
{
    if (alive()) end(true);
    return {FaultKind::internal, std::string(where), fmt::format("worker answered nonsense: {}", why)};
}

bool Process::worn_out() const
{
    if (deaf_ || requests_ >= kMostRequests || busy_ >= kMostBusy) return true;
    return requests_ % kMemoryLook == 0 && resident_bytes(pid_) > memory_bytes_ / 2;
}

void Process::file_opened(FileHandle file)
{
    FileHandle oldest = 0;
    {
        const std::scoped_lock lock(files_mutex_);
        files_.push_back(file);
        if (files_.size() > kMostFiles) oldest = files_.front();
    }
    if (oldest != 0) close_file(oldest);
}

bool Process::has_file(FileHandle file) const
{
    const std::scoped_lock lock(files_mutex_);
    return std::find(files_.begin(), files_.end(), file) != files_.end();
}

void Process::close_file(FileHandle file)
{
    const std::scoped_lock lock(files_mutex_);
    if (std::erase(files_, file) == 0) return;
    if (send_packet(socket_.get(), encoded(Request{0, CloseRequest{file}}), -1, false) == Sent::full) deaf_ = true;
}

}  // namespace chartlift::worker
