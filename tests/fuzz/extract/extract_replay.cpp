// SPDX-License-Identifier: GPL-3.0-or-later
// Replays the corpus folder, and pages bred from it by a fixed random source, through the fuzz target.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void run(const std::string& text)
{
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::fprintf(stderr, "usage: extract_fuzz_replay CORPUS_DIR\n");
        return 2;
    }
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(argv[1])) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    std::vector<std::string> seeds{""};
    for (const auto& path : paths) {
        std::ifstream file(path, std::ios::binary);
        seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
        run(seeds.back());
    }
    if (seeds.size() < 3) {
        std::fprintf(stderr, "no corpus in %s\n", argv[1]);
        return 1;
    }
    constexpr int kBred = 8'000;  // half a second
    std::mt19937 random(20'240'630);
    const auto below = [&](std::size_t n) { return n == 0 ? 0 : random() % n; };
    for (int i = 0; i < kBred; ++i) {
        std::string text = seeds[below(seeds.size())];
        for (std::size_t edits = 1 + below(12); edits > 0; --edits) {
            const std::size_t at = below(text.size() + 1);
            switch (below(6)) {
                case 0: text.insert(at, 1, static_cast<char>(random() % 256)); break;
                case 1: text.erase(at, below(8)); break;
                case 2: text.insert(at, text.substr(below(text.size() + 1), below(60))); break;
                case 3:
                    text.insert(at, {'\x01', static_cast<char>(random()), static_cast<char>(random()),
                                     static_cast<char>(random()), static_cast<char>(random())});
                    break;
                case 4: text.insert(at, seeds[below(seeds.size())].substr(0, below(80))); break;
                default:
                    if (at < text.size()) text[at] = " \n:/-.,#_0O1l()[]"[below(17)];
            }
        }
        run(text);
    }
    std::string dense;  // a page of nothing but labels and one of nothing but one-letter words
    for (int i = 0; i < 3'000; ++i) dense += i % 9 == 0 ? "MRN:\n" : "DOB ";
    run(dense);
    run(std::string(40'000, 'a'));
    std::string letters;
    for (int i = 0; i < 5'000; ++i) letters += "a   ";
    run(letters);
    return 0;
}
