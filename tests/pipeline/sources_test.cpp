// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/sources.h"

#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace chartlift::pipeline {
namespace {

using test::TemporaryFolder;

/// By name: .pdf and multi* stand alone, other scan endings are single images.
FileRole by_name(const std::filesystem::path& file)
{
    if (file.extension() == ".pdf" || file.filename().string().starts_with("multi")) return FileRole::batch;
    if (file.filename().string().starts_with("broken")) return FileRole::other;
    return has_scan_ending(file) ? FileRole::image : FileRole::other;
}

std::vector<std::string> names(const BatchInput& batch)
{
    std::vector<std::string> result;
    for (const auto& file : batch.files) result.push_back(file.filename().string());
    return result;
}

TEST(NaturalOrder, Page2StandsBeforePage10)
{
    EXPECT_TRUE(natural_less("page2", "page10"));
    EXPECT_FALSE(natural_less("page10", "page2"));
    EXPECT_TRUE(natural_less("a9b", "a10a"));
    EXPECT_TRUE(natural_less("Page1", "page2"));
    EXPECT_TRUE(natural_less("p1", "p1a"));
    EXPECT_TRUE(natural_less("p99999999999999999999998", "p99999999999999999999999"));
    EXPECT_FALSE(natural_less("p1", "p1"));
    EXPECT_NE(natural_less("p01", "p1"), natural_less("p1", "p01")) << "a total order";
}

TEST(Discover, AFoldersImagesAreOneBatchInNaturalOrder)
{
    const TemporaryFolder folder;
    for (const char* name : {"in/page10.jpg", "in/page2.jpg", "in/page1.PNG"}) folder.file(name, "x");
    const std::vector<std::filesystem::path> named{folder.path() / "in"};
    const auto found = discover(named, folder.path() / "out", by_name);
    ASSERT_TRUE(found);
    ASSERT_EQ(found->batches.size(), 1U);
    EXPECT_TRUE(found->batches[0].name.ends_with("in/"));
    EXPECT_EQ(names(found->batches[0]), (std::vector<std::string>{"page1.PNG", "page2.jpg", "page10.jpg"}));
}

TEST(Discover, ATreeIsManyBatchesAndNothingIsPassedOverInSilence)
{
    const TemporaryFolder folder;
    for (const char* name : {"in/a.pdf", "in/multi.tif", "in/x/1.tif", "in/x/2.tif", "in/notes.txt", "in/x/broken.jpg",
                             "in/out/documents/old.pdf"})
        folder.file(name, "x");
    std::filesystem::create_symlink(folder.path() / "in/a.pdf", folder.path() / "in/link.pdf");
    const std::vector<std::filesystem::path> named{folder.path() / "in"};
    const auto found = discover(named, folder.path() / "in/out", by_name);
    ASSERT_TRUE(found);
    ASSERT_EQ(found->batches.size(), 3U);
    EXPECT_EQ(names(found->batches[2]), (std::vector<std::string>{"1.tif", "2.tif", "broken.jpg"}))
        << "a scan by its name is kept in place, so that it faults there";
    ASSERT_EQ(found->ignored.size(), 2U);
    EXPECT_EQ(found->ignored[0].filename(), "link.pdf");
    EXPECT_EQ(found->ignored[1].filename(), "notes.txt");
}

TEST(Discover, NamedFilesOfOneFolderBelongTogetherAndAreTakenOnce)
{
    const TemporaryFolder folder;
    for (const char* name : {"in/2.tif", "in/10.tif", "in/a.pdf", "alone/x.png"}) folder.file(name, "x");
    const auto path = folder.path();
    const std::vector<std::filesystem::path> named{path / "in/10.tif", path / "in/2.tif", path / "in/a.pdf",
                                                   path / "in/../in/2.tif", path / "alone/x.png"};
    const auto found = discover(named, {}, by_name);
    ASSERT_TRUE(found);
    ASSERT_EQ(found->batches.size(), 3U);
    EXPECT_EQ(names(found->batches[1]), (std::vector<std::string>{"2.tif", "10.tif"}));
    EXPECT_TRUE(found->batches[2].name.ends_with("alone/x.png"));
}

TEST(Discover, SaysWhichPathDoesNotExist)
{
    const std::vector<std::filesystem::path> named{"/nowhere/at/all.tif"};
    const auto found = discover(named, {}, by_name);
    ASSERT_FALSE(found);
    EXPECT_NE(found.error().message().find("/nowhere/at/all.tif"), std::string::npos);
}

}  // namespace
}  // namespace chartlift::pipeline
