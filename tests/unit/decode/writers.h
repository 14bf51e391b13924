// SPDX-License-Identifier: GPL-3.0-or-later
/// Small files of every format, written in memory by the formats' own libraries, for the decoder's tests and as seeds
/// for its fuzzing. Thread-safety: free functions over values.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace chartlift::test {

/// One sample of a picture: column, row, which sample of the pixel.
using Samples = std::function<unsigned(int x, int y, int sample)>;

struct TiffPage {
    int width_px = 37;  // no multiple of 8 or 16
    int height_px = 23;
    int bits = 1;
    int samples = 1;
    int compression = 1;    ///< libtiff's numbers: 1 none, 3 G3, 4 G4, 5 LZW, 7 JPEG, 8 Deflate, 32773 PackBits
    int photometric = 1;    ///< 0 white is zero, 1 black is zero, 2 RGB, 3 palette, 5 CMYK, 6 YCbCr
    int orientation = 0;    ///< 0: no tag
    int extra_sample = -1;  ///< 1 premultiplied, 2 not
    bool separate = false;
    bool tiled = false;
    int rows_per_strip = 7;
    int group3_options = 0;
    int sample_format = 0;  ///< 0: no tag
    unsigned subfile = 0;   ///< NewSubfileType
    double x_resolution = 0, y_resolution = 0;
    int resolution_unit = 2;
    Samples value;  ///< 0 to 2^bits - 1
};
std::string tiff_file(const std::vector<TiffPage>& pages, bool big = false);

struct JpegPage {
    int width_px = 64, height_px = 48;
    int components = 3;  ///< 1 grey, 3 colour, 4 CMYK as Adobe writes it (inverted)
    bool progressive = false;
    int quality = 95;
    int orientation = 0;  ///< EXIF; 0: no EXIF
    int dpi = 0;
    Samples value;  ///< grey, RGB or ink, 0 to 255
};
std::string jpeg_file(const JpegPage& page);

struct PngPage {
    int width_px = 37, height_px = 23;
    int bits = 8;
    int colour_type = 0;  ///< libpng's: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha
    bool interlaced = false;
    int dpi = 0;
    Samples value;
    std::vector<std::uint8_t> palette;  ///< rgb of each index
};
std::string png_file(const PngPage& page);

/// `subsampled`: YCC with the two colour components at half size. `stream_only`: no JP2 boxes.
struct Jp2Page {
    int width_px = 40, height_px = 24;
    int components = 3;
    bool subsampled = false;
    bool stream_only = false;
    Samples value;
};
std::string jp2_file(const Jp2Page& page);

/// A PDF from its parts, numbered from 1 as they are added.
class PdfParts {
public:
    int add(const std::string& object);
    int add_stream(const std::string& dictionary, const std::string& bytes);
    /// A page of 612 x 792 points; `extra` goes into its dictionary and may name another /MediaBox.
    void add_page(const std::string& content, const std::string& resources, const std::string& extra = "");
    std::string file() const;

private:
    std::vector<std::string> objects_{"<< /Type /Catalog /Pages 2 0 R >>", ""};
    std::vector<int> pages_;
};

std::string encrypted(const std::string& pdf, const std::string& password);
std::string deflated(const std::string& bytes);
/// The raw Group 4 data of a bilevel picture.
std::string group4_data(const TiffPage& page);

}  // namespace chartlift::test
