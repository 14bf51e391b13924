// SPDX-License-Identifier: GPL-3.0-or-later
/// The original files, untouched, by content hash: OUT/archive/ab/abcdef...; the same bytes are kept once.
/// Guarantee: what `keep` returned stands on the disk under its SHA-256 (FIPS 180-4) and was read back from what was
/// hashed: a file that changes while it is copied is refused, never archived half old and half new.
/// Faults: io, disk_full, limit (larger than limits.max_bytes). Thread-safety: safe from many threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/fault.h"
#include "core/limits.h"
#include "store/files.h"

namespace chartlift::store {

struct ArchivedFile {
    std::string sha256;  ///< lower-case hex
    std::uint64_t bytes = 0;
    std::filesystem::path path;  ///< within the archive
};

/// SHA-256 of a file's bytes, read in pieces.
Result<std::string> sha256_of_file(const std::filesystem::path& path);
/// SHA-256 of bytes in memory, lower-case hex.
std::string sha256_of(std::string_view bytes);

/// Whether the name may be a symbolic link: an operator's may, one found in a folder that others write to may not,
/// since it could point at what they must not read.
enum class Links { follow, refuse };

class Archive {
public:
    Archive(std::filesystem::path folder, Files& files) : folder_(std::move(folder)), files_(files) {}
    Result<ArchivedFile> keep(const std::filesystem::path& original, const Limits& limits,
                              Links links = Links::follow) const;
    std::filesystem::path path_of(const std::string& sha256) const;

private:
    std::filesystem::path folder_;
    Files& files_;
};

}  // namespace chartlift::store
