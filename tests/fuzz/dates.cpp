// SPDX-License-Identifier: GPL-3.0-or-later
// Input: a date as some site writes it. What must hold: a real day or none; an ISO date reads back as itself.
#include <cstdint>

#include "core/date.h"
#include "store/pmi_file.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    using namespace chartlift;
    using fuzz::require;
    const std::string_view text = fuzz::view_of(bytes, size);
    const Date today = *make_date(2024, 6, 30);
    if (const auto date = date_from_iso(text)) require(date->ok() && to_iso(*date) == text, "an ISO date is itself");
    for (const bool day_first : {false, true}) {
        const auto birth = store::parse_birth_date(text, day_first, today);
        if (!birth) continue;
        require(birth->ok(), "a date is a real day");
        require(store::parse_birth_date(to_iso(*birth), day_first, today) == birth, "a date reads back as itself");
    }
    return 0;
}
