// SPDX-License-Identifier: GPL-3.0-or-later
// worker_overhead [--rounds N] [--compare] PATH...
// Decodes every page of the files given (folders are walked) in this process and in a confined one, in turns, and
// prints milliseconds a page and the difference. --compare decodes once and prints every page whose outcome differs,
// and the faults by kind of both; exit code 1 where an outcome differs.
#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "stages/adapters/descriptor.h"
#include "stages/decode/decode.h"
#include "worker/confined_decode.h"
#include "worker/worker_main.h"

namespace {

using namespace chartlift;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPageTime{20};

std::shared_ptr<const ByteSource> source_of(const std::string& path)
{
    return std::make_shared<adapters::DescriptorSource>(
        adapters::Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC)));
}

StageContext in_time()
{
    StageContext context;
    context.deadline = Clock::now() + kPageTime;
    return context;
}

double ms_since(Clock::time_point start)
{
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// Reads every pixel, as the next stage would: memory that was never touched costs nothing yet.
unsigned touch(const Image& image)
{
    unsigned sum = 0;
    for (int y = 0; y < image.height_px(); ++y) {
        const std::uint8_t* row = image.row(y);
        sum += std::accumulate(row, row + row_bytes(image.format(), image.width_px()), 0U);
    }
    return sum;
}

/// What became of one page, or of opening its file: a fault, or a sum over what was decoded.
struct Outcome {
    std::optional<Fault> fault;
    std::string page;
};

std::vector<Outcome> outcomes(const FileOpener& opener, const std::string& path)
{
    auto file = opener.open(source_of(path), in_time());
    if (!file) return {{file.error(), {}}};
    std::vector<Outcome> all;
    for (int i = 0; i < (*file)->page_count(); ++i) {
        const auto page = (*file)->page(i, in_time());
        if (!page) {
            all.push_back({page.error(), {}});
            continue;
        }
        all.push_back({std::nullopt, fmt::format("{}x{} sum {} words {} dpi {}", page->image.width_px(),
                                                 page->image.height_px(), touch(page->image), page->visible_text.size(),
                                                 page->file_dpi.value_or(Dpi{}).value)});
    }
    return all;
}

double median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

double mean(const std::vector<double>& values)
{
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Milliseconds of each round and file, opening included.
struct Times {
    std::vector<double> rounds_ms;
    std::vector<double> quietest_ms;  ///< of each file: what else the machine did counts least

    explicit Times(std::size_t files) : quietest_ms(files, 1e9) {}

    int round(const FileOpener& opener, const std::vector<std::string>& paths)
    {
        int pages = 0;
        double sum_ms = 0;
        for (std::size_t i = 0; i < paths.size(); ++i) {
            const auto start = Clock::now();
            pages += static_cast<int>(outcomes(opener, paths[i]).size());
            const double ms = ms_since(start);
            sum_ms += ms;
            quietest_ms[i] = std::min(quietest_ms[i], ms);
        }
        rounds_ms.push_back(sum_ms);
        return pages;
    }
    void print(const char* name, int pages) const
    {
        const double quietest = std::accumulate(quietest_ms.begin(), quietest_ms.end(), 0.0);
        fmt::print("{}: median {:.2f}, mean {:.2f}, quietest {:.2f}\n", name, median(rounds_ms) / pages,
                   mean(rounds_ms) / pages, quietest / pages);
    }
};

void measure(const FileOpener& here, const FileOpener& confined, const std::vector<std::string>& paths, int rounds)
{
    // So that the files are in the page cache, and fonts are known.
    Times(paths.size()).round(here, paths);
    Times(paths.size()).round(confined, paths);
    Times inside(paths.size());
    Times outside(paths.size());
    Times difference(paths.size());
    int pages = 1;
    for (int round = 0; round < rounds; ++round) {
        pages = std::max(1, inside.round(here, paths));
        outside.round(confined, paths);
        difference.rounds_ms.push_back(outside.rounds_ms.back() - inside.rounds_ms.back());
    }
    for (std::size_t i = 0; i < paths.size(); ++i)
        difference.quietest_ms[i] = outside.quietest_ms[i] - inside.quietest_ms[i];
    fmt::print("{} files, {} pages, {} rounds; milliseconds a page\n", paths.size(), pages, rounds);
    inside.print("in this process", pages);
    outside.print("confined", pages);
    difference.print("difference", pages);
}

std::string kind_of(const Outcome& outcome)
{
    return outcome.fault ? std::string(to_string(outcome.fault->kind)) : "page";
}

int compare(const FileOpener& here, const FileOpener& confined, const std::vector<std::string>& paths)
{
    std::map<std::string, std::pair<int, int>> kinds;
    int differing = 0;
    for (const std::string& path : paths) {
        const auto a = outcomes(here, path);
        const auto b = outcomes(confined, path);
        for (const Outcome& outcome : a) ++kinds[kind_of(outcome)].first;
        for (const Outcome& outcome : b) ++kinds[kind_of(outcome)].second;
        for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
            if (i < a.size() && i < b.size() && a[i].fault == b[i].fault && a[i].page == b[i].page) continue;
            ++differing;
            const auto text = [i](const std::vector<Outcome>& all) {
                if (i >= all.size()) return std::string("nothing");
                return all[i].fault ? all[i].fault->message() : all[i].page;
            };
            fmt::print("{} page {}: {} | {}\n", path, i, text(a), text(b));
        }
    }
    for (const auto& [kind, counts] : kinds) fmt::print("{}: {} | {}\n", kind, counts.first, counts.second);
    fmt::print("{} files, {} outcomes differ\n", paths.size(), differing);
    return differing == 0 ? 0 : 1;
}

std::vector<std::string> files_under(const std::string& path)
{
    namespace fs = std::filesystem;
    if (!fs::is_directory(path)) return {path};
    std::vector<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(path))
        if (entry.is_regular_file()) files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace

int main(int count, char** arguments)
{
    if (count == 2 && std::strcmp(arguments[1], worker::kWorkerArgument) == 0) return worker::worker_main();
    constexpr int kKept_bytes = 256 * 1024 * 1024;  // as the program itself does
    ::mallopt(M_MMAP_THRESHOLD, kKept_bytes);
    ::mallopt(M_TRIM_THRESHOLD, kKept_bytes);
    int rounds = 5;
    bool comparing = false;
    std::vector<std::string> paths;
    for (int i = 1; i < count; ++i) {
        const std::string argument = arguments[i];
        if (argument == "--rounds" && i + 1 < count) {
            rounds = std::max(1, std::atoi(arguments[++i]));
        } else if (argument == "--compare") {
            comparing = true;
        } else {
            const auto found = files_under(argument);
            paths.insert(paths.end(), found.begin(), found.end());
        }
    }
    if (paths.empty()) {
        fmt::print(stderr, "usage: worker_overhead [--rounds N] [--compare] PATH...\n");
        return 2;
    }
    auto pool = worker::Pool::start({});
    if (!pool) {
        fmt::print(stderr, "{}\n", pool.error().message());
        return 2;
    }
    const Decode here{{}};
    const worker::ConfinedDecode confined(*pool);
    const int code = comparing ? compare(here, confined, paths) : (measure(here, confined, paths, rounds), 0);
    const worker::PoolCounts counts = (*pool)->counts();
    fmt::print("workers: {} started, {} died, {} killed, {} retired, {} requests\n", counts.started, counts.died,
               counts.killed, counts.retired, counts.requests);
    return code;
}
