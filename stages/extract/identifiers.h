// SPDX-License-Identifier: GPL-3.0-or-later
/// Record and encounter numbers, and the sex printed beside them. Letters that OCR puts for digits are put right inside
/// a number only (0S68706 is 0568706), at a lowered quality; a prefix such as "M-" stays.
/// Guarantee: a telephone number, a social security number or a date is never an identifier.
/// Faults: none. Thread-safety: pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "stages/extract/tokens.h"

namespace chartlift::extract {

struct IdentifierReading {
    std::string value;
    double quality = 1;
    std::size_t first = 0;  ///< half-open range of tokens it stands in
    std::size_t last = 0;
};
/// Reads a number at the start of the tokens; up to two words without digits ("No.", "is") are skipped.
std::optional<IdentifierReading> read_identifier(std::span<const Token> tokens);

struct SexReading {
    std::string value;  ///< "F", "M" or "X"
    std::size_t first = 0;
    std::size_t last = 0;
};
/// Reads "M", "Female", "F/47y", "47 M", "[X] M [ ] F" at the start of the tokens.
std::optional<SexReading> read_sex(std::span<const Token> tokens);

}  // namespace chartlift::extract
