// SPDX-License-Identifier: GPL-3.0-or-later
// Input: a site's configuration. What must hold: it is refused as a config fault, or every setting is in its range.
#include "pipeline/config.h"

#include <cstdint>
#include <set>

#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    using namespace chartlift;
    using fuzz::require;
    constexpr std::size_t kMost_bytes = 20'000;  // a site's file has 5,000
    if (size > kMost_bytes) return 0;
    const auto config = pipeline::parse_config(fuzz::view_of(bytes, size), "site.toml");
    if (!config) {
        require(config.error().kind == FaultKind::config && !config.error().what.empty(), "a refusal says why");
        return 0;
    }
    require(config->limits.max_pixels > 0 && config->limits.max_bytes > 0 && config->limits.max_pages > 0 &&
                config->limits.page_timeout.count() > 0,
            "limits are above 0");
    require(config->threads >= 0 && config->pages_in_flight >= 0, "counts are not negative");
    require(config->render_dpi >= 72 && config->render_dpi <= 1200, "render_dpi is in its range");
    require(config->jpeg_quality >= 1 && config->jpeg_quality <= 100, "jpeg_quality is in its range");
    for (const double share : {config->route_type, config->route_split, config->route_patient, config->route_ocr})
        require(share >= 0 && share <= 1, "shares are shares");
    require(!config->languages.empty(), "there is a language");
    require(config->service.port >= 0 && config->service.port <= 65'535, "a port is one");
    std::set<std::string> names;
    for (const pipeline::Inbox& inbox : config->inboxes) {
        require(names.insert(inbox.name).second, "inboxes' names are unique");
        require(inbox.path.is_absolute(), "an inbox's path is absolute");
        require(inbox.priority >= 0 && inbox.priority <= 9, "a priority is in its range");
        require(inbox.settle.count() >= 0 && inbox.poll.count() >= 100 && inbox.rescan.count() >= 100,
                "times are in their ranges");
    }
    return 0;
}
