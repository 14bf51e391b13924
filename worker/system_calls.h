// SPDX-License-Identifier: GPL-3.0-or-later
/// The list of system calls that decoding needs; any other ends the process with SIGSYS.
/// Guarantee: files are opened for reading only (or not at all); nothing becomes executable; no socket, process,
/// thread, signal to others, tracing or io_uring. Attempts to change the file system fail with EACCES, since fontconfig
/// makes them in good faith when its cache is out of date. Precondition: no_new_privs is set. Faults: internal.
/// Thread-safety: of the calling thread only.
#pragma once

#include "core/fault.h"

namespace chartlift::worker {

struct CallRules {
    int socket = 3;           ///< packets are sent and received on it alone
    bool open_files = false;  ///< for reading; true only where Landlock says which
};

bool system_calls_can_be_filtered();

Result<void> restrict_system_calls(const CallRules& rules);

}  // namespace chartlift::worker
