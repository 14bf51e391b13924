// SPDX-License-Identifier: GPL-3.0-or-later
/// What every format's reader shares: the raw scan, its caps, and the way from stored pixels to a page as it is read.
/// Faults: limit. Thread-safety: free functions over values.
#pragma once

#include <cstdint>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/fault.h"
#include "core/image.h"
#include "core/page.h"
#include "core/stage.h"

namespace chartlift::decode {

/// Share of a page that may be missing at its end before the page counts as corrupt.
inline constexpr double kTolerableLoss = 0.10;

/// The eight ways a stored raster may lie, numbered as in TIFF 6.0 section 8 (Orientation) and EXIF.
inline constexpr int kUpright = 1;

/// Pixels as stored, with what the file says of them.
struct Scan {
    Image image;
    int orientation = kUpright;  ///< 1 to 8; anything else counts as upright
    double x_per_inch = 0;       ///< along stored rows; 0 where the file does not say
    double y_per_inch = 0;
    bool absolute = true;  ///< false: the two numbers only tell the pixels' shape
};

Fault fault(FaultKind kind, std::string what);
Fault no_such_page(int index, int page_count);

/// A fault where width x height is empty or over limits.max_pixels.
Result<void> size_allowed(std::int64_t width_px, std::int64_t height_px, const Limits& limits);

/// Squares the pixels, turns the page the right way and judges whether the resolution is a number at all.
Result<DecodedPage> finished(Scan scan, const StageContext& context);

Image oriented(const Image& image, int orientation);

/// The same picture in the smallest format that holds it exactly: rgb24 -> gray8 -> bilevel.
Image narrowed(const Image& image);

Image inverted(const Image& image);

/// Spreads packed samples of 1 to 16 bits over bytes: palette indexes as they are, all else scaled to 0..255.
/// Samples of 16 bits stand in the machine's byte order.
void unpack_samples(const std::uint8_t* from, std::size_t count, unsigned bits, bool indexes, std::uint8_t* to);

/// A library's message, fit for a fault: one line of printable ASCII, begun in lower case, of bounded length.
std::string short_reason(std::string_view message);

inline std::uint8_t over_white(unsigned value, unsigned alpha)
{
    return static_cast<std::uint8_t>((value * alpha + 255U * (255U - alpha) + 127U) / 255U);
}

/// No press profile travels with a chart, so ink is taken to absorb evenly: r = (1-c)(1-k).
inline void cmyk_to_rgb(unsigned c, unsigned m, unsigned y, unsigned k, std::uint8_t* rgb)
{
    const unsigned light = 255U - k;
    rgb[0] = static_cast<std::uint8_t>(((255U - c) * light + 127U) / 255U);
    rgb[1] = static_cast<std::uint8_t>(((255U - m) * light + 127U) / 255U);
    rgb[2] = static_cast<std::uint8_t>(((255U - y) * light + 127U) / 255U);
}

/// Runs `step` and turns whatever a third party throws into a fault.
template <class Step>
std::invoke_result_t<Step> without_exceptions(Step&& step)
{
    try {
        return step();
    } catch (const std::bad_alloc&) {
        return fault(FaultKind::limit, "not enough memory for this page");
    } catch (const std::exception&) {  // its text may quote the file
        return fault(FaultKind::library, "a library gave up without a reason");
    }
}

}  // namespace chartlift::decode
