// SPDX-License-Identifier: GPL-3.0-or-later
/// The reading of one crop of a page, as a function, so that it can be done elsewhere: ZXing, which meets whatever
/// stands on the page, may run in a confined process.
/// Guarantee: any reader gives what read_symbols_here gives. `gray` is gray8 and not empty; boxes are in its pixels.
/// Faults: library (ZXing or OpenCV gave up), cancelled and timeout by the context.
/// Thread-safety: readers are safe from many threads.
#pragma once

#include <functional>
#include <vector>

#include "core/page.h"
#include "core/stage.h"

namespace chartlift {

struct SymbolKinds {
    bool linear = true;
    bool matrix = true;
    int max_symbols = 64;
    int smear_px =
        15;  ///< bars no taller than this are lost in the second attempt at linear symbols; 0: no such attempt
};

using ReadSymbols =
    std::function<Result<std::vector<Barcode>>(const Image& gray, const SymbolKinds& kinds, const StageContext&)>;

/// In this process.
Result<std::vector<Barcode>> read_symbols_here(const Image& gray, const SymbolKinds& kinds,
                                               const StageContext& context);

}  // namespace chartlift
