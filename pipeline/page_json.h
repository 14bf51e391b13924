// SPDX-License-Identifier: GPL-3.0-or-later
/// A page's record and words as JSON: for the spool, whole and both ways; for pages.jsonl and manifest.jsonl, as
/// scripts read them. All of it holds patient data. Faults: corrupt (not what we wrote). Thread-safety: free functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/doctype.h"
#include "core/document.h"
#include "core/fault.h"

namespace chartlift::pipeline {

std::string record_to_json(const PageRecord& record);
Result<PageRecord> record_from_json(std::string_view json);

std::string words_to_json(const std::vector<Word>& words);
Result<std::vector<Word>> words_from_json(std::string_view json);

/// One line of pages.jsonl, without the line feed.
struct PageLine {
    const PageRecord& record;
    std::string batch_name;
    std::string batch_id;
    std::string document_id;
    TypeChoice type;  ///< the document's where the page belongs to one
    std::string text_file;
    std::string hocr_file;
};
std::string page_line(const PageLine& line);

/// One line of manifest.jsonl, without the line feed.
struct DocumentLine {
    const Document& document;
    std::string batch_name;
    std::string batch_id;
    std::string loinc;
    std::string pdf_file;
    std::string batch_class{};  ///< its inbox's; empty for a run's
};
std::string document_line(const DocumentLine& line);

}  // namespace chartlift::pipeline
