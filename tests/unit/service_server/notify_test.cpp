// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/notify.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "tests/support/temporary_folder.h"

// NOLINTBEGIN(concurrency-mt-unsafe): one thread
namespace chartlift::service {
namespace {

class NotifyTest : public ::testing::Test {
protected:
    void TearDown() override
    {
        for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
        if (manager_ >= 0) ::close(manager_);
    }
    /// What systemd does: listens at `address`, where '@' stands for the zero byte, and says so in the environment.
    void listen_at(const std::string& address)
    {
        manager_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        std::memcpy(at.sun_path, address.data(), address.size());
        if (address[0] == '@') at.sun_path[0] = '\0';
        const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
        ASSERT_EQ(::bind(manager_, reinterpret_cast<const sockaddr*>(&at), length), 0);
        ::setenv("NOTIFY_SOCKET", address.c_str(), 1);
    }
    std::string received() const
    {
        std::array<char, 4'096> buffer{};
        const ssize_t n = ::recv(manager_, buffer.data(), buffer.size(), 0);
        return n < 0 ? "nothing" : std::string(buffer.data(), static_cast<std::size_t>(n));
    }
    int manager_ = -1;
};

TEST_F(NotifyTest, TellsSystemdWhatHappens)
{
    const test::TemporaryFolder folder;
    for (const std::string& address :
         {(folder.path() / "notify").string(), "@chartlift-" + std::to_string(::getpid())}) {
        listen_at(address);
        const Notify notify;
        ASSERT_TRUE(notify.active());
        notify.ready();
        EXPECT_EQ(received(), "READY=1");
        notify.reloading();
        EXPECT_EQ(received(), "RELOADING=1");
        notify.beat();
        EXPECT_EQ(received(), "WATCHDOG=1");
        notify.stopping();
        EXPECT_EQ(received(), "STOPPING=1");
        LiveStatus status;
        status.reason = "two\nREADY=1";
        notify.status(status);
        EXPECT_EQ(received(), "STATUS=starting, 0 pages in flight, 0 files waiting: two READY=1");
        ::close(std::exchange(manager_, -1));
    }
}

TEST_F(NotifyTest, DoesNothingWhereNobodyAsked)
{
    const Notify notify;
    EXPECT_FALSE(notify.active());
    notify.ready();
    ::setenv("NOTIFY_SOCKET", ("/" + std::string(200, 'x')).c_str(), 1);
    EXPECT_FALSE(Notify().active());
    ::setenv("NOTIFY_SOCKET", "relative", 1);
    EXPECT_FALSE(Notify().active());
}

TEST_F(NotifyTest, NeverBlocksOnAManagerThatDoesNotRead)
{
    const test::TemporaryFolder folder;
    listen_at((folder.path() / "notify").string());
    const Notify notify;
    for (int i = 0; i < 10'000; ++i) notify.beat();
    EXPECT_EQ(received(), "WATCHDOG=1");
}

TEST_F(NotifyTest, KnowsHowOftenItMustBeat)
{
    const test::TemporaryFolder folder;
    listen_at((folder.path() / "notify").string());
    EXPECT_EQ(Notify().watchdog(), std::nullopt);
    ::setenv("WATCHDOG_USEC", "30000000", 1);
    EXPECT_EQ(Notify().watchdog(), std::chrono::seconds(30));
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    EXPECT_EQ(Notify().watchdog(), std::chrono::seconds(30));
    ::setenv("WATCHDOG_PID", "1", 1);
    EXPECT_EQ(Notify().watchdog(), std::nullopt) << "another process is watched";
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("WATCHDOG_USEC", "soon", 1);
    EXPECT_EQ(Notify().watchdog(), std::nullopt);
}

}  // namespace
}  // namespace chartlift::service
// NOLINTEND(concurrency-mt-unsafe)
