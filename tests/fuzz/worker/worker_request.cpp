// SPDX-License-Identifier: GPL-3.0-or-later
// Input: a packet, as a worker gets it. What must hold: what is understood is sent in the same bytes again.
#include <algorithm>
#include <cstdint>
#include <span>

#include "tests/fuzz/input.h"
#include "worker/protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    using namespace chartlift;
    const auto packet = std::as_bytes(std::span(bytes, size));
    const auto request = worker::request_from(packet);
    if (!request) return 0;
    fuzz::require(std::ranges::equal(worker::encoded(*request), packet), "a request has one form");
    return 0;
}
