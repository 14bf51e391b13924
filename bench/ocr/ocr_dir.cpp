// SPDX-License-Identifier: GPL-3.0-or-later
// Reads image files through the OCR stage: ocr_dir [--unsure] [--dpi N] OUT IMAGE...
// Writes OUT/<stem>.txt and OUT/<stem>.tsv (line, block, left, top, right, bottom, confidence, text) and prints the
// processor time of each page and of all. --unsure treats every page's orientation as unknown.
#include <fmt/format.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "stages/adapters/leptonica.h"
#include "stages/adapters/pixels.h"
#include "stages/ocr/ocr.h"

namespace {

double cpu_ms()
{
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

}  // namespace

int main(int argc, char** argv)
{
    using namespace chartlift;
    std::vector<std::string> images;
    std::filesystem::path out;
    float dpi = 0;
    bool sure = true;
    for (int i = 1; i < argc; ++i) {
        const std::string arg = argv[i];
        if (arg == "--unsure")
            sure = false;
        else if (arg == "--dpi" && i + 1 < argc)
            dpi = std::stof(argv[++i]);
        else if (out.empty())
            out = arg;
        else
            images.push_back(arg);
    }
    adapters::silence_leptonica();
    std::filesystem::create_directories(out);
    const auto stage = Ocr::create({});
    if (!stage) {
        std::cerr << stage.error().message() << '\n';
        return 2;
    }
    double reading = 0;
    for (const std::string& file : images) {
        const adapters::PixPtr pix(pixRead(file.c_str()));
        if (!pix) continue;
        auto image = adapters::from_pix(*pix);
        if (!image) continue;
        UprightPage page;
        page.gray = page.archive = adapters::to_gray(*image);
        const auto tag = static_cast<float>(pixGetXRes(pix.get()));
        page.dpi = Dpi{dpi > 0 ? dpi : (tag > 0 ? tag : 300)};
        page.orientation_sure = sure;
        const double start = cpu_ms();
        const auto read = stage->run(page, {});
        const double took = cpu_ms() - start;
        reading += took;
        if (!read) {
            std::cerr << file << ": " << read.error().message() << '\n';
            continue;
        }
        const auto stem = std::filesystem::path(file).stem().string();
        std::ofstream(out / (stem + ".txt")) << read->text.plain();
        std::ofstream tsv(out / (stem + ".tsv"));
        for (const Word& w : read->text.words)
            tsv << fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{:.2f}\t{}\n", w.line, w.block, w.box.left_px, w.box.top_px,
                               w.box.right_px, w.box.bottom_px, w.confidence, w.text);
        std::cout << fmt::format("{} {:.0f} ms {} words {:.3f} turned {} {}\n", stem, took, read->text.words.size(),
                                 read->text.mean_confidence,
                                 read->turned ? static_cast<int>(read->turned->rotated_cw) : 0,
                                 read->orientation_sure ? "sure" : "unsure");
    }
    std::cout << fmt::format("total {:.0f} ms\n", reading);
    return 0;
}
