// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/assemble/folded.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <vector>

namespace chartlift::assemble {

std::string folded(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80 && std::isalnum(byte) != 0) out += static_cast<char>(std::tolower(byte));
    }
    return out;
}

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t cap)
{
    const std::size_t gap = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
    if (gap > cap) return cap + 1;
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        std::size_t least = row[0];
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
            least = std::min(least, row[j]);
        }
        if (least > cap) return cap + 1;
    }
    return std::min(row.back(), cap + 1);
}

bool much_the_same(std::string_view a, std::string_view b)
{
    const std::size_t length = std::min(a.size(), b.size());
    const std::size_t allowed = length < 6 ? 0 : 1 + (length - 6) / 8;
    return edit_distance(a, b, allowed) <= allowed;
}

}  // namespace chartlift::assemble
