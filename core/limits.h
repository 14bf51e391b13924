// SPDX-License-Identifier: GPL-3.0-or-later
/// Caps on what one input may cost, checked before memory or time is spent. Thread-safety: plain values.
#pragma once

#include <chrono>
#include <cstdint>

namespace chartlift {

struct Limits {
    std::int64_t max_pixels = 300'000'000;            ///< width * height of one page; 17 x 22 in at 800 dpi is 239 M
    std::int64_t max_bytes = 8'000'000'000;           ///< one input file
    int max_pages = 20'000;                           ///< pages of one input file or folder
    std::chrono::milliseconds page_timeout{120'000};  ///< all steps of one page together
};

}  // namespace chartlift
