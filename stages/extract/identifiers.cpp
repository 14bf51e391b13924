// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/extract/identifiers.h"

#include <algorithm>
#include <array>

#include "stages/extract/dates.h"

namespace chartlift::extract {
namespace {

constexpr std::size_t kFewestDigits = 4;  // an old clinic's chart number; 3 is a room
constexpr std::size_t kMostDigits = 14;
constexpr double kRepair = 0.8;   // each letter read as a digit
constexpr double kJoined = 0.85;  // a number in two pieces

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
bool is_ascii_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

char digit_for(char c)
{
    switch (c) {
        case 'O':
        case 'o':
        case 'Q':
        case 'D': return '0';
        case 'l':
        case 'I':
        case 'i':
        case '!': return '1';
        case 'Z':
        case 'z': return '2';
        case 'S':
        case 's': return '5';
        case 'G': return '6';
        case 'B': return '8';
        default: return c;
    }
}

std::string trimmed(std::string_view text)
{
    const auto inside = [](char c) { return is_digit(c) || is_ascii_letter(c); };
    while (!text.empty() && !inside(text.front())) text.remove_prefix(1);
    while (!text.empty() && !inside(text.back())) text.remove_suffix(1);
    return std::string(text);
}

/// "999-99-9999", "999-999-9999": lengths of the runs of digits, told by what stands between them.
bool looks_private(std::string_view text)
{
    std::string runs;
    std::size_t run = 0;
    for (const char c : text) {
        if (is_digit(c)) {
            ++run;
        } else {
            if (run > 0) runs += static_cast<char>('0' + std::min<std::size_t>(run, 9));
            run = 0;
        }
    }
    if (run > 0) runs += static_cast<char>('0' + std::min<std::size_t>(run, 9));
    return runs == "324" || runs == "334" || runs == "1334";
}

struct Shaped {
    std::string value;
    double quality = 1;
};

std::optional<Shaped> shape(std::string text)
{
    text = trimmed(text);
    if (text.size() < kFewestDigits || text.size() > 20) return std::nullopt;
    if (looks_private(text)) return std::nullopt;
    if (text.find_first_of("/@%$,:()") != std::string::npos) return std::nullopt;
    std::size_t digits = static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_digit));
    std::size_t letters = static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_ascii_letter));
    if (digits < kFewestDigits - 1 || digits > kMostDigits) return std::nullopt;
    for (const char c : text)
        if (!is_digit(c) && !is_ascii_letter(c) && c != '-' && c != '.' && c != '!') return std::nullopt;
    // "7.5", "98.6": a measurement
    if (text.find('.') != std::string::npos && digits < 6) return std::nullopt;
    Shaped out{text, 1};
    // A prefix of one to three letters belongs to the number, unless it is one letter that OCR reads for a digit.
    std::size_t prefix = 0;
    while (prefix < text.size() && is_ascii_letter(text[prefix])) ++prefix;
    if (prefix == 1 && text[1] != '-' && std::string_view("OoQDlIi").find(text[0]) != std::string_view::npos)
        prefix = 0;
    if (prefix > 3 && prefix < text.size()) return std::nullopt;
    if (prefix > 0 && text[prefix - 1] != '-' && prefix < text.size() && text[prefix] != '-') {
        for (std::size_t i = 0; i < prefix; ++i)
            if (text[i] >= 'a' && text[i] <= 'z') out.quality *= kRepair;
    }
    for (std::size_t i = prefix; i < text.size(); ++i) {
        const bool check_letter =
            i + 1 == text.size() && is_ascii_letter(text[i]) && i > 0 &&
            (text[i - 1] == '-' || text[i] == 'A' || text[i] == 'C' || text[i] == 'E' || text[i] == 'X');
        if (is_digit(text[i]) || !(is_ascii_letter(text[i]) || text[i] == '!') || check_letter) continue;
        const char digit = digit_for(text[i]);
        if (digit == text[i]) {
            out.quality *= 0.6;  // a letter that stands for no digit: an alphanumeric number, or noise
            continue;
        }
        out.value[i] = digit;
        out.quality *= kRepair;
        ++digits;
        --letters;
    }
    if (digits < kFewestDigits || letters > digits || out.quality < 0.35) return std::nullopt;
    if (prefix > 0 && digits < 5 && prefix > 1) out.quality *= 0.9;
    return out;
}

}  // namespace

std::optional<IdentifierReading> read_identifier(std::span<const Token> tokens)
{
    std::size_t at = 0;
    while (at < tokens.size() && at < 2 && !has_digit(tokens[at].text) && !tokens[at].colon) ++at;
    if (at < tokens.size() && !has_digit(tokens[at].text)) ++at;
    if (at >= tokens.size() || !has_digit(tokens[at].text)) return std::nullopt;
    // "(555) 123-4567", "555 - 12 - 3456"
    std::string ahead;
    for (std::size_t i = at; i < tokens.size() && i < at + 5; ++i) {
        if (i > at && has_letter(tokens[i].text)) break;
        if (i > at) ahead += ' ';
        ahead += tokens[i].text;
    }
    if (looks_private(ahead) && ahead.find_first_of("()-.") != std::string::npos) return std::nullopt;
    if (const auto date = read_date(tokens.subspan(at));
        date && date->quality > 0.75 &&
        (date->month_name || tokens[at].text.find('/') != std::string::npos || !date->two_digit_year) &&
        tokens[at].text.size() != 8)
        return std::nullopt;
    IdentifierReading out;
    out.first = at;
    out.last = at + 1;
    std::string text = tokens[at].text;
    // A number in groups, "056 87 06" or "12 - 34 - 56": only digits, and close together.
    const auto digits_only = [](const Token& token) {
        const std::string bare = trimmed(token.text);
        return !bare.empty() && bare.size() <= 6 && std::all_of(bare.begin(), bare.end(), is_digit);
    };
    bool joined = false;
    if (digits_only(tokens[at]) && trimmed(text).size() < 6) {
        std::string sum = trimmed(text);
        std::size_t end = at + 1;
        while (end < tokens.size() && end < at + 4 && tokens[end].segment == tokens[at].segment &&
               digits_only(tokens[end]) && tokens[end].gap_px * 10 < tokens[end].box.height_px() * 9 &&
               sum.size() + trimmed(tokens[end].text).size() <= 10)
            sum += trimmed(tokens[end++].text);
        if (end > at + 1 && sum.size() >= 6) {
            text = sum;
            out.last = end;
            joined = true;
        }
    }
    const auto shaped = shape(text);
    if (!shaped) return std::nullopt;
    out.value = shaped->value;
    out.quality = shaped->quality * (joined ? kJoined : 1.0) * (at > 0 ? 0.95 : 1.0);
    return out;
}

std::optional<SexReading> read_sex(std::span<const Token> tokens)
{
    SexReading found;
    bool marked = false;
    bool any = false;
    bool both = false;
    bool mark_before = false;
    for (std::size_t t = 0; t < tokens.size() && t < 7; ++t) {
        const std::string& text = tokens[t].text;
        if (text.size() > 12) break;
        const auto checked = [](std::string_view s) {
            return s == "[X]" || s == "[x]" || s == "(X)" || s == "(x)" || s == "X]" || s == "x]" ||
                   s == "\xE2\x98\x92" || s == "\xE2\x98\x91" || s == "\xE2\x9C\x93" || s == "\xE2\x9C\x94";
        };
        if (checked(text)) {
            mark_before = true;
            continue;
        }
        // pieces of letters: "F/47y" is F, y; "47M" is M
        bool took = false;
        bool other = false;
        std::string piece;
        const auto flush = [&] {
            if (piece.empty()) return;
            const bool f = piece == "F" || piece == "FEMALE" || piece == "FEM" || piece == "WOMAN";
            const bool m = piece == "M" || piece == "MALE" || piece == "MAN";
            const bool x = piece == "X" && !any;
            if (f || m || x) {
                const std::string value = f ? "F" : m ? "M" : "X";
                if (any && value != found.value) both = true;
                if (!any || (mark_before && !marked)) {
                    found.value = value;
                    found.last = t + 1;
                    if (!any) found.first = t;
                }
                marked = marked || mark_before;
                any = true;
                took = true;
            } else if (piece != "Y" && piece != "YO" && piece != "YR" && piece != "YRS" && piece != "YEARS" &&
                       piece != "YEAR" && piece != "OLD" && piece != "W" && piece != "B" && piece != "H" &&
                       piece != "MO" && piece != "AGE" && piece != "MOS") {
                other = true;
            }
            piece.clear();
        };
        for (const char c : text) {
            if (c >= 'a' && c <= 'z')
                piece += static_cast<char>(c - 'a' + 'A');
            else if (c >= 'A' && c <= 'Z')
                piece += c;
            else
                flush();
        }
        flush();
        if (other && !took) break;
        mark_before = false;
        if (tokens[t].colon) break;
    }
    if (!any || (both && !marked)) return std::nullopt;
    return found;
}

}  // namespace chartlift::extract
