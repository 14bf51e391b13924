// SPDX-License-Identifier: GPL-3.0-or-later
/// People's names as charts print them: `LAST, FIRST M`, `Last, First Middle Jr`, `First M. Last`, `SMITH JOHN A`,
/// `de la Cruz, Ana`. Titles are dropped, credentials ("MD") tell a clinician. A full stop read for the comma
/// ("Lewis. Barby J") or a comma for the full stop ("Roberto F, Daniels") is seen through at a lowered quality.
/// Guarantee: names keep their case, apostrophes and hyphens and lose full stops. Faults: none. Thread-safety: pure.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "stages/extract/tokens.h"

namespace chartlift::extract {

struct NameReading {
    std::string last;
    std::string first;
    std::string middle;
    std::string suffix;
    double quality = 1;
    bool comma = false;      ///< printed last name first, with a comma
    bool clinician = false;  ///< "Dr." before it or "MD" behind it
    std::size_t used = 0;    ///< tokens consumed; what follows is no part of a name
};

struct NameHints {
    bool last_first = false;  ///< the label says so: "Name (Last, First, MI)"
    bool labelled = false;    ///< a label announces a name: a first letter read in lower case is forgiven
};

std::optional<NameReading> read_name(std::span<const Token> tokens, NameHints hints);

/// One part of a name alone, as under "Last Name"; empty where the tokens do not start with one.
std::string read_name_part(std::span<const Token> tokens, std::size_t& used);

/// A generational suffix in its usual form, "Jr" or "III"; empty for anything else.
std::string suffix_of(std::string_view text);

/// Words that stand in headings and never, or hardly ever, in names: "Report", "Medical", "Insurance".
bool heading_word(std::string_view folded);

}  // namespace chartlift::extract
