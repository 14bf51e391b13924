// SPDX-License-Identifier: GPL-3.0-or-later
/// Numbers and strings to bytes and back, in the machine's own order: both ends are the same program on one machine.
/// Guarantee: reading past the end, or a string longer than what is left, makes `good()` false and gives zeros; nothing
/// is ever read outside the span, and no memory is taken for what is not there. Faults: none.
/// Thread-safety: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace chartlift::worker {

template <class T>
concept Number = std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;

class WireWriter {
public:
    template <Number T>
    void number(T value)
    {
        const auto at = bytes_.size();
        bytes_.resize(at + sizeof value);
        std::memcpy(bytes_.data() + at, &value, sizeof value);
    }
    void flag(bool value) { number(static_cast<std::uint8_t>(value ? 1 : 0)); }
    void text(std::string_view value)
    {
        number(static_cast<std::uint32_t>(value.size()));
        const auto bytes = std::as_bytes(std::span(value.data(), value.size()));
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    }
    std::vector<std::byte> take() && { return std::move(bytes_); }

private:
    std::vector<std::byte> bytes_;
};

class WireReader {
public:
    explicit WireReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

    template <Number T>
    T number()
    {
        T value{};
        if (bytes_.size() < sizeof value) return fail(value);
        std::memcpy(&value, bytes_.data(), sizeof value);
        bytes_ = bytes_.subspan(sizeof value);
        return value;
    }
    /// Anything but 0 and 1 is no flag.
    bool flag()
    {
        const auto value = number<std::uint8_t>();
        if (value > 1) good_ = false;
        return value == 1;
    }
    std::string text()
    {
        const auto size = number<std::uint32_t>();
        if (!good_ || bytes_.size() < size) return fail(std::string());
        std::string value(size, '\0');
        if (size > 0) std::memcpy(value.data(), bytes_.data(), size);
        bytes_ = bytes_.subspan(size);
        return value;
    }
    /// The value of an enumeration whose values run from 0 to `last`.
    template <class E>
    E choice(E last)
    {
        const auto value = number<std::uint8_t>();
        if (value > static_cast<std::uint8_t>(last)) return fail(E{});
        return static_cast<E>(value);
    }

    bool good() const { return good_; }
    /// All was read, and nothing is left over.
    bool finished() const { return good_ && bytes_.empty(); }
    std::size_t left_bytes() const { return bytes_.size(); }

private:
    template <class T>
    T fail(T value)
    {
        good_ = false;
        bytes_ = {};
        return value;
    }

    std::span<const std::byte> bytes_;
    bool good_ = true;
};

}  // namespace chartlift::worker
