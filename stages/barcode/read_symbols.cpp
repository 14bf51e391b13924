// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/barcode/read_symbols.h"

#include <fmt/core.h>

#include <exception>

#include "stages/adapters/opencv.h"
#include "stages/barcode/barcode.h"
#include "stages/barcode/symbol.h"

namespace chartlift {

Result<std::vector<Barcode>> read_symbols_here(const Image& gray, const SymbolKinds& kinds, const StageContext& context)
{
    if (const auto wanted = context.still_wanted(ReadBarcodes::name); !wanted) return wanted.error();
    try {
        cv::Mat crop = adapters::view(gray).clone();  // what was read is painted over
        return read_symbols(crop, kinds);
    } catch (const std::exception& e) {
        return Fault{FaultKind::library, std::string(ReadBarcodes::name),
                     fmt::format("zxing or opencv gave up: {}", e.what())};
    }
}

}  // namespace chartlift
