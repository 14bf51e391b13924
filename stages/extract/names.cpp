// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/extract/names.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace chartlift::extract {
namespace {

constexpr std::size_t kMaxNameWords = 7;
constexpr double kRepaired = 0.75;      // a digit read within a name, put right
constexpr double kNoise = 0.9;          // stray marks within a name
constexpr double kLowerCase = 0.8;      // "whitfield": a small first letter
constexpr double kUnmarkedOrder = 0.7;  // "(Last, First)" asked for, no comma given
constexpr double kGuessedOrder = 0.8;   // order told by a misread comma or by a last initial

template <std::size_t N>
bool any_of(const std::array<std::string_view, N>& words, std::string_view text)
{
    return std::find(words.begin(), words.end(), text) != words.end();
}

constexpr auto kTitles = std::to_array<std::string_view>(
    {"MR", "MRS", "MS", "MISS", "MSTR", "DR", "DOCTOR", "PROF", "REV", "HON", "SIR", "MX"});
constexpr auto kCredentials = std::to_array<std::string_view>(
    {"MD",   "DO",   "PHD",   "RN",   "NP",     "PA",   "PAC", "DDS", "DPM",  "DC",  "PSYD", "LCSW",
     "CRNA", "ARNP", "FNP",   "APRN", "LPN",    "MBBS", "BSN", "MSN", "MPH",  "LVN", "CNM",  "FACS",
     "FACC", "FACP", "FACOG", "FAAP", "PHARMD", "OD",   "JD",  "DPT", "FNPC", "RNC"});
constexpr auto kParticles = std::to_array<std::string_view>(
    {"DE", "LA", "DEL", "DELA", "VAN", "VON",   "DER", "DEN",   "DI",  "DA",  "DOS", "DAS", "DU", "LE",
     "EL", "AL", "BIN", "IBN",  "ST",  "SAINT", "SAN", "SANTA", "MAC", "TER", "TEN", "LOS", "LAS"});

std::string upper_folded(std::string_view text)
{
    std::string out;
    for (const char c : text)
        if (c >= 'a' && c <= 'z')
            out += static_cast<char>(c - 'a' + 'A');
        else if ((c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80)
            out += c;
    return out;
}

bool letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80;
}

struct NameWord {
    std::string text;
    std::string folded;
    std::size_t token = 0;
    bool comma = false;   ///< a comma follows
    bool period = false;  ///< a full stop follows
    bool lower = false;   ///< begins in lower case
    double quality = 1;
    bool initial() const { return folded.size() == 1; }
};

/// Cuts one token into name words ("SMITH,JOHN", "J.R.", "Dr.S.Kim"); false where it is no part of a name.
bool cut(const Token& token, std::size_t index, std::vector<NameWord>& words)
{
    const std::string& text = token.text;
    if (text.size() > 40) return false;
    const std::size_t letters = static_cast<std::size_t>(std::count_if(text.begin(), text.end(), letter));
    const std::size_t digits =
        static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }));
    if (letters == 0 && digits == 0) {  // a stray mark: a comma set apart, or dirt
        if (!words.empty() && text.find(',') != std::string::npos) words.back().comma = true;
        return text.size() <= 2;
    }
    if (digits > 0 && (letters < 2 || digits > 2 || digits >= letters)) return false;
    NameWord word;
    word.token = index;
    const auto flush = [&] {
        while (!word.text.empty() && (word.text.back() == '-' || word.text.back() == '\'')) word.text.pop_back();
        if (!word.text.empty()) {
            word.folded = upper_folded(word.text);
            word.lower = word.text.front() >= 'a' && word.text.front() <= 'z';
            words.push_back(word);
        }
        word = NameWord{};
        word.token = index;
    };
    const std::string whole = upper_folded(text);
    const bool one_word = any_of(kCredentials, whole) && digits == 0;  // "M.D.", "Ph.D."
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '0' || c == '1' || c == '5' || c == '8') {
            const char beside = i > 0 && i + 1 < text.size() ? text[i + 1] : i > 0 ? text[i - 1] : 'A';
            const bool lower = beside >= 'a' && beside <= 'z';
            c = c == '0' ? (lower ? 'o' : 'O') : c == '1' ? (lower ? 'l' : 'I') : c == '5' ? (lower ? 's' : 'S') : 'B';
            word.quality *= kRepaired;
        }
        if (letter(c) || ((c == '\'' || c == '-' || c == '`') && !word.text.empty())) {
            word.text += c == '`' ? '\'' : c;
        } else if (c == ',') {
            if (word.text.empty()) {
                if (!words.empty()) words.back().comma = true;
            } else {
                word.comma = true;
                flush();
            }
        } else if (c == '.') {
            if (one_word) continue;
            if (!word.text.empty()) {
                word.period = true;
                // a comma may follow the full stop
                if (i + 1 < text.size() && text[i + 1] == ',') {
                    word.comma = true;
                    ++i;
                }
                flush();
            }
        } else if ((c >= '0' && c <= '9') || std::string_view("@%$/+<>&").find(c) != std::string_view::npos ||
                   (!word.text.empty() && i + 1 < text.size() && letter(text[i + 1]))) {
            return false;  // no name holds it, or it is a mark in the middle of a word
        } else if (c != '(' && c != ')' && c != '"' && c != '*' && c != '[' && c != ']') {
            word.quality *= kNoise;
        }
    }
    flush();
    return true;
}

std::string joined(const std::vector<NameWord>& words, std::size_t first, std::size_t last)
{
    std::string out;
    for (std::size_t i = first; i < last; ++i) {
        if (i > first) out += ' ';
        out += words[i].text;
    }
    return out;
}

bool particle(const NameWord& word)
{
    return any_of(kParticles, word.folded);
}

/// A word that a name can hold at all.
bool plausible(const NameWord& word)
{
    if (word.initial() || any_of(kTitles, word.folded) || any_of(kCredentials, word.folded)) return true;
    if (word.folded.size() > 20) return false;
    if (word.folded.size() < 3) return true;
    return word.folded.find_first_of("AEIOUY") != std::string::npos ||
           word.folded.find_first_of("\xC3\xC4\xC5") != std::string::npos;
}

}  // namespace

std::string suffix_of(std::string_view text)
{
    std::string folded = upper_folded(text);
    if (folded == "JR" || folded == "JUNIOR") return "Jr";
    if (folded == "SR" || folded == "SENIOR") return "Sr";
    if (folded == "II" || folded == "III" || folded == "IV") return folded;
    if (folded == "IL" || text == "ll" || text == "Il" || text == "lI") return "II";
    return {};
}

bool heading_word(std::string_view folded)
{
    static constexpr auto kWords = std::to_array<std::string_view>(
        {"REPORT",       "NOTE",         "NOTES",        "RECORD",        "RECORDS",
         "MEDICAL",      "MEDICINE",     "HOSPITAL",     "CLINIC",        "CENTER",
         "CENTRE",       "HEALTH",       "HEALTHCARE",   "CARE",          "SUMMARY",
         "DISCHARGE",    "ADMISSION",    "PHYSICIAN",    "PHYSICIANS",    "PATIENT",
         "PATIENTS",     "DATE",         "NAME",         "NUMBER",        "ADDRESS",
         "PHONE",        "FAX",          "FORM",         "SHEET",         "FLOW",
         "CHART",        "ORDER",        "ORDERS",       "LABORATORY",    "LAB",
         "RESULT",       "RESULTS",      "TEST",         "REFERENCE",     "UNITS",
         "FLAG",         "HISTORY",      "PHYSICAL",     "EXAM",          "EXAMINATION",
         "CONSULTATION", "CONSULT",      "PROGRESS",     "OPERATIVE",     "OPERATION",
         "PROCEDURE",    "SURGERY",      "SURGICAL",     "DIAGNOSIS",     "DIAGNOSES",
         "DIAGNOSTIC",   "IMAGING",      "RADIOLOGY",    "PATHOLOGY",     "EMERGENCY",
         "DEPARTMENT",   "DEPT",         "SERVICE",      "SERVICES",      "INSURANCE",
         "POLICY",       "INFORMATION",  "DEMOGRAPHICS", "EDUCATION",     "INSTRUCTIONS",
         "CONSENT",      "TREATMENT",    "MEDICATION",   "MEDICATIONS",   "ADMINISTRATION",
         "ALLERGIES",    "IMMUNIZATION", "VACCINE",      "VITAL",         "SIGNS",
         "NURSING",      "NURSE",        "PSYCHIATRIC",  "PSYCHOLOGICAL", "EVALUATION",
         "ASSESSMENT",   "PLAN",         "INTAKE",       "DIRECTIVE",     "ADVANCE",
         "ADVANCED",     "CLAIM",        "CARD",         "LETTER",        "REFERRAL",
         "TELEPHONE",    "MESSAGE",      "CONTINUED",    "CONFIDENTIAL",  "COPY",
         "ORIGINAL",     "FINAL",        "PRELIMINARY",  "SIGNATURE",     "SIGNED",
         "DICTATED",     "ATTENDING",    "PROVIDER",     "DOCTOR",        "SURGEON",
         "RESIDENT",     "FACILITY",     "LOCATION",     "UNIT",          "ROOM",
         "ACCOUNT",      "ENCOUNTER",    "VISIT",        "BIRTH",         "GENDER",
         "RACE",         "RELIGION",     "STATUS",       "MARITAL",       "OCCUPATION",
         "EMPLOYER",     "RELATIONSHIP", "CONTACT",      "GUARANTOR",     "SUBSCRIBER",
         "GROUP",        "DOSE",         "ROUTE",        "FREQUENCY",     "TIME",
         "STREET",       "AVENUE",       "AVE",          "BLVD",          "SUITE",
         "DRIVE",        "UNIVERSITY",   "REGIONAL",     "TOTAL",         "CHARGES",
         "AMOUNT",       "BALANCE",      "PAYMENT",      "CODE",          "TYPE",
         "PRIMARY",      "SECONDARY",    "OFFICE",       "BENEFIT",       "MEMBER",
         "EFFECTIVE",    "CITY",         "STATE",        "COUNTY"});
    return any_of(kWords, folded);
}

std::optional<NameReading> read_name(std::span<const Token> tokens, NameHints hints)
{
    std::vector<NameWord> words;
    NameReading name;
    std::size_t used = 0;
    for (; used < tokens.size() && words.size() < kMaxNameWords; ++used) {
        const std::size_t before = words.size();
        if (used > 0 && tokens[used].opens && words.size() >= 2) break;  // "Smith, John (Jack)"
        if (!cut(tokens[used], used, words)) {
            words.resize(before);
            break;
        }
        bool stop = false;
        for (std::size_t i = before; i < words.size(); ++i) {
            NameWord& word = words[i];
            const bool credential = any_of(kCredentials, word.folded);
            // Behind a whole name a small letter begins other text; within one it is a particle or a misread capital.
            if (word.lower && !particle(word) && !credential && suffix_of(word.text).empty()) {
                const bool misread = std::string_view("cosuvwxzkjpy").find(word.text.front()) != std::string_view::npos;
                if (!hints.labelled || !misread || word.folded.size() < 3) {
                    words.resize(i);
                    stop = true;
                    break;
                }
                word.quality *= kLowerCase;
            }
            if (!plausible(word)) {
                words.resize(i);
                stop = true;
                break;
            }
        }
        if (stop) {
            if (words.size() > before) ++used;
            break;
        }
        if (tokens[used].colon) {
            ++used;
            break;
        }
    }
    // Titles before, credentials and suffixes behind.
    std::size_t first = 0;
    while (first < words.size() && any_of(kTitles, words[first].folded) && !words[first].comma) {
        name.clinician = name.clinician || words[first].folded == "DR" || words[first].folded == "DOCTOR";
        ++first;
    }
    std::size_t last = words.size();
    while (last > first + 1) {
        const NameWord& word = words[last - 1];
        const bool behind_name = words[last - 2].comma || last - first > 2;
        if (word.folded.size() > 1 && any_of(kCredentials, word.folded) && behind_name &&
            !(last - first == 2 && word.folded.size() == 2 && word.text != word.folded)) {
            name.clinician = true;
            --last;
            continue;
        }
        if (word.folded == "D" && last - first > 3 && words[last - 2].folded == "M" &&
            words[last - 2].period) {  // "M. D."
            name.clinician = true;
            last -= 2;
            continue;
        }
        break;
    }
    if (last > first + 2 || (last == first + 2 && words[first].comma)) {
        if (const std::string suffix = suffix_of(words[last - 1].text); !suffix.empty() && last > first + 1) {
            name.suffix = suffix;
            --last;
        }
    }
    if (last <= first) return std::nullopt;
    if (last - first > 5) name.quality *= 0.8;

    std::size_t comma = last;
    for (std::size_t i = first; i + 1 < last; ++i) {
        if (words[i].comma) {
            comma = i;
            break;
        }
    }
    // "Smith Jr., John" and "John Smith, Jr." both hold a suffix before the comma's other side.
    if (comma == last && !hints.last_first && last - first >= 2 && words[first].period &&
        words[first].folded.size() >= 3 && !particle(words[first]) && !words[first + 1].initial()) {
        comma = first;  // a full stop read for the comma
        name.quality *= kGuessedOrder;
    }
    if (comma < last) {
        std::size_t end = comma + 1;
        if (const std::string suffix = suffix_of(words[comma].text); !suffix.empty() && comma > first) {
            name.suffix = suffix;
            --end;
        }
        const std::size_t before = end - first;
        if (before >= 2 && words[end - 1].initial() && !particle(words[first]) && last - comma - 1 == 1 &&
            !words[comma + 1].initial()) {
            name.first = words[first].text;  // "Roberto F, Daniels": the comma is a full stop
            name.middle = joined(words, first + 1, end);
            name.last = words[comma + 1].text;
            name.quality *= kGuessedOrder;
        } else {
            if (before > 3) return std::nullopt;
            name.comma = true;
            name.last = joined(words, first, end);
            name.first = words[comma + 1].text;
            std::size_t middle_end = last;
            if (middle_end > comma + 2 && name.suffix.empty()) {
                if (const std::string suffix = suffix_of(words[middle_end - 1].text); !suffix.empty()) {
                    name.suffix = suffix;
                    --middle_end;
                }
            }
            name.middle = joined(words, comma + 2, middle_end);
            if (before == 3 && !particle(words[first]) && !particle(words[first + 1])) name.quality *= 0.85;
        }
    } else if (last - first >= 2) {
        const std::size_t count = last - first;
        const bool by_initial =
            count == 3 && words[last - 1].initial() && !words[first].initial() && !words[first + 1].initial();
        const bool first_initial_last = count >= 3 && words[first + 1].initial() && !words[last - 1].initial();
        // "(Last, First)" asks for a comma. Registration systems leave it out in capitals, "ORTIZ ANA"; two words in
        // mixed case are a name as one writes it, "Andrew Harrington".
        const auto capitals = [](const NameWord& word) {
            return std::none_of(word.text.begin(), word.text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
        };
        const bool unmarked = hints.last_first && count == 2 && !capitals(words[first]) && !capitals(words[last - 1]);
        if (unmarked) name.quality *= kUnmarkedOrder;
        if ((hints.last_first && !first_initial_last && !unmarked) || by_initial) {  // SMITH JOHN A
            std::size_t at = first;
            while (at + 2 < last && particle(words[at])) ++at;
            name.last = joined(words, first, at + 1);
            name.first = words[at + 1].text;
            name.middle = joined(words, at + 2, last);
            if (hints.last_first != by_initial) name.quality *= hints.last_first ? kUnmarkedOrder : kGuessedOrder;
        } else {
            std::size_t at = last - 1;
            while (at > first + 1 && particle(words[at - 1])) --at;
            name.last = joined(words, at, last);
            name.first = words[first].text;
            name.middle = joined(words, first + 1, at);
        }
    } else {
        name.last = words[first].text;
    }
    for (std::size_t i = first; i < last; ++i) name.quality *= words[i].quality;
    if (upper_folded(name.last).size() < 2) return std::nullopt;
    name.used = used;
    return name;
}

std::string read_name_part(std::span<const Token> tokens, std::size_t& used)
{
    std::vector<NameWord> words;
    for (used = 0; used < tokens.size() && used < 3; ++used) {
        const std::size_t before = words.size();
        if (!cut(tokens[used], used, words)) {
            words.resize(before);
            break;
        }
        if (words.size() > before && words.back().lower && !particle(words.back())) {
            words.resize(before);
            break;
        }
        if (tokens[used].comma || tokens[used].colon) {
            ++used;
            break;
        }
    }
    return joined(words, 0, words.size());
}

}  // namespace chartlift::extract
