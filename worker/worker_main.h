// SPDX-License-Identifier: GPL-3.0-or-later
/// The life of a worker process: it is told its bounds, confines itself, and then answers requests until the socket
/// closes. It is the program itself, started again as `chartlift decode-worker` with the socket as descriptor 3.
/// Guarantee: no file is read before confine() has returned; every request but `close` has one answer, a fault where
/// it cannot be met; a call that outlives its allowance ends the process (SIGALRM), even when nobody is left to kill
/// it. Nothing is printed.
/// Thread-safety: the process has this one thread.
#pragma once

#include <functional>
#include <memory>

#include "stages/barcode/read_symbols.h"
#include "stages/decode/decode.h"

namespace chartlift::worker {

inline constexpr const char* kWorkerArgument = "decode-worker";
inline constexpr int kWorkerSocket = 3;

/// What does the work; tests put in their own.
struct WorkerParts {
    std::function<std::unique_ptr<FileOpener>(DecodeSettings)> opener;
    ReadSymbols read_symbols;
};

WorkerParts real_parts();

/// The process' exit code: 0 when the socket closed, 1 when it was not understood.
int worker_main(int socket = kWorkerSocket, const WorkerParts& parts = real_parts());

}  // namespace chartlift::worker
