// SPDX-License-Identifier: GPL-3.0-or-later
/// Tells systemd how the service fares: sd_notify(3)'s protocol, a datagram to the socket named in NOTIFY_SOCKET.
/// Guarantee: does nothing where nobody asked (no NOTIFY_SOCKET); never blocks. Status text is a status_line(), without
/// patient text. Faults: none, a message that systemd does not take is lost; its watchdog covers that.
/// Thread-safety: safe from many threads after construction.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "service/status.h"

namespace chartlift::service {

class Notify {
public:
    Notify();  ///< reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and leaves them in the environment
    ~Notify();
    Notify(const Notify&) = delete;
    Notify& operator=(const Notify&) = delete;

    bool active() const { return descriptor_ >= 0; }
    void ready() const;      ///< started, or reloaded
    void reloading() const;  ///< on SIGHUP; ready() follows
    void stopping() const;
    void beat() const;  ///< to be called at least twice within watchdog()
    void status(const LiveStatus& status) const;
    /// How long without beat() until systemd takes the service for hung; none: it does not watch.
    std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

private:
    void send(std::string_view message) const;
    int descriptor_ = -1;
    std::string address_;  ///< as in sockaddr_un: a path, or a name after a zero byte
    std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace chartlift::service
