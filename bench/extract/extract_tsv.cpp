// SPDX-License-Identifier: GPL-3.0-or-later
// extract_tsv DOCTYPES_DIR FILE.tsv...: fields read from Tesseract's TSV output, one JSON line a page, and the
// processor time a page took. For measuring the rules on OCR made once, without running OCR again. Prints patient text:
// for development.
#include <cstdio>
#include <ctime>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "stages/adapters/doctype_toml.h"
#include "stages/extract/extract.h"

namespace {

chartlift::ExtractInput read_tsv(const std::string& path)
{
    chartlift::ExtractInput input;
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    std::string last_line;
    std::string last_block;
    std::uint32_t line_number = 0;
    std::uint32_t block_number = 0;
    bool first = true;
    while (std::getline(file, line)) {
        std::vector<std::string> cells;
        std::stringstream stream(line);
        std::string cell;
        while (std::getline(stream, cell, '\t')) cells.push_back(cell);
        if (cells.size() < 10) continue;
        if (cells[0] == "1") {
            input.width_px = std::stoi(cells[8]);
            input.height_px = std::stoi(cells[9]);
        }
        if (cells[0] != "5" || cells.size() < 12) continue;
        if (cells[11].find_first_not_of(" \r") == std::string::npos) continue;
        const std::string key = cells[2] + "." + cells[3] + "." + cells[4];
        if (!first && key != last_line) ++line_number;
        if (!first && cells[2] != last_block) ++block_number;
        first = false;
        last_line = key;
        last_block = cells[2];
        const int left = std::stoi(cells[6]);
        const int top = std::stoi(cells[7]);
        chartlift::Word word;
        word.text = cells[11];
        word.box = {left, top, left + std::stoi(cells[8]), top + std::stoi(cells[9])};
        word.confidence = std::stof(cells[10]) / 100;
        word.line = line_number;
        word.block = block_number;
        input.text.words.push_back(word);
    }
    return input;
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc < 3) {
        std::fprintf(stderr, "usage: extract_tsv DOCTYPES_DIR FILE.tsv...\n");
        return 2;
    }
    auto types = chartlift::adapters::load_doctypes(argv[1]);
    if (!types) {
        std::fprintf(stderr, "%s\n", types.error().message().c_str());
        return 2;
    }
    const chartlift::Extract stage(std::make_shared<const chartlift::DocTypes>(std::move(*types)));
    for (int i = 2; i < argc; ++i) {
        const chartlift::ExtractInput input = read_tsv(argv[i]);
        const std::clock_t start = std::clock();  // processor time: other work on the machine does not count
        const auto fields = stage.run(input, {});
        const double took_ms = 1000.0 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
        if (!fields) {
            std::fprintf(stderr, "%s\n", fields.error().message().c_str());
            continue;
        }
        nlohmann::json out;
        out["file"] = argv[i];
        out["ms"] = took_ms;
        out["fields"] = nlohmann::json::object();
        for (const chartlift::FieldValue& value : fields->values) {
            nlohmann::json entry;
            entry["value"] = value.value.reveal();
            entry["raw"] = value.raw.reveal();
            entry["probability"] = value.probability.value;
            out["fields"][std::string(to_string(value.kind))].push_back(entry);
        }
        std::printf("%s\n", out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    }
    return 0;
}
