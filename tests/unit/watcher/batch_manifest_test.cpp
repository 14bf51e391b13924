// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/batch_manifest.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chartlift::service {
namespace {

const std::string kSha256 = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
const std::string kLower = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

TEST(Sha256Sums, NamesAreReadAsSha256sumWritesThem)
{
    const auto manifest =
        parse_sha256sums("# made by a scanner\r\n" + kSha256 + "  p 1.tif\r\n" + kSha256 + " *./sub/p2.tif\n\n\\" +
                         kSha256 + "  new\\nline\\\\.tif\n" + kSha256 + "   -x");
    ASSERT_TRUE(manifest) << manifest.error().message();
    std::vector<std::string> names;
    for (const auto& file : manifest->files) {
        names.push_back(file.name);
        EXPECT_EQ(file.sha256, kLower);
        EXPECT_FALSE(file.bytes);
    }
    EXPECT_THAT(names, ::testing::ElementsAre("p 1.tif", "sub/p2.tif", "new\nline\\.tif", " -x"));
}

TEST(Sha256Sums, WhatIsNotTheFormatOrLeavesTheFolderIsCorrupt)
{
    for (const std::string& text :
         {std::string(), std::string("\n"), std::string("hello"), kSha256, kSha256 + "  ", kSha256 + " name",
          kSha256.substr(1) + "  p.tif", "g" + kSha256.substr(1) + "  p.tif", kSha256 + "  ../p.tif",
          kSha256 + "  /p.tif", kSha256 + "  a//b", kSha256 + "  a/./b", kSha256 + "  a/",
          kSha256 + "  " + std::string("a\0b", 3), "\\" + kSha256 + "  a\\x", "\\" + kSha256 + "  a\\",
          kSha256 + "  p\n" + kSha256 + "  p\n"}) {
        const auto manifest = parse_sha256sums(text);
        ASSERT_FALSE(manifest) << text;
        EXPECT_EQ(manifest.error().kind, FaultKind::corrupt);
        EXPECT_EQ(manifest.error().message().find(".tif"), std::string::npos) << "names may be patients'";
    }
}

TEST(ManifestJson, FilesAndCountAreRead)
{
    const auto manifest = parse_manifest_json(fmt::format(
        R"({{"made_by": {{"x": [[[[1]]]]}}, "files": [{{"name": "p1.tif", "sha256": "{}", "bytes": 12, "more": [1]}},
            {{"name": "s/p2.tif", "sha256": null}}], "count": 2}})",
        kSha256));
    ASSERT_TRUE(manifest) << manifest.error().message();
    ASSERT_EQ(manifest->files.size(), 2U);
    EXPECT_EQ(manifest->files[0].sha256, kLower);
    EXPECT_EQ(manifest->files[0].bytes, 12U);
    EXPECT_EQ(manifest->files[1].name, "s/p2.tif");
    EXPECT_EQ(manifest->count, 2U);
    EXPECT_EQ(parse_manifest_json(R"({"count": 7})")->count, 7U);
}

TEST(ManifestJson, WhatCannotBeMeantIsCorrupt)
{
    for (const char* text : {"",
                             "{",
                             "[]",
                             "3",
                             "{}",
                             "null",
                             R"({"count": -1})",
                             R"({"count": "2"})",
                             R"({"count": 2.5})",
                             R"({"files": {}})",
                             R"({"files": []})",
                             R"({"files": [3]})",
                             R"({"files": [{}]})",
                             R"({"files": [{"name": ""}]})",
                             R"({"files": [{"name": "../x"}]})",
                             R"({"files": [{"name": "a\u0000b"}]})",
                             R"({"files": [{"name": "a", "bytes": -1}]})",
                             R"({"files": [{"name": "a", "sha256": "12"}]})",
                             R"({"files": [{"name": "a"}, {"name": "./a"}]})",
                             R"({"files": [{"name": "a"}], "count": 2})"}) {
        const auto manifest = parse_manifest_json(text);
        ASSERT_FALSE(manifest) << text;
        EXPECT_EQ(manifest.error().kind, FaultKind::corrupt);
    }
}

TEST(ManifestJson, DepthAndSizeAreBounded)
{
    EXPECT_FALSE(parse_manifest_json(std::string(1'000'000, '[')));
    EXPECT_FALSE(parse_manifest_json(R"({"count":)" + std::string(100'000, '[')));
    EXPECT_EQ(parse_manifest_json(std::string(kMostManifestBytes + 1, ' ')).error().kind, FaultKind::limit);
    EXPECT_EQ(parse_sha256sums(std::string(kMostManifestBytes + 1, '\n')).error().kind, FaultKind::limit);
    std::string many;
    for (std::size_t i = 0; i <= kMostManifestFiles; ++i) many += fmt::format("{}  {}\n", kSha256, i);
    EXPECT_EQ(parse_sha256sums(many).error().kind, FaultKind::limit);
}

TEST(Count, IsANumberAndNothingElse)
{
    EXPECT_EQ(*parse_count(" 12\r\n"), 12U);
    for (const char* text : {"", " ", "-1", "1 2", "0x10", "12a", "99999999999999999999999"})
        EXPECT_FALSE(parse_count(text)) << text;
}

}  // namespace
}  // namespace chartlift::service
