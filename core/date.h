// SPDX-License-Identifier: GPL-3.0-or-later
/// Calendar dates without time or zone. Thread-safety: plain values.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace chartlift {

using Date = std::chrono::year_month_day;  ///< proleptic Gregorian; ok() tells a real day

/// "1985-12-09"
std::string to_iso(Date date);
/// Reads exactly YYYY-MM-DD of a real day.
std::optional<Date> date_from_iso(std::string_view text);
/// A real day, or nothing.
std::optional<Date> make_date(int year, unsigned month, unsigned day);

}  // namespace chartlift
