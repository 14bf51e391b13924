// SPDX-License-Identifier: GPL-3.0-or-later
/// Units that the type system keeps apart. Thread-safety: plain values.
#pragma once

#include <compare>

namespace chartlift {

/// Scan resolution in dots per inch, the same both ways (pages with unequal resolutions are squared on decoding).
struct Dpi {
    float value = 0;
    friend auto operator<=>(const Dpi&, const Dpi&) = default;
};

/// An angle; positive is counter-clockwise as seen by the reader unless a name says otherwise.
struct Degrees {
    float value = 0;
    friend auto operator<=>(const Degrees&, const Degrees&) = default;
};

/// A calibrated probability, 0 to 1. A third party's confidence is not one until it is calibrated.
struct Score {
    float value = 0;
    friend auto operator<=>(const Score&, const Score&) = default;
};

/// A quarter turn clockwise; the value is in degrees.
enum class QuarterTurn { none = 0, cw90 = 90, cw180 = 180, cw270 = 270 };

}  // namespace chartlift
