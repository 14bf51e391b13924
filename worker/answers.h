// SPDX-License-Identifier: GPL-3.0-or-later
/// Turns what a worker answered into values of ours, believing nothing.
/// Guarantee: a page that comes out keeps every promise of core/image.h and core/text.h and the limits that were asked
/// for; a fault is one that a page may have, in printable text of bounded length. Text is valid UTF-8: what is not is
/// replaced by U+FFFD.
/// Faults: internal ("worker answered nonsense: ...") where an answer breaks the rules: its worker is not to be trusted
/// again. Such a fault comes as Nonsense, so that it cannot be mistaken for a page's own.
/// Thread-safety: free functions, safe from many threads.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "core/page.h"
#include "worker/channel.h"
#include "worker/protocol.h"

namespace chartlift::worker {

struct Nonsense {
    std::string what;  ///< what is wrong with the answer
};

template <class T>
using Believed = std::variant<T, Nonsense>;

Believed<DecodedPage> believed_page(const PageAnswer& answer, const Descriptor& memory, const Limits& limits);

/// Of a crop of that size. What lies outside is cut off.
Believed<std::vector<Barcode>> believed_symbols(const SymbolsAnswer& answer, const Descriptor& memory,
                                                const SymbolsRequest& request);

Believed<Opened> believed_opened(const Opened& answer, const Limits& limits);

Believed<Fault> believed_fault(const Fault& answer);

}  // namespace chartlift::worker
