// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/export/glyphless_font.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <utility>

#include "stages/export/utf8.h"

namespace chartlift {
namespace {

constexpr std::uint16_t kLargestCode = 0xFFFE;
constexpr char32_t kReplacement = 0xFFFD;
constexpr std::size_t kMappingsABlock = 100;  // ISO 32000-1, 9.10.3: at most 100 a block

/// Big-endian bytes of one table.
class Table {
public:
    Table& u8(unsigned value)
    {
        bytes_ += static_cast<char>(static_cast<std::uint8_t>(value));
        return *this;
    }
    Table& u16(unsigned value) { return u8(value >> 8).u8(value); }
    Table& i16(int value) { return u16(static_cast<unsigned>(value) & 0xFFFFU); }
    Table& u32(std::uint32_t value) { return u16(value >> 16).u16(value & 0xFFFFU); }
    Table& zeros(int count)
    {
        bytes_.append(static_cast<std::size_t>(count), '\0');
        return *this;
    }
    const std::string& bytes() const { return bytes_; }

private:
    std::string bytes_;
};

std::uint32_t checksum(std::string_view bytes)
{
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        sum += static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[i])) << (24 - 8 * (i % 4));
    return sum;
}

constexpr std::size_t kHeadAdjustmentAt = 8;  // offset of checkSumAdjustment in the head table

std::string padded(std::string bytes)
{
    bytes.resize((bytes.size() + 3) / 4 * 4, '\0');
    return bytes;
}

}  // namespace

std::string glyphless_truetype()
{
    constexpr unsigned kGlyphs = 2;
    constexpr unsigned kGlyphBytes = 12;  // a header of five numbers without contours, padded to four bytes
    Table glyf;
    for (unsigned i = 0; i < kGlyphs; ++i) glyf.zeros(kGlyphBytes);
    Table loca;  // short format: offsets divided by two
    for (unsigned i = 0; i <= kGlyphs; ++i) loca.u16(i * kGlyphBytes / 2);
    Table head;
    head.u32(0x00010000).u32(0x00010000).u32(0).u32(0x5F0F3CF5);  // version, revision, adjustment, magic
    head.u16(0x000B).u16(1000).zeros(16);                         // flags: baseline at 0, integer scaling; em; dates
    head.i16(0).i16(kGlyphDescent).i16(kGlyphAdvance).i16(kGlyphAscent);  // bounding box
    head.u16(0).u16(3).i16(2).i16(0).i16(0);  // style, smallest size, direction, short loca, glyph format
    Table hhea;
    hhea.u32(0x00010000).i16(kGlyphAscent).i16(kGlyphDescent).i16(0).u16(kGlyphAdvance);
    hhea.i16(0).i16(0).i16(0).i16(1).i16(0).i16(0).zeros(8).i16(0).u16(kGlyphs);
    Table hmtx;
    for (unsigned i = 0; i < kGlyphs; ++i) hmtx.u16(kGlyphAdvance).i16(0);
    Table maxp;
    maxp.u32(0x00010000).u16(kGlyphs).u16(0).u16(0).u16(0).u16(0).u16(2).zeros(16);
    Table post;
    post.u32(0x00030000).zeros(28);

    const std::array<std::pair<std::string_view, const Table*>, 7> tables{{{"glyf", &glyf},
                                                                           {"head", &head},
                                                                           {"hhea", &hhea},
                                                                           {"hmtx", &hmtx},
                                                                           {"loca", &loca},
                                                                           {"maxp", &maxp},
                                                                           {"post", &post}}};
    constexpr unsigned kTables = 7;
    Table directory;
    directory.u32(0x00010000).u16(kTables).u16(64).u16(2).u16(kTables * 16 - 64);  // 64 = 16 * 4, 2 = log2(4)
    std::size_t offset = 12 + kTables * 16;
    std::size_t head_at = 0;
    std::string body;
    for (const auto& [tag, table] : tables) {
        if (tag == "head") head_at = offset;
        for (const char c : tag) directory.u8(static_cast<std::uint8_t>(c));
        directory.u32(checksum(table->bytes()))
            .u32(static_cast<std::uint32_t>(offset))
            .u32(static_cast<std::uint32_t>(table->bytes().size()));
        body += padded(table->bytes());
        offset = 12 + kTables * 16 + body.size();
    }
    std::string font = directory.bytes() + body;
    const std::string adjustment = Table().u32(0xB1B0AFBAU - checksum(font)).bytes();
    font.replace(head_at + kHeadAdjustmentAt, adjustment.size(), adjustment);
    return font;
}

void CharacterCodes::number()
{
    codes_.try_emplace(kReplacement, std::uint16_t{0});
    for (auto& [code, number] : codes_)
        if (last_ < kLargestCode) number = ++last_;
}

std::uint16_t CharacterCodes::operator[](char32_t code) const
{
    const auto found = codes_.find(code);
    if (found == codes_.end()) return 0;
    if (found->second != 0) return found->second;
    const auto replacement = codes_.find(kReplacement);
    return replacement == codes_.end() ? std::uint16_t{0} : replacement->second;
}

std::string CharacterCodes::to_unicode() const
{
    std::string out =
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n";
    std::vector<std::pair<std::uint16_t, char32_t>> mappings;
    for (const auto& [code, number] : codes_)
        if (number != 0) mappings.emplace_back(number, code);
    for (std::size_t first = 0; first < mappings.size(); first += kMappingsABlock) {
        const std::size_t last = std::min(mappings.size(), first + kMappingsABlock);
        fmt::format_to(std::back_inserter(out), "{} beginbfchar\n", last - first);
        for (std::size_t i = first; i < last; ++i) {
            fmt::format_to(std::back_inserter(out), "<{:04X}> <", mappings[i].first);
            append_utf16_hex(mappings[i].second, out);
            out += ">\n";
        }
        out += "endbfchar\n";
    }
    out += "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n";
    return out;
}

std::string CharacterCodes::glyph_map() const
{
    std::string out(2, '\0');
    for (unsigned i = 1; i <= last_; ++i) out.append("\0\1", 2);
    return out;
}

}  // namespace chartlift
