// SPDX-License-Identifier: GPL-3.0-or-later
/// Reads the symbols of one region with ZXing-cpp.
/// Guarantee: ZXing 1.4 is never asked for two linear symbols at once: where both say the same, its comparison fails
/// an assertion (Result.cpp, operator==) and would end the program. Symbols are read one by one instead.
/// Where nothing is read, linear symbols are tried again with the rows averaged along the bars, against noise.
/// Faults: throws what ZXing and OpenCV throw. Thread-safety: free function, safe from many threads.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "core/page.h"
#include "stages/barcode/read_symbols.h"

namespace chartlift {

/// `gray` is written to: what was read is painted over. Boxes in its pixels.
std::vector<Barcode> read_symbols(cv::Mat& gray, const SymbolKinds& kinds);

}  // namespace chartlift
