// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/inbox_records.h"

#include <algorithm>

#include "service/inbox_names.h"

namespace chartlift::service {
namespace {

bool by_name(const FileRecord& record, std::string_view name)
{
    return record.name < name;
}

/// The name of a manifest's line, relative to the inbox. Lines count from the manifest's folder; one beside a batch's
/// folder may as well have been written inside it.
std::string resolved(const std::string& line, const std::string& marker, const std::string& unit)
{
    std::string name = std::string(folder_of(marker)) + line;
    return unit.ends_with('/') && !name.starts_with(unit) ? unit + line : name;
}

}  // namespace

FileRecord* Unit::find(std::string_view inner)
{
    const auto at = std::lower_bound(files.begin(), files.end(), inner, by_name);
    return at != files.end() && at->name == inner ? &*at : nullptr;
}

FileRecord& Unit::add(std::string_view inner)
{
    const auto at = std::lower_bound(files.begin(), files.end(), inner, by_name);
    const auto added = files.insert(at, FileRecord{});
    added->name = inner;
    return *added;
}

void Unit::remove(std::string_view inner)
{
    std::erase_if(files, [&](const FileRecord& file) { return file.name == inner; });
}

bool Unit::has_waiting() const
{
    return std::any_of(files.begin(), files.end(),
                       [](const FileRecord& file) { return file.stage == FileRecord::Stage::waiting; });
}

SteadyTime Unit::still_since() const
{
    SteadyTime latest = changed_at;
    for (const auto& file : files)
        if (file.stage == FileRecord::Stage::waiting) latest = std::max(latest, file.changed_at);
    return latest;
}

void weigh_manifest(const Manifest& manifest, const std::string& marker, const UnitNode& unit, Evidence& evidence)
{
    const auto& [name, content] = unit;
    const bool batch = name.ends_with('/');
    bool named = batch;
    for (const auto& line : manifest.files) {
        // sha256sum * > manifest.sha256 lists the manifest itself, empty as it was.
        if (kind_of_file(leaf_of(line.name), batch) != NameKind::input) continue;
        ExpectedFile expected{resolved(line.name, marker, name), line.sha256, line.bytes};
        if (!batch && expected.name != name) continue;  // another file's
        named = true;
        const std::string_view inner = std::string_view(expected.name).substr(name.size());
        const auto file = std::lower_bound(content.files.begin(), content.files.end(), inner, by_name);
        const bool there = file != content.files.end() && file->name == inner;
        if (!there || (line.bytes && *line.bytes != static_cast<std::uint64_t>(file->identity.size_bytes)))
            evidence.unfulfilled = true;
        evidence.expected.push_back(std::move(expected));
    }
    if (batch && manifest.files.empty()) {
        evidence.count = manifest.count;
        if (evidence.count != content.files.size()) evidence.unfulfilled = true;
    } else if (batch) {
        evidence.count = evidence.expected.size();
    }
    if (!named) evidence.unfulfilled = true;
}

}  // namespace chartlift::service
