// SPDX-License-Identifier: GPL-3.0-or-later
/// What the name of an entry of an inbox says: input, marker, or something that is never taken. Names are raw bytes;
/// letters of endings compare without case. Thread-safety: free functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chartlift::service {

enum class NameKind {
    input,
    marker,       ///< says that something else is whole: .done, .ready, a manifest, a count
    passed_over,  ///< temporary, hidden, or left by a file browser
};

/// `leaf` is a name without folders. Counts are markers only inside a batch's folder.
NameKind kind_of_file(std::string_view leaf, bool in_batch);

/// A folder whose content is never looked at: hidden, temporary, or a system's own.
bool is_passed_over_folder(std::string_view leaf);

enum class MarkerKind {
    flag,           ///< .done, .ready: being there is all it says
    checksums,      ///< sha256sum's format
    manifest_json,  ///< manifest.json
    count,          ///< how many files
};
/// Precondition: kind_of_file says marker.
MarkerKind kind_of_marker(std::string_view leaf);

/// The number in a name such as "12.count".
std::optional<std::uint64_t> count_in_name(std::string_view leaf);

/// A marker's name with its ending in small letters, under which it is looked up.
std::string marker_key(std::string_view name);

std::string_view leaf_of(std::string_view name);    ///< behind the last '/'; a folder's own '/' at the end is ignored
std::string_view folder_of(std::string_view name);  ///< up to and with the last '/', or nothing
/// Without the ending of the leaf: "a/scan1" of "a/scan1.tif"; nothing where there is no ending.
std::string_view without_ending(std::string_view name);

}  // namespace chartlift::service
