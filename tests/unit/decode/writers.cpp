// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/decode/writers.h"

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
//
#include <fmt/format.h>
#include <jpeglib.h>
#include <openjpeg.h>
#include <png.h>
#include <tiffio.h>
#include <zlib.h>
#include <qpdf/Buffer.hh>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFWriter.hh>

#include <memory>
#include <stdexcept>

namespace chartlift::test {
namespace {

struct TiffMemory {
    std::string bytes;
    std::size_t at = 0;
};

TiffMemory& memory_of(thandle_t handle)
{
    return *static_cast<TiffMemory*>(handle);
}

TIFF* open_tiff_memory(TiffMemory& memory, const char* mode)
{
    return TIFFClientOpen(
        "test", mode, &memory,
        [](thandle_t handle, void* into, tmsize_t count) -> tmsize_t {
            TiffMemory& m = memory_of(handle);
            const std::size_t part =
                m.at >= m.bytes.size() ? 0 : std::min(static_cast<std::size_t>(count), m.bytes.size() - m.at);
            std::memcpy(into, m.bytes.data() + m.at, part);
            m.at += part;
            return static_cast<tmsize_t>(part);
        },
        [](thandle_t handle, void* from, tmsize_t count) -> tmsize_t {
            TiffMemory& m = memory_of(handle);
            const auto size = static_cast<std::size_t>(count);
            if (m.bytes.size() < m.at + size) m.bytes.resize(m.at + size);
            std::memcpy(m.bytes.data() + m.at, from, size);
            m.at += size;
            return count;
        },
        [](thandle_t handle, toff_t offset, int whence) -> toff_t {
            TiffMemory& m = memory_of(handle);
            m.at = static_cast<std::size_t>(offset) + (whence == SEEK_CUR   ? m.at
                                                       : whence == SEEK_END ? m.bytes.size()
                                                                            : 0);
            return m.at;
        },
        [](thandle_t) { return 0; }, [](thandle_t handle) -> toff_t { return memory_of(handle).bytes.size(); }, nullptr,
        nullptr);
}

/// Packs `count` samples most significant bit first; 16-bit samples in the machine's order, as libtiff wants them.
std::string packed(int count, int bits, const std::function<unsigned(int)>& value, bool big_endian = false)
{
    std::string row((static_cast<std::size_t>(count) * static_cast<std::size_t>(bits) + 7) / 8, '\0');
    for (int i = 0; i < count; ++i) {
        const unsigned sample = value(i);
        if (bits == 16) {
            row[static_cast<std::size_t>(2 * i + (big_endian ? 0 : 1))] = static_cast<char>(sample >> 8);
            row[static_cast<std::size_t>(2 * i + (big_endian ? 1 : 0))] = static_cast<char>(sample & 0xFF);
            continue;
        }
        for (int b = 0; b < bits; ++b) {
            const int bit = i * bits + b;
            if ((sample >> (bits - 1 - b)) & 1U)
                row[static_cast<std::size_t>(bit / 8)] =
                    static_cast<char>(row[static_cast<std::size_t>(bit / 8)] | (0x80 >> (bit % 8)));
        }
    }
    return row;
}

void write_tiff_page(TIFF* tiff, const TiffPage& page)
{
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, page.width_px);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, page.height_px);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, page.bits);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, page.samples);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, page.compression);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, page.photometric);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, page.separate ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
    if (page.orientation != 0) TIFFSetField(tiff, TIFFTAG_ORIENTATION, page.orientation);
    if (page.subfile != 0) TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, page.subfile);
    if (page.sample_format != 0) TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, page.sample_format);
    if (page.compression == COMPRESSION_CCITTFAX3) TIFFSetField(tiff, TIFFTAG_GROUP3OPTIONS, page.group3_options);
    if (page.x_resolution > 0) {
        TIFFSetField(tiff, TIFFTAG_XRESOLUTION, page.x_resolution);
        TIFFSetField(tiff, TIFFTAG_YRESOLUTION, page.y_resolution);
        TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, page.resolution_unit);
    }
    if (page.extra_sample >= 0) {
        auto kind = static_cast<std::uint16_t>(page.extra_sample);
        TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &kind);
    }
    if (page.photometric == PHOTOMETRIC_YCBCR) TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    if (page.photometric == PHOTOMETRIC_PALETTE) {
        const std::size_t size = std::size_t{1} << page.bits;
        std::vector<std::uint16_t> red(size), green(size), blue(size);
        for (std::size_t i = 0; i < size; ++i) {
            red[i] = static_cast<std::uint16_t>((i * 7 % 256) * 257);
            green[i] = static_cast<std::uint16_t>((i * 31 % 256) * 257);
            blue[i] = static_cast<std::uint16_t>((255 - i) * 257);
        }
        TIFFSetField(tiff, TIFFTAG_COLORMAP, red.data(), green.data(), blue.data());
    }
    const int planes = page.separate ? page.samples : 1;
    const int per_pixel = page.separate ? 1 : page.samples;
    const auto row_of = [&](int x0, int width, int y, int plane) {
        return packed(width * per_pixel, page.bits, [&](int i) {
            const int x = std::min(x0 + i / per_pixel, page.width_px - 1);
            return page.value(x, std::min(y, page.height_px - 1), page.separate ? plane : i % per_pixel);
        });
    };
    if (page.tiled) {
        constexpr int kTile = 16;
        TIFFSetField(tiff, TIFFTAG_TILEWIDTH, kTile);
        TIFFSetField(tiff, TIFFTAG_TILELENGTH, kTile);
        for (int plane = 0; plane < planes; ++plane)
            for (int y = 0; y < page.height_px; y += kTile)
                for (int x = 0; x < page.width_px; x += kTile) {
                    std::string tile;
                    for (int row = 0; row < kTile; ++row) tile += row_of(x, kTile, y + row, plane);
                    TIFFWriteTile(tiff, tile.data(), static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(y), 0,
                                  static_cast<std::uint16_t>(plane));
                }
    } else {
        TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, page.rows_per_strip);
        for (int plane = 0; plane < planes; ++plane)
            for (int y = 0; y < page.height_px; ++y) {
                std::string row = row_of(0, page.width_px, y, plane);
                TIFFWriteScanline(tiff, row.data(), static_cast<std::uint32_t>(y), static_cast<std::uint16_t>(plane));
            }
    }
}

}  // namespace

std::string tiff_file(const std::vector<TiffPage>& pages, bool big)
{
    TiffMemory memory;
    TIFF* tiff = open_tiff_memory(memory, big ? "w8" : "w");
    for (const TiffPage& page : pages) {
        write_tiff_page(tiff, page);
        TIFFWriteDirectory(tiff);
    }
    TIFFClose(tiff);
    return memory.bytes;
}

std::string group4_data(const TiffPage& page)
{
    TiffPage whole = page;
    whole.compression = COMPRESSION_CCITTFAX4;
    whole.rows_per_strip = page.height_px;
    TiffMemory memory{tiff_file({whole}), 0};
    TIFF* tiff = open_tiff_memory(memory, "r");
    std::string raw(static_cast<std::size_t>(TIFFRawStripSize(tiff, 0)), '\0');
    TIFFReadRawStrip(tiff, 0, raw.data(), static_cast<tmsize_t>(raw.size()));
    TIFFClose(tiff);
    return raw;
}

std::string jpeg_file(const JpegPage& page)
{
    jpeg_compress_struct info{};
    jpeg_error_mgr errors{};
    info.err = jpeg_std_error(&errors);
    jpeg_create_compress(&info);
    unsigned char* bytes = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&info, &bytes, &size);
    info.image_width = static_cast<JDIMENSION>(page.width_px);
    info.image_height = static_cast<JDIMENSION>(page.height_px);
    info.input_components = page.components;
    info.in_color_space = page.components == 1 ? JCS_GRAYSCALE : page.components == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, page.quality, TRUE);
    if (page.progressive) jpeg_simple_progression(&info);
    if (page.components == 4) info.write_Adobe_marker = TRUE;
    if (page.dpi != 0) {
        info.density_unit = 1;
        info.X_density = info.Y_density = static_cast<UINT16>(page.dpi);
    }
    jpeg_start_compress(&info, TRUE);
    if (page.orientation != 0) {
        std::string exif("Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 25);
        exif += static_cast<char>(page.orientation);
        exif += std::string("\0\0\0\0\0\0", 6);
        jpeg_write_marker(&info, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(exif.data()),
                          static_cast<unsigned>(exif.size()));
    }
    std::vector<JSAMPLE> row(static_cast<std::size_t>(page.width_px * page.components));
    for (int y = 0; y < page.height_px; ++y) {
        for (int x = 0; x < page.width_px; ++x)
            for (int c = 0; c < page.components; ++c) {
                const unsigned value = page.value(x, y, c);
                row[static_cast<std::size_t>(x * page.components + c)] =
                    static_cast<JSAMPLE>(page.components == 4 ? 255 - value : value);
            }
        JSAMPROW line = row.data();
        jpeg_write_scanlines(&info, &line, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    std::string file(reinterpret_cast<const char*>(bytes), size);
    std::free(bytes);  // NOLINT: libjpeg took it by malloc
    return file;
}

std::string png_file(const PngPage& page)
{
    std::string file;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(
        png, &file,
        [](png_structp p, png_bytep from, png_size_t count) {
            static_cast<std::string*>(png_get_io_ptr(p))->append(reinterpret_cast<const char*>(from), count);
        },
        nullptr);
    png_set_IHDR(png, info, static_cast<png_uint_32>(page.width_px), static_cast<png_uint_32>(page.height_px),
                 page.bits, page.colour_type, page.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
    if (page.dpi != 0) {
        const auto per_metre = static_cast<png_uint_32>(page.dpi / 0.0254 + 0.5);
        png_set_pHYs(png, info, per_metre, per_metre, PNG_RESOLUTION_METER);
    }
    std::vector<png_color> colours(page.palette.size() / 3);
    for (std::size_t i = 0; i < colours.size(); ++i)
        colours[i] = {page.palette[3 * i], page.palette[3 * i + 1], page.palette[3 * i + 2]};
    if (!colours.empty()) png_set_PLTE(png, info, colours.data(), static_cast<int>(colours.size()));
    png_write_info(png, info);
    const int samples = page.colour_type == 2 ? 3 : page.colour_type == 4 ? 2 : page.colour_type == 6 ? 4 : 1;
    std::vector<std::string> rows;
    std::vector<png_bytep> pointers;
    for (int y = 0; y < page.height_px; ++y)
        rows.push_back(packed(
            page.width_px * samples, page.bits, [&](int i) { return page.value(i / samples, y, i % samples); }, true));
    for (std::string& row : rows) pointers.push_back(reinterpret_cast<png_bytep>(row.data()));
    png_write_image(png, pointers.data());
    png_write_end(png, nullptr);
    png_destroy_write_struct(&png, &info);
    return file;
}

std::string jp2_file(const Jp2Page& page)
{
    std::vector<opj_image_cmptparm_t> shape(static_cast<std::size_t>(page.components));
    for (std::size_t c = 0; c < shape.size(); ++c) {
        std::memset(&shape[c], 0, sizeof shape[c]);
        const unsigned step = page.subsampled && c > 0 ? 2 : 1;
        shape[c].dx = shape[c].dy = step;
        shape[c].w = (static_cast<unsigned>(page.width_px) + step - 1) / step;
        shape[c].h = (static_cast<unsigned>(page.height_px) + step - 1) / step;
        shape[c].prec = 8;
    }
    const OPJ_COLOR_SPACE space = page.components == 1 ? OPJ_CLRSPC_GRAY
                                  : page.subsampled    ? OPJ_CLRSPC_SYCC
                                                       : OPJ_CLRSPC_SRGB;
    opj_image_t* image = opj_image_create(static_cast<unsigned>(page.components), shape.data(), space);
    image->x1 = static_cast<unsigned>(page.width_px);
    image->y1 = static_cast<unsigned>(page.height_px);
    for (std::size_t c = 0; c < shape.size(); ++c)
        for (unsigned y = 0; y < shape[c].h; ++y)
            for (unsigned x = 0; x < shape[c].w; ++x)
                image->comps[c].data[y * shape[c].w + x] = static_cast<int>(page.value(
                    static_cast<int>(x * shape[c].dx), static_cast<int>(y * shape[c].dy), static_cast<int>(c)));
    opj_cparameters_t parameters;
    opj_set_default_encoder_parameters(&parameters);
    parameters.tcp_numlayers = 1;
    parameters.cp_disto_alloc = 1;
    parameters.numresolution = 3;
    if (page.components == 3 && !page.subsampled) parameters.tcp_mct = 1;
    opj_codec_t* codec = opj_create_compress(page.stream_only ? OPJ_CODEC_J2K : OPJ_CODEC_JP2);
    opj_setup_encoder(codec, &parameters, image);
    struct Memory {
        std::string bytes;
        std::size_t at = 0;
    } memory;
    opj_stream_t* stream = opj_stream_create(1 << 16, OPJ_FALSE);
    opj_stream_set_user_data(stream, &memory, nullptr);
    opj_stream_set_write_function(stream, [](void* from, OPJ_SIZE_T count, void* user) -> OPJ_SIZE_T {
        auto& m = *static_cast<Memory*>(user);
        if (m.bytes.size() < m.at + count) m.bytes.resize(m.at + count);
        std::memcpy(m.bytes.data() + m.at, from, count);
        m.at += count;
        return count;
    });
    opj_stream_set_seek_function(stream, [](OPJ_OFF_T offset, void* user) -> OPJ_BOOL {
        static_cast<Memory*>(user)->at = static_cast<std::size_t>(offset);
        return OPJ_TRUE;
    });
    opj_stream_set_skip_function(stream, [](OPJ_OFF_T count, void* user) -> OPJ_OFF_T {
        static_cast<Memory*>(user)->at += static_cast<std::size_t>(count);
        return count;
    });
    const bool done = opj_start_compress(codec, image, stream) != 0 && opj_encode(codec, stream) != 0 &&
                      opj_end_compress(codec, stream) != 0;
    opj_stream_destroy(stream);
    opj_destroy_codec(codec);
    opj_image_destroy(image);
    if (!done) throw std::runtime_error("openjpeg could not encode");
    return memory.bytes;
}

int PdfParts::add(const std::string& object)
{
    objects_.push_back(object);
    return static_cast<int>(objects_.size());
}

int PdfParts::add_stream(const std::string& dictionary, const std::string& bytes)
{
    return add(fmt::format("<< {} /Length {} >>\nstream\n", dictionary, bytes.size()) + bytes + "\nendstream");
}

void PdfParts::add_page(const std::string& content, const std::string& resources, const std::string& extra)
{
    const int stream = add_stream("", content);
    const std::string box = extra.find("/MediaBox") == std::string::npos ? "/MediaBox [0 0 612 792]" : "";
    pages_.push_back(add(fmt::format("<< /Type /Page /Parent 2 0 R {} {} /Contents {} 0 R /Resources << {} >> >>", box,
                                     extra, stream, resources)));
}

std::string PdfParts::file() const
{
    std::vector<std::string> objects = objects_;
    objects[1] = "<< /Type /Pages /Kids [";
    for (const int page : pages_) objects[1] += fmt::format(" {} 0 R", page);
    objects[1] += fmt::format(" ] /Count {} >>", pages_.size());
    std::string file = "%PDF-1.7\n";
    std::string table = fmt::format("xref\n0 {}\n0000000000 65535 f \n", objects.size() + 1);
    for (std::size_t i = 0; i < objects.size(); ++i) {
        table += fmt::format("{:010} 00000 n \n", file.size());
        file += fmt::format("{} 0 obj\n", i + 1) + objects[i] + "\nendobj\n";
    }
    const std::size_t at = file.size();
    return file + table +
           fmt::format("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{}\n%%EOF\n", objects.size() + 1, at);
}

std::string encrypted(const std::string& pdf, const std::string& password)
{
    QPDF file;
    file.processMemoryFile("test", pdf.data(), pdf.size());
    QPDFWriter writer(file);
    writer.setOutputMemory();
    writer.setR6EncryptionParameters(password.c_str(), "owner", true, true, true, true, true, true, qpdf_r3p_full,
                                     true);
    writer.write();
    const auto bytes = writer.getBufferSharedPointer();
    return {reinterpret_cast<const char*>(bytes->getBuffer()), bytes->getSize()};
}

std::string deflated(const std::string& bytes)
{
    uLongf size = compressBound(static_cast<uLong>(bytes.size()));
    std::string out(size, '\0');
    compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
             static_cast<uLong>(bytes.size()));
    out.resize(size);
    return out;
}

}  // namespace chartlift::test
