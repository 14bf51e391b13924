// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/export/encode.h"

#include <csetjmp>
#include <cstddef>
#include <cstdio>
// jpeglib.h needs size_t and FILE declared before it.
#include <fmt/core.h>
#include <jpeglib.h>
#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <opencv2/imgproc.hpp>
#include <qpdf/Pl_Flate.hh>
#include <qpdf/Pl_String.hh>
#include <vector>

#include "stages/adapters/opencv.h"
#include "stages/adapters/pixels.h"

namespace chartlift {
namespace {

constexpr const char* kWhere = "export";
constexpr int kLargestJpegSide_px = 65'500;  // JPEG_MAX_DIMENSION of libjpeg
constexpr int kThumbnailQuality = 75;

Fault library_fault(std::string what)
{
    return {FaultKind::library, kWhere, std::move(what)};
}

// ---- G4: libtiff writes a one-strip TIFF into memory; the strip is the PDF stream.

struct MemoryFile {
    std::string bytes;
    std::size_t at = 0;
};

tmsize_t read_memory(thandle_t handle, void* into, tmsize_t size)
{
    auto& file = *static_cast<MemoryFile*>(handle);
    const std::size_t left = file.bytes.size() - std::min(file.at, file.bytes.size());
    const std::size_t taken = std::min(static_cast<std::size_t>(size), left);
    std::memcpy(into, file.bytes.data() + file.at, taken);
    file.at += taken;
    return static_cast<tmsize_t>(taken);
}

tmsize_t write_memory(thandle_t handle, void* from, tmsize_t size)
{
    auto& file = *static_cast<MemoryFile*>(handle);
    const auto count = static_cast<std::size_t>(size);
    if (file.at + count > file.bytes.size()) file.bytes.resize(file.at + count);
    std::memcpy(file.bytes.data() + file.at, from, count);
    file.at += count;
    return size;
}

toff_t seek_memory(thandle_t handle, toff_t offset, int whence)
{
    auto& file = *static_cast<MemoryFile*>(handle);
    const std::size_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? file.at : file.bytes.size();
    file.at = base + static_cast<std::size_t>(offset);
    return file.at;
}

int close_memory(thandle_t)
{
    return 0;
}

toff_t size_of_memory(thandle_t handle)
{
    return static_cast<MemoryFile*>(handle)->bytes.size();
}

struct TiffCloser {
    void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};

Result<std::string> encode_g4(const Image& image)
{
    MemoryFile file;
    const std::unique_ptr<TIFF, TiffCloser> tiff(TIFFClientOpen(
        "memory", "wl", &file, read_memory, write_memory, seek_memory, close_memory, size_of_memory, nullptr, nullptr));
    if (!tiff) return library_fault("libtiff could not begin a page");
    TIFFSetField(tiff.get(), TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(image.width_px()));
    TIFFSetField(tiff.get(), TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(image.height_px()));
    TIFFSetField(tiff.get(), TIFFTAG_BITSPERSAMPLE, 1);
    TIFFSetField(tiff.get(), TIFFTAG_SAMPLESPERPIXEL, 1);
    TIFFSetField(tiff.get(), TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tiff.get(), TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
    TIFFSetField(tiff.get(), TIFFTAG_FILLORDER, FILLORDER_MSB2LSB);
    TIFFSetField(tiff.get(), TIFFTAG_COMPRESSION, COMPRESSION_CCITTFAX4);
    TIFFSetField(tiff.get(), TIFFTAG_ROWSPERSTRIP, static_cast<std::uint32_t>(image.height_px()));

    std::vector<std::uint8_t> row(row_bytes(PixelFormat::bilevel, image.width_px()));
    for (int y = 0; y < image.height_px(); ++y) {
        std::copy_n(image.row(y), row.size(), row.begin());
        if (TIFFWriteScanline(tiff.get(), row.data(), static_cast<std::uint32_t>(y), 0) < 0)
            return library_fault(fmt::format("libtiff gave up at row {} of {}", y, image.height_px()));
    }
    if (TIFFFlushData(tiff.get()) == 0) return library_fault("libtiff could not finish a page");
    const std::uint64_t offset = TIFFGetStrileOffset(tiff.get(), 0);
    const std::uint64_t size = TIFFGetStrileByteCount(tiff.get(), 0);
    if (offset == 0 || size == 0 || offset + size > file.bytes.size())
        return library_fault("libtiff wrote no strip for a page");
    return file.bytes.substr(offset, size);
}

// ---- JPEG

struct JpegErrors {
    jpeg_error_mgr base;
    std::jmp_buf back;
};

void jump_back(j_common_ptr compressor)
{
    std::longjmp(reinterpret_cast<JpegErrors*>(compressor->err)->back, 1);
}

void print_nothing(j_common_ptr) {}

/// Only plain C values live in this frame, so that longjmp may leave it. Returns false when libjpeg gave up.
bool compress_rows(const Image& image, Dpi dpi, int quality, unsigned char** bytes, unsigned long* size)
{
    jpeg_compress_struct jpeg;
    JpegErrors errors;
    jpeg.err = jpeg_std_error(&errors.base);
    errors.base.error_exit = jump_back;
    errors.base.output_message = print_nothing;
    if (setjmp(errors.back) != 0) {
        jpeg_destroy_compress(&jpeg);
        return false;
    }
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, bytes, size);
    jpeg.image_width = static_cast<JDIMENSION>(image.width_px());
    jpeg.image_height = static_cast<JDIMENSION>(image.height_px());
    jpeg.input_components = image.format() == PixelFormat::rgb24 ? 3 : 1;
    jpeg.in_color_space = image.format() == PixelFormat::rgb24 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, quality, TRUE);
    jpeg.optimize_coding = TRUE;  // a twentieth smaller for a few milliseconds
    const float rounded_dpi = std::clamp(std::round(dpi.value), 1.0F, 65'535.0F);
    jpeg.density_unit = 1;
    jpeg.X_density = static_cast<UINT16>(rounded_dpi);
    jpeg.Y_density = jpeg.X_density;
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < jpeg.image_height) {
        JSAMPROW row = const_cast<JSAMPROW>(image.row(static_cast<int>(jpeg.next_scanline)));  // libjpeg only reads it
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return true;
}

Result<std::string> encode_jpeg(const Image& image, Dpi dpi, int quality)
{
    unsigned char* bytes = nullptr;
    unsigned long size = 0;
    const bool done = compress_rows(image, dpi, quality, &bytes, &size);
    const std::unique_ptr<unsigned char, decltype(&std::free)> owner(bytes, &std::free);
    if (!done)
        return library_fault(fmt::format("libjpeg could not write {} x {} px", image.width_px(), image.height_px()));
    return std::string(reinterpret_cast<const char*>(bytes), size);
}

// ---- Flate with PNG filters

std::uint8_t paeth(int left, int above, int above_left)
{
    const int guess = left + above - above_left;
    const int to_left = std::abs(guess - left);
    const int to_above = std::abs(guess - above);
    const int to_corner = std::abs(guess - above_left);
    if (to_left <= to_above && to_left <= to_corner) return static_cast<std::uint8_t>(left);
    return static_cast<std::uint8_t>(to_above <= to_corner ? above : above_left);
}

enum RowFilter : std::uint8_t { kNone = 0, kSub = 1, kUp = 2, kPaeth = 4 };

/// Writes the filter's number and the filtered row; returns the sum of absolute differences, PNG's measure of cost.
std::uint64_t filter_row(RowFilter filter, const std::uint8_t* row, const std::uint8_t* above, std::size_t size,
                         std::size_t pixel_bytes, std::vector<std::uint8_t>& out)
{
    out[0] = filter;
    std::uint64_t cost = 0;
    for (std::size_t i = 0; i < size; ++i) {
        const int left = i >= pixel_bytes ? row[i - pixel_bytes] : 0;
        const int corner = i >= pixel_bytes ? above[i - pixel_bytes] : 0;
        int guess = 0;
        switch (filter) {
            case kNone: break;
            case kSub: guess = left; break;
            case kUp: guess = above[i]; break;
            case kPaeth: guess = paeth(left, above[i], corner); break;
        }
        const auto difference = static_cast<std::uint8_t>(row[i] - guess);
        out[i + 1] = difference;
        cost += difference < 128 ? difference : 256U - difference;
    }
    return cost;
}

Result<std::string> encode_flate(const Image& image)
{
    const std::size_t size = row_bytes(image.format(), image.width_px());
    const std::size_t pixel_bytes = image.format() == PixelFormat::rgb24 ? 3 : 1;
    const std::vector<std::uint8_t> white(size, 0);
    std::vector<std::uint8_t> best(size + 1);
    std::vector<std::uint8_t> tried(size + 1);
    std::string out;
    try {
        Pl_String into("image", nullptr, out);
        Pl_Flate deflate("deflate", &into, Pl_Flate::a_deflate);
        for (int y = 0; y < image.height_px(); ++y) {
            const std::uint8_t* above = y > 0 ? image.row(y - 1) : white.data();
            std::uint64_t least = filter_row(kNone, image.row(y), above, size, pixel_bytes, best);
            for (const RowFilter filter : {kSub, kUp, kPaeth}) {
                const std::uint64_t cost = filter_row(filter, image.row(y), above, size, pixel_bytes, tried);
                if (cost < least) {
                    least = cost;
                    best.swap(tried);
                }
            }
            deflate.write(best.data(), best.size());
        }
        deflate.finish();
    } catch (const std::exception& e) {
        return library_fault(fmt::format("deflate gave up: {}", e.what()));
    }
    return out;
}

}  // namespace

Result<EncodedImage> encode_image(const Image& archive, Dpi dpi, const EncodeSettings& settings)
{
    if (archive.empty() || archive.width_px() <= 0 || archive.height_px() <= 0)
        return Fault{
            FaultKind::limit, kWhere,
            fmt::format("image is {} x {} px; each side must be at least 1", archive.width_px(), archive.height_px())};
    if (settings.jpeg_quality < 1 || settings.jpeg_quality > 100)
        return Fault{FaultKind::config, kWhere,
                     fmt::format("jpeg quality is {}; allowed are 1 to 100", settings.jpeg_quality)};
    EncodedImage out;
    out.format = archive.format();
    out.width_px = archive.width_px();
    out.height_px = archive.height_px();
    out.dpi = dpi;
    const bool fits_jpeg = std::max(out.width_px, out.height_px) <= kLargestJpegSide_px;
    out.codec = archive.format() == PixelFormat::bilevel ? ImageCodec::g4
                : settings.lossless || !fits_jpeg        ? ImageCodec::flate
                                                         : ImageCodec::jpeg;
    Result<std::string> bytes = out.codec == ImageCodec::g4     ? encode_g4(archive)
                                : out.codec == ImageCodec::jpeg ? encode_jpeg(archive, dpi, settings.jpeg_quality)
                                                                : encode_flate(archive);
    if (!bytes) return std::move(bytes).error();
    out.bytes = *std::move(bytes);
    return out;
}

Result<std::string> thumbnail_jpeg(const Image& image, int width_px)
{
    if (image.empty() || image.width_px() <= 0 || image.height_px() <= 0 || width_px < 1)
        return Fault{FaultKind::limit, kWhere,
                     fmt::format("thumbnail of {} x {} px, {} px wide; each must be at least 1", image.width_px(),
                                 image.height_px(), width_px)};
    const Image pixels = image.format() == PixelFormat::bilevel ? adapters::to_gray(image) : image;
    const int width = std::min(width_px, pixels.width_px());
    const double scale = static_cast<double>(width) / pixels.width_px();
    const int height = std::clamp(static_cast<int>(std::lround(pixels.height_px() * scale)), 1, kLargestJpegSide_px);
    try {
        cv::Mat small;
        cv::resize(adapters::view(pixels), small, cv::Size(width, height), 0, 0, cv::INTER_AREA);
        return encode_jpeg(adapters::from_mat(small), Dpi{72}, kThumbnailQuality);
    } catch (const std::exception& e) {
        return library_fault(
            fmt::format("opencv could not shrink {} x {} px: {}", pixels.width_px(), pixels.height_px(), e.what()));
    }
}

}  // namespace chartlift
