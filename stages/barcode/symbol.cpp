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
constexpr int kSmallestHalved_px = 100;  // of a region that is tried at half its size
constexpr double kSameLine = 0.82;       // share of pixels that agree between two rows of one linear symbol

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

/// ZXing stops at the second line that agrees; the bars go on. Grows the box while the rows look like its middle one,
/// shifted by no more than a pixel from row to row where the symbol leans.
Box whole_symbol(const cv::Mat& gray, Box box)
{
    box = intersection(box, {0, 0, gray.cols, gray.rows});
    if (box.width_px() < 2) return box;
    const int width = box.width_px();
    const int middle = (box.top_px + box.bottom_px - 1) / 2;
    const cv::Mat line = gray(cv::Rect(box.left_px, middle, width, 1));
    double low = 0;
    double high = 0;
    cv::minMaxLoc(line, &low, &high);
    const double threshold = (low + high) / 2;
    const cv::Mat ink = line < threshold;
    const auto agreement = [&](int left, int y) {
        if (left < 0 || left + width > gray.cols) return 0;
        const cv::Mat agree = (gray(cv::Rect(left, y, width, 1)) < threshold) == ink;
        return cv::countNonZero(agree);
    };
    Box whole = box;
    for (const int down : {-1, 1}) {
        int left = box.left_px;
        for (int y = middle + down; y >= 0 && y < gray.rows; y += down) {
            int best = agreement(left, y);
            int best_left = left;
            for (const int shifted : {left - 1, left + 1}) {
                const int same = agreement(shifted, y);
                if (same > best) {
                    best = same;
                    best_left = shifted;
                }
            }
            if (best < kSameLine * width) break;
            left = best_left;
            whole = united(whole, {left, y, left + width, y + 1});
        }
    }
    return whole;
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

std::optional<Barcode> read_linear(const cv::Mat& gray, bool upright_too)
{
    ZXing::DecodeHints hints;
    hints.setFormats(kLinear).setTryHarder(true).setTryRotate(upright_too).setTryDownscale(true);
    hints.setMaxNumberOfSymbols(1);
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

/// `factor`: pixels of the region a side of one of `gray`.
std::vector<Barcode> read_matrix(const cv::Mat& gray, int factor, int most)
{
    ZXing::DecodeHints hints;
    hints.setFormats(kMatrix).setTryHarder(true).setTryRotate(true).setTryDownscale(true);
    hints.setMaxNumberOfSymbols(static_cast<std::uint8_t>(std::clamp(most, 1, 255)));
    std::vector<Barcode> out;
    for (const ZXing::Result& symbol : ZXing::ReadBarcodes(view(gray), hints)) {
        if (!symbol.isValid() || symbol.text().empty()) continue;
        const Box box = intersection(box_of(symbol.position()), {0, 0, gray.cols, gray.rows});
        out.push_back({ZXing::ToString(symbol.format()),
                       symbol.text(),
                       {box.left_px * factor, box.top_px * factor, box.right_px * factor, box.bottom_px * factor}});
    }
    return out;
}

void paint_over(cv::Mat& gray, const Box& box, double colour)
{
    const Box inside = intersection(box, {0, 0, gray.cols, gray.rows});
    if (inside.empty()) return;
    gray(cv::Rect(inside.left_px, inside.top_px, inside.width_px(), inside.height_px())).setTo(colour);
}

constexpr double kPaper = 255;

/// Two slices of one symbol, between which a few lines could not be followed.
bool beside(const Box& a, const Box& b)
{
    const Box both = united(a, b);
    const int gap_x = both.width_px() - a.width_px() - b.width_px();
    const int gap_y = both.height_px() - a.height_px() - b.height_px();
    const int slice = std::max(std::min(a.width_px(), a.height_px()), std::min(b.width_px(), b.height_px()));
    return std::max(gap_x, gap_y) < slice / 2;
}

/// Reads one symbol after the other, painting over each in `gray`.
void read_all_linear(cv::Mat& gray, bool upright_too, int most, std::vector<Barcode>& out)
{
    for (int tried = 0; tried < most; ++tried) {
        std::optional<Barcode> symbol = read_linear(gray, upright_too);
        if (!symbol || symbol->box.empty()) return;
        paint_over(gray, symbol->box, kPaper);
        if (symbol->value.empty()) continue;
        const auto same = std::find_if(out.begin(), out.end(), [&](const Barcode& known) {
            return known.format == symbol->format && known.value == symbol->value && beside(known.box, symbol->box);
        });
        if (same == out.end())
            out.push_back(*std::move(symbol));
        else
            same->box = united(same->box, symbol->box);
    }
}

}  // namespace

std::vector<Barcode> read_symbols(cv::Mat& gray, const SymbolKinds& kinds)
{
    std::vector<Barcode> out;
    if (kinds.matrix) {
        out = read_matrix(gray, 1, kinds.max_symbols);
        if (out.empty() && std::min(gray.cols, gray.rows) >= kSmallestHalved_px) {
            cv::Mat half;  // averages noise away where the modules are large enough to bear it
            cv::resize(gray, half, cv::Size(gray.cols / 2, gray.rows / 2), 0, 0, cv::INTER_AREA);
            out = read_matrix(half, 2, kinds.max_symbols);
        }
        for (const Barcode& symbol : out) paint_over(gray, symbol.box, kPaper);
    }
    if (!kinds.linear) return out;
    read_all_linear(gray, true, kinds.max_symbols, out);
    if (!out.empty() || kinds.smear_px < 2) return out;
    cv::Mat smeared;
    cv::blur(gray, smeared, cv::Size(1, kinds.smear_px));
    read_all_linear(smeared, false, kinds.max_symbols, out);
    std::vector<Barcode> standing;
    cv::blur(gray.t(), smeared, cv::Size(1, kinds.smear_px));
    read_all_linear(smeared, false, kinds.max_symbols, standing);
    for (Barcode& symbol : standing) {
        symbol.box = turned(symbol.box);
        out.push_back(std::move(symbol));
    }
    return out;
}

}  // namespace chartlift
