// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/cleanup/rules.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace chartlift::cleanup {
namespace {

struct Rule {
    int left;
    int right;
    int top;
    int bottom;  ///< last row
};

}  // namespace

int count_rules_along_rows(const cv::Mat& ink, double dpi)
{
    const int shortest = std::max(8, static_cast<int>(kShortestRule_in * dpi));
    const int thickest = std::max(2, static_cast<int>(std::lround(kThickestRule_in * dpi)));
    constexpr int kBridged_px = 2;  // a worn line has gaps; letters are further apart
    std::vector<Rule> rules;
    std::size_t first_open = 0;  // rules before it ended more than two rows ago
    for (int y = 0; y < ink.rows; ++y) {
        const auto* row = ink.ptr<std::uint8_t>(y);
        while (first_open < rules.size() && rules[first_open].bottom < y - 2) ++first_open;
        for (int x = 0; x < ink.cols;) {
            if (!row[x]) {
                std::uint64_t eight = 0;  // most of a page is paper: eight pixels at a time
                while (x + 8 <= ink.cols && (std::memcpy(&eight, row + x, 8), eight == 0)) x += 8;
                while (x < ink.cols && !row[x]) ++x;
                continue;
            }
            const int left = x;
            int right = x;  // last inked pixel
            for (; x < ink.cols && x - right <= kBridged_px; ++x)
                if (row[x]) right = x;
            if (right - left < shortest) continue;
            bool joined = false;
            for (std::size_t i = first_open; i < rules.size() && !joined; ++i) {
                Rule& rule = rules[i];
                if (rule.bottom < y - 2 || right < rule.left || left > rule.right) continue;
                rule.left = std::min(rule.left, left);
                rule.right = std::max(rule.right, right);
                rule.bottom = y;
                joined = true;
            }
            if (!joined) rules.push_back({left, right, y, y});
        }
    }
    return static_cast<int>(
        std::count_if(rules.begin(), rules.end(), [&](const Rule& rule) { return rule.bottom - rule.top < thickest; }));
}

}  // namespace chartlift::cleanup
