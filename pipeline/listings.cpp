// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/listings.h"

namespace chartlift::pipeline {

Result<void> write_listings(store::Catalog& catalog, const RunFacts& facts, const std::filesystem::path& out,
                            store::Files& files)
{
    store::StagedFiles staged(files);
    const auto lines_to = [](const store::Sink& sink) {
        return [&sink](const std::string& line) { return sink(line + "\n"); };
    };
    auto pages =
        staged.write(out / "pages.jsonl", [&](const store::Sink& sink) { return catalog.page_lines(lines_to(sink)); });
    if (!pages) return pages;
    auto documents = staged.write(out / "manifest.jsonl",
                                  [&](const store::Sink& sink) { return catalog.document_lines(lines_to(sink)); });
    if (!documents) return documents;
    auto report = report_html(catalog, facts);
    if (!report) return report.error();
    if (auto written = staged.write(out / "report.html", *report); !written) return written;
    return staged.publish();
}

}  // namespace chartlift::pipeline
