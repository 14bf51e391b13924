// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/document.h"

#include <array>
#include <tuple>

namespace chartlift {
namespace {
constexpr std::array<std::pair<PageState, std::string_view>, 4> kStates{{{PageState::content, "content"},
                                                                         {PageState::blank, "blank"},
                                                                         {PageState::separator, "separator"},
                                                                         {PageState::faulted, "faulted"}}};
}

std::string_view to_string(PageState state)
{
    for (const auto& [value, name] : kStates)
        if (value == state) return name;
    return "faulted";
}

std::optional<PageState> page_state_from(std::string_view text)
{
    for (const auto& [value, name] : kStates)
        if (name == text) return value;
    return std::nullopt;
}

bool operator==(const PageRecord& a, const PageRecord& b)
{
    const auto key = [](const PageRecord& r) {
        return std::tie(r.page, r.source, r.source_page, r.state, r.fault, r.width_px, r.height_px, r.dpi, r.dpi_origin,
                        r.rotated_cw, r.orientation_sure, r.skew_ccw, r.layout, r.word_count, r.ocr_confidence, r.type,
                        r.cues, r.fields, r.barcodes);
    };
    return key(a) == key(b);
}

}  // namespace chartlift
