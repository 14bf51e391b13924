// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/collect.h"

namespace chartlift::pipeline {

std::shared_ptr<BatchWork> Collector::take(const PageTicket& ticket, const std::optional<PageRecord>& record)
{
    const std::size_t count = ticket.batch->page_count();
    auto [at, is_new] = open_.try_emplace(ticket.batch->id());
    Open& batch = at->second;
    if (is_new) {
        batch.pages.resize(count);
        batch.missing = count;
    }
    if (batch.pages.at(ticket.page)) return nullptr;  // heard of before: a page counts once
    if (record)
        batch.pages.at(ticket.page) = record;
    else
        batch.incomplete = true;
    if (--batch.missing > 0) return nullptr;

    std::shared_ptr<BatchWork> work;
    if (!batch.incomplete) {
        work = std::make_shared<BatchWork>();
        work->job = ticket.batch;
        work->pages.reserve(count);
        for (auto& page : batch.pages) work->pages.push_back(std::move(*page));
    }
    open_.erase(at);
    return work;
}

}  // namespace chartlift::pipeline
