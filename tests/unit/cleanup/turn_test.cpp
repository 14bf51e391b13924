// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/adapters/turn.h"

#include <gtest/gtest.h>

#include <random>

#include "stages/adapters/pixels.h"

namespace chartlift::adapters {
namespace {

Image random_image(PixelFormat format, int width_px, int height_px)
{
    std::mt19937 random(7);
    PixelBuffer buffer(format, width_px, height_px);
    for (int y = 0; y < height_px; ++y)
        for (std::size_t x = 0; x < row_bytes(format, width_px); ++x)
            buffer.row(y)[x] = static_cast<std::uint8_t>(random());
    buffer.clear_padding_bits();
    return std::move(buffer).freeze();
}

int pixel(const Image& image, int x, int y)
{
    const std::uint8_t* row = image.row(y);
    switch (image.format()) {
        case PixelFormat::bilevel: return (row[x / 8] >> (7 - x % 8)) & 1;
        case PixelFormat::gray8: return row[x];
        case PixelFormat::rgb24: return row[3 * x] << 16 | row[3 * x + 1] << 8 | row[3 * x + 2];
    }
    return -1;
}

TEST(Turn, EveryPixelLandsWhereTheMapSaysInEveryFormat)
{
    for (const auto format : {PixelFormat::bilevel, PixelFormat::gray8, PixelFormat::rgb24})
        for (const auto by : {QuarterTurn::none, QuarterTurn::cw90, QuarterTurn::cw180, QuarterTurn::cw270})
            for (const auto& [width, height] : {std::pair{1, 1}, {9, 3}, {16, 8}, {61, 35}, {64, 7}}) {
                const Image from = random_image(format, width, height);
                const Image to = turned_cw(from, by);
                const Affine map = turn_map(width, height, by);
                int wrong = 0;
                for (int y = 0; y < height; ++y)
                    for (int x = 0; x < width; ++x) {
                        const Point there = map({x + 0.5, y + 0.5});
                        wrong += pixel(to, static_cast<int>(there.x), static_cast<int>(there.y)) != pixel(from, x, y);
                    }
                EXPECT_EQ(wrong, 0) << static_cast<int>(format) << " " << static_cast<int>(by) << " " << width;
                if (format == PixelFormat::bilevel && to.width_px() % 8 != 0) {
                    for (int y = 0; y < to.height_px(); ++y)
                        EXPECT_EQ(to.row(y)[to.width_px() / 8] & (0xFF >> (to.width_px() % 8)), 0);
                }
            }
}

TEST(Turn, ClockwiseTakesTheTopLeftToTheTopRight)
{
    PixelBuffer buffer(PixelFormat::gray8, 4, 2);
    buffer.row(0)[0] = 200;
    const Image turned = turned_cw(std::move(buffer).freeze(), QuarterTurn::cw90);
    EXPECT_EQ(turned.width_px(), 2);
    EXPECT_EQ(turned.height_px(), 4);
    EXPECT_EQ(pixel(turned, 1, 0), 200);
}

TEST(Turn, NoTurnSharesThePixels)
{
    const Image image = random_image(PixelFormat::gray8, 5, 5);
    EXPECT_EQ(turned_cw(image, QuarterTurn::none).pixels(), image.pixels());
}

TEST(Turn, APageKeepsBoxesRulesAndTheWayBackInStep)
{
    UprightPage page;
    page.gray = random_image(PixelFormat::gray8, 40, 60);
    page.archive = page.gray;
    page.rotated_cw = QuarterTurn::cw90;
    page.to_scan = {1, 0, 3, 0, 1, 5};
    page.layout.ruled_horizontals = 4;
    page.layout.ruled_verticals = 1;
    page.visible_text.push_back({"word", Box{10, 20, 18, 25}, 1, 0, 0});
    const UprightPage turned = turned_cw(page, QuarterTurn::cw90);
    EXPECT_EQ(turned.gray.width_px(), 60);
    EXPECT_EQ(turned.archive.pixels(), turned.gray.pixels());
    EXPECT_EQ(turned.rotated_cw, QuarterTurn::none);
    EXPECT_EQ(turned.layout.ruled_verticals, 4);
    EXPECT_EQ(turned.visible_text[0].box, (Box{35, 10, 40, 18}));
    EXPECT_EQ(mapped(turned.to_scan, turned.visible_text[0].box), mapped(page.to_scan, page.visible_text[0].box));
    const UprightPage back = turned_cw(turned, QuarterTurn::cw270);
    EXPECT_EQ(back.rotated_cw, page.rotated_cw);
    EXPECT_EQ(back.visible_text[0].box, page.visible_text[0].box);
    EXPECT_EQ(back.layout, page.layout);
}

}  // namespace
}  // namespace chartlift::adapters
