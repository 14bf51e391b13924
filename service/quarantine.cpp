// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/quarantine.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "core/shown_name.h"

namespace chartlift::service {
namespace {

/// The archived file's second name, whether this attempt gives it or an earlier one did.
Result<void> link_once(store::Files& files, const std::filesystem::path& from, const std::filesystem::path& to)
{
    auto linked = files.link_new(from, to);
    if (!linked) return linked.error();
    return {};
}

std::string why_json(const store::Arrival& arrival, const Fault& fault)
{
    nlohmann::ordered_json why;
    why["id"] = arrival.id;
    why["inbox"] = arrival.inbox;
    why["name"] = shown_name(arrival.name);
    why["taken_at"] = arrival.taken_at;
    why["kind"] = to_string(fault.kind);
    why["reason"] = fault.log_text();
    why["what_to_do"] = remedy_for(fault.kind);
    why["files"] = nlohmann::ordered_json::array();
    for (const store::ArrivedFile& file : arrival.files)
        why["files"].push_back({{"name", shown_name(file.name)}, {"sha256", file.sha256}, {"bytes", file.bytes}});
    return why.dump(2) + "\n";
}

}  // namespace

std::string_view remedy_for(FaultKind kind)
{
    switch (kind) {
        case FaultKind::encrypted:
            return "add its password to the service's password file, then: chartlift quarantine release ID";
        case FaultKind::unsupported:
            return "convert it to TIFF, PDF, JPEG or PNG and drop that, then: chartlift quarantine discard ID";
        case FaultKind::limit:
            return "if the file is in order, raise the limit that is named, then: chartlift quarantine release ID";
        case FaultKind::timeout:
            return "if the file is in order, raise limits.page_timeout_s, then: chartlift quarantine release ID";
        case FaultKind::corrupt:
        case FaultKind::library:
            return "scan the sheet again and drop the new file, then: chartlift quarantine discard ID";
        default: return "look into the service's log for this id; then: chartlift quarantine release ID";
    }
}

Quarantine::Quarantine(const std::filesystem::path& out, store::Files& files)
    : folder_(out / "quarantine"), archive_(out / "archive", files), files_(files)
{
}

std::filesystem::path Quarantine::folder_of(std::int64_t arrival_id) const
{
    return folder_ / std::to_string(arrival_id);
}

Result<void> Quarantine::put(const store::Arrival& arrival, const Fault& fault) const
{
    const auto folder = folder_of(arrival.id);
    for (const store::ArrivedFile& file : arrival.files) {
        if (file.sha256.empty()) continue;  // in no archive: take-in moved the file itself
        const auto place = folder / file.name;
        if (auto made = files_.make_folders(place.parent_path()); !made) return made;
        if (auto linked = link_once(files_, archive_.path_of(file.sha256), place); !linked) return linked;
    }
    if (auto made = files_.make_folders(folder); !made) return made;
    auto why = folder;
    why += ".why.json";
    if (auto written = store::replace_file(files_, why, why_json(arrival, fault)); !written) return written;
    return files_.sync_folder(folder);
}

Result<void> Quarantine::remove(std::int64_t arrival_id) const
{
    auto why = folder_of(arrival_id);
    why += ".why.json";
    if (auto removed = files_.remove_tree(why); !removed) return removed;
    return files_.remove_tree(folder_of(arrival_id));
}

}  // namespace chartlift::service
