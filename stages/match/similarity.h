// SPDX-License-Identifier: GPL-3.0-or-later
/// How alike two names or two numbers look, as a person types and a scanner reads.
/// Guarantee: total and symmetric; quadratic in the length, which is cut at 64 characters.
/// Thread-safety: pure functions.
#pragma once

#include <string_view>

namespace chartlift::match {

/// 0 to 1, with Winkler's bonus for a shared beginning of up to four letters (Jaro, JASA 84, 1989; Winkler, Proc.
/// Section on Survey Research Methods, ASA, 1990). Bytes are compared, so fold first.
double jaro_winkler(std::string_view a, std::string_view b);

/// Edits between folded names or numbers, where what OCR confuses (O/0, I/1/L, S/5, B/8, RN/M, CL/D, VV/W ...) costs
/// half an edit and two neighbours changing places cost one (Damerau, CACM 7, 1964).
double ocr_distance(std::string_view a, std::string_view b);

/// How two numbers that should be one number differ.
enum class NumberError {
    none,
    confused,     ///< one character that OCR takes for the other
    substituted,  ///< one other character
    transposed,   ///< two neighbours
    length,       ///< one missing or one too many
    more,         ///< more than one error: another number
};
NumberError compare_numbers(std::string_view a, std::string_view b);

}  // namespace chartlift::match
