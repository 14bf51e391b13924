// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/classify/page_type_model.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace chartlift {
namespace {

constexpr const char* kWhere = "classify";
constexpr std::string_view kMagic = "chartlift page types\n";
/// Raise it when the layout changes, and when page_features.cpp changes what a feature means: old weights would
/// mislead.
constexpr std::uint32_t kFormat = 1;
constexpr std::size_t kMaxTypes = 1'000;
constexpr std::size_t kMaxTextBytes = 4'096;
constexpr float kIdfStep = 1.0F / 16;  ///< idf runs from 1 to about 10, so steps of a sixteenth fit eight bits

std::uint64_t checksum(std::string_view bytes)
{
    std::uint64_t hash = 0xCBF29CE484222325ULL;  // FNV-1a: against damage, not against malice
    for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    return hash;
}

class Writer {
public:
    void u32(std::uint32_t value) { little_endian(value, 4); }
    void u64(std::uint64_t value) { little_endian(value, 8); }
    void f32(float value) { u32(std::bit_cast<std::uint32_t>(value)); }
    void varint(std::uint32_t value)
    {
        for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7F) | 0x80);
        bytes += static_cast<char>(value);
    }
    void text(std::string_view value)
    {
        u32(static_cast<std::uint32_t>(value.size()));
        bytes += value;
    }
    std::string bytes;

private:
    void little_endian(std::uint64_t value, int count)
    {
        for (int i = 0; i < count; ++i) bytes += static_cast<char>((value >> (8 * i)) & 0xFF);
    }
};

/// Reads past the end give zeros and clear `good`.
class Reader {
public:
    explicit Reader(std::string_view from) : bytes_(from) {}
    std::uint8_t u8()
    {
        if (at_ >= bytes_.size()) {
            good = false;
            return 0;
        }
        return static_cast<std::uint8_t>(bytes_[at_++]);
    }
    std::uint32_t u32()
    {
        std::uint32_t value = 0;
        for (int i = 0; i < 4; ++i) value |= static_cast<std::uint32_t>(u8()) << (8 * i);
        return value;
    }
    float f32()
    {
        const float value = std::bit_cast<float>(u32());
        if (!std::isfinite(value)) good = false;
        return value;
    }
    /// One number has one form: neither zeros at its end nor bits past the 32nd.
    std::uint32_t varint()
    {
        constexpr int kLastShift = 28;
        std::uint32_t value = 0;
        for (int shift = 0; shift <= kLastShift; shift += 7) {
            const std::uint8_t byte = u8();
            if ((shift > 0 && byte == 0) || (shift == kLastShift && byte > 0x0F)) break;
            value |= static_cast<std::uint32_t>(byte & 0x7F) << shift;
            if ((byte & 0x80) == 0) return value;
        }
        good = false;
        return 0;
    }
    std::string text()
    {
        const std::size_t size = u32();
        if (size > kMaxTextBytes || size > left()) {
            good = false;
            return {};
        }
        std::string value(bytes_.substr(at_, size));
        at_ += size;
        return value;
    }
    std::size_t left() const { return bytes_.size() - at_; }
    bool good = true;

private:
    std::string_view bytes_;
    std::size_t at_ = 0;
};

}  // namespace

std::vector<float> calibrated(std::span<const float> decisions, float scale, std::span<const float> shift)
{
    std::vector<float> out(decisions.size());
    for (std::size_t k = 0; k < out.size(); ++k) out[k] = scale * decisions[k] + shift[k];
    const float most = out.empty() ? 0 : *std::max_element(out.begin(), out.end());
    float sum = 0;
    for (float& value : out) sum += (value = std::exp(value - most));
    for (float& value : out) value /= sum;
    return out;
}

PageTypeModel PageTypeModel::compacted(const PageTypeWeights& full, std::size_t max_rows)
{
    const std::size_t types = full.types.size();
    PageTypeModel model;
    model.types_ = full.types;
    model.version_ = full.version;
    model.unknown_below_ = full.unknown_below;
    model.title_precision_ = full.title_precision;
    model.decision_scale_ = full.decision_scale;
    model.decision_shift_ = full.decision_shift;
    model.bias_ = full.bias;
    model.scale_.assign(types, 0);
    std::vector<float> greatest(kBuckets, 0);
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
        for (std::size_t k = 0; k < types; ++k) {
            const float size = std::abs(full.weights[bucket * types + k]);
            greatest[bucket] = std::max(greatest[bucket], size);
            model.scale_[k] = std::max(model.scale_[k], size / 127);
        }
    }
    std::vector<std::uint32_t> order;
    for (std::uint32_t bucket = 0; bucket < kBuckets; ++bucket)
        if (greatest[bucket] > 0) order.push_back(bucket);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return greatest[a] != greatest[b] ? greatest[a] > greatest[b] : a < b;
    });
    order.resize(std::min(order.size(), max_rows));
    std::sort(order.begin(), order.end());
    model.row_of_.assign(kBuckets, 0);
    for (const std::uint32_t bucket : order) {
        for (std::size_t k = 0; k < types; ++k) {
            const float step = model.scale_[k] > 0 ? full.weights[bucket * types + k] / model.scale_[k] : 0;
            model.rows_.push_back(static_cast<std::int8_t>(std::lround(std::clamp(step, -127.0F, 127.0F))));
        }
        model.row_of_[bucket] = static_cast<std::uint32_t>(model.rows_.size() / types);
    }
    model.idf_step_.resize(kBuckets);
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket)
        model.idf_step_[bucket] =
            static_cast<std::uint8_t>(std::lround(std::clamp(full.idf[bucket] / kIdfStep, 0.0F, 255.0F)));
    model.expand_idf();
    return model;
}

void PageTypeModel::expand_idf()
{
    idf_.resize(kBuckets);
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket)
        idf_[bucket] = static_cast<float>(idf_step_[bucket]) * kIdfStep;
}

std::string PageTypeModel::save() const
{
    Writer out;
    out.bytes = kMagic;
    out.u32(kFormat);
    out.u32(kHashBits);
    out.text(version_);
    out.u32(static_cast<std::uint32_t>(types_.size()));
    for (const std::string& type : types_) out.text(type);
    out.f32(unknown_below_.value);
    out.f32(title_precision_.value);
    out.f32(decision_scale_);
    for (std::size_t k = 0; k < types_.size(); ++k) {
        out.f32(decision_shift_[k]);
        out.f32(bias_[k]);
        out.f32(scale_[k]);
    }
    for (const std::uint8_t step : idf_step_) out.bytes += static_cast<char>(step);
    out.u32(static_cast<std::uint32_t>(rows_.size() / std::max<std::size_t>(1, types_.size())));
    std::uint32_t before = 0;
    for (std::uint32_t bucket = 0; bucket < kBuckets; ++bucket) {
        if (row_of_[bucket] == 0) continue;
        out.varint(bucket - before);
        before = bucket;
        const std::size_t row = (row_of_[bucket] - 1) * types_.size();
        for (std::size_t k = 0; k < types_.size(); ++k) out.bytes += static_cast<char>(rows_[row + k]);
    }
    const std::uint64_t sum = checksum(out.bytes);
    out.u64(sum);
    return std::move(out.bytes);
}

Result<PageTypeModel> PageTypeModel::load(std::string_view bytes)
{
    constexpr std::size_t kSumBytes = 8;
    if (bytes.size() < kMagic.size() + kSumBytes || bytes.substr(0, kMagic.size()) != kMagic)
        return Fault{FaultKind::corrupt, kWhere, "page-type model: not a model file"};
    const std::string_view body = bytes.substr(0, bytes.size() - kSumBytes);
    Reader in(body.substr(kMagic.size()));
    if (const std::uint32_t format = in.u32(); format != kFormat)
        return Fault{FaultKind::unsupported, kWhere,
                     fmt::format("page-type model: format {}; this program reads {}", format, kFormat)};
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < kSumBytes; ++i)
        sum |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[body.size() + i])) << (8 * i);
    if (sum != checksum(body)) return Fault{FaultKind::corrupt, kWhere, "page-type model: checksum does not agree"};
    if (const std::uint32_t bits = in.u32(); bits != kHashBits)
        return Fault{FaultKind::unsupported, kWhere,
                     fmt::format("page-type model: {} hash bits; this program reads {}", bits, kHashBits)};
    PageTypeModel model;
    model.version_ = in.text();
    const std::size_t types = in.u32();
    if (!in.good || types == 0 || types > kMaxTypes)
        return Fault{FaultKind::limit, kWhere,
                     fmt::format("page-type model: {} types; 1 to {} allowed", types, kMaxTypes)};
    for (std::size_t k = 0; k < types && in.good; ++k) model.types_.push_back(in.text());
    model.unknown_below_ = Score{in.f32()};
    model.title_precision_ = Score{in.f32()};
    model.decision_scale_ = in.f32();
    for (std::size_t k = 0; k < types && in.good; ++k) {
        model.decision_shift_.push_back(in.f32());
        model.bias_.push_back(in.f32());
        model.scale_.push_back(in.f32());
    }
    model.idf_step_.resize(kBuckets);
    for (std::uint8_t& step : model.idf_step_) step = in.u8();
    const std::size_t rows = in.u32();
    if (!in.good || rows > kBuckets || in.left() < rows * (types + 1))
        return Fault{FaultKind::corrupt, kWhere, "page-type model: cut short"};
    model.row_of_.assign(kBuckets, 0);
    model.rows_.reserve(rows * types);
    std::uint64_t bucket = 0;
    for (std::size_t row = 0; row < rows; ++row) {
        const std::uint32_t step = in.varint();
        bucket += step;
        if (!in.good || bucket >= kBuckets)
            return Fault{FaultKind::corrupt, kWhere, "page-type model: a row lies outside the hash space"};
        if (row > 0 && step == 0) return Fault{FaultKind::corrupt, kWhere, "page-type model: two rows of one bucket"};
        for (std::size_t k = 0; k < types; ++k) model.rows_.push_back(static_cast<std::int8_t>(in.u8()));
        model.row_of_[bucket] = static_cast<std::uint32_t>(row + 1);
    }
    if (!in.good || in.left() != 0) return Fault{FaultKind::corrupt, kWhere, "page-type model: wrong length"};
    model.expand_idf();
    return model;
}

std::vector<float> PageTypeModel::decisions(std::span<const Feature> features) const
{
    const std::size_t types = types_.size();
    std::vector<float> sums(types, 0);
    for (const Feature& feature : features) {
        const std::uint32_t row = row_of_[feature.bucket];
        if (row == 0) continue;
        const std::int8_t* weights = rows_.data() + (row - 1) * types;
        for (std::size_t k = 0; k < types; ++k) sums[k] += static_cast<float>(weights[k]) * feature.value;
    }
    for (std::size_t k = 0; k < types; ++k) sums[k] = sums[k] * scale_[k] + bias_[k];
    return sums;
}

std::vector<float> PageTypeModel::probabilities(std::span<const Feature> features) const
{
    return calibrated(decisions(features), decision_scale_, decision_shift_);
}

}  // namespace chartlift
