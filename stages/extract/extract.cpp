// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/extract/extract.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "stages/extract/finder.h"
#include "stages/extract/labels.h"
#include "stages/extract/tokens.h"

namespace chartlift {
namespace {

using extract::Candidate;

constexpr double kMostSure = 0.985;     // nothing that OCR read is surer
constexpr double kSecondWitness = 0.5;  // how much of the remaining doubt a second place with the same value takes away
constexpr double kRival = 0.25;         // how much a rival of probability 1 takes from the best

/// A value with all places of the page that say it.
struct Merged {
    Candidate best;
    double probability = 0;
};

std::string key_of(const Candidate& candidate)
{
    if (candidate.kind == FieldKind::first_name)
        return extract::fold(candidate.name.last) + '|' + extract::fold(candidate.name.first);
    if (candidate.kind == FieldKind::author || candidate.kind == FieldKind::facility)
        return extract::fold(candidate.value);
    return candidate.value;
}

/// One entry a value, best first.
std::vector<Merged> merge(std::vector<Candidate> candidates, FieldKind kind)
{
    std::erase_if(candidates, [&](const Candidate& candidate) { return candidate.kind != kind; });
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Candidate& a, const Candidate& b) { return a.probability > b.probability; });
    if (candidates.size() > 200) candidates.resize(200);
    std::vector<Merged> merged;
    for (Candidate& candidate : candidates) {
        const std::string key = key_of(candidate);
        const auto same =
            std::find_if(merged.begin(), merged.end(), [&](const Merged& m) { return key_of(m.best) == key; });
        if (same == merged.end()) {
            const double probability = candidate.probability;
            merged.push_back({std::move(candidate), probability});
        } else {
            same->probability += (1 - same->probability) * kSecondWitness * candidate.probability;
            if (same->best.name.middle.size() < candidate.name.middle.size())
                same->best.name.middle = candidate.name.middle;
            if (same->best.name.suffix.empty()) same->best.name.suffix = candidate.name.suffix;
        }
    }
    std::stable_sort(merged.begin(), merged.end(),
                     [](const Merged& a, const Merged& b) { return a.probability > b.probability; });
    return merged;
}

/// Fields of one reading of the page (OCR's, or a PDF's own text).
PageFields fields_of(std::span<const Word> words, const ExtractInput& input, const extract::LabelBook& labels,
                     const DocTypes& types, const ExtractSettings& settings)
{
    PageFields fields;
    const extract::ReadPage page = extract::read_page(words, input.width_px, input.height_px);
    const std::vector<Candidate> candidates = extract::find_candidates(page, labels, types, settings.latest);

    const auto emit = [&](const Candidate& from, FieldKind kind, const std::string& value, double probability) {
        if (value.empty()) return;
        FieldValue field;
        field.kind = kind;
        field.value = value;
        field.probability = Score{static_cast<float>(std::clamp(probability, 0.0, kMostSure))};
        field.page = input.page;
        std::string raw;
        for (const std::size_t t : from.tokens) {
            const extract::Token& token = page.tokens[t];
            field.box = united(field.box, token.box);
            if (!field.words.empty() && field.words.back() == token.word) continue;
            field.words.push_back(token.word);
            if (!raw.empty()) raw += ' ';
            raw += words[token.word].text;
        }
        field.raw = std::move(raw);
        fields.values.push_back(std::move(field));
    };

    for (const FieldKind kind :
         {FieldKind::mrn, FieldKind::first_name, FieldKind::birth_date, FieldKind::sex, FieldKind::service_date,
          FieldKind::encounter, FieldKind::author, FieldKind::facility}) {
        std::vector<Merged> merged = merge(candidates, kind);
        if (merged.empty()) continue;
        if (merged.size() > 1 && kind != FieldKind::author && kind != FieldKind::service_date)
            merged[0].probability *= 1 - kRival * merged[1].probability;
        if (merged[0].probability < static_cast<double>(settings.least.value)) continue;
        std::size_t count = 0;
        for (const Merged& entry : merged) {
            if (count == settings.most_of_a_kind ||
                entry.probability < static_cast<double>(settings.least_alternative.value))
                break;
            const double p = std::min(entry.probability, merged[0].probability);
            if (kind != FieldKind::first_name) {
                emit(entry.best, kind, entry.best.value, p);
            } else {
                emit(entry.best, FieldKind::last_name, entry.best.name.last, p);
                emit(entry.best, FieldKind::first_name, entry.best.name.first, p);
                emit(entry.best, FieldKind::middle_name, entry.best.name.middle, p * 0.97);
                emit(entry.best, FieldKind::suffix, entry.best.name.suffix, p * 0.97);
            }
            ++count;
        }
    }
    std::stable_sort(fields.values.begin(), fields.values.end(), [](const FieldValue& a, const FieldValue& b) {
        return std::pair(a.kind, -a.probability.value) < std::pair(b.kind, -b.probability.value);
    });
    return fields;
}

/// Words of the OCR text that a value of the other reading stands on.
void find_words(FieldValue& field, const std::vector<Word>& words)
{
    field.words.clear();
    for (std::size_t i = 0; i < words.size() && i < extract::kMaxWords; ++i) {
        const Box common = intersection(words[i].box, field.box);
        if (common.empty() || words[i].box.empty()) continue;
        const auto area = [](const Box& box) {  // in floating point: a box may reach from one end of int to the other
            return (static_cast<double>(box.right_px) - box.left_px) *
                   (static_cast<double>(box.bottom_px) - box.top_px);
        };
        const double share = area(common) / area(words[i].box);
        if (share > 0.5) field.words.push_back(static_cast<std::uint32_t>(i));
    }
}

/// Two readings of one page: what both say is surer, what they dispute less sure.
PageFields agreed(PageFields ocr, PageFields visible, const std::vector<Word>& words)
{
    constexpr float kDisputed = 0.85F;
    for (FieldValue& other : visible.values) find_words(other, words);
    for (int k = 0; k < kFieldKinds; ++k) {
        const auto kind = static_cast<FieldKind>(k);
        const FieldValue* theirs = visible.best(kind);
        if (!theirs) continue;
        const FieldValue* ours = ocr.best(kind);
        if (!ours) {
            FieldValue added = *theirs;
            added.probability.value *= 0.95F;
            ocr.values.push_back(std::move(added));
            continue;
        }
        FieldValue& mine = ocr.values[static_cast<std::size_t>(ours - ocr.values.data())];
        if (extract::fold(mine.value.reveal()) == extract::fold(theirs->value.reveal())) {
            mine.probability.value =
                std::min(static_cast<float>(kMostSure),
                         1 - (1 - mine.probability.value) * (1 - 0.7F * theirs->probability.value));
        } else {
            mine.probability.value *= kDisputed;
            FieldValue added = *theirs;
            added.probability.value *= kDisputed;
            ocr.values.push_back(std::move(added));
        }
    }
    std::stable_sort(ocr.values.begin(), ocr.values.end(), [](const FieldValue& a, const FieldValue& b) {
        return std::pair(a.kind, -a.probability.value) < std::pair(b.kind, -b.probability.value);
    });
    return ocr;
}

}  // namespace

Date today()
{
    return Date{std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now())};
}

Extract::Extract(std::shared_ptr<const DocTypes> types, ExtractSettings settings)
    : types_(types ? std::move(types) : std::make_shared<const DocTypes>()),
      settings_(settings),
      labels_(std::make_shared<const extract::LabelBook>(*types_))
{
}

Result<PageFields> Extract::run(const ExtractInput& input, const StageContext& context) const
{
    if (auto wanted = context.still_wanted(name); !wanted) return wanted.error();
    PageFields fields = fields_of(input.text.words, input, *labels_, *types_, settings_);
    if (input.visible_text.empty()) return fields;
    return agreed(std::move(fields), fields_of(input.visible_text, input, *labels_, *types_, settings_),
                  input.text.words);
}

}  // namespace chartlift
