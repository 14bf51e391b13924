// SPDX-License-Identifier: GPL-3.0-or-later
// PNG (ISO/IEC 15948) through libpng. Bilevel and palette rows are kept packed; transparency is laid on white.
#include <png.h>

#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "stages/adapters/pixels.h"
#include "stages/decode/formats.h"
#include "stages/decode/guarded.h"

namespace chartlift::decode {
namespace {

using adapters::PixelBuffer;

constexpr std::size_t kReasonBytes = 128;
constexpr png_alloc_size_t kMostChunkBytes = 8 << 20;  // colour profiles take up to about 2 MB
constexpr int kMostChunks = 1000;
constexpr int kRowsBetweenChecks = 64;

struct Decoder {
    png_structp png = nullptr;
    png_infop info = nullptr;
    std::jmp_buf escape;
    Cursor* cursor = nullptr;
    std::array<char, kReasonBytes> reason{};

    Decoder() = default;
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;
    ~Decoder() { png_destroy_read_struct(&png, &info, nullptr); }
};

[[noreturn]] void on_error(png_structp png, png_const_charp message)
{
    auto* decoder = static_cast<Decoder*>(png_get_error_ptr(png));
    std::strncpy(decoder->reason.data(), message, kReasonBytes - 1);
    std::longjmp(decoder->escape, 1);
}

void on_warning(png_structp, png_const_charp) {}

void read_bytes(png_structp png, png_bytep into, png_size_t count)
{
    auto* decoder = static_cast<Decoder*>(png_get_io_ptr(png));
    if (decoder->cursor->read(reinterpret_cast<std::byte*>(into), count) != count)
        png_error(png, "file ends too early");
}

Fault failed(const Decoder& decoder)
{
    if (auto outside = decoder.cursor->outside_fault()) return *outside;
    return fault(FaultKind::corrupt, "png: " + short_reason(decoder.reason.data()));
}

/// What the stored samples mean.
struct Look {
    PixelFormat format = PixelFormat::gray8;
    int channels = 1;    ///< bytes a pixel as libpng hands them over, 0 for packed bits
    bool alpha = false;  ///< the last channel
    bool palette = false;
    bool one_is_black = false;                ///< of packed bits
    std::array<std::uint8_t, 768> colours{};  ///< of a palette, on white
};

void convert(const Look& look, const std::uint8_t* from, int width, std::uint8_t* to)
{
    const std::size_t out = look.format == PixelFormat::gray8 ? 1 : 3;
    for (int x = 0; x < width; ++x, from += look.channels, to += out) {
        if (look.palette) {
            std::memcpy(to, look.colours.data() + std::size_t{3} * from[0], out);
        } else {
            for (std::size_t c = 0; c < out; ++c) to[c] = look.alpha ? over_white(from[c], from[out]) : from[c];
        }
    }
}

/// Asks libpng for the transforms that fit, and says what will come.
Look set_up(png_structp png, png_infop info)
{
    Look look;
    const int type = png_get_color_type(png, info);
    const int depth = png_get_bit_depth(png, info);
    const bool keyed = png_get_valid(png, info, PNG_INFO_tRNS) != 0;
    if (depth == 16) png_set_scale_16(png);
    if (type == PNG_COLOR_TYPE_PALETTE) {
        png_colorp colours = nullptr;
        int count = 0;
        png_get_PLTE(png, info, &colours, &count);
        png_bytep opacity = nullptr;
        int opacity_count = 0;
        if (keyed) png_get_tRNS(png, info, &opacity, &opacity_count, nullptr);
        bool gray = true, black_and_white = true;
        for (int i = 0; i < count && i < 256; ++i) {
            const unsigned alpha = i < opacity_count ? opacity[i] : 255U;
            std::uint8_t* rgb = look.colours.data() + 3 * i;
            rgb[0] = over_white(colours[i].red, alpha);
            rgb[1] = over_white(colours[i].green, alpha);
            rgb[2] = over_white(colours[i].blue, alpha);
            gray &= rgb[0] == rgb[1] && rgb[1] == rgb[2];
            black_and_white &= gray && (rgb[0] == 0 || rgb[0] == 255);
        }
        if (depth == 1 && count == 2 && black_and_white && look.colours[0] != look.colours[3]) {
            look.format = PixelFormat::bilevel;
            look.channels = 0;
            look.one_is_black = look.colours[3] == 0;
            return look;
        }
        png_set_packing(png);
        look.palette = true;
        look.format = gray ? PixelFormat::gray8 : PixelFormat::rgb24;
        return look;
    }
    if (type == PNG_COLOR_TYPE_GRAY && depth == 1 && !keyed) {
        look.format = PixelFormat::bilevel;
        look.channels = 0;
        return look;
    }
    if (type == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(png);
    if (keyed) png_set_tRNS_to_alpha(png);
    const bool colour = (type & PNG_COLOR_MASK_COLOR) != 0;
    look.alpha = keyed || (type & PNG_COLOR_MASK_ALPHA) != 0;
    look.format = colour ? PixelFormat::rgb24 : PixelFormat::gray8;
    look.channels = (colour ? 3 : 1) + (look.alpha ? 1 : 0);
    return look;
}

}  // namespace

Result<Scan> read_png(const ByteSource& bytes, const StageContext& context)
{
    Cursor cursor(bytes, context);
    Decoder decoder;
    decoder.cursor = &cursor;
    decoder.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoder, &on_error, &on_warning);
    if (decoder.png == nullptr) throw std::bad_alloc();
    decoder.info = png_create_info_struct(decoder.png);
    if (decoder.info == nullptr) throw std::bad_alloc();
    png_structp png = decoder.png;
    png_infop info = decoder.info;
    png_set_read_fn(png, &decoder, &read_bytes);
    png_set_chunk_malloc_max(png, kMostChunkBytes);
    png_set_chunk_cache_max(png, kMostChunks);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // ours say it better

    if (!guarded(decoder.escape, [&] { png_read_info(png, info); })) return failed(decoder);
    const std::uint32_t width_px = png_get_image_width(png, info);
    const std::uint32_t height_px = png_get_image_height(png, info);
    if (auto allowed = size_allowed(width_px, height_px, context.limits); !allowed) return allowed.error();
    const auto width = static_cast<int>(width_px);
    const auto height = static_cast<int>(height_px);

    Look look;
    int passes = 1;
    if (!guarded(decoder.escape, [&] {
            look = set_up(png, info);
            passes = png_set_interlace_handling(png);
            png_read_update_info(png, info);
        }))
        return failed(decoder);
    const std::size_t line_bytes = png_get_rowbytes(png, info);
    const std::size_t expected = look.channels == 0 ? row_bytes(PixelFormat::bilevel, width)
                                                    : std::size_t{width_px} * static_cast<std::size_t>(look.channels);
    if (line_bytes != expected) return fault(FaultKind::unsupported, "png samples lie in an unknown way");

    PixelBuffer page(look.format, width, height);
    // Rows go straight into the page where they have its shape; an interlaced page with another shape is kept whole.
    const bool direct = !look.alpha && !look.palette;
    std::vector<std::uint8_t> raw(direct ? 0 : line_bytes * (passes > 1 ? height_px : 1));
    for (int pass = 0; pass < passes; ++pass) {
        for (int y = 0; y < height; ++y) {
            if (y % kRowsBetweenChecks == 0)
                if (auto outside = cursor.outside_fault()) return *outside;
            std::uint8_t* line =
                direct ? page.row(y) : raw.data() + (passes > 1 ? line_bytes * static_cast<std::size_t>(y) : 0);
            if (!guarded(decoder.escape, [&] { png_read_row(png, line, nullptr); })) return failed(decoder);
            if (!direct && pass + 1 == passes) convert(look, line, width, page.row(y));
        }
    }
    if (look.format == PixelFormat::bilevel) {
        for (int y = 0; y < height && !look.one_is_black; ++y)
            for (std::size_t i = 0; i < line_bytes; ++i) page.row(y)[i] = static_cast<std::uint8_t>(~page.row(y)[i]);
        page.clear_padding_bits();
    }
    Scan scan;
    scan.image = std::move(page).freeze();
    png_uint_32 x_per_unit = 0, y_per_unit = 0;
    int unit = PNG_RESOLUTION_UNKNOWN;
    if (png_get_pHYs(png, info, &x_per_unit, &y_per_unit, &unit) != 0) {
        constexpr double kMetresPerInch = 0.0254;
        scan.x_per_inch = x_per_unit * kMetresPerInch;
        scan.y_per_inch = y_per_unit * kMetresPerInch;
        scan.absolute = unit == PNG_RESOLUTION_METER;
    }
    return scan;
}

}  // namespace chartlift::decode
