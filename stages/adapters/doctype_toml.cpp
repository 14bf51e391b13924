// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/adapters/doctype_toml.h"

#include <fmt/core.h>

#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>

namespace chartlift::adapters {
namespace {

constexpr const char* kWhere = "doctypes";
/// A site's own wordings run to kilobytes; a megabyte is a mistake, not a definition.
constexpr std::uintmax_t kMaxFileBytes = 1'000'000;
constexpr std::size_t kMaxFiles = 1'000;

/// Where a value stands, for messages.
struct Place {
    std::string_view file;
    toml::source_region source;
};

Fault config_fault(const Place& place, std::string_view what)
{
    return {FaultKind::config, kWhere, fmt::format("{} line {}: {}", place.file, place.source.begin.line, what)};
}

std::string trimmed(std::string_view text)
{
    const auto is_space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return std::string(text);
}

bool is_type_id(std::string_view id)
{
    return !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

/// LOINC codes are digits, a hyphen and one check digit.
bool is_loinc(std::string_view code)
{
    const auto hyphen = code.find('-');
    if (hyphen == std::string_view::npos || hyphen == 0 || hyphen + 2 != code.size()) return false;
    return std::all_of(code.begin(), code.end(), [](char c) { return (c >= '0' && c <= '9') || c == '-'; });
}

Result<std::string> string_of(const toml::table& table, std::string_view key, std::string_view file, bool required)
{
    const toml::node* node = table.get(key);
    if (node == nullptr) {
        if (!required) return std::string{};
        return config_fault({file, table.source()}, fmt::format("key '{}' is missing", key));
    }
    const auto* text = node->as_string();
    if (text == nullptr) return config_fault({file, node->source()}, fmt::format("key '{}' must be a string", key));
    std::string value = trimmed(text->get());
    if (required && value.empty())
        return config_fault({file, node->source()}, fmt::format("key '{}' must not be empty", key));
    return value;
}

Result<std::vector<std::string>> strings_of(const toml::table& table, std::string_view key, std::string_view file,
                                            bool required)
{
    std::vector<std::string> out;
    const toml::node* node = table.get(key);
    if (node == nullptr) {
        if (!required) return out;
        return config_fault({file, table.source()}, fmt::format("key '{}' is missing", key));
    }
    const auto* array = node->as_array();
    if (array == nullptr)
        return config_fault({file, node->source()}, fmt::format("key '{}' must be an array of strings", key));
    for (const auto& item : *array) {
        const auto* text = item.as_string();
        std::string value = text == nullptr ? std::string{} : trimmed(text->get());
        if (value.empty())
            return config_fault({file, item.source()},
                                fmt::format("key '{}' must hold strings that are not empty", key));
        if (std::find(out.begin(), out.end(), value) == out.end()) out.push_back(std::move(value));
    }
    return out;
}

Result<void> only_keys(const toml::table& table, std::initializer_list<std::string_view> known, std::string_view file)
{
    for (const auto& [key, node] : table) {
        if (std::find(known.begin(), known.end(), key.str()) == known.end())
            return config_fault({file, node.source()}, fmt::format("key '{}' is unknown here", key.str()));
    }
    return {};
}

void join(std::vector<std::string>& into, std::vector<std::string> more)
{
    for (auto& value : more)
        if (std::find(into.begin(), into.end(), value) == into.end()) into.push_back(std::move(value));
}

Result<DocType> type_of(const toml::table& table, std::string_view file)
{
    if (auto known = only_keys(table, {"id", "name", "loinc", "titles", "single_page"}, file); !known)
        return known.error();
    DocType type;
    auto id = string_of(table, "id", file, true);
    if (!id) return id.error();
    type.id = std::move(*id);
    if (!is_type_id(type.id) || type.id == kUnknownType)
        return config_fault(
            {file, table.get("id")->source()},
            fmt::format("key 'id' must be made of a-z, 0-9 and _, and not be '{}'; it is '{}'", kUnknownType, type.id));
    auto name = string_of(table, "name", file, true);
    if (!name) return name.error();
    type.name = std::move(*name);
    auto loinc = string_of(table, "loinc", file, false);
    if (!loinc) return loinc.error();
    type.loinc = std::move(*loinc);
    if (!type.loinc.empty() && !is_loinc(type.loinc))
        return config_fault({file, table.get("loinc")->source()},
                            fmt::format("key 'loinc' must look like 11488-4; it is '{}'", type.loinc));
    auto titles = strings_of(table, "titles", file, true);
    if (!titles) return titles.error();
    type.titles = std::move(*titles);
    if (const toml::node* node = table.get("single_page")) {
        const auto* flag = node->as_boolean();
        if (flag == nullptr) return config_fault({file, node->source()}, "key 'single_page' must be true or false");
        type.single_page = flag->get();
    }
    return type;
}

Result<FieldLabels> labels_of(const toml::table& table, std::string_view file)
{
    if (auto known = only_keys(table, {"kind", "labels", "not_after"}, file); !known) return known.error();
    auto kind_name = string_of(table, "kind", file, true);
    if (!kind_name) return kind_name.error();
    const auto kind = field_kind_from(*kind_name);
    if (!kind)
        return config_fault({file, table.get("kind")->source()},
                            fmt::format("key 'kind' is '{}', which is no field", *kind_name));
    auto labels = strings_of(table, "labels", file, true);
    if (!labels) return labels.error();
    auto not_after = strings_of(table, "not_after", file, false);
    if (!not_after) return not_after.error();
    return FieldLabels{*kind, std::move(*labels), std::move(*not_after)};
}

Result<void> read_shared(const toml::table& table, std::string_view file, DocTypes& into)
{
    if (auto known = only_keys(table, {"label", "facility_words", "separator_values"}, file); !known)
        return known.error();
    auto facility_words = strings_of(table, "facility_words", file, false);
    if (!facility_words) return facility_words.error();
    join(into.facility_words, std::move(*facility_words));
    auto separator_values = strings_of(table, "separator_values", file, false);
    if (!separator_values) return separator_values.error();
    join(into.separator_values, std::move(*separator_values));
    const toml::node* node = table.get("label");
    if (node == nullptr) return {};
    const auto* array = node->as_array();
    if (array == nullptr) return config_fault({file, node->source()}, "key 'label' must be written as [[label]]");
    for (const auto& item : *array) {
        const auto* entry = item.as_table();
        if (entry == nullptr) return config_fault({file, item.source()}, "key 'label' must be written as [[label]]");
        auto labels = labels_of(*entry, file);
        if (!labels) return labels.error();
        const auto same = std::find_if(into.labels.begin(), into.labels.end(),
                                       [&](const FieldLabels& have) { return have.kind == labels->kind; });
        if (same == into.labels.end()) {
            into.labels.push_back(std::move(*labels));
        } else {
            join(same->labels, std::move(labels->labels));
            join(same->not_after, std::move(labels->not_after));
        }
    }
    return {};
}

Result<void> read_file(const std::string& file, const std::string& text, DocTypes& into)
{
    toml::table table;
    try {
        table = toml::parse(text, file);
    } catch (const toml::parse_error& error) {
        return config_fault({file, error.source()}, error.description());
    }
    if (!table.contains("id")) return read_shared(table, file, into);
    auto type = type_of(table, file);
    if (!type) return type.error();
    for (const auto& have : into.types)
        if (have.id == type->id)
            return config_fault({file, table.get("id")->source()},
                                fmt::format("type '{}' is already defined in another file", type->id));
    into.types.push_back(std::move(*type));
    return {};
}

}  // namespace

Result<DocTypes> parse_doctypes(const std::vector<std::pair<std::string, std::string>>& files)
{
    DocTypes out;
    for (const auto& [file, text] : files)
        if (auto read = read_file(file, text, out); !read) return read.error();
    if (out.types.empty()) return Fault{FaultKind::config, kWhere, "no file defines a document type"};
    std::sort(out.types.begin(), out.types.end(), [](const DocType& a, const DocType& b) { return a.id < b.id; });
    return out;
}

Result<DocTypes> load_doctypes(const std::filesystem::path& folder)
{
    std::error_code error;
    std::vector<std::filesystem::path> paths;
    for (auto at = std::filesystem::directory_iterator(folder, error);
         !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
        if (at->path().extension() == ".toml") paths.push_back(at->path());
        if (paths.size() > kMaxFiles)
            return Fault{FaultKind::limit, kWhere,
                         fmt::format("{} holds more than {} definition files", folder.string(), kMaxFiles)};
    }
    if (error) return Fault{FaultKind::io, kWhere, fmt::format("cannot list {}: {}", folder.string(), error.message())};
    std::sort(paths.begin(), paths.end());
    std::vector<std::pair<std::string, std::string>> files;
    for (const auto& path : paths) {
        const auto size = std::filesystem::file_size(path, error);
        if (!error && size > kMaxFileBytes)
            return Fault{FaultKind::limit, kWhere,
                         fmt::format("{} is {} bytes; at most {} are read", path.string(), size, kMaxFileBytes)};
        std::ifstream in(path, std::ios::binary);
        std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
        if (error || !in) return Fault{FaultKind::io, kWhere, fmt::format("cannot read {}", path.string())};
        files.emplace_back(path.filename().string(), std::move(text));
    }
    return parse_doctypes(files);
}

}  // namespace chartlift::adapters
