// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdlib>

#include "apps/intake_commands.h"
#include "tests/unit/intake_ledger/arrivals.h"

namespace chartlift::store {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class IntakeCommands : public Ledger {
protected:
    /// The exit code of "chartlift ARGUMENTS... --out FOLDER"; what it prints is in `printed`.
    int call(std::vector<std::string> arguments)
    {
        CLI::App app;
        app.require_subcommand(1);
        int code = 0;
        add_intake_commands(app, code);
        arguments.insert(arguments.end(), {"--out", folder.path().string()});
        std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
        testing::internal::CaptureStdout();
        testing::internal::CaptureStderr();
        try {
            app.parse(arguments);
        } catch (const CLI::ParseError& error) {
            code = 2;
            printed_error = error.what();
        }
        printed = testing::internal::GetCapturedStdout();
        printed_error += testing::internal::GetCapturedStderr();
        return code;
    }

    std::string printed;
    std::string printed_error;
};

const std::chrono::system_clock::time_point kNoon =
    std::chrono::sys_days(std::chrono::January / 1 / 2026) + std::chrono::hours(12);

InboxDepth depth_of(const std::string& inbox, std::int64_t waiting, std::chrono::seconds age)
{
    InboxDepth depth;
    depth.inbox = inbox;
    depth.waiting = waiting;
    if (waiting > 0) depth.oldest_waiting_since = std::chrono::floor<std::chrono::milliseconds>(kNoon - age);
    return depth;
}

TEST(IntakeStatusText, TellsHowLongTheOldestWaits)
{
    using namespace std::chrono_literals;
    const auto text = [](std::chrono::seconds age) {
        return intake_status_text({depth_of("in", 3, age)}, false, kNoon);
    };
    EXPECT_THAT(text(119s), HasSubstr(" 119 s "));
    EXPECT_THAT(text(119min), HasSubstr(" 119 min "));
    EXPECT_THAT(text(47h), HasSubstr(" 47 h "));
    EXPECT_THAT(text(72h), HasSubstr(" 3 d "));
    EXPECT_THAT(text(-5h), HasSubstr(" 0 s ")) << "the clock was set back";
    EXPECT_THAT(intake_status_text({depth_of("in", 0, 0s)}, false, kNoon), HasSubstr(" - "));
}

TEST(IntakeStatusText, SumsTheInboxesAndSaysWhatNeedsAPerson)
{
    using namespace std::chrono_literals;
    Depths depths{depth_of("north", 3, 10s), depth_of("south\n", 4, 20s)};
    depths[1].quarantined = 2;
    const std::string text = intake_status_text(depths, true, kNoon);
    EXPECT_THAT(text, AllOf(HasSubstr("north"), HasSubstr("all                          7     20 s"),
                            HasSubstr("2 in quarantine"), HasSubstr("draining"), HasSubstr("south\\x0a")));
}

TEST_F(IntakeCommands, ListsTheQuarantineWithNamesMadeSafe)
{
    EXPECT_EQ(quarantine_text(*ledger).value(), "nothing is in quarantine\n");
    const auto id = take("in", "\x1b[2J\nDOE\xff.tif", "x");
    ASSERT_TRUE(ledger->finish(id, ArrivalState::quarantined, kDamaged));
    EXPECT_THAT(quarantine_text(*ledger).value(),
                AllOf(HasSubstr("\\x1b[2J\\x0aDOE\\xff.tif"), HasSubstr("corrupt: the file ends after"),
                      HasSubstr("attempt 1")));
}

TEST_F(IntakeCommands, ShowsAllOfAnArrivalAndWhatToDo)
{
    const auto id = quarantined("x");
    EXPECT_THAT(arrival_text(*ledger, id, "/var/out").value(),
                AllOf(HasSubstr("/var/out/quarantine/" + std::to_string(id) + "/x.tif"), HasSubstr("sha256 sha-x"),
                      HasSubstr("scan the sheet again"), HasSubstr("quarantine discard " + std::to_string(id)),
                      HasSubstr("in/DOE_JANE.tif"), HasSubstr("quarantined, since 20")));
    const auto copy = take("in", "copy.tif", "x");
    EXPECT_THAT(arrival_text(*ledger, copy, "/var/out").value(),
                AllOf(HasSubstr("duplicate of " + std::to_string(id)), Not(HasSubstr("what to do"))));
    EXPECT_EQ(arrival_text(*ledger, 1000, "/var/out").error().kind, FaultKind::config);
}

TEST_F(IntakeCommands, OneRefusalKeepsNoOtherFromBeingDone)
{
    const auto a = quarantined("a");
    const auto b = quarantined("b");
    const std::array ids{a, std::int64_t{1000}, b};
    const Done done = for_each_arrival(*ledger, ids, &IntakeLedger::release);
    EXPECT_THAT(done.ids, ElementsAre(a, b));
    EXPECT_THAT(done.refused, SizeIs(1));
}

TEST_F(IntakeCommands, RetriesAllThatHasAFaultAndNothingElse)
{
    const auto bad = quarantined("bad");
    const auto partly = take("in", "partly", "partly");
    ASSERT_TRUE(ledger->finish(partly, ArrivalState::recorded, kDamaged));
    const auto fine = take("in", "fine", "fine");
    ASSERT_TRUE(ledger->finish(fine, ArrivalState::recorded, std::nullopt));
    const Done done = retry_all(*ledger);
    EXPECT_THAT(done.ids, ElementsAre(bad, partly));
    EXPECT_EQ(state(fine), ArrivalState::recorded);
}

TEST_F(IntakeCommands, WaitsForADrainUntilNothingWaitsOrItIsStopped)
{
    using namespace std::chrono_literals;
    const auto a = take("in", "a", "a");
    const auto b = take("in", "b", "b");
    std::vector<std::string> said;
    std::stop_source stop;
    const auto finish_one_more = [&](const std::string& line) {
        said.push_back(line);
        EXPECT_TRUE(ledger->finish(said.size() == 1 ? a : b, ArrivalState::recorded, std::nullopt));
    };
    EXPECT_TRUE(wait_until_drained(*ledger, stop.get_token(), 1ms, finish_one_more).value());
    EXPECT_THAT(said, ElementsAre("2 waiting", "1 waiting", "drained"));

    take("in", "c", "c");
    const auto stopped =
        wait_until_drained(*ledger, stop.get_token(), 1h, [&](const std::string&) { stop.request_stop(); });
    EXPECT_FALSE(stopped.value());
}

TEST_F(IntakeCommands, ExitCodesSayWhatHappened)
{
    const auto bad = std::to_string(quarantined("bad"));
    EXPECT_EQ(call({"quarantine", "list"}), 0) << printed_error;
    EXPECT_THAT(printed, HasSubstr("bad.tif"));
    EXPECT_EQ(call({"quarantine", "show", bad}), 0);
    EXPECT_EQ(call({"quarantine", "release", bad}), 0);
    EXPECT_THAT(printed, HasSubstr("is in the queue again"));
    EXPECT_EQ(call({"quarantine", "discard", bad}), 2);
    EXPECT_THAT(printed_error, HasSubstr("only a quarantined one"));
    EXPECT_EQ(call({"retry"}), 2);
    EXPECT_EQ(call({"retry", "--all"}), 0);
    EXPECT_THAT(printed, HasSubstr("nothing to retry"));
    EXPECT_EQ(call({"drain"}), 0);
    EXPECT_TRUE(ledger->drain_requested().value());
    EXPECT_EQ(call({"drain", "--cancel"}), 0);
    EXPECT_FALSE(ledger->drain_requested().value());
}

TEST_F(IntakeCommands, StatusShowsTheQueueThoughTheServiceIsDown)
{
    take("north", "a", "a");
    const auto site = folder.file("site.toml", "[service]\nport = 1\n");
    EXPECT_EQ(call({"status", "--config", site.string()}), 4) << printed_error;
    EXPECT_THAT(printed, AllOf(HasSubstr("chartlift is not running"), HasSubstr("north")));
}

TEST_F(IntakeCommands, NeedACatalogOfTheirOwnAccount)
{
    EXPECT_EQ(call({"quarantine", "list", "--out", "/nonexistent"}), 2);
    ledger.reset();
    std::filesystem::rename(path(), folder.path() / "away.sqlite");
    EXPECT_EQ(call({"quarantine", "list"}), 2);
    EXPECT_THAT(printed_error, HasSubstr("there is no catalog"));
    EXPECT_FALSE(std::filesystem::exists(path())) << "none is made by looking";
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
    std::filesystem::rename(folder.path() / "away.sqlite", path());
    ASSERT_EQ(::chown(path().c_str(), 12345, 12345), 0);
    EXPECT_EQ(call({"quarantine", "list"}), 2);
    EXPECT_THAT(printed_error, HasSubstr("belongs to user 12345"));
}

}  // namespace
}  // namespace chartlift::store
