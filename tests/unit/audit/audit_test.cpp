// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "store/audit_verify.h"
#include "store/migrations.h"
#include "store/sqlite_catalog.h"
#include "tests/support/failing_files.h"
#include "tests/support/temporary_folder.h"

namespace chartlift::store {
namespace {

using test::read_all;
using test::TemporaryFolder;
using testing::HasSubstr;

/// A log of its own, and the means of whoever would falsify it.
class Audit : public testing::Test {
protected:
    TemporaryFolder folder;
    std::filesystem::path catalog = folder.path() / "catalog.sqlite";
    AuditFiles places = AuditFiles::beside(catalog);
    PosixFiles files;
    Database database = opened();

    Database opened()
    {
        auto made = Database::open(catalog);
        EXPECT_TRUE(made && migrate(*made));
        EXPECT_TRUE(
            made->execute("PRAGMA synchronous=OFF"));  // hundreds of commits, of which none need outlive the test
        return std::move(*made);
    }
    AuditTrail trail() { return {catalog, Actor{"test"}, files}; }

    void add(AuditTrail& to, Database& over, int count, int each = 1)
    {
        for (int i = 0; i < count; ++i) {
            auto transaction = Transaction::begin_immediate(over);
            ASSERT_TRUE(transaction);
            std::vector<AuditEvent> events;
            for (int k = 0; k < each; ++k) events.push_back({"thing.done", "id-" + std::to_string(k), R"({"n":1})"});
            const auto done = to.commit(over, *transaction, events);
            ASSERT_TRUE(done) << done.error().message();
        }
    }
    void add(int count)
    {
        AuditTrail to = trail();
        add(to, database, count);
    }
    void sql(const std::string& text)
    {
        const auto done = database.execute(
            "DROP TRIGGER IF EXISTS audit_entry_is_not_changed; DROP TRIGGER IF EXISTS audit_entry_is_not_removed;" +
            text);
        ASSERT_TRUE(done) << done.error().message();
    }

    AuditReport verified(std::vector<std::filesystem::path> checkpoints = {})
    {
        auto report = verify_audit({catalog, places.verify_key, std::move(checkpoints)});
        EXPECT_TRUE(report) << report.error().message();
        return report ? *report : AuditReport{};
    }
    void expect_sound(const std::vector<std::filesystem::path>& checkpoints = {})
    {
        for (const AuditOffence& offence : verified(checkpoints).offences) ADD_FAILURE() << offence.text;
    }
    void expect_first(AuditOffenceKind kind, std::optional<std::uint64_t> seq,
                      const std::vector<std::filesystem::path>& checkpoints = {})
    {
        const AuditReport report = verified(checkpoints);
        ASSERT_FALSE(report.sound());
        const AuditOffence& first = report.offences.front();
        EXPECT_EQ(static_cast<int>(first.kind), static_cast<int>(kind)) << first.text;
        EXPECT_EQ(first.seq, seq) << first.text;
    }

    /// As a falsifier who knows how the log is made would: leaf hashes, nodes and root anew, over what now stands
    /// there.
    void rebuild(const std::optional<SigningKey>& key)
    {
        sql("DELETE FROM audit_node");
        GrowingTree tree;
        std::vector<AuditEntry> entries = *find_entries(database, {"", "", 1'000'000});
        for (const AuditEntry& entry : entries) {
            const TreeHash leaf = hash_of_leaf(leaf_of(entry));
            sql("UPDATE audit_entry SET leaf_hash = x'" + to_hex(leaf) + "' WHERE seq = " + std::to_string(entry.seq));
            ASSERT_TRUE(tree.append(leaf, [&](const TreeNode& node, const TreeHash& hash) -> Result<void> {
                return database.execute("INSERT INTO audit_node VALUES (" + std::to_string(node.level) + "," +
                                        std::to_string(node.ordinal) + ",x'" + to_hex(hash) + "')");
            }));
        }
        SignedNote head = **read_head(database);
        const Checkpoint forged{tree.size(), tree.root(), head.checkpoint.at};
        std::string note;
        if (key) {
            note = *signed_note(forged, *key);
        } else {
            // Without a key: the new root over the old signature.
            const SigningKey other = *SigningKey::generate();
            const std::string text = *signed_note(forged, other);
            const std::string origin = text.substr(0, text.find('\n'));
            note = head.key_name + text.substr(origin.size(), text.find("\n\n") - origin.size()) +
                   head.text.substr(head.text.find("\n\n"));
        }
        sql("UPDATE audit_head SET note = '" + note + "'");
    }
};

TEST_F(Audit, ASoundLogIsSoundAtEverySize)
{
    AuditTrail to = trail();
    for (int size = 1; size <= 33; ++size) {
        add(to, database, 1);
        const AuditReport report = verified({places.checkpoints});
        EXPECT_TRUE(report.sound()) << size << ": " << report.offences.front().text;
        EXPECT_EQ(report.entries, static_cast<std::uint64_t>(size));
        EXPECT_EQ(report.checkpoints, 1U) << "the first entry is pinned at once";
    }
}

TEST_F(Audit, AnAlteredColumnIsFound)
{
    add(13);
    for (const std::string column : {"at", "actor", "what", "subject", "detail"}) {
        sql("UPDATE audit_entry SET " + column + " = " + column + " || 'x' WHERE seq = 6");
        expect_first(AuditOffenceKind::altered, 6);
        sql("UPDATE audit_entry SET " + column + " = rtrim(" + column + ", 'x') WHERE seq = 6");
        expect_sound();
    }
    sql("UPDATE audit_entry SET leaf_hash = zeroblob(32) WHERE seq = 4");
    expect_first(AuditOffenceKind::altered, 4);
}

TEST_F(Audit, TextMovedFromOneColumnToTheNextIsFound)
{
    add(3);
    sql("UPDATE audit_entry SET what = what || substr(subject, 1, 1), subject = substr(subject, 2) WHERE seq = 1");
    expect_first(AuditOffenceKind::altered, 1);
}

TEST_F(Audit, AnEntryAlteredWithItsOwnHashIsPinnedToAPair)
{
    add(13);
    sql("UPDATE audit_entry SET detail = '{}' WHERE seq = 7");
    AuditEntry entry = find_entries(database, {"", "", 100})->at(7);
    sql("UPDATE audit_entry SET leaf_hash = x'" + to_hex(hash_of_leaf(leaf_of(entry))) + "' WHERE seq = 7");
    expect_first(AuditOffenceKind::altered, 6);
    EXPECT_THAT(verified().offences.front().text, HasSubstr("entries 6 to 7"));
}

TEST_F(Audit, ADroppedEntryIsFound)
{
    add(13);
    sql("DELETE FROM audit_entry WHERE seq = 5");
    expect_first(AuditOffenceKind::missing, 5);
    // With the gap closed, the entries after it stand under wrong numbers.
    sql("UPDATE audit_entry SET seq = seq - 1 WHERE seq > 5");
    expect_first(AuditOffenceKind::missing, 5);
    EXPECT_THAT(verified().offences.front().text, HasSubstr("entry 6 stands in its place"));
}

TEST_F(Audit, ADroppedTailIsFoundByTheHead)
{
    add(13);
    sql("DELETE FROM audit_entry WHERE seq >= 11");
    expect_first(AuditOffenceKind::missing, 11);
    sql("DELETE FROM audit_entry");
    expect_first(AuditOffenceKind::missing, 0);
}

TEST_F(Audit, ALogPutBackToAnEarlierStateIsFoundByACheckpointKeptElsewhere)
{
    add(5);
    std::filesystem::copy_file(catalog, folder.path() / "earlier.sqlite");
    {
        // The copy must hold all: what is in the write-ahead log is brought into the file first.
        ASSERT_TRUE(database.execute("PRAGMA wal_checkpoint(TRUNCATE)"));
        std::filesystem::copy_file(catalog, folder.path() / "earlier.sqlite",
                                   std::filesystem::copy_options::overwrite_existing);
    }
    add(4);
    AuditTrail to = trail();
    ASSERT_TRUE(to.write_checkpoint(database));
    const auto earlier = folder.path() / "earlier.sqlite";
    const auto alone = verify_audit({earlier, places.verify_key, {}});
    ASSERT_TRUE(alone);
    EXPECT_TRUE(alone->sound()) << "nothing in the copy itself can tell";
    const auto pinned = verify_audit({earlier, places.verify_key, {places.checkpoints}});
    ASSERT_TRUE(pinned);
    ASSERT_FALSE(pinned->sound());
    EXPECT_EQ(static_cast<int>(pinned->offences.front().kind), static_cast<int>(AuditOffenceKind::truncated));
}

TEST_F(Audit, SwappedEntriesAreFound)
{
    add(13);
    sql("UPDATE audit_entry SET seq = -1 WHERE seq = 3; UPDATE audit_entry SET seq = 3 WHERE seq = 9;"
        "UPDATE audit_entry SET seq = 9 WHERE seq = -1");
    expect_first(AuditOffenceKind::reordered, 3);
    EXPECT_THAT(verified().offences.front().text, HasSubstr("entry 3 stands at 9"));
}

TEST_F(Audit, EntriesRenumberedWithTheTreeMadeAnewFailBySignature)
{
    add(13);
    sql("DELETE FROM audit_entry WHERE seq = 5; UPDATE audit_entry SET seq = seq - 1 WHERE seq > 5");
    rebuild(std::nullopt);
    expect_first(AuditOffenceKind::signature, std::nullopt);
}

TEST_F(Audit, EntriesMadeAnewWithAnotherKeyFailByTheKey)
{
    add(13);
    sql("UPDATE audit_entry SET actor = 'someone else' WHERE seq = 5");
    rebuild(*SigningKey::generate());
    expect_first(AuditOffenceKind::key, std::nullopt);
}

TEST_F(Audit, WhoeverHasTheKeyIsStillHeldToACheckpointKeptElsewhere)
{
    add(8);
    AuditTrail to = trail();
    ASSERT_TRUE(to.write_checkpoint(database));
    add(5);
    sql("UPDATE audit_entry SET actor = 'someone else' WHERE seq = 5");
    rebuild(*SigningKey::read(places.signing_key));
    expect_sound();
    expect_first(AuditOffenceKind::history, 1, {places.checkpoints});
    EXPECT_THAT(verified({places.checkpoints}).offences.front().text, HasSubstr("entries 1 to 7"));
}

TEST_F(Audit, AnEntryAddedWithoutASignatureIsFound)
{
    add(3);
    sql("INSERT INTO audit_entry SELECT 3, at, actor, what, subject, detail, leaf_hash FROM audit_entry WHERE seq = 2");
    const AuditReport report = verified();
    ASSERT_FALSE(report.sound());
    sql("UPDATE audit_entry SET leaf_hash = x'" +
        to_hex(hash_of_leaf(leaf_of(find_entries(database, {"", "", 1})->front()))) + "' WHERE seq = 3");
    expect_first(AuditOffenceKind::not_signed, 3);
    sql("DELETE FROM audit_head");
    expect_first(AuditOffenceKind::not_signed, 0);
}

TEST_F(Audit, AChangedNodeIsFoundAndNothingIsSignedOnTopOfIt)
{
    add(12);
    sql("UPDATE audit_node SET hash = zeroblob(32) WHERE level = 2 AND ordinal = 2");
    expect_first(AuditOffenceKind::tree, 8);
    auto transaction = Transaction::begin_immediate(database);
    ASSERT_TRUE(transaction);
    AuditTrail to = trail();
    const auto refused = to.append(database, {{"thing.done", "x", "{}"}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, FaultKind::store);
    EXPECT_THAT(refused.error().what, HasSubstr("audit verify"));
}

TEST_F(Audit, NodesThatAreMissingOrTooManyAreFound)
{
    add(12);
    sql("INSERT INTO audit_node VALUES (1, 6, zeroblob(32))");
    expect_first(AuditOffenceKind::tree, std::nullopt);
    sql("DELETE FROM audit_node WHERE level = 1 AND ordinal IN (2, 6)");
    expect_first(AuditOffenceKind::tree, 4);
}

TEST_F(Audit, EntriesCannotBeChangedOrRemovedByMistake)
{
    add(2);
    EXPECT_FALSE(database.execute("UPDATE audit_entry SET actor = 'x'"));
    EXPECT_FALSE(database.execute("DELETE FROM audit_entry"));
    expect_sound();
}

TEST_F(Audit, ATransactionRolledBackLeavesNoEntry)
{
    add(3);
    AuditTrail to = trail();
    {
        auto transaction = Transaction::begin_immediate(database);
        ASSERT_TRUE(transaction);
        ASSERT_TRUE(to.append(database, {{"thing.done", "lost", "{}"}}));
    }
    EXPECT_EQ(verified().entries, 3U);
    add(to, database, 1);
    EXPECT_EQ(verified().entries, 4U);
    expect_sound();
}

TEST_F(Audit, TwoConnectionsAppendInTurn)
{
    Database other = opened();
    AuditTrail here = trail();
    AuditTrail there = trail();
    for (int i = 0; i < 7; ++i) {
        add(here, database, 1, i + 1);
        add(there, other, 2, 3);
    }
    EXPECT_EQ(verified().entries, 28U + 42U);
    expect_sound({places.checkpoints});
}

TEST_F(Audit, CheckpointsAreWrittenAsTheLogGrowsAndACutTailIsLeftOut)
{
    AuditTrail to = trail();
    add(to, database, 1);
    add(to, database, 3, static_cast<int>(AuditTrail::kCheckpointEvery));
    EXPECT_EQ(parse_checkpoints(read_all(places.checkpoints)).notes.size(), 4U);
    expect_sound({places.checkpoints});

    const std::string whole = read_all(places.checkpoints);
    for (const std::size_t cut : {1U, 30U, 100U, 150U}) {
        folder.file("audit/checkpoints", whole.substr(0, whole.size() - cut));
        const AuditReport report = verified({places.checkpoints});
        EXPECT_TRUE(report.sound()) << report.offences.front().text;
        EXPECT_EQ(report.checkpoints, 3U);
        EXPECT_EQ(report.cut_short, 1U);
    }
    AuditTrail after = trail();
    ASSERT_TRUE(after.write_checkpoint(database));
    EXPECT_EQ(read_all(places.checkpoints), whole) << "the whole note takes the place of its beginning";

    std::string damaged = whole;
    damaged[whole.find('\n') + 1] = 'x';
    folder.file("audit/checkpoints", damaged);
    expect_first(AuditOffenceKind::checkpoint, std::nullopt, {places.checkpoints});
    std::string forged = whole;
    forged[whole.find("Z\n\n") - 1] = forged[whole.find("Z\n\n") - 1] == '1' ? '2' : '1';
    folder.file("audit/checkpoints", forged);
    expect_first(AuditOffenceKind::signature, std::nullopt, {places.checkpoints});
}

TEST_F(Audit, ACopyIsVerifiedWithoutTheSigningKeyAndWithoutTouchingIt)
{
    add(9);
    ASSERT_TRUE(database.execute("PRAGMA wal_checkpoint(TRUNCATE)"));
    const auto copy = folder.path() / "copy of #1?%41";
    std::filesystem::create_directories(copy);
    std::filesystem::copy_file(catalog, copy / "catalog.sqlite");
    std::filesystem::copy_file(places.verify_key, copy / "verify_key.pem");
    std::filesystem::permissions(copy, std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
    const auto report = verify_audit({copy / "catalog.sqlite", copy / "verify_key.pem", {}});
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_TRUE(report->sound());
    EXPECT_EQ(report->entries, 9U);
    const auto found = std::distance(std::filesystem::directory_iterator(copy), std::filesystem::directory_iterator());
    EXPECT_EQ(found, 2) << "nothing was written beside it";
    std::filesystem::permissions(copy, std::filesystem::perms::owner_all);
}

TEST_F(Audit, TheSigningKeyIsItsOwnersAloneAndIsNeverMadeAgain)
{
    add(1);
    struct stat status {};
    ASSERT_EQ(::stat(places.signing_key.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    std::filesystem::remove(places.verify_key);
    add(1);
    EXPECT_TRUE(std::filesystem::exists(places.verify_key)) << "made again from the signing key";
    std::filesystem::remove(places.signing_key);
    auto transaction = Transaction::begin_immediate(database);
    AuditTrail to = trail();
    const auto refused = to.append(database, {{"thing.done", "x", "{}"}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, FaultKind::config);
    EXPECT_FALSE(std::filesystem::exists(places.signing_key));
}

TEST_F(Audit, ADiskThatFillsUpAtAnyStepLeavesASoundLog)
{
    bool had_room = false;
    for (int steps = 0; !had_room; ++steps) {
        const TemporaryFolder place;
        const auto path = place.path() / "catalog.sqlite";
        test::FailingFiles failing;
        auto over = Database::open(path, OpenMode::read_write_create, &failing);
        ASSERT_TRUE(over && migrate(*over));
        failing.operations_left = steps;
        AuditTrail to(path, Actor{"test"}, failing);
        const auto attempt = [&] {
            auto transaction = Transaction::begin_immediate(*over);
            return to.commit(*over, *transaction, {{"thing.done", "x", "{}"}});
        };
        const bool first = attempt().has_value();
        had_room = failing.operations_left >= 0;
        failing.operations_left = INT64_MAX;
        ASSERT_TRUE(attempt());
        const auto report =
            verify_audit({path, AuditFiles::beside(path).verify_key, {AuditFiles::beside(path).checkpoints}});
        ASSERT_TRUE(report) << report.error().message();
        EXPECT_TRUE(report->sound());
        EXPECT_EQ(report->entries, first ? 2U : 1U);
        EXPECT_GE(report->checkpoints, 1U);
    }
}

TEST_F(Audit, AClockThatStepsBackBreaksNothing)
{
    add(2);
    // What a clock one year ahead would have left behind.
    sql("UPDATE audit_entry SET at = '2999-01-01T00:00:00.000Z' WHERE seq = 1");
    rebuild(*SigningKey::read(places.signing_key));
    add(2);
    expect_sound();
}

TEST_F(Audit, AProofHoldsForASceptic)
{
    add(21);
    const auto text = proof_json(database, 13);
    ASSERT_TRUE(text) << text.error().message();
    const auto json = nlohmann::json::parse(*text);
    const auto note = parse_note(json.at("checkpoint").get<std::string>());
    ASSERT_TRUE(note);
    EXPECT_EQ(check_note(*note, *VerifyKey::read(places.verify_key)), NoteCheck::sound);
    TreeProof path;
    for (const auto& hex : json.at("path")) {
        TreeHash hash{};
        for (std::size_t i = 0; i < hash.size(); ++i)
            hash.at(i) = static_cast<unsigned char>(std::stoi(hex.get<std::string>().substr(2 * i, 2), nullptr, 16));
        path.push_back(hash);
    }
    const TreeHash leaf = hash_of_leaf(json.at("leaf").get<std::string>());
    EXPECT_TRUE(inclusion_holds(leaf, 13, note->checkpoint.size, path, note->checkpoint.root));
    EXPECT_FALSE(proof_json(database, 21));
}

TEST_F(Audit, EntriesAreFoundBySubjectAndTime)
{
    add(5);
    EXPECT_EQ(find_entries(database, {"id-0", "", 3})->back().seq, 4U);
    EXPECT_EQ(find_entries(database, {"id-0", "", 3})->size(), 3U);
    EXPECT_TRUE(find_entries(database, {"id-9", "", 3})->empty());
    EXPECT_EQ(find_entries(database, {"", "2020-01-01", 100})->size(), 5U);
    EXPECT_TRUE(find_entries(database, {"", "9", 100})->empty());
}

TEST(AuditLeaf, ReadsInOneWayOnly)
{
    EXPECT_EQ(leaf_of({7, "t", "a", "w", "", "{}"}), "23:chartlift audit entry 1,1:7,1:t,1:a,1:w,0:,2:{},");
    EXPECT_NE(leaf_of({7, "t", "a", "w1:,", "x", ""}), leaf_of({7, "t", "a", "w", "1:,x", ""}));
}

TEST(AuditActor, NamesTheCommandAndTheAccount)
{
    EXPECT_EQ(actor_of("run").name.substr(0, 4), "run:");
    EXPECT_GT(actor_of("run").name.size(), 4U);
}

}  // namespace
}  // namespace chartlift::store
