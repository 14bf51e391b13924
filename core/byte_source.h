// SPDX-License-Identifier: GPL-3.0-or-later
/// Bytes of an input file, read a piece at a time so that a file is never loaded whole. The pipeline implements it over
/// a descriptor; tests over memory; a sandboxed worker over the descriptor it was handed. Thread-safety: const calls
/// are safe from many threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/fault.h"

namespace chartlift {

class ByteSource {
public:
    ByteSource() = default;
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;
    virtual ~ByteSource() = default;
    virtual std::uint64_t size_bytes() const = 0;
    /// Fills `into` from `offset`; returns the bytes read, fewer only at the end of the file. Faults: io.
    virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) const = 0;
    /// A descriptor open for reading on these very bytes, owned by the source, or -1 where there is none.
    virtual int descriptor() const { return -1; }
};

}  // namespace chartlift
