// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/decode/raster.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "stages/adapters/pixels.h"
#include "stages/decode/decode.h"

namespace chartlift::decode {
namespace {

using adapters::PixelBuffer;

/// Below it the two resolutions are one number that was rounded twice.
constexpr double kSquareEnough = 1.01;
/// Fax at 204 x 98 is 2.08, at 408 x 98 4.16; a tag that claims more is wrong, and is not acted upon.
constexpr double kLongestPixel = 4.5;
constexpr std::size_t kReasonLength = 120;

std::uint8_t reversed_bits(std::uint8_t byte)
{
    byte = static_cast<std::uint8_t>(((byte & 0xF0U) >> 4) | ((byte & 0x0FU) << 4));
    byte = static_cast<std::uint8_t>(((byte & 0xCCU) >> 2) | ((byte & 0x33U) << 2));
    return static_cast<std::uint8_t>(((byte & 0xAAU) >> 1) | ((byte & 0x55U) << 1));
}

/// The row read from its right end: bytes in reverse, then the padding that is now in front is shifted out.
void reverse_bilevel_row(const std::uint8_t* from, std::uint8_t* to, int width_px)
{
    const std::size_t bytes = row_bytes(PixelFormat::bilevel, width_px);
    const unsigned padding = static_cast<unsigned>(bytes * 8 - static_cast<std::size_t>(width_px));
    for (std::size_t i = 0; i < bytes; ++i) to[i] = reversed_bits(from[bytes - 1 - i]);
    if (padding == 0) return;
    for (std::size_t i = 0; i < bytes; ++i) {
        const unsigned next = i + 1 < bytes ? to[i + 1] : 0U;
        to[i] = static_cast<std::uint8_t>((unsigned{to[i]} << padding) | (next >> (8 - padding)));
    }
}

Image flipped(const Image& image, bool left_right, bool top_bottom)
{
    const int width = image.width_px();
    const int height = image.height_px();
    PixelBuffer out(image.format(), width, height);
    for (int y = 0; y < height; ++y) {
        const std::uint8_t* from = image.row(top_bottom ? height - 1 - y : y);
        std::uint8_t* to = out.row(y);
        if (!left_right) {
            std::memcpy(to, from, row_bytes(image.format(), width));
        } else if (image.format() == PixelFormat::bilevel) {
            reverse_bilevel_row(from, to, width);
        } else if (image.format() == PixelFormat::gray8) {
            std::reverse_copy(from, from + width, to);
        } else {
            for (int x = 0; x < width; ++x) std::memcpy(to + 3 * x, from + 3 * (width - 1 - x), 3);
        }
    }
    return std::move(out).freeze();
}

/// Transposes an 8 x 8 block of bits (Warren, Hacker's Delight, section 7-3).
std::uint64_t transposed_block(std::uint64_t x)
{
    x = (x & 0xAA55AA55AA55AA55ULL) | ((x & 0x00AA00AA00AA00AAULL) << 7) | ((x >> 7) & 0x00AA00AA00AA00AAULL);
    x = (x & 0xCCCC3333CCCC3333ULL) | ((x & 0x0000CCCC0000CCCCULL) << 14) | ((x >> 14) & 0x0000CCCC0000CCCCULL);
    return (x & 0xF0F0F0F00F0F0F0FULL) | ((x & 0x00000000F0F0F0F0ULL) << 28) | ((x >> 28) & 0x00000000F0F0F0F0ULL);
}

Image transposed(const Image& image)
{
    const int width = image.width_px();
    const int height = image.height_px();
    PixelBuffer out(image.format(), height, width);
    if (image.format() == PixelFormat::bilevel) {
        for (int y = 0; y < height; y += 8) {
            for (int x = 0; x < width; x += 8) {
                std::uint64_t block = 0;
                for (int i = 0; i < 8; ++i)
                    block = (block << 8) | (y + i < height ? image.row(y + i)[x / 8] : std::uint8_t{0});
                block = transposed_block(block);
                for (int i = 0; i < 8 && x + i < width; ++i)
                    out.row(x + i)[y / 8] = static_cast<std::uint8_t>(block >> (56 - 8 * i));
            }
        }
        return std::move(out).freeze();
    }
    const std::size_t size = image.format() == PixelFormat::gray8 ? 1 : 3;
    constexpr int kTile_px = 32;  // both images' lines stay in the cache
    for (int y0 = 0; y0 < height; y0 += kTile_px)
        for (int x0 = 0; x0 < width; x0 += kTile_px)
            for (int y = y0; y < std::min(y0 + kTile_px, height); ++y) {
                const std::uint8_t* from = image.row(y);
                for (int x = x0; x < std::min(x0 + kTile_px, width); ++x)
                    std::memcpy(out.row(x) + size * static_cast<std::size_t>(y),
                                from + size * static_cast<std::size_t>(x), size);
            }
    return std::move(out).freeze();
}

/// Where the centre of target pixel `i` lies among the source's pixels.
struct Blend {
    int first = 0;
    int second = 0;
    int second_weight = 0;  ///< of 256
};

std::vector<Blend> blends(int from_px, int to_px)
{
    std::vector<Blend> all(static_cast<std::size_t>(to_px));
    for (int i = 0; i < to_px; ++i) {
        const double centre = std::clamp((i + 0.5) * from_px / to_px - 0.5, 0.0, static_cast<double>(from_px - 1));
        const int first = static_cast<int>(centre);
        all[static_cast<std::size_t>(i)] = {first, std::min(first + 1, from_px - 1),
                                            static_cast<int>((centre - first) * 256)};
    }
    return all;
}

/// Linear for grey and colour; bilevel repeats the nearest row or column, as fax printers do.
Image stretched(const Image& image, int width_px, int height_px)
{
    PixelBuffer out(image.format(), width_px, height_px);
    const std::vector<Blend> columns = blends(image.width_px(), width_px);
    const std::vector<Blend> rows = blends(image.height_px(), height_px);
    const auto mix = [](unsigned a, unsigned b, int weight) {
        const auto w = static_cast<unsigned>(weight);
        return (a * (256U - w) + b * w + 128U) / 256U;
    };
    const std::size_t samples = image.format() == PixelFormat::rgb24 ? 3 : 1;
    for (int y = 0; y < height_px; ++y) {
        const Blend& row = rows[static_cast<std::size_t>(y)];
        std::uint8_t* to = out.row(y);
        if (image.format() == PixelFormat::bilevel) {
            const std::uint8_t* from = image.row(row.second_weight < 128 ? row.first : row.second);
            if (width_px == image.width_px()) {
                std::memcpy(to, from, row_bytes(image.format(), width_px));
                continue;
            }
            for (int x = 0; x < width_px; ++x) {
                const Blend& column = columns[static_cast<std::size_t>(x)];
                const int at = column.second_weight < 128 ? column.first : column.second;
                if ((from[at >> 3] >> (7 - (at & 7))) & 1) to[x >> 3] |= static_cast<std::uint8_t>(0x80U >> (x & 7));
            }
            continue;
        }
        const std::uint8_t* upper = image.row(row.first);
        const std::uint8_t* lower = image.row(row.second);
        for (int x = 0; x < width_px; ++x) {
            const Blend& column = columns[static_cast<std::size_t>(x)];
            for (std::size_t s = 0; s < samples; ++s) {
                const std::size_t left = static_cast<std::size_t>(column.first) * samples + s;
                const std::size_t right = static_cast<std::size_t>(column.second) * samples + s;
                *to++ = static_cast<std::uint8_t>(mix(mix(upper[left], upper[right], column.second_weight),
                                                      mix(lower[left], lower[right], column.second_weight),
                                                      row.second_weight));
            }
        }
    }
    return std::move(out).freeze();
}

bool is_gray(const Image& image)
{
    for (int y = 0; y < image.height_px(); ++y) {
        const std::uint8_t* p = image.row(y);
        for (int x = 0; x < image.width_px(); ++x, p += 3)
            if (p[0] != p[1] || p[1] != p[2]) return false;
    }
    return true;
}

bool is_black_and_white(const Image& image)
{
    for (int y = 0; y < image.height_px(); ++y) {
        const std::uint8_t* p = image.row(y);
        for (int x = 0; x < image.width_px(); ++x)
            if (p[x] != 0 && p[x] != 255) return false;
    }
    return true;
}

}  // namespace

Fault fault(FaultKind kind, std::string what)
{
    return {kind, std::string(Decode::name), std::move(what)};
}

Fault no_such_page(int index, int page_count)
{
    return fault(FaultKind::internal, fmt::format("page index is {}; the file has {} pages", index, page_count));
}

Result<void> size_allowed(std::int64_t width_px, std::int64_t height_px, const Limits& limits)
{
    // 2^30 a side also keeps every later product of sizes within 64 bits.
    constexpr std::int64_t kLongestSide_px = std::int64_t{1} << 30;
    if (width_px <= 0 || height_px <= 0)
        return fault(FaultKind::corrupt, fmt::format("page is {} x {} px", width_px, height_px));
    if (width_px > kLongestSide_px || height_px > kLongestSide_px || width_px > limits.max_pixels / height_px)
        return fault(FaultKind::limit, fmt::format("page is {} x {} px; limits.max_pixels is {}", width_px, height_px,
                                                   limits.max_pixels));
    return {};
}

Image oriented(const Image& image, int orientation)
{
    switch (orientation) {
        case 2: return flipped(image, true, false);
        case 3: return flipped(image, true, true);
        case 4: return flipped(image, false, true);
        case 5: return transposed(image);
        case 6: return flipped(transposed(image), true, false);
        case 7: return flipped(transposed(image), true, true);
        case 8: return flipped(transposed(image), false, true);
        default: return image;
    }
}

Image narrowed(const Image& image)
{
    const int width = image.width_px();
    if (image.format() == PixelFormat::rgb24) {
        if (!is_gray(image)) return image;
        PixelBuffer gray(PixelFormat::gray8, width, image.height_px());
        for (int y = 0; y < image.height_px(); ++y)
            for (int x = 0; x < width; ++x) gray.row(y)[x] = image.row(y)[3 * x];
        return narrowed(std::move(gray).freeze());
    }
    if (image.format() != PixelFormat::gray8 || !is_black_and_white(image)) return image;
    PixelBuffer bilevel(PixelFormat::bilevel, width, image.height_px());
    for (int y = 0; y < image.height_px(); ++y)
        for (int x = 0; x < width; ++x)
            if (image.row(y)[x] == 0) bilevel.row(y)[x >> 3] |= static_cast<std::uint8_t>(0x80U >> (x & 7));
    return std::move(bilevel).freeze();
}

void unpack_samples(const std::uint8_t* from, std::size_t count, unsigned bits, bool indexes, std::uint8_t* to)
{
    if (bits == 8) {
        std::memcpy(to, from, count);
    } else if (bits == 16) {  // libtiff has put the bytes into the machine's order
        for (std::size_t i = 0; i < count; ++i) {
            std::uint16_t value = 0;
            std::memcpy(&value, from + 2 * i, sizeof value);
            to[i] = static_cast<std::uint8_t>(value >> 8);
        }
    } else {
        const unsigned largest = (1U << bits) - 1;
        std::size_t bit = 0;
        for (std::size_t i = 0; i < count; ++i, bit += bits) {
            unsigned value = 0;
            if (bits < 8 && (bits == 1 || bits == 2 || bits == 4)) {
                value = (unsigned{from[bit >> 3]} >> (8 - bits - (bit & 7))) & largest;
            } else {
                for (std::size_t b = bit; b < bit + bits; ++b)
                    value = (value << 1) | ((unsigned{from[b >> 3]} >> (7 - (b & 7))) & 1U);
            }
            to[i] = static_cast<std::uint8_t>(indexes ? value : value * 255 / largest);
        }
    }
}

Image inverted(const Image& image)
{
    PixelBuffer out(image.format(), image.width_px(), image.height_px());
    const std::size_t bytes = row_bytes(image.format(), image.width_px());
    for (int y = 0; y < image.height_px(); ++y)
        for (std::size_t i = 0; i < bytes; ++i) out.row(y)[i] = static_cast<std::uint8_t>(~image.row(y)[i]);
    out.clear_padding_bits();
    return std::move(out).freeze();
}

Result<DecodedPage> finished(Scan scan, const StageContext& context)
{
    const auto usable = [](double value) { return std::isfinite(value) && value > 0; };
    const bool known = usable(scan.x_per_inch) && usable(scan.y_per_inch);
    double longest = known ? std::max(scan.x_per_inch, scan.y_per_inch) : 0;
    if (known) {
        const double shortest = std::min(scan.x_per_inch, scan.y_per_inch);
        const double ratio = longest / shortest;
        if (ratio > kLongestPixel) {
            longest = 0;  // one of the two is wrong, and nothing tells which
        } else if (ratio > kSquareEnough) {
            const double width = scan.image.width_px() * (longest / scan.x_per_inch);
            const double height = scan.image.height_px() * (longest / scan.y_per_inch);
            const auto width_px = std::llround(width);
            const auto height_px = std::llround(height);
            if (auto allowed = size_allowed(width_px, height_px, context.limits); !allowed) return allowed.error();
            scan.image = stretched(scan.image, static_cast<int>(width_px), static_cast<int>(height_px));
        }
    }
    if (auto wanted = context.still_wanted(Decode::name); !wanted) return wanted.error();
    DecodedPage page;
    page.image = oriented(scan.image, scan.orientation);
    if (scan.absolute && longest > 0) page.file_dpi = Dpi{static_cast<float>(longest)};
    return page;
}

std::string short_reason(std::string_view message)
{
    std::string reason;
    for (const char c : message.substr(0, kReasonLength)) reason += c >= ' ' && c < 127 ? c : ' ';
    while (!reason.empty() && (reason.back() == ' ' || reason.back() == '.')) reason.pop_back();
    if (reason.size() > 1 && reason[0] >= 'A' && reason[0] <= 'Z' && !(reason[1] >= 'A' && reason[1] <= 'Z'))
        reason[0] = static_cast<char>(reason[0] - 'A' + 'a');
    return reason;
}

}  // namespace chartlift::decode
