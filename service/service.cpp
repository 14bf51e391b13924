// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/service.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "pipeline/listings.h"
#include "pipeline/out_folder.h"
#include "service/log.h"
#include "service/metrics.h"
#include "service/notify.h"
#include "service/server.h"
#include "service/session.h"
#include "service/status.h"

namespace chartlift::service {
namespace {

using std::chrono::seconds;

constexpr seconds kFirstWait{1};  ///< before the store is tried again; doubled up to the longest
constexpr seconds kLongestWait{30};
/// The main loop beats between inputs; hashing and copying the largest allowed file from a slow share may take minutes.
constexpr seconds kLongestBeat{300};
constexpr std::chrono::milliseconds kShowInterval{1'000};  ///< between two refreshes of the gauges

std::int64_t now_s()
{
    return static_cast<std::int64_t>(std::time(nullptr));
}

/// Settings that a running service cannot change.
std::optional<Fault> fixed_setting_changed(const pipeline::Config& before, const pipeline::Config& after)
{
    const pipeline::ServiceSettings& a = before.service;
    const pipeline::ServiceSettings& b = after.service;
    if (a.out != b.out)
        return Fault{FaultKind::config, "config", "service.out cannot change while the service runs; restart it"};
    if (a.host != b.host || a.port != b.port)
        return Fault{FaultKind::config, "config",
                     "service.host and service.port cannot change while the service runs; restart it"};
    return std::nullopt;
}

}  // namespace

Result<void> check_for_watching(const pipeline::Config& config)
{
    if (config.service.out.empty()) return Fault{FaultKind::config, "config", "watch needs service.out"};
    if (!config.service.out.is_absolute())
        return Fault{FaultKind::config, "config", "service.out must be an absolute path"};
    if (config.inboxes.empty()) return Fault{FaultKind::config, "config", "watch needs at least one [[inbox]]"};
    return {};
}

class Service::Supervisor {
public:
    explicit Supervisor(ServiceOptions options)
        : options_(std::move(options)),
          files_(options_.files ? *options_.files : posix_),
          log_(options_.log_descriptor),
          metrics_(options_.version)
    {
        live_.started_at = live_.since = now_s();
        live_.version = options_.version;
        live_.pid = ::getpid();
    }

    Result<void> run(const std::stop_token& stop)
    {
        auto config = read_config();
        if (!config) return config.error();
        auto lock = pipeline::OutLock::take(config->service.out, files_);
        if (!lock) return lock.error();
        if (auto served = serve(*config); !served) return served;
        const std::jthread shower([this](const std::stop_token& over) { keep_showing(over); });
        log_.write(LogLevel::info, "service.started", {{"inboxes", config->inboxes.size()}});
        const Surroundings around{files_,  log_,           metrics_, heartbeat_,
                                  counts_, reload_wanted_, stop,     options_.change_steps};

        seconds wait = kFirstWait;
        bool began = false;
        std::optional<pipeline::Config> before;  ///< to go back to where the new one does not work
        while (!stop.stop_requested()) {
            if (reload_wanted_.exchange(false)) before = take_new(*config);
            auto ended = work(*config, around, began);
            if (ended) before.reset();
            if (ended && *ended == SessionEnd::reload_wanted) continue;
            if (ended) break;
            if (!began && ended.error().kind == FaultKind::config) return ended.error();
            if (before && ended.error().kind == FaultKind::config) {  // models or languages that are not there
                refuse(ended.error());
                *config = std::move(*before);
                before.reset();
                continue;
            }
            log_.write(LogLevel::error, "store.unavailable", {LogField(ended.error()), {"retry_s", wait.count()}});
            say(ServiceState::waiting_for_store, ended.error().log_text());
            if (pause(wait, stop)) wait = kFirstWait;  // a reload may have mended it
            wait = began && last_session_worked_ ? kFirstWait : std::min(wait * 2, kLongestWait);
        }
        notify_.stopping();
        log_.write(LogLevel::info, "service.stopped");
        return {};
    }

    void reload()
    {
        reload_wanted_ = true;
        wake_.notify_all();
    }

private:
    Result<pipeline::Config> read_config()
    {
        auto config = options_.read_config();
        if (!config) return config;
        if (auto checked = check_for_watching(*config); !checked) return checked.error();
        return config;
    }

    void refuse(const Fault& fault)
    {
        log_.write(LogLevel::error, "config.refused", {LogField(fault)});
        note_reload(fault.log_text());
    }

    void note_reload(const std::string& refusal)
    {
        metrics_.reloaded(refusal.empty());
        const std::scoped_lock lock(mutex_);
        live_.last_reload = {now_s(), refusal.empty(), refusal};
    }

    /// Takes the new configuration, and returns the one before; nothing where the new one is refused.
    std::optional<pipeline::Config> take_new(pipeline::Config& config)
    {
        notify_.reloading();
        say(ServiceState::reloading, {});
        auto next = read_config();
        std::optional<Fault> refusal;
        if (!next)
            refusal = next.error();
        else
            refusal = fixed_setting_changed(config, *next);
        if (refusal) {
            refuse(*refusal);
            return std::nullopt;
        }
        log_.write(LogLevel::info, "config.taken", {{"inboxes", next->inboxes.size()}});
        note_reload({});
        return std::exchange(config, std::move(*next));
    }

    /// One session from its opening to its end.
    Result<SessionEnd> work(const pipeline::Config& config, const Surroundings& around, bool& began)
    {
        last_session_worked_ = false;
        auto opened = Session::open(config, options_.passwords, around);
        if (!opened) return opened.error();
        began = last_session_worked_ = true;
        {
            const std::scoped_lock lock(mutex_);
            session_ = std::move(*opened);
        }
        show();
        notify_.ready();
        auto ended = session_->run();
        if (ended && *ended != SessionEnd::reload_wanted)
            if (auto closed = session_->close(); !closed) ended = closed.error();
        const std::scoped_lock lock(mutex_);
        session_->show(live_);  // its counts stay when it goes
        session_.reset();
        return ended;
    }

    Result<void> serve(const pipeline::Config& config)
    {
        if (config.service.port == 0) return {};
        Handlers handlers;
        handlers.metrics = [this] { return metrics_.text(); };
        handlers.health = [this] { return heartbeat_.check(kLongestBeat); };
        handlers.status = [this] { return status(); };
        auto server = Server::start(config.service.host, config.service.port, std::move(handlers));
        if (!server) return server.error();
        server_ = std::move(*server);
        return {};
    }

    LiveStatus status() const
    {
        const std::scoped_lock lock(mutex_);
        LiveStatus shown = live_;
        if (session_) session_->show(shown);
        shown.now = now_s();
        return shown;
    }

    void say(ServiceState state, std::string reason)
    {
        {
            const std::scoped_lock lock(mutex_);
            if (live_.state != state) live_.since = now_s();
            live_.state = state;
            live_.reason = std::move(reason);
        }
        heartbeat_.beat();
        notify_.status(status());
    }

    /// Keeps gauges, systemd's status line and its watchdog fed, also while the main loop waits for the store.
    void keep_showing(const std::stop_token& over)
    {
        std::mutex idle;
        std::condition_variable_any wake;
        while (!over.stop_requested()) {
            show();
            if (heartbeat_.check(kLongestBeat).ok) notify_.beat();
            std::unique_lock lock(idle);
            wake.wait_for(lock, over, kShowInterval, [] { return false; });
        }
    }

    void show()
    {
        const LiveStatus shown = status();
        {
            const std::scoped_lock lock(mutex_);
            if (shown.state != live_.state) live_.since = shown.now;
            live_.state = shown.state;
            live_.reason = shown.reason;
        }
        metrics_.set_log_dropped(log_.dropped());
        metrics_.set(shown);
        notify_.status(shown);
    }

    /// Waits, unless stopped; true where a reload ended it.
    bool pause(seconds wait, const std::stop_token& stop)
    {
        const auto until = std::chrono::steady_clock::now() + wait;
        std::unique_lock lock(pause_mutex_);
        while (!stop.stop_requested() && std::chrono::steady_clock::now() < until) {
            heartbeat_.beat();
            if (reload_wanted_) return true;
            wake_.wait_for(lock, stop, std::chrono::milliseconds(500), [&] { return reload_wanted_.load(); });
        }
        return false;
    }

    const ServiceOptions options_;
    store::PosixFiles posix_;
    store::Files& files_;
    Log log_;
    Metrics metrics_;
    Heartbeat heartbeat_;
    Counts counts_;
    Notify notify_;
    std::atomic<bool> reload_wanted_{false};
    bool last_session_worked_ = false;
    mutable std::mutex mutex_;  ///< of live_ and session_
    LiveStatus live_;
    std::unique_ptr<Session> session_;
    std::mutex pause_mutex_;
    std::condition_variable_any wake_;
    std::unique_ptr<Server> server_;  ///< last: its threads call the handlers
};

Service::Service(ServiceOptions options) : supervisor_(std::make_unique<Supervisor>(std::move(options))) {}
Service::~Service() = default;

Result<void> Service::run(const std::stop_token& stop)
{
    return supervisor_->run(stop);
}

void Service::reload()
{
    supervisor_->reload();
}

}  // namespace chartlift::service
