// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/assemble/cues.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <optional>
#include <regex>
#include <string_view>
#include <utility>

#include "stages/assemble/folded.h"

namespace chartlift {
namespace {

using assemble::folded;
using assemble::much_the_same;

constexpr double kTitleZone = 0.38;        // of the page height: below it a heading is a section's, not the document's
constexpr std::size_t kTitleLines = 14;    // headers with stickers and boxes take up to a dozen lines
constexpr double kLetterheadZone = 0.22;   // of the page height
constexpr double kHeadZone = 0.12;         // where a page number at the top stands
constexpr double kFootZone = 0.85;         // and from where one at the foot
constexpr double kLarge = 1.18;            // times the body's letter height: 12 pt beside 10 pt
constexpr std::size_t kLongestLine = 200;  // characters; page numbers and titles stand on shorter lines
constexpr double kWholeLine = 0.75;        // score of a line that is a title and nothing else
constexpr double kLeastTitle =
    1.0;                         // of match, emphasis, length and place; a plain line that is a title is 0.75 + length
constexpr int kMostPages = 500;  // "page 2 of 2019" is a date

struct Line {
    std::string text;
    std::string folded;
    Box box;
    double letter_height_px = 0;
    std::size_t words = 0;
};

bool is_upper(char c)
{
    return std::isupper(static_cast<unsigned char>(c)) != 0;
}
bool is_lower(char c)
{
    return std::islower(static_cast<unsigned char>(c)) != 0;
}
bool is_digit(char c)
{
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
}
bool is_alpha(char c)
{
    return std::isalpha(static_cast<unsigned char>(c)) != 0;
}

/// Height of the capitals, judged by the tallest third of the words so that "a" and "on" do not lower it.
double letter_height(std::span<const Word> words)
{
    std::vector<int> heights;
    for (const Word& word : words)
        if (std::any_of(word.text.begin(), word.text.end(), [](char c) { return is_alpha(c) || is_digit(c); }))
            heights.push_back(word.box.height_px());
    if (heights.empty()) return 0;
    const auto at = heights.begin() + static_cast<std::ptrdiff_t>(heights.size() * 2 / 3);
    std::nth_element(heights.begin(), at, heights.end());
    return *at;
}

std::vector<Line> lines_from(const PageText& text)
{
    std::vector<Line> lines;
    for (const LineRange& range : lines_of(text.words)) {
        Line line;
        const std::span<const Word> words(text.words.data() + range.first, range.last - range.first);
        for (const Word& word : words) {
            if (!line.text.empty()) line.text += ' ';
            line.text += word.text;
        }
        line.folded = folded(line.text);
        line.box = range.box;
        line.letter_height_px = letter_height(words);
        line.words = words.size();
        if (!line.folded.empty()) lines.push_back(std::move(line));
    }
    std::stable_sort(lines.begin(), lines.end(),
                     [](const Line& a, const Line& b) { return a.box.top_px < b.box.top_px; });
    return lines;
}

double body_height(const std::vector<Line>& lines)
{
    std::vector<double> heights;
    for (const Line& line : lines)
        for (std::size_t i = 0; i < line.words; ++i) heights.push_back(line.letter_height_px);
    if (heights.empty()) return 1;
    const auto middle = heights.begin() + static_cast<std::ptrdiff_t>(heights.size() / 2);
    std::nth_element(heights.begin(), middle, heights.end());
    return std::max(1.0, *middle);
}

/// How a line is set, apart from what it says.
struct Emphasis {
    bool large = false;
    bool capitals = false;
    bool centred = false;
    bool colon = false;
    double score() const { return (large ? 0.5 : 0) + (capitals ? 0.25 : 0) + (centred ? 0.2 : 0); }
};

Emphasis emphasis_of(const Line& line, double body_px, int width_px)
{
    Emphasis out;
    const auto upper = std::count_if(line.text.begin(), line.text.end(), is_upper);
    const auto lower = std::count_if(line.text.begin(), line.text.end(), is_lower);
    out.large = line.letter_height_px >= kLarge * body_px;
    out.capitals = upper >= 4 && lower * 5 < upper;
    const double centre = 0.5 * (line.box.left_px + line.box.right_px);
    out.centred =
        width_px > 0 && std::abs(centre - 0.5 * width_px) < 0.06 * width_px && line.box.left_px > 0.2 * width_px;
    out.colon = line.text.ends_with(':');
    return out;
}

// ---- page numbers -------------------------------------------------------------------------------------------------

struct PageNumber {
    int number = 0;
    std::optional<int> total;
};

/// Digits as OCR may have read them where only a number can stand.
std::optional<int> read_number(std::string text)
{
    for (char& c : text) {
        if (c == 'l' || c == 'I' || c == '|' || c == 'i' || c == ']') c = '1';
        if (c == 'O' || c == 'o') c = '0';
    }
    if (text.empty() || text.size() > 3 || !std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
    const int value = std::stoi(text);
    return value >= 1 && value <= kMostPages ? std::optional(value) : std::nullopt;
}

std::optional<PageNumber> accept(const std::ssub_match& number, const std::ssub_match& total)
{
    const auto n = read_number(number.str());
    if (!n) return std::nullopt;
    PageNumber out{*n, std::nullopt};
    if (total.matched && total.length() > 0) {
        const auto m = read_number(total.str());
        if (!m || *m < *n) return std::nullopt;
        out.total = m;
    }
    return out;
}

std::optional<PageNumber> page_number_in(const std::string& line)
{
    if (line.size() > kLongestLine) return std::nullopt;
    constexpr auto kFlags = std::regex::icase | std::regex::optimize;
    // "Page 1 of 2", "Page: 2", "Pg. 3/4", "PAGE lof2", "p. 2"; a word boundary keeps "homepage 2" out
    static const std::regex worded(
        R"((?:^|[^a-z])(?:page|pages|pg|p)\s*[.:#]?\s*(?:no\.?|number)?\s*([0-9lI|]{1,3})(?:\s*(?:of|/|0f)\s*([0-9lI|O]{1,3}))?(?![0-9a-z]))",
        kFlags);
    // "1 of 2", "1/2" alone on its line; three-part dates do not fit
    static const std::regex bare(R"(^[\s\-.~]*([0-9]{1,3})\s*(?:of|/)\s*([0-9]{1,3})[\s\-.~]*$)", kFlags);
    // "- 2 -", with any dash OCR makes of it
    static const std::regex dashed(R"(^\s*(?:-|~|_|–|—)+\s*([0-9lI|]{1,3})\s*(?:-|~|_|–|—)+\s*\.?$)", kFlags);
    std::smatch match;
    if (std::regex_search(line, match, worded)) {
        // a lone "p 2" inside prose is not a page number
        if (auto found = accept(match[1], match[2])) return found;
    }
    if (std::regex_match(line, match, bare)) return accept(match[1], match[2]);
    if (std::regex_match(line, match, dashed)) return accept(match[1], std::ssub_match());
    return std::nullopt;
}

std::optional<PageNumber> find_page_number(const std::vector<Line>& lines, int height_px)
{
    const auto in_zone = [&](const Line& line) {
        return line.box.top_px < kHeadZone * height_px || line.box.bottom_px > kFootZone * height_px;
    };
    std::optional<PageNumber> best;
    // the foot first: a number at the top may be part of a header
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
        if (!in_zone(*line) || line->words > 14) continue;
        const auto found = page_number_in(line->text);
        if (found && (!best || (found->total && !best->total))) best = found;
    }
    if (!best && !lines.empty()) {
        // a bare number alone in the middle of the last line
        const Line& last = lines.back();
        if (last.words == 1 && last.box.bottom_px > 0.9 * height_px && last.text.size() <= 2)
            if (const auto n = read_number(last.text)) best = PageNumber{*n, std::nullopt};
    }
    return best;
}

// ---- letters and endings ------------------------------------------------------------------------------------------

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> starts)
{
    return std::any_of(starts.begin(), starts.end(), [text](std::string_view s) { return text.starts_with(s); });
}

bool opens_letter(const Line& line)
{
    return (starts_with_any(line.folded, {"dear", "towhomitmayconcern"}) && line.words <= 8) ||
           (line.text.starts_with("RE:") || line.text.starts_with("Re:"));
}

bool ends_document(const Line& line)
{
    if (line.words > 16) return false;
    static constexpr std::array<std::string_view, 19> kEndings{
        "sincerely",     "respectfully",       "regards",          "yourstruly",  "electronicallysigned",
        "esigned",       "digitallysigned",    "dictatedby",       "dictatedbut", "signedby",
        "transcribedby", "authenticatedby",    "signaturedate",    "endofreport", "endofdocument",
        "finalreport",   "physiciansignature", "patientsignature", "approvedby"};
    if (std::any_of(kEndings.begin(), kEndings.end(),
                    [&](std::string_view ending) { return line.folded.find(ending) != std::string::npos; }))
        return true;
    // "P. Desai, MD": a short line that is a name and a degree
    static const std::regex signed_name(
        R"(^(?:dr\.?\s+)?[A-Z][A-Za-z.'\-]*(?:\s+[A-Z][A-Za-z.'\-]*){0,3}[,.]?\s+(?:M\.?\s?D|D\.?\s?O|R\.?\s?N|N\.?P|P\.?A|P\.?A\.?-?C|Ph\.?\s?D|DPM|DDS|PsyD|CRNA|LCSW)\b\.?.{0,12}$)",
        std::regex::optimize);
    return line.text.size() <= 60 && line.words <= 6 && std::regex_match(line.text, signed_name);
}

}  // namespace

ReadCues::ReadCues(std::shared_ptr<const DocTypes> types) : types_(std::move(types))
{
    for (std::size_t i = 0; i < types_->types.size(); ++i)
        for (const std::string& title : types_->types[i].titles) {
            const auto blanks = std::count(title.begin(), title.end(), ' ');
            if (auto plain = folded(title); plain.size() >= 2)
                titles_.push_back({std::move(plain), i, static_cast<std::size_t>(blanks) + 1});
        }
    for (const std::string& word : types_->facility_words)
        if (auto plain = folded(word); plain.size() >= 3) facility_words_.push_back(std::move(plain));
    for (const FieldLabels& field : types_->labels)
        for (const std::string& label : field.labels)
            if (auto plain = folded(label); plain.size() >= 2) labels_.push_back(std::move(plain));
    std::sort(labels_.begin(), labels_.end());
    labels_.erase(std::unique(labels_.begin(), labels_.end()), labels_.end());
}

PageCues ReadCues::run(const PageText& text, int width_px, int height_px) const
{
    PageCues cues;
    const std::vector<Line> lines = lines_from(text);
    if (lines.empty()) return cues;
    const double body_px = body_height(lines);

    // Letterhead: a heading-like line near the top with a word that facilities call themselves by.
    const auto names_facility = [&](const Line& line) {
        std::string word;
        std::string tail;
        for (std::size_t i = 0; i <= line.text.size(); ++i) {
            if (i < line.text.size() && is_alpha(line.text[i])) {
                word += static_cast<char>(std::tolower(static_cast<unsigned char>(line.text[i])));
                continue;
            }
            if (!word.empty())
                for (const std::string& known : facility_words_)
                    if (word == known || (word.size() >= 6 && much_the_same(word, known))) return true;
            word.clear();
        }
        // facility words of two words or more ("Medical Center")
        return std::any_of(facility_words_.begin(), facility_words_.end(), [&](const std::string& known) {
            return known.size() >= 10 && line.folded.find(known) != std::string::npos;
        });
    };
    const auto find_letterhead = [&](const Line* except) {
        const Line* found = nullptr;
        double top_score = 0;
        for (const Line& line : lines) {
            if (line.box.top_px > kLetterheadZone * height_px) break;
            if (&line == except || line.words > 9 || line.text.size() > 80 || line.folded.size() < 5 ||
                line.text.find(':') != std::string::npos || !names_facility(line))
                continue;
            const Emphasis set = emphasis_of(line, body_px, width_px);
            // body prose that mentions a hospital is long and neither large nor centred
            if (set.score() == 0 && (line.words > 6 || line.text.ends_with('.'))) continue;
            const double score = 1 + set.score() - 2.0 * line.box.top_px / std::max(1, height_px);
            if (score > top_score) {
                top_score = score;
                found = &line;
            }
        }
        return found;
    };
    const Line* letterhead = find_letterhead(nullptr);

    // Title: every top line against every title.
    double best = kLeastTitle;
    const Line* whole_line_title = nullptr;
    std::size_t seen = 0;
    for (const Line& line : lines) {
        if (++seen > kTitleLines || line.box.top_px > kTitleZone * height_px) break;
        if (line.text.size() > 90 || line.words > 12) continue;
        const Emphasis set = emphasis_of(line, body_px, width_px);
        if (set.colon && !set.large) continue;
        const bool label_line = line.text.find(':') != std::string::npos && !set.large;
        for (const Title& title : titles_) {
            double match = 0;
            if (much_the_same(line.folded, title.folded)) {
                match = kWholeLine;
            } else if (title.folded.size() >= 8 && line.folded.size() > title.folded.size() && !label_line) {
                const std::string_view whole = line.folded;
                const auto head = whole.substr(0, title.folded.size());
                const auto tail = whole.substr(whole.size() - title.folded.size());
                const bool framed = much_the_same(head, title.folded) || much_the_same(tail, title.folded);
                // the rest of the line is a name, a date, a department: no longer than twice the title
                if (framed && line.folded.size() <= 3 * title.folded.size()) match = title.words > 1 ? 0.5 : 0.3;
            }
            if (match == 0) continue;
            double score = match + set.score() + 0.02 * static_cast<double>(title.folded.size());
            if (match == kWholeLine && title.words > 1) score += 0.15;
            score -= 0.3 * line.box.top_px / std::max(1, height_px);
            if (&line == letterhead && match < kWholeLine) score -= 0.3;  // "... Radiology Center" names a place
            if (score > best) {
                best = score;
                cues.title = line.text;
                whole_line_title = match == kWholeLine ? &line : nullptr;
                cues.title_type = types_->types[title.type].id;
            }
        }
    }

    // "Physicians' Orders" holds a facility's word but names the document
    if (letterhead != nullptr && letterhead == whole_line_title) letterhead = find_letterhead(letterhead);
    if (letterhead != nullptr) cues.letterhead = letterhead->folded;

    if (const auto number = find_page_number(lines, height_px)) {
        cues.page_number = number->number;
        cues.page_total = number->total;
    }

    for (const Line& line : lines)
        if (line.box.top_px < 0.55 * height_px && opens_letter(line)) cues.opens_like_letter = true;

    // The end of the text, page number left out.
    std::size_t looked_at = 0;
    for (auto line = lines.rbegin(); line != lines.rend() && looked_at < 6; ++line) {
        if (line->box.bottom_px > kFootZone * height_px && page_number_in(line->text)) continue;
        ++looked_at;
        if (ends_document(*line)) cues.ends_with_signature = true;
    }

    // The first line of running text: not a label, a heading, a name or a number.
    for (const Line& line : lines) {
        if (line.words < 5) continue;
        const auto letters = std::count_if(line.text.begin(), line.text.end(), is_alpha);
        const auto lower = std::count_if(line.text.begin(), line.text.end(), is_lower);
        if (letters * 2 < static_cast<std::ptrdiff_t>(line.text.size()) || lower * 2 < letters) continue;
        const bool labelled = std::any_of(labels_.begin(), labels_.end(), [&](const std::string& label) {
            return label.size() >= 3 && line.folded.starts_with(label);
        });
        if (labelled && line.box.top_px < kTitleZone * height_px) continue;
        if (line.box.top_px > 0.5 * height_px) break;
        cues.first_line_continues = is_lower(line.text.front());
        break;
    }
    return cues;
}

}  // namespace chartlift
