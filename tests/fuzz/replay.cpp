// SPDX-License-Identifier: GPL-3.0-or-later
// TARGET_replay BRED CORPUS: gives every file of the folder CORPUS to the fuzz target, and BRED inputs bred from them
// by a fixed random source, in builds without libFuzzer.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {

void give(const std::string& input)
{
    // A block of exactly this size, so that AddressSanitizer sees a read past its end.
    const std::vector<std::uint8_t> bytes(input.begin(), input.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::vector<std::string> seeds_of(const std::filesystem::path& corpus)
{
    std::vector<std::filesystem::path> paths;
    std::error_code error;
    for (auto at = std::filesystem::directory_iterator(corpus, error);
         !error && at != std::filesystem::directory_iterator(); at.increment(error))
        paths.push_back(at->path());
    std::sort(paths.begin(), paths.end());
    std::vector<std::string> seeds;
    for (const auto& path : paths) {
        std::ifstream file(path, std::ios::binary);
        seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return seeds;
}

std::string bred(const std::vector<std::string>& seeds, std::mt19937& random)
{
    const auto below = [&](std::size_t n) { return n == 0 ? 0 : random() % n; };
    const auto byte = [&] { return static_cast<char>(random() % 256); };
    std::string text = seeds[below(seeds.size())];
    for (std::size_t edits = 1 + below(12); edits > 0; --edits) {
        const std::size_t at = below(text.size() + 1);
        switch (below(7)) {
            case 0: text.insert(at, 1, byte()); break;
            case 1: text.erase(at, below(8)); break;
            case 2: text.insert(at, text.substr(below(text.size() + 1), below(60))); break;
            case 3: text.insert(at, {'\x01', byte(), byte(), byte(), byte()}); break;  // moves a word of page_of_words
            case 4: text.insert(at, seeds[below(seeds.size())].substr(0, below(80))); break;
            case 5: text.resize(at + (text.size() - at) / 2); break;
            default:
                if (at < text.size()) text[at] = below(2) == 0 ? byte() : " \n:/-.,#_0O1l()[]{}\"<>\0"[below(23)];
        }
    }
    return text;
}

}  // namespace

int main(int count, char** arguments)
{
    if (count != 3) {
        std::fprintf(stderr, "usage: %s BRED CORPUS\n", arguments[0]);
        return 2;
    }
    const std::vector<std::string> seeds = seeds_of(arguments[2]);
    if (seeds.empty()) {
        std::fprintf(stderr, "no seeds in %s\n", arguments[2]);
        return 1;
    }
    give("");
    for (const std::string& seed : seeds) give(seed);
    const long more = std::strtol(arguments[1], nullptr, 10);
    std::mt19937 random(20'240'630);
    for (long i = 0; i < more; ++i) give(bred(seeds, random));
    std::printf("%zu seeds and %ld inputs bred from them\n", seeds.size(), more);
    return 0;
}
