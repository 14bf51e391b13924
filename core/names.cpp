// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/names.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "core/utf8.h"

namespace chartlift {
namespace {

constexpr std::size_t kMaxNicknameTable_bytes =
    std::size_t{1024} * 1024;  // ours has 10 KiB; a site's own will not have a hundred

/// Base letters of U+00C0 to U+017F, '.' for a sign that is no letter, and two letters where one sound needs them.
constexpr std::array<std::string_view, 0x180 - 0xC0> kBaseLetters{
    "A", "A", "A",  "A",  "A", "A", "AE", "C", "E", "E", "E", "E", "I", "I", "I",  "I",  // C0
    "D", "N", "O",  "O",  "O", "O", "O",  ".", "O", "U", "U", "U", "U", "Y", "TH", "SS",
    "A", "A", "A",  "A",  "A", "A", "AE", "C", "E", "E", "E", "E", "I", "I", "I",  "I",  // E0
    "D", "N", "O",  "O",  "O", "O", "O",  ".", "O", "U", "U", "U", "U", "Y", "TH", "Y",
    "A", "A", "A",  "A",  "A", "A", "C",  "C", "C", "C", "C", "C", "C", "C", "D",  "D",  // 100
    "D", "D", "E",  "E",  "E", "E", "E",  "E", "E", "E", "E", "E", "G", "G", "G",  "G",
    "G", "G", "G",  "G",  "H", "H", "H",  "H", "I", "I", "I", "I", "I", "I", "I",  "I",  // 120
    "I", "I", "IJ", "IJ", "J", "J", "K",  "K", "K", "L", "L", "L", "L", "L", "L",  "L",
    "L", "L", "L",  "N",  "N", "N", "N",  "N", "N", "N", "N", "N", "O", "O", "O",  "O",  // 140
    "O", "O", "OE", "OE", "R", "R", "R",  "R", "R", "R", "S", "S", "S", "S", "S",  "S",
    "S", "S", "T",  "T",  "T", "T", "T",  "T", "U", "U", "U", "U", "U", "U", "U",  "U",  // 160
    "U", "U", "U",  "U",  "W", "W", "Y",  "Y", "Y", "Z", "Z", "Z", "Z", "Z", "Z",  "S"};

/// Letters that OCR writes as digits; 0 where there is no such letter.
constexpr std::string_view kLetterOfDigit = "OIZ..S..B.";

/// A stray byte reads as Latin-1.
std::uint32_t next_code_point(std::string_view text, std::size_t& at)
{
    const CodePoint next = code_point_at(text, at);
    const auto byte = static_cast<unsigned char>(text[at]);
    at += next.bytes;
    return next.well_formed ? static_cast<std::uint32_t>(next.code) : byte;
}

bool is_apostrophe(std::uint32_t code)
{
    return code == '\'' || code == '`' || code == 0xB4 || code == 0x2018 || code == 0x2019 || code == 0x02BC;
}

std::vector<std::string_view> words_of(std::string_view folded)
{
    std::vector<std::string_view> words;
    std::size_t at = 0;
    while (at < folded.size()) {
        const std::size_t end = std::min(folded.find(' ', at), folded.size());
        if (end > at) words.push_back(folded.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

constexpr std::array<std::string_view, 20> kParticles{"DE",  "DEL", "DELA", "LA",  "LAS", "LOS", "LE",
                                                      "DI",  "DA",  "DO",   "DOS", "DU",  "VAN", "VON",
                                                      "DER", "DEN", "TEN",  "EL",  "MAC", "ST"};

bool is_particle(std::string_view word)
{
    return std::find(kParticles.begin(), kParticles.end(), word) != kParticles.end();
}

std::string suffix_of_word(std::string_view word)
{
    if (word == "JR" || word == "JUNIOR" || word == "JNR") return "JR";
    if (word == "SR" || word == "SENIOR" || word == "SNR") return "SR";
    if (word == "II" || word == "III" || word == "IV" || word == "V") return std::string(word);
    return {};
}

/// Soundex classes; vowels and H, W, Y are 0.
char sound_class(char letter)
{
    switch (letter) {
        case 'B':
        case 'F':
        case 'P':
        case 'V': return '1';
        case 'C':
        case 'G':
        case 'J':
        case 'K':
        case 'Q':
        case 'S':
        case 'X':
        case 'Z': return '2';
        case 'D':
        case 'T': return '3';
        case 'L': return '4';
        case 'M':
        case 'N': return '5';
        case 'R': return '6';
        default: return '0';
    }
}

bool diminutive_of(std::string_view shorter, std::string_view formal)
{
    constexpr std::size_t kShortest = 3;  // two letters begin too many names
    std::string_view stem = shorter;
    for (const std::string_view ending : {"EY", "IE", "Y", "I"})
        if (stem.ends_with(ending)) {
            stem.remove_suffix(ending.size());
            break;
        }
    const auto begins = [&](std::string_view s) { return s.size() >= kShortest && formal.starts_with(s); };
    if (begins(shorter) || begins(stem)) return formal.size() > stem.size();
    const bool doubled = stem.size() >= 2 && stem[stem.size() - 1] == stem[stem.size() - 2];
    return doubled && begins(stem.substr(0, stem.size() - 1));
}

}  // namespace

std::string fold_name(std::string_view utf8)
{
    std::string out;
    out.reserve(utf8.size());
    bool gap = false;
    const auto put = [&](std::string_view letters) {
        if (gap && !out.empty()) out += ' ';
        gap = false;
        out += letters;
    };
    for (std::size_t at = 0; at < utf8.size();) {
        const std::uint32_t code = next_code_point(utf8, at);
        if (code >= 'a' && code <= 'z') {
            const char upper = static_cast<char>(code - 'a' + 'A');
            put({&upper, 1});
        } else if (code >= 'A' && code <= 'Z') {
            const char upper = static_cast<char>(code);
            put({&upper, 1});
        } else if (code >= '0' && code <= '9') {
            const std::string_view letter = kLetterOfDigit.substr(code - '0', 1);
            if (letter != ".") put(letter);
        } else if (code >= 0xC0 && code < 0x180) {
            const std::string_view base = kBaseLetters.at(code - 0xC0);
            if (base == ".")
                gap = true;
            else
                put(base);
        } else if (is_apostrophe(code) || code == '.' || (code >= 0x300 && code < 0x370)) {
            continue;  // apostrophes, periods and combining accents leave no gap
        } else {
            gap = true;
        }
    }
    return out;
}

std::string join_name(std::string_view folded)
{
    std::string out;
    out.reserve(folded.size());
    std::copy_if(folded.begin(), folded.end(), std::back_inserter(out), [](char c) { return c != ' '; });
    return out;
}

std::vector<std::string> name_parts(std::string_view folded)
{
    std::vector<std::string> parts;
    std::string pending;
    for (const std::string_view word : words_of(folded)) {
        pending += word;
        if (is_particle(word)) continue;
        parts.push_back(std::move(pending));
        pending.clear();
    }
    if (!pending.empty()) parts.push_back(std::move(pending));
    return parts;
}

std::string fold_suffix(std::string_view utf8)
{
    std::string plain;
    for (const char c : utf8) {
        if (c >= 'a' && c <= 'z')
            plain += static_cast<char>(c - 'a' + 'A');
        else if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
            plain += c;
    }
    if (plain == "2ND" || plain == "2") return "II";
    if (plain == "3RD" || plain == "3") return "III";
    if (plain == "4TH" || plain == "4") return "IV";
    return suffix_of_word(plain);
}

std::string take_suffix(std::string& folded_name)
{
    const std::size_t blank = folded_name.rfind(' ');
    if (blank == std::string::npos) return {};
    std::string suffix = suffix_of_word(std::string_view(folded_name).substr(blank + 1));
    if (!suffix.empty()) folded_name.resize(blank);
    return suffix;
}

std::string name_sound(std::string_view joined)
{
    constexpr std::size_t kPlaces = 5;
    std::string name(joined);
    const auto begin_with = [&](std::string_view written, std::string_view spoken) {
        if (name.starts_with(written)) name.replace(0, written.size(), spoken);
    };
    begin_with("PH", "F");
    begin_with("KN", "N");
    begin_with("GN", "N");
    begin_with("WR", "R");
    begin_with("PF", "F");
    begin_with("CZ", "S");
    begin_with("TS", "S");
    if (name.empty()) return {};
    const bool soft_c = name.size() > 1 && (name[1] == 'E' || name[1] == 'I' || name[1] == 'Y');
    char first = name[0];
    if (first == 'C') first = soft_c ? 'S' : 'K';
    if (first == 'Q') first = 'K';
    if (first == 'G' && soft_c) first = 'J';
    if (first == 'X' || first == 'Z') first = 'S';
    if (first == 'Y' || first == 'E') first = 'I';
    std::string out(1, first);
    char previous = sound_class(name[0]);
    for (std::size_t i = 1; i < name.size() && out.size() < kPlaces; ++i) {
        const char code = sound_class(name[i]);
        if (code != '0' && code != previous) out += code;
        // H and W do not part two letters of one class, vowels do (Knuth's rule).
        if (name[i] != 'H' && name[i] != 'W') previous = code;
    }
    return out;
}

std::string mrn_key(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        if (c >= 'a' && c <= 'z')
            out += static_cast<char>(c - 'a' + 'A');
        else if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
            out += c;
    }
    const std::size_t first = std::min(out.find_first_not_of('0'), out.empty() ? 0 : out.size() - 1);
    return out.substr(first);
}

Result<Nicknames> Nicknames::from_csv(std::string_view text)
{
    if (text.size() > kMaxNicknameTable_bytes)
        return Fault{FaultKind::limit, "nicknames",
                     "table is " + std::to_string(text.size()) + " bytes; the most is 1048576"};
    Nicknames table;
    std::size_t line_number = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        ++line_number;
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || line.front() == '#') continue;
        std::vector<std::string> group;
        while (!line.empty()) {
            const std::size_t comma = std::min(line.find(','), line.size());
            std::string name = join_name(fold_name(line.substr(0, comma)));
            line.remove_prefix(std::min(comma + 1, line.size()));
            if (!name.empty()) group.push_back(std::move(name));
        }
        if (group.size() < 2)
            return Fault{FaultKind::config, "nicknames",
                         "line " + std::to_string(line_number) + " has fewer than two names"};
        const int index = static_cast<int>(table.groups_.size());
        for (const std::string& name : group) table.groups_of_[name].push_back(index);
        table.groups_.push_back(std::move(group));
    }
    return table;
}

bool Nicknames::related(std::string_view a, std::string_view b) const
{
    if (a == b || a.empty() || b.empty()) return false;
    if (a.size() <= b.size() ? diminutive_of(a, b) : diminutive_of(b, a)) return true;
    if (a.size() == b.size() && diminutive_of(b, a)) return true;
    const auto of_a = groups_of_.find(std::string(a));
    const auto of_b = groups_of_.find(std::string(b));
    if (of_a == groups_of_.end() || of_b == groups_of_.end()) return false;
    return std::any_of(of_a->second.begin(), of_a->second.end(), [&](int group) {
        return std::find(of_b->second.begin(), of_b->second.end(), group) != of_b->second.end();
    });
}

std::vector<std::string> Nicknames::variants(std::string_view joined) const
{
    std::vector<std::string> out{std::string(joined)};
    const auto found = groups_of_.find(out.front());
    if (found == groups_of_.end()) return out;
    for (const int group : found->second)
        for (const std::string& name : groups_[static_cast<std::size_t>(group)])
            if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
    return out;
}

}  // namespace chartlift
