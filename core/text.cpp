// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/text.h"

namespace chartlift {

std::string PageText::plain() const
{
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) {
            const Word& before = words[i - 1];
            if (words[i].block != before.block)
                out += "\n\n";
            else if (words[i].line != before.line)
                out += '\n';
            else
                out += ' ';
        }
        out += words[i].text;
    }
    if (!out.empty()) out += '\n';
    return out;
}

std::vector<LineRange> lines_of(std::span<const Word> words)
{
    std::vector<LineRange> lines;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (lines.empty() || words[i].line != words[i - 1].line) lines.push_back({i, i, {}});
        lines.back().last = i + 1;
        lines.back().box = united(lines.back().box, words[i].box);
    }
    return lines;
}

}  // namespace chartlift
