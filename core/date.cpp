// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/date.h"

#include <array>
#include <charconv>
#include <cstdio>

namespace chartlift {

std::string to_iso(Date date)
{
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    return text.data();
}

std::optional<Date> make_date(int year, unsigned month, unsigned day)
{
    const Date date{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}};
    if (!date.ok()) return std::nullopt;
    return date;
}

std::optional<Date> date_from_iso(std::string_view text)
{
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto number = [&](std::size_t from, std::size_t count) -> std::optional<int> {
        int value = 0;
        const char* end = text.data() + from + count;
        const auto [at, error] = std::from_chars(text.data() + from, end, value);
        if (error != std::errc{} || at != end || value < 0) return std::nullopt;
        return value;
    };
    const auto year = number(0, 4);
    const auto month = number(5, 2);
    const auto day = number(8, 2);
    if (!year || !month || !day) return std::nullopt;
    return make_date(*year, static_cast<unsigned>(*month), static_cast<unsigned>(*day));
}

}  // namespace chartlift
