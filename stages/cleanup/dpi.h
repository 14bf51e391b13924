// SPDX-License-Identifier: GPL-3.0-or-later
/// The resolution a page was scanned at: the file's tag where it can be true, else an estimate.
/// A tag is believed when it makes the page a sheet of 2 x 3 to 24 x 36 in and its type 6 to 16 pt. An estimate takes
/// the common sheet whose shape fits and whose type size is the most usual; without such a sheet, the type size alone.
/// Thread-safety: pure functions.
#pragma once

#include <optional>

#include "core/page.h"
#include "core/units.h"

namespace chartlift::cleanup {

struct Resolution {
    Dpi dpi;
    DpiOrigin origin = DpiOrigin::file;
};

/// Before anything was seen of the page: the tag if the sheet it makes is possible, else a letter or A4 sheet.
Dpi assumed_dpi(int width_px, int height_px, std::optional<Dpi> file_dpi);

/// `letter_height_px`: median height of the letters in scan pixels; nothing on a page with too few of them.
Resolution judged_dpi(int width_px, int height_px, std::optional<Dpi> file_dpi, std::optional<double> letter_height_px);

}  // namespace chartlift::cleanup
