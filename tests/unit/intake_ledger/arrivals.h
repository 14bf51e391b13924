// SPDX-License-Identifier: GPL-3.0-or-later
/// A ledger in a folder of a test's own, and arrivals to put into it. Thread-safety: one thread.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "store/files.h"
#include "store/sqlite_intake_ledger.h"
#include "tests/support/temporary_folder.h"

namespace chartlift::store {

inline NewArrival arrival_of(const std::string& inbox, const std::string& name, const std::string& content,
                             std::uint64_t inode = 1)
{
    NewArrival arrival;
    arrival.inbox = inbox;
    arrival.batch_class = "charts";
    arrival.name = name;
    arrival.batch_id = "batch-" + content;
    arrival.files = {{name, {7, inode, 100, 1'700'000'000'000'000'001}, "sha-" + content, 100, false}};
    return arrival;
}

inline const Fault kDamaged{FaultKind::corrupt, "decode", "the file ends after 12 of 40 bytes", "in/DOE_JANE.tif"};

class Ledger : public ::testing::Test {
protected:
    std::unique_ptr<IntakeLedger> open(Files& through, std::chrono::milliseconds patience = kLedgerPatience) const
    {
        auto opened = open_sqlite_intake_ledger(path(), {{"test"}, &through}, patience);
        EXPECT_TRUE(opened) << (opened ? "" : opened.error().message());
        return opened ? std::move(*opened) : nullptr;
    }
    std::filesystem::path path() const { return folder.path() / "catalog.sqlite"; }

    /// Takes one arrival with an inode of its own; 0 if it could not be taken.
    std::int64_t take(const std::string& inbox, const std::string& name, const std::string& content)
    {
        const NewArrival arrival = arrival_of(inbox, name, content, ++last_inode);
        const auto taken = ledger->take({&arrival, 1});
        EXPECT_TRUE(taken);
        return taken ? taken->front().id : 0;
    }
    Arrival arrival(std::int64_t id)
    {
        auto found = ledger->find(id);
        EXPECT_TRUE(found && *found);
        return found && *found ? **found : Arrival{};
    }
    ArrivalState state(std::int64_t id) { return arrival(id).state; }
    std::int64_t quarantined(const std::string& content)
    {
        const std::int64_t id = take("in", content + ".tif", content);
        EXPECT_TRUE(ledger->finish(id, ArrivalState::quarantined, kDamaged));
        return id;
    }

    test::TemporaryFolder folder;
    PosixFiles files;
    std::uint64_t last_inode = 0;
    std::unique_ptr<IntakeLedger> ledger = open(files);
};

}  // namespace chartlift::store
