// SPDX-License-Identifier: GPL-3.0-or-later
// Rendering and text by Poppler. The page is first copied by qpdf into a PDF of its own in memory, decrypted, so that
// Poppler never sees the whole file and qpdf's repairs carry over.
#include <fmt/format.h>
#include <poppler-document.h>
#include <poppler-global.h>
#include <poppler-image.h>
#include <poppler-page-renderer.h>
#include <poppler-page.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <qpdf/QPDFPageObjectHelper.hh>
#include <qpdf/QPDFWriter.hh>
#include <utility>
#include <vector>

#include "stages/decode/pdf.h"

namespace chartlift::decode {
namespace {

constexpr std::size_t kMostPageBytes = std::size_t{1} << 30;  // Poppler counts bytes in an int
constexpr double kMostUnmapped = 0.1;  // share of characters without a meaning before a text counts as junk

/// How often Poppler complained while this thread was in it.
thread_local int complaints = 0;

void silence_poppler()
{
    static std::once_flag once;
    std::call_once(once,
                   [] { poppler::set_debug_error_function([](const std::string&, void*) { ++complaints; }, nullptr); });
}

/// A PDF of the one page, with what decides about its looks from the catalog: layers.
Result<std::string> single_page_pdf(QPDFObjectHandle page)
{
    QPDF& whole = page.getQPDF();
    QPDF single;
    single.setSuppressWarnings(true);
    single.emptyPDF();
    single.addPage(page, true);
    QPDFObjectHandle layers = whole.getRoot().getKey("/OCProperties");
    if (layers.isDictionary())
        single.getRoot().replaceKey(
            "/OCProperties", single.copyForeignObject(layers.isIndirect() ? layers : whole.makeIndirectObject(layers)));
    CappedBytes bytes(kMostPageBytes);
    QPDFWriter writer(single);
    writer.setOutputPipeline(&bytes);
    writer.setCompressStreams(false);
    writer.setDecodeLevel(qpdf_dl_none);
    writer.setObjectStreamMode(qpdf_o_disable);
    writer.setSuppressOriginalObjectIDs(true);
    writer.setStaticID(true);
    try {
        writer.write();
    } catch (const std::exception&) {
        if (!bytes.overflowed) throw;
    }
    if (bytes.overflowed) return fault(FaultKind::limit, fmt::format("pdf page is over {} bytes", kMostPageBytes));
    return std::move(bytes.bytes);
}

/// Characters that stand for nothing: glyphs without a Unicode value come out as controls, private use or U+FFFD.
struct TextQuality {
    std::size_t characters = 0;
    std::size_t junk = 0;
    void add(const poppler::ustring& text)
    {
        for (const unsigned short c : text) {
            ++characters;
            if (c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0xE000 && c <= 0xF8FF) || c == 0xFFFD) ++junk;
        }
    }
    bool good() const
    {
        return characters > 0 && static_cast<double>(junk) <= kMostUnmapped * static_cast<double>(characters);
    }
};

/// Poppler's words come in reading order; a line ends where the next word is not beside the last one.
std::vector<Word> words_of(const poppler::page& page, double px_per_point, int width_px, int height_px)
{
    std::vector<Word> words;
    TextQuality quality;
    for (const poppler::text_box& box : page.text_list()) {
        const poppler::ustring text = box.text();
        quality.add(text);
        const poppler::byte_array utf8 = text.to_utf8();
        Word word;
        for (const char c : utf8)
            if (static_cast<unsigned char>(c) > ' ') word.text += c;
        if (word.text.empty()) continue;
        const poppler::rectf area = box.bbox();
        const auto pixel = [px_per_point](double points, int most, bool up) {
            const double px = points * px_per_point;
            return static_cast<int>(std::clamp(up ? std::ceil(px) : std::floor(px), 0.0, static_cast<double>(most)));
        };
        word.box = {pixel(area.left(), width_px, false), pixel(area.top(), height_px, false),
                    pixel(area.right(), width_px, true), pixel(area.bottom(), height_px, true)};
        if (word.box.empty()) continue;  // outside the page
        word.confidence = 1;
        if (!words.empty()) {
            const Word& last = words.back();
            const int shared =
                std::min(last.box.bottom_px, word.box.bottom_px) - std::max(last.box.top_px, word.box.top_px);
            const int smaller = std::min(last.box.height_px(), word.box.height_px());
            const bool beside = 2 * shared > smaller && word.box.left_px >= last.box.left_px;
            const int gap = word.box.top_px - last.box.bottom_px;
            const bool apart = !beside && (gap > last.box.height_px() || gap < -2 * last.box.height_px());
            word.line = last.line + (beside ? 0 : 1);
            word.block = last.block + (apart ? 1 : 0);
        }
        words.push_back(std::move(word));
    }
    if (!quality.good()) words.clear();
    return words;
}

bool all_white(const Image& image)
{
    const std::size_t bytes = row_bytes(image.format(), image.width_px());
    const std::uint8_t white = image.format() == PixelFormat::bilevel ? 0 : 255;
    for (int y = 0; y < image.height_px(); ++y)
        if (std::any_of(image.row(y), image.row(y) + bytes, [white](std::uint8_t b) { return b != white; }))
            return false;
    return true;
}

}  // namespace

Result<DecodedPage> rendered(QPDFObjectHandle page, const PageArea& area, double dpi, bool with_text,
                             const StageContext& context)
{
    const double px_per_point = dpi * area.inches_per_point;
    const double width = std::ceil(area.width() * px_per_point), height = std::ceil(area.height() * px_per_point);
    constexpr double kTooLong_px = 1e9;
    if (!(width < kTooLong_px) || !(height < kTooLong_px))
        return fault(FaultKind::limit, fmt::format("pdf page is {:.0f} x {:.0f} points", area.width(), area.height()));
    if (auto allowed =
            size_allowed(std::max(1LL, std::llround(width)), std::max(1LL, std::llround(height)), context.limits);
        !allowed)
        return allowed.error();
    Result<std::string> bytes = single_page_pdf(page);
    if (!bytes) return bytes.error();
    if (auto wanted = context.still_wanted(Decode::name); !wanted) return wanted.error();

    silence_poppler();
    complaints = 0;
    const std::unique_ptr<poppler::document> document(
        poppler::document::load_from_raw_data(bytes->data(), static_cast<int>(bytes->size())));
    const std::unique_ptr<poppler::page> shown(document ? document->create_page(0) : nullptr);
    if (!shown) return fault(FaultKind::corrupt, "pdf page cannot be opened for rendering");
    poppler::page_renderer renderer;
    renderer.set_render_hint(poppler::page_renderer::antialiasing);
    renderer.set_render_hint(poppler::page_renderer::text_antialiasing);
    renderer.set_image_format(poppler::image::format_rgb24);
    constexpr double kPointsPerInch = 72;
    const double poppler_dpi = px_per_point * kPointsPerInch;  // Poppler does not know /UserUnit
    const auto drawn = std::make_shared<poppler::image>(renderer.render_page(shown.get(), poppler_dpi, poppler_dpi));
    if (!drawn->is_valid() || drawn->format() != poppler::image::format_rgb24 || drawn->width() <= 0)
        return fault(FaultKind::library, "poppler could not render the page");
    if (auto wanted = context.still_wanted(Decode::name); !wanted) return wanted.error();
    const auto* pixels = reinterpret_cast<const std::uint8_t*>(drawn->const_data());
    DecodedPage out;
    out.image = narrowed(Image(PixelFormat::rgb24, drawn->width(), drawn->height(),
                               static_cast<std::size_t>(drawn->bytes_per_row()),
                               std::shared_ptr<const std::uint8_t>(drawn, pixels)));
    // Poppler leaves out what it cannot read; an empty page that drew a complaint is not a blank page.
    if (complaints > 0 && all_white(out.image))
        return fault(FaultKind::corrupt, "pdf page is damaged: nothing of it could be drawn");
    out.file_dpi = Dpi{static_cast<float>(dpi)};
    if (with_text) out.visible_text = words_of(*shown, px_per_point, out.image.width_px(), out.image.height_px());
    return out;
}

}  // namespace chartlift::decode
