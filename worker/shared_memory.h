// SPDX-License-Identifier: GPL-3.0-or-later
/// Bytes handed from one process to another in anonymous memory (memfd_create(2)).
/// Guarantee: what map_sealed gives can never change nor shrink under its reader, whatever the other process does: the
/// memory is sealed before it is looked at (fcntl(2), F_ADD_SEALS), which the kernel refuses while anyone still has it
/// mapped for writing.
/// Faults: io (no memory), internal (not memory of that size, or not to be sealed).
/// Thread-safety: a SharedBytes is immutable and safe from many threads.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "core/fault.h"
#include "worker/channel.h"

namespace chartlift::worker {

/// Written to by write_all, never mapped here. The name shows in /proc only.
Result<Descriptor> new_memory();

/// Appends all the parts.
Result<void> write_all(const Descriptor& memory, std::vector<iovec> parts);

/// From here on nobody can change it.
Result<void> seal(const Descriptor& memory);

/// A mapping for reading.
class SharedBytes {
public:
    SharedBytes(const std::byte* first, std::size_t size) : bytes_(first, size) {}
    SharedBytes(const SharedBytes&) = delete;
    SharedBytes& operator=(const SharedBytes&) = delete;
    ~SharedBytes();
    std::span<const std::byte> bytes() const { return bytes_; }

private:
    std::span<const std::byte> bytes_;
};

/// Seals the memory, checks that it is exactly `size` bytes, and maps it.
Result<std::shared_ptr<const SharedBytes>> map_sealed(const Descriptor& memory, std::size_t size_bytes);

}  // namespace chartlift::worker
