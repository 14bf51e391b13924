// SPDX-License-Identifier: GPL-3.0-or-later
#include "worker/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <string>

namespace chartlift::worker {
namespace {

constexpr int kEverySeal = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
constexpr std::size_t kMostPartsACall = IOV_MAX;

Fault fault(FaultKind kind, std::string what)
{
    return {kind, "worker", std::move(what)};
}

/// Drops the first `done` bytes of `parts`.
std::span<iovec> rest_of(std::span<iovec> parts, std::size_t done)
{
    while (!parts.empty() && done >= parts.front().iov_len) {
        done -= parts.front().iov_len;
        parts = parts.subspan(1);
    }
    if (done > 0) {
        parts.front().iov_base = static_cast<std::byte*>(parts.front().iov_base) + done;
        parts.front().iov_len -= done;
    }
    return parts;
}

}  // namespace

Result<Descriptor> new_memory()
{
    Descriptor memory(::memfd_create("chartlift page", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!memory) return fault(FaultKind::io, "no shared memory for a page");
    return memory;
}

Result<void> write_all(const Descriptor& memory, std::vector<iovec> parts)
{
    std::span<iovec> left = rest_of(parts, 0);
    while (!left.empty()) {
        const auto count = static_cast<int>(std::min(left.size(), kMostPartsACall));
        const ssize_t written = ::writev(memory.get(), left.data(), count);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return fault(FaultKind::io, "no room in shared memory for a page");
        left = rest_of(left, static_cast<std::size_t>(written));
    }
    return {};
}

Result<void> seal(const Descriptor& memory)
{
    const int seals = ::fcntl(memory.get(), F_GET_SEALS);
    if (seals >= 0 && (seals & kEverySeal) == kEverySeal) return {};  // it came sealed
    if (::fcntl(memory.get(), F_ADD_SEALS, kEverySeal) == 0) return {};
    return fault(FaultKind::internal, "shared memory cannot be sealed");
}

SharedBytes::~SharedBytes()
{
    if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());  // NOLINT: it only unmaps
}

Result<std::shared_ptr<const SharedBytes>> map_sealed(const Descriptor& memory, std::size_t size_bytes)
{
    if (auto sealed = seal(memory); !sealed) return sealed.error();
    struct stat status {};
    if (::fstat(memory.get(), &status) != 0 || static_cast<std::uint64_t>(status.st_size) != size_bytes)
        return fault(FaultKind::internal, "shared memory is not as large as it should be");
    if (size_bytes == 0) return std::make_shared<const SharedBytes>(nullptr, 0);
    void* first = ::mmap(nullptr, size_bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, memory.get(), 0);
    if (first == MAP_FAILED) return fault(FaultKind::limit, "no address space for a page");
    return std::make_shared<const SharedBytes>(static_cast<const std::byte*>(first), size_bytes);
}

}  // namespace chartlift::worker
