// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/utf8.h"

#include <array>

namespace chartlift {
namespace {

struct Form {
    unsigned char mask;
    unsigned char lead;
    std::size_t bytes;
    char32_t smallest;  ///< below it the form is longer than it need be
};
constexpr std::array kForms{Form{0x80, 0x00, 1, 0}, Form{0xE0, 0xC0, 2, 0x80}, Form{0xF0, 0xE0, 3, 0x800},
                            Form{0xF8, 0xF0, 4, 0x10000}};

}  // namespace

CodePoint code_point_at(std::string_view text, std::size_t at)
{
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
    for (const Form& form : kForms) {
        if ((byte(0) & form.mask) != form.lead) continue;
        if (text.size() - at < form.bytes) return {};
        char32_t code = byte(0) & ~static_cast<unsigned>(form.mask) & 0xFFU;
        for (std::size_t i = 1; i < form.bytes; ++i) {
            if ((byte(i) & 0xC0U) != 0x80U) return {};
            code = (code << 6U) | (byte(i) & 0x3FU);
        }
        const bool surrogate = code >= 0xD800 && code < 0xE000;
        if (code < form.smallest || code > 0x10FFFF || surrogate) return {};
        return {code, form.bytes, true};
    }
    return {};
}

bool is_utf8(std::string_view text)
{
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint next = code_point_at(text, at);
        if (!next.well_formed) return false;
        at += next.bytes;
    }
    return true;
}

std::string repaired_utf8(std::string_view text)
{
    constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint next = code_point_at(text, at);
        out += next.well_formed ? text.substr(at, next.bytes) : kReplacement;
        at += next.bytes;
    }
    return out;
}

}  // namespace chartlift
