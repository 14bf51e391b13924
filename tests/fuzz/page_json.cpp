// SPDX-License-Identifier: GPL-3.0-or-later
// Input: a page's record, then behind a byte 0 its words, as the spool keeps them. What must hold: what can be read can
// be written and read again, the same; listings made of it are single lines.
#include "pipeline/page_json.h"

#include <cstdint>
#include <string>

#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    using namespace chartlift;
    using fuzz::require;
    fuzz::Input input(bytes, size);
    const std::string record_text = input.text();
    const auto record = pipeline::record_from_json(record_text);
    if (record) {
        const std::string written = pipeline::record_to_json(*record);
        const auto again = pipeline::record_from_json(written);
        require(again.has_value(), "a record that was read can be written and read again");
        require(pipeline::record_to_json(*again) == written, "a record stays the same");
        const std::string line =
            pipeline::page_line({*record, "batch", "id", "document", {"letter", Score{0.5F}}, "", ""});
        require(line.find('\n') == std::string::npos, "a line is one line");
        Document document;
        document.split.pages = {record->page};
        document.fields.fields = record->fields;
        require(pipeline::document_line({document, "batch", "id", "", ""}).find('\n') == std::string::npos,
                "a line is one line");
    } else {
        require(record.error().kind == FaultKind::corrupt, "a damaged record is corrupt");
    }
    const auto words = pipeline::words_from_json(input.rest());
    if (words) {
        const std::string written = pipeline::words_to_json(*words);
        const auto again = pipeline::words_from_json(written);
        require(again.has_value(), "words that were read can be written and read again");
        require(pipeline::words_to_json(*again) == written, "words stay the same");
    } else {
        require(words.error().kind == FaultKind::corrupt, "damaged words are corrupt");
    }
    return 0;
}
