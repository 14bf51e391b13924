// SPDX-License-Identifier: GPL-3.0-or-later
/// The one place where an exception becomes a fault: one that left a graph node would cancel the graph and lose pages
/// that had nothing to do with it.
/// Thread-safety: free function.
#pragma once

#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "core/fault.h"

namespace chartlift::pipeline {

/// Runs `work`, which returns a Result. The exception's own text is left out: it may quote patient data.
template <class Work>
auto guarded(std::string_view where, Work&& work) -> decltype(work())
{
    try {
        return std::forward<Work>(work)();
    } catch (const std::bad_alloc&) {
        return Fault{FaultKind::limit, std::string(where), "out of memory"};
    } catch (const std::exception&) {
        return Fault{FaultKind::internal, std::string(where), "unexpected exception"};
    }
}

}  // namespace chartlift::pipeline
