// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/watcher.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "tests/unit/watcher/watching.h"

namespace chartlift::service {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::chrono::milliseconds since(Clock::time_point start)
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
}

INSTANTIATE_TEST_SUITE_P(Watcher, BothModes, ::testing::Values(WatchMode::events, WatchMode::polling), mode_name);

TEST_P(BothModes, WhatLayThereAtStartIsTakenInNaturalOrder)
{
    Watching in(GetParam());
    for (const char* name : {"p10.tif", "p2.tif", "sub/deep/p1.tif"}) in.write(name);
    in.start();
    std::vector<std::string> found;
    while (found.size() < 3) found.push_back(in.one().name);
    EXPECT_THAT(found, ElementsAre("p2.tif", "p10.tif", "sub/deep/p1.tif"));
    EXPECT_TRUE(in.nothing_for(3 * kSettle)) << "each is given once";
}

TEST_P(BothModes, AFileIsGivenOnceItWasStillForSettle)
{
    Watching in(GetParam());
    in.start();
    ASSERT_TRUE(in.nothing_for(10ms));
    const auto written = Clock::now();
    in.write("scan.tif");
    const Ready ready = in.one();
    EXPECT_EQ(ready.name, "scan.tif");
    EXPECT_EQ(ready.files.at(0).path, in.path("scan.tif"));
    EXPECT_EQ(ready.files.at(0).identity.size_bytes, 5);
    EXPECT_EQ(ready.whole_by, WholeBy::closed);
    EXPECT_GE(since(written), kSettle);
    EXPECT_LE(since(written), kSettle + 200ms);
}

TEST_P(BothModes, AFileThatGrowsIsLeftUntilItIsStill)
{
    Watching in(GetParam());
    in.start();
    in.write("slow.tif", "");
    for (int i = 0; i < 8; ++i) {
        in.append("slow.tif", "more");
        ASSERT_TRUE(in.nothing_for(kSettle / 2)) << i;
    }
    EXPECT_EQ(in.one().files.at(0).identity.size_bytes, 32);
}

TEST_P(BothModes, AFileOpenForWritingIsNeverGiven)
{
    Watching in(GetParam());
    in.start();
    const int file = ::open(in.path("open.tif").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ASSERT_EQ(::write(file, "part", 4), 4);
    EXPECT_TRUE(in.nothing_for(kIncomplete + kSettle));
    ::close(file);
    EXPECT_EQ(in.one().whole_by, WholeBy::closed);
}

TEST_P(BothModes, TruncatedAndGrownAgainSettlesAnew)
{
    Watching in(GetParam());
    in.start();
    in.write("scan.tif", "first version");
    ASSERT_TRUE(in.nothing_for(kSettle / 2));
    fs::resize_file(in.path("scan.tif"), 1);
    ASSERT_TRUE(in.nothing_for(kSettle / 2));
    in.write("scan.tif", "other version");  // the same size as the first
    ASSERT_TRUE(in.nothing_for(kSettle / 2));
    EXPECT_EQ(in.one().files.at(0).identity.size_bytes, 13);
}

TEST_P(BothModes, ReplacedByRenameIsTheNewFile)
{
    Watching in(GetParam());
    in.start();
    in.write("scan.tif", "old");
    ASSERT_TRUE(in.nothing_for(kSettle / 2));
    in.move_in("scan.tif", "newer");
    EXPECT_EQ(in.one().files.at(0).identity.size_bytes, 5);
    EXPECT_TRUE(in.nothing_for(2 * kSettle));
}

TEST_P(BothModes, AFileThatVanishesIsForgotten)
{
    Watching in(GetParam());
    in.start();
    in.write("gone.tif");
    ASSERT_TRUE(in.nothing_for(kSettle / 2));
    fs::remove(in.path("gone.tif"));
    EXPECT_TRUE(in.nothing_for(3 * kSettle));
    EXPECT_EQ(in().seen().at(0).waiting, 0U);
}

TEST_P(BothModes, AnEmptyFileWaitsForIncomplete)
{
    Watching in(GetParam());
    in.start();
    in.write("empty.tif", "");
    ASSERT_TRUE(in.nothing_for(kIncomplete - 100ms));
    EXPECT_EQ(in.one().whole_by, WholeBy::gave_up_waiting);
}

TEST_P(BothModes, ACutOffFileWaitsForIncomplete)
{
    Watching in(GetParam());
    in.start();
    in.write("cut.pdf", "%PDF-1.7\n1 0 obj");
    ASSERT_TRUE(in.nothing_for(kIncomplete - 100ms));
    in.append("cut.pdf", "\n%%EOF\n");  // the rest came
    EXPECT_EQ(in.one().whole_by, WholeBy::closed);
}

TEST_P(BothModes, AMarkerAfterItsFileGivesItAtOnce)
{
    for (const char* marker : {"scan1.tif.done", "scan1.tif.ready", "scan1.done", "scan1.READY"}) {
        Watching in(GetParam());
        in.inbox.settle = in.inbox.incomplete = 1h;
        in.start();
        in.write("scan1.tif");
        ASSERT_TRUE(in.nothing_for(50ms));
        in.write(marker, "");
        const auto marked = Clock::now();
        const Ready ready = in.one();
        EXPECT_LE(since(marked), 100ms) << marker;
        EXPECT_EQ(ready.name, "scan1.tif");
        EXPECT_EQ(ready.whole_by, WholeBy::marker);
        EXPECT_THAT(ready.markers, ElementsAre(in.path(marker)));
    }
}

TEST_P(BothModes, FileAndMarkerThatLayThereAtStartAreGivenAtOnce)
{
    Watching in(GetParam());
    in.inbox.settle = in.inbox.incomplete = 1h;
    in.write("scan.tif.done", "");
    in.write("scan.tif");
    in.start();
    EXPECT_EQ(in.one().whole_by, WholeBy::marker);
}

TEST_P(BothModes, AMarkerBeforeItsFileDoesNotVouchForWhatChangedSince)
{
    Watching in(GetParam());
    in.start();
    in.write("scan.tif.done", "");
    ASSERT_TRUE(in.nothing_for(2 * kSettle)) << "a marker is no input";
    in.write("scan.tif", "ha");
    ASSERT_TRUE(in.nothing_for(kSettle / 2));
    in.append("scan.tif", "lf");
    ASSERT_TRUE(in.nothing_for(kSettle / 2));
    const Ready ready = in.one();
    EXPECT_EQ(ready.files.at(0).identity.size_bytes, 4);
    EXPECT_EQ(ready.whole_by, WholeBy::closed);
    EXPECT_THAT(ready.markers, ElementsAre(in.path("scan.tif.done")));
}

TEST_P(BothModes, AChecksumBesideAFileGivesItAtOnceWithWhatIsExpected)
{
    const std::string sha256(64, 'a');
    Watching in(GetParam());
    in.inbox.settle = in.inbox.incomplete = 1h;
    in.start();
    in.write("sub/scan.tif");
    in.write("sub/scan.tif.sha256", sha256 + "  scan.tif\n");
    const Ready ready = in.one();
    EXPECT_EQ(ready.whole_by, WholeBy::manifest);
    ASSERT_EQ(ready.expected.size(), 1U);
    EXPECT_EQ(ready.expected[0].name, "sub/scan.tif");
    EXPECT_EQ(ready.expected[0].sha256, sha256);
    EXPECT_THAT(ready.markers, ElementsAre(in.path("sub/scan.tif.sha256")));
}

TEST_P(BothModes, TemporaryNamesAndDroppingsAreNoInputs)
{
    Watching in(GetParam());
    in.start();
    for (const char* name : {"a.part", "b.TMP", "c.filepart", "d.crdownload", "e.tif~", ".f.tif", "~$g.docx",
                             "Thumbs.db", "desktop.ini", ".DS_Store", ".hidden/h.tif", "i.part/i.tif"})
        in.write(name);
    EXPECT_TRUE(in.nothing_for(3 * kSettle));
    EXPECT_EQ(in().seen().at(0).waiting, 0U);
}

TEST(WatcherEvents, WhatIsRenamedInFromOutsideIsGivenAtOnce)
{
    Watching in(WatchMode::events);
    in.inbox.settle = in.inbox.incomplete = 1h;
    in.start();
    ASSERT_TRUE(in.nothing_for(10ms));
    in.move_in("scan.tif");
    const auto moved = Clock::now();
    EXPECT_EQ(in.one().whole_by, WholeBy::renamed_in);
    EXPECT_LE(since(moved), 100ms);
}

TEST(WatcherEvents, WhatLosesItsTemporaryNameIsGivenAtOnce)
{
    Watching in(WatchMode::events);
    in.inbox.settle = in.inbox.incomplete = 1h;
    in.start();
    for (const char* temporary : {"scan.tif.part", ".scan.tif.Xy12", "scan.tif~"}) {
        in.write(temporary);
        ASSERT_TRUE(in.nothing_for(20ms));
        in.rename(temporary, "scan.tif");
        const Ready ready = in.one();
        EXPECT_EQ(ready.whole_by, WholeBy::renamed_in) << temporary;
        fs::remove(in.path("scan.tif"));
        in().taken(ready);
    }
}

TEST(WatcherEvents, ARenameBetweenInputNamesProvesNothing)
{
    Watching in(WatchMode::events);
    in.start();
    in.write("a.tif");
    ASSERT_TRUE(in.nothing_for(kSettle / 2));
    in.rename("a.tif", "b.tif");
    ASSERT_TRUE(in.nothing_for(kSettle / 2));
    const Ready ready = in.one();
    EXPECT_EQ(ready.name, "b.tif");
    EXPECT_EQ(ready.whole_by, WholeBy::closed);
    EXPECT_TRUE(in.nothing_for(2 * kSettle));
}

TEST(WatcherEvents, RenamedInButStillOpenForWritingWaits)
{
    Watching in(WatchMode::events);
    in.start();
    const int file = ::open((in.outside() / "f").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ASSERT_EQ(::write(file, "part", 4), 4);
    fs::rename(in.outside() / "f", in.path("f.tif"));
    EXPECT_TRUE(in.nothing_for(3 * kSettle));
    ASSERT_EQ(::write(file, "rest", 4), 4);
    ::close(file);
    EXPECT_EQ(in.one().files.at(0).identity.size_bytes, 8);
}

TEST(WatcherEvents, AnOverflowOfTheQueueCostsTimeNeverAFile)
{
    std::size_t most_events = 0;
    std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> most_events;
    if (most_events == 0 || most_events > 50'000) GTEST_SKIP() << "the queue is too long to fill in a test";
    Watching in(WatchMode::events);
    in.start();
    ASSERT_TRUE(in.nothing_for(1ms));
    const std::size_t files = most_events / 2 + 500;  // two events each
    for (std::size_t i = 0; i < files; ++i) in.write(fmt::format("{}.tif", i), "x");
    std::set<std::string> found;
    while (found.size() < files) {
        const auto ready = in.next(kSoon, 1'000);
        ASSERT_FALSE(ready.empty()) << found.size();
        for (const auto& one : ready) EXPECT_TRUE(found.insert(one.name).second) << "given twice";
    }
    EXPECT_GE(in().seen().at(0).events_lost, 1U);
}

TEST_P(BothModes, FiveThousandFilesAtOnceAreGivenOnceEachAndNoMoreThanAsked)
{
    Watching in(GetParam());
    in.start();
    for (int i = 0; i < 5'000; ++i) in.write(fmt::format("{}/{}.tif", i % 7, i), "x");
    std::set<std::string> found;
    while (found.size() < 5'000) {
        const auto ready = in.next(kSoon, 400);
        ASSERT_FALSE(ready.empty()) << found.size();
        EXPECT_LE(ready.size(), 400U);
        for (const auto& one : ready) {
            EXPECT_TRUE(found.insert(one.name).second) << "given twice";
            fs::remove(one.files.at(0).path);
            in().taken(one);
        }
    }
    EXPECT_TRUE(in.nothing_for(2 * kSettle));
}

TEST_P(BothModes, FoldersThatAppearAreRenamedAndVanish)
{
    Watching in(GetParam());
    in.start();
    ASSERT_TRUE(in.nothing_for(5ms));
    in.write("a/b/one.tif");
    EXPECT_EQ(in.one().name, "a/b/one.tif");
    in.write("a/b/two.tif");
    ASSERT_TRUE(in.nothing_for(kSettle / 4));
    in.rename("a", "c");
    std::vector<std::string> found{in.one().name, in.one().name};
    EXPECT_THAT(found, UnorderedElementsAre("c/b/one.tif", "c/b/two.tif"));
    in.write("c/b/three.tif");  // the renamed folder is watched under its new name
    EXPECT_EQ(in.one().name, "c/b/three.tif");
    in.write("c/b/four.tif");
    ASSERT_TRUE(in.nothing_for(kSettle / 4));
    fs::remove_all(in.path("c"));
    EXPECT_TRUE(in.nothing_for(2 * kSettle));
    EXPECT_EQ(in().seen().at(0).waiting + in().seen().at(0).given, 0U);
}

TEST_P(BothModes, TheSameNameAgainIsAnotherFile)
{
    Watching in(GetParam());
    in.start();
    for (const std::string bytes : {"first", "second file"}) {
        in.write("scan.tif", bytes);
        const Ready ready = in.one();
        EXPECT_EQ(ready.files.at(0).identity.size_bytes, static_cast<std::int64_t>(bytes.size()));
        fs::rename(in.path("scan.tif"), in.outside() / bytes);
        in().taken(ready);
        EXPECT_TRUE(in.nothing_for(2 * kSettle));
    }
}

TEST_P(BothModes, ANewFileUnderTheNameOfOneThatIsBeingTakenIsGivenLater)
{
    Watching in(GetParam());
    in.start();
    in.write("scan.tif", "first");
    const Ready first = in.one();
    fs::rename(in.path("scan.tif"), in.outside() / "first");
    in.write("scan.tif", "the second");
    in().taken(first);
    EXPECT_EQ(in.one().files.at(0).identity.size_bytes, 10);
}

TEST_P(BothModes, WhatIsTakenAndLeftIsNotGivenAgainUntilItIsAnotherFile)
{
    Watching in(GetParam());
    in.inbox.after = pipeline::AfterTaking::leave;
    in.inbox.rescan = 50ms;
    in.start();
    in.write("scan.tif", "first");
    in().taken(in.one());
    EXPECT_TRUE(in.nothing_for(4 * kSettle));
    fs::permissions(in.path("scan.tif"), fs::perms::owner_read);
    EXPECT_TRUE(in.nothing_for(4 * kSettle)) << "another mode is not another file";
    fs::remove(in.path("scan.tif"));
    in.write("scan.tif", "second");
    EXPECT_EQ(in.one().files.at(0).identity.size_bytes, 6);
}

TEST_P(BothModes, WhatWasTakenBeforeTheStartAndLeftIsAskedForAndPassedOver)
{
    Watching in(GetParam());
    in.inbox.after = pipeline::AfterTaking::leave;
    in.write("old.tif");
    in.write("new.tif");
    int asked = 0;
    in.start(
        [&](std::size_t, const std::string& name, const store::FileIdentity&) { return ++asked, name == "old.tif"; });
    EXPECT_EQ(in.one().name, "new.tif");
    EXPECT_TRUE(in.nothing_for(3 * kSettle));
    EXPECT_EQ(asked, 2) << "once a file";
}

TEST_P(BothModes, WhatIsPutBackComesAgainLaterAndLater)
{
    Watching in(GetParam());
    in.start();
    in.write("scan.tif");
    Ready ready = in.one();
    std::chrono::milliseconds pause = kSettle;
    for (int i = 0; i < 3; ++i) {
        const auto at = Clock::now();
        in().put_back(ready);
        EXPECT_EQ(in().seen().at(0).waiting, 1U);
        ready = in.one();
        EXPECT_GE(since(at) + 1ms, pause);
        pause *= 2;
    }
}

TEST_P(BothModes, PutBackBecauseItChangedIsGivenAsItIsNow)
{
    Watching in(GetParam());
    in.start();
    in.write("scan.tif", "short");
    const Ready ready = in.one();
    in.append("scan.tif", " no more");
    in().put_back(ready);
    EXPECT_EQ(in.one().files.at(0).identity.size_bytes, 13);
}

TEST_P(BothModes, AnInboxThatVanishesIsLookedForAgain)
{
    Watching in(GetParam());
    in.start();
    ASSERT_TRUE(in.nothing_for(5ms));
    EXPECT_TRUE(in().seen().at(0).available);
    in.write("lost.tif");
    fs::rename(in.inbox.path, in.outside() / "unmounted");
    EXPECT_TRUE(in.nothing_for(2 * kSettle));
    EXPECT_FALSE(in().seen().at(0).available);
    in.write("new.tif");  // makes the inbox anew
    EXPECT_EQ(in.one().name, "new.tif");
    EXPECT_TRUE(in().seen().at(0).available);
    in.write("later.tif");
    EXPECT_EQ(in.one().name, "later.tif");
    fs::rename(in.inbox.path, in.outside() / "other");
    fs::rename(in.outside() / "unmounted", in.inbox.path);  // the mount comes back, with what is there
    EXPECT_EQ(in.one().name, "lost.tif");
}

TEST(Watcher, AnInboxThatIsNotThereAtStartIsNoFault)
{
    Watching in(WatchMode::automatic);
    fs::remove(in.inbox.path);
    in.start();
    EXPECT_TRUE(in.nothing_for(50ms));
    EXPECT_FALSE(in().seen().at(0).available);
    in.write("scan.tif");
    EXPECT_EQ(in.one().name, "scan.tif");
}

TEST(Watcher, ALocalDiskIsWatchedByEventsAndCanBeForcedToPolling)
{
    for (const auto mode : {WatchMode::automatic, WatchMode::events, WatchMode::polling}) {
        Watching in(mode);
        in.start();
        in.next(1ms);
        EXPECT_EQ(in().seen().at(0).by_events, mode != WatchMode::polling);
    }
}

TEST(WatcherEvents, ALostEventCostsARescanNeverAFile)
{
    Watching in(WatchMode::events);
    in.inbox.rescan = 100ms;
    fs::create_directory(in.outside() / "mounted");
    in.start();
    ASSERT_TRUE(in.nothing_for(5ms));
    const auto looks = in().seen().at(0).full_looks;
    in.write("scan.tif");
    EXPECT_EQ(in.one().name, "scan.tif");
    EXPECT_TRUE(in.nothing_for(250ms));
    EXPECT_GT(in().seen().at(0).full_looks, looks);
}

TEST(Watcher, InboxesGiveInTurnAndPriorityGoesFirst)
{
    test::TemporaryFolder folder;
    std::vector<pipeline::Inbox> inboxes;
    for (const char* name : {"a", "b", "urgent"}) {
        inboxes.push_back(inbox_at(folder.path() / name, WatchMode::events));
        inboxes.back().settle = 0ms;
        for (int i = 0; i < 3; ++i) folder.file(fmt::format("{}/{}{}.tif", name, name, i), "x");
    }
    inboxes[2].priority = 5;
    for (int i = 3; i < 50; ++i) folder.file(fmt::format("a/a{}.tif", i), "x");
    const auto watcher = std::move(*Watcher::start(inboxes));
    EXPECT_THAT(names(watcher->next(8, kSoon, {})), ElementsAre("urgent0.tif", "urgent1.tif", "urgent2.tif", "a0.tif",
                                                                "b0.tif", "a1.tif", "b1.tif", "a2.tif"));
    EXPECT_THAT(names(watcher->next(3, kSoon, {})), ElementsAre("b2.tif", "a3.tif", "a4.tif"))
        << "whose turn it is carries over";
}

TEST(Watcher, StopEndsTheWaitAtOnce)
{
    Watching in(WatchMode::events);
    in.start();
    std::stop_source stop;
    std::jthread stopper([&] {
        std::this_thread::sleep_for(30ms);
        stop.request_stop();
    });
    const auto start = Clock::now();
    EXPECT_THAT(in().next(1, 1h, stop.get_token()), IsEmpty());
    EXPECT_LE(since(start), 1s);
}

TEST(Watcher, AskedForNothingItWaitsWithoutSpinning)
{
    Watching in(WatchMode::events);
    in.inbox.poll = 1s;
    in.write("scan.tif");
    in.start();
    timespec before{};
    timespec after{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
    EXPECT_THAT(in.next(300ms, 0), IsEmpty());
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
    EXPECT_LT((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1'000'000, 50);
    EXPECT_EQ(in.one().name, "scan.tif");
}

}  // namespace
}  // namespace chartlift::service
