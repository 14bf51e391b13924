// SPDX-License-Identifier: GPL-3.0-or-later
// Input: three names, parted by a byte 0. What must hold: their natural order is a strict weak order.
#include <cstdint>
#include <string>

#include "pipeline/sources.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    using chartlift::fuzz::require;
    using chartlift::pipeline::natural_less;
    chartlift::fuzz::Input input(bytes, size);
    const std::string a = input.text();
    const std::string b = input.text();
    const std::string c = input.text();
    require(!natural_less(a, a), "nothing comes before itself");
    require(!(natural_less(a, b) && natural_less(b, a)), "of two one comes first");
    require(a == b || natural_less(a, b) || natural_less(b, a), "different names are told apart");
    require(!(natural_less(a, b) && natural_less(b, c)) || natural_less(a, c), "the order is transitive");
    chartlift::pipeline::has_scan_ending(a);
    return 0;
}
