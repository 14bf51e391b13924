// SPDX-License-Identifier: GPL-3.0-or-later
/// What fuzz targets share: taking an input apart, and saying what must hold.
/// Guarantee: the same bytes give the same values; past the end of the bytes everything is zero or empty.
/// Thread-safety: an Input belongs to one thread; free functions over values.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/text.h"

namespace chartlift::fuzz {

/// Ends the program, as a crash does, where `holds` is false.
inline void require(bool holds, const char* what)
{
    if (holds) return;
    std::fprintf(stderr, "fuzz: this must hold: %s\n", what);
    std::abort();
}

inline std::string_view view_of(const std::uint8_t* bytes, std::size_t size)
{
    return {reinterpret_cast<const char*>(bytes), size};
}

/// Takes values from the front of an input.
class Input {
public:
    Input(const std::uint8_t* bytes, std::size_t size) : left_(view_of(bytes, size)) {}

    std::uint8_t u8() { return number<std::uint8_t>(); }
    std::uint16_t u16() { return number<std::uint16_t>(); }
    std::int32_t i32() { return number<std::int32_t>(); }
    float f32() { return number<float>(); }
    bool flag() { return (u8() & 1U) != 0; }
    /// 0 to n - 1. Precondition: n > 0.
    std::size_t below(std::size_t n) { return (n <= 256 ? u8() : u16()) % n; }
    /// Up to and without the next byte 0, which is taken too.
    std::string text()
    {
        const std::size_t end = std::min(left_.find('\0'), left_.size());
        std::string out(left_.substr(0, end));
        left_.remove_prefix(std::min(end + 1, left_.size()));
        return out;
    }
    std::string_view rest() { return std::exchange(left_, {}); }
    bool empty() const { return left_.empty(); }

private:
    template <class T>
    T number()
    {
        T value{};
        const std::size_t count = std::min(sizeof value, left_.size());
        if (count > 0) std::memcpy(&value, left_.data(), count);
        left_.remove_prefix(count);
        return value;
    }
    std::string_view left_;
};

/// Text into words: blanks part words, line feeds lines, empty lines blocks. A word may begin with four bytes behind a
/// 0x01 that move its box anywhere; else words stand beside and below each other as on a letter page at 300 dpi.
inline PageText page_of_words(std::string_view text)
{
    constexpr int kMargin_px = 150;
    constexpr int kAdvance_px = 20;
    constexpr int kLeading_px = 60;
    PageText page;
    page.mean_confidence = 0.9F;
    int x = kMargin_px;
    int y = kMargin_px;
    std::uint32_t line = 0;
    std::uint32_t block = 0;
    Word word;
    Box moved;
    bool is_moved = false;
    bool wrote = false;
    const auto flush = [&] {
        if (!word.text.empty()) {
            const int width = kAdvance_px * static_cast<int>(std::min<std::size_t>(word.text.size(), 200));
            word.box = is_moved ? moved : Box{x, y, x + width, y + kLeading_px / 2};
            word.line = line;
            word.block = block;
            word.confidence = 0.9F;
            page.words.push_back(word);
            x += width;
            wrote = true;
        }
        word.text.clear();
        is_moved = false;
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\x01' && i + 4 < text.size()) {
            const auto at = [&](std::size_t k) { return static_cast<int>(static_cast<unsigned char>(text[i + k])); };
            const int scale = (at(1) & 1) != 0 ? std::numeric_limits<int>::max() / 256 : 12;
            moved = {at(1) * scale, at(2) * scale, at(3) * scale, at(4) * scale};
            is_moved = true;
            i += 4;
        } else if (c == ' ') {
            flush();
            x += kAdvance_px;
        } else if (c == '\n') {
            flush();
            x = kMargin_px;
            y += kLeading_px;
            if (wrote)
                ++line;
            else
                ++block;
            wrote = false;
        } else {
            word.text += c;
        }
    }
    flush();
    return page;
}

}  // namespace chartlift::fuzz
