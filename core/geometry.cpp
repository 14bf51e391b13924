// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry.h"

#include <array>
#include <cmath>

namespace chartlift {

Box mapped(const Affine& map, const Box& box)
{
    const double l = box.left_px;
    const double t = box.top_px;
    const double r = box.right_px;
    const double b = box.bottom_px;
    const std::array<Point, 4> corners{map({l, t}), map({r, t}), map({l, b}), map({r, b})};
    Point low = corners[0];
    Point high = corners[0];
    for (const Point& p : corners) {
        low = {std::min(low.x, p.x), std::min(low.y, p.y)};
        high = {std::max(high.x, p.x), std::max(high.y, p.y)};
    }
    return {static_cast<int>(std::floor(low.x + 1e-6)), static_cast<int>(std::floor(low.y + 1e-6)),
            static_cast<int>(std::ceil(high.x - 1e-6)), static_cast<int>(std::ceil(high.y - 1e-6))};
}

}  // namespace chartlift
