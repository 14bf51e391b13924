// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/patient.h"

namespace chartlift {

std::string_view to_string(Agreement agreement)
{
    switch (agreement) {
        case Agreement::missing: return "missing";
        case Agreement::exact: return "exact";
        case Agreement::close: return "close";
        case Agreement::swapped: return "swapped";
        case Agreement::nickname: return "nickname";
        case Agreement::differs: return "differs";
    }
    return "missing";
}

}  // namespace chartlift
