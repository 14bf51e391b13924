// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/core.h>

#include "tests/unit/watcher/watching.h"

namespace chartlift::service {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const std::string kSha256(64, 'b');

class Batches : public Watching {
public:
    explicit Batches(WatchMode mode, bool patient = true) : Watching(mode)
    {
        inbox.folders = pipeline::InboxFolders::batches;
        if (patient) inbox.settle = inbox.incomplete = 1h;  // so that only a marker can say that something is whole
    }
};

class BatchInBothModes : public BothModes {};
INSTANTIATE_TEST_SUITE_P(Batch, BatchInBothModes, ::testing::Values(WatchMode::events, WatchMode::polling), mode_name);

TEST_P(BatchInBothModes, AFolderIsOneInputOnceEverythingInItIsStill)
{
    Batches in(GetParam(), false);
    in.start();
    for (const char* name : {"box/p1.tif", "box/p10.tif", "box/p2.tif", "box/back/p1.tif", "single.tif"}) {
        in.write(name);
        ASSERT_TRUE(in.nothing_for(kSettle / 4));
    }
    const Ready box = in.one();
    EXPECT_EQ(box.name, "box/");
    EXPECT_THAT(file_names(box), ElementsAre("box/back/p1.tif", "box/p1.tif", "box/p2.tif", "box/p10.tif"));
    EXPECT_EQ(box.whole_by, WholeBy::closed);
    EXPECT_EQ(in.one().name, "single.tif");
}

TEST_P(BatchInBothModes, AMarkerInsideOrBesideGivesAFolderAtOnce)
{
    for (const char* marker : {"box/.done", "box/.ready", "box.done", "box.ready", "box/box.done"}) {
        Batches in(GetParam());
        in.start();
        in.write("box/p1.tif");
        in.write("box/p2.tif");
        ASSERT_TRUE(in.nothing_for(30ms));
        in.write(marker, "");
        const Ready ready = in.one();
        EXPECT_THAT(file_names(ready), ElementsAre("box/p1.tif", "box/p2.tif")) << marker;
        EXPECT_EQ(ready.whole_by, WholeBy::marker);
        EXPECT_THAT(ready.markers, ElementsAre(in.path(marker)));
    }
}

TEST_P(BatchInBothModes, ACountGivesAFolderOnceSoManyFilesAreThere)
{
    for (const auto& [name, content] : {std::pair{"box/2.count", ""}, {"box/count", " 2\n"}, {"box/COUNT", "2"}}) {
        Batches in(GetParam());
        in.start();
        in.write("box/p1.tif");
        in.write("box/p2.tif");
        ASSERT_TRUE(in.nothing_for(20ms));
        in.write(name, content);
        const Ready ready = in.one();
        EXPECT_EQ(ready.files.size(), 2U);
        EXPECT_EQ(ready.expected_count, 2U);
        EXPECT_EQ(ready.whole_by, WholeBy::count);
    }
}

TEST_P(BatchInBothModes, AFolderWithFewerFilesThanCountedWaitsForIncomplete)
{
    Batches in(GetParam(), false);
    in.start();
    in.write("box/3.count", "");
    in.write("box/p1.tif");
    ASSERT_TRUE(in.nothing_for(kIncomplete - 100ms));
    in.write("box/p2.tif");
    ASSERT_TRUE(in.nothing_for(kIncomplete - 100ms)) << "another file starts the wait anew";
    in.write("box/p3.tif");
    const Ready ready = in.one();
    EXPECT_EQ(ready.files.size(), 3U);
    EXPECT_EQ(ready.whole_by, WholeBy::closed) << "the count came before the files: they had to settle";
    in().taken(ready);

    in.write("short/p1.tif");
    in.write("short/3.count", "");
    const Ready given_up = in.one();
    EXPECT_EQ(given_up.whole_by, WholeBy::gave_up_waiting);
    EXPECT_EQ(given_up.expected_count, 3U);
}

TEST_P(BatchInBothModes, AManifestGivesAFolderOnceAllItNamesIsThere)
{
    Batches in(GetParam());
    in.start();
    in.write("box/p1.tif");
    in.write("box/back/p 2.tif");
    ASSERT_TRUE(in.nothing_for(20ms));
    in.write("box/manifest.sha256",
             kSha256 + "  p1.tif\n" + kSha256 + " *./back/p 2.tif\n" + kSha256 + "  manifest.sha256\n");
    const Ready ready = in.one();
    EXPECT_EQ(ready.whole_by, WholeBy::manifest);
    EXPECT_EQ(ready.expected_count, 2U);
    ASSERT_EQ(ready.expected.size(), 2U);
    EXPECT_EQ(ready.expected[0].name, "box/p1.tif");
    EXPECT_EQ(ready.expected[1].name, "box/back/p 2.tif");
    EXPECT_THAT(ready.markers, ElementsAre(in.path("box/manifest.sha256")));
}

TEST_P(BatchInBothModes, AManifestBesideItsFolderMayCountFromEither)
{
    for (const char* prefix : {"", "box/"}) {
        Batches in(GetParam());
        in.start();
        in.write("box/p1.tif");
        in.write("box.sha256", kSha256 + "  " + prefix + "p1.tif\n");
        const Ready ready = in.one();
        ASSERT_EQ(ready.expected.size(), 1U);
        EXPECT_EQ(ready.expected[0].name, "box/p1.tif");
    }
}

TEST_P(BatchInBothModes, AFileOfAnotherSizeThanTheManifestSaysHoldsItsFolder)
{
    Batches in(GetParam(), false);
    in.start();
    in.write("box/p1.tif", "123");
    in.write("box/manifest.json", R"({"files": [{"name": "p1.tif", "bytes": 5}], "count": 1})");
    ASSERT_TRUE(in.nothing_for(kIncomplete - 150ms));
    in.append("box/p1.tif", "45");
    const Ready ready = in.one();
    EXPECT_EQ(ready.files.at(0).identity.size_bytes, 5);
    EXPECT_NE(ready.whole_by, WholeBy::gave_up_waiting);
    EXPECT_EQ(ready.expected.at(0).bytes, 5U);
}

TEST_P(BatchInBothModes, ADamagedManifestIsToldAndProvesNothing)
{
    Batches in(GetParam(), false);
    in.start();
    in.write("box/p1.tif");
    in.write("box/manifest.json", "{");
    const Ready ready = in.one();
    EXPECT_EQ(ready.whole_by, WholeBy::gave_up_waiting);
    EXPECT_THAT(ready.expected, IsEmpty());
    const auto refusals = in().take_refusals();
    ASSERT_EQ(refusals.size(), 1U);
    EXPECT_EQ(refusals[0].reason, RefusalReason::manifest_damaged);
    EXPECT_EQ(refusals[0].name, "box/manifest.json");
}

TEST_P(BatchInBothModes, AFileThatComesAfterTheMarkerMustSettle)
{
    Batches in(GetParam(), false);
    in.start();
    in.write("box/.done", "");
    ASSERT_TRUE(in.nothing_for(kSettle / 4));
    in.write("box/p1.tif");
    ASSERT_TRUE(in.nothing_for(kSettle / 4));
    in.write("box/p2.tif", "ha");
    ASSERT_TRUE(in.nothing_for(kSettle / 2));
    in.append("box/p2.tif", "lf");
    ASSERT_TRUE(in.nothing_for(kSettle / 2));
    EXPECT_EQ(in.one().files.size(), 2U);
}

TEST_P(BatchInBothModes, ALateFileIsAnInputOfItsOwn)
{
    Batches in(GetParam(), false);
    in.start();
    in.write("box/p1.tif");
    const Ready first = in.one();
    in.write("box/p2.tif");
    EXPECT_TRUE(in.nothing_for(3 * kSettle)) << "not while the folder is being taken";
    fs::rename(in.path("box/p1.tif"), in.outside() / "p1.tif");
    in().taken(first);
    EXPECT_THAT(file_names(in.one()), ElementsAre("box/p2.tif"));
}

TEST_P(BatchInBothModes, AFolderPutBackComesAgainAsItIsThen)
{
    Batches in(GetParam(), false);
    in.start();
    in.write("box/p1.tif");
    const Ready ready = in.one();
    in.write("box/p2.tif");
    in().put_back(ready);
    EXPECT_THAT(file_names(in.one()), ElementsAre("box/p1.tif", "box/p2.tif"));
}

TEST(BatchEvents, AFolderRenamedInIsGivenAtOnceButNotAFileRenamedIntoIt)
{
    Batches in(WatchMode::events);
    in.start();
    fs::create_directory(in.path("filling"));
    ASSERT_TRUE(in.nothing_for(10ms));
    in.move_in("filling/p1.tif");
    EXPECT_TRUE(in.nothing_for(60ms)) << "more files may come";
    fs::create_directory(in.outside() / "box");
    in.move_in("p1.tif");
    fs::rename(in.path("p1.tif"), in.outside() / "box/p1.tif");
    fs::rename(in.outside() / "box", in.path("box"));
    const Ready ready = in.one();
    EXPECT_EQ(ready.name, "box/");
    EXPECT_EQ(ready.whole_by, WholeBy::renamed_in);
}

TEST_P(BatchInBothModes, AFolderWithoutAFileIsNoInput)
{
    Batches in(GetParam(), false);
    in.start();
    in.write("box/.done", "");
    in.write("other/Thumbs.db", "");
    EXPECT_TRUE(in.nothing_for(kIncomplete + kSettle));
}

TEST_P(BatchInBothModes, ABatchOfTwoThousandPagesIsOneInput)
{
    Batches in(GetParam());
    in.start();
    for (int i = 0; i < 2'000; ++i) in.write(fmt::format("box/p{}.tif", i), "x");
    in.write("box/2000.count", "");
    const Ready ready = in.one();
    EXPECT_EQ(ready.files.size(), 2'000U);
    EXPECT_EQ(ready.files.back().name, "box/p1999.tif");
}

}  // namespace
}  // namespace chartlift::service
