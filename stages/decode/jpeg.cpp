// SPDX-License-Identifier: GPL-3.0-or-later
// JPEG (ITU-T T.81) through libjpeg-turbo, with EXIF through libexif.
#include <fmt/format.h>
// libjpeg's header needs these two before it
#include <cstddef>
#include <cstdio>
//
#include <jerror.h>
#include <jpeglib.h>
#include <libexif/exif-data.h>

#include <array>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "stages/adapters/pixels.h"
#include "stages/decode/formats.h"
#include "stages/decode/guarded.h"

namespace chartlift::decode {
namespace {

using adapters::PixelBuffer;

constexpr std::size_t kReadBytes = 64 << 10;
constexpr std::uint64_t kMostHeaderBytes = 64 << 20;  // markers before the first scan; a photograph's take under 1 MB
constexpr int kMostScans = 200;                       // a progressive file has about ten; each one costs a whole pass
constexpr int kMarkerBytes = 0xFFFF;
/// Huffman coding spends at least one bit on a block of 8 x 8 samples, so that one byte is at most 512 pixels.
constexpr std::uint64_t kMostPixelsPerByte = 512;

struct Decoder {
    jpeg_decompress_struct info{};
    jpeg_error_mgr errors{};
    jpeg_source_mgr source{};
    jpeg_progress_mgr progress{};
    std::jmp_buf escape;
    Cursor* cursor = nullptr;
    std::array<JOCTET, kReadBytes> buffer;
    bool header_done = false;
    bool stopped = false;     ///< by us: deadline, stop, too many scans
    double first_hole = 1.0;  ///< share of the rows that were read when data was first found missing or wrong
    std::array<char, JMSG_LENGTH_MAX> reason{};

    Decoder() = default;
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;
    ~Decoder() { jpeg_destroy_decompress(&info); }
};

Decoder& decoder_of(j_common_ptr info)
{
    return *static_cast<Decoder*>(info->client_data);
}

[[noreturn]] void on_error(j_common_ptr info)
{
    Decoder& decoder = decoder_of(info);
    if (decoder.reason[0] == 0) info->err->format_message(info, decoder.reason.data());
    std::longjmp(decoder.escape, 1);
}

void on_message(j_common_ptr info, int level)
{
    if (level >= 0) return;
    switch (info->err->msg_code) {
        case JWRN_HIT_MARKER:
        case JWRN_HUFF_BAD_CODE: break;
        default: return;  // stray bytes and the like cost no pixels
    }
    Decoder& decoder = decoder_of(info);
    const jpeg_decompress_struct& image = decoder.info;
    const double done = image.total_iMCU_rows == 0
                            ? 0.0
                            : static_cast<double>(image.input_iMCU_row) / static_cast<double>(image.total_iMCU_rows);
    // The last row group of a small picture begins early; what counts is where it ends.
    const double end = image.total_iMCU_rows < 10 && image.input_iMCU_row + 1 >= image.total_iMCU_rows ? 0.0 : done;
    decoder.first_hole = std::min(decoder.first_hole, end);
}

void no_output(j_common_ptr) {}

void on_progress(j_common_ptr info)
{
    Decoder& decoder = decoder_of(info);
    const bool too_many = decoder.info.input_scan_number > kMostScans;
    if (!too_many && decoder.cursor->context().still_wanted(Decode::name)) return;
    decoder.stopped = true;
    std::longjmp(decoder.escape, 1);
}

void begin_source(j_decompress_ptr) {}

boolean fill_source(j_decompress_ptr info)
{
    Decoder& decoder = decoder_of(reinterpret_cast<j_common_ptr>(info));
    std::size_t got = 0;
    if (decoder.header_done || decoder.cursor->at() < kMostHeaderBytes)
        got = decoder.cursor->read(reinterpret_cast<std::byte*>(decoder.buffer.data()), decoder.buffer.size());
    if (got == 0) {  // as libjpeg's own source does: pretend that the picture ends here
        decoder.buffer[0] = 0xFF;
        decoder.buffer[1] = JPEG_EOI;
        got = 2;
    }
    decoder.source.next_input_byte = decoder.buffer.data();
    decoder.source.bytes_in_buffer = got;
    return TRUE;
}

void skip_source(j_decompress_ptr info, long count)
{
    if (count <= 0) return;
    Decoder& decoder = decoder_of(reinterpret_cast<j_common_ptr>(info));
    const auto bytes = static_cast<std::size_t>(count);
    if (bytes <= decoder.source.bytes_in_buffer) {
        decoder.source.next_input_byte += bytes;
        decoder.source.bytes_in_buffer -= bytes;
        return;
    }
    decoder.cursor->skip(bytes - decoder.source.bytes_in_buffer);
    decoder.source.bytes_in_buffer = 0;
}

void end_source(j_decompress_ptr) {}

/// Orientation, and the resolution where JFIF gives none.
void apply_exif(const jpeg_decompress_struct& info, Scan& scan)
{
    for (const jpeg_marker_struct* marker = info.marker_list; marker != nullptr; marker = marker->next) {
        if (marker->marker != JPEG_APP0 + 1 || marker->data_length < 14) continue;
        if (std::memcmp(marker->data, "Exif\0", 6) != 0) continue;  // XMP uses the same marker
        const std::unique_ptr<ExifData, void (*)(ExifData*)> exif(
            exif_data_new_from_data(marker->data, marker->data_length), [](ExifData* d) { exif_data_unref(d); });
        if (!exif) continue;
        const ExifByteOrder order = exif_data_get_byte_order(exif.get());
        const auto entry_of = [&exif](ExifTag tag, ExifFormat format) -> const ExifEntry* {
            const ExifEntry* entry = exif_content_get_entry(exif->ifd[EXIF_IFD_0], tag);
            const bool fits = entry != nullptr && entry->format == format && entry->components == 1 &&
                              entry->data != nullptr && entry->size >= exif_format_get_size(format);
            return fits ? entry : nullptr;
        };
        if (const ExifEntry* entry = entry_of(EXIF_TAG_ORIENTATION, EXIF_FORMAT_SHORT))
            scan.orientation = exif_get_short(entry->data, order);
        if (scan.x_per_inch > 0) return;
        const auto rational = [&](ExifTag tag) {
            const ExifEntry* entry = entry_of(tag, EXIF_FORMAT_RATIONAL);
            if (entry == nullptr) return 0.0;
            const ExifRational value = exif_get_rational(entry->data, order);
            return value.denominator == 0 ? 0.0 : static_cast<double>(value.numerator) / value.denominator;
        };
        const ExifEntry* unit = entry_of(EXIF_TAG_RESOLUTION_UNIT, EXIF_FORMAT_SHORT);
        const double scale = unit != nullptr && exif_get_short(unit->data, order) == 3 ? 2.54 : 1.0;
        scan.x_per_inch = rational(EXIF_TAG_X_RESOLUTION) * scale;
        scan.y_per_inch = rational(EXIF_TAG_Y_RESOLUTION) * scale;
        return;
    }
}

void apply_density(const jpeg_decompress_struct& info, Scan& scan)
{
    if (info.saw_JFIF_marker == FALSE) return;
    const double scale = info.density_unit == 2 ? 2.54 : 1.0;
    if (info.density_unit == 0 && info.X_density == info.Y_density) return;  // says nothing: EXIF may
    scan.x_per_inch = info.X_density * scale;
    scan.y_per_inch = info.Y_density * scale;
    scan.absolute = info.density_unit != 0;
}

Fault failed(const Decoder& decoder)
{
    if (auto outside = decoder.cursor->outside_fault()) return *outside;
    if (decoder.stopped) return fault(FaultKind::limit, fmt::format("jpeg has more than {} scans", kMostScans));
    return fault(FaultKind::corrupt, "jpeg: " + short_reason(decoder.reason.data()));
}

}  // namespace

Result<Scan> read_jpeg(const ByteSource& bytes, const StageContext& context, const std::optional<JpegInPdf>& in_pdf)
{
    Cursor cursor(bytes, context);
    const auto decoder_owner = std::make_unique<Decoder>();  // 64 KB: not for the stack
    Decoder& decoder = *decoder_owner;
    jpeg_decompress_struct& info = decoder.info;
    decoder.cursor = &cursor;
    info.err = jpeg_std_error(&decoder.errors);
    decoder.errors.error_exit = &on_error;
    decoder.errors.emit_message = &on_message;
    decoder.errors.output_message = &no_output;
    info.client_data = &decoder;
    decoder.source = {nullptr, 0, &begin_source, &fill_source, &skip_source, &jpeg_resync_to_restart, &end_source};
    decoder.progress.progress_monitor = &on_progress;

    if (!guarded(decoder.escape, [&] {
            jpeg_create_decompress(&info);
            info.client_data = &decoder;
            info.src = &decoder.source;
            info.progress = &decoder.progress;
            jpeg_save_markers(&info, JPEG_APP0 + 1, kMarkerBytes);
            jpeg_read_header(&info, TRUE);
        }))
        return failed(decoder);
    decoder.header_done = true;

    if (auto allowed = size_allowed(info.image_width, info.image_height, context.limits); !allowed)
        return allowed.error();
    const std::uint64_t pixels = std::uint64_t{info.image_width} * info.image_height;
    if (info.arith_code == FALSE && pixels / kMostPixelsPerByte > bytes.size_bytes())
        return fault(FaultKind::corrupt, fmt::format("jpeg of {} x {} px in {} bytes: most of it is missing",
                                                     info.image_width, info.image_height, bytes.size_bytes()));
    const int components = info.num_components;
    if (in_pdf && in_pdf->components != components)
        return fault(FaultKind::unsupported, "jpeg has another number of components than its colour space");
    switch (components) {
        case 1: info.out_color_space = JCS_GRAYSCALE; break;
        case 3: info.out_color_space = JCS_RGB; break;
        case 4: info.out_color_space = JCS_CMYK; break;
        default:
            return fault(FaultKind::unsupported, fmt::format("jpeg has {} components; 1, 3 or 4 are read", components));
    }
    if (!guarded(decoder.escape, [&] { jpeg_start_decompress(&info); })) return failed(decoder);

    const PixelFormat format = components == 1 ? PixelFormat::gray8 : PixelFormat::rgb24;
    const auto width = static_cast<int>(info.output_width);
    const auto height = static_cast<int>(info.output_height);
    PixelBuffer page(format, width, height);
    std::vector<std::uint8_t> inks(components == 4 ? std::size_t{info.output_width} * 4 : 0);
    // Adobe stores CMYK with 255 for no ink; a PDF says so by its Decode array instead.
    const bool inverted = in_pdf ? in_pdf->inverted : components == 4 && info.saw_Adobe_marker != FALSE;
    for (int y = 0; y < height; ++y) {
        std::uint8_t* row = page.row(y);
        JSAMPROW line = components == 4 ? inks.data() : row;
        if (!guarded(decoder.escape, [&] { jpeg_read_scanlines(&info, &line, 1); })) return failed(decoder);
        if (components == 4) {
            const unsigned flip = inverted ? 255U : 0U;
            for (std::size_t x = 0; x < info.output_width; ++x)
                cmyk_to_rgb(inks[4 * x] ^ flip, inks[4 * x + 1] ^ flip, inks[4 * x + 2] ^ flip, inks[4 * x + 3] ^ flip,
                            row + 3 * x);
        } else if (inverted) {
            for (std::size_t x = 0; x < row_bytes(format, width); ++x) row[x] = static_cast<std::uint8_t>(255 - row[x]);
        }
    }
    if (auto outside = cursor.outside_fault()) return *outside;
    const bool passes = jpeg_has_multiple_scans(&info) != FALSE;  // a hole in one pass harms the whole page
    if (decoder.first_hole < (passes ? 1.0 : 1.0 - kTolerableLoss))
        return fault(FaultKind::corrupt, fmt::format("jpeg: data is missing or wrong from {:.0f} % of the page on",
                                                     decoder.first_hole * 100));
    Scan scan;
    scan.image = std::move(page).freeze();
    if (!in_pdf) {
        apply_density(info, scan);
        apply_exif(info, scan);
    }
    return scan;
}

}  // namespace chartlift::decode
