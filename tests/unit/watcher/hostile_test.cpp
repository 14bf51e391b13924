// SPDX-License-Identifier: GPL-3.0-or-later
// What an inbox holds by mistake or malice.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <map>

#include "tests/unit/watcher/watching.h"

namespace chartlift::service {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class HostileInBothModes : public BothModes {};
INSTANTIATE_TEST_SUITE_P(Hostile, HostileInBothModes, ::testing::Values(WatchMode::events, WatchMode::polling),
                         mode_name);

std::map<std::string, RefusalReason> told(Watcher& watcher)
{
    std::map<std::string, RefusalReason> reasons;
    for (const auto& refusal : watcher.take_refusals())
        EXPECT_TRUE(reasons.emplace(refusal.name, refusal.reason).second) << "told twice: " << refusal.name;
    return reasons;
}

void make_socket(const fs::path& path)
{
    const int number = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(number, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::close(number);
}

TEST_P(HostileInBothModes, NamesMayHoldAnyBytes)
{
    const std::vector<std::string> wanted{"--help",     "-rf .tif",     " ",
                                          "a\nb.tif",   "\xFF\xFE.tif", std::string(255, 'x'),
                                          "*?[a]$(id)", "\x1B[31m.pdf", "sub folder\n/\x80.tif",
                                          "%s%n"};
    Watching in(GetParam());
    in.start();
    for (const auto& name : wanted) in.write(name);
    std::vector<std::string> found;
    while (found.size() < wanted.size()) {
        const Ready ready = in.one();
        ASSERT_FALSE(ready.files.empty());
        EXPECT_TRUE(fs::exists(ready.files[0].path));
        found.push_back(ready.name);
    }
    EXPECT_THAT(found, ::testing::UnorderedElementsAreArray(wanted));
}

TEST_P(HostileInBothModes, LinksPipesSocketsAndDevicesAreRefusedOnceAndNeverOpened)
{
    Watching in(GetParam());
    in.inbox.rescan = 50ms;
    std::ofstream(in.outside() / "secret.tif") << "secret";
    fs::create_symlink(in.outside() / "secret.tif", in.path("link.tif"));
    fs::create_directory_symlink(in.outside(), in.path("folder"));
    fs::create_symlink("nowhere", in.path("dangling.tif"));
    ASSERT_EQ(::mkfifo(in.path("pipe.tif").c_str(), 0600), 0);  // opened for reading it would block, or tell a writer
    make_socket(in.path("socket.tif"));
    const bool device = ::mknod(in.path("device.tif").c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0;
    in.start();
    in.write("good.tif");
    EXPECT_EQ(in.one().name, "good.tif") << "one bad entry never blocks the others";
    ASSERT_TRUE(in.nothing_for(4 * kSettle));
    std::map<std::string, RefusalReason> expected{{"link.tif", RefusalReason::symbolic_link},
                                                  {"folder", RefusalReason::symbolic_link},
                                                  {"dangling.tif", RefusalReason::symbolic_link},
                                                  {"pipe.tif", RefusalReason::fifo},
                                                  {"socket.tif", RefusalReason::socket}};
    if (device) expected.emplace("device.tif", RefusalReason::device);
    EXPECT_EQ(told(in()), expected);
    EXPECT_EQ(in().seen().at(0).refused, expected.size());
    // A pipe that anybody had opened for reading could be opened for writing without waiting.
    EXPECT_EQ(::open(in.path("pipe.tif").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC), -1);

    fs::remove(in.path("link.tif"));
    ASSERT_TRUE(in.nothing_for(2 * kSettle));
    fs::create_symlink("again", in.path("link.tif"));
    ASSERT_TRUE(in.nothing_for(2 * kSettle));
    EXPECT_EQ(told(in()).size(), 1U) << "told again, since it appeared again";
}

TEST_P(HostileInBothModes, AFileReplacedByALinkWhileItSettlesIsRefused)
{
    Watching in(GetParam());
    in.start();
    in.write("scan.tif");
    ASSERT_TRUE(in.nothing_for(kSettle / 2));
    std::ofstream(in.outside() / "secret.tif") << "whole";
    fs::remove(in.path("scan.tif"));
    fs::create_symlink(in.outside() / "secret.tif", in.path("scan.tif"));
    EXPECT_TRUE(in.nothing_for(3 * kSettle));
    EXPECT_EQ(told(in()).at("scan.tif"), RefusalReason::symbolic_link);
}

TEST_P(HostileInBothModes, AFolderReplacedByALinkIsNotEntered)
{
    Watching in(GetParam());
    in.start();
    in.write("sub/scan.tif");
    ASSERT_TRUE(in.nothing_for(kSettle / 2));
    fs::rename(in.path("sub"), in.outside() / "sub");
    fs::create_directory_symlink(in.outside() / "sub", in.path("sub"));
    EXPECT_TRUE(in.nothing_for(3 * kSettle));
}

TEST_P(HostileInBothModes, AHardLinkIsAFile)
{
    Watching in(GetParam());
    std::ofstream(in.outside() / "scan.tif") << "whole";
    in.start();
    ASSERT_TRUE(in.nothing_for(5ms));
    fs::create_hard_link(in.outside() / "scan.tif", in.path("scan.tif"));
    EXPECT_EQ(in.one().name, "scan.tif");
}

TEST_P(HostileInBothModes, FoldersTooDeepAreToldNotEntered)
{
    Watching in(GetParam());
    std::string deep;
    for (int i = 0; i < 70; ++i) deep += "d/";
    in.write(deep + "scan.tif");
    in.start();
    EXPECT_TRUE(in.nothing_for(3 * kSettle));
    const auto reasons = told(in());
    ASSERT_EQ(reasons.size(), 1U);
    EXPECT_EQ(reasons.begin()->second, RefusalReason::too_deep);
}

TEST_P(HostileInBothModes, APathLongerThanTheSystemTakesIsTold)
{
    Watching in(GetParam());
    const fs::path start = fs::current_path();
    fs::current_path(in.inbox.path);
    const std::string part(200, 'p');
    for (int i = 0; i < 21; ++i) {  // 4,200 bytes
        fs::create_directory(part);
        fs::current_path(part);
        if (fs::exists("stop")) break;
    }
    std::ofstream("scan.tif") << "whole";
    fs::current_path(start);
    in.start();
    EXPECT_TRUE(in.nothing_for(3 * kSettle));
    const auto reasons = told(in());
    ASSERT_EQ(reasons.size(), 1U);
    EXPECT_EQ(reasons.begin()->second, RefusalReason::name_too_long);
}

/// As another user for a while, since nothing is unreadable to root.
class AsNobody {
public:
    AsNobody() : became_(::geteuid() == 0 && ::seteuid(kNobody) == 0) {}
    AsNobody(const AsNobody&) = delete;
    AsNobody& operator=(const AsNobody&) = delete;
    ~AsNobody()
    {
        if (became_ && ::seteuid(0) != 0) std::abort();
    }

private:
    static constexpr uid_t kNobody = 65'534;
    bool became_;
};

TEST_P(HostileInBothModes, WhatMayNotBeReadIsToldAndTakenOnceItMay)
{
    Watching in(GetParam());
    in.write("scan.tif");
    in.write("good.tif");
    in.write("sub/inner.tif");
    for (const auto& path : {in.folder.path(), in.inbox.path}) fs::permissions(path, fs::perms(0755));
    fs::permissions(in.path("scan.tif"), fs::perms::none);
    fs::permissions(in.path("sub"), fs::perms::none);
    {
        const AsNobody other;
        in.start();
        EXPECT_EQ(in.one().name, "good.tif");
        ASSERT_TRUE(in.nothing_for(3 * kSettle));
        const std::map<std::string, RefusalReason> expected{{"scan.tif", RefusalReason::unreadable},
                                                            {"sub/", RefusalReason::unreadable}};
        EXPECT_EQ(told(in()), expected);
    }
    fs::permissions(in.path("scan.tif"), fs::perms(0644));
    fs::permissions(in.path("sub"), fs::perms(0755));
    {
        const AsNobody other;
        std::vector<std::string> found{in.one().name, in.one().name};
        EXPECT_THAT(found, ::testing::UnorderedElementsAre("scan.tif", "sub/inner.tif"));
        EXPECT_EQ(in().seen().at(0).refused, 0U);
    }
}

TEST_P(HostileInBothModes, AnotherUsersFileWhoseWritersCannotBeToldIsTakenBySettling)
{
    Watching in(GetParam());
    for (const auto& path : {in.folder.path(), in.inbox.path}) fs::permissions(path, fs::perms(0755));
    in.start();
    ASSERT_TRUE(in.nothing_for(5ms));
    in.write("scan.tif");
    const AsNobody other;  // may read it, but not take a lease on it
    EXPECT_EQ(in.one().whole_by, ::geteuid() == 0 ? WholeBy::closed : WholeBy::settled);
}

TEST(HostileEvents, WhereALeaseTellsNothingAFileNotYetClosedWaitsForIncomplete)
{
    Watching in(WatchMode::events);
    for (const auto& path : {in.folder.path(), in.inbox.path}) fs::permissions(path, fs::perms(0755));
    in.start();
    ASSERT_TRUE(in.nothing_for(5ms));
    const int file = ::open(in.path("open.tif").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    ASSERT_EQ(::write(file, "part", 4), 4);
    const AsNobody other;
    EXPECT_TRUE(in.nothing_for(kIncomplete - 100ms));
    ::close(file);
    EXPECT_NE(in.one().whole_by, WholeBy::gave_up_waiting);
}

TEST_P(HostileInBothModes, TimesInThePastOrFutureDoNotMatter)
{
    Watching in(GetParam());
    in.start();
    for (const char* name : {"past.tif", "future.tif"}) {
        in.write(name);
        const auto shift = std::chrono::hours(name[0] == 'p' ? -500'000 : 500'000);
        fs::last_write_time(in.path(name), fs::file_time_type::clock::now() + shift);
    }
    const std::vector<std::string> found{in.one().name, in.one().name};
    EXPECT_THAT(found, ::testing::UnorderedElementsAre("past.tif", "future.tif"));
}

}  // namespace
}  // namespace chartlift::service
