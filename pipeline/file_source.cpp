// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/file_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "store/files.h"

namespace chartlift::pipeline {
namespace {

class FileSource final : public ByteSource {
public:
    FileSource(int descriptor, std::uint64_t size_bytes) : descriptor_(descriptor), size_bytes_(size_bytes) {}
    FileSource(const FileSource&) = delete;
    FileSource& operator=(const FileSource&) = delete;
    ~FileSource() override { ::close(descriptor_); }

    std::uint64_t size_bytes() const override { return size_bytes_; }
    int descriptor() const override { return descriptor_; }

    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) const override
    {
        std::size_t total = 0;
        while (total < into.size()) {
            const ssize_t got =
                ::pread(descriptor_, into.data() + total, into.size() - total, static_cast<off_t>(offset + total));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return Fault{FaultKind::io, "files", "cannot read the input file"};
            if (got == 0) break;
            total += static_cast<std::size_t>(got);
        }
        return total;
    }

private:
    int descriptor_;
    std::uint64_t size_bytes_;
};

}  // namespace

Result<std::shared_ptr<const ByteSource>> open_file_source(const std::filesystem::path& path)
{
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return store::file_fault(errno, "open", path);
    struct stat status {};
    if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        ::close(descriptor);
        return Fault{FaultKind::io, "files", "not a regular file", path.string()};
    }
    return std::shared_ptr<const ByteSource>(
        std::make_shared<FileSource>(descriptor, static_cast<std::uint64_t>(status.st_size)));
}

}  // namespace chartlift::pipeline
