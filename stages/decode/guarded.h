// SPDX-License-Identifier: GPL-3.0-or-later
/// The one place where a C library's longjmp may land. libjpeg and libpng report a fatal error by a function that must
/// not return; throwing through their C frames is undefined, so they jump back here.
///
/// Precondition: `step` calls only C functions and lambdas over references, and holds no object with a destructor, so
/// that nothing is skipped by the jump; what it changes lives in objects of the caller, and is read after the return.
/// The callbacks it leads to do not jump while an object with a destructor is alive in them.
/// Thread-safety: each call has its own jump buffer owner.
#pragma once

#include <csetjmp>

namespace chartlift::decode {

/// False where the library jumped. Never inlined (it calls setjmp), so the caller's variables are in memory.
template <class Step>
[[gnu::noinline]] bool guarded(std::jmp_buf& escape, const Step& step)
{
    if (setjmp(escape) != 0) return false;  // NOLINT: the library offers no other way
    step();
    return true;
}

}  // namespace chartlift::decode
