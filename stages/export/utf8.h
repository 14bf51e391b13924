// SPDX-License-Identifier: GPL-3.0-or-later
/// UTF-8 to code points that a document may hold, and back.
/// Guarantee: what is left out are control characters, surrogates, non-characters and the byte order mark, which
/// XML 1.0 (section 2.2) and PDF/A's ToUnicode (ISO 19005-2, 6.2.11.7.2) do not allow; a malformed byte becomes U+FFFD.
/// Thread-safety: free functions, safe from many threads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chartlift {

std::vector<char32_t> printable_code_points(std::string_view utf8);
void append_utf8(char32_t code, std::string& out);
/// Big-endian UTF-16 as hexadecimal digits, as PDF strings want it.
void append_utf16_hex(char32_t code, std::string& out);
/// The text without what printable_code_points() leaves out.
std::string printable(std::string_view utf8);
/// Printable text with & < > " ' as entities, for XML content and attributes alike.
std::string xml_escaped(std::string_view utf8);

}  // namespace chartlift
