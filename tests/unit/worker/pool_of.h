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
#include "stages/adapters/descriptor.h"
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
inline std::shared_ptr<const ByteSource> on_disk(const std::filesystem::path& path)
{
    return std::make_shared<adapters::DescriptorSource>(
        adapters::Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC)));
}

}  // namespace chartlift::test
