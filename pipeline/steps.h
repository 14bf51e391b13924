// SPDX-License-Identifier: GPL-3.0-or-later
/// The steps of the flow as the graph sees them: functions from value to Result. steps.cpp makes them from the stages;
/// a test puts a failing or slow one in any place.
/// Thread-safety: page steps are called from many threads at once, `record` from one at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/document.h"
#include "core/stage.h"
#include "pipeline/batch_job.h"
#include "store/catalog.h"

namespace chartlift::pipeline {

struct PageTicket {
    std::shared_ptr<const BatchJob> batch;
    PageIndex page = 0;
};

using Upright = std::shared_ptr<const UprightPage>;

/// A page whose text and codes have been read.
struct PageReading {
    Upright page;
    PageText text;
    bool orientation_sure = false;
    std::vector<Barcode> barcodes;
};

/// A page of which everything is known that one page alone can tell.
struct PageInsight {
    std::shared_ptr<const PageReading> reading;
    PageClass type;
    PageCues cues;
    PageFields fields;
};

/// A batch whose pages have all arrived; each batch step adds its part.
struct BatchWork {
    std::shared_ptr<const BatchJob> job;
    std::vector<PageRecord> pages;    ///< in scan order, every page of the batch
    std::vector<Document> documents;  ///< from assemble on
    store::BatchEntry entry;          ///< from export on
};

struct Steps {
    std::function<Result<DecodedPage>(const PageTicket&, const StageContext&)> decode;
    std::function<Result<Upright>(const DecodedPage&, const StageContext&)> cleanup;
    std::function<Result<PageReading>(const Upright&, const StageContext&)> read;
    std::function<Result<PageInsight>(const std::shared_ptr<const PageReading>&, const PageTicket&,
                                      const StageContext&)>
        understand;
    /// Saves pixels and text, so that both can be freed. Its faults stop the run: they are the store's, not the page's.
    std::function<Result<PageRecord>(const PageInsight&, const PageTicket&)> save;
    /// The record of a page that faulted on the way.
    std::function<Result<PageRecord>(const Fault&, const PageTicket&)> save_fault;

    std::function<Result<void>(BatchWork&)> assemble;  ///< pages into documents
    std::function<Result<void>(BatchWork&)> identify;  ///< reconciles the identifiers of each document's pages
    std::function<Result<void>(BatchWork&)> match;     ///< ranks the patients
    std::function<Result<void>(BatchWork&)> route;     ///< files or holds
    std::function<Result<void>(BatchWork&)> deliver;   ///< writes PDF, text and hOCR
    std::function<Result<void>(BatchWork&)> record;    ///< one transaction in the catalog
};

}  // namespace chartlift::pipeline
