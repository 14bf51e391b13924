// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled by tests/arch/CMakeLists.txt, once plainly and once with each line that must not compile.
#include <fmt/format.h>

#include <iostream>
#include <string>

#include "core/phi.h"

int main()
{
    const chartlift::Phi<std::string> name(std::string("Doe"));
#ifdef streams_phi
    std::cout << name;
#elif defined(formats_phi)
    fmt::print("{}", name);
#else
    std::cout << name.reveal().size();
#endif
}
