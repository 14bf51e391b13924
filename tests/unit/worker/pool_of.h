// SPDX-License-Identifier: GPL-3.0-or-later
/// Pools of test workers, and files for them. Thread-safety: free functions.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "core/byte_source.h"
#include "worker/pool.h"

namespace chartlift::test {

inline std::shared_ptr<worker::Pool> pool_of(int processes, bool confined = true)
{
    worker::PoolSettings settings;
    settings.processes = processes;
    settings.memory_bytes = std::int64_t{512} << 20;
    settings.confined = confined;
    settings.program = TEST_WORKER;
    auto pool = worker::Pool::start(settings);
    EXPECT_TRUE(pool) << pool.error().message();
    return pool ? *pool : nullptr;
}

/// A file by its descriptor, as the pipeline gives it.
class FileOnDisk final : public ByteSource {
public:
    explicit FileOnDisk(const std::filesystem::path& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC))
    {
        struct stat status {};
        if (::fstat(descriptor_, &status) == 0) size_ = static_cast<std::uint64_t>(status.st_size);
    }
    FileOnDisk(const FileOnDisk&) = delete;
    FileOnDisk& operator=(const FileOnDisk&) = delete;
    ~FileOnDisk() override { ::close(descriptor_); }
    std::uint64_t size_bytes() const override { return size_; }
    int descriptor() const override { return descriptor_; }
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) const override
    {
        const ssize_t got = ::pread(descriptor_, into.data(), into.size(), static_cast<off_t>(offset));
        if (got < 0) return Fault{FaultKind::io, "test", "cannot read"};
        return static_cast<std::size_t>(got);
    }

private:
    int descriptor_;
    std::uint64_t size_ = 0;
};

}  // namespace chartlift::test
