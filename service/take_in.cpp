// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/take_in.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "pipeline/batch_job.h"
#include "service/inbox_names.h"

namespace chartlift::service {
namespace {

bool same(const store::FileIdentity& a, const struct stat& b)
{
    constexpr std::int64_t kNanoseconds = 1'000'000'000;
    return a.device == b.st_dev && a.inode == b.st_ino && a.size_bytes == b.st_size &&
           a.modified_ns == b.st_mtim.tv_sec * kNanoseconds + b.st_mtim.tv_nsec;
}

/// The very file, unchanged.
bool is_still(const std::filesystem::path& path, const store::FileIdentity& identity)
{
    struct stat now {};
    return ::lstat(path.c_str(), &now) == 0 && S_ISREG(now.st_mode) && same(identity, now);
}

/// What the manifest promised and the content does not keep.
std::optional<Fault> broken_promise(const Ready& ready, const std::vector<store::ArrivedFile>& files)
{
    if (ready.expected_count && *ready.expected_count != files.size())
        return Fault{FaultKind::corrupt, "take-in",
                     std::to_string(files.size()) + " files came; the count or manifest promises " +
                         std::to_string(*ready.expected_count)};
    for (const ExpectedFile& expected : ready.expected) {
        const auto file = std::find_if(files.begin(), files.end(),
                                       [&](const store::ArrivedFile& f) { return f.name == expected.name; });
        if (file == files.end())
            return Fault{FaultKind::corrupt, "take-in", "a file that the manifest names did not come"};
        if (file->sha256 != expected.sha256)
            return Fault{FaultKind::corrupt, "take-in", "a file's checksum is not the one in the manifest"};
    }
    return std::nullopt;
}

}  // namespace

TakeIn::TakeIn(std::filesystem::path out, std::vector<pipeline::Inbox> inboxes, const Limits& limits,
               store::IntakeLedger& ledger, store::Files& files, Log& log)
    : out_(std::move(out)),
      inboxes_(std::move(inboxes)),
      limits_(limits),
      ledger_(ledger),
      files_(files),
      archive_(out_ / "archive", files),
      log_(log)
{
}

/// Troubles of OUT, not of the file: nothing more can be taken now.
bool TakeIn::is_outs(const Fault& fault) const
{
    return fault.kind == FaultKind::disk_full || fault.kind == FaultKind::store ||
           (fault.kind == FaultKind::io && fault.file.starts_with(out_.string()));
}

/// Its move failed in an earlier run: the content is safe, and finish_moves() tries again at the next start.
Result<bool> TakeIn::is_known(const Ready& ready) const
{
    const std::string& inbox = inboxes_.at(ready.inbox).name;
    for (const ReadyFile& file : ready.files) {
        auto found = ledger_.find_taken(inbox, file.name, file.identity);
        if (!found) return found.error();
        if (!*found) return false;
    }
    return true;
}

/// False: the input is not what was found whole any more; it is looked at again.
Result<bool> TakeIn::archive_files(const Ready& ready, store::NewArrival& arrival) const
{
    std::vector<pipeline::SourceFile> sources;
    for (const ReadyFile& file : ready.files) {
        store::ArrivedFile& arrived = arrival.files.emplace_back();
        arrived.name = file.name;
        arrived.identity = file.identity;
        arrived.bytes = static_cast<std::uint64_t>(file.identity.size_bytes);
        auto kept = archive_.keep(file.path, limits_, store::Links::refuse);
        if (kept) {
            arrived.sha256 = sources.emplace_back().sha256 = kept->sha256;
            arrived.bytes = kept->bytes;
        } else if (kept.error().kind == FaultKind::limit) {
            arrival.fault = kept.error();  // too large for the archive: quarantined as it is
        } else if (is_outs(kept.error())) {
            return kept.error();
        } else {
            return false;
        }
        if (!is_still(file.path, file.identity)) return false;
    }
    if (!arrival.fault) arrival.fault = broken_promise(ready, arrival.files);
    if (sources.size() == arrival.files.size()) arrival.batch_id = pipeline::batch_id_of(sources);
    return true;
}

Result<TakeIn::Taken> TakeIn::take(const std::vector<Ready>& ready) const
{
    Taken taken;
    std::vector<store::NewArrival> arrivals;
    std::vector<const Ready*> inputs;  // of `arrivals`
    for (std::size_t i = 0; i < ready.size(); ++i) {
        const Ready& input = ready.at(i);
        auto known = is_known(input);
        if (!known) return known.error();
        if (*known) continue;
        const pipeline::Inbox& inbox = inboxes_.at(input.inbox);
        store::NewArrival arrival;
        arrival.inbox = inbox.name;
        arrival.batch_class = inbox.batch_class;
        arrival.priority = inbox.priority;
        arrival.name = input.name;
        arrival.originals_stay = inbox.after == pipeline::AfterTaking::leave;
        auto archived = archive_files(input, arrival);
        if (!archived) return archived.error();
        if (*archived) {
            arrivals.push_back(std::move(arrival));
            inputs.push_back(&input);
        } else {
            taken.given_back.push_back(i);
        }
    }
    if (arrivals.empty()) return taken;
    auto recorded = ledger_.take(arrivals);
    if (!recorded) return recorded.error();
    taken.arrivals = std::move(*recorded);
    for (std::size_t i = 0; i < taken.arrivals.size(); ++i)
        if (auto moved = move_away(taken.arrivals.at(i), inputs.at(i)->markers); !moved) return moved.error();
    return taken;
}

std::filesystem::path TakeIn::place_for(const pipeline::Inbox& inbox, const store::Arrival& arrival,
                                        const std::string& name, bool archived) const
{
    if (!archived) return out_ / "quarantine" / std::to_string(arrival.id) / name;
    return (inbox.done.empty() ? out_ / "done" / inbox.name : inbox.done) / name;
}

/// Another file under the same name, or none: ours is gone by other hands, and theirs is not to be touched. If it was
/// exchanged or grew at the very moment of the move, it goes back, to be taken as what it is now.
Result<void> TakeIn::move_original(const store::ArrivedFile& file, const std::filesystem::path& from,
                                   const std::filesystem::path& to) const
{
    if (!is_still(from, file.identity)) return {};
    auto place = store::move_file(files_, from, to);
    if (!place) return place.error();
    if (is_still(*place, file.identity)) return {};
    // Moved over a mount's edge it is a copy, and known by its content; one too large for the archive has no hash.
    if (file.sha256.empty()) return {};
    if (auto content = store::sha256_of_file(*place); content && *content == file.sha256) return {};
    if (auto back = store::move_file(files_, *place, from); !back) return back.error();
    return {};
}

/// A move that fails is told and left to the next start: the content is safe, and the watcher passes the file over.
Result<void> TakeIn::move_away(const store::Arrival& arrival, const std::vector<std::filesystem::path>& markers) const
{
    const auto inbox = std::find_if(inboxes_.begin(), inboxes_.end(),
                                    [&](const pipeline::Inbox& i) { return i.name == arrival.inbox; });
    if (inbox == inboxes_.end() || inbox->after == pipeline::AfterTaking::leave) return {};
    std::vector<store::TakenFile> moved;
    for (std::size_t i = 0; i < arrival.files.size(); ++i) {
        const store::ArrivedFile& file = arrival.files.at(i);
        if (file.moved) continue;
        const auto from = inbox->path / file.name;
        auto gone = move_original(file, from, place_for(*inbox, arrival, file.name, !file.sha256.empty()));
        if (!gone) {
            if (is_outs(gone.error())) return gone.error();
            log_.write(LogLevel::warning, "original.not_moved", {{"arrival", arrival.id}, LogField(gone.error())});
            continue;
        }
        moved.push_back({arrival.id, i});
    }
    for (const auto& marker : markers) {
        struct stat now {};
        if (::lstat(marker.c_str(), &now) != 0 || !S_ISREG(now.st_mode)) continue;
        const auto name = marker.lexically_relative(inbox->path).string();
        if (auto done = store::move_file(files_, marker, place_for(*inbox, arrival, name, true)); !done) {
            if (is_outs(done.error())) return done.error();
            log_.write(LogLevel::warning, "marker.not_moved", {{"arrival", arrival.id}, LogField(done.error())});
        }
    }
    if (arrival.name.ends_with('/')) remove_empty_folders(inbox->path / arrival.name);
    return ledger_.mark_moved(moved);
}

/// The emptied folder of a batch goes; one that something else lies in stays.
void TakeIn::remove_empty_folders(const std::filesystem::path& folder) const
{
    std::error_code error;
    std::vector<std::filesystem::path> folders{folder};
    for (auto it = std::filesystem::recursive_directory_iterator(folder, error);
         !error && it != std::filesystem::recursive_directory_iterator(); it.increment(error))
        if (it->is_directory(error) && !it->is_symlink(error)) folders.push_back(it->path());
    std::sort(folders.rbegin(), folders.rend());  // the innermost first
    for (const auto& empty : folders) ::rmdir(empty.c_str());
}

/// The markers of an input whose move was cut short. One that stands for several inputs is left: it proves nothing any
/// more, being older than whatever comes next.
std::vector<std::filesystem::path> TakeIn::markers_left(const store::Arrival& arrival) const
{
    const auto inbox = std::find_if(inboxes_.begin(), inboxes_.end(),
                                    [&](const pipeline::Inbox& i) { return i.name == arrival.inbox; });
    if (inbox == inboxes_.end()) return {};
    const bool in_batch = arrival.name.ends_with('/');
    const auto input = inbox->path / (in_batch ? arrival.name.substr(0, arrival.name.size() - 1) : arrival.name);
    const auto stands_for_it = [&](const std::string& marker) {
        if (kind_of_file(marker, in_batch) != NameKind::marker) return false;
        const auto whose = without_ending(marker);
        return in_batch || whose == input.filename().string() || whose == without_ending(input.filename().string());
    };
    std::vector<std::filesystem::path> markers;
    std::error_code error;
    for (auto it = std::filesystem::directory_iterator(in_batch ? input : input.parent_path(), error);
         !error && it != std::filesystem::directory_iterator(); it.increment(error))
        if (stands_for_it(it->path().filename().string())) markers.push_back(it->path());
    return markers;
}

Result<void> TakeIn::finish_moves() const
{
    auto unmoved = ledger_.not_yet_moved();
    if (!unmoved) return unmoved.error();
    std::int64_t last = 0;
    for (const store::UnmovedFile& file : *unmoved) {
        if (file.place.arrival == last) continue;  // its files come together
        last = file.place.arrival;
        auto arrival = ledger_.find(last);
        if (!arrival) return arrival.error();
        if (!*arrival) continue;
        if (auto moved = move_away(**arrival, markers_left(**arrival)); !moved) return moved;
    }
    return {};
}

}  // namespace chartlift::service
