// SPDX-License-Identifier: GPL-3.0-or-later
// Input: a picture's kind, width and height, how it is kept, its bits, and behind a byte 0 words (page_of_words). What
// must hold: the PDF made of them opens without a complaint and gives the picture back, pixel by pixel unless it is a
// JPEG.
#include "stages/export/pdf.h"

#include <cstdint>
#include <cstring>
#include <memory>
#include <qpdf/QPDF.hh>
#include <string>

#include "stages/adapters/pixels.h"
#include "stages/decode/decode.h"
#include "stages/decode/memory_source.h"
#include "tests/fuzz/input.h"

namespace {

using namespace chartlift;
using fuzz::require;

Image drawn(fuzz::Input& input)
{
    constexpr PixelFormat kFormats[] = {PixelFormat::bilevel, PixelFormat::gray8, PixelFormat::rgb24};
    const PixelFormat format = kFormats[input.below(3)];
    adapters::PixelBuffer page(format, 1 + static_cast<int>(input.below(100)), 1 + static_cast<int>(input.below(100)));
    const std::string bits = input.text();
    for (int y = 0; y < page.height_px(); ++y)
        for (std::size_t i = 0; i < row_bytes(format, page.width_px()); ++i)
            page.row(y)[i] =
                bits.empty() ? 0
                             : static_cast<std::uint8_t>(bits[(static_cast<std::size_t>(y) * 31 + i) % bits.size()]);
    if (format == PixelFormat::bilevel) page.clear_padding_bits();
    return std::move(page).freeze();
}

bool same_pixels(const Image& a, const Image& b)
{
    if (a.width_px() != b.width_px() || a.height_px() != b.height_px()) return false;
    if (a.format() != b.format()) return true;  // decoding narrows: all-grey colour comes back as grey
    for (int y = 0; y < a.height_px(); ++y)
        if (std::memcmp(a.row(y), b.row(y), row_bytes(a.format(), a.width_px())) != 0) return false;
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    fuzz::Input input(bytes, size);
    EncodeSettings settings;
    settings.lossless = input.flag();
    PdfInfo info;
    info.level = input.flag() ? PdfLevel::a1b : PdfLevel::a2b;
    const Dpi dpi{static_cast<float>(50 + 2 * input.u8())};
    const Image picture = drawn(input);
    const auto encoded = encode_image(picture, dpi, settings);
    require(encoded.has_value(), "any picture can be kept");
    const PageText words = fuzz::page_of_words(input.rest());
    info.title = words.words.empty() ? std::string("title") : words.words.front().text;
    info.document_id = "document";
    info.producer = "chartlift";
    std::string file;
    const auto wrote = write_pdf(
        info, 1,
        [&](std::size_t) {
            return Result<PdfPage>(PdfPage{*encoded, words});
        },
        [&](std::string_view piece) {
            file += piece;
            return Result<void>();
        },
        {});
    require(wrote.has_value(), "any page can be written");

    QPDF pdf;
    pdf.setSuppressWarnings(true);
    pdf.processMemoryFile("written", file.data(), file.size());
    require(pdf.getAllPages().size() == 1, "the PDF has one page");
    require(pdf.getWarnings().empty(), "qpdf has nothing to say against it");

    const auto source = std::make_shared<MemorySource>(std::string_view(file));
    auto opened = Decode({}).open(source, {});
    require(opened && (*opened)->page_count() == 1, "the PDF opens");
    const auto page = (*opened)->page(0, {});
    require(page.has_value(), "its page can be decoded");
    if (encoded->codec != ImageCodec::jpeg)
        require(same_pixels(page->image, picture), "a picture kept without loss comes back as it was");
    return 0;
}
