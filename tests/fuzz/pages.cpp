// SPDX-License-Identifier: GPL-3.0-or-later
// Input: pages of words (page_of_words), parted by a form feed. What must hold: every content page stands in exactly
// one document, in order; cues point at lines that are there; words that are put in order are all still there.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "stages/assemble/assemble.h"
#include "stages/assemble/cues.h"
#include "stages/classify/page_features.h"
#include "stages/classify/title_lexicon.h"
#include "stages/ocr/visible_text.h"
#include "tests/fuzz/input.h"

namespace {

using namespace chartlift;
using fuzz::require;

constexpr int kWidth_px = 2550;
constexpr int kHeight_px = 3300;

std::shared_ptr<const DocTypes> types()
{
    static const auto kTypes = std::make_shared<const DocTypes>(DocTypes{
        {{"discharge_summary", "Discharge summary", "", {"DISCHARGE SUMMARY", "Hospital Course"}, false},
         {"insurance_card", "Insurance card", "", {"INSURANCE CARD"}, true},
         {"letter", "Letter", "", {"LETTER"}, false},
         {"progress_note", "Progress note", "", {"PROGRESS NOTE", "SOAP NOTE"}, false}},
        {{FieldKind::mrn, {"MRN", "Medical Record No."}, {"Mother's"}}, {FieldKind::first_name, {"Patient"}, {}}},
        {"Hospital", "Clinic", "Medical Center"},
        {"PATCHT"}});
    return kTypes;
}

/// The words that decoding would give: with boxes on the page.
std::vector<Word> on_page(std::vector<Word> words)
{
    std::erase_if(words, [](const Word& word) {
        return word.box.empty() || word.box.right_px > kWidth_px || word.box.bottom_px > kHeight_px;
    });
    return words;
}

std::map<std::string, int> counted(const std::vector<Word>& words)
{
    std::map<std::string, int> count;
    for (const Word& word : words) ++count[word.text];
    return count;
}

void check_order(const PageText& text)
{
    for (std::size_t i = 1; i < text.words.size(); ++i)
        require(text.words[i].line >= text.words[i - 1].line && text.words[i].block >= text.words[i - 1].block,
                "lines and blocks are numbered in order");
}

void check_classify(const PageText& text)
{
    static const TitleLexicon kLexicon(*types());
    static const std::vector<float> kIdf(kBuckets, 1.0F);
    const ReadablePage page{text, {}, kWidth_px, kHeight_px};
    const auto lines = text_lines(page);
    for (const TitleHit& hit : kLexicon.find(lines))
        require(hit.line < std::min(lines.size(), kTopLines) && hit.type < types()->types.size(), "a title is there");
    std::uint32_t last = 0;
    bool first = true;
    for (const Feature& feature : weighted(raw_features(page, kLexicon, *types()), kIdf)) {
        require(feature.bucket < kBuckets && (first || feature.bucket > last), "features ascend within the hash space");
        last = feature.bucket;
        first = false;
    }
}

PageRecord record_of(PageIndex index, const PageText& text)
{
    static const ReadCues kCues(types());
    PageRecord record;
    record.page = index;
    record.width_px = kWidth_px;
    record.height_px = kHeight_px;
    record.word_count = static_cast<std::uint32_t>(text.words.size());
    record.cues = kCues.run(text, kWidth_px, kHeight_px);
    require(record.cues.title_type.empty() || types()->find(record.cues.title_type), "a title's type is known");
    require(record.cues.title.empty() == record.cues.title_type.empty(), "a title has a type");
    record.type.best = {record.cues.title_type.empty() ? kUnknownType : record.cues.title_type, Score{0.7F}};
    record.type.ranked = {record.type.best};
    if (text.words.empty()) record.state = PageState::blank;
    for (const Word& word : text.words) {
        if (word.text == "BLANK") record.state = PageState::blank;
        if (word.text == "FAULT") record.state = PageState::faulted;
        if (word.text.starts_with("BAR:")) record.barcodes.push_back({"Code128", word.text.substr(4), word.box});
        if (word.text.starts_with("MRN:") && word.text.size() > 4)
            record.fields.values.push_back(
                {FieldKind::mrn, word.text.substr(4), word.text, Score{0.9F}, index, word.box, {0}});
    }
    return record;
}

void check_split(const std::vector<PageRecord>& pages)
{
    const auto split = Assemble(types()).run(pages, {});
    require(split.has_value(), "any pages can be split");
    std::vector<PageIndex> seen = split->separators;
    for (const DocumentSplit& document : split->documents) {
        require(!document.pages.empty() && std::is_sorted(document.pages.begin(), document.pages.end()),
                "a document's pages are in scan order");
        require(document.boundary_probability.value >= 0 && document.boundary_probability.value <= 1,
                "a probability is one");
        seen.insert(seen.end(), document.pages.begin(), document.pages.end());
    }
    std::sort(seen.begin(), seen.end());
    std::vector<PageIndex> content;
    for (const PageRecord& page : pages)
        if (page.state == PageState::content) content.push_back(page.page);
    require(seen == content, "every content page stands in one document or is a separator");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    constexpr std::size_t kMost_bytes = 50'000;
    if (size > kMost_bytes) return 0;
    std::string_view left = fuzz::view_of(bytes, size);
    std::vector<PageRecord> pages;
    std::vector<Word> before;
    while (!left.empty()) {
        const std::size_t end = std::min(left.find('\f'), left.size());
        const PageText text = fuzz::page_of_words(left.substr(0, end));
        left.remove_prefix(std::min(end + 1, left.size()));
        check_classify(text);
        const std::vector<Word> standing = on_page(text.words);
        const PageText ordered = ocr::text_from_words(standing);
        require(counted(ordered.words) == counted(standing), "no word is lost or made up by putting them in order");
        check_order(ordered);
        check_order(ocr::better_text({standing, text.mean_confidence}, before, 0.55F));
        pages.push_back(record_of(static_cast<PageIndex>(pages.size()), text));
        before = standing;
    }
    check_split(pages);
    return 0;
}
