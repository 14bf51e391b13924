// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/shown_name.h"

#include <cstddef>

#include "core/utf8.h"

namespace chartlift {
namespace {

bool printable(char32_t c)
{
    const bool control = c < 0x20 || (c >= 0x7F && c < 0xA0);
    // Marks that turn the direction of writing would let a name look like another.
    const bool direction = (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
    return !control && !direction && c != 0xFEFF && c != U'\\';
}

}  // namespace

std::string shown_name(std::string_view raw)
{
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string shown;
    shown.reserve(raw.size());
    for (std::size_t at = 0; at < raw.size();) {
        const CodePoint next = code_point_at(raw, at);
        if (next.well_formed && printable(next.code)) {
            shown += raw.substr(at, next.bytes);
            at += next.bytes;
            continue;
        }
        const auto byte = static_cast<unsigned char>(raw[at++]);
        shown += "\\x";
        shown += kDigits[byte >> 4U];
        shown += kDigits[byte & 15U];
    }
    return shown;
}

}  // namespace chartlift
