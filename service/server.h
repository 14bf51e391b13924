// SPDX-License-Identifier: GPL-3.0-or-later
/// The service's small HTTP server, on loopback only: GET /metrics (Prometheus' text format), /healthz, /readyz (200,
/// or 503 with one line why) and /status.json. And its client, for `chartlift status`. Guarantee: runs on threads of
/// its own, few of them, and takes a bounded number of connections, each answered once and closed within 2 s; so slow,
/// many or hostile clients delay each other but never the service. No body is read. A request whose Host is not a
/// loopback name is refused (DNS rebinding), and every method but GET. Faults: config (host is not loopback, port out
/// of range), io (the port is taken; nothing answers), corrupt. Thread-safety: Server is owned by one thread; the
/// handlers are called on its threads, several at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/fault.h"
#include "service/status.h"

namespace chartlift::service {

/// What is served. Each must return at once, from what is in memory: it holds one of the server's few threads.
struct Handlers {
    std::function<std::string()> metrics;
    std::function<Health()> health;      ///< usually Heartbeat::check
    std::function<LiveStatus()> status;  ///< /readyz is readiness() of it
};

class Server {
public:
    /// `port` 0 takes any free one. `host`: "127.0.0.1", "::1" or "localhost".
    static Result<std::unique_ptr<Server>> start(const std::string& host, int port, Handlers handlers);
    ~Server();  ///< stops; requests in progress are given the rest of their 2 s
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    int port() const;

private:
    struct Parts;
    explicit Server(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

/// Asks a running service. Faults: io ("chartlift is not running: nothing answers on 127.0.0.1 port 9464"), timeout,
/// corrupt (something else answers there).
Result<LiveStatus> fetch_status(const std::string& host, int port);

}  // namespace chartlift::service
