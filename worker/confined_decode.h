// SPDX-License-Identifier: GPL-3.0-or-later
/// Decode (stages/decode/decode.h), done in confined processes.
/// Guarantee: the pages, words and faults are those of Decode; whatever a file does to a worker costs the page that was
/// being decoded, and no other: a file that was open in a worker that died is opened again in another one. A context
/// without a deadline is given limits.page_timeout.
/// Faults: those of Decode; and timeout (ended at the deadline), library (a signal, or a refused system call), limit
/// (memory), internal (a worker answered nonsense, or cannot be started). No fault quotes the file's text, but a worker
/// that was taken over by a file might put text of its own into one, printable and at most 300 bytes long.
/// Thread-safety: as Decode: the opener from many threads, an OpenFile by one thread at a time.
#pragma once

#include <memory>
#include <utility>

#include "stages/decode/decode.h"
#include "worker/pool.h"

namespace chartlift::worker {

class ConfinedDecode final : public FileOpener {
public:
    explicit ConfinedDecode(std::shared_ptr<Pool> pool) : pool_(std::move(pool)) {}
    Result<std::unique_ptr<OpenFile>> open(std::shared_ptr<const ByteSource> bytes,
                                           const StageContext& context) const override;

private:
    std::shared_ptr<Pool> pool_;
};

}  // namespace chartlift::worker
