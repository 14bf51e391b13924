// SPDX-License-Identifier: GPL-3.0-or-later
/// What went wrong, as a value: every step of the pipeline returns `Result<T>`, never throws across a stage.
/// A message never carries patient text, so that it may be logged and shown to anyone.
/// Thread-safety: plain values.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace chartlift {

enum class FaultKind {
    corrupt,      ///< the bytes are not what their format promises
    encrypted,    ///< a password is needed, or the one given is wrong
    unsupported,  ///< a format, compression or feature we do not read
    limit,        ///< a size or count over the configured limit
    timeout,      ///< the page or file took longer than allowed
    cancelled,    ///< the operator asked to stop
    library,      ///< a third-party library failed without a better reason
    io,           ///< reading or writing a file failed
    disk_full,    ///< no room left on the device
    store,        ///< the catalog could not be opened, is locked or damaged
    config,       ///< a setting is unknown or out of range
    internal,     ///< a bug of ours: an exception nobody expected
};

std::string_view to_string(FaultKind kind);
std::optional<FaultKind> fault_kind_from(std::string_view text);

struct Fault {
    FaultKind kind = FaultKind::internal;
    std::string where;   ///< stage or component: "decode", "catalog"
    std::string what;    ///< what, actual and allowed: "page is 1240 x 1754 px; limits.max_pixels is 1000000"
    std::string file{};  ///< the file concerned, if any; its name may be a patient's, so logs leave it out

    /// For the operator: "decode: limit: page is 1240 x 1754 px; limits.max_pixels is 1000000", then ": FILE" if any.
    std::string message() const;
    /// The same without the file: for logs, which anyone may read.
    std::string log_text() const;
    friend bool operator==(const Fault&, const Fault&) = default;
};

/// A value or the fault that prevented it; the names are those of C++23's std::expected, which GCC 12 lacks in C++20.
/// Precondition of value(), * and ->: has_value(). Precondition of error(): !has_value().
template <class T>
class [[nodiscard]] Result {
public:
    using value_type = T;
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit as in std::expected
    Result(Fault fault) : state_(std::in_place_index<1>, std::move(fault)) {}  // NOLINT: implicit on purpose

    bool has_value() const { return state_.index() == 0; }
    explicit operator bool() const { return has_value(); }
    T& value() &
    {
        assert(has_value());
        return *std::get_if<0>(&state_);
    }
    const T& value() const&
    {
        assert(has_value());
        return *std::get_if<0>(&state_);
    }
    T&& value() &&
    {
        assert(has_value());
        return std::move(*std::get_if<0>(&state_));
    }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }
    const Fault& error() const&
    {
        assert(!has_value());
        return *std::get_if<1>(&state_);
    }
    Fault&& error() &&
    {
        assert(!has_value());
        return std::move(*std::get_if<1>(&state_));
    }

private:
    std::variant<T, Fault> state_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    using value_type = void;
    Result() = default;
    Result(Fault fault) : fault_(std::move(fault)) {}  // NOLINT: implicit on purpose
    bool has_value() const { return !fault_; }
    explicit operator bool() const { return has_value(); }
    const Fault& error() const
    {
        assert(fault_);
        return *fault_;
    }

private:
    std::optional<Fault> fault_;
};

}  // namespace chartlift
