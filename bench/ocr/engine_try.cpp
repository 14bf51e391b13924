// SPDX-License-Identifier: GPL-3.0-or-later
// Tries Tesseract set-ups on image files: ocr_engine_try OUT [--psm N] [--scale F] [--var name=value]... IMAGE...
// Writes OUT/<stem>.txt per image and prints the processor time of each and of all.
#include <fmt/format.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "stages/adapters/leptonica.h"
#include "stages/adapters/pixels.h"
#include "stages/ocr/engine.h"

namespace {

double thread_cpu_ms()
{
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

}  // namespace

int main(int argc, char** argv)
{
    using namespace chartlift;
    ocr::EngineSettings settings;
    std::vector<std::string> images;
    std::filesystem::path out;
    float scale = 1;
    auto segmentation = ocr::Segmentation::automatic;
    float dpi = 0;
    for (int i = 1; i < argc; ++i) {
        const std::string arg = argv[i];
        if (arg == "--psm") {
            segmentation = static_cast<ocr::Segmentation>(std::stoi(argv[++i]));
        } else if (arg == "--scale") {
            scale = std::stof(argv[++i]);
        } else if (arg == "--dpi") {
            dpi = std::stof(argv[++i]);
        } else if (arg == "--var") {
            const std::string pair = argv[++i];
            settings.variables.emplace_back(pair.substr(0, pair.find('=')), pair.substr(pair.find('=') + 1));
        } else if (out.empty()) {
            out = arg;
        } else {
            images.push_back(arg);
        }
    }
    std::filesystem::create_directories(out);
    auto engine = ocr::Engine::create(settings);
    if (!engine) {
        std::cerr << engine.error().message() << '\n';
        return 2;
    }
    const double begin = thread_cpu_ms();
    double reading = 0;
    for (const std::string& file : images) {
        const adapters::PixPtr pix(pixRead(file.c_str()));
        if (!pix) continue;
        auto image = adapters::from_pix(*pix);
        if (!image) continue;
        const Image gray = adapters::to_gray(*image);
        const float tag = static_cast<float>(pixGetXRes(pix.get()));
        const double start = thread_cpu_ms();
        const auto text = (*engine)->read(gray, Dpi{dpi > 0 ? dpi : (tag > 0 ? tag : 300)}, scale, segmentation, {});
        const double took = thread_cpu_ms() - start;
        reading += took;
        if (!text) {
            std::cerr << file << ": " << text.error().message() << '\n';
            continue;
        }
        std::ofstream(out / std::filesystem::path(file).stem().concat(".txt")) << text->plain();
        std::cout << fmt::format("{} {:.0f} ms {} words {:.3f}\n", file, took, text->words.size(),
                                 text->mean_confidence);
    }
    std::cout << fmt::format("total {:.0f} ms reading, {:.0f} ms with decoding\n", reading, thread_cpu_ms() - begin);
    return 0;
}
