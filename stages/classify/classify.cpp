// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/classify/classify.h"

#include <algorithm>
#include <utility>

namespace chartlift {
namespace {

constexpr std::size_t kRanked = 5;

}  // namespace

Classify::Classify(std::shared_ptr<const PageTypeModel> model, std::shared_ptr<const DocTypes> types,
                   ClassifySettings settings)
    : model_(std::move(model)), types_(std::move(types)), lexicon_(*types_), settings_(settings)
{
    if (settings_.unknown_below.value < 0) settings_.unknown_below = model_->unknown_below();
}

Result<PageClass> Classify::run(const ReadablePage& page, const StageContext& context) const
{
    if (auto wanted = context.still_wanted(name); !wanted) return wanted.error();
    PageClass out;
    if (page.text.words.empty()) {
        out.best = {kUnknownType, Score{0}};
        return out;
    }
    const auto features = weighted(raw_features(page, lexicon_, *types_), model_->idf());
    const std::vector<float> probabilities = model_->probabilities(features);
    for (std::size_t k = 0; k < probabilities.size(); ++k)
        out.ranked.push_back({model_->types()[k], Score{probabilities[k]}});

    // A title of a type the model never saw is the only evidence there can be for it; it is believed as far as titles
    // have proved right.
    const auto trained = [&](const std::string& id) {
        return std::find(model_->types().begin(), model_->types().end(), id) != model_->types().end();
    };
    for (const TitleHit& hit : lexicon_.find(text_lines(page))) {
        if (hit.match != TitleMatch::whole || trained(types_->types[hit.type].id)) continue;
        for (TypeChoice& choice : out.ranked) choice.probability.value *= 1 - model_->title_precision().value;
        out.ranked.push_back({types_->types[hit.type].id, model_->title_precision()});
        break;
    }
    std::stable_sort(out.ranked.begin(), out.ranked.end(),
                     [](const TypeChoice& a, const TypeChoice& b) { return a.probability > b.probability; });
    if (out.ranked.size() > kRanked) out.ranked.resize(kRanked);
    out.best = out.ranked.front();
    if (out.best.probability < settings_.unknown_below) out.best.type = kUnknownType;
    return out;
}

}  // namespace chartlift
