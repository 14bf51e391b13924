// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/config.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <toml++/toml.h>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <sstream>
#include <system_error>

#include "store/archive.h"

namespace chartlift::pipeline {
namespace {

/// Takes a node's value into the config; answers what is allowed where it does not fit.
using Take = std::function<std::optional<std::string>(const toml::node&, Config&)>;

template <class Set>
Take integer(std::int64_t low, std::int64_t high, Set set)
{
    return [=](const toml::node& node, Config& config) -> std::optional<std::string> {
        const auto value = node.value_exact<std::int64_t>();
        if (!value || *value < low || *value > high) return fmt::format("a whole number from {} to {}", low, high);
        set(config, *value);
        return std::nullopt;
    };
}

template <class Set>
Take share(Set set)
{
    return [=](const toml::node& node, Config& config) -> std::optional<std::string> {
        const auto value = node.value<double>();
        if (!value || *value < 0 || *value > 1) return "a number from 0 to 1";
        set(config, *value);
        return std::nullopt;
    };
}

template <class Set>
Take path(Set set)
{
    return [=](const toml::node& node, Config& config) -> std::optional<std::string> {
        const auto value = node.value_exact<std::string>();
        if (!value) return "a path in quotes";
        set(config, std::filesystem::path(*value));
        return std::nullopt;
    };
}

std::optional<std::string> take_languages(const toml::node& node, Config& config)
{
    constexpr std::string_view kAllowed = "a list of Tesseract language names such as [\"eng\", \"spa\"]";
    const toml::array* list = node.as_array();
    if (!list || list->empty()) return std::string(kAllowed);
    std::vector<std::string> languages;
    for (const auto& item : *list) {
        const auto value = item.value_exact<std::string>();
        if (!value || value->empty() || value->find_first_of("+/ ") != std::string::npos) return std::string(kAllowed);
        languages.push_back(*value);
    }
    config.languages = std::move(languages);
    return std::nullopt;
}

std::optional<std::string> take_pdfa(const toml::node& node, Config& config)
{
    const auto value = node.value_exact<std::string>();
    if (!value || (*value != "2b" && *value != "1b")) return "\"2b\" or \"1b\"";
    config.pdfa = *value;
    return std::nullopt;
}

const std::map<std::string, Take>& keys()
{
    constexpr std::int64_t kBillion = 1'000'000'000;
    static const std::map<std::string, Take> table{
        {"limits.max_pixels", integer(1, 4 * kBillion, [](Config& c, std::int64_t v) { c.limits.max_pixels = v; })},
        {"limits.max_bytes", integer(1, 1000 * kBillion, [](Config& c, std::int64_t v) { c.limits.max_bytes = v; })},
        {"limits.max_pages",
         integer(1, 1'000'000, [](Config& c, std::int64_t v) { c.limits.max_pages = static_cast<int>(v); })},
        {"limits.page_timeout_s",
         integer(1, 86'400, [](Config& c, std::int64_t v) { c.limits.page_timeout = std::chrono::seconds(v); })},
        {"run.threads", integer(0, 1024, [](Config& c, std::int64_t v) { c.threads = static_cast<int>(v); })},
        {"run.pages_in_flight",
         integer(0, 4096, [](Config& c, std::int64_t v) { c.pages_in_flight = static_cast<int>(v); })},
        {"run.models", path([](Config& c, std::filesystem::path v) { c.models = std::move(v); })},
        {"input.render_dpi", integer(72, 1200, [](Config& c, std::int64_t v) { c.render_dpi = v; })},
        {"ocr.languages", take_languages},
        {"ocr.tessdata", path([](Config& c, std::filesystem::path v) { c.tessdata = std::move(v); })},
        {"route.type", share([](Config& c, double v) { c.route_type = v; })},
        {"route.split", share([](Config& c, double v) { c.route_split = v; })},
        {"route.patient", share([](Config& c, double v) { c.route_patient = v; })},
        {"route.ocr", share([](Config& c, double v) { c.route_ocr = v; })},
        {"export.pdfa", take_pdfa},
        {"export.jpeg_quality", integer(1, 100, [](Config& c, std::int64_t v) { c.jpeg_quality = v; })},
        {"patients.index", path([](Config& c, std::filesystem::path v) { c.patients = std::move(v); })},
    };
    return table;
}

Fault refused(const std::string& file, const toml::source_region& where, const std::string& what)
{
    return {FaultKind::config, "config", fmt::format("{} line {}: {}", file, where.begin.line, what)};
}

}  // namespace

std::string Config::page_fingerprint(const std::filesystem::path& models_folder) const
{
    std::set<std::filesystem::path> files;  // in order: folders list theirs in any
    std::error_code error;
    for (auto it = std::filesystem::recursive_directory_iterator(models_folder, error);
         !error && it != std::filesystem::recursive_directory_iterator(); it.increment(error))
        if (it->is_regular_file(error)) files.insert(it->path());
    std::string all = fmt::format("{}|{}|{}|{}|{}", CHARTLIFT_VERSION, fmt::join(languages, "+"), tessdata.string(),
                                  render_dpi, jpeg_quality);
    for (const auto& file : files) {
        const auto hash = store::sha256_of_file(file);
        all += "|" + (hash ? *hash : file.string());
    }
    constexpr std::size_t kDigits = 16;
    return store::sha256_of(all).substr(0, kDigits);
}

Result<Config> parse_config(std::string_view text, const std::string& file_name)
{
    toml::table parsed;
    try {
        parsed = toml::parse(text);
    } catch (const toml::parse_error& error) {
        return refused(file_name, error.source(), std::string(error.description()));
    }
    Config config;
    for (const auto& [section, body] : parsed) {
        const toml::table* table = body.as_table();
        if (!table)
            return refused(file_name, body.source(), fmt::format("{} stands outside a [section]", section.str()));
        for (const auto& [key, node] : *table) {
            const std::string name = fmt::format("{}.{}", section.str(), key.str());
            const auto known = keys().find(name);
            if (known == keys().end())
                return refused(file_name, node.source(),
                               fmt::format("{} is not a setting; see config/chartlift.toml", name));
            if (const auto allowed = known->second(node, config))
                return refused(file_name, node.source(), fmt::format("{} must be {}", name, *allowed));
        }
    }
    return config;
}

Result<Config> load_config(const std::filesystem::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    std::ostringstream text;
    if (!stream || !(text << stream.rdbuf()))
        return Fault{FaultKind::io, "config", fmt::format("cannot read {}", file.string())};
    return parse_config(text.str(), file.string());
}

std::vector<std::string> config_keys()
{
    std::vector<std::string> names;
    names.reserve(keys().size());
    for (const auto& entry : keys()) names.push_back(entry.first);
    return names;
}

}  // namespace chartlift::pipeline
