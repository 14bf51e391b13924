// SPDX-License-Identifier: GPL-3.0-or-later
#include "worker/worker_main.h"

#include <iconv.h>
#include <malloc.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "stages/adapters/opencv.h"
#include "stages/barcode/barcode.h"
#include "worker/channel.h"
#include "worker/confine.h"
#include "worker/protocol.h"
#include "worker/shared_memory.h"

namespace chartlift::worker {
namespace {

/// The program kills a late worker itself; this is for when the program is gone.
constexpr std::chrono::milliseconds kAlarmAfter{1'000};

/// An answer, with the memory it speaks of.
struct Reply {
    decltype(Answer::body) body;
    Descriptor memory;
};

Fault fault(FaultKind kind, const char* what)
{
    return {kind, std::string(Decode::name), what};
}

StageContext context_of(const Limits& limits, std::int64_t left_ms)
{
    StageContext context;
    context.limits = limits;
    context.deadline = StageContext::Clock::now() + std::chrono::milliseconds(left_ms);
    return context;
}

/// Ends the process with SIGALRM when the time is over and some more.
void set_alarm(std::int64_t left_ms)
{
    const std::int64_t ms = left_ms > 0 ? left_ms + kAlarmAfter.count() : left_ms;
    const itimerval timer{{0, 0}, {ms / 1000, (ms % 1000) * 1000}};
    ::setitimer(ITIMER_REAL, &timer, nullptr);
}

void add_part(std::vector<iovec>& parts, const void* first, std::size_t size)
{
    parts.push_back({const_cast<void*>(first), size});  // NOLINT: writev only reads
}

Reply reply_with(const DecodedPage& page)
{
    const Image& image = page.image;
    const std::size_t row = row_bytes(image.format(), image.width_px());
    const std::vector<std::byte> words = encoded_words(page.visible_text);
    std::vector<iovec> parts;
    if (image.stride_bytes() == row) {
        add_part(parts, image.row(0), row * static_cast<std::size_t>(image.height_px()));
    } else {
        parts.reserve(static_cast<std::size_t>(image.height_px()) + 1);
        for (int y = 0; y < image.height_px(); ++y) add_part(parts, image.row(y), row);
    }
    add_part(parts, words.data(), words.size());
    auto memory = new_memory();
    if (!memory) return {memory.error(), {}};
    if (auto written = write_all(*memory, std::move(parts)); !written) return {written.error(), {}};
    PageAnswer answer{image.format(), image.width_px(), image.height_px(), std::nullopt, words.size()};
    if (page.file_dpi) answer.dpi = page.file_dpi->value;
    return {answer, std::move(*memory)};
}

/// The grey crop that the program wrote.
Result<Image> crop_of(const SymbolsRequest& request, const Descriptor& memory)
{
    if (request.width_px < 1 || request.height_px < 1 || !memory) return fault(FaultKind::internal, "crop has no size");
    const auto width = static_cast<std::size_t>(request.width_px);
    auto mapped = map_sealed(memory, width * static_cast<std::size_t>(request.height_px));
    if (!mapped) return mapped.error();
    const auto* first = reinterpret_cast<const std::uint8_t*>((*mapped)->bytes().data());
    return Image(PixelFormat::gray8, request.width_px, request.height_px, width,
                 std::shared_ptr<const std::uint8_t>(std::move(*mapped), first));
}

class Worker {
public:
    Worker(int socket, const WorkerParts& parts) : socket_(socket), parts_(parts) {}

    int run()
    {
        Packet packet;
        for (;;) {
            const Received received = receive_packet(socket_, packet);
            if (received == Received::closed) return 0;
            const auto request = request_from(packet.bytes);
            if (received == Received::malformed || !request) return 1;
            if (const auto* close = std::get_if<CloseRequest>(&request->body)) {
                files_.erase(close->file);
                continue;
            }
            const Reply reply = answered(request->body, std::move(packet.descriptor));
            set_alarm(0);
            if (!send(request->number, reply)) return 0;
        }
    }

private:
    bool send(std::uint32_t number, const Reply& reply) const
    {
        return send_packet(socket_, encoded(Answer{number, reply.body}), reply.memory.get()) == Sent::whole;
    }

    Reply answered(const decltype(Request::body)& body, Descriptor descriptor)
    {
        try {
            return std::visit([&](const auto& request) { return answer(request, std::move(descriptor)); }, body);
        } catch (const std::bad_alloc&) {
            return {fault(FaultKind::limit, "not enough memory for this page"), {}};
        } catch (const std::exception&) {  // its text may quote the file
            return {fault(FaultKind::library, "a library gave up without a reason"), {}};
        }
    }

    Reply answer(const Hello& hello, Descriptor)
    {
        Confinement confinement = hello.confinement;
        confinement.socket = socket_;
        auto active = confine(confinement);
        if (!active) return {active.error(), {}};
        opener_ = parts_.opener(hello.decode);
        return {*active, {}};
    }

    Reply answer(const OpenRequest& request, Descriptor file)
    {
        if (!opener_ || !file) return {fault(FaultKind::internal, "worker was not told what to open"), {}};
        set_alarm(request.allowance.left_ms);
        auto opened = opener_->open(std::make_shared<adapters::DescriptorSource>(std::move(file)),
                                    context_of(request.allowance.limits, request.allowance.left_ms));
        if (!opened) return {opened.error(), {}};
        const Opened answer{(*opened)->format(), (*opened)->page_count()};
        files_[request.file] = std::move(*opened);
        return {answer, {}};
    }

    Reply answer(const PageRequest& request, Descriptor)
    {
        const auto found = files_.find(request.file);
        if (found == files_.end()) return {fault(FaultKind::internal, "worker has no such file open"), {}};
        set_alarm(request.allowance.left_ms);
        const auto page =
            found->second->page(request.index, context_of(request.allowance.limits, request.allowance.left_ms));
        if (!page) return {page.error(), {}};
        return reply_with(*page);
    }

    Reply answer(const SymbolsRequest& request, Descriptor memory)
    {
        if (!opener_) return {fault(FaultKind::internal, "worker is not confined yet"), {}};
        set_alarm(request.left_ms);
        const auto crop = crop_of(request, memory);
        if (!crop) return {crop.error(), {}};
        const auto symbols = parts_.read_symbols(*crop, request.kinds, context_of({}, request.left_ms));
        if (!symbols) return {symbols.error(), {}};
        const std::vector<std::byte> bytes = encoded_symbols(*symbols);
        std::vector<iovec> parts;
        add_part(parts, bytes.data(), bytes.size());
        auto answer_memory = new_memory();
        if (!answer_memory) return {answer_memory.error(), {}};
        if (auto written = write_all(*answer_memory, std::move(parts)); !written) return {written.error(), {}};
        return {SymbolsAnswer{bytes.size()}, std::move(*answer_memory)};
    }

    Reply answer(const CloseRequest&, Descriptor) { return {fault(FaultKind::internal, "close has no answer"), {}}; }

    int socket_;
    const WorkerParts& parts_;
    std::unique_ptr<FileOpener> opener_;
    std::map<FileHandle, std::unique_ptr<OpenFile>> files_;
};

/// Page images of 8 MB come and go by the hundred: handing each back to the kernel costs 11 ms a page in page faults.
void keep_freed_memory()
{
    constexpr int kKept_bytes = 256 * 1024 * 1024;
    ::mallopt(M_MMAP_THRESHOLD, kKept_bytes);
    ::mallopt(M_TRIM_THRESHOLD, kKept_bytes);
}

/// glibc loads its converters as libraries, which is not possible later. Poppler turns its text by this one.
void load_converters()
{
    for (const char* from : {"UTF-16", "UTF-16LE", "UTF-16BE"}) {
        const iconv_t kept = ::iconv_open("UTF-8", from);  // never closed, so that it stays loaded
        static_cast<void>(kept);
    }
    const iconv_t back = ::iconv_open("UTF-16", "UTF-8");
    static_cast<void>(back);
}

}  // namespace

WorkerParts real_parts()
{
    return {[](DecodeSettings settings) { return std::make_unique<Decode>(std::move(settings)); }, read_symbols_here};
}

int worker_main(int socket, const WorkerParts& parts)
{
    if (::close_range(static_cast<unsigned>(socket) + 1, ~0U, 0) != 0) return 1;
    keep_freed_memory();
    load_converters();
    adapters::use_one_thread_a_call();
    try {
        return Worker(socket, parts).run();
    } catch (const std::exception&) {
        return 1;
    }
}

}  // namespace chartlift::worker
