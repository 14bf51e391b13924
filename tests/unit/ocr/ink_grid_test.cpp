// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/ocr/ink_grid.h"

#include <gtest/gtest.h>

#include "stages/adapters/pixels.h"

namespace chartlift::ocr {
namespace {

constexpr int kWidth_px = 1700;
constexpr int kHeight_px = 2200;
constexpr Dpi kDpi{200};

/// Lines of strokes between two columns of pixels, one line each 40 px.
void write_lines(adapters::PixelBuffer& page, int left_px, int right_px, int top_px, int bottom_px)
{
    for (int y = top_px; y < bottom_px; ++y)
        if ((y - top_px) % 40 < 20)
            for (int x = left_px; x < right_px; ++x) page.row(y)[x] = (x / 3) % 2 == 0 ? 0 : 255;
}

adapters::PixelBuffer white_page()
{
    adapters::PixelBuffer page(PixelFormat::gray8, kWidth_px, kHeight_px);
    for (int y = 0; y < kHeight_px; ++y) std::fill_n(page.row(y), kWidth_px, std::uint8_t{255});
    return page;
}

TEST(InkGrid, FindsTheBusiestPart)
{
    auto page = white_page();
    write_lines(page, 900, 1500, 1300, 1900);
    const Box window = InkGrid(std::move(page).freeze(), kDpi).inkiest_window(0.4);
    EXPECT_LE(window.left_px, 920);
    EXPECT_GE(window.right_px, 1480);
    EXPECT_LE(window.top_px, 1320);
    EXPECT_GE(window.bottom_px, 1880);
}

TEST(InkGrid, TellsColumnsOfProseFromOneColumnAndFromTables)
{
    auto one = white_page();
    write_lines(one, 150, 1550, 200, 2000);
    EXPECT_FALSE(InkGrid(std::move(one).freeze(), kDpi).prose_in_columns());

    auto two = white_page();
    write_lines(two, 150, 820, 200, 2000);
    write_lines(two, 880, 1550, 200, 2000);
    EXPECT_TRUE(InkGrid(std::move(two).freeze(), kDpi).prose_in_columns());

    auto table = white_page();
    for (int column = 0; column < 5; ++column) write_lines(table, 150 + 300 * column, 250 + 300 * column, 200, 2000);
    EXPECT_FALSE(InkGrid(std::move(table).freeze(), kDpi).prose_in_columns());
}

TEST(InkGrid, ATinyImageIsNeitherSplitNorSearched)
{
    const adapters::PixelBuffer tiny(PixelFormat::gray8, 9, 5);
    const InkGrid grid(adapters::PixelBuffer(tiny).freeze(), kDpi);
    EXPECT_FALSE(grid.prose_in_columns());
    EXPECT_EQ(grid.inkiest_window(0.4), (Box{0, 0, 9, 5}));
}

}  // namespace
}  // namespace chartlift::ocr
