// SPDX-License-Identifier: GPL-3.0-or-later
/// The parts of a file that make it PDF/A: the XMP packet and the colour profile of the output intent.
/// Guarantee: the same input gives the same bytes.
/// Faults: config (a property name that XML cannot hold), library (lcms2 could not make the profile).
/// Thread-safety: free functions, safe from many threads.
/// Method: ISO 16684-1 (XMP), ISO 19005-1, 6.7 and ISO 19005-2, 6.6 (with an extension schema for our properties);
/// IEC 61966-2-1 (sRGB) as an ICC version 2 profile, which PDF 1.4 readers know too.
#pragma once

#include <string>

#include "core/fault.h"
#include "stages/export/pdf.h"

namespace chartlift {

Result<std::string> xmp_packet(const PdfInfo& info);
Result<std::string> srgb_profile();

}  // namespace chartlift
