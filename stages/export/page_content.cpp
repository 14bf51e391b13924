// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/export/page_content.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <span>
#include <vector>

#include "stages/export/utf8.h"

namespace chartlift {
namespace {

constexpr double kPointsAnInch = 72;
constexpr double kSmallestSide_pt = 3;
constexpr double kLargestSide_pt = 14'400;
/// A word taller than this many times the line's median height (a rule read as "|", a drop cap) is placed on its own.
constexpr double kTallestInLine = 1.6;
/// The blank after the last word of a line, in heights of the line.
constexpr double kLastBlank = 0.25;
/// Strings in a content stream stay far below PDF 1.4's 65,535 bytes.
constexpr std::size_t kCharactersAString = 4000;

double median_height_px(std::span<const Word> words)
{
    std::vector<int> heights;
    heights.reserve(words.size());
    for (const Word& word : words) heights.push_back(word.box.height_px());
    const auto middle = heights.begin() + static_cast<std::ptrdiff_t>(heights.size() / 2);
    std::nth_element(heights.begin(), middle, heights.end());
    return *middle;
}

/// Shortest decimal with up to three places: 12, 12.5, 12.345.
void append_number(double value, std::string& out)
{
    const std::size_t start = out.size();
    fmt::format_to(std::back_inserter(out), "{:.3f}", value);
    while (out.back() == '0') out.pop_back();
    if (out.back() == '.') out.pop_back();
    if (out.compare(start, std::string::npos, "-0") == 0) out.replace(start, 2, "0");
}

class TextWriter {
public:
    TextWriter(const Sheet& sheet, const CharacterCodes& codes, std::string& out)
        : sheet_(sheet), codes_(codes), out_(out)
    {
    }

    void line(std::span<const Word> words)
    {
        const double tallest_px = kTallestInLine * median_height_px(words);
        Box line_box;
        for (const Word& word : words)
            if (word.box.height_px() <= tallest_px) line_box = united(line_box, word.box);
        for (std::size_t i = 0; i < words.size(); ++i) {
            const Box& box = words[i].box;
            const bool in_line = box.height_px() <= tallest_px && !line_box.empty();
            const int gap_px = i + 1 < words.size() ? words[i + 1].box.left_px - box.right_px : 0;
            place(words[i], in_line ? line_box : box, gap_px);
        }
    }

private:
    /// `height` gives size and baseline, the word's own box its place and width.
    void place(const Word& word, const Box& height, int gap_px)
    {
        const std::vector<char32_t> codes = printable_code_points(word.text);
        if (codes.empty()) return;
        const double em_pt = std::max(1, height.height_px()) * sheet_.points_a_px;
        const double unit_pt = em_pt * kGlyphAdvance / 1000.0;  // one character before it is stretched
        if (em_pt != size_pt_) {
            size_pt_ = em_pt;
            out_ += "/F0 ";
            append_number(em_pt, out_);
            out_ += " Tf\n";
        }
        const double baseline_pt =
            (sheet_.height_px - height.bottom_px) * sheet_.points_a_px - em_pt * kGlyphDescent / 1000.0;
        out_ += "1 0 0 1 ";
        append_number(word.box.left_px * sheet_.points_a_px, out_);
        out_ += ' ';
        append_number(baseline_pt, out_);
        out_ += " Tm ";
        const double width_pt = std::max(1, word.box.width_px()) * sheet_.points_a_px;
        stretch(width_pt / (static_cast<double>(codes.size()) * unit_pt));
        for (std::size_t first = 0; first < codes.size(); first += kCharactersAString) {
            const std::size_t last = std::min(codes.size(), first + kCharactersAString);
            show(std::span(codes).subspan(first, last - first));
        }
        const double blank_pt = gap_px > 0 ? gap_px * sheet_.points_a_px : kLastBlank * em_pt;
        stretch(blank_pt / unit_pt);
        const char32_t blank = U' ';
        show(std::span(&blank, 1));
        out_ += '\n';
    }

    void stretch(double factor)
    {
        append_number(factor * 100, out_);
        out_ += " Tz ";
    }

    void show(std::span<const char32_t> codes)
    {
        out_ += '<';
        for (const char32_t code : codes) fmt::format_to(std::back_inserter(out_), "{:04X}", codes_[code]);
        out_ += "> Tj ";
    }

    const Sheet& sheet_;
    const CharacterCodes& codes_;
    std::string& out_;
    double size_pt_ = 0;
};

}  // namespace

Sheet sheet_of(int width_px, int height_px, Dpi dpi)
{
    double points = kPointsAnInch / static_cast<double>(dpi.value);
    points = std::max(points, kSmallestSide_pt / std::min(width_px, height_px));
    points = std::min(points, kLargestSide_pt / std::max(width_px, height_px));
    return {width_px, height_px, points};
}

void collect_characters(const PageText& text, CharacterCodes& codes)
{
    codes.add(U' ');
    for (const Word& word : text.words)
        for (const char32_t code : printable_code_points(word.text)) codes.add(code);
}

std::string page_content(const Sheet& sheet, const PageText& text, const CharacterCodes& codes)
{
    std::string out = "q ";
    append_number(sheet.width_px * sheet.points_a_px, out);
    out += " 0 0 ";
    append_number(sheet.height_px * sheet.points_a_px, out);
    out += " 0 0 cm /Im0 Do Q\n";
    if (text.words.empty()) return out;
    out += "BT 3 Tr\n";
    TextWriter writer(sheet, codes, out);
    const std::span<const Word> words(text.words);
    for (const LineRange& line : lines_of(words)) writer.line(words.subspan(line.first, line.last - line.first));
    out += "ET\n";
    return out;
}

}  // namespace chartlift
