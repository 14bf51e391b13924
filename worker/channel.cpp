// SPDX-License-Identifier: GPL-3.0-or-later
#include "worker/channel.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace chartlift::worker {
namespace {

/// Room for more than the one descriptor that is allowed, so that too many are seen rather than cut off.
constexpr std::size_t kDescriptorsLookedFor = 4;

struct ControlRoom {
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(kDescriptorsLookedFor * sizeof(int))> bytes{};
};

std::vector<Descriptor> descriptors_of(msghdr& message)
{
    std::vector<Descriptor> found;
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int number = -1;
            std::memcpy(&number, CMSG_DATA(part) + i * sizeof number, sizeof number);
            found.emplace_back(number);
        }
    }
    return found;
}

}  // namespace

Sent send_packet(int socket, std::span<const std::byte> bytes, int descriptor, bool wait)
{
    iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};  // NOLINT: sendmsg only reads
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    ControlRoom room;
    if (descriptor >= 0) {
        message.msg_control = room.bytes.data();
        message.msg_controllen = CMSG_SPACE(sizeof descriptor);
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof descriptor);
        std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    const int flags = MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT);
    for (;;) {
        const ssize_t sent = ::sendmsg(socket, &message, flags);
        if (sent >= 0) return Sent::whole;
        if (errno == EINTR) continue;
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ? Sent::full : Sent::closed;
    }
}

Received receive_packet(int socket, Packet& into)
{
    into = {};
    into.bytes.resize(kLongestPacket_bytes);
    iovec part{into.bytes.data(), into.bytes.size()};
    ControlRoom room;
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = room.bytes.data();
    message.msg_controllen = room.bytes.size();
    ssize_t got = -1;
    do got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got <= 0) return Received::closed;
    std::vector<Descriptor> descriptors = descriptors_of(message);
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || descriptors.size() > 1) return Received::malformed;
    into.bytes.resize(static_cast<std::size_t>(got));
    if (!descriptors.empty()) into.descriptor = std::move(descriptors.front());
    return Received::whole;
}

}  // namespace chartlift::worker
