// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/export/text_files.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <span>

#include "core/geometry.h"
#include "stages/export/utf8.h"

namespace chartlift {
namespace {

std::string bbox(const Box& box)
{
    return fmt::format("bbox {} {} {} {}", box.left_px, box.top_px, box.right_px, box.bottom_px);
}

Box box_of(std::span<const LineRange> lines)
{
    Box box;
    for (const LineRange& line : lines) box = united(box, line.box);
    return box;
}

}  // namespace

std::string to_hocr(const PageText& text, int width_px, int height_px, Dpi dpi, std::string_view page_title)
{
    std::string out;
    const auto add = std::back_inserter(out);
    const auto dots = std::lround(dpi.value);
    fmt::format_to(add,
                   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                   "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\" "
                   "\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n"
                   "<html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n<head>\n"
                   "<title>{}</title>\n"
                   "<meta http-equiv=\"Content-Type\" content=\"text/html;charset=utf-8\"/>\n"
                   "<meta name=\"ocr-system\" content=\"chartlift\"/>\n"
                   "<meta name=\"ocr-capabilities\" content=\"ocr_page ocr_carea ocr_par ocr_line ocrx_word\"/>\n"
                   "</head>\n<body>\n"
                   "<div class=\"ocr_page\" id=\"page_1\" title=\"bbox 0 0 {} {}; ppageno 0; scan_res {} {}\">\n",
                   xml_escaped(page_title), width_px, height_px, dots, dots);
    const std::vector<LineRange> lines = lines_of(text.words);
    std::size_t number_of_word = 0;
    std::size_t block = 0;
    for (std::size_t first = 0; first < lines.size();) {
        std::size_t last = first + 1;
        while (last < lines.size() && text.words[lines[last].first].block == text.words[lines[first].first].block)
            ++last;
        ++block;
        const std::string box = bbox(box_of(std::span(lines).subspan(first, last - first)));
        fmt::format_to(add,
                       "<div class=\"ocr_carea\" id=\"block_1_{0}\" title=\"{1}\">\n"
                       "<p class=\"ocr_par\" id=\"par_1_{0}\" title=\"{1}\">\n",
                       block, box);
        for (std::size_t i = first; i < last; ++i) {
            fmt::format_to(add, "<span class=\"ocr_line\" id=\"line_1_{}\" title=\"{}\">", i + 1, bbox(lines[i].box));
            for (std::size_t w = lines[i].first; w < lines[i].last; ++w) {
                const Word& word = text.words[w];
                const auto confidence = std::lround(100 * std::clamp(word.confidence, 0.0F, 1.0F));
                fmt::format_to(add, "{}<span class=\"ocrx_word\" id=\"word_1_{}\" title=\"{}; x_wconf {}\">{}</span>",
                               w > lines[i].first ? " " : "", ++number_of_word, bbox(word.box), confidence,
                               xml_escaped(word.text));
            }
            out += "</span>\n";
        }
        out += "</p>\n</div>\n";
        first = last;
    }
    out += "</div>\n</body>\n</html>\n";
    return out;
}

}  // namespace chartlift
