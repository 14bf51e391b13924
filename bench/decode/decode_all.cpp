// SPDX-License-Identifier: GPL-3.0-or-later
// decode_all [--password TEXT] [--save FOLDER] [--seconds N] PATH...
// Decodes every page of the files given (folders are walked), prints one line a file, and a sum. --save writes each
// page as PNM. The page timeout is N seconds. Exit code 0 unless the arguments are wrong: a fault is a result, not a
// failure.
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "stages/adapters/descriptor.h"
#include "stages/decode/decode.h"

namespace {

using namespace chartlift;
using Clock = std::chrono::steady_clock;

std::shared_ptr<const ByteSource> source_of(const std::string& path)
{
    return std::make_shared<adapters::DescriptorSource>(
        adapters::Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC)));
}

struct Totals {
    int files = 0, pages = 0, faults = 0;
    std::map<std::string, int> kinds;
    double slowest_ms = 0;
    std::string slowest;
};

double ms_since(Clock::time_point start)
{
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::uint64_t checksum(const Image& image)
{
    std::uint64_t hash = 1469598103934665603ULL;
    for (int y = 0; y < image.height_px(); ++y)
        for (std::size_t i = 0; i < row_bytes(image.format(), image.width_px()); ++i)
            hash = (hash ^ image.row(y)[i]) * 1099511628211ULL;
    return hash;
}

void save(const Image& image, const std::string& path)
{
    const bool bilevel = image.format() == PixelFormat::bilevel;
    std::ofstream out(path, std::ios::binary);
    out << (bilevel                                ? "P4"
            : image.format() == PixelFormat::gray8 ? "P5"
                                                   : "P6")
        << '\n'
        << image.width_px() << ' ' << image.height_px() << '\n';
    if (!bilevel) out << "255\n";
    for (int y = 0; y < image.height_px(); ++y)
        out.write(reinterpret_cast<const char*>(image.row(y)),
                  static_cast<std::streamsize>(row_bytes(image.format(), image.width_px())));
}

struct Options {
    DecodeSettings settings;
    std::string folder;
    std::chrono::seconds timeout{20};
};

void decode_file(const std::string& path, const Options& options, Totals& totals)
{
    const auto start = Clock::now();
    ++totals.files;
    StageContext context;
    const auto fresh = [&] {
        context.deadline = Clock::now() + options.timeout;
        return context;
    };
    const auto bytes = source_of(path);
    int pages = 0, faults = 0;
    std::vector<std::string> notes;
    const auto note_fault = [&](const Fault& fault) {
        ++faults;
        ++totals.kinds[std::string(to_string(fault.kind))];
        if (notes.size() < 4) notes.push_back(fault.message());
    };
    auto opened = Decode(options.settings).open(bytes, fresh());
    if (!opened) {
        note_fault(opened.error());
    } else {
        for (int i = 0; i < (*opened)->page_count(); ++i) {
            auto page = (*opened)->page(i, fresh());
            if (!page) {
                note_fault(page.error());
                continue;
            }
            ++pages;
            const Image& image = page->image;
            if (notes.size() < 4)
                notes.push_back(
                    fmt::format("{}x{} {} {} dpi{} {:08x}", image.width_px(), image.height_px(),
                                image.format() == PixelFormat::bilevel ? "1"
                                : image.format() == PixelFormat::gray8 ? "8"
                                                                       : "24",
                                page->file_dpi ? fmt::format("{:.4g}", page->file_dpi->value) : "no",
                                page->visible_text.empty() ? "" : fmt::format(" {} words", page->visible_text.size()),
                                checksum(image) & 0xFFFFFFFFU));
            if (!options.folder.empty())
                save(image,
                     fmt::format("{}/{}.{}.pnm", options.folder, std::filesystem::path(path).filename().string(), i));
        }
    }
    const double ms = ms_since(start);
    totals.pages += pages;
    totals.faults += faults;
    if (ms > totals.slowest_ms) {
        totals.slowest_ms = ms;
        totals.slowest = path;
    }
    struct rusage usage {};
    getrusage(RUSAGE_SELF, &usage);
    fmt::print("{}\t{}\tpages {}\tfaults {}\t{:.0f} ms\tpeak {} MiB\t{}\n", path, to_string(sniff(*bytes)), pages,
               faults, ms, usage.ru_maxrss / 1024, fmt::join(notes, " | "));
    std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments)
{
    Options options;
    std::vector<std::string> paths;
    const std::vector<std::string> words(arguments + 1, arguments + count);
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool takes_value = words[i] == "--password" || words[i] == "--save" || words[i] == "--seconds";
        if (takes_value && i + 1 == words.size()) return 2;
        if (words[i] == "--password")
            options.settings.passwords.push_back(words[++i]);
        else if (words[i] == "--save")
            options.folder = words[++i];
        else if (words[i] == "--seconds")
            options.timeout = std::chrono::seconds(std::stoi(words[++i]));
        else if (std::filesystem::is_directory(words[i]))
            for (const auto& entry : std::filesystem::recursive_directory_iterator(words[i])) {
                if (entry.is_regular_file()) paths.push_back(entry.path().string());
            }
        else
            paths.push_back(words[i]);
    }
    if (paths.empty()) return 2;
    std::sort(paths.begin(), paths.end());
    Totals totals;
    const auto start = Clock::now();
    for (const std::string& path : paths) decode_file(path, options, totals);
    const double seconds = ms_since(start) / 1000;
    fmt::print("{} files, {} pages, {} faults in {:.1f} s; slowest {:.0f} ms: {}\n", totals.files, totals.pages,
               totals.faults, seconds, totals.slowest_ms, totals.slowest);
    for (const auto& [kind, number] : totals.kinds) fmt::print("  {}: {}\n", kind, number);
    return 0;
}
