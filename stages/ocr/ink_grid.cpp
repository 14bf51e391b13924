// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/ocr/ink_grid.h"

#include <algorithm>
#include <cmath>

namespace chartlift::ocr {
namespace {

constexpr double kCellsPerInch = 18;  // 1.4 mm: a letter of body text covers one or two
constexpr int kSmallestCell_px = 6;
constexpr int kInkContrast = 48;     // grey levels between darkest and brightest pixel of a cell with a stroke in it
constexpr int kRowsInBand = 4;       // 5.6 mm: every band of running text holds a line, whatever its pitch
constexpr int kGutterCells = 2;      // 2.8 mm of white; word gaps of justified text do not align over many lines
constexpr double kSideShare = 0.15;  // of the page width beside the gutter that must be full
constexpr double kFullShare = 0.7;   // of the cells there; a table's cells fill less
constexpr double kBandShare = 0.2;   // of the page height that columns must stand beside each other

}  // namespace

InkGrid::InkGrid(const Image& gray, Dpi dpi)
    : page_{0, 0, gray.width_px(), gray.height_px()},
      cell_px_(std::max(
          kSmallestCell_px,
          static_cast<int>(std::lround((dpi.value > 0 ? static_cast<double>(dpi.value) : 200.0) / kCellsPerInch)))),
      columns_(gray.width_px() / cell_px_),
      rows_(gray.height_px() / cell_px_),
      ink_(static_cast<std::size_t>(columns_) * static_cast<std::size_t>(rows_))
{
    for (int row = 0; row < rows_; ++row)
        for (int column = 0; column < columns_; ++column) {
            int darkest = 255;
            int brightest = 0;
            // every fourth row is enough to meet a stroke of text
            for (int y = row * cell_px_; y < (row + 1) * cell_px_; y += 4) {
                const std::uint8_t* pixels = gray.row(y) + column * cell_px_;
                const auto [low, top] = std::minmax_element(pixels, pixels + cell_px_);
                darkest = std::min<int>(darkest, *low);
                brightest = std::max<int>(brightest, *top);
            }
            ink_[index(row, column)] = brightest - darkest > kInkContrast ? 1 : 0;
        }
}

Box InkGrid::ink_box() const
{
    Box cells;  // in cells, half-open
    for (int row = 0; row < rows_; ++row)
        for (int column = 0; column < columns_; ++column)
            if (at(row, column)) cells = united(cells, {column, row, column + 1, row + 1});
    if (cells.empty()) return page_;
    constexpr int kMargin_cells = 2;  // 3 mm: Tesseract misses letters that touch the frame
    // The last cells stand for the strip beyond the grid, too.
    const int right = cells.right_px >= columns_ - 1 ? page_.right_px : (cells.right_px + kMargin_cells) * cell_px_;
    const int bottom = cells.bottom_px >= rows_ - 1 ? page_.bottom_px : (cells.bottom_px + kMargin_cells) * cell_px_;
    return intersection(
        page_, {(cells.left_px - kMargin_cells) * cell_px_, (cells.top_px - kMargin_cells) * cell_px_, right, bottom});
}

Box InkGrid::inkiest_window(double share) const
{
    const int wide = static_cast<int>(std::lround(columns_ * share));
    const int high = static_cast<int>(std::lround(rows_ * share));
    if (wide < 4 || high < 4) return page_;
    const auto corner = [this](int row, int column) {
        return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns_ + 1) +
               static_cast<std::size_t>(column);
    };
    std::vector<int> sums(corner(rows_, columns_) + 1, 0);
    for (int row = 0; row < rows_; ++row)
        for (int column = 0; column < columns_; ++column)
            sums[corner(row + 1, column + 1)] = (at(row, column) ? 1 : 0) + sums[corner(row, column + 1)] +
                                                sums[corner(row + 1, column)] - sums[corner(row, column)];
    int most = -1;
    Box best = page_;
    for (int row = 0; row + high <= rows_; ++row)
        for (int column = 0; column + wide <= columns_; ++column) {
            const int ink = sums[corner(row + high, column + wide)] - sums[corner(row, column + wide)] -
                            sums[corner(row + high, column)] + sums[corner(row, column)];
            if (ink > most) {
                most = ink;
                best = {column * cell_px_, row * cell_px_, (column + wide) * cell_px_, (row + high) * cell_px_};
            }
        }
    return best;
}

bool InkGrid::prose_in_columns() const
{
    const int bands = rows_ / kRowsInBand;
    const int side = static_cast<int>(std::lround(columns_ * kSideShare));
    if (side < 4 || bands < 8) return false;
    const auto full = [&](int band, int first, int last) {
        int filled = 0;
        for (int column = first; column < last; ++column) {
            bool any = false;
            for (int row = band * kRowsInBand; row < (band + 1) * kRowsInBand; ++row) any = any || at(row, column);
            filled += any ? 1 : 0;
        }
        return filled >= kFullShare * (last - first);
    };
    const auto clear = [&](int band, int first) {
        for (int row = band * kRowsInBand; row < (band + 1) * kRowsInBand; ++row)
            for (int column = first; column < first + kGutterCells; ++column)
                if (at(row, column)) return false;
        return true;
    };
    for (int gutter = side; gutter + kGutterCells + side <= columns_; ++gutter) {
        int beside = 0;
        for (int band = 0; band < bands; ++band)
            if (clear(band, gutter) && full(band, gutter - side, gutter) &&
                full(band, gutter + kGutterCells, gutter + kGutterCells + side))
                ++beside;
        if (beside >= kBandShare * bands) return true;
    }
    return false;
}

}  // namespace chartlift::ocr
