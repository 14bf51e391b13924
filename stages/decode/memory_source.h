// SPDX-License-Identifier: GPL-3.0-or-later
/// A ByteSource over bytes in memory, for tests, fuzzing and streams inside other files. Thread-safety: const, safe.
#pragma once

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/byte_source.h"

namespace chartlift {

class MemorySource final : public ByteSource {
public:
    explicit MemorySource(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}
    explicit MemorySource(std::string_view text)
    {
        const auto view = std::as_bytes(std::span(text.data(), text.size()));
        bytes_.assign(view.begin(), view.end());
    }

    std::uint64_t size_bytes() const override { return bytes_.size(); }
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) const override
    {
        if (offset >= bytes_.size() || into.empty()) return std::size_t{0};
        const std::size_t from = static_cast<std::size_t>(offset);
        const std::size_t count = std::min(into.size(), bytes_.size() - from);
        std::memcpy(into.data(), bytes_.data() + from, count);
        return count;
    }

private:
    std::vector<std::byte> bytes_;
};

}  // namespace chartlift
