// SPDX-License-Identifier: GPL-3.0-or-later
/// Splits a batch of pages into documents: at separator sheets, and where the pages themselves say that a new document
/// begins.
/// Guarantee: every content page stands in exactly one document or is a separator; documents keep scan order; blank
/// and faulted pages are left out; the same pages give the same split.
/// Method: each gap between neighbouring content pages gets the sum of the log-odds of its cues (gap_cues.h), taken as
/// independent as in a naive Bayes model, tempered because they are not quite; the logistic function makes it a
/// probability. Page numbers and identities are compared with the last page before the gap that shows any.
/// Faults: timeout, cancelled. Thread-safety: run is const and safe from many threads. Cost: microseconds a page.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/doctype.h"
#include "core/document.h"
#include "core/stage.h"

namespace chartlift {

struct AssembleSettings {
    Score split_at{0.5F};           ///< a gap this probable is a boundary
    int most_separator_words = 60;  ///< a sheet with more text is a document that happens to carry the barcode
    std::vector<std::string> separator_prefixes;  ///< barcode values that begin so mark separators, besides DocTypes'
};

class Assemble {
public:
    using Input = std::vector<PageRecord>;
    using Output = BatchSplit;
    static constexpr std::string_view name = "assemble";

    explicit Assemble(std::shared_ptr<const DocTypes> types, AssembleSettings settings = {});
    Result<BatchSplit> run(const std::vector<PageRecord>& pages, const StageContext& context) const;

private:
    bool is_separator(const PageRecord& page) const;
    bool marks_separator(const std::string& value) const;

    std::shared_ptr<const DocTypes> types_;
    AssembleSettings settings_;
};
static_assert(Stage<Assemble>);

}  // namespace chartlift
