// SPDX-License-Identifier: GPL-3.0-or-later
/// A file's name, whatever bytes it has, as text that a terminal and JSON can take.
/// Guarantee: valid UTF-8 without control characters; every byte that is no part of a printable character, and the
/// backslash, is written \xNN, so that different names stay different. Thread-safety: free function.
#pragma once

#include <string>
#include <string_view>

namespace chartlift {

std::string shown_name(std::string_view raw);

}  // namespace chartlift
