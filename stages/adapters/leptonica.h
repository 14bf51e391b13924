// SPDX-License-Identifier: GPL-3.0-or-later
/// Leptonica's Pix at the border: owned by a PixPtr, converted to and from Image. Nothing else calls pixDestroy.
/// Faults: library (Leptonica could not allocate). Thread-safety: free functions, safe from many threads.
#pragma once

#include <allheaders.h>

#include <memory>

#include "core/fault.h"
#include "core/image.h"

namespace chartlift::adapters {

struct PixDeleter {
    void operator()(Pix* pix) const { pixDestroy(&pix); }
};
using PixPtr = std::unique_ptr<Pix, PixDeleter>;

/// bilevel -> 1 bpp, gray8 -> 8 bpp, rgb24 -> 32 bpp. A copy: Leptonica's rows are 32-bit words in host order.
Result<PixPtr> to_pix(const Image& image);

/// 1, 8 or 32 bpp without a colour map. A copy.
Result<Image> from_pix(const Pix& pix);

/// Keeps Leptonica from writing to stderr (libraries never print); called once at start, before threads.
void silence_leptonica();

}  // namespace chartlift::adapters
