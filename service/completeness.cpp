// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/completeness.h"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chartlift::service {
namespace {

/// Writers append a little after a format's end: line ends, padding to a block, a signature.
constexpr std::size_t kTailBytes = 2'048;
constexpr std::size_t kHeadBytes = 1'024;   ///< a PDF's header may come that late (Acrobat's rule)
constexpr int kMostDirectories = 20'000;    ///< of a TIFF; a chain that is longer, or a ring, is decode's to judge
constexpr std::uint64_t kMostTags = 4'096;  ///< of one directory; TIFF knows some 200
constexpr int kMostBoxes = 1'000;           ///< of a JP2; usual are four
constexpr std::string_view kPngEnd{"IEND\xAE\x42\x60\x82", 8};
constexpr std::string_view kJpegEnd{"\xFF\xD9", 2};  // EOI, and JPEG 2000's EOC

/// Up to `count` bytes from `offset`; fewer at the end of the file or on a fault.
std::string read(const ByteSource& file, std::uint64_t offset, std::size_t count)
{
    std::string bytes(count, '\0');
    const auto got = file.read_at(offset, std::as_writable_bytes(std::span(bytes)));
    bytes.resize(got ? *got : 0);
    return bytes;
}

bool tail_has(const ByteSource& file, std::string_view wanted)
{
    const std::uint64_t size = file.size_bytes();
    const std::uint64_t from = size > kTailBytes ? size - kTailBytes : 0;
    return read(file, from, kTailBytes).find(wanted) != std::string::npos;
}

std::uint64_t number(std::string_view bytes, bool big_endian)
{
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto byte = static_cast<unsigned char>(bytes[big_endian ? i : bytes.size() - 1 - i]);
        value = value << 8U | byte;
    }
    return value;
}

/// [offset, offset + length) lies within the file.
bool within(const ByteSource& file, std::uint64_t offset, std::uint64_t length)
{
    return offset <= file.size_bytes() && length <= file.size_bytes() - offset;
}

/// One TIFF's layout: classic (4-byte offsets) or BigTIFF (8-byte ones).
class TiffChain {
public:
    TiffChain(const ByteSource& file, bool big_endian, bool big_tiff)
        : file_(file), big_endian_(big_endian), offset_bytes_(big_tiff ? 8 : 4), count_bytes_(big_tiff ? 8 : 2)
    {
    }

    bool whole() const
    {
        std::uint64_t directory = 0;
        if (!read_number(offset_bytes_ == 8 ? 8 : 4, offset_bytes_, directory) || directory == 0) return false;
        for (int i = 0; i < kMostDirectories && directory != 0; ++i) {
            const auto next = after(directory);
            if (!next) return false;
            directory = *next;
        }
        return true;
    }

private:
    struct Pieces {  ///< strips, or tiles
        std::optional<std::uint64_t> last_offset;
        std::optional<std::uint64_t> last_length;
    };

    bool read_number(std::uint64_t at, std::size_t bytes, std::uint64_t& value) const
    {
        const std::string piece = read(file_, at, bytes);
        value = number(piece, big_endian_);
        return piece.size() == bytes;
    }

    /// The next directory's offset, or nothing if this one, or its last strip, lies beyond the end.
    std::optional<std::uint64_t> after(std::uint64_t directory) const
    {
        std::uint64_t tags = 0;
        if (!read_number(directory, count_bytes_, tags)) return std::nullopt;
        if (tags > kMostTags) return 0;  // damaged, not cut off
        const std::size_t tag_bytes = 4 + 2 * offset_bytes_;
        const std::size_t length = static_cast<std::size_t>(tags) * tag_bytes;
        const std::string table = read(file_, directory + count_bytes_, length + offset_bytes_);
        if (table.size() != length + offset_bytes_) return std::nullopt;
        Pieces pieces;
        for (std::size_t at = 0; at < length; at += tag_bytes)
            if (!note(std::string_view(table).substr(at, tag_bytes), pieces)) return std::nullopt;
        if (pieces.last_offset && pieces.last_length && !within(file_, *pieces.last_offset, *pieces.last_length))
            return std::nullopt;
        return number(std::string_view(table).substr(length), big_endian_);
    }

    /// False if the tag's values lie beyond the end.
    bool note(std::string_view tag, Pieces& pieces) const
    {
        constexpr std::array<std::uint64_t, 2> kOffsets{273, 324};  // StripOffsets, TileOffsets
        constexpr std::array<std::uint64_t, 2> kLengths{279, 325};  // StripByteCounts, TileByteCounts
        const std::uint64_t code = number(tag.substr(0, 2), big_endian_);
        const std::size_t value_bytes = type_bytes(number(tag.substr(2, 2), big_endian_));
        const std::uint64_t values = number(tag.substr(4, offset_bytes_), big_endian_);
        if (values == 0 || values > file_.size_bytes()) return true;  // damaged, not cut off
        const std::string_view field = tag.substr(4 + offset_bytes_);
        const bool inside = values * value_bytes <= offset_bytes_;
        const std::uint64_t list = number(field, big_endian_);
        if (!inside && !within(file_, list, values * value_bytes)) return false;
        const bool offsets = std::find(kOffsets.begin(), kOffsets.end(), code) != kOffsets.end();
        if (!offsets && std::find(kLengths.begin(), kLengths.end(), code) == kLengths.end()) return true;
        const std::uint64_t last_at = (values - 1) * value_bytes;
        std::uint64_t last = inside ? number(field.substr(last_at, value_bytes), big_endian_) : 0;
        if (!inside && !read_number(list + last_at, value_bytes, last)) return false;
        (offsets ? pieces.last_offset : pieces.last_length) = last;
        return true;
    }

    static std::size_t type_bytes(std::uint64_t type)
    {
        switch (type) {
            case 3:
            case 8: return 2;  // SHORT, SSHORT
            case 4:
            case 9:
            case 11:
            case 13: return 4;  // LONG, SLONG, FLOAT, IFD
            case 5:
            case 10:
            case 12:
            case 16:
            case 17:
            case 18: return 8;  // RATIONAL, SRATIONAL, DOUBLE, LONG8, SLONG8, IFD8
            default: return 1;  // BYTE, ASCII, SBYTE, UNDEFINED
        }
    }

    const ByteSource& file_;
    bool big_endian_;
    std::size_t offset_bytes_;
    std::size_t count_bytes_;
};

bool whole_jp2(const ByteSource& file)
{
    std::uint64_t at = 0;
    for (int i = 0; i < kMostBoxes && at < file.size_bytes(); ++i) {
        const std::string head = read(file, at, 16);  // length, type, and the length of long boxes
        if (head.size() < 8) return false;
        const std::string_view view = head;
        std::uint64_t length = number(view.substr(0, 4), true);
        if (length == 0) return tail_has(file, kJpegEnd);  // up to the end of the file
        if (length == 1) {
            if (head.size() < 16) return false;
            length = number(view.substr(8, 8), true);
        }
        if (length < 8) return true;  // damaged, not cut off
        if (!within(file, at, length)) return false;
        at += length;
    }
    return true;
}

}  // namespace

bool looks_whole(const ByteSource& file)
{
    if (file.size_bytes() == 0) return false;
    const std::string head = read(file, 0, kHeadBytes);
    const std::string_view view = head;
    using namespace std::string_view_literals;
    if (view.starts_with("II\x2A\0"sv)) return TiffChain(file, false, false).whole();
    if (view.starts_with("MM\0\x2A"sv)) return TiffChain(file, true, false).whole();
    if (view.starts_with("II\x2B\0"sv)) return TiffChain(file, false, true).whole();
    if (view.starts_with("MM\0\x2B"sv)) return TiffChain(file, true, true).whole();
    if (view.starts_with("\xFF\xD8\xFF"sv)) return tail_has(file, kJpegEnd);
    if (view.starts_with("\x89PNG\r\n\x1A\n"sv)) return tail_has(file, kPngEnd);
    if (view.starts_with("\0\0\0\x0CjP  \r\n\x87\n"sv)) return whole_jp2(file);
    if (view.starts_with("\xFF\x4F\xFF\x51"sv)) return tail_has(file, kJpegEnd);
    if (view.find("%PDF-"sv) != view.npos) return tail_has(file, "%%EOF"sv);
    return true;
}

}  // namespace chartlift::service
