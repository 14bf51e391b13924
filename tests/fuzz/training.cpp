// SPDX-License-Identifier: GPL-3.0-or-later
// Input: a corpus' CSV, whose cells are then taken for reports. What must hold: rows of one length, which written again
// read the same; the same report and random state give the same pages.
#include "pipeline/training_pages.h"

#include <cstdint>
#include <string>
#include <vector>

#include "tests/fuzz/input.h"

namespace {

using namespace chartlift;
using fuzz::require;
using Rows = std::vector<std::vector<std::string>>;

std::string written(const Rows& rows)
{
    std::string out;
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            out += i > 0 ? ",\"" : "\"";
            for (const char c : row[i]) out += c == '"' ? std::string("\"\"") : std::string(1, c);
            out += '"';
        }
        out += '\n';
    }
    return out;
}

const DocTypes& types()
{
    static const DocTypes kTypes{
        {{"letter", "Letter", "", {"LETTER"}, false}, {"progress_note", "Note", "", {"PROGRESS NOTE", "SOAP"}, false}},
        {},
        {},
        {}};
    return kTypes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const auto rows = parse_csv(fuzz::view_of(bytes, size));
    if (!rows) {
        require(rows.error().kind == FaultKind::corrupt, "a damaged table is corrupt");
        return 0;
    }
    for (const auto& row : *rows) require(row.size() == rows->front().size(), "rows are of one length");
    const auto again = parse_csv(written(*rows));
    require(again && *again == *rows, "a table written again reads the same");
    constexpr std::size_t kMostReports = 4;
    for (std::size_t i = 0; i < std::min(kMostReports, rows->size()); ++i) {
        const std::string& report = rows->at(i).back();
        for (const std::string& line : report_lines(report)) require(!line.empty(), "a report's lines hold something");
        for (const char* type : {"letter", "progress_note"}) {
            Random random(i);
            Random same(i);
            const auto pages = chart_pages(report, type, types(), random);
            require(pages.size() == chart_pages(report, type, types(), same).size(), "pages are repeatable");
            require(!ready_page(report, type, true, types(), random).empty(), "a page laid out is one");
        }
    }
    return 0;
}
