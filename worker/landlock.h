// SPDX-License-Identifier: GPL-3.0-or-later
/// Landlock, which takes the file system and the network away from a process that has no privileges.
/// Guarantee: after restrict_file_system() only the system's fonts and character maps can be opened, for reading; TCP
/// cannot be bound or connected from ABI 4 on; abstract Unix sockets and signals to others are cut off from ABI 6 on.
/// What this kernel's Landlock does not know is left out. Precondition: no_new_privs is set.
/// Faults: internal. Thread-safety: of the calling thread only, so call it before there are others.
#pragma once

#include "core/fault.h"

namespace chartlift::worker {

int landlock_abi();  ///< 0 where the kernel has no Landlock, or it is switched off

Result<void> restrict_file_system(int abi);

}  // namespace chartlift::worker
