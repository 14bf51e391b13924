// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/barcode/barcode.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>

#include "stages/adapters/opencv.h"
#include "stages/barcode/dense_regions.h"
#include "stages/barcode/patch_code.h"

namespace chartlift {
namespace {

/// A picture as small as this is read whole: a card or a label, where a code may be large beside the sheet.
constexpr long kReadWhole_px = 1'000'000;
/// Rows averaged in the second attempt at a linear symbol; the shortest bars in use are 0.2 in.
constexpr double kSmear_in = 0.06;

Fault fault(FaultKind kind, std::string what)
{
    return {kind, std::string(ReadBarcodes::name), std::move(what)};
}

/// A view of the page's own pixels.
Image part_of(const Image& gray, const Box& region)
{
    const std::uint8_t* first = gray.row(region.top_px) + region.left_px;
    return {PixelFormat::gray8, region.width_px(), region.height_px(), gray.stride_bytes(),
            std::shared_ptr<const std::uint8_t>(gray.pixels(), first)};
}

void shift(Barcode& symbol, const Box& region)
{
    symbol.box.left_px += region.left_px;
    symbol.box.right_px += region.left_px;
    symbol.box.top_px += region.top_px;
    symbol.box.bottom_px += region.top_px;
}

}  // namespace

Result<std::vector<Barcode>> ReadBarcodes::run(const UprightPage& page, const StageContext& context) const
{
    const Image& image = page.gray;
    if (image.empty() || image.width_px() < 1 || image.height_px() < 1 || page.dpi.value <= 0)
        return fault(FaultKind::limit, fmt::format("page is {} x {} px at {} dpi; each must be above 0",
                                                   image.width_px(), image.height_px(), page.dpi.value));
    if (image.format() != PixelFormat::gray8)
        return fault(FaultKind::internal, "page is not grey; barcodes are read from gray8");
    try {
        const cv::Mat gray = adapters::view(image);
        const SmallPage small = small_page(gray, page.dpi);
        std::vector<Barcode> out;
        if (settings_.patch_codes) out = find_patch_codes(small, gray.cols, gray.rows);
        std::vector<Box> regions;
        if (static_cast<long>(gray.cols) * gray.rows <= kReadWhole_px)
            regions = {{0, 0, gray.cols, gray.rows}};
        else if (settings_.linear || settings_.matrix)
            regions = dense_regions(small, gray.cols, gray.rows);
        const int smear_px = static_cast<int>(std::lround(kSmear_in * static_cast<double>(page.dpi.value)));
        for (const Box& region : regions) {
            const int left = settings_.max_symbols_a_page - static_cast<int>(out.size());
            if (left <= 0) break;
            auto symbols = read_(part_of(image, region), {settings_.linear, settings_.matrix, left, smear_px}, context);
            if (!symbols) return symbols.error();
            for (Barcode& symbol : *symbols) {
                shift(symbol, region);
                out.push_back(std::move(symbol));
            }
        }
        std::stable_sort(out.begin(), out.end(), [](const Barcode& a, const Barcode& b) {
            return a.box.top_px != b.box.top_px ? a.box.top_px < b.box.top_px : a.box.left_px < b.box.left_px;
        });
        return out;
    } catch (const std::exception& e) {
        return fault(FaultKind::library, fmt::format("zxing or opencv gave up: {}", e.what()));
    }
}

}  // namespace chartlift
