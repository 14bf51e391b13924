// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "store/archive.h"
#include "tests/support/failing_files.h"
#include "tests/support/temporary_folder.h"

namespace chartlift::store {
namespace {

using test::read_all;
using test::TemporaryFolder;

std::size_t files_under(const std::filesystem::path& folder)
{
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
        count += entry.is_regular_file() ? 1U : 0U;
    return count;
}

TEST(StagedFiles, AppearTogetherOrNotAtAll)
{
    const TemporaryFolder folder;
    PosixFiles files;
    {
        StagedFiles staged(files);
        ASSERT_TRUE(staged.write(folder.path() / "a/x", "one"));
        ASSERT_TRUE(staged.write(folder.path() / "b/y", "two"));
        EXPECT_FALSE(std::filesystem::exists(folder.path() / "a/x"));
        ASSERT_TRUE(staged.publish());
    }
    EXPECT_EQ(read_all(folder.path() / "a/x"), "one");
    EXPECT_EQ(read_all(folder.path() / "b/y"), "two");
    {
        StagedFiles staged(files);
        ASSERT_TRUE(staged.write(folder.path() / "a/x", "newer"));
    }
    EXPECT_EQ(read_all(folder.path() / "a/x"), "one") << "not published: the old file stays";
    EXPECT_EQ(files_under(folder.path()), 2U) << "and no temporary file is left";
}

TEST(StagedFiles, AFullDiskAtAnyOperationKeepsTheOldFileWhole)
{
    for (int operations = 0; operations < 12; ++operations) {
        const TemporaryFolder folder;
        PosixFiles real;
        ASSERT_TRUE(replace_file(real, folder.path() / "x", "old"));
        test::FailingFiles files;
        files.operations_left = operations;
        const auto replaced = replace_file(files, folder.path() / "x", "new");
        const std::string now = read_all(folder.path() / "x");
        EXPECT_TRUE(now == "old" || now == "new") << now;
        if (!replaced) {
            EXPECT_EQ(replaced.error().kind, FaultKind::disk_full);
        } else {
            EXPECT_EQ(now, "new");
        }
        EXPECT_EQ(files_under(folder.path()), 1U);
    }
}

TEST(PosixFiles, FilesAndFoldersAreForTheirOwnerAlone)
{
    const TemporaryFolder folder;
    PosixFiles files;
    ASSERT_TRUE(replace_file(files, folder.path() / "in/x", "text"));
    struct stat status {};
    ASSERT_EQ(::stat((folder.path() / "in/x").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    ASSERT_EQ(::stat((folder.path() / "in").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST(PosixFiles, AFileInTheWayOfAFolderIsAFaultThatNamesIt)
{
    const TemporaryFolder folder;
    PosixFiles files;
    folder.file("in", "a file");
    const auto made = files.make_folders(folder.path() / "in/deeper");
    ASSERT_FALSE(made);
    EXPECT_NE(made.error().message().find("/in"), std::string::npos);
}

TEST(Archive, KeepsAFileOnceUnderItsHash)
{
    const TemporaryFolder folder;
    PosixFiles files;
    const Archive archive(folder.path() / "archive", files);
    const auto first = archive.keep(folder.file("a.tif", "abc"), {});
    ASSERT_TRUE(first);
    EXPECT_EQ(first->sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-4, "abc"
    EXPECT_EQ(read_all(first->path), "abc");
    const auto second = archive.keep(folder.file("b.tif", "abc"), {});
    ASSERT_TRUE(second);
    EXPECT_EQ(second->path, first->path);
    EXPECT_EQ(files_under(folder.path() / "archive"), 1U);
}

TEST(Archive, MakesACopyThatWasCutShortAgain)
{
    const TemporaryFolder folder;
    PosixFiles files;
    const Archive archive(folder.path() / "archive", files);
    const auto original = folder.file("a.tif", "abc");
    const auto kept = archive.keep(original, {});
    ASSERT_TRUE(kept);
    std::ofstream(kept->path, std::ios::binary | std::ios::trunc) << "a";
    ASSERT_TRUE(archive.keep(original, {}));
    EXPECT_EQ(read_all(kept->path), "abc");
}

TEST(Archive, RefusesAFileOverTheLimitAndWhatIsNoFile)
{
    const TemporaryFolder folder;
    PosixFiles files;
    const Archive archive(folder.path() / "archive", files);
    Limits limits;
    limits.max_bytes = 2;
    const auto large = archive.keep(folder.file("a.tif", "abc"), limits);
    ASSERT_FALSE(large);
    EXPECT_EQ(large.error().kind, FaultKind::limit);
    ASSERT_EQ(::mkfifo((folder.path() / "fifo").c_str(), 0600), 0);
    const auto fifo = archive.keep(folder.path() / "fifo", {});
    ASSERT_FALSE(fifo) << "and it must not hang";
}

TEST(Archive, AFullDiskLeavesNothingBehind)
{
    const TemporaryFolder folder;
    test::FailingFiles files;
    files.room_bytes = 1;
    const Archive archive(folder.path() / "archive", files);
    const auto kept = archive.keep(folder.file("a.tif", "abc"), {});
    ASSERT_FALSE(kept);
    EXPECT_EQ(kept.error().kind, FaultKind::disk_full);
    EXPECT_EQ(files_under(folder.path() / "archive"), 0U);
}

TEST(MoveFile, NumbersANameThatIsTakenAndReplacesNothing)
{
    const test::TemporaryFolder folder;
    PosixFiles files;
    const std::string longest = std::string(251, 'x') + ".tif";
    for (const char* content : {"first", "second", "third"}) {
        const auto moved = move_file(files, folder.file("in/" + longest, content), folder.path() / "done" / longest);
        ASSERT_TRUE(moved) << moved.error().message();
        EXPECT_EQ(test::read_all(*moved), content);
        EXPECT_FALSE(std::filesystem::exists(folder.path() / "in" / longest));
    }
    EXPECT_EQ(test::read_all(folder.path() / "done" / longest), "first");
    EXPECT_EQ(test::read_all(folder.path() / "done" / (std::string(249, 'x') + "~2.tif")), "second");
}

TEST(MoveFile, CrossesFileSystems)
{
    const test::TemporaryFolder here;
    const std::filesystem::path other = "/dev/shm";
    struct stat a {};
    struct stat b {};
    ASSERT_EQ(::stat(here.path().c_str(), &a), 0);
    ASSERT_EQ(::stat(other.c_str(), &b), 0);
    ASSERT_NE(a.st_dev, b.st_dev) << "the test needs two file systems";
    const auto place = other / here.path().filename();
    PosixFiles files;
    const auto moved = move_file(files, here.file("a.tif", "scan"), place / "a.tif");
    ASSERT_TRUE(moved) << moved.error().message();
    EXPECT_EQ(test::read_all(place / "a.tif"), "scan");
    EXPECT_FALSE(std::filesystem::exists(here.path() / "a.tif"));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(place), {}), 1) << "no temporary file is left";
    std::filesystem::remove_all(place);
}

TEST(MoveFile, AFaultLeavesTheOriginal)
{
    const test::TemporaryFolder folder;
    test::FailingFiles files;
    files.operations_left = 1;  // the folder can be made, no more
    EXPECT_FALSE(move_file(files, folder.file("a.tif", "scan"), folder.path() / "done/a.tif"));
    EXPECT_EQ(test::read_all(folder.path() / "a.tif"), "scan");
}

}  // namespace
}  // namespace chartlift::store
