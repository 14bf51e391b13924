// SPDX-License-Identifier: GPL-3.0-or-later
/// Kodak patch codes: four bars right across a sheet, two of them wide, which scanners take as "a document begins".
/// Guarantee: rules of tables, letters and barcodes are not taken for patches: bars are 2 inches or longer, of equal
/// gaps, with the proportions of the specification and blank paper on both sides.
/// Faults: none. Thread-safety: free function, safe from many threads.
/// Method: Kodak, "Patch Code Information", A-61599 (2006), and i5000 user's guide, A-61670, 6-10: narrow bars and
/// gaps 0.08 in, wide bars 0.20 in. T and 3, and 1 and 6, are mirror images, so that the reading direction matters: it
/// is from the nearest edge of the page inward, as the scanner's sensor meets them.
#pragma once

#include <vector>

#include "core/page.h"
#include "stages/barcode/dense_regions.h"

namespace chartlift {

/// Format "PatchT", value "PATCHT", and so on; boxes in pixels of the page.
std::vector<Barcode> find_patch_codes(const SmallPage& small, int width_px, int height_px);

}  // namespace chartlift
