// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <httplib.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace chartlift::service {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kThreads = 4;   // connections answered at a time
constexpr int kBacklog = 64;  // connections that wait in the kernel; more are refused there
// A client on this machine sends its request at once. While others wait, one that does not is given up sooner.
constexpr std::chrono::milliseconds kLongestConnection{2'000};
constexpr std::chrono::milliseconds kLongestWhileOthersWait{200};
constexpr std::chrono::milliseconds kLook{50};               // between two looks whether others wait
constexpr std::size_t kLargestRequest_bytes = 16UL * 1'024;  // request line and headers
constexpr std::chrono::seconds kClientTimeout{3};
constexpr std::size_t kLargestStatus_bytes = 4UL * 1'024 * 1'024;  // thousands of inboxes

Fault config_fault(std::string what)
{
    return {FaultKind::config, "server", std::move(what)};
}

Fault io_fault(const std::string& doing, int error)
{
    return {FaultKind::io, "server", doing + ": " + std::generic_category().message(error)};
}

/// A descriptor that is closed at the end.
class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor()
    {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const { return fd_; }

private:
    int fd_;
};

bool is_ready(int fd, short events, std::chrono::milliseconds wait = std::chrono::milliseconds{0})
{
    pollfd look{fd, events, 0};
    return ::poll(&look, 1, static_cast<int>(wait.count())) == 1;
}

/// The client's bytes under a deadline for the whole connection, and a limit on what it may send.
class BoundedStream final : public httplib::Stream {
public:
    BoundedStream(int client, int listener, int stop) : client_(client), listener_(listener), stop_(stop) {}

    bool is_readable() const override { return at_ < filled_ || wait_for(POLLIN); }
    bool is_writable() const override { return wait_for(POLLOUT); }
    ssize_t read(char* to, size_t size) override
    {
        if (at_ == filled_ && !fill()) return -1;
        const std::size_t n = std::min(size, filled_ - at_);
        std::memcpy(to, buffer_.data() + at_, n);
        at_ += n;
        return static_cast<ssize_t>(n);
    }
    ssize_t write(const char* from, size_t size) override
    {
        std::size_t sent = 0;
        while (sent < size) {
            const ssize_t n = ::send(client_, from + sent, size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
            const bool may_come = n >= 0 || errno == EAGAIN || errno == EINTR;
            if (n > 0)
                sent += static_cast<std::size_t>(n);
            else if (!may_come || !wait_for(POLLOUT))
                return -1;
        }
        return static_cast<ssize_t>(sent);
    }
    void get_remote_ip_and_port(std::string& ip, int& port) const override { loopback(ip, port); }
    void get_local_ip_and_port(std::string& ip, int& port) const override { loopback(ip, port); }
    socket_t socket() const override { return client_; }

private:
    static void loopback(std::string& ip, int& port)
    {
        ip = "loopback";  // nobody asks further
        port = 0;
    }
    bool fill()
    {
        if (taken_ >= kLargestRequest_bytes || !wait_for(POLLIN)) return false;
        const ssize_t n = ::recv(client_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
        if (n <= 0) return false;
        at_ = 0;
        filled_ = static_cast<std::size_t>(n);
        taken_ += filled_;
        return true;
    }
    bool wait_for(short events) const
    {
        for (;;) {
            if (is_ready(client_, events, kLook)) return true;
            const auto age = Clock::now() - began_;
            if (age > kLongestConnection || is_ready(stop_, POLLIN)) return false;
            if (age > kLongestWhileOthersWait && is_ready(listener_, POLLIN)) return false;
        }
    }

    const int client_;
    const int listener_;
    const int stop_;
    const Clock::time_point began_ = Clock::now();
    std::array<char, 4'096> buffer_{};
    std::size_t at_ = 0;
    std::size_t filled_ = 0;
    std::size_t taken_ = 0;
};

/// "localhost", "127.0.0.1" or "[::1]", with or without a port: what a browser sends that was not lured here by a name
/// of somebody else's that resolves to this machine (DNS rebinding).
bool is_loopback_name(std::string_view host)
{
    constexpr std::array<std::string_view, 3> kNames{"localhost", "127.0.0.1", "[::1]"};
    return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view name) {
        if (host.substr(0, name.size()) != name) return false;
        const auto rest = host.substr(name.size());
        if (rest.empty()) return true;
        return rest[0] == ':' && rest.size() > 1 && rest.size() <= 6 &&
               std::all_of(rest.begin() + 1, rest.end(), [](char c) { return c >= '0' && c <= '9'; });
    });
}

void answer(httplib::Response& response, int code, const std::string& text,
            const char* type = "text/plain; charset=utf-8")
{
    response.status = code;
    response.set_content(text, type);
}

void answer(httplib::Response& response, const Health& health)
{
    constexpr int kOk = 200;
    constexpr int kUnavailable = 503;
    answer(response, health.ok ? kOk : kUnavailable, (health.ok ? "ok" : health.why) + "\n");
}

/// httplib's parsing and writing, with our own answers, and our own sockets and deadlines: its own accept loop ends for
/// good at the first error, shares the port with other programs, and lets a slow client hold a thread for ever.
class Answers final : private httplib::Server {
public:
    explicit Answers(service::Handlers handlers) : handlers_(std::move(handlers))
    {
        set_default_headers({{"X-Content-Type-Options", "nosniff"},
                             {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
                             {"Cross-Origin-Resource-Policy", "same-origin"},
                             {"Referrer-Policy", "no-referrer"},
                             {"Cache-Control", "no-store"}});
        set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
            respond(request, response);
            return HandlerResponse::Handled;  // so that no body is read, and no path is matched by a regex
        });
        set_exception_handler([](const httplib::Request&, httplib::Response& response, const std::exception_ptr&) {
            answer(response, 500, "internal error\n");  // httplib's own would show the exception's text
        });
    }
    void serve(httplib::Stream& stream)
    {
        bool closed = false;
        process_request(stream, true, closed, nullptr);
    }

private:
    void respond(const httplib::Request& request, httplib::Response& response) const
    {
        if (request.get_header_value_count("Host") != 1 || !is_loopback_name(request.get_header_value("Host")))
            return answer(response, 403, "this server answers on loopback names only\n");
        if (request.method != "GET") {
            response.set_header("Allow", "GET");
            return answer(response, 405, "GET only\n");
        }
        if (!request.ranges.empty())
            return answer(response, 400, "");  // many ranges make a large answer of a small one
        if (request.path == "/metrics")
            return answer(response, 200, handlers_.metrics(), "text/plain; version=0.0.4; charset=utf-8");
        if (request.path == "/healthz") return answer(response, handlers_.health());
        if (request.path == "/readyz") return answer(response, readiness(handlers_.status()));
        if (request.path == "/status.json")
            return answer(response, 200, to_json(handlers_.status()) + "\n", "application/json");
        answer(response, 404, "not found; there are /metrics, /healthz, /readyz and /status.json\n");
    }
    const service::Handlers handlers_;
};

struct Address {
    sockaddr_storage storage{};
    socklen_t length = 0;
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }  // NOLINT: the sockets' own way
};

Result<Address> loopback_address(const std::string& host, int port)
{
    constexpr int kLargestPort = 65'535;
    if (port < 0 || port > kLargestPort)
        return config_fault(fmt::format("port is {}; 0 to {} are allowed", port, kLargestPort));
    Address address;
    if (host == "::1") {
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(static_cast<std::uint16_t>(port));
        v6.sin6_addr = in6addr_loopback;
        std::memcpy(&address.storage, &v6, sizeof v6);
        address.length = sizeof v6;
    } else if (host == "127.0.0.1" || host == "localhost") {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(static_cast<std::uint16_t>(port));
        v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        std::memcpy(&address.storage, &v4, sizeof v4);
        address.length = sizeof v4;
    } else {
        return config_fault(R"(host must be "127.0.0.1", "::1" or "localhost": nobody logs in here)");
    }
    return address;
}

int port_of(int listener)
{
    Address bound;
    bound.length = sizeof bound.storage;
    if (::getsockname(listener, bound.get(), &bound.length) != 0) return 0;
    sockaddr_in v4{};
    std::memcpy(&v4, &bound.storage, sizeof v4);  // the port stands at the same place in both families
    return ntohs(v4.sin_port);
}

}  // namespace

struct Server::Parts {
    Parts(Descriptor listening, Descriptor stopping, Handlers handlers)
        : listener(std::move(listening)),
          stop(std::move(stopping)),
          port(port_of(listener.get())),
          answers(std::move(handlers))
    {
    }
    void start_threads();
    void run();
    void serve(int client_fd);

    Descriptor listener;
    Descriptor stop;  ///< an eventfd; readable for good once the server stops
    const int port;
    Answers answers;
    std::vector<std::thread> threads;
};

void Server::Parts::serve(int client_fd)
{
    const Descriptor client(client_fd);
    BoundedStream stream(client.get(), listener.get(), stop.get());
    answers.serve(stream);
    ::shutdown(client.get(), SHUT_WR);
}

void Server::Parts::start_threads()
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are the main thread's; threads inherit the mask
    try {
        for (int i = 0; i < kThreads; ++i) threads.emplace_back([this] { run(); });
    } catch (...) {
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
        throw;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Server::Parts::run()
{
    constexpr std::chrono::milliseconds kAfterError{100};  // out of descriptors or memory: others must give some back
    for (;;) {
        std::array<pollfd, 2> looks{pollfd{listener.get(), POLLIN, 0}, pollfd{stop.get(), POLLIN, 0}};
        ::poll(looks.data(), looks.size(), -1);
        if (looks[1].revents != 0) return;
        if (looks[0].revents == 0) continue;
        const int client = ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        try {
            if (client >= 0)
                serve(client);
            else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
                std::this_thread::sleep_for(kAfterError);
        } catch (...) {  // out of memory: this connection is lost, the server stays
            std::this_thread::sleep_for(kAfterError);
        }
    }
}

Result<std::unique_ptr<Server>> Server::start(const std::string& host, int port, Handlers handlers)
{
    auto address = loopback_address(host, port);
    if (!address) return address.error();
    Descriptor listener(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    Descriptor stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (listener.get() < 0 || stop.get() < 0) return io_fault("cannot make a socket", errno);
    const int yes = 1;  // a port that was in use a moment ago may be taken again; one that is in use may not
    ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (::bind(listener.get(), address->get(), address->length) != 0 || ::listen(listener.get(), kBacklog) != 0) {
        if (errno == EADDRINUSE)
            return Fault{
                FaultKind::io, "server",
                fmt::format("{} port {} is taken by another program; set service.port to another", host, port)};
        return io_fault(fmt::format("cannot listen on {} port {}", host, port), errno);
    }
    std::unique_ptr<Server> server(
        new Server(std::make_unique<Parts>(std::move(listener), std::move(stop), std::move(handlers))));
    try {
        server->parts_->start_threads();
    } catch (const std::system_error& error) {
        return io_fault("cannot start a thread", error.code().value());
    }
    return server;
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server()
{
    const std::uint64_t one = 1;
    static_cast<void>(::write(parts_->stop.get(), &one, sizeof one) + 0);
    for (auto& thread : parts_->threads) thread.join();
}

int Server::port() const
{
    return parts_->port;
}

Result<LiveStatus> fetch_status(const std::string& host, int port)
{
    const auto address = loopback_address(host, port);
    if (!address) return address.error();
    const std::string shown = fmt::format("{} port {}", host, port);
    httplib::Client client(host == "localhost" ? "127.0.0.1" : host, port);
    client.set_connection_timeout(kClientTimeout);
    client.set_read_timeout(kClientTimeout);
    std::string body;
    const auto give_up = Clock::now() + kClientTimeout;
    const httplib::Headers headers{{"Host", host == "::1" ? "[::1]" : "localhost"}};
    const auto response = client.Get("/status.json", headers, [&](const char* bytes, std::size_t size) {
        body.append(bytes, size);
        return body.size() <= kLargestStatus_bytes && Clock::now() < give_up;
    });
    if (!response) {
        if (response.error() == httplib::Error::Connection)
            return Fault{FaultKind::io, "status", "chartlift is not running: nothing answers on " + shown};
        return Fault{
            FaultKind::timeout, "status",
            fmt::format("something listens on {}, but did not answer within {} s", shown, kClientTimeout.count())};
    }
    if (response->status != 200)
        return Fault{FaultKind::corrupt, "status",
                     fmt::format("what answers on {} is not chartlift: code {}", shown, response->status)};
    return live_status_from(body);
}

}  // namespace chartlift::service
