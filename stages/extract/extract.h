// SPDX-License-Identifier: GPL-3.0-or-later
/// Reads who and when a page is about: record number, patient's name, birth date, sex, service date, encounter number,
/// author and facility, each with the words it came from and the probability that it is what is printed.
/// Guarantee: a value is only what stands on the page; nothing is guessed from prose. Within a kind the best comes
/// first, and a kind whose best is under `least` is left out. Another person's data (mother, next of kin, referring
/// doctor, guarantor) is not taken for the patient's where its label says whose it is.
/// Method: labels in DocTypes' wordings, with the value right of the label, under it in a form's cell, or over it;
/// names over an identifier, as on stickers and running headers; letterheads; signature lines. Positions are told from
/// boxes, as in A. Dengel and B. Klein, "smartFIX: A requirements-driven system for document analysis and
/// understanding" (DAS 2002), section 4. Probabilities are the shares right by kind of evidence (finder.h), lowered by
/// OCR confidence, repairs and place on the page.
/// Faults: timeout, cancelled. Thread-safety: run is const and safe from many threads. Cost: under 3 ms a page.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/date.h"
#include "core/doctype.h"
#include "core/field.h"
#include "core/page.h"
#include "core/stage.h"
#include "core/text.h"

namespace chartlift {

namespace extract {
class LabelBook;
}

struct ExtractInput {
    PageIndex page = 0;
    PageText text;
    std::vector<Word> visible_text;  ///< a PDF's own text: a second opinion; may be empty
    int width_px = 0;                ///< upright page; 0 where not known, then the words' extent counts
    int height_px = 0;
    Dpi dpi;
};

/// The day the program runs, in UTC.
Date today();

struct ExtractSettings {
    Date latest = today();           ///< no page is dated, and nobody born, after this day
    Score least{0.5F};               ///< say nothing of a kind that is less probable
    Score least_alternative{0.3F};   ///< keep second readings down to this
    std::size_t most_of_a_kind = 3;  ///< values kept of a kind
};

class Extract {
public:
    using Input = ExtractInput;
    using Output = PageFields;
    static constexpr std::string_view name = "extract";

    explicit Extract(std::shared_ptr<const DocTypes> types, ExtractSettings settings = {});
    Result<PageFields> run(const ExtractInput& input, const StageContext& context) const;

private:
    std::shared_ptr<const DocTypes> types_;
    ExtractSettings settings_;
    std::shared_ptr<const extract::LabelBook> labels_;
};
static_assert(Stage<Extract>);

}  // namespace chartlift
