// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/completeness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace chartlift::service {
namespace {

using namespace std::string_literals;

class MemoryBytes final : public ByteSource {
public:
    explicit MemoryBytes(std::string bytes) : bytes_(std::move(bytes)) {}
    std::uint64_t size_bytes() const override { return bytes_.size(); }
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) const override
    {
        if (offset >= bytes_.size()) return std::size_t{0};
        const std::size_t count = std::min<std::size_t>(into.size(), bytes_.size() - offset);
        std::memcpy(into.data(), bytes_.data() + offset, count);
        return count;
    }

private:
    std::string bytes_;
};

bool whole(const std::string& bytes)
{
    return looks_whole(MemoryBytes(bytes));
}

/// Whole as it is, and no beginning of it is.
void expect_only_whole_is_whole(const std::string& bytes, std::size_t from = 16)
{
    EXPECT_TRUE(whole(bytes));
    for (std::size_t size = from; size < bytes.size(); ++size) EXPECT_FALSE(whole(bytes.substr(0, size))) << size;
}

std::string number(std::uint64_t value, std::size_t bytes, bool big_endian)
{
    std::string text;
    for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>(value >> 8U * i);
    if (big_endian) std::reverse(text.begin(), text.end());
    return text;
}

struct Layout {
    bool big_endian = false;
    bool big_tiff = false;
};

/// Two pages, each a directory before its strips' lists and strips, so that the last strip ends the file.
std::string tiff(Layout layout)
{
    const std::size_t wide = layout.big_tiff ? 8 : 4;
    const auto n = [&](std::uint64_t value, std::size_t bytes) { return number(value, bytes, layout.big_endian); };
    std::string bytes = (layout.big_endian ? "MM"s : "II"s) + n(layout.big_tiff ? 43 : 42, 2);
    if (layout.big_tiff) bytes += n(8, 2) + n(0, 2);
    bytes += n(bytes.size() + wide, wide);
    for (int page = 0; page < 2; ++page) {
        constexpr std::uint64_t kStrips = 3;
        const std::size_t directory = (layout.big_tiff ? 8 : 2) + 2 * (4 + 2 * wide) + wide;
        const std::size_t lists = bytes.size() + directory;
        const std::size_t strips = lists + 2 * kStrips * 4;
        bytes += n(2, layout.big_tiff ? 8 : 2);
        bytes += n(273, 2) + n(4, 2) + n(kStrips, wide) + n(lists, wide);
        bytes += n(279, 2) + n(4, 2) + n(kStrips, wide) + n(lists + kStrips * 4, wide);
        bytes += n(page == 0 ? strips + kStrips * 10 : 0, wide);
        for (std::uint64_t i = 0; i < kStrips; ++i) bytes += n(strips + i * 10, 4);
        for (std::uint64_t i = 0; i < kStrips; ++i) bytes += n(10, 4);
        bytes += std::string(kStrips * 10, 'x');
    }
    return bytes;
}

TEST(LooksWhole, ATiffIsWholeWhenEveryDirectoryAndStripLiesWithinIt)
{
    for (const bool big_endian : {false, true})
        for (const bool big_tiff : {false, true}) expect_only_whole_is_whole(tiff({big_endian, big_tiff}));
}

TEST(LooksWhole, ATiffWhoseHeaderIsNotFilledInYetIsNot)
{
    EXPECT_FALSE(whole("II\x2A\0\0\0\0\0"s + std::string(100, 'x')));
}

TEST(LooksWhole, ARingOfDirectoriesEndsTheSearch)
{
    EXPECT_TRUE(whole("II\x2A\0\x08\0\0\0\0\0\x08\0\0\0"s)) << "damaged, not cut off: waiting would not mend it";
}

TEST(LooksWhole, OtherFormatsEndWithTheirMark)
{
    const std::string filling(5'000, 'x');
    expect_only_whole_is_whole("%PDF-1.7\n" + filling + "\n%%EOF");
    expect_only_whole_is_whole("\xFF\xD8\xFF\xE0" + filling + "\xFF\xD9");
    expect_only_whole_is_whole("\x89PNG\r\n\x1A\n" + filling + "IEND\xAE\x42\x60\x82");
    expect_only_whole_is_whole("\xFF\x4F\xFF\x51" + filling + "\xFF\xD9");
    EXPECT_TRUE(whole("%PDF-1.7\n%%EOF" + std::string(1'000, '\0'))) << "padded";
    EXPECT_FALSE(whole("%PDF-1.7\n%%EOF" + filling)) << "being appended to";
}

TEST(LooksWhole, AJp2IsWholeWhenItsBoxesLieWithinIt)
{
    const std::string head = "\0\0\0\x0CjP  \r\n\x87\n"s;
    const std::string stream = number(8 + 500, 4, true) + "jp2c" + std::string(500, 'x');
    const std::string bytes = head + number(16, 4, true) + "ftypxxxxxxxx" + stream;
    EXPECT_TRUE(whole(bytes));
    for (std::size_t size = 29; size < bytes.size(); ++size) EXPECT_FALSE(whole(bytes.substr(0, size))) << size;
    const std::string open_end = head + number(0, 4, true) + "jp2c" + std::string(500, 'x');
    EXPECT_FALSE(whole(open_end));
    EXPECT_TRUE(whole(open_end + "\xFF\xD9"));
}

TEST(LooksWhole, NothingIsNotWholeAndAnUnknownFormatIs)
{
    EXPECT_FALSE(whole(""));
    EXPECT_TRUE(whole("x"));
    EXPECT_TRUE(whole("hello"));
}

}  // namespace
}  // namespace chartlift::service
