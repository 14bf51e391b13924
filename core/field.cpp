// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/field.h"

#include <array>

namespace chartlift {
namespace {
constexpr std::array<std::string_view, kFieldKinds> kNames{"mrn",       "last_name",  "first_name", "middle_name",
                                                           "suffix",    "birth_date", "sex",        "service_date",
                                                           "encounter", "author",     "facility"};
}

std::string_view to_string(FieldKind kind)
{
    return kNames.at(static_cast<std::size_t>(kind));
}

std::optional<FieldKind> field_kind_from(std::string_view text)
{
    for (std::size_t i = 0; i < kNames.size(); ++i)
        if (kNames.at(i) == text) return static_cast<FieldKind>(i);
    return std::nullopt;
}

const FieldValue* PageFields::best(FieldKind kind) const
{
    const FieldValue* found = nullptr;
    for (const FieldValue& value : values)
        if (value.kind == kind && (!found || value.probability > found->probability)) found = &value;
    return found;
}

}  // namespace chartlift
