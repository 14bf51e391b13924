// SPDX-License-Identifier: GPL-3.0-or-later
/// Packets over a Unix socket pair (SOCK_SEQPACKET), each with at most one descriptor (SCM_RIGHTS, unix(7)).
/// Guarantee: a packet comes whole or not at all; one that is too long, or brings more than one descriptor, is
/// `malformed`, and every descriptor it brought is closed. A broken socket raises no signal.
/// Thread-safety: send_packet may be called while another thread receives; everything else by one thread at a time.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "stages/adapters/descriptor.h"

namespace chartlift::worker {

using adapters::Descriptor;

/// All that is said fits: the longest is the list of passwords.
inline constexpr std::size_t kLongestPacket_bytes = 64 * 1024;

struct Packet {
    std::vector<std::byte> bytes;
    Descriptor descriptor;
};

enum class Sent { whole, full, closed };
enum class Received { whole, closed, malformed };

/// `full`: the other end is not reading, and `wait` was not asked for. `descriptor`: -1 for none.
Sent send_packet(int socket, std::span<const std::byte> bytes, int descriptor = -1, bool wait = true);

/// Waits for the next packet.
Received receive_packet(int socket, Packet& into);

}  // namespace chartlift::worker
