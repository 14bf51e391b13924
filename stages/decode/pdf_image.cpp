// SPDX-License-Identifier: GPL-3.0-or-later
// An image XObject (8.9.5) as the pixels it holds. What is common on scanned pages is read here; for the rest the
// answer is `unsupported`, and Poppler draws it.
#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <qpdf/Buffer.hh>
#include <stdexcept>
#include <utility>
#include <vector>

#include "stages/adapters/pixels.h"
#include "stages/decode/pdf.h"

namespace chartlift::decode {
namespace {

using adapters::PixelBuffer;

constexpr std::int64_t kMostStreamBytes = 1 << 30;  // compressed; held in memory while it is decoded
constexpr std::size_t kMostPaletteBytes = 256 * 4;

Fault render_instead(const char* why)
{
    return fault(FaultKind::unsupported, std::string("pdf image with ") + why);
}

/// A stream's bytes, shared with qpdf.
class BufferSource final : public ByteSource {
public:
    explicit BufferSource(std::shared_ptr<Buffer> buffer) : buffer_(std::move(buffer)) {}
    std::uint64_t size_bytes() const override { return buffer_->getSize(); }
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) const override
    {
        if (offset >= buffer_->getSize() || into.empty()) return std::size_t{0};
        const std::size_t count = std::min<std::size_t>(into.size(), buffer_->getSize() - offset);
        std::memcpy(into.data(), buffer_->getBuffer() + offset, count);
        return count;
    }

private:
    std::shared_ptr<Buffer> buffer_;
};

enum class Space { gray, rgb, cmyk, indexed };

struct Colours {
    Space space = Space::gray;
    int components = 1;
    std::vector<std::uint8_t> palette;  ///< rgb of each index
};

/// The device spaces and those that stand for them closely enough: calibrated and ICC by their number of components.
std::optional<Colours> simple_space(QPDFObjectHandle space)
{
    const auto by_count = [](long long count) -> std::optional<Colours> {
        switch (count) {
            case 1: return Colours{Space::gray, 1, {}};
            case 3: return Colours{Space::rgb, 3, {}};
            case 4: return Colours{Space::cmyk, 4, {}};
            default: return std::nullopt;
        }
    };
    if (space.isArray() && space.getArrayNItems() == 2 && space.getArrayItem(0).isNameAndEquals("/ICCBased")) {
        QPDFObjectHandle profile = space.getArrayItem(1);
        if (!profile.isStream() || !profile.getDict().getKey("/N").isInteger()) return std::nullopt;
        return by_count(profile.getDict().getKey("/N").getIntValue());
    }
    std::string name;
    if (space.isName()) name = space.getName();
    if (space.isArray() && space.getArrayNItems() >= 1 && space.getArrayItem(0).isName())
        name = space.getArrayItem(0).getName();
    if (name == "/DeviceGray" || name == "/CalGray" || name == "/G") return by_count(1);
    if (name == "/DeviceRGB" || name == "/CalRGB" || name == "/RGB") return by_count(3);
    if (name == "/DeviceCMYK" || name == "/CMYK") return by_count(4);
    return std::nullopt;
}

void to_rgb(Space space, const std::uint8_t* from, std::uint8_t* rgb)
{
    if (space == Space::cmyk)
        cmyk_to_rgb(from[0], from[1], from[2], from[3], rgb);
    else
        for (std::size_t c = 0; c < 3; ++c) rgb[c] = from[space == Space::rgb ? c : 0];
}

std::optional<Colours> colours_of(QPDFObjectHandle space)
{
    if (!space.isArray() || space.getArrayNItems() != 4 || !space.getArrayItem(0).isName() ||
        (space.getArrayItem(0).getName() != "/Indexed" && space.getArrayItem(0).getName() != "/I"))
        return simple_space(space);
    const std::optional<Colours> base = simple_space(space.getArrayItem(1));
    QPDFObjectHandle highest = space.getArrayItem(2);
    QPDFObjectHandle table = space.getArrayItem(3);
    if (!base || !highest.isInteger() || highest.getIntValue() < 0 || highest.getIntValue() > 255) return std::nullopt;
    std::string bytes;
    if (table.isString()) {
        bytes = table.getStringValue();
    } else if (table.isStream()) {
        CappedBytes collected(kMostPaletteBytes);
        table.pipeStreamData(&collected, 0, qpdf_dl_specialized, true);
        bytes = std::move(collected.bytes);
    }
    const auto step = static_cast<std::size_t>(base->components);
    bytes.resize(std::max(bytes.size(), (static_cast<std::size_t>(highest.getIntValue()) + 1) * step), '\0');
    Colours colours{Space::indexed, 1, std::vector<std::uint8_t>(3 * 256)};
    for (std::size_t i = 0; i <= static_cast<std::size_t>(highest.getIntValue()); ++i)
        to_rgb(base->space, reinterpret_cast<const std::uint8_t*>(bytes.data()) + i * step,
               colours.palette.data() + 3 * i);
    return colours;
}

/// The /Decode array: 0 to 1 for every component, or 1 to 0.
std::optional<bool> inverted_by(QPDFObjectHandle decode, const Colours& colours, int bits)
{
    if (!decode.isArray()) return false;
    const int count = decode.getArrayNItems();
    if (count < 2 * colours.components) return std::nullopt;
    const double top = colours.space == Space::indexed ? (1 << bits) - 1 : 1;
    bool plain = true, flipped = true;
    for (int i = 0; i < 2 * colours.components; ++i) {
        QPDFObjectHandle item = decode.getArrayItem(i);
        if (!item.isNumber()) return std::nullopt;
        const double value = item.getNumericValue();
        plain &= std::abs(value - (i % 2 == 0 ? 0 : top)) < 1e-3;
        flipped &= std::abs(value - (i % 2 == 0 ? top : 0)) < 1e-3;
    }
    if (plain) return false;
    if (flipped && colours.space != Space::indexed) return true;
    return std::nullopt;
}

struct Filters {
    std::vector<std::string> names;
    std::vector<QPDFObjectHandle> parameters;
};

Filters filters_of(QPDFObjectHandle dict)
{
    Filters filters;
    QPDFObjectHandle names = dict.getKey("/Filter");
    QPDFObjectHandle parameters = dict.getKey("/DecodeParms");
    if (names.isName()) {
        filters.names.push_back(names.getName());
        filters.parameters.push_back(
            parameters.isArray() && parameters.getArrayNItems() > 0 ? parameters.getArrayItem(0) : parameters);
    } else if (names.isArray()) {
        for (int i = 0; i < names.getArrayNItems(); ++i) {
            QPDFObjectHandle name = names.getArrayItem(i);
            filters.names.push_back(name.isName() ? name.getName() : "");
            filters.parameters.push_back(parameters.isArray() && i < parameters.getArrayNItems()
                                             ? parameters.getArrayItem(i)
                                             : QPDFObjectHandle::newNull());
        }
    }
    return filters;
}

/// The bytes that the last filter, an image codec, works on.
Result<std::shared_ptr<const ByteSource>> codec_bytes(QPDF& pdf, QPDFObjectHandle image, const Filters& filters)
{
    std::shared_ptr<Buffer> raw = image.getRawStreamData();
    if (filters.names.size() >
        1) {  // qpdf takes off all filters or none, so the inner ones are given a stream of their own
        QPDFObjectHandle wrapped = QPDFObjectHandle::newStream(&pdf, raw);
        std::vector<QPDFObjectHandle> names, parameters;
        for (std::size_t i = 0; i + 1 < filters.names.size(); ++i) {
            names.push_back(QPDFObjectHandle::newName(filters.names[i]));
            parameters.push_back(filters.parameters[i]);
        }
        wrapped.getDict().replaceKey("/Filter", QPDFObjectHandle::newArray(names));
        wrapped.getDict().replaceKey("/DecodeParms", QPDFObjectHandle::newArray(parameters));
        CappedBytes inner(static_cast<std::size_t>(kMostStreamBytes));
        if (!wrapped.pipeStreamData(&inner, 0, qpdf_dl_specialized, true) || inner.overflowed)
            return fault(FaultKind::corrupt, "pdf image data cannot be unpacked");
        raw = std::make_shared<Buffer>(inner.bytes.size());
        std::memcpy(raw->getBuffer(), inner.bytes.data(), inner.bytes.size());
    }
    return std::shared_ptr<const ByteSource>(std::make_shared<BufferSource>(std::move(raw)));
}

/// Turns unpacked sample rows into the page as they come; stops the stream once the picture is full.
class RowSink final : public Pipeline {
public:
    RowSink(int width_px, int height_px, int bits, const Colours& colours, bool flip, const StageContext& context)
        : Pipeline("rows", nullptr),
          bits_(bits),
          colours_(colours),
          flip_(flip),
          context_(context),
          format_(format_of(bits, colours)),
          page_(format_, width_px, height_px)
    {
        const auto samples = static_cast<std::size_t>(width_px) * static_cast<std::size_t>(colours.components);
        line_.resize((samples * static_cast<std::size_t>(bits) + 7) / 8);
        unpacked_.resize(samples);
    }

    void write(const unsigned char* from, std::size_t count) override
    {
        while (count > 0) {
            if (rows_ == page_.height_px()) throw std::runtime_error("the picture is full");
            const std::size_t part = std::min(count, line_.size() - filled_);
            std::memcpy(line_.data() + filled_, from, part);
            filled_ += part;
            from += part;
            count -= part;
            if (filled_ < line_.size()) return;
            put_row();
            filled_ = 0;
            if (++rows_ % kRowsBetweenChecks == 0 && !context_.still_wanted(Decode::name))
                throw std::runtime_error("out of time");
        }
    }
    void finish() override {}

    int rows() const { return rows_; }
    Image take()
    {
        for (int y = rows_; y < page_.height_px() && format_ != PixelFormat::bilevel; ++y)
            std::memset(page_.row(y), 255, row_bytes(format_, page_.width_px()));
        page_.clear_padding_bits();
        return std::move(page_).freeze();
    }

private:
    static constexpr int kRowsBetweenChecks = 64;

    static PixelFormat format_of(int bits, const Colours& colours)
    {
        if (colours.space == Space::gray) return bits == 1 ? PixelFormat::bilevel : PixelFormat::gray8;
        if (colours.space != Space::indexed) return PixelFormat::rgb24;
        for (std::size_t i = 0; i < std::size_t{3} << bits; i += 3)
            if (colours.palette[i] != colours.palette[i + 1] || colours.palette[i] != colours.palette[i + 2])
                return PixelFormat::rgb24;
        const bool black_and_white = bits == 1 && colours.palette[0] + colours.palette[3] == 255 &&
                                     (colours.palette[0] == 0 || colours.palette[0] == 255);
        return black_and_white ? PixelFormat::bilevel : PixelFormat::gray8;
    }

    void put_row()
    {
        std::uint8_t* to = page_.row(rows_);
        if (format_ == PixelFormat::bilevel) {  // a sample of 0 is black unless told otherwise
            const bool zero_is_black = colours_.space == Space::indexed ? colours_.palette[0] == 0 : !flip_;
            for (std::size_t i = 0; i < line_.size(); ++i)
                to[i] = zero_is_black ? static_cast<std::uint8_t>(~line_[i]) : line_[i];
            return;
        }
        const bool indexed = colours_.space == Space::indexed;
        if (bits_ == 16)  // big-endian
            for (std::size_t i = 0; i < unpacked_.size(); ++i) unpacked_[i] = line_[2 * i];
        else
            unpack_samples(line_.data(), unpacked_.size(), static_cast<unsigned>(bits_), indexed, unpacked_.data());
        if (flip_)
            for (std::uint8_t& sample : unpacked_) sample = static_cast<std::uint8_t>(255 - sample);
        const auto width = static_cast<std::size_t>(page_.width_px());
        const std::size_t out = format_ == PixelFormat::gray8 ? 1 : 3;
        if (indexed) {
            for (std::size_t x = 0; x < width; ++x)
                std::memcpy(to + x * out, colours_.palette.data() + std::size_t{3} * unpacked_[x], out);
        } else if (colours_.space == Space::cmyk) {
            for (std::size_t x = 0; x < width; ++x) to_rgb(Space::cmyk, unpacked_.data() + 4 * x, to + 3 * x);
        } else {
            std::memcpy(to, unpacked_.data(), unpacked_.size());
        }
    }

    int bits_;
    const Colours& colours_;
    bool flip_;
    const StageContext& context_;
    PixelFormat format_;
    PixelBuffer page_;
    std::vector<std::uint8_t> line_;
    std::vector<std::uint8_t> unpacked_;
    std::size_t filled_ = 0;
    int rows_ = 0;
};

Result<Scan> raw_image(QPDFObjectHandle image, int width, int height, int bits, const Colours& colours, bool flip,
                       const StageContext& context)
{
    if (bits != 1 && bits != 2 && bits != 4 && bits != 8 && bits != 16) return render_instead("an odd sample size");
    if (colours.space == Space::indexed && bits > 8) return render_instead("wide palette indexes");
    RowSink rows(width, height, bits, colours, flip, context);
    image.pipeStreamData(&rows, 0, qpdf_dl_specialized, true);
    if (auto wanted = context.still_wanted(Decode::name); !wanted) return wanted.error();
    if (rows.rows() < (1.0 - kTolerableLoss) * height)
        return fault(FaultKind::corrupt, fmt::format("pdf image has {} of {} rows", rows.rows(), height));
    Scan scan;
    scan.image = rows.take();
    return scan;
}

Result<Scan> fax_image(QPDF& pdf, QPDFObjectHandle image, const Filters& filters, int width, int height,
                       const Colours& colours, bool flip, const StageContext& context)
{
    QPDFObjectHandle parameters = filters.parameters.back();
    const auto integer = [&parameters](const char* key, int otherwise) {
        QPDFObjectHandle value = parameters.isDictionary() ? parameters.getKey(key) : QPDFObjectHandle::newNull();
        return value.isInteger() ? value.getIntValueAsInt() : otherwise;
    };
    const auto truth = [&parameters](const char* key) {
        QPDFObjectHandle value = parameters.isDictionary() ? parameters.getKey(key) : QPDFObjectHandle::newNull();
        return value.isBool() && value.getBoolValue();
    };
    constexpr int kDefaultColumns = 1728;  // table 11
    const FaxData fax{integer("/K", 0), truth("/EndOfLine"), truth("/EncodedByteAlign"), width, height};
    if (integer("/Columns", kDefaultColumns) != width) return render_instead("another width than its fax data");
    if ((fax.byte_aligned && fax.k != 0) || (fax.k > 0 && !fax.marked)) return render_instead("a rare fax coding");
    if (colours.space != Space::gray && colours.space != Space::indexed) return render_instead("fax data in colour");
    bool zero_is_black = !flip;
    if (colours.space == Space::indexed) {
        const std::uint8_t first = colours.palette[0], second = colours.palette[3];
        const bool gray = first == colours.palette[1] && first == colours.palette[2] && second == colours.palette[4] &&
                          second == colours.palette[5];
        if (!gray || first + second != 255 || (first != 0 && first != 255)) return render_instead("fax data in colour");
        zero_is_black = first == 0;
    }
    Result<std::shared_ptr<const ByteSource>> bytes = codec_bytes(pdf, image, filters);
    if (!bytes) return bytes.error();
    Result<Scan> scan = read_fax(fax, *bytes, context);
    if (!scan) return scan;
    // The fax's black is sample 1 under /BlackIs1, else sample 0.
    if (truth("/BlackIs1") == zero_is_black) scan->image = inverted(scan->image);
    return scan;
}

}  // namespace

Result<Scan> native_image(QPDF& pdf, const PlacedImage& placed, const StageContext& context)
{
    QPDFObjectHandle image = placed.image;
    QPDFObjectHandle dict = image.getDict();
    QPDFObjectHandle width_value = dict.getKey("/Width"), height_value = dict.getKey("/Height");
    if (!width_value.isInteger() || !height_value.isInteger()) return render_instead("no size");
    if (auto allowed = size_allowed(width_value.getIntValue(), height_value.getIntValue(), context.limits); !allowed)
        return allowed.error();
    const int width = width_value.getIntValueAsInt(), height = height_value.getIntValueAsInt();
    if (!dict.getKey("/SMask").isNull() || !dict.getKey("/Mask").isNull()) return render_instead("a mask");
    QPDFObjectHandle in_data = dict.getKey("/SMaskInData");
    if (in_data.isInteger() && in_data.getIntValue() != 0) return render_instead("a mask in its data");
    QPDFObjectHandle length = dict.getKey("/Length");
    if (length.isInteger() && length.getIntValue() > kMostStreamBytes)
        return fault(FaultKind::limit, fmt::format("pdf image stream is {} bytes; {} are allowed", length.getIntValue(),
                                                   kMostStreamBytes));

    QPDFObjectHandle mask = dict.getKey("/ImageMask");
    const bool is_mask = mask.isBool() && mask.getBoolValue();
    if (is_mask && !placed.paints_black) return render_instead("a fill colour");
    const Filters filters = filters_of(dict);
    const std::string codec = filters.names.empty() ? "" : filters.names.back();
    for (const std::string& name : filters.names)
        if (name == "/JBIG2Decode" || name == "/Crypt") return render_instead("a rare filter");
    QPDFObjectHandle space = dict.getKey("/ColorSpace");
    QPDFObjectHandle bits_value = dict.getKey("/BitsPerComponent");
    const int bits = is_mask || codec == "/CCITTFaxDecode" ? 1
                     : bits_value.isInteger()              ? bits_value.getIntValueAsInt()
                                                           : 8;

    if (codec == "/JPXDecode") {
        int components = 0;
        if (!space.isNull()) {
            const std::optional<Colours> colours = colours_of(space);
            if (!colours || colours->space == Space::indexed) return render_instead("a rare colour space");
            components = colours->components;
        }
        if (!dict.getKey("/Decode").isNull() || is_mask) return render_instead("decoded values out of range");
        Result<std::shared_ptr<const ByteSource>> bytes = codec_bytes(pdf, image, filters);
        if (!bytes) return bytes.error();
        Result<Scan> scan = read_jp2(**bytes, context, components);
        if (scan && (scan->image.width_px() != width || scan->image.height_px() != height))
            return render_instead("another size than its data");
        if (scan) scan->x_per_inch = scan->y_per_inch = 0;
        return scan;
    }
    const std::optional<Colours> colours = is_mask ? Colours{} : colours_of(space);
    if (!colours) return render_instead("a rare colour space");
    const std::optional<bool> flip = inverted_by(dict.getKey("/Decode"), *colours, bits);
    if (!flip) return render_instead("a rare decode array");
    if (codec == "/CCITTFaxDecode") return fax_image(pdf, image, filters, width, height, *colours, *flip, context);
    if (codec == "/DCTDecode") {
        if (colours->space == Space::indexed || is_mask) return render_instead("indexes in a jpeg");
        QPDFObjectHandle parameters = filters.parameters.back();
        if (parameters.isDictionary() && parameters.hasKey("/ColorTransform"))
            return render_instead("a colour transform");
        Result<std::shared_ptr<const ByteSource>> bytes = codec_bytes(pdf, image, filters);
        if (!bytes) return bytes.error();
        Result<Scan> scan = read_jpeg(**bytes, context, JpegInPdf{colours->components, *flip});
        if (scan && (scan->image.width_px() != width || scan->image.height_px() != height))
            return render_instead("another size than its data");
        return scan;
    }
    return raw_image(image, width, height, bits, *colours, *flip, context);
}

}  // namespace chartlift::decode
