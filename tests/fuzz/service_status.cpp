// SPDX-License-Identifier: GPL-3.0-or-later
// Input: what the service tells of itself. What must hold: corrupt, or a status that told again reads the same, and of
// which people are told on a bounded number of lines.
#include "service/status.h"

#include <cstdint>
#include <string>

#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    using namespace chartlift;
    using fuzz::require;
    const auto status = service::live_status_from(fuzz::view_of(bytes, size));
    if (!status) {
        require(status.error().kind == FaultKind::corrupt, "a damaged status is corrupt");
        return 0;
    }
    const std::string told = service::to_json(*status);
    require(told.find('\n') == std::string::npos, "a status is one line");
    const auto again = service::live_status_from(told);
    require(again.has_value() && service::to_json(*again) == told, "a status told again reads the same");
    service::status_text(*status);
    service::status_line(*status);
    const service::Health health = service::readiness(*status);
    require(health.ok || !health.why.empty(), "what is not ready says why");
    return 0;
}
