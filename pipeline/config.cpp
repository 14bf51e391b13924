// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/config.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <toml++/toml.h>
#include <algorithm>
#include <cctype>
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

/// Takes a node's value into the settings; answers what is allowed where it does not fit.
template <class Settings>
using TakeInto = std::function<std::optional<std::string>(const toml::node&, Settings&)>;
using Take = TakeInto<Config>;
template <class Settings>
using Keys = std::map<std::string, TakeInto<Settings>>;

template <class Settings = Config, class Set>
TakeInto<Settings> integer(std::int64_t low, std::int64_t high, Set set)
{
    return [=](const toml::node& node, Settings& settings) -> std::optional<std::string> {
        const auto value = node.value_exact<std::int64_t>();
        if (!value || *value < low || *value > high) return fmt::format("a whole number from {} to {}", low, high);
        set(settings, *value);
        return std::nullopt;
    };
}

/// Seconds, fractions allowed.
template <class Settings, class Set>
TakeInto<Settings> seconds(double low, double high, Set set)
{
    return [=](const toml::node& node, Settings& settings) -> std::optional<std::string> {
        const auto value = node.value<double>();
        if (!value || !(*value >= low && *value <= high)) return fmt::format("seconds from {} to {}", low, high);
        set(settings, std::chrono::milliseconds(static_cast<std::int64_t>(*value * 1000)));
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

template <class Settings = Config, class Set>
TakeInto<Settings> path(Set set)
{
    return [=](const toml::node& node, Settings& settings) -> std::optional<std::string> {
        const auto value = node.value_exact<std::string>();
        if (!value) return "a path in quotes";
        set(settings, std::filesystem::path(*value));
        return std::nullopt;
    };
}

/// A word that may stand in metrics, logs and folder names.
template <class Settings, class Set>
TakeInto<Settings> label(Set set)
{
    return [=](const toml::node& node, Settings& settings) -> std::optional<std::string> {
        constexpr std::string_view kAllowed = "1 to 40 letters, digits, - and _";
        constexpr std::size_t kLongest = 40;
        const auto value = node.value_exact<std::string>();
        const auto fits = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_'; };
        if (!value || value->empty() || value->size() > kLongest || !std::all_of(value->begin(), value->end(), fits))
            return std::string(kAllowed);
        set(settings, *value);
        return std::nullopt;
    };
}

/// One of a few words.
template <class Settings, class Value>
TakeInto<Settings> choice(std::vector<std::pair<std::string, Value>> choices, Value Settings::*member)
{
    return [=](const toml::node& node, Settings& settings) -> std::optional<std::string> {
        const auto value = node.value_exact<std::string>();
        std::vector<std::string> allowed;
        for (const auto& [word, meaning] : choices) {
            allowed.push_back(fmt::format("\"{}\"", word));
            if (!value || *value != word) continue;
            settings.*member = meaning;
            return std::nullopt;
        }
        return fmt::format("{}", fmt::join(allowed, " or "));
    };
}

template <class Set>
Take boolean(Set set)
{
    return [=](const toml::node& node, Config& config) -> std::optional<std::string> {
        const auto value = node.value_exact<bool>();
        if (!value) return "true or false";
        set(config, *value);
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

std::optional<std::string> take_host(const toml::node& node, Config& config)
{
    const auto value = node.value_exact<std::string>();
    if (!value || (*value != "127.0.0.1" && *value != "::1" && *value != "localhost"))
        return "\"127.0.0.1\", \"::1\" or \"localhost\"";
    config.service.host = *value;
    return std::nullopt;
}

const Keys<Config>& keys()
{
    constexpr std::int64_t kBillion = 1'000'000'000;
    static const Keys<Config> table{
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
        {"export.pdfa", choice<Config, std::string>({{"2b", "2b"}, {"1b", "1b"}}, &Config::pdfa)},
        {"export.jpeg_quality", integer(1, 100, [](Config& c, std::int64_t v) { c.jpeg_quality = v; })},
        {"patients.index", path([](Config& c, std::filesystem::path v) { c.patients = std::move(v); })},
        {"worker.confined", boolean([](Config& c, bool v) { c.worker.confined = v; })},
        {"worker.memory_mb", integer(256, 1'000'000, [](Config& c, std::int64_t v) { c.worker.memory_mb = v; })},
        {"service.out", path([](Config& c, std::filesystem::path v) { c.service.out = std::move(v); })},
        {"service.host", take_host},
        {"service.port", integer(0, 65'535, [](Config& c, std::int64_t v) { c.service.port = static_cast<int>(v); })},
        {"service.min_free_mb",
         integer(1, 1'000'000'000, [](Config& c, std::int64_t v) { c.service.min_free_mb = v; })},
    };
    return table;
}

const Keys<Inbox>& inbox_keys()
{
    using std::chrono::milliseconds;
    constexpr double kHour_s = 3600;
    static const Keys<Inbox> table{
        {"path", path<Inbox>([](Inbox& i, std::filesystem::path v) { i.path = std::move(v); })},
        {"name", label<Inbox>([](Inbox& i, std::string v) { i.name = std::move(v); })},
        {"class", label<Inbox>([](Inbox& i, std::string v) { i.batch_class = std::move(v); })},
        {"priority", integer<Inbox>(0, 9, [](Inbox& i, std::int64_t v) { i.priority = static_cast<int>(v); })},
        {"mode", choice<Inbox, WatchMode>(
                     {{"auto", WatchMode::automatic}, {"events", WatchMode::events}, {"polling", WatchMode::polling}},
                     &Inbox::mode)},
        {"folders", choice<Inbox, InboxFolders>({{"files", InboxFolders::files}, {"batches", InboxFolders::batches}},
                                                &Inbox::folders)},
        {"after",
         choice<Inbox, AfterTaking>({{"move", AfterTaking::move}, {"leave", AfterTaking::leave}}, &Inbox::after)},
        {"done", path<Inbox>([](Inbox& i, std::filesystem::path v) { i.done = std::move(v); })},
        {"settle_s", seconds<Inbox>(0, kHour_s, [](Inbox& i, milliseconds v) { i.settle = v; })},
        {"incomplete_s", seconds<Inbox>(0, 24 * kHour_s, [](Inbox& i, milliseconds v) { i.incomplete = v; })},
        {"poll_s", seconds<Inbox>(0.1, kHour_s, [](Inbox& i, milliseconds v) { i.poll = v; })},
        {"rescan_s", seconds<Inbox>(0.1, 24 * kHour_s, [](Inbox& i, milliseconds v) { i.rescan = v; })},
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

namespace {

/// Takes the keys of one section, or says which is wrong and what is allowed.
template <class Settings>
Result<void> take_section(const toml::table& section, const std::string& section_name, const Keys<Settings>& known,
                          const std::string& prefix, const std::string& file, Settings& settings)
{
    for (const auto& [key, node] : section) {
        const std::string name = fmt::format("{}.{}", section_name, key.str());
        const auto entry = known.find(prefix + std::string(key.str()));
        if (entry == known.end())
            return refused(file, node.source(), fmt::format("{} is not a setting; see config/chartlift.toml", name));
        if (const auto allowed = entry->second(node, settings))
            return refused(file, node.source(), fmt::format("{} must be {}", name, *allowed));
    }
    return {};
}

bool lies_within(const std::filesystem::path& inner, const std::filesystem::path& outer)
{
    const auto [end, ignored] = std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
    return end == outer.end();
}

Result<Inbox> take_inbox(const toml::node& node, const std::string& file)
{
    const toml::table* section = node.as_table();
    if (!section) return refused(file, node.source(), "inbox must be written as [[inbox]]");
    Inbox inbox;
    if (auto taken = take_section(*section, "inbox", inbox_keys(), "", file, inbox); !taken) return taken.error();
    if (!inbox.path.is_absolute()) return refused(file, node.source(), "inbox.path must be an absolute path");
    if (!inbox.done.empty() && !inbox.done.is_absolute())
        return refused(file, node.source(), "inbox.done must be an absolute path");
    std::error_code error;
    inbox.path = std::filesystem::weakly_canonical(inbox.path, error);
    if (inbox.name.empty()) inbox.name = inbox.path.filename().string();
    return inbox;
}

/// What one inbox alone cannot tell: names are unique, and nothing is written into an inbox.
Result<void> check_inbox(const Config& config, const Inbox& inbox, const toml::node& node, const std::string& file)
{
    std::error_code error;
    const auto out = std::filesystem::weakly_canonical(config.service.out, error);
    if (!config.service.out.empty() && (lies_within(out, inbox.path) || lies_within(inbox.path, out)))
        return refused(file, node.source(),
                       fmt::format("inbox {} and service.out lie within each other: what is written would be taken in",
                                   inbox.name));
    for (const Inbox& other : config.inboxes) {
        if (other.name == inbox.name)
            return refused(file, node.source(), fmt::format("two inboxes are named {}; give inbox.name", inbox.name));
        if (lies_within(other.path, inbox.path) || lies_within(inbox.path, other.path))
            return refused(file, node.source(),
                           fmt::format("inboxes {} and {} lie within each other", other.name, inbox.name));
    }
    return {};
}

/// done lies in no inbox, whichever is named first.
Result<void> check_done(const Config& config, const std::string& file)
{
    std::error_code error;
    for (const Inbox& inbox : config.inboxes)
        for (const Inbox& other : config.inboxes)
            if (!inbox.done.empty() && lies_within(std::filesystem::weakly_canonical(inbox.done, error), other.path))
                return Fault{FaultKind::config, "config",
                             fmt::format("inbox.done of {} lies in inbox {}: what is done would be taken in again",
                                         inbox.name, other.name),
                             file};
    return {};
}

}  // namespace

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
        const std::string section_name(section.str());
        if (section_name == "inbox") continue;  // needs service.out
        const toml::table* table = body.as_table();
        if (!table)
            return refused(file_name, body.source(), fmt::format("{} stands outside a [section]", section_name));
        auto taken = take_section(*table, section_name, keys(), section_name + ".", file_name, config);
        if (!taken) return taken.error();
    }
    const toml::node* inboxes = parsed.get("inbox");
    if (inboxes && !inboxes->is_array())
        return refused(file_name, inboxes->source(), "inbox must be written as [[inbox]]");
    if (inboxes) {
        for (const auto& node : *inboxes->as_array()) {
            auto inbox = take_inbox(node, file_name);
            if (!inbox) return inbox.error();
            if (auto checked = check_inbox(config, *inbox, node, file_name); !checked) return checked.error();
            config.inboxes.push_back(std::move(*inbox));
        }
    }
    if (auto checked = check_done(config, file_name); !checked) return checked.error();
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
    names.reserve(keys().size() + inbox_keys().size());
    for (const auto& entry : keys()) names.push_back(entry.first);
    for (const auto& entry : inbox_keys()) names.push_back("inbox." + entry.first);
    return names;
}

}  // namespace chartlift::pipeline
