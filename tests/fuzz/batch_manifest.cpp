// SPDX-License-Identifier: GPL-3.0-or-later
// Input: what a sender says that a batch consists of, read as each of the three forms. What must hold: a fault, or
// names that stay in their folder, each once, with sums that are sums; written again it reads the same.
#include "service/batch_manifest.h"

#include <cctype>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>

#include "tests/fuzz/input.h"

namespace {

using namespace chartlift;
using fuzz::require;

void check(const service::Manifest& manifest)
{
    require(!manifest.files.empty() || manifest.count.has_value(), "there are files or a count");
    require(manifest.files.size() <= service::kMostManifestFiles, "files keep to their limit");
    std::set<std::string> names;
    for (const service::ManifestFile& file : manifest.files) {
        require(names.insert(file.name).second, "a name comes once");
        const std::filesystem::path path(file.name);
        require(!file.name.empty() && path.is_relative() && file.name.find('\0') == std::string::npos,
                "a name is relative");
        for (const auto& part : path) require(part != "..", "a name stays in its folder");
        require(file.sha256.empty() || file.sha256.size() == 64, "a sum has 64 digits");
        for (const char c : file.sha256)
            require((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'), "a sum is lower-case hexadecimal");
    }
}

/// As sha256sum writes them, where no name needs its escapes.
std::string written(const service::Manifest& manifest)
{
    std::string out;
    for (const service::ManifestFile& file : manifest.files) {
        if (file.name.find_first_of("\\\n\r") != std::string::npos) return {};
        out += file.sha256 + "  " + file.name + '\n';
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view text = fuzz::view_of(bytes, size);
    if (const auto sums = service::parse_sha256sums(text)) {
        check(*sums);
        for (const service::ManifestFile& file : sums->files) require(!file.sha256.empty(), "every file has a sum");
        if (const std::string again = written(*sums); !again.empty()) {
            const auto same = service::parse_sha256sums(again);
            require(same.has_value() && written(*same) == again, "sums written again read the same");
        }
    }
    if (const auto manifest = service::parse_manifest_json(text)) check(*manifest);
    if (const auto count = service::parse_count(text))
        require(service::parse_count(std::to_string(*count)).has_value(), "a count written again is read");
    return 0;
}
