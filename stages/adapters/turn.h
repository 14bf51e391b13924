// SPDX-License-Identifier: GPL-3.0-or-later
/// Quarter turns of images and pages, without loss: every pixel keeps its value. Turning clockwise by `by` and then by
/// 360 - `by` gives the same pixels back. QuarterTurn::none shares the pixels instead of copying them.
/// Precondition: sizes were capped by the caller. Throws std::bad_alloc. Thread-safety: free functions, safe from many
/// threads. Bilevel turns go by blocks of 8 x 8 bits (Warren, Hacker's Delight, 2nd ed., section 7-3).
#pragma once

#include "core/geometry.h"
#include "core/image.h"
#include "core/page.h"
#include "core/units.h"

namespace chartlift::adapters {

/// `a` then `b`, modulo a whole turn.
QuarterTurn sum(QuarterTurn a, QuarterTurn b);
/// The turn that undoes `turn`.
QuarterTurn opposite(QuarterTurn turn);

/// Maps a point of an image of this size to where it stands once the image is turned clockwise by `by`.
Affine turn_map(int width_px, int height_px, QuarterTurn by);

/// Any of the three formats.
Image turned_cw(const Image& image, QuarterTurn by);

/// The page as if cleanup had turned it clockwise by `by` more: pixels, word boxes, layout, rotated_cw and to_scan
/// agree. orientation_sure is left to the caller, who knows why it turned the page.
UprightPage turned_cw(const UprightPage& page, QuarterTurn by);

}  // namespace chartlift::adapters
