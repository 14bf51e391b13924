// SPDX-License-Identifier: GPL-3.0-or-later
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "stages/classify/page_features.h"
#include "stages/classify/page_type_model.h"

namespace chartlift {
namespace {

DocTypes some_types()
{
    DocTypes types;
    for (int i = 0; i < 25; ++i) {
        DocType type;
        type.id = "type_" + std::to_string(i);
        for (int t = 0; t < 36; ++t) type.titles.push_back("Some Title " + std::to_string(i * 100 + t));
        types.types.push_back(std::move(type));
    }
    return types;
}

ReadablePage dense_page()
{
    std::mt19937_64 random(7);
    std::vector<std::string> lines(60);
    for (std::string& line : lines) {
        for (int w = 0; w < 16; ++w) {
            const std::size_t letters = 2 + random() % 9;
            for (std::size_t i = 0; i < letters; ++i) line += static_cast<char>('a' + random() % 26);
            line += ' ';
        }
    }
    return page_from_lines(lines);
}

void features_of_a_dense_page(benchmark::State& state)
{
    const DocTypes types = some_types();
    const TitleLexicon lexicon(types);
    const ReadablePage page = dense_page();
    const std::vector<float> idf(kBuckets, 1);
    for (auto _ : state) benchmark::DoNotOptimize(weighted(raw_features(page, lexicon, types), idf));
}
BENCHMARK(features_of_a_dense_page)->Unit(benchmark::kMillisecond);

void decide_a_dense_page(benchmark::State& state)
{
    const DocTypes types = some_types();
    PageTypeWeights full;
    for (const DocType& type : types.types) full.types.push_back(type.id);
    full.idf.assign(kBuckets, 1);
    full.weights.assign(kBuckets * types.types.size(), 0.1F);
    full.bias.assign(types.types.size(), 0);
    full.decision_shift.assign(types.types.size(), 0);
    const PageTypeModel model = PageTypeModel::compacted(full, kBuckets);
    const TitleLexicon lexicon(types);
    const auto features = weighted(raw_features(dense_page(), lexicon, types), model.idf());
    for (auto _ : state) benchmark::DoNotOptimize(model.probabilities(features));
}
BENCHMARK(decide_a_dense_page)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace chartlift
