// SPDX-License-Identifier: GPL-3.0-or-later
// Input: the name of an inbox's entry, of any bytes. What must hold: its parts are parts of it; what is a marker has a
// kind, and a key that is its own key.
#include "service/inbox_names.h"

#include <cstdint>
#include <string>

#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    using namespace chartlift::service;
    using chartlift::fuzz::require;
    const std::string_view name = chartlift::fuzz::view_of(bytes, size);
    const std::string_view leaf = leaf_of(name);
    const std::string_view folder = folder_of(name);
    require(name.starts_with(folder) && name.find(leaf) != name.npos, "a name's parts are parts of it");
    if (!name.ends_with('/')) require(std::string(folder) + std::string(leaf) == name, "folder and leaf are the name");
    require(name.starts_with(without_ending(name)), "a name without its ending is its beginning");
    is_passed_over_folder(leaf);
    for (const bool in_batch : {false, true}) {
        if (kind_of_file(leaf, in_batch) != NameKind::marker) continue;
        if (kind_of_marker(leaf) == MarkerKind::count) require(in_batch, "counts are markers inside a batch only");
    }
    count_in_name(leaf);
    require(marker_key(marker_key(name)) == marker_key(name), "a key's key is itself");
    return 0;
}
