// SPDX-License-Identifier: GPL-3.0-or-later
// What a page costs: print without a code (nearly every page of a chart), and a separator sheet.
#include "stages/barcode/barcode.h"

#include <benchmark/benchmark.h>

#include "tests/unit/barcode/drawn_page.h"

namespace chartlift {
namespace {

void read_printed_page(benchmark::State& state)
{
    cv::Mat page = drawn::sheet();
    drawn::print_on(page);
    const UprightPage upright = drawn::upright(page);
    const ReadBarcodes reader{{}};
    for (auto _ : state) benchmark::DoNotOptimize(reader.run(upright, {}));
}
BENCHMARK(read_printed_page)->Unit(benchmark::kMillisecond);

void read_separator_sheet(benchmark::State& state)
{
    cv::Mat page = drawn::sheet();
    drawn::place(page, ZXing::BarcodeFormat::Code39, "PATCHT", {700, 1400}, 4);
    const UprightPage upright = drawn::upright(page);
    const ReadBarcodes reader{{}};
    for (auto _ : state) benchmark::DoNotOptimize(reader.run(upright, {}));
}
BENCHMARK(read_separator_sheet)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace chartlift
