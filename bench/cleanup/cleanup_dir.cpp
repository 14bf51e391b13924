// SPDX-License-Identifier: GPL-3.0-or-later
/// usage: cleanup_dir [--turn 0|90|180|270] [--lean DEGREES_CCW] [--scale FACTOR] [--write FOLDER] IMAGE...
/// Runs cleanup on each image (whatever Leptonica reads), after turning it clockwise, leaning and scaling it as told,
/// and prints what was found as one JSON object a line.
#include <fmt/format.h>
#include <time.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <opencv2/core/utility.hpp>
#include <string>
#include <vector>

#include "stages/adapters/leptonica.h"
#include "stages/adapters/turn.h"
#include "stages/cleanup/cleanup.h"

namespace {

using namespace chartlift;

struct Options {
    int turn = 0;
    float lean_deg = 0;
    float scale = 1;
    std::string folder;
};

/// Processor time of this thread, which other programs on the machine do not stretch.
double thread_ms()
{
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

adapters::PixPtr prepared(const std::string& path, const Options& options)
{
    adapters::PixPtr pix(pixRead(path.c_str()));
    if (!pix) return nullptr;
    if (pixGetColormap(pix.get())) pix.reset(pixRemoveColormap(pix.get(), REMOVE_CMAP_BASED_ON_SRC));
    if (pixGetDepth(pix.get()) != 1 && pixGetDepth(pix.get()) != 8 && pixGetDepth(pix.get()) != 32)
        pix.reset(pixConvertTo8(pix.get(), 0));
    if (options.scale != 1) pix.reset(pixScale(pix.get(), options.scale, options.scale));
    if (options.lean_deg != 0) {
        const auto radians = static_cast<float>(-static_cast<double>(options.lean_deg) * 3.14159265358979 / 180);
        pix.reset(pixRotate(pix.get(), radians, L_ROTATE_AREA_MAP, L_BRING_IN_WHITE, 0, 0));
    }
    return pix;
}

}  // namespace

int main(int argc, char** argv)
{
    cv::setNumThreads(1);
    adapters::silence_leptonica();
    Options options;
    std::vector<std::string> paths;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "--turn" && i + 1 < argc)
            options.turn = std::stoi(argv[++i]);
        else if (argument == "--lean" && i + 1 < argc)
            options.lean_deg = std::stof(argv[++i]);
        else if (argument == "--scale" && i + 1 < argc)
            options.scale = std::stof(argv[++i]);
        else if (argument == "--write" && i + 1 < argc)
            options.folder = argv[++i];
        else
            paths.push_back(argument);
    }
    const Cleanup cleanup{CleanupSettings{}};
    for (const std::string& path : paths) {
        nlohmann::json line{{"file", path}};
        const adapters::PixPtr pix = prepared(path, options);
        const auto image = pix ? adapters::from_pix(*pix) : Fault{FaultKind::corrupt, "leptonica", "cannot read"};
        if (!image) {
            line["fault"] = image.error().message();
            fmt::print("{}\n", line.dump());
            continue;
        }
        DecodedPage page;
        page.image = adapters::turned_cw(*image, static_cast<QuarterTurn>(options.turn));
        if (pixGetXRes(pix.get()) > 0) page.file_dpi = Dpi{static_cast<float>(pixGetXRes(pix.get()))};
        const double begin_ms = thread_ms();
        const auto out = cleanup.run(page, StageContext{});
        const double took_ms = thread_ms() - begin_ms;
        if (!out) {
            line["fault"] = out.error().message();
        } else {
            line["rotated_cw"] = static_cast<int>(out->rotated_cw);
            line["sure"] = out->orientation_sure;
            line["skew_ccw"] = std::round(out->skew_ccw.value * 1000) / 1000;
            line["blank"] = out->blank;
            line["dpi"] = out->dpi.value;
            line["dpi_from"] = out->dpi_origin == DpiOrigin::file ? "file" : "estimated";
            line["ink"] = out->layout.ink_share;
            line["rules"] = {out->layout.ruled_horizontals, out->layout.ruled_verticals};
            line["archive"] = static_cast<int>(out->archive.format());
            line["size"] = {page.image.width_px(), page.image.height_px(), out->gray.width_px(), out->gray.height_px()};
            line["ms"] = std::round(took_ms * 10) / 10;
            if (!options.folder.empty()) {
                const std::string stem = options.folder + "/" + std::filesystem::path(path).filename().string();
                if (const auto gray = adapters::to_pix(out->gray))
                    pixWrite((stem + ".gray.png").c_str(), gray->get(), IFF_PNG);
                if (const auto archive = adapters::to_pix(out->archive))
                    pixWrite((stem + ".archive.png").c_str(), archive->get(), IFF_PNG);
            }
        }
        fmt::print("{}\n", line.dump());
    }
    return 0;
}
