// SPDX-License-Identifier: GPL-3.0-or-later
// clang 14 spells this symbol of Debian's libfmt, which GCC built, another way; so it is made here once more.
#include <fmt/format.h>

template void fmt::v9::detail::vformat_to<char>(buffer<char>&, string_view, basic_format_args<buffer_context<char>>,
                                                locale_ref);
