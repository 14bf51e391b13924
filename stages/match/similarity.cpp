// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/match/similarity.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstddef>

namespace chartlift::match {
namespace {

constexpr std::size_t kMaxLength = 64;     // no name or number is longer; bounds the quadratic work
constexpr double kConfusedCost = 0.5;      // an edit that a scanner makes by itself
constexpr double kWinklerBonus = 0.1;      // Winkler's p
constexpr std::size_t kWinklerPrefix = 4;  // and his l

/// Signs that look alike on a poor scan; each pair is confused both ways.
bool confused(char a, char b)
{
    constexpr std::array<std::string_view, 14> kAlike{"O0DQ", "I1LT", "S5", "B8", "Z2", "G6C", "17",
                                                      "38",   "68",   "49", "UV", "EF", "HN",  "35"};
    return std::any_of(kAlike.begin(), kAlike.end(), [&](std::string_view group) {
        return group.find(a) != std::string_view::npos && group.find(b) != std::string_view::npos;
    });
}

struct Ligature {
    std::string_view two;
    char one;
};
constexpr std::array<Ligature, 5> kLigatures{{{"RN", 'M'}, {"CL", 'D'}, {"VV", 'W'}, {"LI", 'H'}, {"NN", 'M'}}};

bool merges(std::string_view two, char one)
{
    return std::any_of(kLigatures.begin(), kLigatures.end(),
                       [&](const Ligature& ligature) { return ligature.two == two && ligature.one == one; });
}

}  // namespace

double jaro_winkler(std::string_view a, std::string_view b)
{
    a = a.substr(0, kMaxLength);
    b = b.substr(0, kMaxLength);
    if (a.empty() || b.empty()) return 0;
    if (a == b) return 1;
    const std::size_t longest = std::max(a.size(), b.size());
    const std::size_t reach = longest / 2 > 0 ? longest / 2 - 1 : 0;
    std::bitset<kMaxLength> in_a, in_b;
    std::size_t common = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const std::size_t from = i > reach ? i - reach : 0;
        const std::size_t to = std::min(i + reach + 1, b.size());
        for (std::size_t j = from; j < to; ++j)
            if (!in_b[j] && a[i] == b[j]) {
                in_a[i] = in_b[j] = true;
                ++common;
                break;
            }
    }
    if (common == 0) return 0;
    std::size_t out_of_order = 0;
    std::size_t j = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (!in_a[i]) continue;
        while (!in_b[j]) ++j;
        if (a[i] != b[j++]) ++out_of_order;
    }
    const double c = static_cast<double>(common);
    const std::size_t transpositions = out_of_order / 2;  // whole pairs, as in Winkler's own code
    const double half = static_cast<double>(transpositions);
    const double jaro = (c / static_cast<double>(a.size()) + c / static_cast<double>(b.size()) + (c - half) / c) / 3.0;
    std::size_t prefix = 0;
    const std::size_t most = std::min({kWinklerPrefix, a.size(), b.size()});
    while (prefix < most && a[prefix] == b[prefix]) ++prefix;
    return jaro + static_cast<double>(prefix) * kWinklerBonus * (1 - jaro);
}

double ocr_distance(std::string_view a, std::string_view b)
{
    a = a.substr(0, kMaxLength);
    b = b.substr(0, kMaxLength);
    std::array<std::array<double, kMaxLength + 1>, kMaxLength + 1> cost;
    for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = static_cast<double>(i);
    for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = static_cast<double>(j);
    for (std::size_t i = 1; i <= a.size(); ++i)
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const char x = a[i - 1];
            const char y = b[j - 1];
            const double change = x == y ? 0 : confused(x, y) ? kConfusedCost : 1;
            double best = std::min({cost[i - 1][j - 1] + change, cost[i - 1][j] + 1, cost[i][j - 1] + 1});
            if (i > 1 && j > 1 && x == b[j - 2] && a[i - 2] == y) best = std::min(best, cost[i - 2][j - 2] + 1);
            if (i > 1 && merges(a.substr(i - 2, 2), y)) best = std::min(best, cost[i - 2][j - 1] + kConfusedCost);
            if (j > 1 && merges(b.substr(j - 2, 2), x)) best = std::min(best, cost[i - 1][j - 2] + kConfusedCost);
            cost[i][j] = best;
        }
    return cost[a.size()][b.size()];
}

NumberError compare_numbers(std::string_view a, std::string_view b)
{
    if (a == b) return NumberError::none;
    if (a.size() < b.size()) std::swap(a, b);
    const std::size_t longer_by = a.size() - b.size();
    if (longer_by > 1) return NumberError::more;
    std::size_t i = 0;
    while (i < b.size() && a[i] == b[i]) ++i;
    if (longer_by == 1) return a.substr(i + 1) == b.substr(i) ? NumberError::length : NumberError::more;
    if (a.substr(i + 1) == b.substr(i + 1))
        return confused(a[i], b[i]) ? NumberError::confused : NumberError::substituted;
    const bool crossed = i + 1 < a.size() && a[i] == b[i + 1] && a[i + 1] == b[i] && a.substr(i + 2) == b.substr(i + 2);
    return crossed ? NumberError::transposed : NumberError::more;
}

}  // namespace chartlift::match
