// SPDX-License-Identifier: GPL-3.0-or-later
// JPEG 2000 (ITU-T T.800) files and code streams through OpenJPEG. Resolution boxes (annex I.5.3.7) are read here,
// because OpenJPEG passes over them.
#include <fmt/format.h>
#include <openjpeg.h>

#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <utility>

#include "stages/adapters/pixels.h"
#include "stages/decode/formats.h"

namespace chartlift::decode {
namespace {

using adapters::PixelBuffer;

constexpr std::size_t kReadBytes = 1 << 20;
/// OpenJPEG holds every sample as 32 bits until the whole picture is done: 89 M pixels of colour, 600 dpi of 14 x 17
/// in.
constexpr std::int64_t kMostSampleBytes = std::int64_t{1} << 30;
constexpr unsigned kMostPrecision_bits = 16;

struct Input {
    Cursor cursor;
    std::string reason;
};

OPJ_SIZE_T read_bytes(void* into, OPJ_SIZE_T count, void* user)
{
    const std::size_t got = static_cast<Input*>(user)->cursor.read(static_cast<std::byte*>(into), count);
    return got == 0 ? static_cast<OPJ_SIZE_T>(-1) : got;
}

OPJ_OFF_T skip_bytes(OPJ_OFF_T count, void* user)
{
    if (count < 0) return -1;
    static_cast<Input*>(user)->cursor.skip(static_cast<std::uint64_t>(count));
    return count;
}

OPJ_BOOL seek_bytes(OPJ_OFF_T offset, void* user)
{
    Cursor& cursor = static_cast<Input*>(user)->cursor;
    if (offset < 0 || static_cast<std::uint64_t>(offset) > cursor.size_bytes()) return OPJ_FALSE;
    cursor.seek(static_cast<std::uint64_t>(offset));
    return OPJ_TRUE;
}

void on_error(const char* message, void* user)
{
    std::string& reason = static_cast<Input*>(user)->reason;
    if (reason.empty()) reason = short_reason(message);
}

void on_message(const char*, void*) {}

struct CodecDeleter {
    void operator()(opj_codec_t* codec) const { opj_destroy_codec(codec); }
};
struct StreamDeleter {
    void operator()(opj_stream_t* stream) const { opj_stream_destroy(stream); }
};
struct ImageDeleter {
    void operator()(opj_image_t* image) const { opj_image_destroy(image); }
};

std::uint64_t big_endian(const std::byte* at, std::size_t bytes)
{
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value = (value << 8) | std::to_integer<std::uint64_t>(at[i]);
    return value;
}

constexpr std::uint64_t box_type(std::string_view name)
{
    std::uint64_t type = 0;
    for (const char c : name) type = (type << 8) | static_cast<unsigned char>(c);
    return type;
}

/// Looks for 'res ' inside 'jp2h' and takes the capture resolution, else the display resolution.
void apply_resolution(const ByteSource& bytes, Scan& scan)
{
    constexpr int kMostBoxes = 64;
    constexpr double kMetresPerInch = 0.0254;
    std::uint64_t at = 0, end = bytes.size_bytes();
    bool captured = false;
    for (int i = 0; i < kMostBoxes && at + 8 <= end; ++i) {
        std::array<std::byte, 18> head{};
        const Result<std::size_t> got = bytes.read_at(at, head);
        if (!got || *got < 8) return;
        const std::uint64_t size = big_endian(head.data(), 4);
        const std::uint64_t type = big_endian(head.data() + 4, 4);
        if (type == box_type("jp2h") || type == box_type("res ")) {  // step inside
            if (size >= 8 && at + size <= end) end = at + size;
            at += 8;
            continue;
        }
        if ((type == box_type("resc") || type == box_type("resd")) && size == 18 && *got == 18 && !captured) {
            captured = type == box_type("resc");
            const auto value = [&head](std::size_t number_at, std::size_t exponent_at) {
                const auto denominator = static_cast<double>(big_endian(head.data() + number_at + 2, 2));
                const auto exponent = static_cast<signed char>(big_endian(head.data() + exponent_at, 1));
                return denominator == 0 ? 0.0
                                        : static_cast<double>(big_endian(head.data() + number_at, 2)) / denominator *
                                              std::pow(10.0, exponent) * kMetresPerInch;
            };
            scan.y_per_inch = value(8, 16);
            scan.x_per_inch = value(12, 17);
        }
        if (size < 8 || type == box_type("jp2c"))
            return;  // to the end of the file, or 64-bit: no header box is so long
        at += size;
    }
}

/// One component, scaled to 8 bits and looked up by pixel of the full picture.
class Plane {
public:
    Plane(const opj_image_comp_t& component, std::uint32_t width_px, std::uint32_t height_px)
        : component_(component), width_px_(width_px), height_px_(height_px)
    {
    }
    std::uint8_t at(std::uint32_t x, std::uint32_t y) const
    {
        const std::uint64_t column = std::uint64_t{x} * component_.w / width_px_;
        const std::uint64_t row = std::uint64_t{y} * component_.h / height_px_;
        std::int64_t value = component_.data[row * component_.w + column];
        if (component_.sgnd != 0) value += std::int64_t{1} << (component_.prec - 1);
        const std::int64_t largest = (std::int64_t{1} << component_.prec) - 1;
        return static_cast<std::uint8_t>(std::clamp<std::int64_t>(value, 0, largest) * 255 / largest);
    }

private:
    const opj_image_comp_t& component_;
    std::uint32_t width_px_;
    std::uint32_t height_px_;
};

/// ITU-R BT.601, full range, as in T.800 annex G.
void ycc_to_rgb(std::uint8_t* rgb)
{
    const double y = rgb[0], cb = rgb[1] - 128.0, cr = rgb[2] - 128.0;
    const auto byte = [](double value) { return static_cast<std::uint8_t>(std::clamp(value + 0.5, 0.0, 255.0)); };
    rgb[0] = byte(y + 1.402 * cr);
    rgb[1] = byte(y - 0.344136 * cb - 0.714136 * cr);
    rgb[2] = byte(y + 1.772 * cb);
}

Fault failed(const Input& input)
{
    if (auto outside = input.cursor.outside_fault()) return *outside;
    return fault(FaultKind::corrupt,
                 "jpeg 2000: " + (input.reason.empty() ? std::string("data cannot be decoded") : input.reason));
}

}  // namespace

Result<Scan> read_jp2(const ByteSource& bytes, const StageContext& context, int components)
{
    Input input{Cursor(bytes, context), {}};
    std::array<std::byte, 4> magic{};
    const Result<std::size_t> got = bytes.read_at(0, magic);
    if (!got) return got.error();
    const bool boxed = *got == magic.size() && big_endian(magic.data(), 4) == 12;
    const std::unique_ptr<opj_codec_t, CodecDeleter> codec(
        opj_create_decompress(boxed ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K));
    const std::unique_ptr<opj_stream_t, StreamDeleter> stream(opj_stream_create(
        std::min<std::size_t>(kReadBytes, std::max<std::uint64_t>(bytes.size_bytes(), 64)), OPJ_TRUE));
    if (!codec || !stream) throw std::bad_alloc();
    opj_stream_set_read_function(stream.get(), &read_bytes);
    opj_stream_set_skip_function(stream.get(), &skip_bytes);
    opj_stream_set_seek_function(stream.get(), &seek_bytes);
    opj_stream_set_user_data(stream.get(), &input, nullptr);
    opj_stream_set_user_data_length(stream.get(), bytes.size_bytes());
    opj_set_error_handler(codec.get(), &on_error, &input);
    opj_set_warning_handler(codec.get(), &on_message, nullptr);
    opj_set_info_handler(codec.get(), &on_message, nullptr);
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    opj_image_t* raw = nullptr;
    if (opj_setup_decoder(codec.get(), &parameters) == OPJ_FALSE ||
        opj_read_header(stream.get(), codec.get(), &raw) == OPJ_FALSE)
        return failed(input);
    const std::unique_ptr<opj_image_t, ImageDeleter> image(raw);
    if (image->x1 <= image->x0 || image->y1 <= image->y0) return fault(FaultKind::corrupt, "jpeg 2000: page is empty");
    const std::uint32_t width_px = image->x1 - image->x0;
    const std::uint32_t height_px = image->y1 - image->y0;
    if (auto allowed = size_allowed(width_px, height_px, context.limits); !allowed) return allowed.error();
    const std::int64_t sample_bytes = std::int64_t{width_px} * height_px * image->numcomps * 4;
    if (image->numcomps < 1 || image->numcomps > 16 || sample_bytes > kMostSampleBytes)
        return fault(FaultKind::limit,
                     fmt::format("jpeg 2000 page of {} components needs {} bytes while it is decoded; {} "
                                 "are allowed",
                                 image->numcomps, sample_bytes, kMostSampleBytes));
    if (opj_decode(codec.get(), stream.get(), image.get()) == OPJ_FALSE) return failed(input);
    if (auto wanted = context.still_wanted(Decode::name); !wanted) return wanted.error();

    const std::uint32_t count = image->numcomps;
    for (std::uint32_t i = 0; i < count; ++i) {
        const opj_image_comp_t& component = image->comps[i];
        if (component.data == nullptr || component.w == 0 || component.h == 0)
            return fault(FaultKind::corrupt, "jpeg 2000: a component is empty");
        if (component.prec < 1 || component.prec > kMostPrecision_bits)
            return fault(FaultKind::unsupported, fmt::format("jpeg 2000 samples have {} bits; 1 to {} are read",
                                                             component.prec, kMostPrecision_bits));
    }
    const bool inks = image->color_space == OPJ_CLRSPC_CMYK || (components == 4 && count == 4);
    const std::uint32_t colours = inks ? 4 : count >= 3 ? 3 : 1;
    if (colours > count) return fault(FaultKind::corrupt, "jpeg 2000: fewer components than its colour space needs");
    if (components != 0 && components != static_cast<int>(colours))
        return fault(FaultKind::unsupported, "jpeg 2000 has another number of components than its colour space");
    const bool alpha = count > colours && (image->comps[colours].alpha != 0 || count == colours + 1);
    const bool subsampled = colours == 3 && (image->comps[1].dx > image->comps[0].dx);
    const bool ycc = colours == 3 && (image->color_space == OPJ_CLRSPC_SYCC || image->color_space == OPJ_CLRSPC_EYCC ||
                                      (subsampled && image->color_space != OPJ_CLRSPC_SRGB));
    std::vector<Plane> planes;
    for (std::uint32_t i = 0; i < colours + (alpha ? 1 : 0); ++i)
        planes.emplace_back(image->comps[i], width_px, height_px);

    PixelBuffer page(colours == 1 ? PixelFormat::gray8 : PixelFormat::rgb24, static_cast<int>(width_px),
                     static_cast<int>(height_px));
    const std::size_t out = colours == 1 ? 1 : 3;
    for (std::uint32_t y = 0; y < height_px; ++y) {
        std::uint8_t* to = page.row(static_cast<int>(y));
        for (std::uint32_t x = 0; x < width_px; ++x, to += out) {
            if (colours == 4) {
                cmyk_to_rgb(planes[0].at(x, y), planes[1].at(x, y), planes[2].at(x, y), planes[3].at(x, y), to);
            } else {
                for (std::size_t c = 0; c < out; ++c) to[c] = planes[c].at(x, y);
                if (ycc) ycc_to_rgb(to);
            }
            if (alpha) {
                const unsigned opacity = planes[colours].at(x, y);
                for (std::size_t c = 0; c < out; ++c) to[c] = over_white(to[c], opacity);
            }
        }
    }
    Scan scan;
    scan.image = std::move(page).freeze();
    if (boxed) apply_resolution(bytes, scan);
    return scan;
}

}  // namespace chartlift::decode
