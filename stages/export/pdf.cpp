// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/export/pdf.h"

#include <fmt/core.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <memory>
#include <optional>
#include <qpdf/Pipeline.hh>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFObjectHandle.hh>
#include <qpdf/QPDFWriter.hh>

#include "stages/export/glyphless_font.h"
#include "stages/export/page_content.h"
#include "stages/export/pdfa.h"
#include "stages/export/utf8.h"

namespace chartlift {
namespace {

constexpr const char* kWhere = "export";
constexpr std::size_t kPiece_bytes = 65'536;
/// Pages under one node of the page tree: PDF 1.4 allows 8,191 entries in an array (ISO 19005-1, 6.1.12).
constexpr std::size_t kPagesANode = 100;
constexpr std::size_t kIdBytes = 16;

/// Carries a fault out through libqpdf. Deliberately no std::runtime_error, which libqpdf would wrap.
struct Stopped : std::exception {
    explicit Stopped(Fault why) : fault(std::move(why)) {}
    const char* what() const noexcept override { return "stopped"; }
    Fault fault;
};

void stop_unless(const Result<void>& done)
{
    if (!done) throw Stopped(done.error());
}

/// libqpdf writes many small pieces; the sink gets few large ones. It never throws, because libqpdf finishes pipelines
/// in destructors: the first fault is kept, and the next page that is asked for stops the writing.
class SinkPipeline : public Pipeline {
public:
    SinkPipeline(const ByteSink& sink, Result<void>& state) : Pipeline("pdf", nullptr), sink_(sink), state_(state) {}
    void write(const unsigned char* bytes, std::size_t size) override
    {
        if (!state_) return;
        pending_.append(reinterpret_cast<const char*>(bytes), size);
        if (pending_.size() >= kPiece_bytes) flush();
    }
    void finish() override { flush(); }

private:
    void flush()
    {
        if (state_ && !pending_.empty()) state_ = sink_(pending_);
        pending_.clear();
    }
    const ByteSink& sink_;
    Result<void>& state_;
    std::string pending_;
};

/// The pages as the caller gives them; the last one asked for is kept, because its words and pixels are asked for
/// one after the other.
class Pages {
public:
    Pages(const PdfPageLoader& load, const StageContext& context, const Result<void>& sink_state)
        : load_(load), context_(context), sink_state_(sink_state)
    {
    }

    const PdfPage& operator[](std::size_t index)
    {
        if (!page_ || index_ != index) {
            page_.reset();
            stop_unless(sink_state_);
            stop_unless(context_.still_wanted(kWhere));
            Result<PdfPage> page = load_(index);
            if (!page) throw Stopped(page.error());
            page_ = *std::move(page);
            index_ = index;
        }
        return *page_;
    }
    void release() { page_.reset(); }

private:
    const PdfPageLoader& load_;
    const StageContext& context_;
    const Result<void>& sink_state_;
    std::optional<PdfPage> page_;
    std::size_t index_ = 0;
};

Sheet checked_sheet(const EncodedImage& image, std::size_t index)
{
    const bool sane =
        image.width_px > 0 && image.height_px > 0 && std::isfinite(image.dpi.value) && image.dpi.value > 0;
    if (!sane)
        throw Stopped({FaultKind::limit, kWhere,
                       fmt::format("page {} of the document is {} x {} px at {} dpi; each must be above 0", index + 1,
                                   image.width_px, image.height_px, image.dpi.value)});
    return sheet_of(image.width_px, image.height_px, image.dpi);
}

class PixelsOfPage : public QPDFObjectHandle::StreamDataProvider {
public:
    PixelsOfPage(std::shared_ptr<Pages> pages, std::size_t index) : pages_(std::move(pages)), index_(index) {}
    void provideStreamData(QPDFObjGen const&, Pipeline* into) override
    {
        const std::string& bytes = (*pages_)[index_].image.bytes;
        into->write(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
        into->finish();
    }

private:
    std::shared_ptr<Pages> pages_;
    std::size_t index_;
};

class ContentOfPage : public QPDFObjectHandle::StreamDataProvider {
public:
    ContentOfPage(std::shared_ptr<Pages> pages, std::size_t index, Sheet sheet,
                  std::shared_ptr<const CharacterCodes> codes)
        : pages_(std::move(pages)), index_(index), sheet_(sheet), codes_(std::move(codes))
    {
    }
    void provideStreamData(QPDFObjGen const&, Pipeline* into) override
    {
        const std::string bytes = page_content(sheet_, (*pages_)[index_].text, *codes_);
        into->write(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
        into->finish();
    }

private:
    std::shared_ptr<Pages> pages_;
    std::size_t index_;
    Sheet sheet_;
    std::shared_ptr<const CharacterCodes> codes_;
};

/// What the first pass keeps of a page.
struct PageShape {
    Sheet sheet;
    ImageCodec codec;
    PixelFormat format;
};

QPDFObjectHandle name(std::string_view text)
{
    return QPDFObjectHandle::newName("/" + std::string(text));
}

QPDFObjectHandle number(double value)
{
    return QPDFObjectHandle::newReal(value, 3, true);
}

QPDFObjectHandle stream(QPDF& pdf, const std::string& bytes)
{
    return QPDFObjectHandle::newStream(&pdf, bytes);
}

QPDFObjectHandle image_object(QPDF& pdf, const PageShape& shape)
{
    const bool colour = shape.format == PixelFormat::rgb24;
    const int bits = shape.format == PixelFormat::bilevel ? 1 : 8;
    QPDFObjectHandle image = pdf.newStream();
    QPDFObjectHandle dict = image.getDict();
    dict.replaceKey("/Type", name("XObject"));
    dict.replaceKey("/Subtype", name("Image"));
    dict.replaceKey("/Width", QPDFObjectHandle::newInteger(shape.sheet.width_px));
    dict.replaceKey("/Height", QPDFObjectHandle::newInteger(shape.sheet.height_px));
    dict.replaceKey("/ColorSpace", name(colour ? "DeviceRGB" : "DeviceGray"));
    dict.replaceKey("/BitsPerComponent", QPDFObjectHandle::newInteger(bits));
    return image;
}

QPDFObjectHandle decode_parameters(const PageShape& shape)
{
    QPDFObjectHandle parameters = QPDFObjectHandle::newDictionary();
    parameters.replaceKey("/Columns", QPDFObjectHandle::newInteger(shape.sheet.width_px));
    switch (shape.codec) {
        case ImageCodec::jpeg: return QPDFObjectHandle::newNull();
        case ImageCodec::g4:
            parameters.replaceKey("/K", QPDFObjectHandle::newInteger(-1));
            parameters.replaceKey("/Rows", QPDFObjectHandle::newInteger(shape.sheet.height_px));
            break;
        case ImageCodec::flate:
            parameters.replaceKey("/Predictor", QPDFObjectHandle::newInteger(15));
            parameters.replaceKey("/Colors", QPDFObjectHandle::newInteger(shape.format == PixelFormat::rgb24 ? 3 : 1));
            parameters.replaceKey("/BitsPerComponent",
                                  QPDFObjectHandle::newInteger(shape.format == PixelFormat::bilevel ? 1 : 8));
            break;
    }
    return parameters;
}

QPDFObjectHandle filter_name(ImageCodec codec)
{
    switch (codec) {
        case ImageCodec::g4: return name("CCITTFaxDecode");
        case ImageCodec::jpeg: return name("DCTDecode");
        case ImageCodec::flate: return name("FlateDecode");
    }
    return QPDFObjectHandle::newNull();
}

/// A composite font over the glyphless program (ISO 32000-1, 9.7).
QPDFObjectHandle font_object(QPDF& pdf, const CharacterCodes& codes)
{
    const std::string program = glyphless_truetype();
    QPDFObjectHandle file = stream(pdf, program);
    file.getDict().replaceKey("/Length1", QPDFObjectHandle::newInteger(static_cast<long long>(program.size())));

    QPDFObjectHandle descriptor = QPDFObjectHandle::newDictionary();
    descriptor.replaceKey("/Type", name("FontDescriptor"));
    descriptor.replaceKey("/FontName", name(kGlyphlessFontName));
    descriptor.replaceKey("/Flags", QPDFObjectHandle::newInteger(5));  // fixed pitch, symbolic
    descriptor.replaceKey("/FontBBox", QPDFObjectHandle::newFromRectangle(
                                           QPDFObjectHandle::Rectangle(0, kGlyphDescent, kGlyphAdvance, kGlyphAscent)));
    descriptor.replaceKey("/ItalicAngle", QPDFObjectHandle::newInteger(0));
    descriptor.replaceKey("/Ascent", QPDFObjectHandle::newInteger(kGlyphAscent));
    descriptor.replaceKey("/Descent", QPDFObjectHandle::newInteger(kGlyphDescent));
    descriptor.replaceKey("/CapHeight", QPDFObjectHandle::newInteger(kGlyphAscent));
    descriptor.replaceKey("/StemV", QPDFObjectHandle::newInteger(80));
    descriptor.replaceKey("/FontFile2", file);

    QPDFObjectHandle system = QPDFObjectHandle::newDictionary();
    system.replaceKey("/Registry", QPDFObjectHandle::newString("Adobe"));
    system.replaceKey("/Ordering", QPDFObjectHandle::newString("Identity"));
    system.replaceKey("/Supplement", QPDFObjectHandle::newInteger(0));

    QPDFObjectHandle descendant = QPDFObjectHandle::newDictionary();
    descendant.replaceKey("/Type", name("Font"));
    descendant.replaceKey("/Subtype", name("CIDFontType2"));
    descendant.replaceKey("/BaseFont", name(kGlyphlessFontName));
    descendant.replaceKey("/CIDSystemInfo", system);
    descendant.replaceKey("/FontDescriptor", pdf.makeIndirectObject(descriptor));
    descendant.replaceKey("/DW", QPDFObjectHandle::newInteger(kGlyphAdvance));
    descendant.replaceKey("/CIDToGIDMap", stream(pdf, codes.glyph_map()));

    QPDFObjectHandle font = QPDFObjectHandle::newDictionary();
    font.replaceKey("/Type", name("Font"));
    font.replaceKey("/Subtype", name("Type0"));
    font.replaceKey("/BaseFont", name(kGlyphlessFontName));
    font.replaceKey("/Encoding", name("Identity-H"));
    font.replaceKey("/DescendantFonts", QPDFObjectHandle::newArray({pdf.makeIndirectObject(descendant)}));
    font.replaceKey("/ToUnicode", stream(pdf, codes.to_unicode()));
    return pdf.makeIndirectObject(font);
}

/// A tree two levels deep, so that no array grows past what PDF 1.4 allows.
QPDFObjectHandle page_tree(QPDF& pdf, const std::vector<QPDFObjectHandle>& pages)
{
    std::vector<QPDFObjectHandle> nodes;
    QPDFObjectHandle root = pdf.makeIndirectObject(QPDFObjectHandle::newDictionary());
    root.replaceKey("/Type", name("Pages"));
    root.replaceKey("/Count", QPDFObjectHandle::newInteger(static_cast<long long>(pages.size())));
    for (std::size_t first = 0; first < pages.size(); first += kPagesANode) {
        const std::size_t last = std::min(pages.size(), first + kPagesANode);
        std::vector<QPDFObjectHandle> kids(pages.begin() + static_cast<std::ptrdiff_t>(first),
                                           pages.begin() + static_cast<std::ptrdiff_t>(last));
        const bool only = pages.size() <= kPagesANode;
        QPDFObjectHandle node = only ? root : pdf.makeIndirectObject(QPDFObjectHandle::newDictionary());
        for (QPDFObjectHandle& kid : kids) kid.replaceKey("/Parent", node);
        node.replaceKey("/Type", name("Pages"));
        node.replaceKey("/Count", QPDFObjectHandle::newInteger(static_cast<long long>(kids.size())));
        node.replaceKey("/Kids", QPDFObjectHandle::newArray(kids));
        if (only) return root;
        node.replaceKey("/Parent", root);
        nodes.push_back(node);
    }
    root.replaceKey("/Kids", QPDFObjectHandle::newArray(nodes));
    return root;
}

/// Sixteen bytes that stand for the document, for the first half of /ID.
std::string id_of(const std::string& document_id)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(document_id.data(), document_id.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
        throw Stopped({FaultKind::library, kWhere, "libcrypto could not hash the document's id"});
    return {reinterpret_cast<const char*>(digest.data()), kIdBytes};
}

template <class T>
T or_stop(Result<T> result)
{
    if (!result) throw Stopped(result.error());
    return *std::move(result);
}

void add_metadata(QPDF& pdf, const PdfInfo& info)
{
    QPDFObjectHandle xmp = stream(pdf, or_stop(xmp_packet(info)));
    xmp.getDict().replaceKey("/Type", name("Metadata"));
    xmp.getDict().replaceKey("/Subtype", name("XML"));

    QPDFObjectHandle profile = stream(pdf, or_stop(srgb_profile()));
    profile.getDict().replaceKey("/N", QPDFObjectHandle::newInteger(3));
    profile.getDict().replaceKey("/Alternate", name("DeviceRGB"));
    QPDFObjectHandle intent = QPDFObjectHandle::newDictionary();
    intent.replaceKey("/Type", name("OutputIntent"));
    intent.replaceKey("/S", name("GTS_PDFA1"));
    intent.replaceKey("/OutputConditionIdentifier", QPDFObjectHandle::newString("sRGB IEC61966-2.1"));
    intent.replaceKey("/Info", QPDFObjectHandle::newString("sRGB IEC61966-2.1"));
    intent.replaceKey("/RegistryName", QPDFObjectHandle::newString("http://www.color.org"));
    intent.replaceKey("/DestOutputProfile", profile);

    QPDFObjectHandle root = pdf.getRoot();
    root.replaceKey("/Metadata", xmp);
    root.replaceKey("/OutputIntents", QPDFObjectHandle::newArray({pdf.makeIndirectObject(intent)}));
    if (!info.language.empty()) root.replaceKey("/Lang", QPDFObjectHandle::newUnicodeString(info.language));

    QPDFObjectHandle dict = QPDFObjectHandle::newDictionary();
    const auto put = [&dict](const std::string& key, const std::string& text) {
        if (!text.empty()) dict.replaceKey(key, QPDFObjectHandle::newUnicodeString(text));
    };
    put("/Title", printable(info.title));
    put("/Creator", printable(info.producer));
    put("/Producer", printable(info.producer));
    for (const auto& [key, value] : info.properties) put("/" + key, printable(value));
    pdf.getTrailer().replaceKey("/Info", pdf.makeIndirectObject(dict));

    const QPDFObjectHandle id = QPDFObjectHandle::newString(id_of(info.document_id));
    pdf.getTrailer().replaceKey("/ID", QPDFObjectHandle::newArray({id, id}));
}

void write_pages(const PdfInfo& info, std::size_t page_count, const PdfPageLoader& load, const ByteSink& sink,
                 const StageContext& context)
{
    Result<void> sink_state;
    auto pages = std::make_shared<Pages>(load, context, sink_state);
    auto codes = std::make_shared<CharacterCodes>();
    std::vector<PageShape> shapes;
    shapes.reserve(page_count);
    for (std::size_t i = 0; i < page_count; ++i) {
        const PdfPage& page = (*pages)[i];
        shapes.push_back({checked_sheet(page.image, i), page.image.codec, page.image.format});
        collect_characters(page.text, *codes);
    }
    codes->number();
    if (page_count > 1) pages->release();

    QPDF pdf;
    pdf.emptyPDF();
    pdf.setSuppressWarnings(true);
    QPDFObjectHandle fonts = QPDFObjectHandle::newDictionary();
    fonts.replaceKey("/F0", font_object(pdf, *codes));
    std::vector<QPDFObjectHandle> page_objects;
    page_objects.reserve(page_count);
    for (std::size_t i = 0; i < page_count; ++i) {
        const PageShape& shape = shapes[i];
        QPDFObjectHandle content = pdf.newStream();
        content.replaceStreamData(std::make_shared<ContentOfPage>(pages, i, shape.sheet, codes),
                                  QPDFObjectHandle::newNull(), QPDFObjectHandle::newNull());
        QPDFObjectHandle image = image_object(pdf, shape);
        image.replaceStreamData(std::make_shared<PixelsOfPage>(pages, i), filter_name(shape.codec),
                                decode_parameters(shape));
        QPDFObjectHandle images = QPDFObjectHandle::newDictionary();
        images.replaceKey("/Im0", image);
        QPDFObjectHandle resources = QPDFObjectHandle::newDictionary();
        resources.replaceKey("/XObject", images);
        resources.replaceKey("/Font", fonts.shallowCopy());
        QPDFObjectHandle page = QPDFObjectHandle::newDictionary();
        page.replaceKey("/Type", name("Page"));
        QPDFObjectHandle box = QPDFObjectHandle::newArray();
        box.appendItem(QPDFObjectHandle::newInteger(0));
        box.appendItem(QPDFObjectHandle::newInteger(0));
        box.appendItem(number(shape.sheet.width_px * shape.sheet.points_a_px));
        box.appendItem(number(shape.sheet.height_px * shape.sheet.points_a_px));
        page.replaceKey("/MediaBox", box);
        page.replaceKey("/Resources", resources);
        page.replaceKey("/Contents", content);
        page_objects.push_back(pdf.makeIndirectObject(page));
    }
    pdf.getRoot().replaceKey("/Pages", page_tree(pdf, page_objects));
    add_metadata(pdf, info);

    SinkPipeline out(sink, sink_state);
    QPDFWriter writer(pdf);
    writer.setOutputPipeline(&out);
    writer.setDeterministicID(true);
    writer.setNewlineBeforeEndstream(true);  // ISO 19005-1, 6.1.7
    writer.setDecodeLevel(qpdf_dl_none);     // what is encoded stays as it is; content streams are deflated
    writer.setCompressStreams(true);
    if (info.level == PdfLevel::a1b) {
        writer.forcePDFVersion("1.4");
        writer.setObjectStreamMode(qpdf_o_disable);
    } else {
        writer.setMinimumPDFVersion("1.7");
        writer.setObjectStreamMode(qpdf_o_generate);
    }
    writer.write();
    stop_unless(sink_state);
}

}  // namespace

Result<void> write_pdf(const PdfInfo& info, std::size_t page_count, const PdfPageLoader& load, const ByteSink& sink,
                       const StageContext& context)
{
    if (page_count == 0) return Fault{FaultKind::limit, kWhere, "document has 0 pages; a pdf needs at least 1"};
    try {
        write_pages(info, page_count, load, sink, context);
        return {};
    } catch (const Stopped& stopped) {
        return stopped.fault;
    } catch (const std::exception& e) {
        return Fault{FaultKind::library, kWhere, fmt::format("libqpdf gave up: {}", e.what())};
    }
}

}  // namespace chartlift
