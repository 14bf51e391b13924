// SPDX-License-Identifier: GPL-3.0-or-later
/// UTF-8 as it comes from files, read one code point at a time.
/// Guarantee: nothing is read past the end; overlong forms, surrogates and values past U+10FFFF are malformed, and one
/// malformed byte is skipped at a time. Faults: none. Thread-safety: free functions.
/// Source: RFC 3629, section 4 (the table of well-formed sequences).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chartlift {

inline constexpr char32_t kReplacementCharacter = 0xFFFD;

struct CodePoint {
    char32_t code = kReplacementCharacter;
    std::size_t bytes = 1;     ///< that it takes; at least 1
    bool well_formed = false;  ///< false: `code` is the replacement character, for one byte
};

/// Precondition: at < text.size().
CodePoint code_point_at(std::string_view text, std::size_t at);

bool is_utf8(std::string_view text);

/// The text with U+FFFD for each malformed byte.
std::string repaired_utf8(std::string_view text);

}  // namespace chartlift
