// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/decode/decode.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "stages/decode/formats.h"

namespace chartlift {
namespace {

/// PDF readers accept junk before the header within the first kilobyte (ISO 32000-1, annex H, note 13).
constexpr std::size_t kHeadBytes = 1024;

using Reader = Result<decode::Scan> (*)(const ByteSource&, const StageContext&);

/// A file that holds one picture.
class SingleImage final : public OpenFile {
public:
    SingleImage(FileFormat format, std::shared_ptr<const ByteSource> bytes, Reader read)
        : format_(format), bytes_(std::move(bytes)), read_(read)
    {
    }
    FileFormat format() const override { return format_; }
    int page_count() const override { return 1; }
    Result<DecodedPage> page(int index, const StageContext& context) override
    {
        if (index != 0) return decode::no_such_page(index, 1);
        return decode::without_exceptions([&]() -> Result<DecodedPage> {
            Result<decode::Scan> scan = read_(*bytes_, context);
            if (!scan) return scan.error();
            return decode::finished(std::move(*scan), context);
        });
    }

private:
    FileFormat format_;
    std::shared_ptr<const ByteSource> bytes_;
    Reader read_;
};

}  // namespace

std::string_view to_string(FileFormat format)
{
    switch (format) {
        case FileFormat::unknown: return "unknown";
        case FileFormat::tiff: return "tiff";
        case FileFormat::pdf: return "pdf";
        case FileFormat::jpeg: return "jpeg";
        case FileFormat::png: return "png";
        case FileFormat::jp2: return "jp2";
    }
    return "unknown";
}

FileFormat sniff(const ByteSource& bytes)
{
    std::array<std::byte, kHeadBytes> buffer;
    const Result<std::size_t> got = bytes.read_at(0, buffer);
    if (!got) return FileFormat::unknown;
    std::array<char, kHeadBytes> text;
    std::memcpy(text.data(), buffer.data(), *got);
    const std::string_view head(text.data(), *got);
    using namespace std::string_view_literals;
    for (const auto magic : {"II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv})
        if (head.starts_with(magic)) return FileFormat::tiff;
    if (head.starts_with("\xFF\xD8\xFF"sv)) return FileFormat::jpeg;
    if (head.starts_with("\x89PNG\r\n\x1A\n"sv)) return FileFormat::png;
    if (head.starts_with("\0\0\0\x0CjP  \r\n\x87\n"sv) || head.starts_with("\xFF\x4F\xFF\x51"sv))
        return FileFormat::jp2;
    if (head.find("%PDF-"sv) != std::string_view::npos) return FileFormat::pdf;
    return FileFormat::unknown;
}

Result<std::unique_ptr<OpenFile>> Decode::open(std::shared_ptr<const ByteSource> bytes,
                                               const StageContext& context) const
{
    using Opened = Result<std::unique_ptr<OpenFile>>;
    if (auto wanted = context.still_wanted(name); !wanted) return wanted.error();
    const std::uint64_t size = bytes->size_bytes();
    if (size == 0) return decode::fault(FaultKind::corrupt, "file is empty");
    if (size > static_cast<std::uint64_t>(context.limits.max_bytes))
        return decode::fault(FaultKind::limit,
                             fmt::format("file is {} bytes; limits.max_bytes is {}", size, context.limits.max_bytes));
    if (context.limits.max_pages < 1)
        return decode::fault(FaultKind::limit, fmt::format("limits.max_pages is {}", context.limits.max_pages));
    const FileFormat format = sniff(*bytes);
    return decode::without_exceptions([&]() -> Opened {
        const auto single = [&](Reader read) -> Opened {
            return std::unique_ptr<OpenFile>(std::make_unique<SingleImage>(format, std::move(bytes), read));
        };
        switch (format) {
            case FileFormat::tiff: return decode::open_tiff(std::move(bytes), context);
            case FileFormat::pdf: return decode::open_pdf(std::move(bytes), settings_, context);
            case FileFormat::jpeg:
                return single([](const ByteSource& b, const StageContext& c) { return decode::read_jpeg(b, c); });
            case FileFormat::png: return single(&decode::read_png);
            case FileFormat::jp2:
                return single([](const ByteSource& b, const StageContext& c) { return decode::read_jp2(b, c); });
            case FileFormat::unknown: break;
        }
        return decode::fault(FaultKind::unsupported, "file is not a TIFF, PDF, JPEG, PNG or JPEG 2000");
    });
}

}  // namespace chartlift
