// SPDX-License-Identifier: GPL-3.0-or-later
/// Reads the barcodes and Kodak patch codes of an upright page, so that separator sheets can be told from content.
/// Guarantee: each symbol once, in order from top to bottom, with its box in pixels of the page; the same page gives
/// the same result. A page without dense regions costs a few milliseconds.
/// Faults: limit (a page without size), library (ZXing gave up), cancelled and timeout by the context, and those of the
/// reader of crops.
/// Thread-safety: const, safe from many threads.
/// Method: dense_regions.h finds where a symbol may be; ZXing-cpp reads crops of those at full resolution;
/// patch_code.h.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "core/page.h"
#include "core/stage.h"
#include "stages/barcode/read_symbols.h"

namespace chartlift {

struct BarcodeSettings {
    bool patch_codes = true;      ///< Kodak patches 1, 2, 3, 4, 6 and T, as "PATCH1" ... "PATCHT"
    bool linear = true;           ///< Code 128, 39, 93, ITF, Codabar, EAN, UPC-A
    bool matrix = true;           ///< QR, Data Matrix, PDF417, Aztec
    int max_symbols_a_page = 64;  ///< a sheet of labels; more is a picture that looks like codes
};

class ReadBarcodes {
public:
    using Input = UprightPage;
    using Output = std::vector<Barcode>;
    static constexpr std::string_view name = "barcode";
    /// `read`: what reads a crop; by default, ZXing in this process.
    explicit ReadBarcodes(BarcodeSettings settings, ReadSymbols read = read_symbols_here)
        : settings_(settings), read_(std::move(read))
    {
    }
    Result<std::vector<Barcode>> run(const UprightPage& page, const StageContext& context) const;

private:
    BarcodeSettings settings_;
    ReadSymbols read_;
};
static_assert(Stage<ReadBarcodes>);

}  // namespace chartlift
