// SPDX-License-Identifier: GPL-3.0-or-later
/// Text that can only be one of a few words known when the program was built: a literal, or the name of an enum's
/// value. Logs and metrics take their words as this type, so that text read from a file, or Phi<T>, does not compile
/// there (tests/arch/log_takes_no_free_text.cpp). Faults: none. Thread-safety: a plain value.
#pragma once

#include <concepts>
#include <string_view>
#include <type_traits>

namespace chartlift::service {

/// An enum whose values have names of static lifetime, found beside it as `to_string`.
template <class E>
concept NamedEnum = std::is_enum_v<E> && requires(E value)
{
    {
        to_string(value)
        } -> std::same_as<std::string_view>;
};

class ClosedText {
public:
    consteval ClosedText(const char* literal) : text_(literal) {}       // NOLINT: implicit, a literal is always safe
    consteval ClosedText(std::string_view literal) : text_(literal) {}  // NOLINT: implicit, a constant is always safe
    template <NamedEnum E>
    ClosedText(E value) : text_(to_string(value))  // NOLINT: implicit, an enum's name is always safe
    {
    }
    constexpr std::string_view text() const { return text_; }

private:
    std::string_view text_;
};

}  // namespace chartlift::service
