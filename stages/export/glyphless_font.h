// SPDX-License-Identifier: GPL-3.0-or-later
/// A font without visible shapes, made here, that carries the text of a scanned page: each character is a blank of
/// half an em, and a ToUnicode map says which one it is.
/// Guarantee: the same characters give the same bytes; any Unicode character can be carried, those beyond the basic
/// plane as surrogate pairs in the map.
/// Faults: none; past 65,534 different characters in one document the rest become U+FFFD.
/// Thread-safety: a CharacterCodes is owned by one thread while it collects; const calls are safe from many.
/// Method: tables after the OpenType specification 1.9 (head, hhea, hmtx, maxp, loca, glyf, post) and ISO 32000-1,
/// 9.7 and 9.10.3. The idea of a glyphless font is Tesseract's (src/api/pdfrenderer.cpp); none of its bytes are used.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace chartlift {

/// In thousandths of the em, the same in the font program and in the PDF dictionaries, as PDF/A asks.
inline constexpr int kGlyphAdvance = 500;
inline constexpr int kGlyphAscent = 800;
inline constexpr int kGlyphDescent = -200;
/// The PostScript name of the font; without a subset prefix, because the font is embedded whole.
inline constexpr const char* kGlyphlessFontName = "ChartliftGlyphless";

/// The TrueType program: glyph 0 (.notdef) and glyph 1, both blank.
std::string glyphless_truetype();

/// Numbers the characters of one document from 1 up, in order of their code points.
class CharacterCodes {
public:
    void add(char32_t code) { codes_.try_emplace(code, std::uint16_t{0}); }
    /// To be called once, after the last add().
    void number();
    std::uint16_t operator[](char32_t code) const;  ///< 0 for a character that was never added

    /// The CMap of /ToUnicode.
    std::string to_unicode() const;
    /// The bytes of /CIDToGIDMap: code 0 to glyph 0, all others to glyph 1.
    std::string glyph_map() const;

private:
    std::map<char32_t, std::uint16_t> codes_;
    std::uint16_t last_ = 0;
};

}  // namespace chartlift
