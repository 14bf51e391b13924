// SPDX-License-Identifier: GPL-3.0-or-later
/// Tells the type of one page from its words and their arrangement.
/// Guarantee: `ranked` holds at most five types, most probable first; `best` is the first of them, or "unknown" with
/// that probability where the evidence is too thin. A page without words is unknown. A type that the model was not
/// trained on (a site's own) is recognised by its titles alone. Faults: timeout, cancelled.
/// Thread-safety: run is const and safe from many threads.
#pragma once

#include <memory>
#include <string_view>

#include "core/doctype.h"
#include "core/page.h"
#include "core/stage.h"
#include "stages/classify/page_type_model.h"
#include "stages/classify/readable_page.h"
#include "stages/classify/title_lexicon.h"

namespace chartlift {

struct ClassifySettings {
    Score unknown_below{-1};  ///< a best probability under this is called unknown; negative: the model's own figure
};

class Classify {
public:
    using Input = ReadablePage;
    using Output = PageClass;
    static constexpr std::string_view name = "classify";

    Classify(std::shared_ptr<const PageTypeModel> model, std::shared_ptr<const DocTypes> types,
             ClassifySettings settings = {});
    Result<PageClass> run(const ReadablePage& page, const StageContext& context) const;

private:
    std::shared_ptr<const PageTypeModel> model_;
    std::shared_ptr<const DocTypes> types_;
    TitleLexicon lexicon_;
    ClassifySettings settings_;
};
static_assert(Stage<Classify>);

}  // namespace chartlift
