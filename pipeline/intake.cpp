// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/intake.h"

#include <fmt/core.h>

#include "pipeline/file_source.h"

namespace chartlift::pipeline {

Intake::Intake(const RunOptions& options, OutFolder& folder, Progress& progress)
    : options_(options), folder_(folder), progress_(progress)
{
}

Result<void> Intake::discover()
{
    auto found = pipeline::discover(options_.inputs, options_.out,
                                    [this](const std::filesystem::path& file) { return judge(file); });
    if (!found) return found.error();
    found_ = std::move(*found);
    return {};
}

FileRole Intake::judge(const std::filesystem::path& file) const
{
    auto bytes = open_file_source(file);
    if (!bytes) return FileRole::image;  // it must fault by name, not vanish
    switch (sniff(**bytes)) {
        case FileFormat::pdf: return FileRole::batch;
        case FileFormat::tiff: {
            StageContext context;
            context.limits = options_.config.limits;
            auto opened = folder_.opener().open(std::move(*bytes), context);
            return opened && (*opened)->page_count() > 1 ? FileRole::batch : FileRole::image;
        }
        case FileFormat::jpeg:
        case FileFormat::png:
        case FileFormat::jp2: return FileRole::image;
        case FileFormat::unknown: return FileRole::other;
    }
    return FileRole::other;
}

Result<SourceFile> Intake::take_in_file(const std::filesystem::path& file) const
{
    SourceFile source;
    source.path = file.string();
    auto kept = folder_.archive().keep(file, options_.config.limits);
    if (!kept) {
        // The store's troubles end the run; the file's own are the file's.
        if (kept.error().kind == FaultKind::disk_full) return kept.error();
        source.fault = kept.error();
        source.sha256 = store::sha256_of("unreadable " + source.path);
        return source;
    }
    source.sha256 = kept->sha256;
    source.bytes = kept->bytes;
    source.archived = kept->path;
    if (auto counted = count_pages(source, folder_.opener(), options_.config.limits); !counted) return counted.error();
    return source;
}

Result<std::shared_ptr<const BatchJob>> Intake::take_in(const BatchInput& input) const
{
    std::vector<SourceFile> sources;
    for (const auto& file : input.files) {
        auto source = take_in_file(file);
        if (!source) return source.error();
        sources.push_back(std::move(*source));
    }
    std::string id = batch_id_of(sources);
    return std::make_shared<const BatchJob>(std::move(id), input.name, std::move(sources));
}

Result<void> Intake::feed(FlowEntrance& entrance, const std::stop_token& stop)
{
    for (const BatchInput& input : found_.batches) {
        if (stop.stop_requested()) return {};
        auto job = take_in(input);
        if (!job) return job.error();
        const std::string& id = (*job)->id();
        if (!names_.emplace(id, input.name).second) {
            duplicates_.emplace_back(input.name, id);
            continue;
        }
        auto recorded = folder_.catalog().find_batch(id);
        if (!recorded) return recorded.error();
        // A batch of which nothing could be read is tried again: the password or the disk may be there now.
        if (*recorded && (*recorded)->faulted < (*recorded)->total) {
            duplicates_.emplace_back(input.name, id);  // kept only where the name is a new one
            ++recorded_before_;
            if (auto forgotten = folder_.spool().forget(id); !forgotten) return forgotten;
            continue;
        }
        progress_.counts.pages_known += (*job)->page_count();
        pages_admitted_ += (*job)->page_count();
        progress_.counts.pages_resumed += admit(entrance, folder_.spool(), *job);
    }
    progress_.counts.all_known = true;
    return {};
}

std::int64_t admit(FlowEntrance& entrance, const Spool& spool, const std::shared_ptr<const BatchJob>& job)
{
    std::int64_t resumed = 0;
    for (PageIndex page = 0; page < job->page_count(); ++page) {
        const PageTicket ticket{job, page};
        auto saved = spool.load_record(job->id(), page);
        // A fault may have passed (a time-out, a password), and the input's name may have changed.
        if (saved && saved->state != PageState::faulted && saved->source == job->source_of(page).path) {
            ++resumed;
            entrance.admit_saved(ticket, *saved);
        } else {
            entrance.admit(ticket);
        }
    }
    return resumed;
}

Result<void> Intake::record_duplicates()
{
    for (const auto& [name, id] : duplicates_) {
        auto recorded = folder_.catalog().find_batch(id);
        if (!recorded) return recorded.error();
        if (!*recorded) continue;  // the batch itself was not finished; the next run will see both again
        if (auto done = folder_.catalog().record_duplicate(name, id); !done) return done;
    }
    return {};
}

void Intake::into(RunOutcome& outcome) const
{
    outcome.batches_before = recorded_before_;
    outcome.duplicates = static_cast<std::int64_t>(duplicates_.size()) - recorded_before_;
    outcome.ignored = found_.ignored;
}

}  // namespace chartlift::pipeline
