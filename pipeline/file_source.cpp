// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/file_source.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "stages/adapters/descriptor.h"
#include "store/files.h"

namespace chartlift::pipeline {

Result<std::shared_ptr<const ByteSource>> open_file_source(const std::filesystem::path& path)
{
    adapters::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) return store::file_fault(errno, "open", path);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
        return Fault{FaultKind::io, "files", "not a regular file", path.string()};
    return std::shared_ptr<const ByteSource>(std::make_shared<adapters::DescriptorSource>(std::move(file)));
}

}  // namespace chartlift::pipeline
