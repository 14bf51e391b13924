// SPDX-License-Identifier: GPL-3.0-or-later
/// Points, boxes and affine maps in pixels: top-left origin, x right, y down; boxes are half-open.
/// Thread-safety: plain values.
#pragma once

#include <algorithm>

namespace chartlift {

struct Point {
    double x = 0;
    double y = 0;
};

struct Box {
    int left_px = 0;
    int top_px = 0;
    int right_px = 0;   ///< one past the last column
    int bottom_px = 0;  ///< one past the last row

    int width_px() const { return right_px - left_px; }
    int height_px() const { return bottom_px - top_px; }
    bool empty() const { return right_px <= left_px || bottom_px <= top_px; }
    friend bool operator==(const Box&, const Box&) = default;
};

inline Box united(const Box& a, const Box& b)
{
    if (a.empty()) return b;
    if (b.empty()) return a;
    return {std::min(a.left_px, b.left_px), std::min(a.top_px, b.top_px), std::max(a.right_px, b.right_px),
            std::max(a.bottom_px, b.bottom_px)};
}

inline Box intersection(const Box& a, const Box& b)
{
    return {std::max(a.left_px, b.left_px), std::max(a.top_px, b.top_px), std::min(a.right_px, b.right_px),
            std::min(a.bottom_px, b.bottom_px)};
}

/// x' = a x + b y + c, y' = d x + e y + f, on pixel corners (a pixel (i, j) covers [i, i+1) x [j, j+1)).
struct Affine {
    double a = 1, b = 0, c = 0;
    double d = 0, e = 1, f = 0;

    Point operator()(Point p) const { return {a * p.x + b * p.y + c, d * p.x + e * p.y + f}; }

    /// The map that applies `first`, then this.
    Affine after(const Affine& first) const
    {
        return {a * first.a + b * first.d, a * first.b + b * first.e, a * first.c + b * first.f + c,
                d * first.a + e * first.d, d * first.b + e * first.e, d * first.c + e * first.f + f};
    }

    /// Precondition: the map is not singular (turns, scales and shifts never are).
    Affine inverse() const
    {
        const double det = a * e - b * d;
        return {e / det, -b / det, (b * f - c * e) / det, -d / det, a / det, (c * d - a * f) / det};
    }
};

/// The smallest box that holds the four mapped corners.
Box mapped(const Affine& map, const Box& box);

}  // namespace chartlift
