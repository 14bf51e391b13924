// SPDX-License-Identifier: GPL-3.0-or-later
// fuzz_seeds FOLDER: writes the corpora that are not plain text, by our own writers: FOLDER/TARGET/NAME.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "pipeline/page_json.h"
#include "pipeline/spool.h"
#include "service/status.h"
#include "stages/classify/page_type_model.h"
#include "store/signed_note.h"
#include "tests/unit/decode/writers.h"

namespace {

using namespace chartlift;
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

std::vector<Word> sample_words()
{
    return {{"PROGRESS", {300, 150, 500, 190}, 0.93F, 0, 0}, {"M\xC3\xBCller", {300, 210, 420, 250}, 0.5F, 1, 1}};
}

PageRecord sample_record()
{
    PageRecord record;
    record.page = 7;
    record.source = "box 4/scan0007.tif";
    record.fault = Fault{FaultKind::timeout, "ocr", "page took longer than limits.page_timeout_s", "scan0007.tif"};
    record.width_px = 2550;
    record.height_px = 3300;
    record.dpi = Dpi{300};
    record.rotated_cw = QuarterTurn::cw90;
    record.type.best = {"progress_note", Score{0.75F}};
    record.type.ranked = {record.type.best, {"letter", Score{0.25F}}};
    record.cues.title = "PROGRESS NOTE";
    record.cues.title_type = "progress_note";
    record.cues.page_number = 1;
    record.cues.page_total = 2;
    record.fields.values.push_back(
        {FieldKind::mrn, std::string("0568706"), std::string("0S68706"), Score{0.9F}, 7, {10, 20, 30, 40}, {0, 1}});
    record.barcodes.push_back({"Code128", "PATCHT", {1, 2, 300, 40}});
    return record;
}

/// Of two bytes, low first, as tests/fuzz/spool.cpp and page_type_model.cpp read it.
std::string length_of(std::size_t size)
{
    return {static_cast<char>(size & 0xFFU), static_cast<char>(size >> 8U)};
}

std::string saved_page()
{
    const std::filesystem::path folder = std::filesystem::temp_directory_path() / "chartlift-fuzz-seeds";
    store::PosixFiles files;
    const EncodedImage image{ImageCodec::g4, PixelFormat::bilevel, 16, 16, Dpi{300}, "\x26\xA0"};
    if (!pipeline::Spool(folder, "fingerprint", files).save("batch", {sample_record(), sample_words(), image, "JPEG"}))
        return {};
    std::ifstream in(folder / "batch" / "000007.page", std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    std::filesystem::remove_all(folder);
    return bytes;
}

std::string spool_parts()
{
    std::string out = "\x01";
    for (const std::string& part : {pipeline::record_to_json(sample_record()), pipeline::words_to_json(sample_words()),
                                    std::string("1 1 16 16 300\nJPEG"), std::string("thumbnail")})
        out += length_of(part.size()) + part;
    return out;
}

std::string checkpoints()
{
    const auto key = store::SigningKey::generate();
    std::string out;
    for (const std::uint64_t size : {1024U, 2048U})
        out += store::signed_note({size, store::hash_of_leaf("leaf"), "2026-03-01T08:15:00.250Z"}, *key).value();
    return out;
}

service::LiveStatus sample_status()
{
    service::LiveStatus status;
    status.state = service::ServiceState::working;
    status.since = status.started_at = status.now = 1'772'352'900;
    status.version = "0.1.0";
    status.pid = 4711;
    status.inboxes.push_back({"letters", "events", true, 3, 1, 2, 60});
    status.pages_in_flight = 12;
    status.last_reload = {1'772'352'000, false, "site.toml line 3: route.type must be a number from 0 to 1"};
    return status;
}

/// The model's head, one idf step and its rows, without the table and the checksum that the target fills in.
std::string small_model()
{
    PageTypeWeights full;
    full.types = {"letter", "progress_note"};
    full.version = "seed";
    full.idf.assign(kBuckets, 1);
    full.weights.assign(kBuckets * 2, 0);
    full.weights[2] = 1;
    full.weights[155] = -0.5F;
    full.bias = {0.1F, -0.1F};
    full.decision_shift = {0, 0};
    const std::string file = PageTypeModel::compacted(full, 10).save();
    constexpr std::size_t kMagicBytes = 21;
    constexpr std::size_t kSumBytes = 8;
    const std::size_t table = file.find(std::string(kBuckets, '\x10'));
    const std::string head = file.substr(kMagicBytes, table - kMagicBytes);
    const std::size_t tail = table + kBuckets;
    return '\0' + length_of(head.size()) + '\x10' + head + file.substr(tail, file.size() - kSumBytes - tail);
}

}  // namespace

int main(int count, char** arguments)
{
    if (count != 2) return 2;
    const auto write = [folder = std::string(arguments[1])](const std::string& name, const std::string& bytes) {
        std::filesystem::create_directories(std::filesystem::path(folder + "/" + name).parent_path());
        std::ofstream(folder + "/" + name, std::ios::binary)
            .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    };
    write("decode_tiff/g4.tif", tiff_file({tiff_page(1, 1, 0, 4), tiff_page(1, 1, 0, 4)}));
    write("decode_tiff/g3.tif", tiff_file({tiff_page(1, 1, 0, 3)}));
    write("decode_tiff/lzw_rgb.tif", tiff_file({tiff_page(8, 3, 2, 5)}));
    write("decode_tiff/deflate_gray16_big.tif", tiff_file({tiff_page(16, 1, 1, 8)}, true));
    write("decode_tiff/packbits_palette.tif", tiff_file({tiff_page(4, 1, 3, 32773)}));
    write("decode_tiff/jpeg_ycbcr.tif", tiff_file({tiff_page(8, 3, 6, 7)}));
    TiffPage tiles = tiff_page(8, 4, 5, 8);
    tiles.tiled = tiles.separate = true;
    tiles.orientation = 6;
    write("decode_tiff/tiles_cmyk.tif", tiff_file({tiles}));
    TiffPage fax = tiff_page(1, 1, 1, 4);
    fax.x_resolution = 204;
    fax.y_resolution = 98;
    write("decode_tiff/fax.tif", tiff_file({fax}));

    JpegPage jpeg;
    jpeg.width_px = jpeg.height_px = 16;
    jpeg.value = [](int x, int y, int s) { return checks(x, y, s) * 200U; };
    jpeg.orientation = 6;
    write("decode_jpeg/colour.jpg", jpeg_file(jpeg));
    jpeg.progressive = true;
    write("decode_jpeg/progressive.jpg", jpeg_file(jpeg));
    jpeg.progressive = false;
    jpeg.components = 4;
    write("decode_jpeg/cmyk.jpg", jpeg_file(jpeg));
    jpeg.components = 1;
    const std::string gray = jpeg_file(jpeg);

    PngPage png;
    png.value = [](int x, int y, int s) { return checks(x, y, s) * 255U; };
    png.interlaced = true;
    png.colour_type = 6;
    write("decode_png/alpha.png", png_file(png));
    png.bits = 1;
    png.colour_type = 0;
    png.value = &checks;
    write("decode_png/bilevel.png", png_file(png));
    png.colour_type = 3;
    png.palette = {255, 0, 0, 0, 0, 255};
    write("decode_png/palette.png", png_file(png));

    Jp2Page jp2;
    jp2.width_px = jp2.height_px = 16;
    jp2.value = [](int x, int y, int s) { return checks(x, y, s) * 200U; };
    write("decode_jp2/colour.jp2", jp2_file(jp2));
    jp2.stream_only = jp2.subsampled = true;
    write("decode_jp2/subsampled.j2k", jp2_file(jp2));

    TiffPage bits = tiff_page(1, 1, 0, 4);
    bits.width_px = bits.height_px = 16;
    write("decode_pdf/g4.pdf",
          pdf_with("/Width 16 /Height 16 /BitsPerComponent 1 /ColorSpace /DeviceGray /Filter /CCITTFaxDecode "
                   "/DecodeParms << /K -1 /Columns 16 >>",
                   group4_data(bits)));
    write("decode_pdf/dct.pdf",
          pdf_with("/Width 16 /Height 16 /BitsPerComponent 8 /ColorSpace /DeviceGray /Filter /DCTDecode", gray));
    write("decode_pdf/indexed.pdf",
          pdf_with("/Width 4 /Height 4 /BitsPerComponent 4 /ColorSpace [/Indexed /DeviceRGB 1 <FF000000FF00>]",
                   std::string(8, '\x10')));
    PdfParts text;
    text.add_page("1 0 0 rg 10 10 20 20 re f BT /F1 9 Tf 8 40 Td (Lorem) Tj ET",
                  "/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>",
                  "/MediaBox [0 0 72 72] /Rotate 90");
    write("decode_pdf/text.pdf", text.file());
    write("spool/whole_file", saved_page());
    write("spool/parts", spool_parts());
    write("page_json/record_and_words",
          pipeline::record_to_json(sample_record()) + std::string(1, '\0') + pipeline::words_to_json(sample_words()));
    write("signed_note/two_checkpoints", checkpoints());
    write("service_status/working", service::to_json(sample_status()));
    write("page_type_model/two_types", small_model());
    return 0;
}
