// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/batch_manifest.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>

namespace chartlift::service {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kSha256Digits = 64;
/// Object, array of files, file: what lies deeper is not ours, and is dropped before it takes memory.
constexpr int kDeepestJson = 4;

Fault corrupt(std::string what)
{
    return {FaultKind::corrupt, "manifest", std::move(what)};
}

Result<void> check_size(std::string_view text)
{
    if (text.size() <= kMostManifestBytes) return {};
    return Fault{FaultKind::limit, "manifest",
                 fmt::format("has {} bytes; {} are the most", text.size(), kMostManifestBytes)};
}

/// Lower-case, or nothing if it is no SHA-256.
std::optional<std::string> as_sha256(std::string_view text)
{
    if (text.size() != kSha256Digits) return std::nullopt;
    std::string digits(text);
    for (char& c : digits) {
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) return std::nullopt;
    }
    return digits;
}

/// A name below the manifest's folder, without "./"; nothing if it leaves that folder or is no file's name.
std::optional<std::string> as_name(std::string_view text)
{
    while (text.starts_with("./")) text.remove_prefix(2);
    if (text.empty() || text.find('\0') != text.npos) return std::nullopt;
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t slash = std::min(text.find('/', from), text.size());
        const std::string_view part = text.substr(from, slash - from);
        if (part.empty() || part == "." || part == "..") return std::nullopt;
        from = slash + 1;
    }
    return std::string(text);
}

/// sha256sum writes \n, \r and \\ in a name and then puts a backslash before the checksum.
std::optional<std::string> unescaped(std::string_view text)
{
    std::string name;
    name.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            name += text[i];
            continue;
        }
        if (++i == text.size()) return std::nullopt;
        switch (text[i]) {
            case 'n': name += '\n'; break;
            case 'r': name += '\r'; break;
            case '\\': name += '\\'; break;
            default: return std::nullopt;
        }
    }
    return name;
}

std::optional<ManifestFile> checksum_line(std::string_view line)
{
    const bool escaped = line.starts_with('\\');
    if (escaped) line.remove_prefix(1);
    constexpr std::size_t kNameAt = kSha256Digits + 2;  // two blanks, or a blank and the '*' of binary mode
    if (line.size() <= kNameAt || line[kSha256Digits] != ' ' ||
        (line[kSha256Digits + 1] != ' ' && line[kSha256Digits + 1] != '*'))
        return std::nullopt;
    auto sha256 = as_sha256(line.substr(0, kSha256Digits));
    const auto plain = escaped ? unescaped(line.substr(kNameAt)) : std::string(line.substr(kNameAt));
    auto name = plain ? as_name(*plain) : std::nullopt;
    if (!sha256 || !name) return std::nullopt;
    return ManifestFile{std::move(*name), std::move(*sha256), std::nullopt};
}

Result<Manifest> checked(Manifest manifest)
{
    std::set<std::string_view> names;
    for (const auto& file : manifest.files)
        if (!names.insert(file.name).second) return corrupt("names a file twice");
    if (manifest.files.empty() && !manifest.count) return corrupt("names no file and no count");
    if (!manifest.files.empty() && manifest.count && *manifest.count != manifest.files.size())
        return corrupt(fmt::format("names {} files but counts {}", manifest.files.size(), *manifest.count));
    return manifest;
}

Result<ManifestFile> file_from(const Json& value)
{
    ManifestFile file;
    const auto name = value.is_object() ? value.find("name") : value.end();
    if (!value.is_object() || name == value.end() || !name->is_string()) return corrupt("a file has no name");
    auto checked_name = as_name(name->get_ref<const std::string&>());
    if (!checked_name) return corrupt("a file's name leaves its folder");
    file.name = std::move(*checked_name);
    if (const auto sha256 = value.find("sha256"); sha256 != value.end() && !sha256->is_null()) {
        auto digits = sha256->is_string() ? as_sha256(sha256->get_ref<const std::string&>()) : std::nullopt;
        if (!digits) return corrupt("a sha256 has not 64 hexadecimal digits");
        file.sha256 = std::move(*digits);
    }
    if (const auto bytes = value.find("bytes"); bytes != value.end() && !bytes->is_null()) {
        if (!bytes->is_number_unsigned()) return corrupt("a file's bytes are not a number");
        file.bytes = bytes->get<std::uint64_t>();
    }
    return file;
}

Result<Manifest> manifest_from(const Json& root)
{
    if (!root.is_object()) return corrupt("is not a JSON object");
    Manifest manifest;
    if (const auto count = root.find("count"); count != root.end() && !count->is_null()) {
        if (!count->is_number_unsigned()) return corrupt("count is not a number");
        manifest.count = count->get<std::uint64_t>();
    }
    if (const auto files = root.find("files"); files != root.end() && !files->is_null()) {
        if (!files->is_array()) return corrupt("files is not a list");
        if (files->size() > kMostManifestFiles)
            return Fault{FaultKind::limit, "manifest",
                         fmt::format("names {} files; {} are the most", files->size(), kMostManifestFiles)};
        for (const auto& value : *files) {
            auto file = file_from(value);
            if (!file) return file.error();
            manifest.files.push_back(std::move(*file));
        }
    }
    return checked(std::move(manifest));
}

}  // namespace

Result<Manifest> parse_sha256sums(std::string_view text)
{
    if (auto sized = check_size(text); !sized) return sized.error();
    Manifest manifest;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);  // written on Windows
        if (line.empty() || line.starts_with('#')) continue;
        auto file = checksum_line(line);
        if (!file) return corrupt(fmt::format("line {} is not a checksum and a name below the folder", number));
        if (manifest.files.size() == kMostManifestFiles)
            return Fault{FaultKind::limit, "manifest", fmt::format("names over {} files", kMostManifestFiles)};
        manifest.files.push_back(std::move(*file));
    }
    return checked(std::move(manifest));
}

Result<Manifest> parse_manifest_json(std::string_view text)
{
    if (auto sized = check_size(text); !sized) return sized.error();
    const auto shallow = [](int depth, Json::parse_event_t, Json&) { return depth < kDeepestJson; };
    try {
        const Json root = Json::parse(text, shallow, false);
        if (root.is_discarded()) return corrupt("is not JSON");
        return manifest_from(root);
    } catch (const std::exception&) {  // out of memory, or a corner of the parser
        return corrupt("cannot be parsed as JSON");
    }
}

Result<std::uint64_t> parse_count(std::string_view text)
{
    constexpr std::string_view kBlanks = " \t\r\n";
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
    text = text.substr(0, text.find_last_not_of(kBlanks) + 1);  // npos + 1 is 0
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || end != text.data() + text.size()) return corrupt("count is not a number");
    return count;
}

}  // namespace chartlift::service
