// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/classify/page_features.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>
#include <string_view>

namespace chartlift {
namespace {

enum Kind : std::uint8_t { kWord, kPair, kGram, kTop, kHeading, kTitle, kShape, kKinds };

/// How much each kind may say, from 5-fold runs on transcribed reports. Words and headings carry most; a title is one
/// feature and therefore needs the room.
constexpr std::array<float, kKinds> kKindWeight{1.0F, 0.7F, 0.8F, 0.6F, 1.2F, 1.0F, 0.4F};
/// Shape and title features are few and each means the same on every page: no idf, no unit length.
constexpr bool is_counted(std::uint8_t kind)
{
    return kind != kTitle && kind != kShape;
}

constexpr std::size_t kMaxWords = 4'000;        ///< words read of one page; the densest real pages hold 1,500
constexpr std::size_t kMaxWordLetters = 40;     ///< longer runs are recognition debris
constexpr std::size_t kMaxHeadingLetters = 48;  ///< a longer run in capitals is a sentence

std::uint64_t hashed(std::uint8_t kind, std::string_view text, std::string_view more = {})
{
    std::uint64_t hash = 0xCBF29CE484222325ULL ^ (kind * 0x9E3779B97F4A7C15ULL);  // FNV-1a
    const auto eat = [&](std::string_view part) {
        for (const char c : part) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    };
    eat(text);
    if (!more.empty()) {
        eat("\x1F");
        eat(more);
    }
    hash ^= hash >> 31;  // FNV's low bits mix badly; one round of splitmix64 spreads them
    hash *= 0xBF58476D1CE4E5B9ULL;
    return hash ^ (hash >> 29);
}

void add(std::vector<RawFeature>& out, std::uint8_t kind, std::uint64_t hash, float count = 1)
{
    out.push_back({static_cast<std::uint32_t>(hash & (kBuckets - 1)), kind, (hash >> 63) != 0 ? -count : count});
}

/// Lower-case words of a line; digits fold to '0' because the number itself says nothing about the type.
std::vector<std::string> words_of(std::string_view line)
{
    std::vector<std::string> words;
    std::string word;
    const auto flush = [&] {
        if (!word.empty() && word.size() <= kMaxWordLetters) words.push_back(word);
        word.clear();
    };
    for (const char c : line) {
        const auto u = static_cast<unsigned char>(c);
        if (c >= 'A' && c <= 'Z') {
            word += static_cast<char>(c - 'A' + 'a');
        } else if ((c >= 'a' && c <= 'z') || u >= 0x80) {
            word += c;
        } else if (c >= '0' && c <= '9') {
            word += '0';
        } else if (c != '\'') {
            flush();
        }
    }
    flush();
    return words;
}

/// The heading a line begins with: the part before ':' or a whole line in capitals. Empty where there is none.
std::string_view heading_of(std::string_view line)
{
    const std::size_t colon = line.find(':');
    if (colon <= kMaxHeadingLetters)  // npos, no colon, is larger than any length
        return line.substr(0, colon);
    if (line.size() > kMaxHeadingLetters) return {};
    const auto capitals = std::count_if(line.begin(), line.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    const bool lower = std::any_of(line.begin(), line.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    return capitals >= 3 && !lower ? line : std::string_view{};
}

void add_shape(std::vector<RawFeature>& out, std::string_view name, double value, std::span<const double> steps)
{
    const auto step = std::upper_bound(steps.begin(), steps.end(), value) - steps.begin();
    add(out, kShape, hashed(kShape, name, std::to_string(step)));
}

void add_shapes(std::vector<RawFeature>& out, std::span<const std::string> lines)
{
    double letters = 0;
    double digits = 0;
    double capitals = 0;
    double words = 0;
    double short_lines = 0;
    double colon_lines = 0;
    double boxes = 0;
    for (const std::string& line : lines) {
        for (const char c : line) {
            const bool upper = c >= 'A' && c <= 'Z';
            if (upper) ++capitals;
            if (upper || (c >= 'a' && c <= 'z')) ++letters;
            if (c >= '0' && c <= '9') ++digits;
        }
        words += 1 + static_cast<double>(std::count(line.begin(), line.end(), ' '));
        if (line.size() < 40) ++short_lines;
        if (line.find(':') != std::string::npos) ++colon_lines;
        if (line.find("[ ]") != std::string::npos || line.find("[]") != std::string::npos ||
            line.find("[X]") != std::string::npos || line.find("[x]") != std::string::npos)
            ++boxes;
    }
    const double count = std::max(1.0, static_cast<double>(lines.size()));
    static constexpr std::array kLines{5.0, 10.0, 16.0, 24.0, 34.0, 46.0};
    static constexpr std::array kWordsALine{3.0, 5.0, 7.0, 10.0, 13.0};
    static constexpr std::array kDigits{0.01, 0.03, 0.06, 0.12, 0.25};
    static constexpr std::array kCapitals{0.06, 0.1, 0.18, 0.35, 0.7};
    static constexpr std::array kShare{0.05, 0.15, 0.3, 0.5, 0.75};
    add_shape(out, "lines", count, kLines);
    add_shape(out, "words", words / count, kWordsALine);
    add_shape(out, "digits", digits / std::max(1.0, letters + digits), kDigits);
    add_shape(out, "capitals", capitals / std::max(1.0, letters), kCapitals);
    add_shape(out, "short", short_lines / count, kShare);
    add_shape(out, "colons", colon_lines / count, kShare);
    add_shape(out, "boxes", boxes / count, kShare);
}

/// The forms that make a letter a letter: they stand alone on their lines and survive as such, whatever it is about.
void add_letter_cues(std::vector<RawFeature>& out, std::span<const std::string> lines)
{
    static constexpr std::array<std::string_view, 10> kClosings{
        "SINCERELY", "RESPECTFULLY", "REGARDS",         "BEST REGARDS",     "KIND REGARDS",
        "CORDIALLY", "YOURS TRULY",  "YOURS SINCERELY", "VERY TRULY YOURS", "WARM REGARDS"};
    static constexpr std::array<std::string_view, 5> kThanks{"THANK YOU FOR", "THANK YOU VERY MUCH FOR", "THANKS FOR",
                                                             "THE PLEASURE OF", "YOUR KIND REFERRAL"};
    constexpr std::size_t kLongestClosing = 40;
    bool salutation = false;
    bool closing = false;
    bool regarding = false;
    bool thanks = false;
    for (std::size_t at = 0; at < lines.size(); ++at) {
        const std::string line = folded_words(lines[at]);
        const bool upper_half = 2 * at < lines.size() + kTopLines;
        if (upper_half && (line.starts_with("DEAR ") || line.find(" DEAR DR") != std::string::npos ||
                           line.starts_with("TO WHOM IT MAY CONCERN")))
            salutation = true;
        if (upper_half && (line == "RE" || line.starts_with("RE ") || line.starts_with("REGARDING "))) regarding = true;
        if (line.size() <= kLongestClosing)
            for (const std::string_view form : kClosings) closing = closing || line.starts_with(form);
        for (const std::string_view form : kThanks) thanks = thanks || line.find(form) != std::string::npos;
    }
    if (salutation) add(out, kTitle, hashed(kTitle, "cue", "salutation"));
    if (closing) add(out, kTitle, hashed(kTitle, "cue", "closing"));
    if (regarding) add(out, kTitle, hashed(kTitle, "cue", "regarding"));
    if (thanks) add(out, kTitle, hashed(kTitle, "cue", "thanks"));
    if (salutation && (closing || thanks || regarding)) add(out, kTitle, hashed(kTitle, "cue", "letter"));
}

void add_titles(std::vector<RawFeature>& out, std::span<const std::string> lines, const TitleLexicon& lexicon,
                const DocTypes& types)
{
    // The best match of each type counts once, so that a title and its echo in the header do not add up.
    std::map<std::size_t, TitleMatch> best;
    for (const TitleHit& hit : lexicon.find(lines)) {
        const auto [at, fresh] = best.emplace(hit.type, hit.match);
        if (!fresh) at->second = std::min(at->second, hit.match);
    }
    static constexpr std::array<std::string_view, kTitleMatches> kNames{"whole", "single", "close", "within"};
    for (const auto& [type, match] : best)
        add(out, kTitle, hashed(kTitle, types.types[type].id, kNames[static_cast<std::size_t>(match)]));
    if (best.empty()) add(out, kTitle, hashed(kTitle, "none"));
}

}  // namespace

std::vector<RawFeature> raw_features(const ReadablePage& page, const TitleLexicon& lexicon, const DocTypes& types)
{
    std::vector<RawFeature> out;
    const std::vector<std::string> lines = text_lines(page);
    std::string before;
    std::size_t seen = 0;
    for (std::size_t at = 0; at < lines.size() && seen < kMaxWords; ++at) {
        const bool top = at < kTopLines;
        for (const std::string& word : words_of(lines[at])) {
            if (++seen > kMaxWords) break;
            add(out, kWord, hashed(kWord, word));
            if (!before.empty()) add(out, kPair, hashed(kPair, before, word));
            if (top) add(out, kTop, hashed(kTop, word));
            before = word;
            if (word.size() < 3) continue;
            const std::string marked = '<' + word + '>';
            for (std::size_t n = 3; n <= 5; ++n)
                for (std::size_t i = 0; i + n <= marked.size(); ++i)
                    add(out, kGram, hashed(kGram, std::string_view(marked).substr(i, n)));
        }
        if (const std::string heading = folded_words(heading_of(lines[at])); !heading.empty()) {
            add(out, kHeading, hashed(kHeading, heading, "line"));
            for (const std::string& word : words_of(heading)) add(out, kHeading, hashed(kHeading, word));
        }
    }
    add_titles(out, lines, lexicon, types);
    add_letter_cues(out, lines);
    add_shapes(out, lines);
    std::sort(out.begin(), out.end(), [](const RawFeature& a, const RawFeature& b) {
        return a.kind != b.kind ? a.kind < b.kind : a.bucket < b.bucket;
    });
    std::size_t kept = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (kept > 0 && out[kept - 1].kind == out[i].kind && out[kept - 1].bucket == out[i].bucket)
            out[kept - 1].count += out[i].count;
        else
            out[kept++] = out[i];
    }
    out.resize(kept);
    return out;
}

std::vector<Feature> weighted(std::span<const RawFeature> raw, std::span<const float> idf)
{
    std::vector<Feature> out;
    out.reserve(raw.size());
    for (std::size_t first = 0; first < raw.size();) {
        std::size_t last = first;
        const std::uint8_t kind = raw[first].kind;
        double squares = 0;
        const std::size_t start = out.size();
        for (; last < raw.size() && raw[last].kind == kind; ++last) {
            const RawFeature& feature = raw[last];
            float value = feature.count;
            if (is_counted(kind)) {
                if (value == 0) continue;  // two words of opposite sign met in one bucket
                value = std::copysign(1 + std::log(std::abs(value)), value) * idf[feature.bucket];
            }
            squares += static_cast<double>(value) * static_cast<double>(value);
            out.push_back({feature.bucket, value});
        }
        const float length = is_counted(kind) ? static_cast<float>(std::sqrt(std::max(squares, 1e-12))) : 1.0F;
        for (std::size_t i = start; i < out.size(); ++i) out[i].value *= kKindWeight[kind] / length;
        first = last;
    }
    std::sort(out.begin(), out.end(), [](const Feature& a, const Feature& b) { return a.bucket < b.bucket; });
    std::size_t kept = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (kept > 0 && out[kept - 1].bucket == out[i].bucket)
            out[kept - 1].value += out[i].value;
        else
            out[kept++] = out[i];
    }
    out.resize(kept);
    return out;
}

}  // namespace chartlift
