// SPDX-License-Identifier: GPL-3.0-or-later
#include "worker/confined_decode.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "worker/answers.h"
#include "worker/shared_memory.h"

namespace chartlift::worker {
namespace {

using Clock = StageContext::Clock;

/// A worker that is gone before it begins is no fault of the page; one after the other is something worse.
constexpr int kMostTries = 3;
constexpr std::size_t kCopied_bytes = 1 << 20;

std::string where()
{
    return std::string(Decode::name);
}

/// Bytes that lie in no file, put into memory of their own for the worker to read.
Result<Descriptor> copied(const ByteSource& bytes, const StageContext& context)
{
    auto memory = new_memory();
    if (!memory) return memory.error();
    std::vector<std::byte> piece(kCopied_bytes);
    for (std::uint64_t at = 0; at < bytes.size_bytes();) {
        if (auto wanted = context.still_wanted(Decode::name); !wanted) return wanted.error();
        const auto got = bytes.read_at(at, piece);
        if (!got) return got.error();
        if (*got == 0) break;
        if (auto written = write_all(*memory, {{piece.data(), *got}}); !written) return written.error();
        at += *got;
    }
    if (auto sealed = seal(*memory); !sealed) return sealed.error();
    return memory;
}

bool open_for_reading_only(int descriptor)
{
    const int flags = ::fcntl(descriptor, F_GETFL);
    return flags >= 0 && (flags & O_ACCMODE) == O_RDONLY;
}

class ConfinedFile final : public OpenFile {
public:
    ConfinedFile(std::shared_ptr<Pool> pool, std::shared_ptr<const ByteSource> bytes)
        : pool_(std::move(pool)), bytes_(std::move(bytes))
    {
    }
    ConfinedFile(const ConfinedFile&) = delete;
    ConfinedFile& operator=(const ConfinedFile&) = delete;
    ~ConfinedFile() override { close(); }

    Result<void> open(const StageContext& context)
    {
        return in_a_worker<void>(context, [](Process&) { return Attempt<void>(Result<void>()); });
    }

    FileFormat format() const override { return opened_->format; }
    int page_count() const override { return opened_->pages; }

    Result<DecodedPage> page(int index, const StageContext& unbounded) override
    {
        const StageContext context = with_deadline(unbounded);
        return in_a_worker<DecodedPage>(context, [&](Process& process) { return page_from(process, index, context); });
    }

private:
    template <class T>
    using Attempt = std::optional<Result<T>>;  ///< nothing: the worker was gone before it began

    /// Does `step` in a process in which the file is open, and once more where that process turns out to be gone.
    template <class T, class Step>
    Result<T> in_a_worker(const StageContext& context, const Step& step)
    {
        for (int tried = 0; tried < kMostTries; ++tried) {
            auto lease = pool_->lease({process_.lock(), opening_}, context, Decode::name);
            if (!lease) return lease.error();
            Process& process = *lease->process();
            const Attempt<void> ready = open_in(lease->process(), context);
            if (!ready) continue;
            if (!*ready) return ready->error();
            if (Attempt<T> done = step(process)) return std::move(*done);
        }
        return Fault{FaultKind::internal, where(), "decode workers end before they begin"};
    }

    Attempt<void> open_in(const std::shared_ptr<Process>& process, const StageContext& context)
    {
        if (process_.lock() == process && process->has_file(file_)) return Result<void>();
        close();
        const auto started = Clock::now();
        const auto descriptor = descriptor_of_bytes(context);
        if (!descriptor) return Result<void>(descriptor.error());
        const FileHandle file = process->next_file();
        auto reply = process->exchange(OpenRequest{file, {context.limits, left_ms(context)}}, *descriptor, context,
                                       Decode::name);
        if (!reply) return std::nullopt;
        if (!*reply) return Result<void>(reply->error());
        const Answer& answer = (*reply)->answer;
        if (const auto* fault = std::get_if<Fault>(&answer.body)) return Result<void>(page_fault(*process, *fault));
        const auto* opened = std::get_if<Opened>(&answer.body);
        if (opened == nullptr) return Result<void>(process->distrust(Decode::name, "file was neither opened nor not"));
        const auto believed = believed_opened(*opened, context.limits);
        if (const auto* wrong = std::get_if<Nonsense>(&believed))
            return Result<void>(process->distrust(Decode::name, wrong->what));
        if (opened_ && (opened_->pages != opened->pages || opened_->format != opened->format))
            return Result<void>(process->distrust(Decode::name, "file is not what it was"));
        opened_ = *opened;
        process->file_opened(file);
        process_ = process;
        file_ = file;
        opening_ = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started);
        return Result<void>();
    }

    Attempt<DecodedPage> page_from(Process& process, int index, const StageContext& context)
    {
        using Page = Result<DecodedPage>;
        auto reply =
            process.exchange(PageRequest{file_, index, {context.limits, left_ms(context)}}, -1, context, Decode::name);
        if (!reply) return std::nullopt;
        if (!*reply) return Page(reply->error());
        const Exchanged& exchanged = **reply;
        if (const auto* fault = std::get_if<Fault>(&exchanged.answer.body)) return Page(page_fault(process, *fault));
        const auto* answer = std::get_if<PageAnswer>(&exchanged.answer.body);
        if (answer == nullptr) return Page(process.distrust(Decode::name, "page was neither decoded nor not"));
        auto believed = believed_page(*answer, exchanged.memory, context.limits);
        if (const auto* wrong = std::get_if<Nonsense>(&believed))
            return Page(process.distrust(Decode::name, wrong->what));
        return Page(std::get<DecodedPage>(std::move(believed)));
    }

    static Fault page_fault(Process& process, const Fault& answer)
    {
        auto believed = believed_fault(answer);
        if (const auto* wrong = std::get_if<Nonsense>(&believed)) return process.distrust(Decode::name, wrong->what);
        return std::get<Fault>(std::move(believed));
    }

    Result<int> descriptor_of_bytes(const StageContext& context)
    {
        if (copy_) return copy_.get();
        const int descriptor = bytes_->descriptor();
        if (descriptor >= 0 && open_for_reading_only(descriptor)) return descriptor;
        auto copy = copied(*bytes_, context);
        if (!copy) return copy.error();
        copy_ = std::move(*copy);
        return copy_.get();
    }

    void close()
    {
        if (const auto process = process_.lock()) process->close_file(file_);
        process_.reset();
    }

    std::shared_ptr<Pool> pool_;
    std::shared_ptr<const ByteSource> bytes_;
    Descriptor copy_;
    std::optional<Opened> opened_;
    std::weak_ptr<Process> process_;  ///< in which it is open
    FileHandle file_ = 0;
    /// Opening took so long: for so long it is worth waiting for the process in which the file is open.
    std::chrono::milliseconds opening_{0};
};

}  // namespace

Result<std::unique_ptr<OpenFile>> ConfinedDecode::open(std::shared_ptr<const ByteSource> bytes,
                                                       const StageContext& unbounded) const
{
    const StageContext context = with_deadline(unbounded);
    const std::uint64_t size = bytes->size_bytes();
    if (size > static_cast<std::uint64_t>(context.limits.max_bytes))  // before any of it may be copied
        return Fault{FaultKind::limit, where(),
                     "file is " + std::to_string(size) + " bytes; limits.max_bytes is " +
                         std::to_string(context.limits.max_bytes)};
    auto file = std::make_unique<ConfinedFile>(pool_, std::move(bytes));
    if (auto opened = file->open(context); !opened) return opened.error();
    return std::unique_ptr<OpenFile>(std::move(file));
}

}  // namespace chartlift::worker
