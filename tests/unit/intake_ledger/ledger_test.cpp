// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>

#include <array>
#include <thread>

#include "store/audit.h"
#include "store/sqlite.h"
#include "tests/unit/intake_ledger/arrivals.h"

namespace chartlift::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::int64_t> ids(const Result<std::vector<Arrival>>& arrivals)
{
    std::vector<std::int64_t> out;
    EXPECT_TRUE(arrivals);
    if (arrivals)
        for (const Arrival& arrival : *arrivals) out.push_back(arrival.id);
    return out;
}

/// A file system in which commits fail on demand.
class RefusingCommits final : public Files {
public:
    bool refuse = false;
    Result<std::unique_ptr<OutputFile>> create(const std::filesystem::path& path) override
    {
        return real_.create(path);
    }
    Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override
    {
        return real_.rename(from, to);
    }
    Result<bool> rename_new(const std::filesystem::path& from, const std::filesystem::path& to) override
    {
        return real_.rename_new(from, to);
    }
    Result<bool> link_new(const std::filesystem::path& from, const std::filesystem::path& to) override
    {
        return real_.link_new(from, to);
    }
    Result<void> remove_tree(const std::filesystem::path& path) override { return real_.remove_tree(path); }
    Result<void> make_folders(const std::filesystem::path& path) override { return real_.make_folders(path); }
    Result<void> sync_filesystem(const std::filesystem::path& path) override { return real_.sync_filesystem(path); }
    Result<void> sync_folder(const std::filesystem::path& path) override { return real_.sync_folder(path); }
    Result<void> commit(const std::function<Result<void>()>& transaction) override
    {
        if (refuse) return Fault{FaultKind::disk_full, "test", "no room for the commit"};
        return transaction();
    }

private:
    PosixFiles real_;
};

TEST_F(Ledger, KeepsAllThatIsKnownOfAnArrival)
{
    NewArrival folder_batch = arrival_of("north", "box 12/", "box");
    folder_batch.priority = 4;
    folder_batch.files = {{"box 12/1.tif", {1, 2, 3, 4}, "aa", 3, false},
                          {"box 12/2.tif", {~0ULL, ~0ULL, 5, -6}, "bb", 5, true}};
    const auto taken = ledger->take({&folder_batch, 1});
    ASSERT_TRUE(taken);
    const Arrival stored = arrival(taken->front().id);
    EXPECT_EQ(stored.inbox, "north");
    EXPECT_EQ(stored.batch_class, "charts");
    EXPECT_EQ(stored.priority, 4);
    EXPECT_EQ(stored.name, "box 12/");
    EXPECT_EQ(stored.batch_id, "batch-box");
    EXPECT_EQ(stored.state, ArrivalState::taken);
    EXPECT_EQ(stored.attempts, 1);
    EXPECT_FALSE(stored.redo);
    EXPECT_FALSE(stored.fault);
    EXPECT_EQ(stored.taken_at.size(), std::string("2026-01-02T03:04:05Z").size());
    ASSERT_EQ(stored.files.size(), 2U);
    EXPECT_EQ(stored.files[0].name, "box 12/1.tif");
    EXPECT_EQ(stored.files[0].sha256, "aa");
    EXPECT_FALSE(stored.files[0].moved);
    EXPECT_EQ(stored.files[1].identity, (FileIdentity{~0ULL, ~0ULL, 5, -6}));
    EXPECT_EQ(stored.files[1].bytes, 5U);
    EXPECT_TRUE(stored.files[1].moved);
}

TEST_F(Ledger, KeepsNamesOfAnyBytes)
{
    const std::array<std::string, 6> names{std::string(255, 'x'), "-rf", "a\nb\r\x1b[2J",
                                           "\xff\xfe\xc3(",       " ",   "sub/dir/\xe2\x80\xae.tif"};
    for (const std::string& name : names) {
        const auto id = take("in", name, name);
        EXPECT_EQ(arrival(id).name, name);
        EXPECT_EQ(arrival(id).files.at(0).name, name);
        const auto found = ledger->find_taken("in", name, arrival(id).files.at(0).identity);
        ASSERT_TRUE(found && *found);
        EXPECT_EQ((*found)->arrival, id);
    }
}

TEST_F(Ledger, LinksADuplicateToTheFirst)
{
    const auto first = take("in", "a.tif", "same");
    const auto second = take("other", "b.tif", "same");
    const auto third = take("in", "a.tif", "same");
    EXPECT_EQ(state(first), ArrivalState::taken);
    for (const auto id : {second, third}) {
        EXPECT_EQ(state(id), ArrivalState::duplicate);
        EXPECT_EQ(arrival(id).duplicate_of, first);
        EXPECT_EQ(arrival(id).attempts, 0);
    }
    EXPECT_THAT(ids(ledger->heads({}, 10)), ElementsAre(first));
}

TEST_F(Ledger, FindsDuplicatesWithinOneTake)
{
    const std::array arrivals{arrival_of("in", "a", "same", 1), arrival_of("in", "b", "same", 2)};
    const auto taken = ledger->take(arrivals);
    ASSERT_TRUE(taken);
    EXPECT_EQ((*taken)[1].duplicate_of, (*taken)[0].id);
}

TEST_F(Ledger, ContentOfWhichNothingIsKnownIsNoDuplicate)
{
    NewArrival a = arrival_of("in", "a", "", 1);
    NewArrival b = arrival_of("in", "b", "", 2);
    a.batch_id = b.batch_id = "";
    const std::array both{a, b};
    const auto taken = ledger->take(both);
    ASSERT_TRUE(taken);
    EXPECT_EQ((*taken)[1].state, ArrivalState::taken);
}

TEST_F(Ledger, AFaultKnownBeforeItIsTriedWaitsWithTheArrival)
{
    NewArrival refused = arrival_of("in", "a", "a");
    refused.fault = kDamaged;
    const auto taken = ledger->take({&refused, 1});
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->front().state, ArrivalState::taken);
    EXPECT_EQ(taken->front().fault, kDamaged);
}

TEST_F(Ledger, TakesDiscardedContentAnew)
{
    const auto bad = quarantined("bad");
    const auto copy = take("in", "copy.tif", "bad");
    EXPECT_EQ(arrival(copy).duplicate_of, bad);
    ASSERT_TRUE(ledger->discard(bad));
    const auto again = take("in", "again.tif", "bad");
    EXPECT_EQ(state(again), ArrivalState::taken);
    EXPECT_EQ(arrival(take("in", "more.tif", "bad")).duplicate_of, again);
}

TEST_F(Ledger, FindsTheVeryFileUntilItIsMoved)
{
    const auto id = take("in", "a.tif", "a");
    const FileIdentity identity = arrival(id).files.at(0).identity;
    const auto found = ledger->find_taken("in", "a.tif", identity);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->arrival, id);

    for (auto change : {&FileIdentity::device, &FileIdentity::inode}) {
        FileIdentity other = identity;
        ++(other.*change);
        EXPECT_FALSE(ledger->find_taken("in", "a.tif", other).value());
    }
    for (auto change : {&FileIdentity::size_bytes, &FileIdentity::modified_ns}) {
        FileIdentity other = identity;
        ++(other.*change);
        EXPECT_FALSE(ledger->find_taken("in", "a.tif", other).value());
    }
    EXPECT_FALSE(ledger->find_taken("in", "b.tif", identity).value());
    EXPECT_FALSE(ledger->find_taken("other", "a.tif", identity).value());

    ASSERT_TRUE(ledger->mark_moved({&**found, 1}));
    EXPECT_FALSE(ledger->find_taken("in", "a.tif", identity).value());
    EXPECT_TRUE(arrival(id).files.at(0).moved);
}

TEST_F(Ledger, TakingTheVeryFileAgainChangesNothing)
{
    const NewArrival same = arrival_of("in", "a.tif", "a");
    const auto first = ledger->take({&same, 1});
    const auto second = ledger->take({&same, 1});
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->front().id, second->front().id);
    EXPECT_EQ(ledger->depths().value().at(0).waiting, 1);
    EXPECT_EQ(ledger->depths().value().at(0).duplicates, 0);
}

TEST_F(Ledger, AFilePutBackAfterItsMoveIsANewArrivalAndADuplicate)
{
    const NewArrival same = arrival_of("in", "a.tif", "a");
    const auto first = ledger->take({&same, 1});
    ASSERT_TRUE(first);
    const TakenFile file{first->front().id, 0};
    ASSERT_TRUE(ledger->mark_moved({&file, 1}));
    const auto second = ledger->take({&same, 1});
    ASSERT_TRUE(second);
    EXPECT_EQ(second->front().duplicate_of, first->front().id);
}

TEST_F(Ledger, TheVeryFileWithOtherContentIsANewArrival)
{
    const NewArrival before = arrival_of("in", "a.tif", "a");
    const NewArrival after = arrival_of("in", "a.tif", "changed within one tick of its clock");
    ASSERT_TRUE(ledger->take({&before, 1}));
    EXPECT_EQ(ledger->take({&after, 1}).value().front().state, ArrivalState::taken);
    EXPECT_EQ(ledger->depths().value().at(0).waiting, 2);
}

TEST_F(Ledger, TellsARestartWhatIsStillToBeMoved)
{
    NewArrival two_files = arrival_of("in", "box/", "box");
    two_files.files = {{"box/1", {1, 1, 1, 1}, "s1", 1, false}, {"box/2", {1, 2, 1, 1}, "s2", 1, false}};
    NewArrival staying = arrival_of("left", "c.tif", "c", 3);
    staying.originals_stay = true;
    const std::array arrivals{two_files, staying};
    const auto taken = ledger->take(arrivals);
    ASSERT_TRUE(taken);
    const TakenFile first{(*taken)[0].id, 0};
    ASSERT_TRUE(ledger->mark_moved({&first, 1}));
    ASSERT_TRUE(ledger->mark_moved({&first, 1})) << "twice is fine";

    ledger = open(files);
    const auto left = ledger->not_yet_moved();
    ASSERT_TRUE(left);
    ASSERT_EQ(left->size(), 1U);
    EXPECT_EQ(left->front().place.arrival, (*taken)[0].id);
    EXPECT_EQ(left->front().place.ordinal, 1U);
    EXPECT_EQ(left->front().inbox, "in");
    EXPECT_EQ(left->front().file.name, "box/2");
    EXPECT_EQ(left->front().file.identity, (FileIdentity{1, 2, 1, 1}));
    EXPECT_TRUE(ledger->find_taken("left", "c.tif", staying.files.at(0).identity).value());
}

TEST_F(Ledger, MarksAllFilesOrNone)
{
    const auto id = take("in", "a", "a");
    const std::array known_and_unknown{TakenFile{id, 0}, TakenFile{id, 1}};
    const auto marked = ledger->mark_moved(known_and_unknown);
    ASSERT_FALSE(marked);
    EXPECT_EQ(marked.error().kind, FaultKind::internal);
    EXPECT_FALSE(arrival(id).files.at(0).moved);
}

TEST_F(Ledger, StartsUrgentInboxesFirstAndServesEqualOnesInTurn)
{
    const auto a1 = take("a", "1", "a1");
    const auto a2 = take("a", "2", "a2");
    const auto a3 = take("a", "3", "a3");
    const auto b1 = take("b", "1", "b1");
    NewArrival urgent = arrival_of("urgent", "u", "u", 99);
    urgent.priority = 9;
    const auto u = ledger->take({&urgent, 1}).value().front().id;
    const auto b2 = take("b", "2", "b2");

    EXPECT_THAT(ids(ledger->heads({}, 2)), ElementsAre(u, a1, b1, a2, b2));
    const std::array in_flight{u, a1, b1};
    EXPECT_THAT(ids(ledger->heads(in_flight, 1)), ElementsAre(a2, b2));
    EXPECT_THAT(ids(ledger->heads(in_flight, 5)), ElementsAre(a2, b2, a3));
    EXPECT_THAT(ids(ledger->heads({}, 0)), IsEmpty());
}

TEST_F(Ledger, FinishesOnceAndForGood)
{
    const auto done = take("in", "a", "a");
    ASSERT_TRUE(ledger->finish(done, ArrivalState::recorded, std::nullopt));
    ASSERT_TRUE(ledger->finish(done, ArrivalState::recorded, std::nullopt)) << "again, after a crash";
    EXPECT_EQ(state(done), ArrivalState::recorded);
    EXPECT_THAT(ids(ledger->heads({}, 10)), IsEmpty());
    EXPECT_EQ(ledger->finish(done, ArrivalState::quarantined, kDamaged).error().kind, FaultKind::internal);

    const auto bad = quarantined("b");
    EXPECT_EQ(arrival(bad).fault, kDamaged);
    const auto open_one = take("in", "c", "c");
    EXPECT_FALSE(ledger->finish(open_one, ArrivalState::quarantined, std::nullopt)) << "without a reason";
    EXPECT_FALSE(ledger->finish(open_one, ArrivalState::discarded, kDamaged));
    EXPECT_EQ(ledger->finish(1000, ArrivalState::recorded, std::nullopt).error().kind, FaultKind::config);
}

TEST_F(Ledger, RetriesWhatHasAFault)
{
    const auto partly = take("in", "a", "a");
    ASSERT_TRUE(ledger->finish(partly, ArrivalState::recorded, kDamaged));
    const auto bad = quarantined("b");
    for (const auto id : {partly, bad}) {
        ASSERT_TRUE(ledger->retry(id));
        EXPECT_EQ(state(id), ArrivalState::taken);
        EXPECT_TRUE(arrival(id).redo);
        EXPECT_EQ(arrival(id).attempts, 2);
        ASSERT_TRUE(ledger->finish(id, ArrivalState::recorded, std::nullopt));
        EXPECT_FALSE(arrival(id).redo);
        EXPECT_FALSE(arrival(id).fault);
    }
}

TEST_F(Ledger, RefusesCommandsThatMakeNoSense)
{
    const auto waiting = take("in", "a", "a");
    const auto done = take("in", "b", "b");
    ASSERT_TRUE(ledger->finish(done, ArrivalState::recorded, std::nullopt));
    const auto partly = take("in", "c", "c");
    ASSERT_TRUE(ledger->finish(partly, ArrivalState::recorded, kDamaged));
    const auto copy = take("in", "d", "b");
    const auto gone = quarantined("e");
    ASSERT_TRUE(ledger->discard(gone));

    const auto refusal = [](const Result<void>& answer) {
        EXPECT_FALSE(answer);
        EXPECT_EQ(answer.error().kind, FaultKind::config);
        EXPECT_THAT(answer.error().message(), Not(HasSubstr(".tif")));
        return answer.error().what;
    };
    EXPECT_THAT(refusal(ledger->retry(waiting)), HasSubstr("waiting already"));
    EXPECT_THAT(refusal(ledger->retry(done)), HasSubstr("without a fault"));
    EXPECT_THAT(refusal(ledger->retry(copy)), HasSubstr("duplicate of arrival " + std::to_string(done)));
    EXPECT_THAT(refusal(ledger->retry(gone)), HasSubstr("discarded"));
    EXPECT_THAT(refusal(ledger->retry(1000)), HasSubstr("there is no arrival 1000"));
    for (const auto id : {waiting, done, partly, copy, gone}) {
        const ArrivalState before = state(id);
        EXPECT_THAT(refusal(ledger->release(id)), HasSubstr("only a quarantined one can be released"));
        EXPECT_THAT(refusal(ledger->discard(id)), HasSubstr("only a quarantined one can be discarded"));
        EXPECT_EQ(state(id), before);
    }
}

TEST_F(Ledger, CountsWhatItHolds)
{
    take("a", "1", "1");
    take("a", "2", "2");
    take("b", "3", "1");
    const auto bad = quarantined("4");
    const auto gone = quarantined("5");
    ASSERT_TRUE(ledger->discard(gone));
    const auto redone = quarantined("6");
    ASSERT_TRUE(ledger->release(redone));
    ASSERT_TRUE(ledger->finish(redone, ArrivalState::recorded, std::nullopt));

    const auto depths = ledger->depths();
    ASSERT_TRUE(depths);
    ASSERT_EQ(depths->size(), 3U);
    EXPECT_EQ((*depths)[0].inbox, "a");
    EXPECT_EQ((*depths)[0].waiting, 2);
    EXPECT_TRUE((*depths)[0].oldest_waiting_since);
    EXPECT_EQ((*depths)[1].duplicates, 1);
    EXPECT_EQ((*depths)[1].waiting, 0);
    EXPECT_FALSE((*depths)[1].oldest_waiting_since);
    EXPECT_EQ((*depths)[2].quarantined, 1);
    EXPECT_EQ((*depths)[2].discarded, 1);
    EXPECT_EQ((*depths)[2].recorded, 1);
    EXPECT_EQ(state(bad), ArrivalState::quarantined);
}

TEST_F(Ledger, ListsByStateInPages)
{
    const auto a = quarantined("a");
    take("in", "b", "b");
    const auto c = quarantined("c");
    const auto d = quarantined("d");
    const auto partly = take("in", "e", "e");
    ASSERT_TRUE(ledger->finish(partly, ArrivalState::recorded, kDamaged));
    ASSERT_TRUE(ledger->discard(d));

    ArrivalFilter filter;
    EXPECT_EQ(ids(ledger->list(filter)).size(), 5U);
    filter.state = ArrivalState::quarantined;
    EXPECT_THAT(ids(ledger->list(filter)), ElementsAre(a, c));
    filter.limit = 1;
    EXPECT_THAT(ids(ledger->list(filter)), ElementsAre(a));
    filter.after_id = a;
    EXPECT_THAT(ids(ledger->list(filter)), ElementsAre(c));
    ArrivalFilter retryable;
    retryable.retryable = true;
    EXPECT_THAT(ids(ledger->list(retryable)), ElementsAre(a, c, partly));
}

TEST_F(Ledger, RemembersADrainUntilItIsWithdrawn)
{
    EXPECT_FALSE(ledger->drain_requested().value());
    ASSERT_TRUE(ledger->request_drain(true));
    ledger = open(files);
    EXPECT_TRUE(ledger->drain_requested().value());
    ASSERT_TRUE(ledger->request_drain(false));
    EXPECT_FALSE(ledger->drain_requested().value());
}

TEST_F(Ledger, TwoProcessesSeeAndWaitForEachOther)
{
    constexpr int kArrivals = 50;
    PosixFiles other_files;
    const auto other = open(other_files);
    std::thread service([&] {
        for (int i = 0; i < kArrivals; ++i) {
            const auto text = std::to_string(i);
            const NewArrival arrival = arrival_of("service", text, "service" + text, 1000U + unsigned(i));
            EXPECT_TRUE(ledger->take({&arrival, 1}));
        }
    });
    for (int i = 0; i < kArrivals; ++i) EXPECT_TRUE(other->request_drain(i % 2 == 0));
    service.join();
    EXPECT_EQ(other->depths().value().at(0).waiting, kArrivals);
    const auto id = ids(ledger->heads({}, 1)).at(0);
    ASSERT_TRUE(ledger->finish(id, ArrivalState::quarantined, kDamaged));
    ASSERT_TRUE(other->release(id));
    EXPECT_TRUE(arrival(id).redo);
}

TEST_F(Ledger, ALockedDatabaseIsAFaultOfTheStoreAndReadsGoOn)
{
    PosixFiles own;
    const auto hasty = open(own, std::chrono::milliseconds(20));
    const auto id = take("in", "a", "a");
    auto database = Database::open(path());
    ASSERT_TRUE(database);
    {
        const auto lock = Transaction::begin_immediate(*database);
        ASSERT_TRUE(lock);
        const auto finished = hasty->finish(id, ArrivalState::recorded, std::nullopt);
        ASSERT_FALSE(finished);
        EXPECT_EQ(finished.error().kind, FaultKind::store);
        EXPECT_THAT(ids(hasty->heads({}, 1)), ElementsAre(id));
    }
    EXPECT_TRUE(hasty->finish(id, ArrivalState::recorded, std::nullopt));
}

TEST_F(Ledger, AFailedCommitLeavesNothingBehind)
{
    RefusingCommits refusing;
    const auto failing = open(refusing);
    const auto bad = quarantined("bad");
    refusing.refuse = true;
    const NewArrival fresh = arrival_of("in", "new", "new", 77);
    const auto taken = failing->take({&fresh, 1});
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().kind, FaultKind::disk_full);
    EXPECT_FALSE(failing->release(bad));
    EXPECT_FALSE(failing->discard(bad));
    EXPECT_FALSE(failing->request_drain(true));
    refusing.refuse = false;

    EXPECT_EQ(state(bad), ArrivalState::quarantined);
    EXPECT_FALSE(ledger->drain_requested().value());
    EXPECT_EQ(ledger->depths().value().at(0).waiting, 0);
    EXPECT_EQ(failing->take({&fresh, 1}).value().front().state, ArrivalState::taken);
}

TEST_F(Ledger, AFaultAmongManyArrivalsTakesNoneOfThem)
{
    NewArrival without_files = arrival_of("in", "b", "b");
    without_files.files.clear();
    const std::array arrivals{arrival_of("in", "a", "a"), without_files};
    EXPECT_EQ(ledger->take(arrivals).error().kind, FaultKind::internal);
    EXPECT_THAT(ids(ledger->list({})), IsEmpty());
}

TEST_F(Ledger, EveryChangeIsInTheAuditLogWithoutNames)
{
    const NewArrival first = arrival_of("in", "DOE_JANE.tif", "a", 500);
    const auto id = ledger->take({&first, 1}).value().front().id;
    ASSERT_TRUE(ledger->take({&first, 1})) << "the very file again";
    const auto copy = take("in", "DOE_JANE copy.tif", "a");
    const TakenFile file{id, 0};
    ASSERT_TRUE(ledger->mark_moved({&file, 1}));
    ASSERT_TRUE(ledger->finish(id, ArrivalState::recorded, kDamaged));
    ASSERT_TRUE(ledger->finish(id, ArrivalState::recorded, kDamaged));
    ASSERT_TRUE(ledger->retry(id));
    EXPECT_FALSE(ledger->retry(id));
    ASSERT_TRUE(ledger->finish(id, ArrivalState::quarantined, kDamaged));
    ASSERT_TRUE(ledger->release(id));
    ASSERT_TRUE(ledger->finish(id, ArrivalState::quarantined, kDamaged));
    ASSERT_TRUE(ledger->discard(id));
    ASSERT_TRUE(ledger->request_drain(true));
    ASSERT_TRUE(ledger->request_drain(true));

    const auto database = Database::open(path(), OpenMode::read_only);
    ASSERT_TRUE(database);
    const auto entries = find_entries(*database, {});
    ASSERT_TRUE(entries);
    std::vector<std::string> seen;
    for (const AuditEntry& entry : *entries) {
        seen.push_back(entry.subject + " " + entry.what);
        EXPECT_EQ(entry.actor, "test");
        EXPECT_THAT(entry.detail, Not(HasSubstr("DOE")));
    }
    const std::string it = "arrival:" + std::to_string(id) + " arrival.";
    EXPECT_THAT(seen, ElementsAre(it + "taken", "arrival:" + std::to_string(copy) + " arrival.duplicate",
                                  it + "recorded", it + "retried", it + "quarantined", it + "released",
                                  it + "quarantined", it + "discarded", " intake.drain"));
    EXPECT_THAT(entries->at(2).detail, HasSubstr(R"("attempt":1,"fault":"corrupt")"));
    EXPECT_THAT(entries->at(3).detail, HasSubstr(R"("attempt":2)"));
}

TEST(ArrivalStates, HaveNamesThatReadBack)
{
    for (const auto state : {ArrivalState::taken, ArrivalState::recorded, ArrivalState::duplicate,
                             ArrivalState::quarantined, ArrivalState::discarded})
        EXPECT_EQ(arrival_state_from(to_string(state)), state);
    EXPECT_FALSE(arrival_state_from("lost"));
}

}  // namespace
}  // namespace chartlift::store
