// SPDX-License-Identifier: GPL-3.0-or-later
// TIFF 6.0, BigTIFF and the TIFF/FX fax profiles through libtiff.
//
// The chain of directories is walked once on opening, with a few bytes read per directory, so that page n is reached
// directly: libtiff's own TIFFSetDirectory walks the chain from its start for each page. Strips are then read row by
// row and tiles one by one, straight into the page's pixels.
#include <fmt/format.h>
#include <tiffio.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "stages/adapters/pixels.h"
#include "stages/decode/formats.h"

namespace chartlift::decode {
namespace {

using adapters::PixelBuffer;

constexpr std::uint64_t kMaxDirectoryEntries = 4096;  // libtiff refuses more, too
constexpr int kMaxSamples = 16;                       // per pixel; CMYK with spot inks and alpha is 8
constexpr int kRowsBetweenChecks = 64;                // a row takes microseconds, looking at the clock some tens of ns
/// One allocation inside libtiff: the largest is a strip or tile of 16-bit CMYK, which is 8 bytes a pixel.
constexpr std::int64_t kBytesPerPixelInside = 8;
constexpr std::int64_t kSmallestAllocationCap_bytes = 64 << 20;

// ---- bytes for libtiff -------------------------------------------------------------------------------------------

/// What libtiff's callbacks see. `context` is that of the call in progress.
struct TiffIo {
    explicit TiffIo(std::shared_ptr<const ByteSource> source) : bytes(std::move(source)) {}
    std::shared_ptr<const ByteSource> bytes;
    std::uint64_t at = 0;
    const StageContext* context = nullptr;
    std::optional<Fault> io_fault;
    std::string first_error;
    bool error = false;          ///< libtiff reported an error since this was last cleared
    bool missing_data = false;   ///< libtiff warned that the compressed data ended too early
    bool short_row = false;      ///< libtiff warned that a fax row's end mark came before its last pixel
    bool unmarked_rows = false;  ///< the page is Group 3 data whose very first row went wrong in that way

    void begin(const StageContext& now)
    {
        context = &now;
        io_fault.reset();
        first_error.clear();
        unmarked_rows = false;
        clear_marks();
    }
    void clear_marks() { error = missing_data = short_row = false; }
    /// Why a step failed where it was not the data's own fault.
    std::optional<Fault> outside_fault() const
    {
        if (io_fault) return io_fault;
        const Result<void> wanted = context->still_wanted(Decode::name);
        return wanted ? std::nullopt : std::optional(wanted.error());
    }
    Fault corrupt(std::string_view otherwise) const
    {
        if (auto outside = outside_fault()) return *outside;
        return fault(FaultKind::corrupt, first_error.empty() ? std::string(otherwise) : "tiff: " + first_error);
    }
};

TiffIo& io_of(thandle_t handle)
{
    return *static_cast<TiffIo*>(handle);
}

tmsize_t read_bytes(thandle_t handle, void* into, tmsize_t count)
{
    TiffIo& io = io_of(handle);
    if (count <= 0) return 0;
    if (!io.context->still_wanted(Decode::name)) return 0;
    const Result<std::size_t> got =
        io.bytes->read_at(io.at, {static_cast<std::byte*>(into), static_cast<std::size_t>(count)});
    if (!got) {
        io.io_fault = got.error();
        return 0;  // not -1: libtiff 4.5 adds what it is given to a pointer (TIFFReadAndRealloc)
    }
    io.at += *got;
    return static_cast<tmsize_t>(*got);
}

tmsize_t write_bytes(thandle_t, void*, tmsize_t)
{
    return -1;
}

toff_t seek_bytes(thandle_t handle, toff_t offset, int whence)
{
    TiffIo& io = io_of(handle);
    if (whence == SEEK_SET) io.at = offset;
    if (whence == SEEK_CUR) io.at += offset;
    if (whence == SEEK_END) io.at = io.bytes->size_bytes() + offset;
    return io.at;
}

toff_t size_of_bytes(thandle_t handle)
{
    return io_of(handle).bytes->size_bytes();
}

int close_bytes(thandle_t)
{
    return 0;
}

int on_error(TIFF*, void* user, const char*, const char* format, va_list arguments)
{
    TiffIo& io = *static_cast<TiffIo*>(user);
    io.error = true;
    if (io.first_error.empty()) {
        std::array<char, 256> text;
        std::vsnprintf(text.data(), text.size(), format, arguments);
        io.first_error = short_reason(text.data());
    }
    return 1;  // handled: nothing is printed
}

/// Most warnings are harmless. Those of a decoder that ran out of data are how libtiff tells of a hole.
int on_warning(TIFF*, void* user, const char*, const char* format, va_list arguments)
{
    TiffIo& io = *static_cast<TiffIo*>(user);
    std::array<char, 256> text;
    std::vsnprintf(text.data(), text.size(), format, arguments);
    const std::string_view message(text.data());
    const auto says = [message](std::string_view words) { return message.find(words) != std::string_view::npos; };
    const bool missing = says("Premature EOF") || says("Premature end") || says("premature end");
    const bool short_row = says("Premature EOL");
    io.missing_data |= missing;
    io.short_row |= short_row;
    if ((missing || short_row) && io.first_error.empty()) io.first_error = short_reason(message);
    return 1;
}

struct TiffCloser {
    void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using TiffPtr = std::unique_ptr<TIFF, TiffCloser>;

TiffPtr open_handle(TiffIo& io, const Limits& limits)
{
    TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
    if (options == nullptr) throw std::bad_alloc();
    const std::int64_t cap = std::max(kSmallestAllocationCap_bytes,
                                      std::min(limits.max_pixels, std::int64_t{1} << 40) * kBytesPerPixelInside);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, cap);
    TIFFOpenOptionsSetErrorHandlerExtR(options, &on_error, &io);
    TIFFOpenOptionsSetWarningHandlerExtR(options, &on_warning, &io);
    // r: read; h: the header only, directories by offset; m: no memory map.
    TiffPtr tiff(TIFFClientOpenExt("tiff", "rhm", &io, &read_bytes, &write_bytes, &seek_bytes, &close_bytes,
                                   &size_of_bytes, nullptr, nullptr, options));
    TIFFOpenOptionsFree(options);
    return tiff;
}

// ---- the chain of directories ------------------------------------------------------------------------------------

struct Directory {
    std::uint64_t offset = 0;
    std::uint64_t next = 0;
    std::uint64_t width = 0;
    std::uint64_t height = 0;
    bool reduced = false;
    bool mask = false;
};

class ChainReader {
public:
    explicit ChainReader(const ByteSource& bytes) : bytes_(bytes) {}

    /// The first directory's offset, or nothing where there is no TIFF header.
    std::optional<std::uint64_t> first()
    {
        std::array<std::byte, 16> head{};
        const Result<std::size_t> got = bytes_.read_at(0, head);
        if (!got || *got < 8) return std::nullopt;
        big_endian_ = head[0] == std::byte{'M'};
        big_tiff_ = number(head.data() + 2, 2) == 43;
        if (big_tiff_ && *got < 16) return std::nullopt;
        return big_tiff_ ? number(head.data() + 8, 8) : number(head.data() + 4, 4);
    }

    std::optional<Directory> at(std::uint64_t offset)
    {
        const std::size_t count_bytes = big_tiff_ ? 8 : 2;
        const std::size_t entry_bytes = big_tiff_ ? 20 : 12;
        const std::size_t offset_bytes = big_tiff_ ? 8 : 4;
        std::array<std::byte, 8> head{};
        if (!read(offset, std::span(head).first(count_bytes))) return std::nullopt;
        const std::uint64_t count = number(head.data(), count_bytes);
        if (count == 0 || count > kMaxDirectoryEntries) return std::nullopt;
        std::vector<std::byte> block(static_cast<std::size_t>(count) * entry_bytes + offset_bytes);
        const Result<std::size_t> got = bytes_.read_at(offset + count_bytes, block);
        // A directory whose last link is cut off is still a page; the link then counts as broken.
        if (!got || *got < block.size() - offset_bytes) return std::nullopt;
        Directory found;
        found.offset = offset;
        const bool whole = *got == block.size();
        found.next = whole ? number(block.data() + block.size() - offset_bytes, offset_bytes) : offset;
        for (std::uint64_t i = 0; i < count; ++i) {
            const std::byte* entry = block.data() + static_cast<std::size_t>(i) * entry_bytes;
            const std::uint64_t type = number(entry + 2, 2);
            const std::byte* value_at = entry + (big_tiff_ ? 12 : 8);
            const std::uint64_t value = number(value_at, type == TIFF_SHORT                ? 2
                                                         : type == TIFF_LONG8 && big_tiff_ ? 8
                                                                                           : 4);
            switch (number(entry, 2)) {
                case TIFFTAG_SUBFILETYPE:
                    found.reduced |= (value & FILETYPE_REDUCEDIMAGE) != 0;
                    found.mask |= (value & FILETYPE_MASK) != 0;
                    break;
                case TIFFTAG_OSUBFILETYPE: found.reduced |= value == OFILETYPE_REDUCEDIMAGE; break;
                case TIFFTAG_IMAGEWIDTH: found.width = value; break;
                case TIFFTAG_IMAGELENGTH: found.height = value; break;
                default: break;
            }
        }
        return found;
    }

private:
    bool read(std::uint64_t offset, std::span<std::byte> into)
    {
        const Result<std::size_t> got = bytes_.read_at(offset, into);
        return got && *got == into.size();
    }
    std::uint64_t number(const std::byte* at, std::size_t bytes) const
    {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < bytes; ++i)
            value = (value << 8) | std::to_integer<std::uint64_t>(at[big_endian_ ? i : bytes - 1 - i]);
        return value;
    }

    const ByteSource& bytes_;
    bool big_endian_ = false;
    bool big_tiff_ = false;
};

struct Chain {
    std::vector<std::uint64_t> pages;   ///< offset of each page's directory
    std::optional<std::string> broken;  ///< why the chain ends before its end
};

Result<Chain> walk(const ByteSource& bytes, const StageContext& context)
{
    ChainReader reader(bytes);
    const std::optional<std::uint64_t> first = reader.first();
    if (!first) return fault(FaultKind::corrupt, "tiff header is cut off");
    Chain chain;
    std::unordered_set<std::uint64_t> seen;
    std::optional<Directory> last_page;
    for (std::uint64_t offset = *first; offset != 0;) {
        if (auto wanted = context.still_wanted(Decode::name); !wanted) return wanted.error();
        if (!seen.insert(offset).second) {
            chain.broken = fmt::format("directory {} leads back to an earlier one; pages may be missing", seen.size());
            break;
        }
        const std::optional<Directory> directory = reader.at(offset);
        if (!directory) {
            chain.broken =
                fmt::format("directory {} at byte {} cannot be read; pages may be missing", seen.size(), offset);
            break;
        }
        offset = directory->next;
        const bool copy = last_page && (directory->mask || (directory->reduced && directory->width < last_page->width &&
                                                            directory->height < last_page->height));
        if (copy) continue;
        last_page = directory;
        chain.pages.push_back(directory->offset);
        if (chain.pages.size() > static_cast<std::size_t>(context.limits.max_pages))
            return fault(FaultKind::limit, fmt::format("file has more than {} pages; limits.max_pages is {}",
                                                       context.limits.max_pages, context.limits.max_pages));
    }
    if (chain.pages.empty())
        return fault(FaultKind::corrupt, chain.broken ? "tiff: " + *chain.broken : "tiff has no directory");
    return chain;
}

// ---- one page ----------------------------------------------------------------------------------------------------

/// Fax rows without end-of-line marks, which libtiff's Group 3 decoder waits for in vain: read as run lengths instead.
enum class FaxRows { marked, unmarked, unmarked_aligned };

struct Layout {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::uint16_t bits = 1;
    std::uint16_t samples = 1;
    std::uint16_t photometric = PHOTOMETRIC_MINISWHITE;
    std::uint16_t compression = COMPRESSION_NONE;
    bool separate = false;  ///< one plane a sample
    bool tiled = false;
    int colours = 1;  ///< samples that carry colour; the rest are extra
    bool alpha = false;
    bool premultiplied = false;
    std::vector<std::uint8_t> palette;  ///< rgb of each index
    bool through_rgba = false;          ///< libtiff's own conversion is needed: subsampled, Lab, old JPEG
    PixelFormat format = PixelFormat::gray8;

    bool invert() const { return photometric == PHOTOMETRIC_MINISWHITE; }
    bool fax() const
    {
        return compression == COMPRESSION_CCITTRLE || compression == COMPRESSION_CCITTRLEW ||
               compression == COMPRESSION_CCITTFAX3 || compression == COMPRESSION_CCITTFAX4;
    }
    std::size_t palette_size() const { return palette.size() / 3; }
};

std::uint16_t short_tag(TIFF* tiff, std::uint32_t tag, std::uint16_t otherwise)
{
    std::uint16_t value = otherwise;
    return TIFFGetFieldDefaulted(tiff, tag, &value) == 1 ? value : otherwise;
}

Result<void> read_palette(TIFF* tiff, Layout& layout)
{
    std::uint16_t *red = nullptr, *green = nullptr, *blue = nullptr;
    if (layout.bits > 8 || TIFFGetField(tiff, TIFFTAG_COLORMAP, &red, &green, &blue) != 1)
        return fault(FaultKind::corrupt,
                     fmt::format("tiff: palette page of {} bits without a colour map", layout.bits));
    const std::size_t size = std::size_t{1} << layout.bits;
    bool wide = false;  // some writers store 8-bit values in the 16-bit map
    for (std::size_t i = 0; i < size; ++i) wide |= red[i] > 255 || green[i] > 255 || blue[i] > 255;
    bool gray = true, black_and_white = true;
    for (std::size_t i = 0; i < size; ++i) {
        std::array<std::uint8_t, 3> rgb{};
        const std::array<std::uint16_t, 3> raw{red[i], green[i], blue[i]};
        for (std::size_t c = 0; c < 3; ++c) rgb[c] = static_cast<std::uint8_t>(wide ? raw[c] >> 8 : raw[c]);
        gray &= rgb[0] == rgb[1] && rgb[1] == rgb[2];
        black_and_white &= gray && (rgb[0] == 0 || rgb[0] == 255);
        layout.palette.insert(layout.palette.end(), rgb.begin(), rgb.end());
    }
    layout.format = layout.bits == 1 && black_and_white && layout.samples == 1 ? PixelFormat::bilevel
                    : gray                                                     ? PixelFormat::gray8
                                                                               : PixelFormat::rgb24;
    return {};
}

Result<Layout> read_layout(TIFF* tiff, const StageContext& context)
{
    Layout layout;
    if (TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &layout.width) != 1 ||
        TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &layout.height) != 1)
        return fault(FaultKind::corrupt, "tiff: page has no width or height");
    if (auto allowed = size_allowed(layout.width, layout.height, context.limits); !allowed) return allowed.error();
    layout.bits = short_tag(tiff, TIFFTAG_BITSPERSAMPLE, 1);
    layout.samples = short_tag(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
    layout.compression = short_tag(tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
    layout.separate =
        layout.samples > 1 && short_tag(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE;
    layout.tiled = TIFFIsTiled(tiff) != 0;
    if (TIFFIsCODECConfigured(layout.compression) == 0)
        return fault(FaultKind::unsupported,
                     fmt::format("tiff compression is {}, which is not read", layout.compression));
    if (layout.samples < 1 || layout.samples > kMaxSamples)
        return fault(FaultKind::unsupported,
                     fmt::format("tiff page has {} samples a pixel; at most {} are read", layout.samples, kMaxSamples));
    const std::uint16_t sample_format = short_tag(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
    std::uint16_t photometric = 0;
    if (TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric) == 1)
        layout.photometric = photometric;
    else
        layout.photometric = layout.samples >= 3 ? PHOTOMETRIC_RGB
                             : layout.fax()      ? PHOTOMETRIC_MINISWHITE
                                                 : PHOTOMETRIC_MINISBLACK;

    switch (layout.photometric) {
        case PHOTOMETRIC_MINISWHITE:
        case PHOTOMETRIC_MINISBLACK:
        case PHOTOMETRIC_MASK:
            layout.format = layout.bits == 1 && layout.samples == 1 ? PixelFormat::bilevel : PixelFormat::gray8;
            break;
        case PHOTOMETRIC_PALETTE:
            if (auto palette = read_palette(tiff, layout); !palette) return palette.error();
            break;
        case PHOTOMETRIC_RGB:
            layout.colours = 3;
            layout.format = PixelFormat::rgb24;
            break;
        case PHOTOMETRIC_SEPARATED: {
            const std::uint16_t inks = short_tag(tiff, TIFFTAG_INKSET, INKSET_CMYK);
            if (inks != INKSET_CMYK)
                return fault(FaultKind::unsupported, "tiff inks are not cyan, magenta, yellow and black");
            layout.colours = 4;
            layout.format = PixelFormat::rgb24;
            break;
        }
        case PHOTOMETRIC_YCBCR:
            layout.colours = 3;
            layout.format = PixelFormat::rgb24;
            // libjpeg turns its own samples into RGB; other compressions keep subsampled blocks.
            if (layout.compression == COMPRESSION_JPEG && !layout.separate)
                TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
            else
                layout.through_rgba = true;
            break;
        case PHOTOMETRIC_CIELAB:
        case PHOTOMETRIC_ICCLAB:
        case PHOTOMETRIC_LOGL:
        case PHOTOMETRIC_LOGLUV:
            layout.format = PixelFormat::rgb24;
            layout.through_rgba = true;
            break;
        default:
            return fault(FaultKind::unsupported,
                         fmt::format("tiff photometric interpretation is {}, which is not read", layout.photometric));
    }
    if (layout.compression == COMPRESSION_OJPEG) layout.through_rgba = true;
    if (layout.through_rgba) {
        layout.format = PixelFormat::rgb24;
        return layout;
    }
    if (layout.samples < layout.colours)
        return fault(FaultKind::corrupt, fmt::format("tiff page has {} samples a pixel; its colours need {}",
                                                     layout.samples, layout.colours));
    if (sample_format != SAMPLEFORMAT_UINT && sample_format != SAMPLEFORMAT_VOID)
        return fault(FaultKind::unsupported, "tiff samples are floating point or signed; unsigned integers are read");
    if (layout.bits < 1 || layout.bits > 16)
        return fault(FaultKind::unsupported, fmt::format("tiff samples have {} bits; 1 to 16 are read", layout.bits));
    std::uint16_t extra_count = 0;
    std::uint16_t* extra = nullptr;
    if (TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &extra_count, &extra) == 1 && extra_count > 0 &&
        layout.samples > layout.colours && layout.photometric != PHOTOMETRIC_SEPARATED) {
        layout.alpha = extra[0] == EXTRASAMPLE_ASSOCALPHA || extra[0] == EXTRASAMPLE_UNASSALPHA;
        layout.premultiplied = extra[0] == EXTRASAMPLE_ASSOCALPHA;
    }
    return layout;
}

/// `count` pixels of interleaved 8-bit samples to the page's format. Not for bilevel.
void convert(const Layout& layout, const std::uint8_t* from, std::size_t count, std::uint8_t* to)
{
    const std::size_t step = layout.samples;
    const bool palette = layout.photometric == PHOTOMETRIC_PALETTE;
    const std::size_t out = layout.format == PixelFormat::gray8 ? 1 : 3;
    const auto alpha_at = static_cast<std::size_t>(layout.colours);
    for (std::size_t i = 0; i < count; ++i, from += step, to += out) {
        if (palette) {
            std::memcpy(to, layout.palette.data() + std::size_t{3} * from[0], out);
        } else if (layout.photometric == PHOTOMETRIC_SEPARATED) {
            cmyk_to_rgb(from[0], from[1], from[2], from[3], to);
        } else {
            for (std::size_t c = 0; c < out; ++c)
                to[c] = layout.invert() ? static_cast<std::uint8_t>(255 - from[c]) : from[c];
        }
        if (!layout.alpha) continue;
        const unsigned alpha = from[alpha_at];
        for (std::size_t c = 0; c < out; ++c)
            to[c] = layout.premultiplied ? static_cast<std::uint8_t>(std::min(255U, to[c] + 255U - alpha))
                                         : over_white(to[c], alpha);
    }
}

/// Fills a page from rows or pieces of rows, and keeps count of what was lost.
class PageFiller {
public:
    explicit PageFiller(const Layout& layout)
        : layout_(layout), page_(layout.format, static_cast<int>(layout.width), static_cast<int>(layout.height))
    {
        if (layout.separate) planes_.resize(std::size_t{layout.width} * layout.height * layout.samples, 0);
    }

    /// `count` pixels from column x of row y; `plane` counts only where samples lie in planes of their own.
    void put(std::uint32_t x, std::uint32_t y, std::uint32_t count, std::uint16_t plane, const std::uint8_t* packed)
    {
        const bool indexes = layout_.photometric == PHOTOMETRIC_PALETTE;
        std::uint8_t* row = page_.row(static_cast<int>(y));
        if (layout_.format == PixelFormat::bilevel) {
            put_bits(row + x / 8, packed, count);
        } else if (layout_.separate) {
            unpacked_.resize(count);
            unpack_samples(packed, count, layout_.bits, indexes, unpacked_.data());
            std::uint8_t* to = planes_.data() + (std::size_t{y} * layout_.width + x) * layout_.samples + plane;
            for (std::uint32_t i = 0; i < count; ++i, to += layout_.samples) *to = unpacked_[i];
        } else {
            const std::size_t samples = std::size_t{count} * layout_.samples;
            unpacked_.resize(samples);
            unpack_samples(packed, samples, layout_.bits, indexes, unpacked_.data());
            convert(layout_, unpacked_.data(), count, row + std::size_t{x} * pixel_bytes());
        }
    }

    void put_rgb(std::uint32_t x, std::uint32_t y, const std::uint32_t* abgr, std::uint32_t count)
    {
        std::uint8_t* to = page_.row(static_cast<int>(y)) + std::size_t{x} * 3;
        for (std::uint32_t i = 0; i < count; ++i, to += 3) {
            const unsigned lack = 255U - TIFFGetA(abgr[i]);
            to[0] = static_cast<std::uint8_t>(std::min(255U, TIFFGetR(abgr[i]) + lack));
            to[1] = static_cast<std::uint8_t>(std::min(255U, TIFFGetG(abgr[i]) + lack));
            to[2] = static_cast<std::uint8_t>(std::min(255U, TIFFGetB(abgr[i]) + lack));
        }
    }

    /// The area could not be read; false once more is lost than a page may lack.
    bool lost(std::uint32_t x, std::uint32_t y, std::uint32_t width, std::uint32_t height)
    {
        lost_px_ += std::int64_t{width} * height;
        if (too_much_lost()) return false;
        lost_areas_.push_back({x, y, width, height});
        return true;
    }
    bool too_much_lost() const
    {
        const auto planes = layout_.separate ? layout_.samples : 1;
        return static_cast<double>(lost_px_) >
               kTolerableLoss * static_cast<double>(layout_.width) * static_cast<double>(layout_.height) * planes;
    }

    Image take()
    {
        for (std::uint32_t y = 0; layout_.separate && y < layout_.height; ++y)
            convert(layout_, planes_.data() + std::size_t{y} * layout_.width * layout_.samples, layout_.width,
                    page_.row(static_cast<int>(y)));
        planes_ = {};
        if (layout_.format != PixelFormat::bilevel)  // a bilevel page begins white
            for (const Area& area : lost_areas_)
                for (std::uint32_t y = area.y; y < area.y + area.height; ++y)
                    std::memset(page_.row(static_cast<int>(y)) + area.x * pixel_bytes(), 255,
                                area.width * pixel_bytes());
        page_.clear_padding_bits();
        return std::move(page_).freeze();
    }

private:
    struct Area {
        std::uint32_t x, y, width, height;
    };
    std::size_t pixel_bytes() const { return layout_.format == PixelFormat::gray8 ? 1 : 3; }

    void put_bits(std::uint8_t* to, const std::uint8_t* from, std::uint32_t count) const
    {
        bool one_is_black = layout_.invert();
        if (layout_.photometric == PHOTOMETRIC_PALETTE) {
            if (layout_.palette[0] == layout_.palette[3]) {  // both entries are the same
                std::memset(to, layout_.palette[0] == 0 ? 255 : 0, (count + 7) / 8);
                return;
            }
            one_is_black = layout_.palette[3] == 0;
        }
        const std::size_t bytes = (count + 7) / 8;
        if (one_is_black)
            std::memcpy(to, from, bytes);
        else
            for (std::size_t i = 0; i < bytes; ++i) to[i] = static_cast<std::uint8_t>(~from[i]);
    }

    const Layout& layout_;
    PixelBuffer page_;
    std::vector<std::uint8_t> planes_;
    std::vector<std::uint8_t> unpacked_;
    std::vector<Area> lost_areas_;
    std::int64_t lost_px_ = 0;
};

Fault too_much_lost(const TiffIo& io, std::uint32_t row, std::uint32_t height)
{
    if (auto outside = io.outside_fault()) return *outside;
    return fault(FaultKind::corrupt, fmt::format("tiff: row {} of {}: {}", row, height,
                                                 io.first_error.empty() ? "data is missing" : io.first_error));
}

/// Whether a strip of Group 4 data is whole: libtiff takes eleven zeros in a row for the end mark. No code holds so
/// many but the mark itself, twice 000000000001 (T.6, 2.2.1 and 2.4.1.1), after which only padding may follow.
bool ends_with_mark(TIFF* tiff, std::uint32_t strip)
{
    constexpr int kMarkZeros = 11;
    const std::uint64_t size = TIFFRawStripSize64(tiff, strip);
    constexpr std::uint64_t kMostBytes = 64 << 20;  // far over any page; a larger one counts as damaged
    if (size == 0 || size > kMostBytes) return false;
    std::vector<std::uint8_t> raw(static_cast<std::size_t>(size));
    if (TIFFReadRawStrip(tiff, strip, raw.data(), static_cast<tmsize_t>(size)) != static_cast<tmsize_t>(size))
        return false;
    if (short_tag(tiff, TIFFTAG_FILLORDER, FILLORDER_MSB2LSB) == FILLORDER_LSB2MSB)
        TIFFReverseBits(raw.data(), static_cast<tmsize_t>(size));
    int zeros = 0, marks = 0;
    for (const std::uint8_t byte : raw)
        for (int bit = 7; bit >= 0; --bit) {
            if (((byte >> bit) & 1) == 0) {
                ++zeros;
                continue;
            }
            if (marks == 2 || (marks == 1 && zeros != kMarkZeros)) return false;
            if (zeros >= kMarkZeros) ++marks;
            zeros = 0;
        }
    return marks == 2;
}

Result<void> read_rows(TIFF* tiff, TiffIo& io, const Layout& layout, PageFiller& page)
{
    const std::uint64_t line_bytes = TIFFScanlineSize64(tiff);
    const std::uint64_t needed_bytes =
        (std::uint64_t{layout.width} * layout.bits * (layout.separate ? 1 : layout.samples) + 7) / 8;
    if (line_bytes < needed_bytes || line_bytes > needed_bytes + 4096)
        return io.corrupt(fmt::format("tiff: row takes {} bytes; {} are expected", line_bytes, needed_bytes));
    std::vector<std::uint8_t> line(static_cast<std::size_t>(line_bytes));
    std::uint32_t rows_per_strip = 0;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &rows_per_strip);
    rows_per_strip = std::clamp<std::uint32_t>(rows_per_strip, 1, layout.height);
    const std::uint16_t planes = layout.separate ? layout.samples : std::uint16_t{1};
    for (std::uint16_t plane = 0; plane < planes; ++plane) {
        for (std::uint32_t y = 0; y < layout.height; ++y) {
            if (y % kRowsBetweenChecks == 0)
                if (auto outside = io.outside_fault()) return *outside;
            io.clear_marks();
            const bool read = TIFFReadScanline(tiff, line.data(), y, plane) >= 0;
            if (read && !io.error && !io.missing_data && !io.short_row) {
                page.put(0, y, layout.width, plane, line.data());
                continue;
            }
            io.unmarked_rows |= y == 0 && io.short_row && layout.compression == COMPRESSION_CCITTFAX3;
            // Group 3 finds its place again at the next line's mark; all others lose the rest of the strip.
            const bool one_row =
                read && !io.missing_data && layout.fax() && layout.compression != COMPRESSION_CCITTFAX4;
            if (one_row) page.put(0, y, layout.width, plane, line.data());
            const std::uint32_t strip_end = std::min(layout.height, (y / rows_per_strip + 1) * rows_per_strip);
            const std::uint32_t rows = one_row ? 1 : strip_end - y;
            // The end mark before the last row: the page's height was not known when its header was written.
            const bool ended = layout.compression == COMPRESSION_CCITTFAX4 && io.short_row && !io.error &&
                               !io.missing_data && y % rows_per_strip > 0 &&
                               ends_with_mark(tiff, TIFFComputeStrip(tiff, y, plane));
            if (!ended && !page.lost(0, y, layout.width, rows)) return too_much_lost(io, y, layout.height);
            y += rows - 1;
        }
    }
    return {};
}

Result<void> read_tiles(TIFF* tiff, TiffIo& io, const Layout& layout, PageFiller& page, const Limits& limits)
{
    std::uint32_t tile_width = 0, tile_height = 0;
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &tile_width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &tile_height);
    if (auto allowed = size_allowed(tile_width, tile_height, limits); !allowed) return allowed.error();
    if (layout.format == PixelFormat::bilevel && tile_width % 8 != 0)
        return fault(FaultKind::corrupt,
                     fmt::format("tiff: tile is {} px wide; a multiple of 16 is allowed", tile_width));
    const std::uint64_t row_bytes_needed =
        (std::uint64_t{tile_width} * layout.bits * (layout.separate ? 1 : layout.samples) + 7) / 8;
    const std::uint64_t tile_row_bytes = TIFFTileRowSize64(tiff);
    const std::uint64_t tile_bytes = TIFFTileSize64(tiff);
    if (tile_row_bytes < row_bytes_needed || tile_bytes < tile_row_bytes * tile_height ||
        tile_bytes > (row_bytes_needed + 4096) * tile_height)
        return io.corrupt(fmt::format("tiff: tile takes {} bytes, {} a row", tile_bytes, tile_row_bytes));
    std::vector<std::uint8_t> tile(static_cast<std::size_t>(tile_bytes));
    const std::uint16_t planes = layout.separate ? layout.samples : std::uint16_t{1};
    for (std::uint16_t plane = 0; plane < planes; ++plane) {
        for (std::uint32_t y = 0; y < layout.height; y += tile_height) {
            for (std::uint32_t x = 0; x < layout.width; x += tile_width) {
                if (auto outside = io.outside_fault()) return *outside;
                const std::uint32_t width = std::min(tile_width, layout.width - x);
                const std::uint32_t height = std::min(tile_height, layout.height - y);
                io.clear_marks();
                const tmsize_t got = TIFFReadEncodedTile(tiff, TIFFComputeTile(tiff, x, y, 0, plane), tile.data(),
                                                         static_cast<tmsize_t>(tile_bytes));
                if (got < 0 || io.error || io.missing_data) {
                    if (!page.lost(x, y, width, height)) return too_much_lost(io, y, layout.height);
                    continue;
                }
                for (std::uint32_t row = 0; row < height; ++row)
                    page.put(x, y + row, width, plane, tile.data() + std::size_t{row} * tile_row_bytes);
            }
            if (layout.height - y <= tile_height) break;  // y must not wrap around
        }
    }
    return {};
}

/// Subsampled YCbCr, Lab and old JPEG, strip by strip through libtiff's own conversion.
Result<void> read_through_rgba(TIFF* tiff, TiffIo& io, const Layout& layout, PageFiller& page, const Limits& limits)
{
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);  // turned later, as for every format
    std::array<char, 1024> why{};
    if (TIFFRGBAImageOK(tiff, why.data()) == 0)
        return fault(FaultKind::unsupported, "tiff: " + short_reason(why.data()));
    std::uint32_t piece_width = layout.width, piece_height = 0;
    if (layout.tiled) {
        TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &piece_width);
        TIFFGetField(tiff, TIFFTAG_TILELENGTH, &piece_height);
    } else {
        TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &piece_height);
        piece_height = std::min(piece_height, layout.height);
    }
    if (auto allowed = size_allowed(piece_width, piece_height, limits); !allowed) return allowed.error();
    std::vector<std::uint32_t> piece(std::size_t{piece_width} * piece_height);
    for (std::uint32_t y = 0; y < layout.height;) {
        const std::uint32_t height = std::min(piece_height, layout.height - y);
        for (std::uint32_t x = 0; x < layout.width;) {
            if (auto outside = io.outside_fault()) return *outside;
            const std::uint32_t width = std::min(piece_width, layout.width - x);
            io.clear_marks();
            const int read = layout.tiled ? TIFFReadRGBATileExt(tiff, x, y, piece.data(), 1)
                                          : TIFFReadRGBAStripExt(tiff, y, piece.data(), 1);
            if (read == 0 || io.missing_data) {
                if (!page.lost(x, y, width, height)) return too_much_lost(io, y, layout.height);
            } else {  // the raster's first row is the lowest
                const std::uint32_t raster_height = layout.tiled ? piece_height : height;
                for (std::uint32_t row = 0; row < height; ++row)
                    page.put_rgb(x, y + row, piece.data() + std::size_t{raster_height - 1 - row} * piece_width, width);
            }
            x += width;
        }
        y += height;
    }
    return {};
}

Result<Scan> read_page(TIFF* tiff, TiffIo& io, std::uint64_t directory, const StageContext& context,
                       FaxRows fax_rows = FaxRows::marked)
{
    io.begin(context);
    if (auto wanted = context.still_wanted(Decode::name); !wanted) return wanted.error();
    if (TIFFSetSubDirectory(tiff, directory) == 0) return io.corrupt("tiff: directory cannot be read");
    if (fax_rows != FaxRows::marked) {
        const int aligned = fax_rows == FaxRows::unmarked_aligned ? FAXMODE_BYTEALIGN : 0;
        TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_CCITTRLE);
        TIFFSetField(tiff, TIFFTAG_FAXMODE, FAXMODE_NORTC | FAXMODE_NOEOL | aligned);
    }
    Result<Layout> layout = read_layout(tiff, context);
    if (!layout) return layout.error();
    Scan scan;
    scan.orientation = short_tag(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
    float x_resolution = 0, y_resolution = 0;
    if (TIFFGetField(tiff, TIFFTAG_XRESOLUTION, &x_resolution) == 1)
        scan.x_per_inch = static_cast<double>(x_resolution);
    if (TIFFGetField(tiff, TIFFTAG_YRESOLUTION, &y_resolution) == 1)
        scan.y_per_inch = static_cast<double>(y_resolution);
    constexpr double kCentimetresPerInch = 2.54;
    const std::uint16_t unit = short_tag(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
    if (unit == RESUNIT_CENTIMETER) {
        scan.x_per_inch *= kCentimetresPerInch;
        scan.y_per_inch *= kCentimetresPerInch;
    }
    scan.absolute = unit != RESUNIT_NONE;
    PageFiller page(*layout);
    const Result<void> read = layout->through_rgba ? read_through_rgba(tiff, io, *layout, page, context.limits)
                              : layout->tiled      ? read_tiles(tiff, io, *layout, page, context.limits)
                                                   : read_rows(tiff, io, *layout, page);
    if (!read) return read.error();
    if (page.too_much_lost()) return too_much_lost(io, layout->height, layout->height);
    scan.image = page.take();
    return scan;
}

class TiffFile final : public OpenFile {
public:
    TiffFile(std::unique_ptr<TiffIo> io, TiffPtr tiff, Chain chain)
        : io_(std::move(io)), tiff_(std::move(tiff)), chain_(std::move(chain))
    {
    }
    FileFormat format() const override { return FileFormat::tiff; }
    int page_count() const override { return static_cast<int>(chain_.pages.size()) + (chain_.broken ? 1 : 0); }
    Result<DecodedPage> page(int index, const StageContext& context) override
    {
        if (index < 0 || index >= page_count()) return no_such_page(index, page_count());
        const auto at = static_cast<std::size_t>(index);
        if (at == chain_.pages.size()) return fault(FaultKind::corrupt, "tiff: " + *chain_.broken);
        return without_exceptions([&]() -> Result<DecodedPage> {
            Result<Scan> scan = read_page(tiff_.get(), *io_, chain_.pages[at], context);
            if (!scan && io_->unmarked_rows && !io_->outside_fault()) {
                Result<Scan> again = read_page(tiff_.get(), *io_, chain_.pages[at], context, FaxRows::unmarked);
                if (again) scan = std::move(again);
            }
            if (!scan) return scan.error();
            return finished(std::move(*scan), context);
        });
    }

private:
    std::unique_ptr<TiffIo> io_;  // outlives the handle, whose callbacks use it
    TiffPtr tiff_;
    Chain chain_;
};

// ---- fax data without a file -------------------------------------------------------------------------------------

/// A TIFF header in front of fax data, so that libtiff reads it in place.
class FaxSource final : public ByteSource {
public:
    FaxSource(std::vector<std::byte> head, std::shared_ptr<const ByteSource> data)
        : head_(std::move(head)), data_(std::move(data))
    {
    }
    std::uint64_t size_bytes() const override { return head_.size() + data_->size_bytes(); }
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) const override
    {
        std::size_t done = 0;
        if (offset < head_.size()) {
            done = std::min(into.size(), head_.size() - static_cast<std::size_t>(offset));
            std::memcpy(into.data(), head_.data() + offset, done);
        }
        if (done == into.size()) return done;
        const Result<std::size_t> rest = data_->read_at(offset + done - head_.size(), into.subspan(done));
        if (!rest) return rest.error();
        return done + *rest;
    }

private:
    std::vector<std::byte> head_;
    std::shared_ptr<const ByteSource> data_;
};

constexpr std::uint32_t kFaxDirectoryOffset = 8;

std::vector<std::byte> fax_head(const FaxData& fax, std::uint32_t data_bytes)
{
    const auto group3 = static_cast<std::uint32_t>(fax.k > 0 ? GROUP3OPT_2DENCODING : 0);
    struct Entry {
        std::uint16_t tag, type;
        std::uint32_t value;
    };
    std::vector<Entry> entries{
        {TIFFTAG_IMAGEWIDTH, TIFF_LONG, static_cast<std::uint32_t>(fax.columns_px)},
        {TIFFTAG_IMAGELENGTH, TIFF_LONG, static_cast<std::uint32_t>(fax.rows_px)},
        {TIFFTAG_BITSPERSAMPLE, TIFF_SHORT, 1},
        {TIFFTAG_COMPRESSION, TIFF_SHORT,
         static_cast<std::uint32_t>(fax.k < 0 ? COMPRESSION_CCITTFAX4 : COMPRESSION_CCITTFAX3)},
        {TIFFTAG_PHOTOMETRIC, TIFF_SHORT, PHOTOMETRIC_MINISWHITE},
        {TIFFTAG_STRIPOFFSETS, TIFF_LONG, 0},
        {TIFFTAG_SAMPLESPERPIXEL, TIFF_SHORT, 1},
        {TIFFTAG_ROWSPERSTRIP, TIFF_LONG, static_cast<std::uint32_t>(fax.rows_px)},
        {TIFFTAG_STRIPBYTECOUNTS, TIFF_LONG, data_bytes},
    };
    if (fax.k >= 0) entries.push_back({TIFFTAG_GROUP3OPTIONS, TIFF_LONG, group3});
    const auto head_bytes = static_cast<std::uint32_t>(kFaxDirectoryOffset + 2 + 12 * entries.size() + 4);
    entries[5].value = head_bytes;
    std::vector<std::byte> head;
    const auto put = [&head](std::uint32_t value, int bytes) {
        for (int i = 0; i < bytes; ++i) head.push_back(static_cast<std::byte>(value >> (8 * i)));
    };
    put(0x002A4949, 4);  // "II", 42
    put(kFaxDirectoryOffset, 4);
    put(static_cast<std::uint32_t>(entries.size()), 2);
    for (const Entry& entry : entries) {
        put(entry.tag, 2);
        put(entry.type, 2);
        put(1, 4);
        put(entry.value, 4);
    }
    put(0, 4);
    return head;
}

}  // namespace

Result<std::unique_ptr<OpenFile>> open_tiff(std::shared_ptr<const ByteSource> bytes, const StageContext& context)
{
    Result<Chain> chain = walk(*bytes, context);
    if (!chain) return chain.error();
    auto io = std::make_unique<TiffIo>(std::move(bytes));
    io->begin(context);
    TiffPtr tiff = open_handle(*io, context.limits);
    if (!tiff) return io->corrupt("tiff header cannot be read");
    return std::unique_ptr<OpenFile>(std::make_unique<TiffFile>(std::move(io), std::move(tiff), std::move(*chain)));
}

Result<Scan> read_fax(const FaxData& fax, std::shared_ptr<const ByteSource> bytes, const StageContext& context)
{
    if (auto allowed = size_allowed(fax.columns_px, fax.rows_px, context.limits); !allowed) return allowed.error();
    constexpr std::uint64_t kMostFaxBytes = std::uint64_t{1} << 31;  // offsets in a classic TIFF are 32 bits
    const std::uint64_t size = bytes->size_bytes();
    if (size > kMostFaxBytes)
        return fault(FaultKind::limit, fmt::format("fax data is {} bytes; {} are allowed", size, kMostFaxBytes));
    TiffIo io(std::make_shared<FaxSource>(fax_head(fax, static_cast<std::uint32_t>(size)), std::move(bytes)));
    io.begin(context);
    const TiffPtr tiff = open_handle(io, context.limits);
    if (!tiff) return io.corrupt("fax data cannot be read");
    if (fax.k != 0) return read_page(tiff.get(), io, kFaxDirectoryOffset, context);
    // The end-of-line marks of one-dimensional data are optional, and what the file says of them is not reliable.
    const FaxRows unmarked = fax.byte_aligned ? FaxRows::unmarked_aligned : FaxRows::unmarked;
    Result<Scan> scan =
        read_page(tiff.get(), io, kFaxDirectoryOffset, context, fax.marked ? FaxRows::marked : unmarked);
    if (!scan && scan.error().kind == FaultKind::corrupt) {
        Result<Scan> again =
            read_page(tiff.get(), io, kFaxDirectoryOffset, context, fax.marked ? unmarked : FaxRows::marked);
        if (again) return again;
    }
    return scan;
}

}  // namespace chartlift::decode
