// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/archive.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>
#include <memory>
#include <vector>

namespace chartlift::store {
namespace {

class Sha256 {
public:
    Sha256() : context_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }
    void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
    std::string hex()
    {
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
        unsigned int size = 0;
        EVP_DigestFinal_ex(context_.get(), digest.data(), &size);
        std::string text;
        for (unsigned int i = 0; i < size; ++i) text += fmt::format("{:02x}", digest.at(i));
        return text;
    }

private:
    struct Free {
        void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    };
    std::unique_ptr<EVP_MD_CTX, Free> context_;
};

/// Reads a regular file in pieces; a FIFO or device would never end.
Result<void> read_pieces(const std::filesystem::path& path, const Limits* limits, Links links,
                         const std::function<Result<void>(std::string_view)>& take)
{
    const int descriptor =
        ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | (links == Links::refuse ? O_NOFOLLOW : 0));
    if (descriptor < 0) return file_fault(errno, "open", path);
    const std::unique_ptr<const int, void (*)(const int*)> closer(&descriptor, [](const int* d) { ::close(*d); });
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) return file_fault(errno, "open", path);
    if (!S_ISREG(status.st_mode)) return Fault{FaultKind::unsupported, "archive", "not a regular file", path.string()};
    if (limits && status.st_size > limits->max_bytes)
        return Fault{FaultKind::limit, "archive",
                     fmt::format("file is {} bytes; limits.max_bytes is {}", status.st_size, limits->max_bytes)};
    constexpr std::size_t kPiece_bytes = 1U << 20U;
    std::vector<char> piece(kPiece_bytes);
    while (true) {
        const ssize_t got = ::read(descriptor, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return file_fault(errno, "read", path);
        if (got == 0) return {};
        if (auto taken = take({piece.data(), static_cast<std::size_t>(got)}); !taken) return taken;
    }
}

}  // namespace

Result<std::string> sha256_of_file(const std::filesystem::path& path)
{
    Sha256 hash;
    auto read = read_pieces(path, nullptr, Links::follow, [&](std::string_view bytes) -> Result<void> {
        hash.add(bytes);
        return {};
    });
    if (!read) return read.error();
    return hash.hex();
}

std::string sha256_of(std::string_view bytes)
{
    Sha256 hash;
    hash.add(bytes);
    return hash.hex();
}

std::filesystem::path Archive::path_of(const std::string& sha256) const
{
    return folder_ / sha256.substr(0, 2) / sha256;
}

Result<ArchivedFile> Archive::keep(const std::filesystem::path& original, const Limits& limits, Links links) const
{
    ArchivedFile kept;
    Sha256 hash;
    auto read = read_pieces(original, &limits, links, [&](std::string_view bytes) -> Result<void> {
        hash.add(bytes);
        kept.bytes += bytes.size();
        return {};
    });
    if (!read) return read.error();
    kept.sha256 = hash.hex();
    kept.path = path_of(kept.sha256);
    std::error_code ignored;
    if (std::filesystem::file_size(kept.path, ignored) == kept.bytes && !ignored) return kept;

    StagedFiles staged(files_);
    Sha256 copied;
    auto written = staged.write(kept.path, [&](const Sink& sink) {
        return read_pieces(original, &limits, links, [&](std::string_view bytes) -> Result<void> {
            copied.add(bytes);
            return sink(bytes);
        });
    });
    if (!written) return written.error();
    if (copied.hex() != kept.sha256)
        return Fault{FaultKind::io, "archive", "the file changed while it was read", original.string()};
    if (auto published = staged.publish(); !published) return published.error();
    return kept;
}

}  // namespace chartlift::store
