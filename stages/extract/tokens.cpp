// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/extract/tokens.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace chartlift::extract {
namespace {

constexpr double kSegmentGap = 1.7;       // of text height: a monospaced blank is 1.2, a gap between columns 2 and more
constexpr double kLean = 0.018;           // tangent of 1 degree: what deskew may leave
constexpr std::size_t kMaxPairs = 1'500;  // segments compared with each other; above, the page is noise

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80;
}

/// Quotes, dashes and ellipses of print, as ASCII.
std::string plain_marks(std::string_view text)
{
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kMarks{{
        {"\xE2\x80\x98", "'"},
        {"\xE2\x80\x99", "'"},
        {"\xE2\x80\x9C", "\""},
        {"\xE2\x80\x9D", "\""},
        {"\xE2\x80\x90", "-"},
        {"\xE2\x80\x91", "-"},
        {"\xE2\x80\x93", "-"},
        {"\xE2\x80\x94", "-"},
        {"\xE2\x88\x92", "-"},
        {"\xE2\x80\xA6", "..."},
        {"\xC2\xB0", ""},
        {"\xC2\xA9", ""},
        {"\xC2\xAE", ""},
        {"\xC2\xA2", "c"},
        {"\xE2\x82\xAC", ""},
        {"\xE2\x84\x96", "#"},
    }};
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        if (static_cast<unsigned char>(text[i]) < 0x80) {
            if (text[i] > ' ') out += text[i];
            ++i;
            continue;
        }
        const auto mark = std::find_if(kMarks.begin(), kMarks.end(),
                                       [&](const auto& pair) { return text.substr(i).starts_with(pair.first); });
        if (mark == kMarks.end()) {
            out += text[i++];
        } else {
            out += mark->second;
            i += mark->first.size();
        }
    }
    return out;
}

Box part_of(const Box& box, std::size_t first, std::size_t last, std::size_t length)
{
    const auto at = [&](std::size_t i) {
        const double share = static_cast<double>(i) / static_cast<double>(std::max<std::size_t>(length, 1));
        return box.left_px + static_cast<int>(share * (static_cast<double>(box.right_px) - box.left_px));
    };
    return {at(first), box.top_px, last == length ? box.right_px : at(last), box.bottom_px};
}

/// "0.0.8." for "D.O.B.": a capital between full stops is easily read as a digit, and then no letter is left.
bool reads_dob(std::string_view text)
{
    if (text.ends_with('.')) text.remove_suffix(1);
    return text.size() == 5 && text[1] == '.' && text[3] == '.' &&
           (text[0] == 'D' || text[0] == '0' || text[0] == 'O') &&
           (text[2] == 'O' || text[2] == '0' || text[2] == 'Q') && (text[4] == 'B' || text[4] == '8');
}

/// "MRN0568706", "DOB07/22/1977": short labels run into their value.
std::size_t stuck_label(std::string_view text)
{
    static constexpr std::array<std::string_view, 6> kStuck{"MRN", "DOB", "DOS", "CSN", "FIN", "HAR"};
    if (text.size() < 7 || !is_digit(text[3])) return 0;
    const std::string head = fold(text.substr(0, 3));
    return std::find(kStuck.begin(), kStuck.end(), head) == kStuck.end() ? 0 : 3;
}

class WordCutter {
public:
    WordCutter(const Word& word, std::uint32_t index, std::vector<Token>& out)
        : word_(word), index_(index), out_(out), text_(plain_marks(word.text))
    {
    }

    /// `before` is the token that a mark at the word's start belongs to, if there is one on this segment.
    void cut(bool has_before)
    {
        std::size_t begin = 0;
        const std::size_t start = out_.size();
        const auto flush = [&](std::size_t end) {
            if (end > begin) push(begin, end);
            begin = end;
        };
        const auto last = [&]() -> Token* {
            if (out_.size() > start || (has_before && !out_.empty())) return &out_.back();
            return nullptr;
        };
        if (const std::size_t stuck = stuck_label(text_)) flush(stuck);
        for (std::size_t i = begin; i < text_.size(); ++i) {
            const char c = text_[i];
            const char before = i > 0 ? text_[i - 1] : ' ';
            const char after = i + 1 < text_.size() ? text_[i + 1] : ' ';
            const bool time = is_digit(before) && is_digit(after);
            if ((c == ':' && !time) || c == '=' || (c == ';' && after == ' ')) {
                flush(i);
                if (Token* token = last()) token->colon = true;
                begin = i + 1;
            } else if (c == '#') {
                flush(i);
                push(i, i + 1);
                begin = i + 1;
            } else if (c == '_' || c == '|' || c == '^' || (c == '.' && (before == '.' || after == '.'))) {
                flush(i);
                begin = i + 1;
            } else if ((c == '/' || c == '&') && is_letter(before) && is_letter(after)) {
                flush(i);
                if (Token* token = last()) token->joined = true;
                begin = i + 1;
            } else if ((c == '/' || c == '&') && text_.size() == 1) {
                if (Token* token = last()) token->joined = has_letter(token->text);
                if (!has_before || (!out_.empty() && !has_letter(out_.back().text))) push(0, 1);
                begin = 1;
            } else if (c == '(' && i > begin) {
                flush(i);
            }
        }
        flush(text_.size());
    }

private:
    void push(std::size_t begin, std::size_t end)
    {
        Token token;
        token.text = text_.substr(begin, end - begin);
        token.folded = token.text == "#" ? "NO" : fold(token.text);
        if (reads_dob(token.text)) token.folded = "DOB";
        if (token.folded == "NUMBER" || token.folded == "NUM" || token.folded == "NBR" || token.folded == "NR")
            token.folded = "NO";
        token.word = index_;
        token.box = part_of(word_.box, begin, end, text_.size());
        token.confidence = word_.confidence;
        token.opens = token.text.front() == '(' || token.text.front() == '[';
        token.closes = token.text.back() == ')' || token.text.back() == ']';
        token.comma = token.text.back() == ',';
        out_.push_back(std::move(token));
    }

    const Word& word_;
    std::uint32_t index_;
    std::vector<Token>& out_;
    std::string text_;
};

/// Boxes from anywhere: only those whose sums and products cannot overflow are looked at.
bool sane(const Word& word)
{
    constexpr int kFar = 1'000'000;  // pixels; a 22 in page at 2,400 dpi is 53,000
    const Box& b = word.box;
    return !word.text.empty() && word.text.size() <= kMaxWordBytes && !b.empty() && b.left_px > -kFar &&
           b.top_px > -kFar && b.right_px < kFar && b.bottom_px < kFar;
}

int median_height(std::span<const Word> words)
{
    std::vector<int> heights;
    for (const Word& word : words)
        if (word.text.size() >= 2 && sane(word) && has_letter(word.text) && word.box.height_px() > 2)
            heights.push_back(word.box.height_px());
    if (heights.empty()) return 20;
    const auto middle = heights.begin() + static_cast<std::ptrdiff_t>(heights.size() / 2);
    std::nth_element(heights.begin(), middle, heights.end());
    return *middle;
}

struct Run {
    std::vector<std::uint32_t> words;
};

}  // namespace

bool has_digit(std::string_view text)
{
    return std::any_of(text.begin(), text.end(), is_digit);
}

bool has_letter(std::string_view text)
{
    return std::any_of(text.begin(), text.end(), is_letter);
}

std::string fold(std::string_view text)
{
    const bool letters =
        std::any_of(text.begin(), text.end(), [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); });
    std::string out;
    for (const char c : text) {
        if (c >= 'a' && c <= 'z')
            out += static_cast<char>(c - 'a' + 'A');
        else if (c >= 'A' && c <= 'Z')
            out += c;
        else if (is_digit(c))
            out += !letters ? c : c == '0' ? 'O' : c == '1' ? 'I' : c == '5' ? 'S' : c == '8' ? 'B' : c;
    }
    return out;
}

bool same_line(const Box& a, const Box& b)
{
    const int shorter = std::min(a.height_px(), b.height_px());
    if (shorter <= 0) return false;
    const double apart =
        std::max({0.0, static_cast<double>(b.left_px) - a.right_px, static_cast<double>(a.left_px) - b.right_px});
    const double centers =
        std::abs((static_cast<double>(a.top_px) + a.bottom_px) / 2 - (static_cast<double>(b.top_px) + b.bottom_px) / 2);
    return centers <
           0.6 * std::max(shorter, std::max(a.height_px(), b.height_px()) / 2) + std::min(kLean * apart, 1.0 * shorter);
}

ReadPage read_page(std::span<const Word> words, int width_px, int height_px)
{
    words = words.first(std::min(words.size(), kMaxWords));
    ReadPage page;
    page.text_height_px = median_height(words);
    const double unit = page.text_height_px;

    // Text set wide (letter-spaced, or a fax's oblong pixels) has wide blanks too: a letter's width counts like height.
    const auto breadth = [&](const Word& word) {
        const double letter = word.text.size() < 3 ? 0.0 : word.box.width_px() / static_cast<double>(word.text.size());
        return std::max<double>(std::min(word.box.height_px(), 3 * page.text_height_px),
                                std::min(1.4 * letter, 3.0 * word.box.height_px()));
    };
    const auto gap_allowed = [&](const Word& a, const Word& b) {
        return kSegmentGap * std::max({breadth(a), breadth(b), 0.8 * unit});
    };
    // A word that is a rule of the form cuts the line; it carries nothing else.
    const auto is_rule = [](const std::string& text) {
        return std::all_of(text.begin(), text.end(), [](char c) { return c == '|' || c == '_'; });
    };

    std::vector<Run> runs;
    bool broken = true;
    for (std::uint32_t i = 0; i < words.size(); ++i) {
        const Word& word = words[i];
        if (!sane(word)) continue;
        page.width_px = std::max(page.width_px, word.box.right_px);
        page.height_px = std::max(page.height_px, word.box.bottom_px);
        if (is_rule(word.text)) {
            broken = broken || word.text.find('|') != std::string::npos;
            continue;
        }
        if (!broken) {
            const Word& before = words[runs.back().words.back()];
            const double gap = static_cast<double>(word.box.left_px) - before.box.right_px;
            broken = before.line != word.line || before.block != word.block || gap > gap_allowed(before, word) ||
                     word.box.left_px < before.box.left_px - 2 * unit;  // a box may reach too far right
        }
        if (broken) runs.emplace_back();
        runs.back().words.push_back(i);
        broken = false;
    }
    if (width_px > 0) page.width_px = width_px;
    if (height_px > 0) page.height_px = height_px;

    // Join what the engine cut in two: "Lakeside C" + "ommunity Clinic".
    if (runs.size() <= kMaxPairs) {
        for (std::size_t a = 0; a < runs.size(); ++a) {
            for (std::size_t b = 0; b < runs.size() && !runs[a].words.empty(); ++b) {
                if (a == b || runs[b].words.empty()) continue;
                const Word& end = words[runs[a].words.back()];
                const Word& start = words[runs[b].words.front()];
                if (end.line == start.line && end.block == start.block) continue;
                const double gap = static_cast<double>(start.box.left_px) - end.box.right_px;
                if (gap < -0.3 * unit || gap > 0.8 * gap_allowed(end, start)) continue;
                if (!same_line(end.box, start.box)) continue;
                if (std::max(end.box.height_px(), start.box.height_px()) >
                    2 * std::min(end.box.height_px(), start.box.height_px()))
                    continue;
                runs[a].words.insert(runs[a].words.end(), runs[b].words.begin(), runs[b].words.end());
                runs[b].words.clear();
                b = static_cast<std::size_t>(-1);  // the joined run may go on
            }
        }
        std::erase_if(runs, [](const Run& run) { return run.words.empty(); });
    }

    for (const Run& run : runs) {
        Segment segment;
        segment.first = page.tokens.size();
        for (const std::uint32_t index : run.words) {
            const std::size_t before = page.tokens.size();
            WordCutter(words[index], index, page.tokens).cut(before > segment.first);
            segment.box = united(segment.box, words[index].box);
        }
        segment.last = page.tokens.size();
        if (segment.first == segment.last) continue;
        for (std::size_t t = segment.first; t < segment.last; ++t) {
            page.tokens[t].segment = page.segments.size();
            if (t > segment.first)
                page.tokens[t].gap_px = std::max(0, page.tokens[t].box.left_px - page.tokens[t - 1].box.right_px);
        }
        page.segments.push_back(segment);
    }

    if (page.segments.size() <= kMaxPairs) {
        for (std::size_t a = 0; a < page.segments.size(); ++a) {
            const Box& end = page.tokens[page.segments[a].last - 1].box;
            int nearest = -1;
            for (std::size_t b = 0; b < page.segments.size(); ++b) {
                const Box& start = page.tokens[page.segments[b].first].box;
                if (a == b || start.left_px < end.right_px - unit / 3 || !same_line(end, start)) continue;
                if (nearest < 0 || start.left_px < page.segments[static_cast<std::size_t>(nearest)].box.left_px)
                    nearest = static_cast<int>(b);
            }
            page.segments[a].next_right = nearest;
            if (nearest >= 0) page.segments[static_cast<std::size_t>(nearest)].next_left = static_cast<int>(a);
        }
    }
    return page;
}

}  // namespace chartlift::extract
