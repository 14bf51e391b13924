// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/take_in.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "store/sqlite_intake_ledger.h"
#include "tests/support/temporary_folder.h"

namespace chartlift::service {
namespace {

using testing::ElementsAre;
namespace fs = std::filesystem;

/// Looks at the disk at the moment a file is about to be moved.
class WatchedFiles final : public store::Files {
public:
    std::function<void(const fs::path& from)> before_move;

    Result<std::unique_ptr<store::OutputFile>> create(const fs::path& path) override { return real_.create(path); }
    Result<void> rename(const fs::path& from, const fs::path& to) override { return real_.rename(from, to); }
    Result<bool> rename_new(const fs::path& from, const fs::path& to) override
    {
        if (before_move) before_move(from);
        return real_.rename_new(from, to);
    }
    Result<bool> link_new(const fs::path& from, const fs::path& to) override { return real_.link_new(from, to); }
    Result<void> remove_tree(const fs::path& path) override { return real_.remove_tree(path); }
    Result<void> make_folders(const fs::path& path) override { return real_.make_folders(path); }
    Result<void> sync_filesystem(const fs::path& path) override { return real_.sync_filesystem(path); }
    Result<void> sync_folder(const fs::path& path) override { return real_.sync_folder(path); }

private:
    store::PosixFiles real_;
};

class TakeInTest : public testing::Test {
protected:
    TakeInTest()
    {
        fs::create_directories(inbox_path());
        fs::create_directories(out());
        inbox_.name = "ward";
        inbox_.path = inbox_path();
        inbox_.batch_class = "inpatient";
        auto ledger = store::open_sqlite_intake_ledger(out() / "catalog.sqlite");
        EXPECT_TRUE(ledger);
        ledger_ = std::move(*ledger);
    }

    fs::path inbox_path() const { return folder_.path() / "inbox"; }
    fs::path out() const { return folder_.path() / "out"; }
    fs::path done() const { return out() / "done/ward"; }
    TakeIn take_in() { return {out(), {inbox_}, limits_, *ledger_, files_, log_}; }

    static void write(const fs::path& path, const std::string& content)
    {
        fs::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << content;
    }

    ReadyFile ready_file(const std::string& name) const
    {
        struct stat now {};
        EXPECT_EQ(::lstat((inbox_path() / name).c_str(), &now), 0);
        return {inbox_path() / name,
                name,
                {now.st_dev, now.st_ino, now.st_size, now.st_mtim.tv_sec * 1'000'000'000 + now.st_mtim.tv_nsec}};
    }
    Ready ready(const std::string& name) const
    {
        Ready ready;
        ready.name = name;
        ready.files = {ready_file(name)};
        return ready;
    }
    Ready dropped(const std::string& name, const std::string& content) const
    {
        write(inbox_path() / name, content);
        return ready(name);
    }

    test::TemporaryFolder folder_;
    pipeline::Inbox inbox_;
    Limits limits_;
    std::unique_ptr<store::IntakeLedger> ledger_;
    WatchedFiles files_;
    Log log_{-1};
};

TEST_F(TakeInTest, AnOriginalLeavesTheInboxOnlyWhenItsContentAndItsArrivalAreSafe)
{
    const Ready input = dropped("a.tif", "scan a");
    const std::string sha256 = store::sha256_of("scan a");
    bool safe = false;
    files_.before_move = [&](const fs::path& from) {
        if (from != inbox_path() / "a.tif") return;
        const bool archived = test::read_all(store::Archive(out() / "archive", files_).path_of(sha256)) == "scan a";
        auto other = store::open_sqlite_intake_ledger(out() / "catalog.sqlite");  // sees what is committed only
        auto arrival = (*other)->find(1);
        safe = archived && arrival && *arrival && (*arrival)->files.at(0).sha256 == sha256;
    };
    const auto taken = take_in().take({input});
    ASSERT_TRUE(taken) << taken.error().message();
    EXPECT_TRUE(safe);
    ASSERT_EQ(taken->arrivals.size(), 1U);
    EXPECT_EQ(taken->arrivals[0].state, store::ArrivalState::taken);
    EXPECT_EQ(taken->arrivals[0].batch_class, "inpatient");
    EXPECT_FALSE(fs::exists(inbox_path() / "a.tif"));
    EXPECT_EQ(test::read_all(done() / "a.tif"), "scan a");
    EXPECT_TRUE(ledger_->not_yet_moved()->empty());
}

TEST_F(TakeInTest, TheSameNameTwiceReplacesNothing)
{
    ASSERT_TRUE(take_in().take({dropped("a.tif", "first")}));
    ASSERT_TRUE(take_in().take({dropped("a.tif", "second")}));
    ASSERT_TRUE(take_in().take({dropped("a.tif", "third")}));
    EXPECT_EQ(test::read_all(done() / "a.tif"), "first");
    EXPECT_EQ(test::read_all(done() / "a~2.tif"), "second");
    EXPECT_EQ(test::read_all(done() / "a~3.tif"), "third");
}

TEST_F(TakeInTest, TheSameContentUnderAnotherNameIsADuplicate)
{
    ASSERT_TRUE(take_in().take({dropped("a.tif", "same")}));
    const auto taken = take_in().take({dropped("b.tif", "same")});
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->arrivals.at(0).state, store::ArrivalState::duplicate);
    EXPECT_EQ(taken->arrivals.at(0).duplicate_of, 1);
    EXPECT_TRUE(fs::exists(done() / "b.tif"));
}

TEST_F(TakeInTest, AFileThatChangedSinceIsGivenBackAndStays)
{
    const Ready grown = dropped("grown.tif", "whole?");
    write(inbox_path() / "grown.tif", "whole? no, longer");
    const Ready gone = dropped("gone.tif", "x");
    fs::remove(inbox_path() / "gone.tif");
    const Ready fine = dropped("fine.tif", "fine");
    const auto taken = take_in().take({grown, gone, fine});
    ASSERT_TRUE(taken);
    EXPECT_THAT(taken->given_back, ElementsAre(0, 1));
    ASSERT_EQ(taken->arrivals.size(), 1U);
    EXPECT_EQ(taken->arrivals[0].name, "fine.tif");
    EXPECT_TRUE(fs::exists(inbox_path() / "grown.tif"));
}

TEST_F(TakeInTest, ALinkPutInTheFilesPlaceIsNotFollowed)
{
    write(folder_.path() / "secret", "secret");
    const Ready input = dropped("a.tif", "scan");
    fs::remove(inbox_path() / "a.tif");
    fs::create_symlink(folder_.path() / "secret", inbox_path() / "a.tif");
    const auto taken = take_in().take({input});
    ASSERT_TRUE(taken);
    EXPECT_THAT(taken->given_back, ElementsAre(0));
    EXPECT_FALSE(fs::exists(store::Archive(out() / "archive", files_).path_of(store::sha256_of("secret"))));
}

TEST_F(TakeInTest, AFileExchangedAtTheMomentOfItsMoveGoesBack)
{
    const Ready input = dropped("a.tif", "ours");
    bool once = true;
    files_.before_move = [&](const fs::path& from) {
        if (!std::exchange(once, false)) return;
        fs::rename(from, folder_.path() / "elsewhere");
        write(from, "theirs, not archived");
    };
    ASSERT_TRUE(take_in().take({input}));
    EXPECT_EQ(test::read_all(inbox_path() / "a.tif"), "theirs, not archived");
    EXPECT_FALSE(fs::exists(done() / "a.tif"));
}

TEST_F(TakeInTest, WhatAManifestPromisesIsChecked)
{
    Ready input = dropped("a.tif", "damaged on the way");
    input.expected = {{"a.tif", store::sha256_of("as sent"), std::nullopt}};
    const auto taken = take_in().take({input});
    ASSERT_TRUE(taken);
    ASSERT_TRUE(taken->arrivals.at(0).fault);
    EXPECT_EQ(taken->arrivals[0].fault->kind, FaultKind::corrupt);

    Ready short_of_one = dropped("b/1.tif", "one");
    short_of_one.name = "b/";
    short_of_one.expected_count = 2;
    const auto second = take_in().take({short_of_one});
    ASSERT_TRUE(second->arrivals.at(0).fault);
    EXPECT_EQ(second->arrivals[0].fault->what, "1 files came; the count or manifest promises 2");
}

TEST_F(TakeInTest, AFileTooLargeForTheArchiveGoesToQuarantineItself)
{
    limits_.max_bytes = 4;
    const auto taken = take_in().take({dropped("large.tif", "larger than four")});
    ASSERT_TRUE(taken);
    ASSERT_TRUE(taken->arrivals.at(0).fault);
    EXPECT_EQ(taken->arrivals[0].fault->kind, FaultKind::limit);
    EXPECT_EQ(test::read_all(out() / "quarantine/1/large.tif"), "larger than four");
    EXPECT_FALSE(fs::exists(inbox_path() / "large.tif"));
}

TEST_F(TakeInTest, AnInboxCanKeepItsOriginals)
{
    inbox_.after = pipeline::AfterTaking::leave;
    const Ready input = dropped("a.tif", "scan");
    ASSERT_EQ(take_in().take({input})->arrivals.size(), 1U);
    EXPECT_TRUE(fs::exists(inbox_path() / "a.tif"));
    EXPECT_TRUE(take_in().take({input})->arrivals.empty()) << "the very file was taken before";
    EXPECT_TRUE(take_in().take({input})->given_back.empty());
}

TEST_F(TakeInTest, AFolderMovesWithItsMarkersAndGoes)
{
    write(inbox_path() / "box 7/1.tif", "one");
    write(inbox_path() / "box 7/sub/2.tif", "two");
    write(inbox_path() / "box 7/.done", "");
    Ready input;
    input.name = "box 7/";
    input.files = {ready_file("box 7/1.tif"), ready_file("box 7/sub/2.tif")};
    input.markers = {inbox_path() / "box 7/.done"};
    const auto taken = take_in().take({input});
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->arrivals.at(0).files.size(), 2U);
    EXPECT_TRUE(fs::exists(done() / "box 7/sub/2.tif"));
    EXPECT_TRUE(fs::exists(done() / "box 7/.done"));
    EXPECT_FALSE(fs::exists(inbox_path() / "box 7"));
}

TEST_F(TakeInTest, NamesOfAnyBytesAreKept)
{
    const std::string odd = std::string("-\n\xff name ") + std::string(240, 'x');
    ASSERT_TRUE(take_in().take({dropped(odd, "odd")}));
    EXPECT_EQ(test::read_all(done() / odd), "odd");
    EXPECT_EQ((*ledger_->find(1))->name, odd);
}

TEST_F(TakeInTest, AMoveCutShortIsFinishedAtTheNextStart)
{
    const Ready input = dropped("a.tif", "scan");
    store::NewArrival arrival;
    arrival.inbox = "ward";
    arrival.name = "a.tif";
    arrival.files = {{"a.tif", input.files[0].identity, store::sha256_of("scan"), 4, false}};
    arrival.batch_id = "b1";
    ASSERT_TRUE(ledger_->take({&arrival, 1}));  // and then the power went
    ASSERT_TRUE(take_in().finish_moves());
    EXPECT_EQ(test::read_all(done() / "a.tif"), "scan");
    EXPECT_FALSE(fs::exists(inbox_path() / "a.tif"));
    EXPECT_TRUE(ledger_->not_yet_moved()->empty());
}

TEST_F(TakeInTest, AnOutThatCannotBeWrittenIsAFaultNotAFileGivenBack)
{
    write(out() / "archive", "a file where the folder should be");
    const auto taken = take_in().take({dropped("a.tif", "scan")});
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().kind, FaultKind::io);
    EXPECT_TRUE(fs::exists(inbox_path() / "a.tif"));
}

TEST_F(TakeInTest, WhatIsTakenIsForItsOwnerAlone)
{
    write(inbox_path() / "a.tif", "scan");
    fs::permissions(inbox_path() / "a.tif", fs::perms(0644));
    ASSERT_TRUE(take_in().take({ready("a.tif")}));
    const auto archived = store::Archive(out() / "archive", files_).path_of(store::sha256_of("scan"));
    EXPECT_EQ(fs::status(archived).permissions(), fs::perms(0600));
    EXPECT_EQ(fs::status(archived.parent_path()).permissions(), fs::perms(0700));
    EXPECT_EQ(fs::status(done()).permissions(), fs::perms(0700));
}

}  // namespace
}  // namespace chartlift::service
