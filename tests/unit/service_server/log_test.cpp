// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

#include "core/document.h"
#include "tests/support/temporary_folder.h"

namespace chartlift::service {
namespace {

using nlohmann::json;

class LogTest : public ::testing::Test {
protected:
    LogTest() : path_(folder_.file("log")), descriptor_(::open(path_.c_str(), O_WRONLY | O_APPEND)) {}
    ~LogTest() override { ::close(descriptor_); }
    std::vector<json> lines() const
    {
        std::vector<json> all;
        std::istringstream text(test::read_all(path_));
        for (std::string line; std::getline(text, line);) all.push_back(json::parse(line));
        return all;
    }
    test::TemporaryFolder folder_;
    std::filesystem::path path_;
    int descriptor_;
};

TEST_F(LogTest, WritesOneObjectALineWithTimeLevelAndEvent)
{
    Log log(descriptor_);
    log.write(LogLevel::info, "batch.recorded",
              {{"arrival", 12}, {"seconds", 1.5}, {"resumed", true}, {"how", "copied"}, {"is", PageState::blank}});
    log.write(LogLevel::warning, "disk.nearly_full");
    const auto all = lines();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_TRUE(
        std::regex_match(all[0]["at"].get<std::string>(), std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)")));
    EXPECT_EQ(all[0]["level"], "info");
    EXPECT_EQ(all[0]["event"], "batch.recorded");
    EXPECT_EQ(all[0]["arrival"], 12);
    EXPECT_EQ(all[0]["seconds"], 1.5);
    EXPECT_EQ(all[0]["resumed"], true);
    EXPECT_EQ(all[0]["how"], "copied");
    EXPECT_EQ(all[0]["is"], "blank");
    EXPECT_EQ(all[1]["level"], "warning");
}

TEST_F(LogTest, AFaultIsLoggedWithoutItsFile)
{
    Log log(descriptor_);
    log.write(LogLevel::error, "page.faulted",
              {Fault{FaultKind::corrupt, "decode", "ends early\n\"\xff", "/in/Doe, John.tif"}});
    const auto line = lines().at(0);
    EXPECT_EQ(line["fault"], "decode: corrupt: ends early\n\"\xEF\xBF\xBD");
    EXPECT_EQ(line["kind"], "corrupt");
    EXPECT_EQ(line["where"], "decode");
    EXPECT_EQ(test::read_all(path_).find("Doe"), std::string::npos);
}

TEST_F(LogTest, AnIdThatIsNoneIsNotLogged)
{
    Log log(descriptor_);
    log.write(LogLevel::info, "ids",
              {LogField::id("good", "12af-00"), LogField::id("bad", "John Doe"), LogField::id("empty", ""),
               LogField::id("long", std::string(129, 'a')), LogField::inbox("ward_3-B")});
    log.write(LogLevel::info, "inbox", {LogField::inbox("Doe, John")});
    const auto all = lines();
    EXPECT_EQ(all[0]["good"], "12af-00");
    for (const char* key : {"bad", "empty", "long"}) EXPECT_EQ(all[0][key], "?") << key;
    EXPECT_EQ(all[0]["inbox"], "ward_3-B");
    EXPECT_EQ(all[1]["inbox"], "?");
}

TEST_F(LogTest, ALineThatIsTooLongKeepsItsEvent)
{
    Log log(descriptor_);
    log.write(LogLevel::error, "page.faulted", {Fault{FaultKind::internal, "x", std::string(5'000, '\n')}});
    const auto line = lines().at(0);
    EXPECT_EQ(line["event"], "page.faulted");
    EXPECT_EQ(line["cut"], true);
    EXPECT_LE(test::read_all(path_).size(), 4'096U);
}

TEST_F(LogTest, LinesOfManyThreadsStayWhole)
{
    constexpr int kThreads = 8;
    constexpr int kLines = 200;
    Log log(descriptor_);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < kLines; ++i) log.write(LogLevel::info, "count", {{"n", t * kLines + i}});
        });
    for (auto& thread : threads) thread.join();
    std::set<int> seen;
    for (const auto& line : lines()) seen.insert(line["n"].get<int>());
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(kThreads * kLines));
}

void fills_drops_and_tells(int read_end, int write_end)
{
    Log log(write_end);
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 20'000; ++i) log.write(LogLevel::info, "flood", {{"n", i}});
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5)) << "the service was held up";
    const auto dropped = log.dropped();
    EXPECT_GT(dropped, 1'000U);
    ASSERT_EQ(::fcntl(read_end, F_SETFL, O_NONBLOCK), 0);
    std::string text;
    std::array<char, 65'536> buffer{};
    const auto drain = [&] {
        for (ssize_t n = 0; (n = ::read(read_end, buffer.data(), buffer.size())) > 0;)
            text.append(buffer.data(), static_cast<std::size_t>(n));
    };
    drain();
    log.write(LogLevel::info, "after");
    log.write(LogLevel::info, "later");
    drain();
    std::istringstream all(text);
    std::vector<json> parsed;
    for (std::string line; std::getline(all, line);) parsed.push_back(json::parse(line));
    ASSERT_GE(parsed.size(), 2U);
    EXPECT_EQ(parsed.size() + dropped, 20'002U);
    EXPECT_EQ(parsed[parsed.size() - 2]["dropped"], dropped);
    EXPECT_FALSE(parsed.back().contains("dropped"));
}

TEST(Log, AFullPipeCostsLinesNotTime)
{
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    fills_drops_and_tells(ends[0], ends[1]);
    for (const int end : ends) ::close(end);
}

TEST(Log, AFullSocketCostsLinesNotTime)
{
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    fills_drops_and_tells(ends[0], ends[1]);
    for (const int end : ends) ::close(end);
}

TEST(Log, AReaderThatIsGoneDoesNotEndTheProgram)
{
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    ::close(ends[0]);
    Log log(ends[1]);
    for (int i = 0; i < 3; ++i) log.write(LogLevel::info, "anyone");
    EXPECT_EQ(log.dropped(), 3U);
    ::close(ends[1]);
    Log closed(-1);
    closed.write(LogLevel::info, "anyone");
    EXPECT_EQ(closed.dropped(), 1U);
}

}  // namespace
}  // namespace chartlift::service
