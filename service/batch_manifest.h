// SPDX-License-Identifier: GPL-3.0-or-later
/// What a sender says that a batch consists of: checksums as sha256sum(1) writes them, a manifest.json, or a count.
///     {"files": [{"name": "p1.tif", "sha256": "...", "bytes": 1234}], "count": 1}
/// sha256 and bytes may be missing, and so may files or count; other keys are passed over.
/// Guarantee: any bytes are safe to parse; a name that leaves its folder, or comes twice, is refused.
/// Faults: corrupt (not the format), limit (kMostManifestBytes, kMostManifestFiles). Thread-safety: free functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/fault.h"

namespace chartlift::service {

constexpr std::size_t kMostManifestBytes = 8U << 20U;  ///< some 50,000 lines with names of 100 bytes
constexpr std::size_t kMostManifestFiles = 100'000;    ///< in one folder; more is no batch of paper

struct ManifestFile {
    std::string name;    ///< relative to the manifest's folder
    std::string sha256;  ///< lower-case hexadecimal; empty: not said
    std::optional<std::uint64_t> bytes;
};

struct Manifest {
    std::vector<ManifestFile> files;
    std::optional<std::uint64_t> count;  ///< of files; always there when `files` is empty
};

Result<Manifest> parse_sha256sums(std::string_view text);
Result<Manifest> parse_manifest_json(std::string_view text);
/// The number in a count file, white space around it aside.
Result<std::uint64_t> parse_count(std::string_view text);

}  // namespace chartlift::service
