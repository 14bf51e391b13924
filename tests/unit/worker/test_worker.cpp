// SPDX-License-Identifier: GPL-3.0-or-later
// test_worker decode-worker: a real worker, but for files that ask it to misbehave (misbehaving.h).
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/worker/misbehaving.h"
#include "worker/protocol.h"
#include "worker/shared_memory.h"
#include "worker/worker_main.h"

#if defined(__SANITIZE_ADDRESS__)
/// Signals end it as they end a worker without sanitizers.
extern "C" const char* __asan_default_options()
{
    return "handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigfpe=0:handle_sigill=0";
}
#endif

namespace {

using namespace chartlift;
using namespace chartlift::worker;

// Of a page that is the first request after its file was opened in a fresh worker: hello, open, page.
constexpr std::uint32_t kNumberOfPage = 3;

Fault went_on()
{
    return {FaultKind::internal, "decode", "test worker was not stopped"};
}

Fault refused()
{
    return {FaultKind::io, "decode", "test worker was refused"};
}

Fault outcome(bool it_worked)
{
    return it_worked ? went_on() : refused();
}

void say(const decltype(Answer::body)& body, int descriptor = -1, std::uint32_t number = kNumberOfPage)
{
    send_packet(kWorkerSocket, encoded(Answer{number, body}), descriptor);
}

Descriptor memory_of(const std::string& bytes)
{
    auto memory = new_memory();
    if (!write_all(*memory, {{const_cast<char*>(bytes.data()), bytes.size()}})) ::_exit(8);
    return std::move(*memory);
}

void say_page(const PageAnswer& page, const std::string& bytes)
{
    say(page, memory_of(bytes).get());
}

[[noreturn]] void sleep_for_ever()
{
    for (;;) std::this_thread::sleep_for(std::chrono::seconds(1));
}

std::string word(std::uint32_t line, std::uint32_t block, const std::string& text = "a")
{
    const auto bytes = encoded_words(std::vector<Word>{{text, {0, 0, 2, 2}, 1, line, block}});
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Each ends in a fault that the test expects, or in none at all.
const std::map<std::string, std::function<Fault()>> kMisdeeds{
    {"crash", [] { return std::raise(SIGSEGV), went_on(); }},
    {"abort", []() -> Fault { std::abort(); }},
    {"exit", []() -> Fault { ::_exit(7); }},
    {"hang", []() -> Fault { sleep_for_ever(); }},
    {"spin",
     []() -> Fault {
         for (volatile unsigned i = 0;;) i = i + 1;
     }},
    {"allocate",
     [] {
         std::vector<std::vector<char>> all;
         for (;;) all.emplace_back(64 << 20, 'x');
         return went_on();
     }},
    {"open", [] { return outcome(::open("/etc/passwd", O_RDONLY) >= 0); }},
    {"write", [] { return outcome(::open("/tmp/chartlift-test-worker", O_WRONLY | O_CREAT, 0600) >= 0); }},
    {"font folder", [] { return outcome(::open("/usr/share/fonts", O_RDONLY | O_DIRECTORY) >= 0); }},
    {"socket", [] { return outcome(::socket(AF_INET, SOCK_STREAM, 0) >= 0); }},
    {"fork",
     [] {
         const pid_t child = ::fork();
         if (child == 0) ::_exit(0);
         return outcome(child > 0);
     }},
    {"execute",
     [] {
         char name[] = "/bin/true";
         char* const arguments[] = {name, nullptr};
         return outcome(::execve(name, arguments, nullptr) == 0);
     }},
    {"large file",
     [] {
         auto memory = new_memory();
         return outcome(::ftruncate(memory->get(), std::numeric_limits<off_t>::max() / 2) == 0);
     }},
    {"print", [] { return outcome(::write(STDOUT_FILENO, "patient", 7) == 7 && ::isatty(STDOUT_FILENO) == 1); }},
    {"hang up", []() -> Fault { ::close(kWorkerSocket), sleep_for_ever(); }},
    // Answers that are not to be believed. After each the real answer follows, out of turn.
    {"too small",
     [] {
         return say_page({PixelFormat::gray8, 100, 100, {}, 0}, "short"), went_on();
     }},
    {"too large",
     [] {
         return say_page({PixelFormat::gray8, 2, 2, {}, 0}, "longer than four"), went_on();
     }},
    {"over limit",
     [] {
         return say_page({PixelFormat::gray8, 2'000'000'000, 2, {}, 0}, "abcd"), went_on();
     }},
    {"negative",
     [] {
         return say_page({PixelFormat::gray8, -2, -2, {}, 0}, "abcd"), went_on();
     }},
    {"padding",
     [] {
         return say_page({PixelFormat::bilevel, 3, 1, {}, 0}, "\x1F"), went_on();
     }},
    {"resolution",
     [] {
         return say_page({PixelFormat::gray8, 2, 2, std::numeric_limits<float>::quiet_NaN(), 0}, "abcd"), went_on();
     }},
    {"words",
     [] {
         return say_page({PixelFormat::gray8, 2, 2, {}, 3}, "abcdxyz"), went_on();
     }},
    {"word order",
     [] {
         const std::string words = word(1, 1) + word(0, 0);
         return say_page({PixelFormat::gray8, 2, 2, {}, words.size()}, "abcd" + words), went_on();
     }},
    {"bad text",
     []() -> Fault {
         const std::string words = word(0, 0, "a\xC3(\xED\xA0\x80");
         say_page({PixelFormat::gray8, 2, 2, {}, words.size()}, "abcd" + words);
         sleep_for_ever();
     }},
    {"no memory",
     [] {
         return say(PageAnswer{PixelFormat::gray8, 2, 2, {}, 0}), went_on();
     }},
    {"not memory",
     [] {
         const Descriptor null(::open("/usr/share/fonts", O_RDONLY | O_DIRECTORY));
         return say(PageAnswer{PixelFormat::gray8, 2, 2, {}, 0}, null.get()), went_on();
     }},
    {"writable mapping",
     [] {
         const Descriptor memory = memory_of("abcd");
         ::mmap(nullptr, 4, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
         return say(PageAnswer{PixelFormat::gray8, 2, 2, {}, 0}, memory.get()), went_on();
     }},
    {"out of turn",
     [] {
         return say(Fault{FaultKind::corrupt, "decode", "early"}, -1, 77), went_on();
     }},
    {"wrong kind",
     [] {
         return say(Opened{FileFormat::pdf, 1}), went_on();
     }},
    {"store fault",
     [] {
         return say(Fault{FaultKind::store, "catalog", "database is gone"}), went_on();
     }},
    {"rude fault",
     []() -> Fault {
         say(Fault{FaultKind::corrupt, "decode\n\x1b[2J", std::string(5000, 'x') + "\n"});
         sleep_for_ever();
     }},
    {"noise",
     [] {
         const std::array<std::byte, 5> bytes{};
         return send_packet(kWorkerSocket, bytes), went_on();
     }},
    {"two answers",
     [] {
         return say(Fault{FaultKind::corrupt, "decode", "first of two"}), went_on();
     }},
};

class MisbehavingFile final : public OpenFile {
public:
    explicit MisbehavingFile(std::string what) : what_(std::move(what)) {}
    FileFormat format() const override { return FileFormat::tiff; }
    int page_count() const override { return 2; }
    Result<DecodedPage> page(int, const StageContext&) override
    {
        const auto found = kMisdeeds.find(what_);
        if (found == kMisdeeds.end()) return Fault{FaultKind::internal, "decode", "no such misdeed"};
        return found->second();
    }

private:
    std::string what_;
};

class MisbehavingDecode final : public FileOpener {
public:
    explicit MisbehavingDecode(DecodeSettings settings) : real_(std::move(settings)) {}
    Result<std::unique_ptr<OpenFile>> open(std::shared_ptr<const ByteSource> bytes,
                                           const StageContext& context) const override
    {
        std::string head(64, '\0');
        const auto got = bytes->read_at(0, std::as_writable_bytes(std::span(head.data(), head.size())));
        if (got) head.resize(*got);
        if (!head.starts_with(test::kMisbehave)) return real_.open(std::move(bytes), context);
        const std::string what = head.substr(test::kMisbehave.size());
        if (what == "crash on opening") std::raise(SIGSEGV);
        if (what == "too many pages") {
            say(Opened{FileFormat::tiff, std::numeric_limits<std::int32_t>::max()}, -1, 2);
            sleep_for_ever();
        }
        return std::unique_ptr<OpenFile>(std::make_unique<MisbehavingFile>(what));
    }

private:
    Decode real_;
};

}  // namespace

int main(int argc, char** argv)
{
    if (argc != 2 || std::string(argv[1]) != kWorkerArgument) return 2;
    WorkerParts parts = real_parts();
    parts.opener = [](DecodeSettings settings) { return std::make_unique<MisbehavingDecode>(std::move(settings)); };
    return worker_main(kWorkerSocket, parts);
}
