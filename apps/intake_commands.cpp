// SPDX-License-Identifier: GPL-3.0-or-later
#include "apps/intake_commands.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>

#include "apps/signals.h"
#include "core/shown_name.h"
#include "pipeline/config.h"
#include "pipeline/runner.h"
#include "service/quarantine.h"
#include "service/server.h"
#include "service/status.h"
#include "store/sqlite_intake_ledger.h"

namespace chartlift {
namespace {

using pipeline::ExitCode;
using store::Arrival;
using store::ArrivalState;
using store::IntakeLedger;

constexpr const char* kWhere = "intake";
constexpr std::size_t kPage = 1000;                        // arrivals read at once
constexpr std::chrono::milliseconds kBetweenLooks{1'000};  // while a drain is waited for

std::string age_text(std::chrono::seconds age)
{
    constexpr std::int64_t kMinute = 60;
    constexpr std::int64_t kHour = 60 * kMinute;
    constexpr std::int64_t kDay = 24 * kHour;
    const std::int64_t seconds = std::max<std::int64_t>(age.count(), 0);  // the clock may have been set back
    if (seconds < 2 * kMinute) return fmt::format("{} s", seconds);
    if (seconds < 2 * kHour) return fmt::format("{} min", seconds / kMinute);
    if (seconds < 2 * kDay) return fmt::format("{} h", seconds / kHour);
    return fmt::format("{} d", seconds / kDay);
}

std::string depth_line(const store::InboxDepth& depth, std::string_view name, std::chrono::system_clock::time_point now)
{
    const auto& since = depth.oldest_waiting_since;
    const std::string oldest = since ? age_text(std::chrono::floor<std::chrono::seconds>(now - *since)) : "-";
    return fmt::format("  {:20} {:>9} {:>8} {:>9} {:>10} {:>11} {:>9}\n", name, depth.waiting, oldest, depth.recorded,
                       depth.duplicates, depth.quarantined, depth.discarded);
}

store::InboxDepth total_of(const store::Depths& depths)
{
    store::InboxDepth total;
    for (const store::InboxDepth& depth : depths) {
        total.waiting += depth.waiting;
        total.recorded += depth.recorded;
        total.duplicates += depth.duplicates;
        total.quarantined += depth.quarantined;
        total.discarded += depth.discarded;
        const auto& since = depth.oldest_waiting_since;
        if (since && (!total.oldest_waiting_since || *since < *total.oldest_waiting_since))
            total.oldest_waiting_since = since;
    }
    return total;
}

std::string what_to_do(const Arrival& arrival)
{
    const FaultKind kind = arrival.fault ? arrival.fault->kind : FaultKind::internal;
    std::string text(service::remedy_for(kind));
    constexpr std::string_view kPlaceholder = " ID";
    if (text.ends_with(kPlaceholder))
        text.replace(text.size() - kPlaceholder.size() + 1, kPlaceholder.size() - 1, std::to_string(arrival.id));
    return text;
}

std::string files_text(const Arrival& arrival, const std::filesystem::path& quarantine)
{
    std::string text;
    for (const store::ArrivedFile& file : arrival.files) {
        text += fmt::format("file         {}\n", shown_name(file.name));
        text += fmt::format("             {} bytes, sha256 {}{}\n", file.bytes,
                            file.sha256.empty() ? "unknown" : file.sha256, file.moved ? "" : ", original not moved");
        if (arrival.state == ArrivalState::quarantined)
            text += fmt::format("             {}\n", shown_name((quarantine / file.name).string()));
    }
    return text;
}

std::string state_text(const Arrival& arrival)
{
    std::string text(to_string(arrival.state));
    if (arrival.state == ArrivalState::taken) text += ": waiting, or being processed";
    if (arrival.duplicate_of) text += fmt::format(" of {}", *arrival.duplicate_of);
    return text;
}

/// What every command of this file is given.
struct Arguments {
    std::filesystem::path config_file;
    std::filesystem::path out;
    std::vector<std::int64_t> ids;
    bool all = false;
    bool wait = false;
    bool cancel = false;
};

int failed(const Fault& fault)
{
    std::fputs(("chartlift: " + fault.message() + "\n").c_str(), stderr);
    switch (fault.kind) {
        case FaultKind::config: return static_cast<int>(ExitCode::usage);
        case FaultKind::store:
        case FaultKind::disk_full: return static_cast<int>(ExitCode::store_unavailable);
        default: return static_cast<int>(ExitCode::nothing_done);
    }
}

Result<pipeline::ServiceSettings> settings_of(const Arguments& arguments)
{
    pipeline::ServiceSettings settings;
    if (!arguments.config_file.empty()) {
        auto config = pipeline::load_config(arguments.config_file);
        if (!config) return config.error();
        settings = config->service;
    }
    if (!arguments.out.empty()) settings.out = arguments.out;
    if (settings.out.empty())
        return Fault{FaultKind::config, kWhere, "say where the service works: --out DIR, or --config with service.out"};
    return settings;
}

/// Files that root would make beside the catalog could not be read by the service afterwards.
Result<void> check_account(const std::filesystem::path& catalog)
{
    struct stat status {};
    if (::stat(catalog.c_str(), &status) != 0)
        return Fault{FaultKind::config, kWhere, "there is no catalog: the service never worked here", catalog.string()};
    if (status.st_uid == ::geteuid()) return {};
    return Fault{FaultKind::config, kWhere,
                 fmt::format("the catalog belongs to user {}, and this is user {}: run this as the service's account "
                             "(sudo -u \\#{} chartlift ...)",
                             status.st_uid, ::geteuid(), status.st_uid),
                 catalog.string()};
}

Result<std::unique_ptr<IntakeLedger>> open_ledger(const std::filesystem::path& out)
{
    const auto catalog = out / "catalog.sqlite";
    if (auto checked = check_account(catalog); !checked) return checked.error();
    return store::open_sqlite_intake_ledger(catalog, {store::actor_of("operator"), nullptr});
}

using Command = std::function<int(const Arguments&, const pipeline::ServiceSettings&, IntakeLedger&)>;

int with_ledger(const Arguments& arguments, const Command& command)
{
    const auto settings = settings_of(arguments);
    if (!settings) return failed(settings.error());
    auto ledger = open_ledger(settings->out);
    if (!ledger) return failed(ledger.error());
    return command(arguments, *settings, **ledger);
}

int print(const Result<std::string>& text)
{
    if (!text) return failed(text.error());
    std::fputs(text->c_str(), stdout);
    return static_cast<int>(ExitCode::done);
}

int report(const Done& done, std::string_view outcome)
{
    for (const std::int64_t id : done.ids) fmt::print("{} {}\n", id, outcome);
    int code = static_cast<int>(ExitCode::done);
    for (const Fault& fault : done.refused) code = failed(fault);
    return code;
}

int status_command(const Arguments& /*arguments*/, const pipeline::ServiceSettings& settings, IntakeLedger& ledger)
{
    const auto depths = ledger.depths();
    if (!depths) return failed(depths.error());
    const auto draining = ledger.drain_requested();
    if (!draining) return failed(draining.error());
    auto code = ExitCode::done;
    if (settings.port != 0) {
        const auto live = service::fetch_status(settings.host, settings.port);
        if (!live) code = ExitCode::nothing_done;
        fmt::print("{}\n", live ? service::status_text(*live) : live.error().message() + "\n");
    }
    std::fputs(intake_status_text(*depths, *draining, std::chrono::system_clock::now()).c_str(), stdout);
    return static_cast<int>(code);
}

int retry_command(const Arguments& arguments, const pipeline::ServiceSettings& /*settings*/, IntakeLedger& ledger)
{
    if (arguments.all == !arguments.ids.empty())
        return failed({FaultKind::config, kWhere, "say which arrivals: their ids, or --all"});
    const Done done = arguments.all ? retry_all(ledger) : for_each_arrival(ledger, arguments.ids, &IntakeLedger::retry);
    if (arguments.all && done.ids.empty() && done.refused.empty()) fmt::print("nothing to retry\n");
    return report(done, "is in the queue again");
}

int drain_command(const Arguments& arguments, const pipeline::ServiceSettings& /*settings*/, IntakeLedger& ledger)
{
    if (auto asked = ledger.request_drain(!arguments.cancel); !asked) return failed(asked.error());
    fmt::print("{}\n", arguments.cancel ? "the service takes files in again"
                                        : "the service finishes what it took in, and takes in nothing new");
    if (!arguments.wait || arguments.cancel) return static_cast<int>(ExitCode::done);
    const StopSignals signals([] {});
    const auto drained = wait_until_drained(ledger, signals.token(), kBetweenLooks, [](const std::string& line) {
        fmt::print("{}\n", line);
        std::fflush(stdout);
    });
    if (!drained) return failed(drained.error());
    return static_cast<int>(*drained ? ExitCode::done : ExitCode::interrupted);
}

}  // namespace

std::string intake_status_text(const store::Depths& depths, bool draining, std::chrono::system_clock::time_point now)
{
    std::string text = fmt::format("  {:20} {:>9} {:>8} {:>9} {:>10} {:>11} {:>9}\n", "queue", "waiting", "oldest",
                                   "recorded", "duplicates", "quarantined", "discarded");
    for (const store::InboxDepth& depth : depths) text += depth_line(depth, shown_name(depth.inbox), now);
    const store::InboxDepth total = total_of(depths);
    if (depths.size() != 1) text += depth_line(total, "all", now);
    if (draining) text += "draining: nothing new is taken in; to go on: chartlift drain --cancel\n";
    if (total.quarantined > 0)
        text +=
            fmt::format("{} in quarantine, for a person to look at: chartlift quarantine list\n", total.quarantined);
    return text;
}

Result<std::string> quarantine_text(IntakeLedger& ledger)
{
    std::string text;
    store::ArrivalFilter filter;
    filter.state = ArrivalState::quarantined;
    filter.limit = kPage;
    for (;;) {
        const auto page = ledger.list(filter);
        if (!page) return page.error();
        for (const Arrival& arrival : *page) {
            const Fault fault = arrival.fault.value_or(Fault{});
            text +=
                fmt::format("{:>6}  {}  {:12}  attempt {}  {}\n        {}\n", arrival.id, arrival.changed_at,
                            shown_name(arrival.inbox), arrival.attempts, shown_name(arrival.name), fault.log_text());
        }
        if (page->size() < kPage) break;
        filter.after_id = page->back().id;
    }
    return text.empty() ? "nothing is in quarantine\n" : text;
}

Result<std::string> arrival_text(IntakeLedger& ledger, std::int64_t id, const std::filesystem::path& out)
{
    const auto found = ledger.find(id);
    if (!found) return found.error();
    if (!*found) return Fault{FaultKind::config, kWhere, fmt::format("there is no arrival {}", id)};
    const Arrival& arrival = **found;
    const auto quarantine = out / "quarantine" / std::to_string(id);
    std::string text = fmt::format("arrival      {}\nname         {}\n", id, shown_name(arrival.name));
    text += fmt::format("inbox        {} (priority {})\nbatch class  {}\nbatch id     {}\n", shown_name(arrival.inbox),
                        arrival.priority, shown_name(arrival.batch_class), arrival.batch_id);
    text += fmt::format("state        {}, since {}\n", state_text(arrival), arrival.changed_at);
    text += fmt::format("taken        {}\nattempts     {}\n", arrival.taken_at, arrival.attempts);
    text += files_text(arrival, quarantine);
    if (arrival.fault) text += fmt::format("why          {}\n", arrival.fault->log_text());
    if (arrival.fault && !arrival.fault->file.empty())
        text += fmt::format("             {}\n", shown_name(arrival.fault->file));
    if (arrival.state == ArrivalState::quarantined) text += fmt::format("what to do   {}\n", what_to_do(arrival));
    return text;
}

Done for_each_arrival(IntakeLedger& ledger, std::span<const std::int64_t> ids, ArrivalCommand command)
{
    Done done;
    for (const std::int64_t id : ids) {
        if (auto result = (ledger.*command)(id); result)
            done.ids.push_back(id);
        else
            done.refused.push_back(result.error());
    }
    return done;
}

Done retry_all(IntakeLedger& ledger)
{
    Done done;
    store::ArrivalFilter filter;
    filter.retryable = true;
    filter.limit = kPage;
    for (;;) {
        const auto page = ledger.list(filter);
        if (!page) {
            done.refused.push_back(page.error());
            return done;
        }
        for (const Arrival& arrival : *page) {
            if (auto result = ledger.retry(arrival.id); result)
                done.ids.push_back(arrival.id);
            else
                done.refused.push_back(result.error());
        }
        if (page->size() < kPage) return done;
        filter.after_id = page->back().id;
    }
}

Result<bool> wait_until_drained(IntakeLedger& ledger, const std::stop_token& stop,
                                std::chrono::milliseconds between_looks,
                                const std::function<void(const std::string&)>& say)
{
    std::mutex mutex;
    std::condition_variable_any woken;
    std::optional<std::int64_t> said;
    for (;;) {
        const auto depths = ledger.depths();
        if (!depths) return depths.error();
        const std::int64_t waiting = total_of(*depths).waiting;
        if (said != waiting) say(waiting == 0 ? "drained" : fmt::format("{} waiting", waiting));
        said = waiting;
        if (waiting == 0) return true;
        std::unique_lock lock(mutex);
        woken.wait_for(lock, stop, between_looks, [] { return false; });
        if (stop.stop_requested()) return false;
    }
}

void add_intake_commands(CLI::App& app, int& code)
{
    // Lives as long as the callbacks that CLI keeps.
    const auto arguments = std::make_shared<Arguments>();
    const auto add = [&code, arguments](CLI::App& to, const char* name, const char* help, const Command& command) {
        CLI::App* added = to.add_subcommand(name, help);
        added->add_option("--config", arguments->config_file, "The service's settings (TOML); service.out says where")
            ->check(CLI::ExistingFile);
        added->add_option("--out", arguments->out, "Folder the service works in");
        added->callback([&code, arguments, command] { code = with_ledger(*arguments, command); });
        return added;
    };
    const auto add_ids = [arguments](CLI::App* to) { return to->add_option("ids", arguments->ids, "Arrivals, by id"); };
    // A command over ids that says of each what became of it.
    const auto each = [](ArrivalCommand command, std::string_view outcome) {
        return [command, outcome](const Arguments& given, const pipeline::ServiceSettings&, IntakeLedger& ledger) {
            return report(for_each_arrival(ledger, given.ids, command), outcome);
        };
    };

    add(app, "status", "What the service does, and what waits; exit code 4 if it does not answer", status_command);
    CLI::App* retry = add(app, "retry", "Processes arrivals again that have a fault", retry_command);
    add_ids(retry);
    retry->add_flag("--all", arguments->all, "All that are quarantined, or recorded with a fault");
    CLI::App* drain =
        add(app, "drain", "Lets the service finish what it took in, and take in nothing new", drain_command);
    drain->add_flag("--wait", arguments->wait, "Wait until nothing waits any more");
    drain->add_flag("--cancel", arguments->cancel, "Take files in again");

    CLI::App* quarantine = app.add_subcommand("quarantine", "What could not be processed");
    quarantine->require_subcommand(1);
    add(*quarantine, "list", "What is in quarantine, and why",
        [](const Arguments&, const pipeline::ServiceSettings&, IntakeLedger& ledger) {
            return print(quarantine_text(ledger));
        });
    CLI::App* show = add(*quarantine, "show", "All that is known of an arrival, and what to do",
                         [](const Arguments& given, const pipeline::ServiceSettings& settings, IntakeLedger& ledger) {
                             return print(arrival_text(ledger, given.ids.front(), settings.out));
                         });
    add_ids(show)->required()->expected(1);
    add_ids(add(*quarantine, "release", "Processes it again", each(&IntakeLedger::release, "is in the queue again")))
        ->required();
    add_ids(add(*quarantine, "discard", "Gives it up; its files stay in OUT/archive and OUT/quarantine",
                each(&IntakeLedger::discard, "is discarded; its files stay in OUT/archive and OUT/quarantine")))
        ->required();
}

}  // namespace chartlift
