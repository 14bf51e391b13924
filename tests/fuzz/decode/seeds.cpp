// SPDX-License-Identifier: GPL-3.0-or-later
// decode_seeds FOLDER: writes the corpus, one small file of each kind.
#include <fstream>
#include <string>
#include <vector>

#include "tests/unit/decode/writers.h"

namespace {

using namespace chartlift::test;

unsigned checks(int x, int y, int sample)
{
    return static_cast<unsigned>((x / 3 + y / 2 + sample) % 2);
}

TiffPage tiff_page(int bits, int samples, int photometric, int compression)
{
    TiffPage page;
    page.bits = bits;
    page.samples = samples;
    page.photometric = photometric;
    page.compression = compression;
    page.rows_per_strip = 16;
    page.value = [bits](int x, int y, int s) { return checks(x, y, s) * ((1U << bits) - 1); };
    return page;
}

std::string pdf_with(const std::string& dictionary, const std::string& bytes)
{
    PdfParts pdf;
    const int image = pdf.add_stream("/Type /XObject /Subtype /Image " + dictionary, bytes);
    pdf.add_page("q 72 0 0 72 0 0 cm /Im0 Do Q", "/XObject << /Im0 " + std::to_string(image) + " 0 R >>",
                 "/MediaBox [0 0 72 72]");
    return pdf.file();
}

}  // namespace

int main(int count, char** arguments)
{
    if (count != 2) return 2;
    const auto write = [folder = std::string(arguments[1])](const std::string& name, const std::string& bytes) {
        std::ofstream(folder + "/" + name, std::ios::binary)
            .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    };
    write("g4.tif", tiff_file({tiff_page(1, 1, 0, 4), tiff_page(1, 1, 0, 4)}));
    write("g3.tif", tiff_file({tiff_page(1, 1, 0, 3)}));
    write("lzw_rgb.tif", tiff_file({tiff_page(8, 3, 2, 5)}));
    write("deflate_gray16_big.tif", tiff_file({tiff_page(16, 1, 1, 8)}, true));
    write("packbits_palette.tif", tiff_file({tiff_page(4, 1, 3, 32773)}));
    write("jpeg_ycbcr.tif", tiff_file({tiff_page(8, 3, 6, 7)}));
    TiffPage tiles = tiff_page(8, 4, 5, 8);
    tiles.tiled = tiles.separate = true;
    tiles.orientation = 6;
    write("tiles_cmyk.tif", tiff_file({tiles}));
    TiffPage fax = tiff_page(1, 1, 1, 4);
    fax.x_resolution = 204;
    fax.y_resolution = 98;
    write("fax.tif", tiff_file({fax}));

    JpegPage jpeg;
    jpeg.width_px = jpeg.height_px = 16;
    jpeg.value = [](int x, int y, int s) { return checks(x, y, s) * 200U; };
    jpeg.orientation = 6;
    write("colour.jpg", jpeg_file(jpeg));
    jpeg.progressive = true;
    write("progressive.jpg", jpeg_file(jpeg));
    jpeg.progressive = false;
    jpeg.components = 4;
    write("cmyk.jpg", jpeg_file(jpeg));
    jpeg.components = 1;
    const std::string gray = jpeg_file(jpeg);

    PngPage png;
    png.value = [](int x, int y, int s) { return checks(x, y, s) * 255U; };
    png.interlaced = true;
    png.colour_type = 6;
    write("alpha.png", png_file(png));
    png.bits = 1;
    png.colour_type = 0;
    png.value = &checks;
    write("bilevel.png", png_file(png));
    png.colour_type = 3;
    png.palette = {255, 0, 0, 0, 0, 255};
    write("palette.png", png_file(png));

    Jp2Page jp2;
    jp2.width_px = jp2.height_px = 16;
    jp2.value = [](int x, int y, int s) { return checks(x, y, s) * 200U; };
    write("colour.jp2", jp2_file(jp2));
    jp2.stream_only = jp2.subsampled = true;
    write("subsampled.j2k", jp2_file(jp2));

    TiffPage bits = tiff_page(1, 1, 0, 4);
    bits.width_px = bits.height_px = 16;
    write("g4.pdf", pdf_with("/Width 16 /Height 16 /BitsPerComponent 1 /ColorSpace /DeviceGray /Filter /CCITTFaxDecode "
                             "/DecodeParms << /K -1 /Columns 16 >>",
                             group4_data(bits)));
    write("dct.pdf",
          pdf_with("/Width 16 /Height 16 /BitsPerComponent 8 /ColorSpace /DeviceGray /Filter /DCTDecode", gray));
    write("indexed.pdf",
          pdf_with("/Width 4 /Height 4 /BitsPerComponent 4 /ColorSpace [/Indexed /DeviceRGB 1 <FF000000FF00>]",
                   std::string(8, '\x10')));
    PdfParts text;
    text.add_page("1 0 0 rg 10 10 20 20 re f BT /F1 9 Tf 8 40 Td (Lorem) Tj ET",
                  "/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>",
                  "/MediaBox [0 0 72 72] /Rotate 90");
    write("text.pdf", text.file());
    return 0;
}
