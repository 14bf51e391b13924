// SPDX-License-Identifier: GPL-3.0-or-later
// Input: a name, another name, and a table of nicknames, parted by a byte 0. What must hold: folding twice changes
// nothing, forms are made of A to Z, and the table's relations go both ways.
#include <algorithm>
#include <cstdint>
#include <string>

#include "core/names.h"
#include "tests/fuzz/input.h"

namespace {

using namespace chartlift;
using fuzz::require;

bool is_letters(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

void check_forms(const std::string& name)
{
    const std::string folded = fold_name(name);
    require(fold_name(folded) == folded, "folding twice changes nothing");
    require(folded.find("  ") == std::string::npos && !folded.starts_with(' ') && !folded.ends_with(' '),
            "words are joined by single blanks");
    const std::string joined = join_name(folded);
    require(is_letters(joined), "a joined name is made of A to Z");
    for (const std::string& part : name_parts(folded)) require(!part.empty() && is_letters(part), "a part is A to Z");
    std::string bare = folded;
    const std::string suffix = take_suffix(bare);
    require(suffix.empty() || (fold_suffix(suffix) == suffix && !bare.empty()), "a suffix is one, a name stays");
    require(name_sound(joined).size() <= 5, "a sound has five places");
    require(mrn_key(mrn_key(name)) == mrn_key(name), "a key's key is itself");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    fuzz::Input input(bytes, size);
    const std::string one = input.text();
    const std::string other = input.text();
    check_forms(one);
    check_forms(other);
    const auto table = Nicknames::from_csv(input.rest());
    if (!table) return 0;
    const std::string a = join_name(fold_name(one));
    const std::string b = join_name(fold_name(other));
    require(table->related(a, b) == table->related(b, a), "a relation goes both ways");
    const auto variants = table->variants(a);
    require(!variants.empty() && variants.front() == a, "a name is its own first variant");
    for (std::size_t i = 1; i < variants.size(); ++i) require(table->related(a, variants[i]), "a variant is related");
    return 0;
}
