// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/shown_name.h"

#include <array>
#include <cstddef>

namespace chartlift {
namespace {

struct Lead {
    unsigned char mask;
    unsigned char bits;
    std::size_t length;
    char32_t smallest;  ///< below it the sequence is longer than it need be
};
constexpr std::array kLeads{Lead{0x80, 0x00, 1, 0}, Lead{0xE0, 0xC0, 2, 0x80}, Lead{0xF0, 0xE0, 3, 0x800},
                            Lead{0xF8, 0xF0, 4, 0x10000}};

bool printable(char32_t c)
{
    const bool control = c < 0x20 || (c >= 0x7F && c < 0xA0);
    const bool surrogate = c >= 0xD800 && c < 0xE000;
    // Marks that turn the direction of writing would let a name look like another.
    const bool direction = (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
    return !control && !surrogate && !direction && c != 0xFEFF && c <= 0x10FFFF && c != U'\\';
}

/// Bytes of the printable character (RFC 3629) that `text` begins with; 0 where there is none.
std::size_t character_length(std::string_view text)
{
    const auto first = static_cast<unsigned char>(text.front());
    for (const Lead& lead : kLeads) {
        if ((first & lead.mask) != lead.bits) continue;
        if (text.size() < lead.length) return 0;
        auto c = static_cast<char32_t>(first & static_cast<unsigned char>(~lead.mask));
        for (std::size_t i = 1; i < lead.length; ++i) {
            const auto byte = static_cast<unsigned char>(text[i]);
            if ((byte & 0xC0U) != 0x80U) return 0;
            c = (c << 6U) | (byte & 0x3FU);
        }
        return c >= lead.smallest && printable(c) ? lead.length : 0;
    }
    return 0;
}

}  // namespace

std::string shown_name(std::string_view raw)
{
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string shown;
    shown.reserve(raw.size());
    while (!raw.empty()) {
        const std::size_t length = character_length(raw);
        if (length > 0) {
            shown += raw.substr(0, length);
            raw.remove_prefix(length);
            continue;
        }
        const auto byte = static_cast<unsigned char>(raw.front());
        shown += "\\x";
        shown += kDigits[byte >> 4U];
        shown += kDigits[byte & 15U];
        raw.remove_prefix(1);
    }
    return shown;
}

}  // namespace chartlift
