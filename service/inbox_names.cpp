// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/inbox_names.h"

#include <algorithm>
#include <charconv>

namespace chartlift::service {
namespace {

constexpr std::array<std::string_view, 2> kFlagEndings{".done", ".ready"};
constexpr std::string_view kChecksumsEnding = ".sha256";
constexpr std::string_view kManifestJson = "manifest.json";
constexpr std::string_view kCount = "count";
constexpr std::string_view kCountEnding = ".count";

/// Written by browsers, SFTP servers, copy tools and editors while a file is not whole.
constexpr std::array<std::string_view, 6> kTemporaryEndings{".part",     ".partial",    ".tmp",
                                                            ".filepart", ".crdownload", "~"};
/// Left by Windows' and Office's own hands; macOS' are dot-files.
constexpr std::array<std::string_view, 2> kDroppings{"thumbs.db", "desktop.ini"};
constexpr std::string_view kOfficeLock = "~$";
/// Windows' and NAS makers' folders, which appear on every share of theirs.
constexpr std::array<std::string_view, 5> kSystemFolders{"system volume information", "$recycle.bin", "#recycle",
                                                         "@eadir", "lost+found"};

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_letters(std::string_view a, std::string_view b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

bool ends_in(std::string_view name, std::string_view ending)
{
    return name.size() >= ending.size() && same_letters(name.substr(name.size() - ending.size()), ending);
}

bool is_temporary(std::string_view leaf)
{
    return leaf.starts_with('.') || leaf.starts_with(kOfficeLock) ||
           std::any_of(kTemporaryEndings.begin(), kTemporaryEndings.end(),
                       [&](std::string_view ending) { return ends_in(leaf, ending); });
}

bool is_flag(std::string_view leaf)
{
    return std::any_of(kFlagEndings.begin(), kFlagEndings.end(),
                       [&](std::string_view ending) { return ends_in(leaf, ending); });
}

bool is_count(std::string_view leaf)
{
    return same_letters(leaf, kCount) || count_in_name(leaf);
}

}  // namespace

NameKind kind_of_file(std::string_view leaf, bool in_batch)
{
    if (is_flag(leaf)) return NameKind::marker;
    if (is_temporary(leaf)) return NameKind::passed_over;
    if (ends_in(leaf, kChecksumsEnding) || same_letters(leaf, kManifestJson)) return NameKind::marker;
    if (in_batch && is_count(leaf)) return NameKind::marker;
    const bool dropping = std::any_of(kDroppings.begin(), kDroppings.end(),
                                      [&](std::string_view name) { return same_letters(leaf, name); });
    return dropping ? NameKind::passed_over : NameKind::input;
}

bool is_passed_over_folder(std::string_view leaf)
{
    return is_temporary(leaf) || std::any_of(kSystemFolders.begin(), kSystemFolders.end(),
                                             [&](std::string_view name) { return same_letters(leaf, name); });
}

MarkerKind kind_of_marker(std::string_view leaf)
{
    if (is_flag(leaf)) return MarkerKind::flag;
    if (ends_in(leaf, kChecksumsEnding)) return MarkerKind::checksums;
    return is_count(leaf) ? MarkerKind::count : MarkerKind::manifest_json;
}

std::optional<std::uint64_t> count_in_name(std::string_view leaf)
{
    if (!ends_in(leaf, kCountEnding)) return std::nullopt;
    const std::string_view digits = leaf.substr(0, leaf.size() - kCountEnding.size());
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return count;
}

std::string marker_key(std::string_view name)
{
    std::string key(name);
    const std::string_view leaf = leaf_of(name);
    const bool whole_leaf = same_letters(leaf, kManifestJson) || is_count(leaf);
    const std::size_t dot = leaf.rfind('.');
    const std::size_t from = key.size() - leaf.size() + (whole_leaf || dot == leaf.npos ? 0 : dot);
    std::transform(key.begin() + static_cast<std::ptrdiff_t>(from), key.end(),
                   key.begin() + static_cast<std::ptrdiff_t>(from), lower);
    return key;
}

std::string_view leaf_of(std::string_view name)
{
    if (name.ends_with('/')) name.remove_suffix(1);
    return name.substr(name.rfind('/') + 1);  // npos + 1 is 0
}

std::string_view folder_of(std::string_view name)
{
    if (name.ends_with('/')) name.remove_suffix(1);
    return name.substr(0, name.rfind('/') + 1);
}

std::string_view without_ending(std::string_view name)
{
    const std::string_view leaf = leaf_of(name);
    const std::size_t dot = leaf.rfind('.');
    if (dot == leaf.npos || dot == 0) return {};
    return name.substr(0, name.size() - leaf.size() + dot);
}

}  // namespace chartlift::service
