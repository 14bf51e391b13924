// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/deliver.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <map>

#include "pipeline/page_json.h"
#include "stages/export/pdf.h"
#include "stages/export/text_files.h"
#include "store/archive.h"

namespace chartlift::pipeline {
namespace {

store::BatchEntry entry_of(const BatchJob& job)
{
    store::BatchEntry entry;
    entry.id = job.id();
    entry.name = job.name();
    entry.batch_class = job.batch_class();
    for (const SourceFile& source : job.sources())
        entry.sources.push_back(
            {source.path, source.sha256, source.bytes, source.first_page, source.pages, source.fault});
    return entry;
}

}  // namespace

std::string document_id_of(const std::string& batch_id, const std::vector<PageIndex>& pages)
{
    constexpr std::size_t kIdDigits = 24;  // 96 bits: no two documents of any archive will share one
    return store::sha256_of(fmt::format("{}:{}", batch_id, fmt::join(pages, ","))).substr(0, kIdDigits);
}

Deliver::Deliver(std::filesystem::path out, const Config& config, std::shared_ptr<const DocTypes> types,
                 const Spool& spool, store::Files& files)
    : out_(std::move(out)), config_(config), types_(std::move(types)), spool_(spool), files_(files)
{
}

Result<void> Deliver::operator()(BatchWork& batch) const
{
    const BatchJob& job = *batch.job;
    store::StagedFiles staged(files_);
    batch.entry = entry_of(job);
    std::map<PageIndex, const Document*> owner;

    for (const Document& document : batch.documents) {
        for (const PageIndex page : document.split.pages) owner[page] = &document;
        const std::string name = fmt::format("documents/{}-p{:04}.pdf", job.label(), document.split.pages.front() + 1);
        if (auto written = write_document(staged, batch, document, out_ / name); !written) return written;
        const DocType* type = types_->find(document.split.type.type);
        store::DocumentEntry entry{document, type ? type->loinc : "", name, {}};
        entry.line = document_line({document, job.name(), job.id(), entry.loinc, name, job.batch_class()});
        batch.entry.documents.push_back(std::move(entry));
    }

    for (const PageRecord& record : batch.pages) {
        store::PageEntry entry;
        entry.record = record;
        const auto found = owner.find(record.page);
        const Document* document = found == owner.end() ? nullptr : found->second;
        if (document) entry.document_id = document->id;
        if (record.state != PageState::faulted) {
            auto saved = spool_.load(job.id(), record.page);
            if (!saved) return saved.error();
            const PageText text{std::move(saved->words), record.ocr_confidence};
            entry.text = text.plain();
            entry.text_file = fmt::format("text/{}/p{:04}.txt", job.label(), record.page + 1);
            entry.hocr_file = fmt::format("hocr/{}/p{:04}.hocr", job.label(), record.page + 1);
            if (document && !document->route.automatic()) entry.thumbnail = std::move(saved->thumbnail);
            const std::string title = fmt::format("{} page {}", batch_stem(job.name()), record.page + 1);
            if (auto written = staged.write(out_ / entry.text_file, entry.text); !written) return written;
            const std::string hocr = to_hocr(text, record.width_px, record.height_px, record.dpi, title);
            if (auto written = staged.write(out_ / entry.hocr_file, hocr); !written) return written;
        }
        const TypeChoice type = document ? document->split.type : record.type.best;
        entry.line =
            page_line({record, job.name(), job.id(), entry.document_id, type, entry.text_file, entry.hocr_file});
        batch.entry.pages.push_back(std::move(entry));
    }
    return staged.publish();
}

Result<void> Deliver::write_document(store::StagedFiles& staged, const BatchWork& batch, const Document& document,
                                     const std::filesystem::path& path) const
{
    const BatchJob& job = *batch.job;
    const DocType* type = types_->find(document.split.type.type);
    PdfInfo info;
    info.title = type ? type->name : "Unknown document type";
    info.document_id = document.id;
    info.producer = fmt::format("chartlift {}", CHARTLIFT_VERSION);
    info.level = config_.pdfa == "1b" ? PdfLevel::a1b : PdfLevel::a2b;
    const PdfPageLoader load = [&](std::size_t index) -> Result<PdfPage> {
        auto saved = spool_.load(job.id(), document.split.pages.at(index));
        if (!saved) return saved.error();
        return PdfPage{std::move(saved->image), {std::move(saved->words), saved->record.ocr_confidence}};
    };
    return staged.write(path, [&](const store::Sink& sink) {
        return write_pdf(info, document.split.pages.size(), load, sink, StageContext{});
    });
}

}  // namespace chartlift::pipeline
