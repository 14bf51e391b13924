// SPDX-License-Identifier: GPL-3.0-or-later
// Input: text whose blanks part words and whose line feeds part lines. A word may begin with four bytes behind a 0x01
// that move its box anywhere; a 0x02 at the start gives the rest as the PDF's own text. What must hold: no crash, every
// value points at words that exist, probabilities are probabilities, dates are days.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string>

#include "core/date.h"
#include "stages/extract/extract.h"
#include "stages/extract/reconcile.h"

namespace {

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

chartlift::ExtractInput page_from(const std::uint8_t* data, std::size_t size)
{
    chartlift::ExtractInput input;
    input.width_px = 2550;
    input.height_px = 3300;
    std::vector<chartlift::Word>* words = &input.text.words;
    int x = 200;
    int y = 150;
    std::uint32_t line = 0;
    chartlift::Word word;
    chartlift::Box moved;
    bool is_moved = false;
    const auto flush = [&] {
        if (!word.text.empty()) {
            const int width = 20 * static_cast<int>(std::min<std::size_t>(word.text.size(), 200));
            word.box = is_moved ? moved : chartlift::Box{x, y, x + width, y + 30};
            word.line = line;
            word.confidence = 0.9F;
            words->push_back(word);
            x += width;
        }
        word.text.clear();
        is_moved = false;
    };
    for (std::size_t i = 0; i < size; ++i) {
        const auto c = static_cast<char>(data[i]);
        if (c == '\x02' && i == 0) {
            words = &input.visible_text;
        } else if (c == '\x01' && i + 4 < size) {
            const int scale = (data[i + 1] & 1) != 0 ? std::numeric_limits<int>::max() / 256 : 12;
            moved = {data[i + 1] * scale, data[i + 2] * scale, data[i + 3] * scale, data[i + 4] * scale};
            is_moved = true;
            i += 4;
        } else if (c == ' ') {
            flush();
            x += 20;
        } else if (c == '\n') {
            flush();
            x = 200;
            y += 60;
            ++line;
        } else {
            word.text += c;
        }
    }
    flush();
    return input;
}

void require(bool holds)
{
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size > 200'000) return 0;
    const chartlift::ExtractInput input = page_from(data, size);
    const auto fields = stage().run(input, {});
    require(fields.has_value());
    for (const chartlift::FieldValue& value : fields->values) {
        require(value.probability.value >= 0 && value.probability.value < 1);
        require(!value.value.reveal().empty());
        for (const std::uint32_t word : value.words) require(word < input.text.words.size());
        if (value.kind == chartlift::FieldKind::birth_date || value.kind == chartlift::FieldKind::service_date)
            require(chartlift::date_from_iso(value.value.reveal()).has_value());
    }
    const chartlift::PageFields* const pages[] = {&*fields, nullptr, &*fields};
    require(chartlift::reconcile(pages).disagreements.empty());
    return 0;
}
