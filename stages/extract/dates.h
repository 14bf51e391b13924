// SPDX-License-Identifier: GPL-3.0-or-later
/// Dates as charts print them: 07/22/1977, 7-22-77, 07.22.1977, 1977-07-22, October 04, 1998, 4-Oct-98, 04OCT1998,
/// 07221977. Month comes before day unless the first number is over 12. OCR's letters for digits (O 0, l 1, S 5) are
/// read only inside a number that is part of a date, at a lowered quality.
/// Two-digit years: a birth date is never after `latest`, a service date not after the day after it; of the two
/// centuries the later one that is possible is taken. Faults: none. Thread-safety: pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "core/date.h"
#include "stages/extract/tokens.h"

namespace chartlift::extract {

struct DateReading {
    int year = 0;  ///< as printed: 0 to 99 where two_digit_year
    unsigned month = 0;
    unsigned day = 0;
    bool two_digit_year = false;
    bool month_name = false;
    double quality = 1;    ///< 1: read without a repair
    std::size_t used = 0;  ///< tokens consumed
};

/// Reads a date at the start of the tokens; marks and weekdays before it are skipped.
std::optional<DateReading> read_date(std::span<const Token> tokens);

enum class DateUse { birth, service };
/// Settles the century and refuses days that cannot be: births before 1870 or after `latest`.
std::optional<Date> settle(const DateReading& reading, DateUse use, Date latest);

}  // namespace chartlift::extract
