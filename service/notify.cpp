// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/notify.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>

namespace chartlift::service {
namespace {

std::optional<std::int64_t> number_from_environment(const char* name)
{
    const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
    if (text == nullptr) return std::nullopt;
    const std::string_view view(text);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), number);
    if (error != std::errc{} || end != view.data() + view.size() || number <= 0) return std::nullopt;
    return number;
}

}  // namespace

Notify::Notify()
{
    const char* socket = std::getenv("NOTIFY_SOCKET");  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
    if (socket == nullptr || (socket[0] != '/' && socket[0] != '@')) return;
    address_ = socket;
    if (address_.size() >= sizeof(sockaddr_un::sun_path)) return;
    if (address_[0] == '@') address_[0] = '\0';  // Linux' abstract sockets
    descriptor_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const auto for_process = number_from_environment("WATCHDOG_PID");
    const auto every_us = number_from_environment("WATCHDOG_USEC");
    if (every_us && (!for_process || *for_process == ::getpid())) watchdog_ = std::chrono::microseconds(*every_us);
}

Notify::~Notify()
{
    if (descriptor_ >= 0) ::close(descriptor_);
}

void Notify::send(std::string_view message) const
{
    if (descriptor_ < 0) return;
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::copy(address_.begin(), address_.end(), to.sun_path);
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
    // A lost message is not worth a fault: see the header.
    static_cast<void>(::sendto(descriptor_, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                               reinterpret_cast<const sockaddr*>(&to),  // NOLINT: the sockets' own way
                               length));
}

void Notify::ready() const
{
    send("READY=1");
}

void Notify::reloading() const
{
    send("RELOADING=1");
}

void Notify::stopping() const
{
    send("STOPPING=1");
}

void Notify::beat() const
{
    send("WATCHDOG=1");
}

void Notify::status(const LiveStatus& status) const
{
    std::string line = status_line(status);
    std::replace(line.begin(), line.end(), '\n', ' ');  // a line end would begin another message
    send("STATUS=" + line);
}

}  // namespace chartlift::service
