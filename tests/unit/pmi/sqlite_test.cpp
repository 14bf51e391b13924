// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sqlite.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "tests/unit/pmi/scratch.h"

namespace chartlift::store {
namespace {

class Sqlite : public Scratch {};

TEST_F(Sqlite, BindsAndReadsEveryKind)
{
    auto database = Database::open(folder / "a.sqlite");
    ASSERT_TRUE(database) << database.error().message();
    ASSERT_TRUE(database->execute("CREATE TABLE t(i, r, s, n)"));
    auto insert = database->prepare("INSERT INTO t VALUES(?, ?, ?, ?)");
    ASSERT_TRUE(insert);
    const std::string with_zero("a\0b", 3);
    ASSERT_TRUE(insert->bind(1, 9'000'000'000).bind(2, 0.5).bind(3, with_zero).bind(4, std::nullopt).run());
    ASSERT_TRUE(insert->bind(1, true).bind(2, std::optional<double>()).bind(3, std::string_view()).bind(4, "x").run());
    EXPECT_EQ(database->last_insert_id(), 2);
    EXPECT_EQ(database->changed_rows(), 1);
    auto query = database->prepare("SELECT * FROM t ORDER BY rowid");
    ASSERT_TRUE(query);
    auto row = query->step();
    ASSERT_TRUE(row && *row);
    EXPECT_EQ(query->integer(0), 9'000'000'000);
    EXPECT_EQ(query->real(1), 0.5);
    EXPECT_EQ(query->text(2), with_zero);
    EXPECT_TRUE(query->is_null(3));
    row = query->step();
    ASSERT_TRUE(row && *row);
    EXPECT_TRUE(query->is_null(1));
    EXPECT_FALSE(query->is_null(2));
    EXPECT_EQ(query->text(2), "");
    row = query->step();
    ASSERT_TRUE(row);
    EXPECT_FALSE(*row);
}

TEST_F(Sqlite, SettingsHold)
{
    auto database = Database::open(folder / "a.sqlite");
    ASSERT_TRUE(database);
    const auto value = [&](const char* pragma) {
        auto query = database->prepare(pragma);
        EXPECT_TRUE(query);
        EXPECT_TRUE(query->step());
        return query->text(0);
    };
    EXPECT_EQ(value("PRAGMA journal_mode"), "wal");
    EXPECT_EQ(value("PRAGMA foreign_keys"), "1");
    EXPECT_EQ(value("PRAGMA synchronous"), "2");
    EXPECT_EQ(value("PRAGMA busy_timeout"), "10000");
}

TEST_F(Sqlite, ATransactionLeftIsRolledBack)
{
    auto database = Database::open(folder / "a.sqlite");
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->execute("CREATE TABLE t(i)"));
    {
        auto transaction = Transaction::begin_immediate(*database);
        ASSERT_TRUE(transaction);
        ASSERT_TRUE(database->execute("INSERT INTO t VALUES(1)"));
    }
    {
        auto transaction = Transaction::begin_immediate(*database);
        ASSERT_TRUE(transaction);
        ASSERT_TRUE(database->execute("INSERT INTO t VALUES(2)"));
        ASSERT_TRUE(transaction->commit());
        EXPECT_FALSE(transaction->commit());
    }
    auto query = database->prepare("SELECT group_concat(i) FROM t");
    ASSERT_TRUE(query && query->step());
    EXPECT_EQ(query->text(0), "2");
}

TEST_F(Sqlite, FaultsNameTheirKindAndHoldNoValue)
{
    const auto garbage = Database::open(file("garbage.sqlite", std::string(5000, 'x')));
    ASSERT_FALSE(garbage);
    EXPECT_EQ(garbage.error().kind, FaultKind::store);
    const auto missing = Database::open(folder / "none" / "a.sqlite");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, FaultKind::store);
    const auto absent = Database::open(folder / "absent.sqlite", OpenMode::read_only);
    ASSERT_FALSE(absent);
    EXPECT_EQ(absent.error().kind, FaultKind::store);

    auto database = Database::open(folder / "a.sqlite");
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->execute("CREATE TABLE t(name TEXT PRIMARY KEY)"));
    EXPECT_EQ(database->prepare("SELEC 1").error().kind, FaultKind::internal);
    auto insert = database->prepare("INSERT INTO t VALUES(?)");
    ASSERT_TRUE(insert);
    ASSERT_TRUE(insert->bind(1, "Doe").run());
    const auto again = insert->bind(1, "Doe").run();
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().kind, FaultKind::store);
    EXPECT_EQ(again.error().message().find("Doe"), std::string::npos);
    const auto outside = insert->bind(2, "Doe").run();
    ASSERT_FALSE(outside);
    EXPECT_EQ(outside.error().kind, FaultKind::internal);
    EXPECT_TRUE(insert->bind(1, "Roe").run()) << "a fault of the last binding is over";
}

TEST_F(Sqlite, ALockedDatabaseIsAStoreFault)
{
    auto one = Database::open(folder / "a.sqlite");
    auto other = Database::open(folder / "a.sqlite");
    ASSERT_TRUE(one && other);
    ASSERT_TRUE(other->execute("PRAGMA busy_timeout = 20"));
    auto held = Transaction::begin_immediate(*one);
    ASSERT_TRUE(held);
    const auto refused = Transaction::begin_immediate(*other);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, FaultKind::store);
}

TEST_F(Sqlite, AFullDatabaseIsADiskFullFault)
{
    auto database = Database::open(folder / "a.sqlite");
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->execute("CREATE TABLE t(s); PRAGMA max_page_count = 5"));
    const auto full = database->execute("INSERT INTO t VALUES(zeroblob(1000000))");
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().kind, FaultKind::disk_full);
}

}  // namespace
}  // namespace chartlift::store
