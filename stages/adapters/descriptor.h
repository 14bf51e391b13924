// SPDX-License-Identifier: GPL-3.0-or-later
/// The kernel's file descriptors as values: one that closes itself, and one read as a ByteSource by pread, so that many
/// threads share it and nothing is loaded whole.
/// Faults: io (reading failed). Thread-safety: Descriptor is owned by one thread; reading a source is safe from many.
#pragma once

#include <cstdint>
#include <utility>

#include "core/byte_source.h"

namespace chartlift::adapters {

class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept
    {
        std::swap(number_, other.number_);
        return *this;
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor();

    int get() const { return number_; }
    explicit operator bool() const { return number_ >= 0; }

private:
    int number_ = -1;
};

/// Reads what is there, fewer bytes only at the end of the file. `where` is the fault's.
Result<std::size_t> read_at(int descriptor, std::uint64_t offset, std::span<std::byte> into, const char* where);

class DescriptorSource final : public ByteSource {
public:
    /// Its size is what fstat says now; 0 where it says nothing.
    explicit DescriptorSource(Descriptor file);
    std::uint64_t size_bytes() const override { return size_bytes_; }
    int descriptor() const override { return file_.get(); }
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) const override;

private:
    Descriptor file_;
    std::uint64_t size_bytes_ = 0;
};

}  // namespace chartlift::adapters
