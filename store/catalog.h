// SPDX-License-Identifier: GPL-3.0-or-later
/// The port to the catalog: what was taken in, what became of every page, and the documents. SQLite stands behind it
/// today (sqlite_catalog.h).
/// Guarantee: a batch is recorded whole, in one transaction, or not at all; recording it again with the same id
/// replaces it. Reads see committed batches only.
/// Faults: store (cannot open, locked, damaged), disk_full. Thread-safety: safe from many threads (calls are
/// serialised).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/document.h"
#include "core/fault.h"

namespace chartlift::store {

struct SourceEntry {
    std::string path;  ///< as the operator named it
    std::string sha256;
    std::uint64_t bytes = 0;
    PageIndex first_page = 0;
    std::uint32_t pages = 0;
    std::optional<Fault> fault;  ///< the file as a whole could not be read
};

struct PageEntry {
    PageRecord record;
    std::string document_id;  ///< empty unless the page belongs to one
    std::string text;         ///< for full-text search
    std::string text_file;    ///< relative to OUT
    std::string hocr_file;
    std::string line;       ///< the page's line of pages.jsonl
    std::string thumbnail;  ///< JPEG bytes
};

struct DocumentEntry {
    Document document;
    std::string loinc;
    std::string pdf_file;  ///< relative to OUT
    std::string line;      ///< the document's line of manifest.jsonl
};

struct BatchEntry {
    std::string id;           ///< hash over the sources' hashes, in order
    std::string name;         ///< the file or folder, as the operator named it
    std::string batch_class;  ///< its inbox's; empty for a run's
    std::vector<SourceEntry> sources;
    std::vector<PageEntry> pages;
    std::vector<DocumentEntry> documents;
};

/// How many pages ended in which state; `total` counts pages taken in, the others must sum to it.
struct PageTally {
    std::int64_t total = 0;
    std::int64_t filed = 0;
    std::int64_t held = 0;
    std::int64_t blank = 0;
    std::int64_t separator = 0;
    std::int64_t faulted = 0;
    friend bool operator==(const PageTally&, const PageTally&) = default;
};

struct CatalogSummary {
    std::int64_t batches = 0;
    std::int64_t documents = 0;
    std::int64_t documents_filed = 0;
    std::int64_t duplicates = 0;  ///< inputs whose content had been taken in before
    PageTally pages;
    std::map<std::string, std::int64_t> reasons;  ///< review reason code -> documents
    std::map<std::string, std::int64_t> faults;   ///< fault kind -> pages
    std::map<std::string, std::int64_t> types;    ///< type id -> documents
};

struct FaultedPage {
    std::string source;
    PageIndex page = 0;
    std::string message;
};

struct ReviewPage {
    std::string batch;
    std::string document_id;
    std::string type;
    std::string pdf_file;
    PageIndex page = 0;
    std::vector<ReviewReason> reasons;
    std::string thumbnail;  ///< JPEG bytes
};

struct SearchHit {
    std::string batch;
    PageIndex page = 0;
    std::string document_id;
    std::string pdf_file;
    std::string snippet;  ///< patient data: for the terminal of whoever may search
};

class Catalog {
public:
    Catalog() = default;
    Catalog(const Catalog&) = delete;
    Catalog& operator=(const Catalog&) = delete;
    virtual ~Catalog() = default;

    /// The tally of a recorded batch, or nothing.
    virtual Result<std::optional<PageTally>> find_batch(const std::string& id) = 0;
    virtual Result<void> record(const BatchEntry& batch) = 0;
    /// The files under OUT that a recorded batch names: PDF, text and hOCR; none for a batch that is not recorded.
    virtual Result<std::vector<std::string>> files_of(const std::string& id) = 0;
    /// The same content came again under a name; recorded once a name.
    virtual Result<void> record_duplicate(const std::string& name, const std::string& batch_id) = 0;

    /// Lines of pages.jsonl and manifest.jsonl in the order of batch name, batch id and page.
    using TakeLine = std::function<Result<void>(const std::string& line)>;
    virtual Result<void> page_lines(const TakeLine& take) = 0;
    virtual Result<void> document_lines(const TakeLine& take) = 0;

    virtual Result<CatalogSummary> summary() = 0;
    virtual Result<std::int64_t> review_depth() = 0;  ///< documents that wait for a person
    virtual Result<std::vector<FaultedPage>> faulted_pages(std::size_t limit) = 0;
    virtual Result<std::vector<ReviewPage>> review_pages(std::size_t limit) = 0;  ///< first pages of held documents
    /// Values of a probability over all documents: "type", "split", "match"; or over content pages: "ocr".
    virtual Result<std::vector<float>> confidences(const std::string& which) = 0;
    /// SQLite's FTS5 query syntax: words, "phrases", AND OR NOT, prefix*. Faults: config (a malformed query).
    virtual Result<std::vector<SearchHit>> search(const std::string& query, std::size_t limit) = 0;
};

}  // namespace chartlift::store
