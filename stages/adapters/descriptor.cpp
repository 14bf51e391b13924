// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/adapters/descriptor.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace chartlift::adapters {

Descriptor::~Descriptor()
{
    if (number_ >= 0) ::close(number_);
}

Result<std::size_t> read_at(int descriptor, std::uint64_t offset, std::span<std::byte> into, const char* where)
{
    std::size_t total = 0;
    while (total < into.size()) {
        const ssize_t got =
            ::pread(descriptor, into.data() + total, into.size() - total, static_cast<off_t>(offset + total));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Fault{FaultKind::io, where, "cannot read the input file"};
        if (got == 0) break;
        total += static_cast<std::size_t>(got);
    }
    return total;
}

DescriptorSource::DescriptorSource(Descriptor file) : file_(std::move(file))
{
    struct stat status {};
    if (::fstat(file_.get(), &status) == 0) size_bytes_ = static_cast<std::uint64_t>(status.st_size);
}

Result<std::size_t> DescriptorSource::read_at(std::uint64_t offset, std::span<std::byte> into) const
{
    return adapters::read_at(file_.get(), offset, into, "files");
}

}  // namespace chartlift::adapters
