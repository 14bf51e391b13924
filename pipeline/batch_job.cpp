// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/batch_job.h"

#include <algorithm>

#include "pipeline/file_source.h"
#include "store/archive.h"

namespace chartlift::pipeline {

Result<void> count_pages(SourceFile& source, const FileOpener& opener, const Limits& limits)
{
    auto bytes = open_file_source(source.archived);
    if (!bytes) return bytes.error();
    StageContext context;
    context.limits = limits;
    context.deadline = StageContext::Clock::now() + limits.page_timeout;
    auto opened = opener.open(std::move(*bytes), context);
    if (!opened)
        source.fault = opened.error();
    else if ((*opened)->page_count() < 1)
        source.fault = Fault{FaultKind::corrupt, "decode", "file has no pages"};
    else
        source.pages = static_cast<std::uint32_t>((*opened)->page_count());
    return {};
}

BatchJob::BatchJob(std::string id, std::string name, std::vector<SourceFile> sources, std::string batch_class)
    : id_(std::move(id)), name_(std::move(name)), batch_class_(std::move(batch_class)), sources_(std::move(sources))
{
    for (SourceFile& source : sources_) {
        source.first_page = page_count_;
        page_count_ += source.pages;
    }
}

const SourceFile& BatchJob::source_of(PageIndex page) const
{
    const auto after = std::upper_bound(sources_.begin(), sources_.end(), page,
                                        [](PageIndex p, const SourceFile& source) { return p < source.first_page; });
    return *std::prev(after);
}

Result<DecodedPage> BatchJob::decode(const FileOpener& opener, PageIndex page, const StageContext& context) const
{
    const SourceFile& source = source_of(page);
    if (source.fault) return *source.fault;
    const auto index = static_cast<std::size_t>(&source - sources_.data());
    std::unique_ptr<OpenFile> handle;
    {
        const std::scoped_lock lock(mutex_);
        const auto found =
            std::find_if(idle_.begin(), idle_.end(), [&](const auto& entry) { return entry.first == index; });
        if (found != idle_.end()) {
            handle = std::move(found->second);
            idle_.erase(found);
        }
    }
    if (!handle) {
        auto bytes = open_file_source(source.archived);
        if (!bytes) return bytes.error();
        auto opened = opener.open(std::move(*bytes), context);
        if (!opened) return opened.error();
        handle = std::move(*opened);
    }
    auto decoded = handle->page(static_cast<int>(page - source.first_page), context);
    if (source.pages > 1 && decoded) {  // after a fault the handle's state is not trusted
        const std::scoped_lock lock(mutex_);
        idle_.emplace_back(index, std::move(handle));
    }
    return decoded;
}

std::string batch_stem(const std::string& name)
{
    std::string stem = name;
    while (!stem.empty() && stem.back() == '/') stem.pop_back();
    return name.ends_with('/') ? std::filesystem::path(stem).filename().string()
                               : std::filesystem::path(stem).stem().string();
}

std::string BatchJob::label() const
{
    constexpr std::size_t kLongestStem = 60;
    constexpr std::size_t kIdDigits = 8;
    std::string label = batch_stem(name_).substr(0, kLongestStem);
    for (char& c : label) {
        const bool safe =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (!safe) c = '_';
    }
    if (label.empty()) label = "batch";
    return label + "-" + id_.substr(0, kIdDigits);
}

std::string batch_id_of(const std::vector<SourceFile>& sources)
{
    std::string hashes;
    for (const SourceFile& source : sources) hashes += source.sha256 + "\n";
    return store::sha256_of(hashes);
}

}  // namespace chartlift::pipeline
