// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

namespace chartlift::service {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// A bare connection, to send what no well-behaved client would.
class Client {
public:
    explicit Client(int port) : fd_(::socket(AF_INET, SOCK_STREAM, 0))
    {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(static_cast<std::uint16_t>(port));
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client() { ::close(fd_); }
    bool connected() const { return connected_; }
    bool send(const std::string& bytes) const
    {
        return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
    }
    void finish() const { ::shutdown(fd_, SHUT_WR); }
    /// All that comes until the server closes, or until 10 s have passed.
    std::string receive() const
    {
        std::string all;
        std::array<char, 65'536> buffer{};
        for (pollfd look{fd_, POLLIN, 0}; ::poll(&look, 1, 10'000) == 1;) {
            const ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), 0);
            if (n <= 0) return all;
            all.append(buffer.data(), static_cast<std::size_t>(n));
        }
        return all + "(still open)";
    }

private:
    int fd_;
    bool connected_ = false;
};

std::string ask(int port, const std::string& request)
{
    const Client client(port);
    client.send(request);
    return client.receive();
}

std::string get(int port, const std::string& path, const std::string& host = "localhost")
{
    return ask(port, "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
}

class ServerTest : public ::testing::Test {
protected:
    void SetUp() override
    {
        auto server = Server::start("127.0.0.1", 0,
                                    {.metrics = [this] { return metrics(); },
                                     .health = [this] { return health_; },
                                     .status = [this] { return status_; }});
        ASSERT_TRUE(server) << server.error().message();
        server_ = std::move(*server);
        status_.state = ServiceState::idle;
    }
    virtual std::string metrics() { return "chartlift_pages_total 1\n"; }
    int port() const { return server_->port(); }
    Health health_;
    LiveStatus status_;
    std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersMetricsHealthReadinessAndStatus)
{
    EXPECT_THAT(get(port(), "/metrics"), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(get(port(), "/metrics"), HasSubstr("\r\n\r\nchartlift_pages_total 1\n"));
    EXPECT_THAT(get(port(), "/metrics"), HasSubstr("text/plain; version=0.0.4"));
    EXPECT_THAT(get(port(), "/healthz"), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(get(port(), "/readyz"), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(get(port(), "/status.json"), HasSubstr(R"("state":"idle")"));
    EXPECT_THAT(get(port(), "/else"), StartsWith("HTTP/1.1 404"));
    EXPECT_THAT(get(port(), "/../../etc/passwd"), StartsWith("HTTP/1.1 404"));
}

TEST_F(ServerTest, SaysWhyItIsNotHealthyOrNotReady)
{
    health_ = {false, "the main loop hangs"};
    status_.state = ServiceState::waiting_for_store;
    status_.reason = "locked";
    EXPECT_THAT(get(port(), "/healthz"), StartsWith("HTTP/1.1 503"));
    EXPECT_THAT(get(port(), "/healthz"), HasSubstr("\r\n\r\nthe main loop hangs\n"));
    EXPECT_THAT(get(port(), "/readyz"), StartsWith("HTTP/1.1 503"));
    EXPECT_THAT(get(port(), "/readyz"), HasSubstr("the store is not available: locked\n"));
    EXPECT_THAT(get(port(), "/status.json"), StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, RefusesNamesThatAreNotLoopback)
{
    for (const char* host : {"localhost:9464", "127.0.0.1", "127.0.0.1:80", "[::1]:9464", "localhost"})
        EXPECT_THAT(get(port(), "/metrics", host), StartsWith("HTTP/1.1 200")) << host;
    for (const char* host : {"evil.example", "127.0.0.1.evil.example", "localhost.evil.example",
                             "localhost:", "localhost:1x", "", "localhost:123456", "127.0.0.2"})
        EXPECT_THAT(get(port(), "/metrics", host), StartsWith("HTTP/1.1 403")) << host;
    EXPECT_THAT(ask(port(), "GET /metrics HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 403"));
    EXPECT_THAT(ask(port(), "GET /metrics HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"),
                StartsWith("HTTP/1.1 403"));
}

TEST_F(ServerTest, RefusesEveryOtherMethodAndReadsNoBody)
{
    for (const std::string method : {"POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"})
        EXPECT_THAT(ask(port(), method + " /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\n"),
                    StartsWith("HTTP/1.1 405"))
            << method;
}

TEST_F(ServerTest, SendsTheHeadersThatKeepABrowserCareful)
{
    const auto answer = get(port(), "/status.json");
    for (const char* header : {"X-Content-Type-Options: nosniff", "Content-Security-Policy: default-src 'none'",
                               "Cache-Control: no-store", "Connection: close"})
        EXPECT_THAT(answer, HasSubstr(header));
    EXPECT_THAT(answer, Not(HasSubstr("Access-Control-Allow-Origin")));
}

TEST_F(ServerTest, HostileRequestsCostAConnectionOnly)
{
    const std::string host = "Host: localhost\r\n";
    for (const std::string& request :
         {std::string("\r\n\r\n"), std::string("GET"), std::string("\0\0\0\0\r\n\r\n", 8),
          "GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\n" + host + "\r\n",
          "GET /metrics HTTP/1.1\r\n" + host + "X: " + std::string(100'000, 'b') + "\r\n\r\n",
          "GET /metrics HTTP/1.1\r\n" + host + "Range: bytes=0-1,0-1,0-1,0-1\r\n\r\n",
          "GET /metrics HTTP/9.9\r\n" + host + "\r\n", "GET /%00%zz HTTP/1.1\r\n" + host + "\r\n"}) {
        const Client client(port());
        client.send(request);
        client.finish();
        EXPECT_THAT(client.receive(), Not(HasSubstr("still open"))) << request.substr(0, 60);
    }
    EXPECT_THAT(get(port(), "/healthz"), StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, ASlowClientIsGivenUpWithin2Seconds)
{
    const auto began = steady_clock::now();
    const Client client(port());
    std::thread trickle([&] {
        for (int i = 0; i < 100 && client.send("G"); ++i) std::this_thread::sleep_for(milliseconds(100));
    });
    EXPECT_EQ(client.receive(), "");
    EXPECT_LT(steady_clock::now() - began, seconds(4));
    trickle.join();
}

TEST_F(ServerTest, AHundredSlowConnectionsDoNotKeepOthersOut)
{
    constexpr int kSlow = 100;
    std::vector<std::thread> slow;
    std::atomic<bool> over = false;
    for (int i = 0; i < kSlow; ++i)
        slow.emplace_back([&] {
            const Client client(port());
            client.send("GET /metrics HTTP/1.1\r\n");
            while (!over) std::this_thread::sleep_for(milliseconds(20));
        });
    std::this_thread::sleep_for(milliseconds(100));
    const auto began = steady_clock::now();
    EXPECT_THAT(get(port(), "/healthz"), StartsWith("HTTP/1.1 200"));
    EXPECT_LT(steady_clock::now() - began, seconds(10));
    over = true;
    for (auto& thread : slow) thread.join();
}

TEST_F(ServerTest, AHundredConnectionsAtOnceAreAllAnswered)
{
    std::vector<std::thread> clients;
    std::atomic<int> answered = 0;
    for (int i = 0; i < 100; ++i)
        clients.emplace_back([&] { answered += get(port(), "/metrics").rfind("HTTP/1.1 200", 0) == 0 ? 1 : 0; });
    for (auto& client : clients) client.join();
    EXPECT_EQ(answered, 100);
}

class LargeAnswerTest : public ServerTest {
protected:
    std::string metrics() override { return std::string(64UL * 1'024 * 1'024, 'm'); }
};

TEST_F(LargeAnswerTest, AClientThatDoesNotReadIsGivenUp)
{
    const Client reader_that_sleeps(port());
    reader_that_sleeps.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const auto began = steady_clock::now();
    EXPECT_THAT(get(port(), "/healthz"), StartsWith("HTTP/1.1 200"));
    server_.reset();
    EXPECT_LT(steady_clock::now() - began, seconds(4));
}

class ThrowingTest : public ServerTest {
protected:
    std::string metrics() override { throw std::runtime_error("Doe"); }
};

TEST_F(ThrowingTest, AnExceptionIsAPlain500)
{
    const auto answer = get(port(), "/metrics");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 500"));
    EXPECT_THAT(answer, Not(HasSubstr("Doe")));
    EXPECT_THAT(get(port(), "/healthz"), StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, APortThatIsTakenIsAClearFault)
{
    const auto second = Server::start("127.0.0.1", port(), {});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, FaultKind::io);
    EXPECT_EQ(second.error().what,
              "127.0.0.1 port " + std::to_string(port()) + " is taken by another program; set service.port to another");
}

TEST_F(ServerTest, ThePortIsFreeAgainAtOnce)
{
    const int port = server_->port();
    EXPECT_THAT(get(port, "/healthz"), StartsWith("HTTP/1.1 200"));
    server_.reset();
    EXPECT_TRUE(Server::start("127.0.0.1", port, {}));
}

TEST(Server, ServesLoopbackOnly)
{
    for (const char* host : {"0.0.0.0", "192.168.1.1", "", "::", "example.org"}) {
        const auto server = Server::start(host, 0, {});
        ASSERT_FALSE(server) << host;
        EXPECT_EQ(server.error().kind, FaultKind::config);
    }
    EXPECT_FALSE(Server::start("127.0.0.1", 65'536, {}));
    EXPECT_FALSE(Server::start("127.0.0.1", -1, {}));
}

TEST_F(ServerTest, TheClientReadsTheStatus)
{
    status_.version = "9.9";
    status_.inboxes = {{.name = "ward3", .mode = "events"}};
    for (const char* host : {"127.0.0.1", "localhost"}) {
        const auto status = fetch_status(host, port());
        ASSERT_TRUE(status) << status.error().message();
        EXPECT_EQ(*status, status_);
    }
}

TEST_F(ServerTest, AServiceThatDoesNotRunIsToldPlainly)
{
    const int port = server_->port();
    server_.reset();
    const auto status = fetch_status("127.0.0.1", port);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().what,
              "chartlift is not running: nothing answers on 127.0.0.1 port " + std::to_string(port));
}

TEST(Server, IsReachedOverIpv6Too)
{
    Handlers handlers;
    handlers.status = [] { return LiveStatus{}; };
    auto server = Server::start("::1", 0, handlers);
    if (!server && server.error().what.find("Cannot assign") != std::string::npos) return;  // a machine without IPv6
    if (!server && server.error().what.find("not supported") != std::string::npos) return;
    ASSERT_TRUE(server) << server.error().message();
    const auto status = fetch_status("::1", (*server)->port());
    ASSERT_TRUE(status) << status.error().message();
}

}  // namespace
}  // namespace chartlift::service
