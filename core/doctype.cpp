// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/doctype.h"

namespace chartlift {

const DocType* DocTypes::find(std::string_view id) const
{
    for (const DocType& type : types)
        if (type.id == id) return &type;
    return nullptr;
}

}  // namespace chartlift
