// SPDX-License-Identifier: GPL-3.0-or-later
/// Reading of barcodes (stages/barcode/read_symbols.h), done in the confined processes that also decode.
/// Guarantee: the symbols are those of read_symbols_here; a crop that ends its worker costs its page only.
/// Faults: those of read_symbols_here, and of a worker as in confined_decode.h.
/// Thread-safety: the function may be called from many threads.
#pragma once

#include <memory>

#include "stages/barcode/read_symbols.h"
#include "worker/pool.h"

namespace chartlift::worker {

ReadSymbols confined_symbols(std::shared_ptr<Pool> pool);

}  // namespace chartlift::worker
