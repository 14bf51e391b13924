// SPDX-License-Identifier: GPL-3.0-or-later
/// Trains the page-type model, and types pages given as Tesseract TSV files: a line a page with the five best.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "pipeline/models.h"
#include "pipeline/train.h"
#include "stages/adapters/doctype_toml.h"
#include "stages/classify/classify.h"

namespace {

using namespace chartlift;

ReadablePage page_from_tsv(const std::filesystem::path& path)
{
    ReadablePage page;
    std::ifstream in(path);
    std::string row;
    std::string before;
    std::uint32_t line = 0;
    while (std::getline(in, row)) {
        std::vector<std::string> cells;
        std::stringstream stream(row);
        for (std::string cell; std::getline(stream, cell, '\t');) cells.push_back(cell);
        if (cells.size() < 12 || cells[0] != "5" || cells[11].find_first_not_of(' ') == std::string::npos) continue;
        const std::string key = cells[2] + ' ' + cells[3] + ' ' + cells[4];
        if (!before.empty() && key != before) ++line;
        before = key;
        Word word;
        word.text = cells[11];
        word.line = line;
        word.block = static_cast<std::uint32_t>(std::stoul(cells[2]));
        word.box = {std::stoi(cells[6]), std::stoi(cells[7]), std::stoi(cells[6]) + std::stoi(cells[8]),
                    std::stoi(cells[7]) + std::stoi(cells[9])};
        page.text.words.push_back(word);
    }
    return page;
}

int fail(const Fault& fault)
{
    fmt::print(stderr, "{}\n", fault.message());
    return 3;
}

}  // namespace

int main(int count, char** values)
{
    CLI::App app{"page types: train a model, or type pages"};
    app.require_subcommand(1);
    TrainOptions options;
    auto* learn = app.add_subcommand("train", "text in, model and card out");
    learn->add_option("corpora", options.corpora, ".jsonl and .csv files")->required();
    learn->add_option("--doctypes", options.doctypes, "folder of type definitions")->required();
    learn->add_option("--out", options.out, "model file")->required();
    learn->add_option("--exclude-groups", options.exclude_groups, "groups to leave out, one a line");
    learn->add_option("--notes", options.notes, "text for the card");
    learn->add_option("--seed", options.settings.seed);
    learn->add_option("--folds", options.settings.folds);
    learn->add_option("--c", options.settings.regularisation_c);
    learn->add_option("--tolerance", options.settings.tolerance);
    std::filesystem::path model_path;
    std::vector<std::filesystem::path> pages;
    auto* say = app.add_subcommand("type", "type pages");
    say->add_option("--model", model_path)->required();
    say->add_option("--doctypes", options.doctypes, "folder of type definitions")->required();
    say->add_option("pages", pages, "TSV files")->required();
    CLI11_PARSE(app, count, values);

    if (learn->parsed()) {
        const auto report = train_page_types(options, [](std::string_view line) { fmt::print("{}\n", line); });
        return report ? 0 : fail(report.error());
    }
    auto types = adapters::load_doctypes(options.doctypes);
    if (!types) return fail(types.error());
    const auto model = chartlift::pipeline::load_page_types(model_path);
    if (!model) return fail(model.error());
    const Classify classify(*model, std::make_shared<const DocTypes>(std::move(*types)));
    for (const auto& path : pages) {
        const auto result = classify.run(page_from_tsv(path), {});
        if (!result) return fail(result.error());
        fmt::print("{}\t{}\t{:.3f}", path.stem().string(), result->best.type, result->best.probability.value);
        for (const TypeChoice& choice : result->ranked)
            fmt::print("\t{}={:.3f}", choice.type, choice.probability.value);
        fmt::print("\n");
    }
    return 0;
}
