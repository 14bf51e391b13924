// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/export/utf8.h"

#include <fmt/core.h>

#include <cstddef>
#include <cstdint>
#include <iterator>

#include "core/utf8.h"

namespace chartlift {
namespace {

constexpr char32_t kByteOrderMark = 0xFEFF;

bool is_printable(char32_t code)
{
    if (code < 0x20 || (code >= 0x7F && code < 0xA0)) return false;
    if (code == kByteOrderMark) return false;
    const bool non_character = (code & 0xFFFE) == 0xFFFE || (code >= 0xFDD0 && code <= 0xFDEF);
    return !non_character;
}

}  // namespace

std::vector<char32_t> printable_code_points(std::string_view utf8)
{
    std::vector<char32_t> out;
    out.reserve(utf8.size());
    for (std::size_t at = 0; at < utf8.size();) {
        const CodePoint next = code_point_at(utf8, at);
        if (is_printable(next.code)) out.push_back(next.code);
        at += next.bytes;
    }
    return out;
}

void append_utf8(char32_t code, std::string& out)
{
    const auto put = [&out](char32_t byte) { out += static_cast<char>(static_cast<std::uint8_t>(byte)); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0 | (code >> 6)), put(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        put(0xE0 | (code >> 12)), put(0x80 | ((code >> 6) & 0x3F)), put(0x80 | (code & 0x3F));
    } else {
        put(0xF0 | (code >> 18)), put(0x80 | ((code >> 12) & 0x3F)), put(0x80 | ((code >> 6) & 0x3F)),
            put(0x80 | (code & 0x3F));
    }
}

void append_utf16_hex(char32_t code, std::string& out)
{
    if (code < 0x10000) {
        fmt::format_to(std::back_inserter(out), "{:04X}", static_cast<std::uint32_t>(code));
        return;
    }
    const auto above = static_cast<std::uint32_t>(code - 0x10000);
    fmt::format_to(std::back_inserter(out), "{:04X}{:04X}", 0xD800U + (above >> 10), 0xDC00U + (above & 0x3FFU));
}

std::string printable(std::string_view utf8)
{
    std::string out;
    for (const char32_t code : printable_code_points(utf8)) append_utf8(code, out);
    return out;
}

std::string xml_escaped(std::string_view utf8)
{
    std::string out;
    out.reserve(utf8.size());
    for (const char32_t code : printable_code_points(utf8)) {
        switch (code) {
            case U'&': out += "&amp;"; break;
            case U'<': out += "&lt;"; break;
            case U'>': out += "&gt;"; break;
            case U'"': out += "&quot;"; break;
            case U'\'': out += "&#39;"; break;
            default: append_utf8(code, out);
        }
    }
    return out;
}

}  // namespace chartlift
