// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/barcode/symbol.h"

#define ZX_USE_UTF8 1
#include <ZXing/ReadBarcode.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <string>

namespace chartlift {
namespace {

using ZXing::BarcodeFormat;

// UPC-E and DataBar are left out: short and weakly checked, they are read into tables and pictures.
const ZXing::BarcodeFormats kLinear = BarcodeFormat::Code128 | BarcodeFormat::Code39 | BarcodeFormat::Code93 |
                                      BarcodeFormat::ITF | BarcodeFormat::Codabar | BarcodeFormat::EAN13 |
                                      BarcodeFormat::EAN8 | BarcodeFormat::UPCA;
const ZXing::BarcodeFormats kMatrix =
    BarcodeFormat::QRCode | BarcodeFormat::DataMatrix | BarcodeFormat::PDF417 | BarcodeFormat::Aztec;
/// Without a check digit, a shorter value is as likely a table's rules as a code.
constexpr std::size_t kShortestUnchecked = 4;
constexpr double kSameLine = 0.82;  // share of pixels that agree between two rows of one linear symbol

Box box_of(const ZXing::Position& corners)
{
    Box box{corners[0].x, corners[0].y, corners[0].x + 1, corners[0].y + 1};
    for (const auto& corner : corners) box = united(box, {corner.x, corner.y, corner.x + 1, corner.y + 1});
    return box;
}

bool lies(const ZXing::Position& corners)
{
    return std::abs(corners.topRight().x - corners.topLeft().x) >= std::abs(corners.topRight().y - corners.topLeft().y);
}

/// ZXing stops at the second line that agrees; the bars go on. Grows the box while the rows look like its middle.
Box whole_symbol(const cv::Mat& gray, Box box)
{
    box = intersection(box, {0, 0, gray.cols, gray.rows});
    if (box.width_px() < 2) return box;
    const int middle = (box.top_px + box.bottom_px - 1) / 2;
    const cv::Mat line = gray(cv::Rect(box.left_px, middle, box.width_px(), 1));
    double low = 0;
    double high = 0;
    cv::minMaxLoc(line, &low, &high);
    const cv::Mat ink = line < (low + high) / 2;
    const auto same = [&](int y) {
        const cv::Mat other = gray(cv::Rect(box.left_px, y, box.width_px(), 1)) < (low + high) / 2;
        const cv::Mat agree = other == ink;
        return cv::countNonZero(agree) >= kSameLine * box.width_px();
    };
    while (box.top_px > 0 && same(box.top_px - 1)) --box.top_px;
    while (box.bottom_px < gray.rows && same(box.bottom_px)) ++box.bottom_px;
    return box;
}

Box turned(const Box& box)
{
    return {box.top_px, box.left_px, box.bottom_px, box.right_px};
}

bool believable(const ZXing::Result& found)
{
    if (found.text().empty()) return false;
    const bool unchecked =
        (BarcodeFormat::ITF | BarcodeFormat::Codabar | BarcodeFormat::Code39).testFlag(found.format());
    return !unchecked || found.text().size() >= kShortestUnchecked;
}

ZXing::ImageView view(const cv::Mat& gray)
{
    return {gray.data, gray.cols, gray.rows, ZXing::ImageFormat::Lum, static_cast<int>(gray.step)};
}

std::optional<Barcode> read_linear(const cv::Mat& gray)
{
    ZXing::DecodeHints hints;
    hints.setFormats(kLinear).setTryHarder(true).setTryRotate(true).setTryDownscale(true).setMaxNumberOfSymbols(1);
    const ZXing::Results found = ZXing::ReadBarcodes(view(gray), hints);
    if (found.empty() || !found.front().isValid()) return std::nullopt;
    const ZXing::Result& symbol = found.front();
    const Box seen = box_of(symbol.position());
    Barcode out;
    out.format = ZXing::ToString(symbol.format());
    if (believable(symbol)) out.value = symbol.text();
    if (lies(symbol.position())) {
        out.box = whole_symbol(gray, seen);
    } else {
        const cv::Mat sideways = gray.t();
        out.box = turned(whole_symbol(sideways, turned(seen)));
    }
    return out;
}

void paint_over(cv::Mat& gray, const Box& box, double colour)
{
    const Box inside = intersection(box, {0, 0, gray.cols, gray.rows});
    if (inside.empty()) return;
    gray(cv::Rect(inside.left_px, inside.top_px, inside.width_px(), inside.height_px())).setTo(colour);
}

}  // namespace

std::vector<Barcode> read_symbols(cv::Mat& gray, const SymbolKinds& kinds)
{
    std::vector<Barcode> out;
    constexpr double kPaper = 255;
    if (kinds.matrix) {
        ZXing::DecodeHints hints;
        hints.setFormats(kMatrix).setTryHarder(true).setTryRotate(true).setTryDownscale(true);
        hints.setMaxNumberOfSymbols(static_cast<std::uint8_t>(std::clamp(kinds.max_symbols, 1, 255)));
        for (const ZXing::Result& symbol : ZXing::ReadBarcodes(view(gray), hints)) {
            if (!symbol.isValid() || symbol.text().empty()) continue;
            const Box box = intersection(box_of(symbol.position()), {0, 0, gray.cols, gray.rows});
            out.push_back({ZXing::ToString(symbol.format()), symbol.text(), box});
        }
        for (const Barcode& symbol : out) paint_over(gray, symbol.box, kPaper);
    }
    if (!kinds.linear) return out;
    for (int tried = 0; tried < kinds.max_symbols; ++tried) {
        std::optional<Barcode> symbol = read_linear(gray);
        if (!symbol || symbol->box.empty()) break;
        paint_over(gray, symbol->box, kPaper);
        if (!symbol->value.empty()) out.push_back(*std::move(symbol));
    }
    return out;
}

}  // namespace chartlift
