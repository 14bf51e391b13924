// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/spool.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/failing_files.h"
#include "tests/support/temporary_folder.h"

namespace chartlift::pipeline {
namespace {

using test::TemporaryFolder;

SavedPage sample()
{
    SavedPage page;
    page.record.page = 3;
    page.record.source = "box/a.tif";
    page.record.dpi = Dpi{300};
    page.record.word_count = 1;
    page.words = {{"warfarin", {1, 2, 30, 40}, 0.5F, 0, 0}};
    page.image = {ImageCodec::jpeg, PixelFormat::gray8, 10, 20, Dpi{300}, std::string("\0\n\xff bytes", 9)};
    page.thumbnail = "thumb";
    return page;
}

TEST(Spool, GivesBackWhatWasSaved)
{
    const TemporaryFolder folder;
    store::PosixFiles files;
    const Spool spool(folder.path(), "f1", files);
    ASSERT_TRUE(spool.save("batch", sample()));
    const auto loaded = spool.load("batch", 3);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->record, sample().record);
    EXPECT_EQ(loaded->words, sample().words);
    EXPECT_EQ(loaded->image.bytes, sample().image.bytes);
    EXPECT_EQ(loaded->image.height_px, 20);
    EXPECT_EQ(loaded->thumbnail, "thumb");
}

TEST(Spool, SavingGivesTheRecordThatLoadingGives)
{
    const TemporaryFolder folder;
    store::PosixFiles files;
    const Spool spool(folder.path(), "f1", files);
    SavedPage page = sample();
    page.record.ocr_confidence = 0.123456789F;  // more digits than are kept
    page.record.type.best = {"letter", Score{1.0F / 3.0F}};
    const auto saved = spool.save("batch", page);
    ASSERT_TRUE(saved);
    EXPECT_EQ(*saved, *spool.load_record("batch", 3));
}

TEST(Spool, TreatsAnyDamagedByteAsAbsent)
{
    const TemporaryFolder folder;
    store::PosixFiles files;
    const Spool spool(folder.path(), "f1", files);
    ASSERT_TRUE(spool.save("batch", sample()));
    const auto path = folder.path() / "batch" / "000003.page";
    const std::string whole = test::read_all(path);
    for (std::size_t i = 0; i < whole.size(); ++i) {
        std::string damaged = whole;
        damaged[i] = static_cast<char>(damaged[i] ^ 0x20);
        std::ofstream(path, std::ios::binary) << damaged;
        EXPECT_FALSE(spool.load_record("batch", 3)) << "byte " << i;
    }
    for (const std::size_t length : {std::size_t{0}, whole.size() / 2, whole.size() - 1}) {
        std::ofstream(path, std::ios::binary) << whole.substr(0, length);
        EXPECT_FALSE(spool.load_record("batch", 3)) << "cut to " << length;
    }
}

TEST(Spool, PagesMadeWithOtherSettingsAreAbsent)
{
    const TemporaryFolder folder;
    store::PosixFiles files;
    ASSERT_TRUE(Spool(folder.path(), "f1", files).save("batch", sample()));
    EXPECT_TRUE(Spool(folder.path(), "f1", files).load_record("batch", 3));
    EXPECT_FALSE(Spool(folder.path(), "f2", files).load_record("batch", 3));
}

TEST(Spool, AFullDiskIsAFaultAndLeavesNothingHalf)
{
    const TemporaryFolder folder;
    test::FailingFiles files;
    files.room_bytes = 40;
    const Spool spool(folder.path(), "f1", files);
    const auto saved = spool.save("batch", sample());
    ASSERT_FALSE(saved);
    EXPECT_EQ(saved.error().kind, FaultKind::disk_full);
    EXPECT_FALSE(spool.load_record("batch", 3));
}

}  // namespace
}  // namespace chartlift::pipeline
