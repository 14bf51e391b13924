// SPDX-License-Identifier: GPL-3.0-or-later
/// What the page-type model sees of a page: hashed, signed counts in one sparse vector.
/// Kinds: words and pairs of words, character 3- to 5-grams within words (they survive recognition errors), words of
/// the top lines, section headings, titles of known types, the forms of a letter, and the shape of the page (lines,
/// digits, capitals).
/// Method: feature hashing (Weinberger et al. 2009, sec. 2) with a sign bit; 1 + log tf times idf; each kind is scaled
/// to unit length, then by a fixed weight, so that a long page does not outvote its title.
/// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stages/classify/readable_page.h"
#include "stages/classify/title_lexicon.h"

namespace chartlift {

inline constexpr int kHashBits = 18;
inline constexpr std::size_t kBuckets = std::size_t{1} << kHashBits;

struct Feature {
    std::uint32_t bucket = 0;  ///< below kBuckets
    float value = 0;
};

/// Counts before weighting: the kind is kept so that each can be scaled on its own.
struct RawFeature {
    std::uint32_t bucket = 0;
    std::uint8_t kind = 0;
    float count = 0;  ///< signed
};

/// `types` are the ids that `lexicon` numbers; a title feature is known by its type's id, not by its number.
std::vector<RawFeature> raw_features(const ReadablePage& page, const TitleLexicon& lexicon, const DocTypes& types);

/// Weighted and merged, by ascending bucket. `idf` holds kBuckets values.
std::vector<Feature> weighted(std::span<const RawFeature> raw, std::span<const float> idf);

}  // namespace chartlift
