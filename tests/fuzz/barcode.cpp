// SPDX-License-Identifier: GPL-3.0-or-later
// Input: width, height, resolution, a pixel's size, then its bits, 1 being ink. What must hold: symbols lie on the
// page, each once, from top to bottom; so do dense regions and the busiest window.
#include <cstdint>

#include "stages/adapters/opencv.h"
#include "stages/adapters/pixels.h"
#include "stages/barcode/barcode.h"
#include "stages/barcode/dense_regions.h"
#include "stages/ocr/ink_grid.h"
#include "tests/fuzz/input.h"

namespace {

using namespace chartlift;
using fuzz::require;

/// Columns and rows of the input's bits, each `cell_px` wide and tall; rows repeat where the bits end.
Image drawn(fuzz::Input& input, int columns, int rows, int cell_px)
{
    const std::string_view bits = input.rest();
    adapters::PixelBuffer page(PixelFormat::gray8, columns * cell_px, rows * cell_px);
    for (int y = 0; y < page.height_px(); ++y)
        for (int x = 0; x < page.width_px(); ++x) {
            const auto bit = static_cast<std::size_t>((y / cell_px) * columns + x / cell_px) % (bits.size() * 8 + 1);
            const bool ink = bit < bits.size() * 8 && (static_cast<unsigned>(bits[bit / 8]) >> (7 - bit % 8) & 1U) != 0;
            page.row(y)[x] = ink ? 10 : 250;
        }
    return std::move(page).freeze();
}

bool on_page(const Box& box, const Image& page)
{
    return !box.empty() && box.left_px >= 0 && box.top_px >= 0 && box.right_px <= page.width_px() &&
           box.bottom_px <= page.height_px();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    fuzz::Input input(bytes, size);
    const int columns = 1 + static_cast<int>(input.below(120));
    const int rows = 1 + static_cast<int>(input.below(120));
    const Dpi dpi{static_cast<float>(10 + input.u8() * 2)};
    const int cell_px = 1 + static_cast<int>(input.below(5));
    UprightPage page;
    page.gray = page.archive = drawn(input, columns, rows, cell_px);
    page.dpi = dpi;
    const auto found = ReadBarcodes({}).run(page, {});
    require(found.has_value(), "any page can be searched");
    int top = 0;
    for (const Barcode& code : *found) {
        require(on_page(code.box, page.gray), "a symbol lies on the page");
        require(code.box.top_px >= top, "symbols come from top to bottom");
        top = code.box.top_px;
        require(!code.format.empty(), "a symbol has a format");
    }
    const SmallPage small = small_page(adapters::view(page.gray), dpi);
    for (const Box& region : dense_regions(small, page.gray.width_px(), page.gray.height_px()))
        require(on_page(region, page.gray), "a dense region lies on the page");
    const ocr::InkGrid grid(page.gray, dpi);
    require(on_page(grid.inkiest_window(0.5), page.gray), "the busiest window lies on the page");
    require(on_page(grid.ink_box(), page.gray), "the ink lies on the page");
    grid.prose_in_columns();
    return 0;
}
