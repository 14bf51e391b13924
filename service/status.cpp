// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/status.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace chartlift::service {

// How the parts stand in JSON; found by nlohmann through their type.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(InboxStatus, name, mode, available, waiting, not_whole, quarantined, oldest_age_s)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(WorkerStatus, running, started, died, confined)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ReloadStatus, at, ok, message)

namespace {

using Json = nlohmann::json;

struct StateName {
    ServiceState state;
    std::string_view name;
    std::string_view for_people;
};
constexpr std::array<StateName, kServiceStates> kStateNames{{
    {ServiceState::starting, "starting", "starting"},
    {ServiceState::working, "working", "working"},
    {ServiceState::idle, "idle", "idle"},
    {ServiceState::waiting_for_store, "waiting_for_store", "WAITING FOR THE STORE"},
    {ServiceState::disk_nearly_full, "disk_nearly_full", "DISK NEARLY FULL"},
    {ServiceState::draining, "draining", "draining"},
    {ServiceState::drained, "drained", "drained"},
    {ServiceState::reloading, "reloading", "reloading its configuration"},
    {ServiceState::reload_failed, "reload_failed", "running on its OLD CONFIGURATION"},
}};

const StateName& names_of(ServiceState state)
{
    const auto* found = std::find_if(kStateNames.begin(), kStateNames.end(),
                                     [&](const StateName& entry) { return entry.state == state; });
    return found != kStateNames.end() ? *found : kStateNames.front();
}

std::string quantity(std::int64_t n, std::string_view one, std::string_view many)
{
    return fmt::format("{} {}", n, n == 1 ? one : many);
}

std::string duration(std::int64_t seconds)
{
    constexpr std::int64_t kMinute_s = 60;
    constexpr std::int64_t kHour_s = 3'600;
    constexpr std::int64_t kDay_s = 86'400;
    seconds = std::max<std::int64_t>(seconds, 0);  // the clock may have stepped back
    if (seconds < kMinute_s) return fmt::format("{} s", seconds);
    if (seconds < kHour_s) return fmt::format("{} min {} s", seconds / kMinute_s, seconds % kMinute_s);
    if (seconds < kDay_s) return fmt::format("{} h {} min", seconds / kHour_s, seconds % kHour_s / kMinute_s);
    return fmt::format("{} d {} h", seconds / kDay_s, seconds % kDay_s / kHour_s);
}

std::string bytes_text(std::int64_t bytes)
{
    constexpr double kGiga = 1e9;
    constexpr double kMega = 1e6;
    const auto amount = static_cast<double>(bytes);
    return amount >= kGiga ? fmt::format("{:.1f} GB", amount / kGiga) : fmt::format("{:.0f} MB", amount / kMega);
}

std::string time_text(std::int64_t seconds)
{
    const std::time_t time = seconds;
    std::tm local{};
    if (localtime_r(&time, &local) == nullptr) return "?";
    std::array<char, 32> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local)};
}

std::int64_t total_waiting(const LiveStatus& status)
{
    std::int64_t sum = 0;
    for (const auto& inbox : status.inboxes) sum += inbox.waiting;
    return sum;
}

std::int64_t total_quarantined(const LiveStatus& status)
{
    std::int64_t sum = 0;
    for (const auto& inbox : status.inboxes) sum += inbox.quarantined;
    return sum;
}

std::string inbox_table(const std::vector<InboxStatus>& inboxes)
{
    if (inboxes.empty()) return "";
    std::size_t width = 5;
    for (const auto& inbox : inboxes) width = std::max(width, inbox.name.size());
    std::string text = fmt::format("\n  {:<{}}  {:>7}  {:>9}  {:>10}  {:>11}  {}\n", "inbox", width, "waiting",
                                   "not whole", "oldest", "quarantined", "watched by");
    for (const auto& inbox : inboxes)
        text += fmt::format("  {:<{}}  {:>7}  {:>9}  {:>10}  {:>11}  {}\n", inbox.name, width, inbox.waiting,
                            inbox.not_whole, inbox.waiting > 0 ? duration(inbox.oldest_age_s) : "-", inbox.quarantined,
                            inbox.available ? inbox.mode : "NOT AVAILABLE");
    return text;
}

/// What the operator should do, one line each; nothing if all is well.
std::vector<std::string> advice(const LiveStatus& status)
{
    std::vector<std::string> lines;
    if (status.state == ServiceState::waiting_for_store)
        lines.emplace_back(
            "the store does not answer; nothing is lost, and work goes on by itself once it does. Is another program "
            "holding the catalog, is its disk mounted?");
    if (status.state == ServiceState::disk_nearly_full)
        lines.push_back(
            fmt::format("free at least {} on the disk of service.out; files wait in their inboxes until then",
                        bytes_text(std::max<std::int64_t>(status.disk_floor_bytes - status.disk_free_bytes, 0))));
    if (status.state == ServiceState::drained)
        lines.emplace_back("it may be stopped now; restarting it takes files in again");
    if (!status.last_reload.ok)
        lines.push_back("the new configuration was refused, the old one holds: " + status.last_reload.message +
                        "; correct it and reload");
    for (const auto& inbox : status.inboxes)
        if (!inbox.available)
            lines.push_back(fmt::format(
                "inbox {} cannot be read: is its folder there, its share mounted, may this user read and write it?",
                inbox.name));
    if (const auto n = total_quarantined(status); n > 0)
        lines.push_back(
            fmt::format("{} in quarantine: chartlift quarantine list", quantity(n, "file waits", "files wait")));
    if (!status.workers.confined) lines.emplace_back("files are decoded without protection: worker.confined is false");
    return lines;
}

/// Every number of a status is whole. One so large is none of ours, and sums of them would overflow.
bool refuse_odd_numbers(int /*depth*/, Json::parse_event_t event, const Json& value)
{
    constexpr std::int64_t kLargest = 10'000'000'000'000'000;  // the bytes of ten petabytes
    if (event != Json::parse_event_t::value || !value.is_number()) return true;
    const bool fits = value.is_number_unsigned()  ? value.get<std::uint64_t>() <= std::uint64_t{kLargest}
                      : value.is_number_integer() ? value.get<std::int64_t>() >= -kLargest
                                                  : false;
    if (!fits) throw std::out_of_range("number");
    return true;
}

}  // namespace

std::string_view to_string(ServiceState state)
{
    return names_of(state).name;
}

std::optional<ServiceState> service_state_from(std::string_view text)
{
    for (const auto& entry : kStateNames)
        if (entry.name == text) return entry.state;
    return std::nullopt;
}

bool takes_in(ServiceState state)
{
    switch (state) {
        case ServiceState::working:
        case ServiceState::idle:
        case ServiceState::reloading:
        case ServiceState::reload_failed: return true;
        case ServiceState::starting:
        case ServiceState::waiting_for_store:
        case ServiceState::disk_nearly_full:
        case ServiceState::draining:
        case ServiceState::drained: return false;
    }
    return false;
}

std::string to_json(const LiveStatus& status)
{
    const Json json{
        {"state", to_string(status.state)},
        {"reason", status.reason},
        {"since", status.since},
        {"started_at", status.started_at},
        {"now", status.now},
        {"version", status.version},
        {"pid", status.pid},
        {"inboxes", status.inboxes},
        {"pages_in_flight", status.pages_in_flight},
        {"pages_done", status.pages_done},
        {"batches_done", status.batches_done},
        {"documents", {{"automatic", status.documents_automatic}, {"held", status.documents_held}}},
        {"faults", status.faults},
        {"review_depth", status.review_depth},
        {"workers", status.workers},
        {"disk", {{"free_bytes", status.disk_free_bytes}, {"floor_bytes", status.disk_floor_bytes}}},
        {"last_reload", status.last_reload},
    };
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<LiveStatus> live_status_from(std::string_view text)
{
    try {
        const auto json = Json::parse(text, &refuse_odd_numbers);
        LiveStatus status;
        const auto state = service_state_from(json.at("state").get<std::string>());
        if (!state) return Fault{FaultKind::corrupt, "status", "the service's state has an unknown name"};
        status.state = *state;
        json.at("reason").get_to(status.reason);
        json.at("since").get_to(status.since);
        json.at("started_at").get_to(status.started_at);
        json.at("now").get_to(status.now);
        json.at("version").get_to(status.version);
        json.at("pid").get_to(status.pid);
        json.at("inboxes").get_to(status.inboxes);
        json.at("pages_in_flight").get_to(status.pages_in_flight);
        json.at("pages_done").get_to(status.pages_done);
        json.at("batches_done").get_to(status.batches_done);
        json.at("documents").at("automatic").get_to(status.documents_automatic);
        json.at("documents").at("held").get_to(status.documents_held);
        json.at("faults").get_to(status.faults);
        json.at("review_depth").get_to(status.review_depth);
        json.at("workers").get_to(status.workers);
        json.at("disk").at("free_bytes").get_to(status.disk_free_bytes);
        json.at("disk").at("floor_bytes").get_to(status.disk_floor_bytes);
        json.at("last_reload").get_to(status.last_reload);
        return status;
    } catch (const std::exception&) {  // nlohmann's text would quote what it read
        return Fault{FaultKind::corrupt, "status", "what was read is not the status of a chartlift of this version"};
    }
}

std::string status_line(const LiveStatus& status)
{
    std::string line = fmt::format("{}, {} in flight, {} waiting", names_of(status.state).for_people,
                                   quantity(status.pages_in_flight, "page", "pages"),
                                   quantity(total_waiting(status), "file", "files"));
    if (const auto n = total_quarantined(status); n > 0) line += fmt::format(", {} in quarantine", n);
    if (!status.reason.empty()) line += ": " + status.reason;
    return line;
}

std::string status_text(const LiveStatus& status)
{
    std::string text;
    const auto row = [&](std::string_view name, const std::string& value) {
        fmt::format_to(std::back_inserter(text), "{:<12}{}\n", name, value);
    };
    row("chartlift",
        fmt::format("{}, process {}, up {}", status.version, status.pid, duration(status.now - status.started_at)));
    row("state", fmt::format("{}, for {}", names_of(status.state).for_people, duration(status.now - status.since)));
    if (!status.reason.empty()) row("reason", status.reason);
    row("now", fmt::format("{} in flight, {} waiting", quantity(status.pages_in_flight, "page", "pages"),
                           quantity(total_waiting(status), "file", "files")));
    row("done", fmt::format("{}, {}, {} filed and {} held, {}", quantity(status.batches_done, "batch", "batches"),
                            quantity(status.pages_done, "page", "pages"),
                            quantity(status.documents_automatic, "document", "documents"), status.documents_held,
                            quantity(status.faults, "fault", "faults")));
    row("review", fmt::format("{} for a person", quantity(status.review_depth, "document waits", "documents wait")));
    row("workers", fmt::format("{} running, {} replaced{}", status.workers.running, status.workers.died,
                               status.workers.confined ? "" : ", NOT CONFINED"));
    row("disk", fmt::format("{} free, takes in above {}", bytes_text(status.disk_free_bytes),
                            bytes_text(status.disk_floor_bytes)));
    if (status.last_reload.at != 0)
        row("config", fmt::format("{} at {}", status.last_reload.ok ? "reloaded" : "reload REFUSED",
                                  time_text(status.last_reload.at)));
    text += inbox_table(status.inboxes);
    const auto lines = advice(status);
    if (!lines.empty()) text += "\nto do:\n";
    for (const auto& line : lines) text += "  - " + line + "\n";
    return text;
}

Health readiness(const LiveStatus& status)
{
    if (takes_in(status.state)) return {};
    std::string why;
    switch (status.state) {
        case ServiceState::starting: why = "starting"; break;
        case ServiceState::waiting_for_store: why = "the store is not available"; break;
        case ServiceState::disk_nearly_full:
            why = fmt::format("the disk is nearly full: {} free, takes in above {}", bytes_text(status.disk_free_bytes),
                              bytes_text(status.disk_floor_bytes));
            break;
        default: why = std::string(to_string(status.state)); break;
    }
    if (!status.reason.empty()) why += ": " + status.reason;
    return {false, why};
}

std::chrono::milliseconds Heartbeat::age() const
{
    const std::chrono::steady_clock::duration last(last_.load());
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch() -
                                                                 last);
}

Health Heartbeat::check(std::chrono::milliseconds longest) const
{
    const auto since = age();
    if (since <= longest) return {};
    return {false, fmt::format("the main loop has not come round for {:.1f} s; allowed are {:.1f} s",
                               static_cast<double>(since.count()) / 1e3, static_cast<double>(longest.count()) / 1e3)};
}

}  // namespace chartlift::service
