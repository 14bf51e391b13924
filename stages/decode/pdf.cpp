// SPDX-License-Identifier: GPL-3.0-or-later
// PDF structure, encryption and the choice between a page's own image and a rendering.
#include "stages/decode/pdf.h"

#include <fmt/format.h>

#include <qpdf/Constants.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <qpdf/InputSource.hh>
#include <qpdf/Pl_Discard.hh>
#include <qpdf/QPDFExc.hh>
#include <qpdf/QPDFLogger.hh>
#include <qpdf/QPDFPageObjectHelper.hh>
#include <stdexcept>
#include <utility>
#include <vector>

namespace chartlift::decode {
namespace {

constexpr double kCovers = 0.95;    ///< share of the crop box that a full-page image covers at least
constexpr double kOverhang = 0.01;  ///< how far it may reach beyond, of the page's side
constexpr double kLevel =
    0.003;  ///< tangent of the largest lean that counts as level: 8 px over a letter page at 300 dpi
constexpr double kLeastDpi = 100;  ///< of a rendering at an image's own resolution
constexpr double kMostDpi = 600;

/// qpdf reads in pieces of some bytes; a small window spares a system call for each.
class SourceInput final : public InputSource {
public:
    explicit SourceInput(std::shared_ptr<const ByteSource> bytes) : bytes_(std::move(bytes)) {}

    void begin(const StageContext& context)
    {
        context_ = &context;
        io_fault_.reset();
    }
    std::optional<Fault> outside_fault() const
    {
        if (io_fault_) return io_fault_;
        const Result<void> wanted = context_->still_wanted(Decode::name);
        return wanted ? std::nullopt : std::optional(wanted.error());
    }

    qpdf_offset_t findAndSkipNextEOL() override
    {
        std::array<char, 256> piece;
        for (;;) {
            const qpdf_offset_t begin = at_;
            const std::size_t got = read(piece.data(), piece.size());
            if (got == 0) return at_;
            const std::string_view text(piece.data(), got);
            const std::size_t eol = text.find_first_of("\r\n");
            if (eol == std::string_view::npos) continue;
            const qpdf_offset_t found = begin + static_cast<qpdf_offset_t>(eol);
            at_ = found + 1;
            char next = 0;
            while (read(&next, 1) == 1)
                if (next != '\r' && next != '\n') {
                    --at_;
                    break;
                }
            return found;
        }
    }
    const std::string& getName() const override { return name_; }
    qpdf_offset_t tell() override { return at_; }
    void seek(qpdf_offset_t offset, int whence) override
    {
        if (whence == SEEK_CUR) offset += at_;
        if (whence == SEEK_END) offset += static_cast<qpdf_offset_t>(bytes_->size_bytes());
        if (offset < 0) throw std::runtime_error("seek before the beginning");
        at_ = offset;
    }
    void rewind() override { at_ = 0; }
    void unreadCh(char) override { --at_; }
    std::size_t read(char* into, std::size_t count) override
    {
        last_offset = at_;
        std::size_t done = 0;
        while (done < count) {
            const auto at = static_cast<std::uint64_t>(at_);
            if (at < window_at_ || at >= window_at_ + window_size_) {
                if (!refill(at)) break;
            }
            const std::size_t from = static_cast<std::size_t>(at - window_at_);
            const std::size_t part = std::min(count - done, window_size_ - from);
            std::memcpy(into + done, window_.data() + from, part);
            done += part;
            at_ += static_cast<qpdf_offset_t>(part);
        }
        return done;
    }

private:
    bool refill(std::uint64_t at)
    {
        if (const Result<void> wanted = context_->still_wanted(Decode::name); !wanted)
            throw std::runtime_error("no longer wanted");
        const Result<std::size_t> got = bytes_->read_at(at, window_);
        if (!got) {
            io_fault_ = got.error();
            throw std::runtime_error("reading failed");
        }
        window_at_ = at;
        window_size_ = *got;
        return window_size_ > 0;
    }

    std::shared_ptr<const ByteSource> bytes_;
    const StageContext* context_ = nullptr;
    std::optional<Fault> io_fault_;
    qpdf_offset_t at_ = 0;
    std::array<std::byte, 16384> window_;
    std::uint64_t window_at_ = 0;
    std::size_t window_size_ = 0;
    std::string name_ = "pdf";
};

/// qpdf's own words may quote the file, so only what kind of damage and where is passed on.
Fault fault_of(const QPDFExc& problem)
{
    switch (problem.getErrorCode()) {
        case qpdf_e_password:
            return fault(FaultKind::encrypted, "file is encrypted; give its password with --password-file");
        case qpdf_e_unsupported: return fault(FaultKind::unsupported, "pdf uses a feature that is not read");
        default: break;
    }
    if (problem.getFilePosition() > 0)
        return fault(FaultKind::corrupt, fmt::format("pdf is damaged at byte {}", problem.getFilePosition()));
    return fault(FaultKind::corrupt, "pdf is damaged");
}

PageArea area_of(QPDFObjectHandle page)
{
    QPDFPageObjectHelper helper(page);
    PageArea area;
    const auto rectangle = [&helper](const char* key) -> std::optional<QPDFObjectHandle::Rectangle> {
        QPDFObjectHandle box = helper.getAttribute(key, false);
        if (!box.isRectangle()) return std::nullopt;
        const auto r = box.getArrayAsRectangle();
        const bool sound = std::isfinite(r.llx) && std::isfinite(r.lly) && std::isfinite(r.urx) &&
                           std::isfinite(r.ury) && r.urx > r.llx && r.ury > r.lly;
        return sound ? std::optional(r) : std::nullopt;
    };
    if (const auto media = rectangle("/MediaBox")) {
        area.left = media->llx;
        area.bottom = media->lly;
        area.right = media->urx;
        area.top = media->ury;
    }
    if (const auto crop = rectangle("/CropBox")) {
        const PageArea media = area;
        area.left = std::max(media.left, crop->llx);
        area.bottom = std::max(media.bottom, crop->lly);
        area.right = std::min(media.right, crop->urx);
        area.top = std::min(media.top, crop->ury);
        if (area.width() <= 0 || area.height() <= 0) area = media;
    }
    QPDFObjectHandle rotate = helper.getAttribute("/Rotate", false);
    if (rotate.isInteger() && rotate.getIntValue() % 90 == 0)
        area.rotate_cw = static_cast<int>((rotate.getIntValue() % 360 + 360) % 360);
    constexpr double kLargestUnit = 1000;
    QPDFObjectHandle unit = page.getKey("/UserUnit");
    if (unit.isNumber() && unit.getNumericValue() > 0 && unit.getNumericValue() <= kLargestUnit)
        area.inches_per_point *= unit.getNumericValue();
    return area;
}

/// Something lies on the page beside its content stream: a form field, a stamp, a note.
bool has_visible_annotations(QPDFObjectHandle page)
{
    QPDFObjectHandle annotations = page.getKey("/Annots");
    if (!annotations.isArray()) return false;
    constexpr int kMostAnnotations = 10'000;
    if (annotations.getArrayNItems() > kMostAnnotations) return true;
    for (QPDFObjectHandle& annotation : annotations.getArrayAsVector()) {
        if (!annotation.isDictionary()) continue;
        QPDFObjectHandle subtype = annotation.getKey("/Subtype");
        if (subtype.isNameAndEquals("/Link") || subtype.isNameAndEquals("/Popup")) continue;
        QPDFObjectHandle flags = annotation.getKey("/F");
        constexpr long long kHidden = 2, kNoView = 32;  // 12.5.3
        if (flags.isInteger() && (flags.getIntValue() & (kHidden | kNoView)) != 0) continue;
        return true;
    }
    return false;
}

/// How an image of so many pixels lies on the page.
struct Placement {
    double x_per_inch = 0;  ///< along its rows
    double y_per_inch = 0;
    bool full_page = false;
    bool level = false;  ///< turned by quarter turns only
    int orientation = kUpright;
};

Placement placement_of(const PlacedImage& placed, const PageArea& area)
{
    const QPDFMatrix& m = placed.place;
    QPDFObjectHandle image = placed.image;  // qpdf's getters are not const
    QPDFObjectHandle dict = image.getDict();
    const auto pixels = [&dict](const char* key) {
        QPDFObjectHandle value = dict.getKey(key);
        return value.isInteger() ? static_cast<double>(value.getIntValue()) : 0.0;
    };
    Placement placement;
    const double row_points = std::hypot(m.a, m.b), column_points = std::hypot(m.c, m.d);
    if (!(row_points > 0) || !(column_points > 0)) return placement;
    placement.x_per_inch = pixels("/Width") / (row_points * area.inches_per_point);
    placement.y_per_inch = pixels("/Height") / (column_points * area.inches_per_point);

    const auto box = m.transformRectangle({0, 0, 1, 1});
    const double width = std::min(box.urx, area.right) - std::max(box.llx, area.left);
    const double height = std::min(box.ury, area.top) - std::max(box.lly, area.bottom);
    const double x_slack = kOverhang * area.width(), y_slack = kOverhang * area.height();
    placement.full_page = width > 0 && height > 0 && width * height >= kCovers * area.width() * area.height() &&
                          box.llx >= area.left - x_slack && box.urx <= area.right + x_slack &&
                          box.lly >= area.bottom - y_slack && box.ury <= area.top + y_slack;
    const bool straight = std::abs(m.b) <= kLevel * row_points && std::abs(m.c) <= kLevel * column_points;
    const bool turned = std::abs(m.a) <= kLevel * row_points && std::abs(m.d) <= kLevel * column_points;
    placement.level = straight || turned;
    if (!placement.level) return placement;

    // The directions of a stored row (rightwards) and column (downwards) as seen: y points down on the screen.
    const auto sign = [](double value) { return value > 0 ? 1 : value < 0 ? -1 : 0; };
    std::array<int, 2> right{straight ? sign(m.a) : 0, turned ? -sign(m.b) : 0};
    std::array<int, 2> down{turned ? -sign(m.c) : 0, straight ? sign(m.d) : 0};
    for (int turn = 0; turn < area.rotate_cw; turn += 90) {
        right = {-right[1], right[0]};
        down = {-down[1], down[0]};
    }
    if (right[0] != 0)
        placement.orientation = right[0] > 0 ? (down[1] > 0 ? 1 : 4) : (down[1] > 0 ? 2 : 3);
    else
        placement.orientation = right[1] > 0 ? (down[0] > 0 ? 5 : 6) : (down[0] > 0 ? 8 : 7);
    return placement;
}

class PdfFile final : public OpenFile {
public:
    PdfFile(std::shared_ptr<SourceInput> input, std::unique_ptr<QPDF> pdf, std::vector<QPDFObjectHandle> pages, Dpi dpi)
        : input_(std::move(input)), pdf_(std::move(pdf)), pages_(std::move(pages)), render_dpi_(dpi)
    {
    }
    FileFormat format() const override { return FileFormat::pdf; }
    int page_count() const override { return static_cast<int>(pages_.size()); }
    Result<DecodedPage> page(int index, const StageContext& context) override
    {
        if (index < 0 || index >= page_count()) return no_such_page(index, page_count());
        input_->begin(context);
        Result<DecodedPage> out = without_exceptions([&]() -> Result<DecodedPage> {
            try {
                return read(pages_[static_cast<std::size_t>(index)], context);
            } catch (const QPDFExc& problem) {
                return fault_of(problem);
            }
        });
        pdf_->getWarnings();  // lets go of them: a damaged file of many pages would pile them up
        if (auto outside = input_->outside_fault()) return *outside;  // whatever else it looked like
        return out;
    }

private:
    Result<DecodedPage> read(QPDFObjectHandle page, const StageContext& context)
    {
        if (auto wanted = context.still_wanted(Decode::name); !wanted) return wanted.error();
        if (!page.isDictionary()) return fault(FaultKind::corrupt, "pdf page is not a dictionary");
        const PageArea area = area_of(page);
        Result<PageContent> content = look_at(page, area, context);
        if (!content) return content.error();
        double dpi = static_cast<double>(render_dpi_.value);
        const bool one_image = content->images == 1 && !content->other_marks && !content->visible_text;
        if (one_image && !has_visible_annotations(page)) {
            const Placement placement = placement_of(*content->image, area);
            if (placement.full_page) {
                if (placement.level && !content->unusual) {
                    Result<Scan> scan = native_image(*pdf_, *content->image, context);
                    if (scan) {
                        scan->orientation = placement.orientation;
                        scan->x_per_inch = placement.x_per_inch;
                        scan->y_per_inch = placement.y_per_inch;
                        scan->absolute = true;
                        return finished(std::move(*scan), context);
                    }
                    if (scan.error().kind != FaultKind::unsupported) return scan.error();
                }
                const double own_dpi = std::max(placement.x_per_inch, placement.y_per_inch);
                if (std::isfinite(own_dpi) && own_dpi > 0) dpi = std::clamp(own_dpi, kLeastDpi, kMostDpi);
            }
        }
        return rendered(page, area, dpi, content->visible_text && !content->hidden_text, context);
    }

    std::shared_ptr<SourceInput> input_;
    std::unique_ptr<QPDF> pdf_;
    std::vector<QPDFObjectHandle> pages_;
    Dpi render_dpi_;
};

}  // namespace

Result<std::unique_ptr<OpenFile>> open_pdf(std::shared_ptr<const ByteSource> bytes, const DecodeSettings& settings,
                                           const StageContext& context)
{
    std::vector<const char*> passwords{nullptr};
    for (const std::string& password : settings.passwords) passwords.push_back(password.c_str());
    Fault last = fault(FaultKind::encrypted, "file is encrypted; give its password with --password-file");
    for (const char* password : passwords) {
        auto input = std::make_shared<SourceInput>(bytes);
        input->begin(context);
        auto pdf = std::make_unique<QPDF>();
        const auto silence = std::make_shared<Pl_Discard>();
        const auto logger = QPDFLogger::create();
        logger->setInfo(silence);
        logger->setWarn(silence);
        logger->setError(silence);
        pdf->setLogger(logger);
        pdf->setSuppressWarnings(true);
        try {
            pdf->processInputSource(input, password);
            std::vector<QPDFObjectHandle> pages = pdf->getAllPages();
            if (auto outside = input->outside_fault()) return *outside;
            if (pages.empty()) return fault(FaultKind::corrupt, "pdf has no pages");
            if (pages.size() > static_cast<std::size_t>(context.limits.max_pages))
                return fault(FaultKind::limit, fmt::format("file has {} pages; limits.max_pages is {}", pages.size(),
                                                           context.limits.max_pages));
            return std::unique_ptr<OpenFile>(
                std::make_unique<PdfFile>(std::move(input), std::move(pdf), std::move(pages), settings.render_dpi));
        } catch (const QPDFExc& problem) {
            if (auto outside = input->outside_fault()) return *outside;
            if (problem.getErrorCode() != qpdf_e_password) return fault_of(problem);
        } catch (const std::bad_alloc&) {
            throw;
        } catch (const std::exception&) {
            if (auto outside = input->outside_fault()) return *outside;
            return fault(FaultKind::corrupt, "pdf is damaged");
        }
    }
    return last;
}

}  // namespace chartlift::decode
