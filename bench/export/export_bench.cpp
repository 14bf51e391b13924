// SPDX-License-Identifier: GPL-3.0-or-later
// What a page costs to encode, and to write into a document with some 400 words.
#include "stages/export/pdf.h"

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "tests/unit/export/sample_pages.h"

namespace chartlift {
namespace {

void encode_bilevel_page(benchmark::State& state)
{
    const Image page = sample::bilevel_page(2550, 3300);
    for (auto _ : state) benchmark::DoNotOptimize(encode_image(page, Dpi{300}, {}));
}
BENCHMARK(encode_bilevel_page)->Unit(benchmark::kMillisecond);

void encode_grey_page(benchmark::State& state)
{
    const Image page = sample::grey_page(2550, 3300);
    for (auto _ : state) benchmark::DoNotOptimize(encode_image(page, Dpi{300}, {}));
}
BENCHMARK(encode_grey_page)->Unit(benchmark::kMillisecond);

void write_ten_pages(benchmark::State& state)
{
    const std::vector<std::vector<std::string>> lines(40, std::vector<std::string>(10, "patient"));
    const PdfPage page{*encode_image(sample::bilevel_page(2550, 3300), Dpi{300}, {}),
                       sample::text_of(lines, 200, 100, 38, 20)};
    std::size_t written = 0;
    for (auto _ : state) {
        const auto done = write_pdf(
            {}, 10, [&](std::size_t) -> Result<PdfPage> { return page; },
            [&](std::string_view bytes) -> Result<void> {
                written += bytes.size();
                return {};
            },
            {});
        if (!done) state.SkipWithError("not written");
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(written));
}
BENCHMARK(write_ten_pages)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace chartlift
