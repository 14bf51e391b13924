// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/log.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <ctime>
#include <nlohmann/json.hpp>
#include <type_traits>

namespace chartlift::service {
namespace {

// A pipe or a local socket takes so much whole or not at all, and a pipe that poll(2) calls writable has room for it.
constexpr std::size_t kLongestLine_bytes = 4'096;  // PIPE_BUF on Linux
constexpr std::size_t kLongestId = 128;            // a SHA-512 in hexadecimal
constexpr std::size_t kLongestInboxName = 64;      // pipeline/config.cpp allows fewer

bool is_hex_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_name_character(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

template <class Allowed>
std::string checked(const std::string& text, std::size_t longest, Allowed allowed)
{
    return !text.empty() && text.size() <= longest && std::all_of(text.begin(), text.end(), allowed) ? text : "?";
}

std::string now_text()
{
    const auto now = std::chrono::system_clock::now();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
    const std::time_t seconds = ms / 1000;
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                       utc.tm_hour, utc.tm_min, utc.tm_sec, ms % 1000);
}

using Line = nlohmann::ordered_json;

std::string as_text(const Line& line)
{
    return line.dump(-1, ' ', false, Line::error_handler_t::replace) + "\n";
}

/// Keeps SIGPIPE from ending the program when the log's reader is gone, without touching anyone else's signals.
class WithoutPipeSignal {
public:
    WithoutPipeSignal()
    {
        sigemptyset(&pipe_);
        sigaddset(&pipe_, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    WithoutPipeSignal(const WithoutPipeSignal&) = delete;
    WithoutPipeSignal& operator=(const WithoutPipeSignal&) = delete;
    ~WithoutPipeSignal()
    {
        constexpr timespec kNow{};
        if (sigismember(&before_, SIGPIPE) == 0) sigtimedwait(&pipe_, nullptr, &kNow);  // ours, if it came
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }

private:
    sigset_t pipe_{};
    sigset_t before_{};
};

}  // namespace

std::string_view to_string(LogLevel level)
{
    switch (level) {
        case LogLevel::info: return "info";
        case LogLevel::warning: return "warning";
        case LogLevel::error: return "error";
    }
    return "error";
}

LogField::LogField(const Fault& fault)
    : key_("fault"), value_(FaultText{fault.log_text(), to_string(fault.kind), fault.where})
{
}

LogField LogField::id(LogName key, const std::string& id)
{
    const auto allowed = [](char c) { return is_hex_digit(c) || c == '-'; };
    return LogField(Checked{key.text(), checked(id, kLongestId, allowed)});
}

LogField LogField::inbox(const std::string& name)
{
    return LogField(Checked{"inbox", checked(name, kLongestInboxName, is_name_character)});
}

std::uint64_t Log::dropped() const
{
    const std::scoped_lock lock(mutex_);
    return dropped_;
}

bool Log::put(const std::string& line)
{
    pollfd writable{descriptor_, POLLOUT, 0};
    if (::poll(&writable, 1, 0) != 1 || (writable.revents & POLLOUT) == 0) return false;
    const WithoutPipeSignal no_signal;
    ssize_t written = ::send(descriptor_, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);  // journald's socket
    if (written < 0 && errno == ENOTSOCK) written = ::write(descriptor_, line.data(), line.size());
    return written == static_cast<ssize_t>(line.size());
}

void Log::write(LogLevel level, LogName event, std::initializer_list<LogField> fields) noexcept
{
    const std::scoped_lock lock(mutex_);
    try {
        Line line{{"at", now_text()}, {"level", to_string(level)}, {"event", event.text()}};
        const Line head = line;
        for (const LogField& field : fields) {
            std::visit(
                [&](const auto& value) {
                    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, LogField::FaultText>) {
                        line["fault"] = value.text;
                        line["kind"] = value.kind;
                        line["where"] = value.where;
                    } else {
                        line[std::string(field.key_)] = value;
                    }
                },
                field.value_);
        }
        if (dropped_ > dropped_told_) line["dropped"] = dropped_ - dropped_told_;
        std::string text = as_text(line);
        if (text.size() > kLongestLine_bytes) {
            line = head;
            line["cut"] = true;
            text = as_text(line);
        }
        if (put(text))
            dropped_told_ = dropped_;
        else
            ++dropped_;
    } catch (...) {  // out of memory
        ++dropped_;
    }
}

}  // namespace chartlift::service
