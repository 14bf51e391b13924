// SPDX-License-Identifier: GPL-3.0-or-later
/// Patient text that no log can print: Phi<T> has no stream operator and no formatter, so printing it does not compile
/// (tests/arch/phi_cannot_be_printed.cpp). Whoever needs the text says so with reveal(), which a reviewer can search
/// for. Thread-safety: a plain value.
#pragma once

#include <compare>
#include <utility>

namespace chartlift {

template <class T>
class Phi {
public:
    Phi() = default;
    Phi(T value) : value_(std::move(value)) {}  // NOLINT: wrapping is always safe, unwrapping is explicit
    const T& reveal() const { return value_; }
    friend auto operator<=>(const Phi&, const Phi&) = default;

private:
    T value_{};
};

}  // namespace chartlift
