// SPDX-License-Identifier: GPL-3.0-or-later
/// The service's log: one JSON object a line, {"at":"2026-11-22T07:30:00.123Z","level":"info","event":"batch.recorded",
/// "arrival":12}. Guarantee: no free text gets in, hence no patient's name: a field is a number, a bool, a ClosedText,
/// a Fault without its file, or an id that was checked; Phi<T> and std::string do not compile. One write(2) a line,
/// never torn; never throws; where the reader is slow (a full pipe) a line is dropped and counted, and the next line
/// that gets through says how many were lost in "dropped". A line of more than 4,095 bytes keeps its first three keys
/// and "cut". Faults: none, a log that cannot be written costs lines only. Thread-safety: safe from many threads.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "core/fault.h"
#include "service/closed_text.h"

namespace chartlift::service {

enum class LogLevel { info, warning, error };
std::string_view to_string(LogLevel level);

/// A key or an event: a literal of lower-case letters, digits, _ and dots; anything else does not compile.
class LogName {
public:
    consteval LogName(const char* literal) : text_(literal)  // NOLINT: implicit, checked while compiling
    {
        if (text_.empty()) throw "a name in the log must not be empty";
        for (const char c : text_)
            if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c != '.')
                throw "names in the log have lower-case letters, digits, _ and dots";
    }
    constexpr std::string_view text() const { return text_; }

private:
    std::string_view text_;
};

class LogField {
public:
    template <std::integral N>
    requires(!std::same_as<N, bool> && !std::same_as<N, char>) LogField(LogName key, N number) : key_(key.text())
    {
        if constexpr (std::is_signed_v<N>)
            value_ = static_cast<std::int64_t>(number);
        else
            value_ = static_cast<std::uint64_t>(number);
    }
    template <std::floating_point N>
    LogField(LogName key, N number) : key_(key.text()), value_(static_cast<double>(number))
    {
    }
    template <std::same_as<bool> B>  // a pointer must not become one
    LogField(LogName key, B yes) : key_(key.text()), value_(yes)
    {
    }
    LogField(LogName key, ClosedText text) : key_(key.text()), value_(std::string(text.text())) {}
    /// Three keys: "fault" (its log_text(), so without the file), "kind" and "where".
    LogField(const Fault& fault);  // NOLINT: implicit on purpose

    /// An id that we made: hexadecimal digits and - only, at most 128; anything else is logged as "?".
    static LogField id(LogName key, const std::string& id);
    /// An inbox's configured name: letters, digits, - and _, at most 64; anything else is logged as "?".
    static LogField inbox(const std::string& name);

private:
    friend class Log;
    struct FaultText {
        std::string text;
        std::string_view kind;
        std::string where;
    };
    using Value = std::variant<std::int64_t, std::uint64_t, double, bool, std::string, FaultText>;
    struct Checked {
        std::string_view key;
        std::string text;
    };
    explicit LogField(Checked field) : key_(field.key), value_(std::move(field.text)) {}
    std::string_view key_;
    Value value_;
};

class Log {
public:
    explicit Log(int descriptor = 2) : descriptor_(descriptor) {}  ///< not owned, never closed
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;
    ~Log() = default;
    void write(LogLevel level, LogName event, std::initializer_list<LogField> fields = {}) noexcept;
    std::uint64_t dropped() const;  ///< lines lost since the start

private:
    bool put(const std::string& line);
    const int descriptor_;
    mutable std::mutex mutex_;
    std::uint64_t dropped_ = 0;
    std::uint64_t dropped_told_ = 0;  ///< of dropped_, those that a line has told of
};

}  // namespace chartlift::service
