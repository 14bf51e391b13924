// SPDX-License-Identifier: GPL-3.0-or-later
/// Takes from this process whatever decoding a file does not need, for good.
///
/// Guarantee, once confine() returned: no privilege can be gained (no_new_privs); of the file system only the system's
/// fonts and character maps can be opened, for reading (Landlock; where the kernel has none, nothing can be opened);
/// there is no network and no new process; a system call outside the list in system_calls.cpp ends the process with
/// SIGSYS; address space, processor time, file size and descriptors are bounded, no core is written, and no other
/// process may look into this one. What remains possible is to learn whether a path exists (stat, readlink: Landlock
/// does not govern them, and fontconfig needs them).
/// Call it in a process with one thread, before the first byte of a file is read.
///
/// A build with AddressSanitizer or ThreadSanitizer has no bound on memory and no filter of system calls, since the
/// sanitizers' own runtime needs both; Protections says so.
///
/// Faults: internal (a protection that this kernel has could not be switched on).
/// Thread-safety: confine() by a process' only thread; available_protections() from any thread.
/// Source: Landlock, Documentation/userspace-api/landlock.rst (ABI 1 to 6); seccomp(2) by libseccomp.
#pragma once

#include <cstdint>

#include "core/fault.h"

namespace chartlift::worker {

struct Protections {
    bool no_new_privileges = false;
    bool landlock = false;  ///< the file system by Landlock; without it, no file can be opened at all
    bool seccomp = false;   ///< system calls by a list of what is allowed
    bool limits = false;    ///< memory, processor time, file size, descriptors
    int landlock_abi = 0;   ///< of the kernel; 0: none
    friend bool operator==(const Protections&, const Protections&) = default;
};

struct Confinement {
    int socket = 3;                                   ///< the one descriptor on which packets may be sent and received
    std::int64_t memory_bytes = 4'294'967'296;        ///< address space beyond what the program itself takes
    std::int64_t cpu_s = 3'600;                       ///< over the process' whole life
    std::int64_t largest_file_bytes = 4'294'967'296;  ///< of shared memory that is written
    bool filters = true;                              ///< Landlock and seccomp; false leaves them out, for debugging
};

Result<Protections> confine(const Confinement& confinement);

/// What confine() would switch on here; the caller is not confined.
Protections available_protections();

}  // namespace chartlift::worker
