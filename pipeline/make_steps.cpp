// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/make_steps.h"

#include <fmt/core.h>

#include <set>

#include "pipeline/deliver.h"
#include "pipeline/models.h"
#include "stages/adapters/doctype_toml.h"
#include "stages/adapters/leptonica.h"
#include "stages/adapters/opencv.h"
#include "stages/assemble/assemble.h"
#include "stages/assemble/cues.h"
#include "stages/barcode/barcode.h"
#include "stages/classify/classify.h"
#include "stages/cleanup/cleanup.h"
#include "stages/extract/extract.h"
#include "stages/extract/reconcile.h"
#include "stages/match/match.h"
#include "stages/ocr/ocr.h"
#include "stages/route/route.h"

namespace chartlift::pipeline {
namespace {

constexpr int kThumbnailWidth_px = 240;  // enough to recognise a page in the report, about 6 kB

PageRecord record_of(const PageTicket& ticket)
{
    const SourceFile& source = ticket.batch->source_of(ticket.page);
    PageRecord record;
    record.page = ticket.page;
    record.source = source.path;
    record.source_page = ticket.page - source.first_page;
    record.type.best.type = kUnknownType;
    return record;
}

PageRecord record_of(const PageTicket& ticket, const PageInsight& insight)
{
    const PageReading& reading = *insight.reading;
    const UprightPage& page = *reading.page;
    PageRecord record = record_of(ticket);
    record.state = page.blank && reading.barcodes.empty() ? PageState::blank : PageState::content;
    record.width_px = page.archive.width_px();
    record.height_px = page.archive.height_px();
    record.dpi = page.dpi;
    record.dpi_origin = page.dpi_origin;
    record.rotated_cw = page.rotated_cw;
    record.orientation_sure = reading.orientation_sure;
    record.skew_ccw = page.skew_ccw;
    record.to_scan = page.to_scan;
    record.layout = page.layout;
    record.word_count = static_cast<std::uint32_t>(reading.text.words.size());
    record.ocr_confidence = reading.text.mean_confidence;
    record.type = insight.type;
    record.cues = insight.cues;
    record.fields = insight.fields;
    record.barcodes = reading.barcodes;
    return record;
}

/// Documents from a split; every content page must stand in exactly one.
Result<std::vector<Document>> documents_of(const BatchWork& batch, BatchSplit split)
{
    std::vector<int> owners(batch.pages.size(), 0);
    std::vector<Document> documents;
    for (DocumentSplit& run : split.documents) {
        for (const PageIndex page : run.pages) ++owners.at(page);
        Document document;
        document.id = document_id_of(batch.job->id(), run.pages);
        document.split = std::move(run);
        documents.push_back(std::move(document));
    }
    for (const PageRecord& page : batch.pages)
        if (owners.at(page.page) != (page.state == PageState::content ? 1 : 0))
            return Fault{FaultKind::internal, "assemble",
                         fmt::format("page {} is {} and stands in {} documents", page.page, to_string(page.state),
                                     owners.at(page.page))};
    return documents;
}

void add_page_steps(Steps& steps, const StepServices& services, const std::shared_ptr<const DocTypes>& types,
                    const std::shared_ptr<const PageTypeModel>& model, Ocr ocr)
{
    steps.decode = [decode = services.decode](const PageTicket& ticket, const StageContext& context) {
        return ticket.batch->decode(*decode, ticket.page, context);
    };
    steps.cleanup = [stage = Cleanup(CleanupSettings{})](const DecodedPage& page,
                                                         const StageContext& context) -> Result<Upright> {
        auto upright = stage.run(page, context);
        if (!upright) return upright.error();
        return std::make_shared<const UprightPage>(std::move(*upright));
    };
    steps.read = [stage = std::move(ocr), barcodes = ReadBarcodes(BarcodeSettings{}, services.read_symbols)](
                     const Upright& page, const StageContext& context) -> Result<PageReading> {
        auto read = stage.run(*page, context);
        if (!read) return read.error();
        PageReading reading{page, std::move(read->text), read->orientation_sure, {}};
        if (read->turned) reading.page = std::make_shared<const UprightPage>(std::move(*read->turned));
        auto codes = barcodes.run(*reading.page, context);
        if (!codes) return codes.error();
        reading.barcodes = std::move(*codes);
        return reading;
    };
    steps.understand = [classify = Classify(model, types), cues = ReadCues(types),
                        extract = Extract(types, ExtractSettings{})](
                           const std::shared_ptr<const PageReading>& reading, const PageTicket& ticket,
                           const StageContext& context) -> Result<PageInsight> {
        const UprightPage& page = *reading->page;
        const int width_px = page.gray.width_px();
        const int height_px = page.gray.height_px();
        PageInsight insight;
        insight.reading = reading;
        auto type = classify.run({reading->text, page.layout, width_px, height_px}, context);
        if (!type) return type.error();
        insight.type = std::move(*type);
        insight.cues = cues.run(reading->text, width_px, height_px);
        auto fields =
            extract.run({ticket.page, reading->text, page.visible_text, width_px, height_px, page.dpi}, context);
        if (!fields) return fields.error();
        insight.fields = std::move(*fields);
        return insight;
    };
    steps.save = [&spool = services.spool, quality = services.config.jpeg_quality](
                     const PageInsight& insight, const PageTicket& ticket) -> Result<PageRecord> {
        const UprightPage& page = *insight.reading->page;
        SavedPage saved;
        saved.record = record_of(ticket, insight);
        saved.words = insight.reading->text.words;
        EncodeSettings settings;
        settings.jpeg_quality = static_cast<int>(quality);
        auto image = encode_image(page.archive, page.dpi, settings);
        if (!image) return image.error();
        saved.image = std::move(*image);
        auto thumbnail = thumbnail_jpeg(page.archive, kThumbnailWidth_px);
        if (!thumbnail) return thumbnail.error();
        saved.thumbnail = std::move(*thumbnail);
        return spool.save(ticket.batch->id(), saved);
    };
    steps.save_fault = [&spool = services.spool](const Fault& fault, const PageTicket& ticket) -> Result<PageRecord> {
        SavedPage saved;
        saved.record = record_of(ticket);
        saved.record.state = PageState::faulted;
        saved.record.fault = fault;
        return spool.save(ticket.batch->id(), saved);
    };
}

/// A batch done again may end in other documents: files that only its earlier state named go.
Result<void> remove_orphans(const std::vector<std::string>& before, const store::BatchEntry& now,
                            const std::filesystem::path& out, store::Files& files)
{
    std::set<std::string> named;
    for (const store::DocumentEntry& document : now.documents) named.insert(document.pdf_file);
    for (const store::PageEntry& page : now.pages) named.insert({page.text_file, page.hocr_file});
    for (const std::string& file : before)
        if (!named.contains(file))
            if (auto removed = files.remove_tree(out / file); !removed) return removed;
    return {};
}

void add_batch_steps(Steps& steps, const StepServices& services, const std::shared_ptr<const DocTypes>& types,
                     const std::shared_ptr<const Nicknames>& nicknames,
                     const std::shared_ptr<const Population>& population)
{
    steps.assemble = [stage = Assemble(types, AssembleSettings{})](BatchWork& batch) -> Result<void> {
        auto split = stage.run(batch.pages, StageContext{});
        if (!split) return split.error();
        for (const PageIndex page : split->separators) batch.pages.at(page).state = PageState::separator;
        auto documents = documents_of(batch, std::move(*split));
        if (!documents) return documents.error();
        batch.documents = std::move(*documents);
        return {};
    };
    steps.identify = [](BatchWork& batch) -> Result<void> {
        for (Document& document : batch.documents) {
            std::vector<const PageFields*> pages;
            for (const PageIndex page : document.split.pages) pages.push_back(&batch.pages.at(page).fields);
            document.fields = reconcile(pages);
        }
        return {};
    };
    MatchSettings settings;
    settings.nicknames = nicknames;
    steps.match = [stage = Match(settings), patients = services.patients, population,
                   nicknames](BatchWork& batch) -> Result<void> {
        for (Document& document : batch.documents) {
            MatchInput input;
            input.fields = document.fields.fields;
            input.index_available = patients != nullptr;
            input.population = population;
            if (patients) {
                auto candidates = patients->candidates(query_from(input.fields, *nicknames));
                if (!candidates) return candidates.error();
                input.candidates = std::move(*candidates);
            }
            auto match = stage.run(input, StageContext{});
            if (!match) return match.error();
            document.match = std::move(*match);
        }
        return {};
    };
    RouteSettings thresholds;
    thresholds.type = Score{static_cast<float>(services.config.route_type)};
    thresholds.split = Score{static_cast<float>(services.config.route_split)};
    thresholds.patient = Score{static_cast<float>(services.config.route_patient)};
    thresholds.ocr_poor = static_cast<float>(services.config.route_ocr);
    steps.route = [stage = DecideRoute(thresholds)](BatchWork& batch) -> Result<void> {
        for (Document& document : batch.documents) {
            std::vector<const PageRecord*> pages;
            for (const PageIndex page : document.split.pages) pages.push_back(&batch.pages.at(page));
            document.route = stage.run({document.split, document.fields, document.match, std::move(pages)});
        }
        return {};
    };
    steps.deliver = Deliver(services.out, services.config, types, services.spool, services.files);
    steps.record = [&catalog = services.catalog, &spool = services.spool, &files = services.files,
                    out = services.out](BatchWork& batch) -> Result<void> {
        auto before = catalog.files_of(batch.job->id());
        if (!before) return before.error();
        if (auto done = catalog.record(batch.entry); !done) return done;
        if (auto done = remove_orphans(*before, batch.entry, out, files); !done) return done;
        return spool.forget(batch.job->id());
    };
}

}  // namespace

Result<Steps> make_steps(const StepServices& services)
{
    adapters::silence_leptonica();
    adapters::use_one_thread_a_call();
    auto loaded = adapters::load_doctypes(services.models / "doctypes");
    if (!loaded) return loaded.error();
    const auto types = std::make_shared<const DocTypes>(std::move(*loaded));
    auto model = load_page_types(services.models / "page_type.model");
    if (!model) return model.error();
    auto nicknames = load_nicknames(services.models / "nicknames.csv");
    if (!nicknames) return nicknames.error();
    OcrSettings ocr_settings;
    ocr_settings.languages = services.config.languages;
    ocr_settings.tessdata = services.config.tessdata;
    auto ocr = Ocr::create(ocr_settings);
    if (!ocr) return ocr.error();
    std::shared_ptr<const Population> population;
    if (services.patients) {
        auto counted = services.patients->population();
        if (!counted) return counted.error();
        population = std::make_shared<const Population>(std::move(*counted));
    }
    Steps steps;
    add_page_steps(steps, services, types, *model, std::move(*ocr));
    add_batch_steps(steps, services, types, *nicknames, population);
    return steps;
}

}  // namespace chartlift::pipeline
