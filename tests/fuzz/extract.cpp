// SPDX-License-Identifier: GPL-3.0-or-later
// Input: page_of_words; a 0x02 at the start gives the rest as the PDF's own text. What must hold: every value points at
// words that exist, probabilities are probabilities, dates are days.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "core/date.h"
#include "stages/extract/dates.h"
#include "stages/extract/extract.h"
#include "stages/extract/identifiers.h"
#include "stages/extract/names.h"
#include "stages/extract/reconcile.h"
#include "tests/fuzz/input.h"

namespace {

using chartlift::fuzz::require;

const chartlift::Extract& stage()
{
    static const chartlift::Extract kStage = [] {
        using chartlift::FieldKind;
        auto types = std::make_shared<chartlift::DocTypes>();
        types->labels = {
            {FieldKind::mrn, {"MRN", "Medical Record No.", "Chart #", "Patient No"}, {"Account", "Mother's"}},
            {FieldKind::first_name,
             {"Patient", "Patient Name", "Name", "RE", "Name (Last, First, MI)", "First Name"},
             {"Mother's"}},
            {FieldKind::last_name, {"Last Name"}, {}},
            {FieldKind::birth_date, {"DOB", "Date of Birth", "Born", "DOB/Sex"}, {"Guarantor"}},
            {FieldKind::sex, {"Sex", "Age/Sex"}, {}},
            {FieldKind::service_date, {"Date", "Date of Service", "Discharge Date"}, {"Print"}},
            {FieldKind::encounter, {"Encounter #", "CSN"}, {}},
            {FieldKind::author, {"Attending", "Dictated by"}, {}},
            {FieldKind::facility, {"Facility"}, {}},
        };
        types->facility_words = {"Hospital", "Medical Center"};
        types->types = {{"progress_note", "Progress note", "11506-3", {"PROGRESS NOTE"}, false}};
        chartlift::ExtractSettings settings;
        settings.latest = *chartlift::make_date(2024, 6, 30);
        return chartlift::Extract(types, settings);
    }();
    return kStage;
}

chartlift::ExtractInput page_from(std::string_view text)
{
    chartlift::ExtractInput input;
    input.width_px = 2550;
    input.height_px = 3300;
    const bool own_text = text.starts_with('\x02');
    chartlift::PageText page = chartlift::fuzz::page_of_words(own_text ? text.substr(1) : text);
    if (own_text)
        input.visible_text = std::move(page.words);
    else
        input.text = std::move(page);
    return input;
}

/// Each reader of values, at every token: it never claims more tokens than there are.
void read_values(const std::vector<chartlift::Word>& words)
{
    using namespace chartlift::extract;
    const ReadPage page = read_page(words, 2550, 3300);
    constexpr std::size_t kMostPlaces = 200;  // each reader looks a few tokens ahead; more places only cost time
    for (std::size_t at = 0; at < std::min(page.tokens.size(), kMostPlaces); ++at) {
        const auto tokens = page.range(at, std::min(page.tokens.size(), at + 12));
        if (const auto date = read_date(tokens)) {
            require(date->used > 0 && date->used <= tokens.size(), "a date uses tokens that are there");
            const auto day = settle(*date, DateUse::birth, *chartlift::make_date(2024, 6, 30));
            require(!day || (day->ok() && *day <= *chartlift::make_date(2024, 6, 30)), "nobody is born tomorrow");
        }
        if (const auto number = read_identifier(tokens))
            require(number->first < number->last && number->last <= tokens.size() && !number->value.empty(),
                    "a number stands in tokens that are there");
        if (const auto sex = read_sex(tokens))
            require(sex->first < sex->last && sex->last <= tokens.size() &&
                        (sex->value == "F" || sex->value == "M" || sex->value == "X"),
                    "a sex is F, M or X");
        if (const auto name = read_name(tokens, {}))
            require(name->used > 0 && name->used <= tokens.size() && !(name->last + name->first).empty(),
                    "a name uses tokens that are there");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size > 200'000) return 0;
    const chartlift::ExtractInput input = page_from(chartlift::fuzz::view_of(data, size));
    read_values(input.text.words);
    const auto fields = stage().run(input, {});
    require(fields.has_value(), "any words give fields");
    for (const chartlift::FieldValue& value : fields->values) {
        require(value.probability.value >= 0 && value.probability.value < 1, "a probability is one");
        require(!value.value.reveal().empty(), "a value is not empty");
        for (const std::uint32_t word : value.words) require(word < input.text.words.size(), "its words are there");
        if (value.kind == chartlift::FieldKind::birth_date || value.kind == chartlift::FieldKind::service_date)
            require(chartlift::date_from_iso(value.value.reveal()).has_value(), "a date is a day");
    }
    const chartlift::PageFields* const pages[] = {&*fields, nullptr, &*fields};
    require(chartlift::reconcile(pages).disagreements.empty(), "a page agrees with itself");
    return 0;
}
