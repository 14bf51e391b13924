// SPDX-License-Identifier: GPL-3.0-or-later
// Input: definition files of document types, parted by a byte 0. What must hold: a config fault, or sorted distinct
// types with trimmed strings, from which every user of them can be built.
#include <cctype>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "stages/adapters/doctype_toml.h"
#include "stages/assemble/cues.h"
#include "stages/classify/title_lexicon.h"
#include "stages/extract/labels.h"
#include "tests/fuzz/input.h"

namespace {

using chartlift::fuzz::require;

void check(const std::vector<std::string>& strings)
{
    const auto blank = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
    for (const std::string& text : strings)
        require(!text.empty() && !blank(text.front()) && !blank(text.back()), "strings are trimmed and not empty");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    using namespace chartlift;
    constexpr std::size_t kMost_bytes = 20'000;  // the largest of ours has 14,000
    if (size > kMost_bytes) return 0;
    fuzz::Input input(bytes, size);
    std::vector<std::pair<std::string, std::string>> files;
    while (!input.empty()) files.emplace_back(std::to_string(files.size()) + ".toml", input.text());
    const auto types = adapters::parse_doctypes(files);
    if (!types) {
        require(types.error().kind == FaultKind::config && !types.error().what.empty(), "a refusal says why");
        return 0;
    }
    require(!types->types.empty(), "there is a type");
    for (std::size_t i = 0; i < types->types.size(); ++i) {
        const DocType& type = types->types[i];
        require(i == 0 || types->types[i - 1].id < type.id, "types are sorted and distinct");
        require(types->find(type.id) == &type, "a type is found by its id");
        check({type.id, type.name});
        check(type.titles);
    }
    for (const FieldLabels& labels : types->labels) {
        check(labels.labels);
        check(labels.not_after);
    }
    check(types->facility_words);
    check(types->separator_values);

    const PageText page = fuzz::page_of_words("Patient Name: Doe, Jane\nPROGRESS NOTE\nMRN: 0568706 DOB 1/2/1985");
    const auto shared = std::make_shared<const DocTypes>(*types);
    const TitleLexicon lexicon(*shared);
    lexicon.is_title("PROGRESS NOTE");
    extract::LabelBook(*shared).find(extract::read_page(page.words, 2550, 3300));
    ReadCues(shared).run(page, 2550, 3300);
    return 0;
}
