// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/classify/title_lexicon.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace chartlift {
namespace {

constexpr std::size_t kLongestTitle = 80;   ///< letters of a line that may still be or hold a title
constexpr std::size_t kShortestClose = 6;   ///< shorter titles ("CLAIM", "EGD") must match to the letter
constexpr std::size_t kLettersAnError = 7;  ///< one wrong letter in so many is still the same title
constexpr std::size_t kMostErrors = 3;

/// Levenshtein distance, or more than `limit` when it exceeds it.
std::size_t distance(std::string_view a, std::string_view b, std::size_t limit)
{
    std::array<std::size_t, kLongestTitle + 1> row{};
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        std::size_t best = row[0];
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U);
            diagonal = row[j];
            row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
            best = std::min(best, row[j]);
        }
        if (best > limit) return best;
    }
    return row[b.size()];
}

bool holds_words(std::string_view line, std::string_view title)
{
    for (std::size_t at = line.find(title); at != std::string_view::npos; at = line.find(title, at + 1)) {
        const std::size_t end = at + title.size();
        if ((at == 0 || line[at - 1] == ' ') && (end == line.size() || line[end] == ' ')) return true;
    }
    return false;
}

}  // namespace

std::string folded_words(std::string_view text)
{
    std::string out;
    bool gap = false;
    const auto put = [&](char c) {
        if (gap && !out.empty()) out += ' ';
        gap = false;
        out += c;
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c >= 'a' && c <= 'z') {
            put(static_cast<char>(c - 'a' + 'A'));
        } else if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
            put(c);
        } else if (c == '&') {
            gap = true;
            for (const char letter : {'A', 'N', 'D'}) put(letter);
            gap = true;
        } else if (c == '\'') {
            continue;
        } else if (static_cast<unsigned char>(c) == 0xE2 && i + 2 < text.size() &&
                   static_cast<unsigned char>(text[i + 1]) == 0x80) {
            const auto last = static_cast<unsigned char>(text[i + 2]);
            if (last != 0x98 && last != 0x99) gap = true;  // a curly apostrophe vanishes, a dash parts words
            i += 2;
        } else {
            gap = true;
        }
    }
    return out;
}

TitleLexicon::TitleLexicon(const DocTypes& types)
{
    for (std::size_t type = 0; type < types.types.size(); ++type) {
        for (const std::string& text : types.types[type].titles) {
            Title title;
            title.folded = folded_words(text);
            if (title.folded.empty() || title.folded.size() > kLongestTitle) continue;
            title.words = static_cast<std::size_t>(std::count(title.folded.begin(), title.folded.end(), ' ')) + 1;
            title.type = type;
            titles_.push_back(std::move(title));
        }
    }
    std::sort(titles_.begin(), titles_.end(), [](const Title& a, const Title& b) {
        return std::tuple(a.folded.size(), std::string_view(a.folded), a.type) <
               std::tuple(b.folded.size(), std::string_view(b.folded), b.type);
    });
}

std::vector<TitleHit> TitleLexicon::find(std::span<const std::string> lines) const
{
    std::vector<TitleHit> hits;
    const auto shorter = [](const Title& title, std::size_t size) { return title.folded.size() < size; };
    for (std::size_t at = 0; at < std::min(lines.size(), kTopLines); ++at) {
        // "PROCEDURE:" opens a section; "DISCHARGE SUMMARY:" alone on a line may still be a title, so only one word
        // bars.
        const std::string line = folded_words(lines[at]);
        if (line.empty() || line.size() > kLongestTitle) continue;
        const bool heading = lines[at].find(':') != std::string::npos;
        const std::size_t before = hits.size();
        const std::size_t errors =
            line.size() < kShortestClose ? 0 : std::min(kMostErrors, line.size() / kLettersAnError);
        const auto first =
            std::lower_bound(titles_.begin(), titles_.end(), line.size() > errors ? line.size() - errors : 0, shorter);
        const auto last = std::lower_bound(first, titles_.end(), line.size() + errors + 1, shorter);
        std::size_t fewest = errors + 1;
        for (auto title = first; title != last; ++title) {
            if (heading && title->words == 1) continue;
            const std::size_t wrong = distance(line, title->folded, fewest);
            if (wrong > errors || wrong > fewest) continue;
            if (wrong < fewest) hits.resize(before);
            fewest = wrong;
            const TitleMatch match =
                wrong > 0 ? TitleMatch::close : (title->words > 1 ? TitleMatch::whole : TitleMatch::single);
            hits.push_back({title->type, match, at});
        }
        if (hits.size() > before) continue;
        // The longest title inside the line says most: "ED CONSULTATION REPORT" over "REPORT".
        for (auto title = first; title != titles_.begin();) {
            --title;
            if (title->words < 2 || !holds_words(line, title->folded)) continue;
            hits.push_back({title->type, TitleMatch::within, at});
            break;
        }
    }
    return hits;
}

bool TitleLexicon::is_title(std::string_view line) const
{
    const std::string text = folded_words(line);
    return std::any_of(titles_.begin(), titles_.end(), [&](const Title& title) { return title.folded == text; });
}

}  // namespace chartlift
