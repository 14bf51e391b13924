// SPDX-License-Identifier: GPL-3.0-or-later
/// Does a scan's file end where its format ends it? A file that is still being copied does not.
/// Guarantee: reads a bounded number of small pieces, whatever the bytes; what is of no known format, or damaged in
/// another way than cut off, counts as whole, since waiting would not mend it.
/// Method: TIFF 6.0 section 2 and BigTIFF (every directory, and the last strip or tile of each, lies within the file);
/// PDF 32000-1 7.5.5 (%%EOF near the end); JPEG T.81 B.2.1 (EOI); PNG 3rd ed. 11.2.5 (IEND); JPEG 2000 T.800 I.4 (boxes
/// lie within the file) and A.4.4 (EOC). Faults: none; what cannot be read is not whole. Thread-safety: free functions.
#pragma once

#include "core/byte_source.h"

namespace chartlift::service {

/// False for an empty file.
bool looks_whole(const ByteSource& file);

}  // namespace chartlift::service
