// SPDX-License-Identifier: GPL-3.0-or-later
/// Files that make the worker of the tests misbehave, as a file that exploits a bug in a library might.
/// Thread-safety: constants.
#pragma once

#include <string>
#include <string_view>

namespace chartlift::test {

inline constexpr std::string_view kMisbehave = "MISBEHAVE ";

/// The file whose first page (or opening) does `what`; see test_worker.cpp for what there is.
inline std::string misbehaving(std::string_view what)
{
    return std::string(kMisbehave) + std::string(what);
}

}  // namespace chartlift::test
