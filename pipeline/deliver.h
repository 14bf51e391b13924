// SPDX-License-Identifier: GPL-3.0-or-later
/// The export step: one searchable PDF a document, text and hOCR a page, and the catalog's entry for the batch.
/// Guarantee: the files of a batch appear together, synced, before the catalog names them; the same pages give the same
/// names and bytes, so that a batch delivered again after a crash replaces its files by identical ones.
/// Faults: disk_full, io (writing), corrupt (a saved page was altered). Thread-safety: safe for different batches.
#pragma once

#include <filesystem>
#include <memory>

#include "core/doctype.h"
#include "pipeline/config.h"
#include "pipeline/spool.h"
#include "pipeline/steps.h"
#include "store/files.h"

namespace chartlift::pipeline {

class Deliver {
public:
    Deliver(std::filesystem::path out, const Config& config, std::shared_ptr<const DocTypes> types, const Spool& spool,
            store::Files& files);
    Result<void> operator()(BatchWork& batch) const;

private:
    Result<void> write_document(store::StagedFiles& staged, const BatchWork& batch, const Document& document,
                                const std::filesystem::path& path) const;
    std::filesystem::path out_;
    Config config_;
    std::shared_ptr<const DocTypes> types_;
    const Spool& spool_;
    store::Files& files_;
};

/// Stable over runs: from the batch's content hash and the document's pages.
std::string document_id_of(const std::string& batch_id, const std::vector<PageIndex>& pages);

}  // namespace chartlift::pipeline
