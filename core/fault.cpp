// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/fault.h"

#include <array>

namespace chartlift {
namespace {

struct KindName {
    FaultKind kind;
    std::string_view name;
};
constexpr std::array kKindNames{
    KindName{FaultKind::corrupt, "corrupt"},         KindName{FaultKind::encrypted, "encrypted"},
    KindName{FaultKind::unsupported, "unsupported"}, KindName{FaultKind::limit, "limit"},
    KindName{FaultKind::timeout, "timeout"},         KindName{FaultKind::cancelled, "cancelled"},
    KindName{FaultKind::library, "library"},         KindName{FaultKind::io, "io"},
    KindName{FaultKind::disk_full, "disk_full"},     KindName{FaultKind::store, "store"},
    KindName{FaultKind::config, "config"},           KindName{FaultKind::internal, "internal"},
};

}  // namespace

std::string_view to_string(FaultKind kind)
{
    for (const auto& entry : kKindNames)
        if (entry.kind == kind) return entry.name;
    return "internal";
}

std::optional<FaultKind> fault_kind_from(std::string_view text)
{
    for (const auto& entry : kKindNames)
        if (entry.name == text) return entry.kind;
    return std::nullopt;
}

std::string Fault::message() const
{
    std::string text = log_text();
    if (!file.empty()) text += ": " + file;
    return text;
}

std::string Fault::log_text() const
{
    std::string text = where;
    if (!text.empty()) text += ": ";
    text += to_string(kind);
    text += ": ";
    text += what;
    return text;
}

}  // namespace chartlift
