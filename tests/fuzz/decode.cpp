// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes: a page or a fault, never a crash, within small limits of size and time. One source for every format, since
// the first bytes choose the reader; each format is a target with a corpus of its own.
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "stages/decode/decode.h"
#include "stages/decode/memory_source.h"
#include "tests/fuzz/input.h"

namespace {

using chartlift::fuzz::require;

constexpr std::int64_t kMaxPixels = 4'000'000;
constexpr int kMaxPages = 8;

/// What Image promises of every page that leaves the decoder.
void check(const chartlift::DecodedPage& page)
{
    const chartlift::Image& image = page.image;
    require(!image.empty() && image.width_px() > 0 && image.height_px() > 0, "a page has pixels");
    require(image.stride_bytes() >= chartlift::row_bytes(image.format(), image.width_px()), "a row fits its stride");
    require(std::int64_t{image.width_px()} * image.height_px() <= kMaxPixels, "a page keeps to max_pixels");
    unsigned sum = 0;
    for (int y = 0; y < image.height_px(); ++y)  // every byte can be read
        for (std::size_t i = 0; i < chartlift::row_bytes(image.format(), image.width_px()); ++i) sum += image.row(y)[i];
    require(!page.file_dpi || page.file_dpi->value > 0, "a resolution is above 0");
    for (const chartlift::Word& word : page.visible_text)
        require(!word.text.empty() && !word.box.empty() && word.box.left_px >= 0 && word.box.top_px >= 0 &&
                    word.box.right_px <= image.width_px() && word.box.bottom_px <= image.height_px(),
                "a word stands on the page");
    const volatile unsigned used = sum;
    static_cast<void>(used);
}

}  // namespace

/// Fontconfig, which Poppler asks for substitute fonts, keeps its configuration until the process ends.
extern "C" const char* __lsan_default_suppressions()  // NOLINT: the sanitizer's name for it
{
    return "leak:libfontconfig";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    using namespace chartlift;
    const auto view = std::as_bytes(std::span(bytes, size));
    const auto source = std::make_shared<MemorySource>(std::vector<std::byte>(view.begin(), view.end()));
    StageContext context;
    context.limits.max_pixels = kMaxPixels;
    context.limits.max_pages = kMaxPages;
    context.deadline = StageContext::Clock::now() + std::chrono::seconds(10);
    DecodeSettings settings;
    settings.render_dpi = Dpi{50};
    auto file = Decode(settings).open(source, context);
    if (!file) return 0;
    require((*file)->page_count() <= kMaxPages, "a file keeps to max_pages");
    for (int i = 0; i < (*file)->page_count(); ++i) {
        const auto page = (*file)->page(i, context);
        if (page) check(*page);
    }
    return 0;
}
