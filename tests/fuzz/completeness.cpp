// SPDX-License-Identifier: GPL-3.0-or-later
// Input: a scan's file, whole or not. What must hold: it is judged by a bounded number of small reads within the file.
#include "service/completeness.h"

#include <cstdint>

#include "stages/decode/memory_source.h"
#include "tests/fuzz/input.h"

namespace {

using namespace chartlift;

class CountingSource final : public ByteSource {
public:
    explicit CountingSource(std::string_view bytes) : bytes_(bytes) {}
    std::uint64_t size_bytes() const override { return bytes_.size_bytes(); }
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) const override
    {
        constexpr std::size_t kSmall_bytes = std::size_t{64} * 1024;
        constexpr int kMostReads = 200'000;
        fuzz::require(into.size() <= kSmall_bytes, "reads are small");
        fuzz::require(++reads_ <= kMostReads, "reads are few");
        return bytes_.read_at(offset, into);
    }

private:
    MemorySource bytes_;
    mutable int reads_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const bool whole = service::looks_whole(CountingSource(fuzz::view_of(bytes, size)));
    fuzz::require(!whole || size > 0, "an empty file is not whole");
    return 0;
}
