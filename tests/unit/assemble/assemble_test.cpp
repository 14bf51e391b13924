// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/assemble/assemble.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stages/assemble/folded.h"
#include "stages/assemble/gap_cues.h"

namespace chartlift {
namespace {

using testing::Contains;
using testing::ElementsAre;

std::shared_ptr<const DocTypes> some_types()
{
    auto types = std::make_shared<DocTypes>();
    types->types = {{"insurance_card", "", "", {"Insurance Card"}, true},
                    {"operative_report", "", "", {"Operative Report"}, false},
                    {"progress_note", "", "", {"Progress Note"}, false}};
    types->separator_values = {"PATCHT"};
    return types;
}

FieldValue field(FieldKind kind, const std::string& value)
{
    FieldValue out;
    out.kind = kind;
    out.value = value;
    out.probability = Score{0.95F};
    return out;
}

/// A page of a patient in the middle of a document: nothing but a running header.
PageRecord plain(const std::string& mrn = "1234567", const std::string& type = "operative_report")
{
    PageRecord page;
    page.width_px = 2550;
    page.height_px = 3300;
    page.word_count = 300;
    page.ocr_confidence = 0.95F;
    page.type = {{type, Score{0.8F}}, {{type, Score{0.8F}}}};
    page.fields.values = {field(FieldKind::mrn, mrn)};
    return page;
}

PageRecord first(const std::string& mrn = "1234567", const std::string& type = "operative_report",
                 const std::string& date = "2001-02-03")
{
    PageRecord page = plain(mrn, type);
    page.cues.title = type;
    page.cues.title_type = type;
    page.cues.letterhead = "riverbendclinic";
    page.fields.values.push_back(field(FieldKind::birth_date, "1950-01-01"));
    page.fields.values.push_back(field(FieldKind::service_date, date));
    return page;
}

PageRecord numbered(PageRecord page, int number, int total)
{
    page.cues.page_number = number;
    page.cues.page_total = total;
    return page;
}

PageRecord in_state(PageState state)
{
    PageRecord page;
    page.state = state;
    return page;
}

BatchSplit split(std::vector<PageRecord> pages, AssembleSettings settings = {})
{
    for (std::size_t i = 0; i < pages.size(); ++i) pages[i].page = static_cast<PageIndex>(i);
    return *Assemble(some_types(), std::move(settings)).run(pages, {});
}

std::vector<std::vector<PageIndex>> documents(const BatchSplit& batch)
{
    std::vector<std::vector<PageIndex>> out;
    for (const DocumentSplit& document : batch.documents) out.push_back(document.pages);
    return out;
}

using Pages = std::vector<PageIndex>;

TEST(Assemble, SplitsAtTitlesAndKeepsContinuationPages)
{
    const auto batch = split({first(), plain(), first("1234567", "progress_note", "2004-05-06"), plain()});
    EXPECT_THAT(documents(batch), ElementsAre(Pages{0, 1}, Pages{2, 3}));
    EXPECT_THAT(batch.documents[1].evidence, Contains("title"));
    EXPECT_GT(batch.documents[0].boundary_probability.value, 0.8F);
}

TEST(Assemble, PageNumbersHoldADocumentTogetherUnderARunningTitle)
{
    const auto batch = split({numbered(first(), 1, 3), numbered(first(), 2, 3), numbered(first(), 3, 3),
                              numbered(first("1234567", "operative_report", "2002-09-09"), 1, 1)});
    EXPECT_THAT(documents(batch), ElementsAre(Pages{0, 1, 2}, Pages{3}));
}

TEST(Assemble, AnotherPatientBeginsAnotherDocumentEvenWithoutTitle)
{
    auto untitled = first("7654321");
    untitled.cues.title.clear();
    untitled.cues.title_type.clear();
    const auto batch = split({first(), plain(), untitled});
    EXPECT_THAT(documents(batch), ElementsAre(Pages{0, 1}, Pages{2}));
    EXPECT_THAT(batch.documents[1].evidence, Contains("patient changed"));
}

TEST(Assemble, OneMisreadDigitIsNotAnotherPatient)
{
    EXPECT_THAT(documents(split({first("1234567"), plain("1234507")})), ElementsAre(Pages{0, 1}));
}

TEST(Assemble, BlanksAreLeftOutAndDoNotSplit)
{
    auto continuing = plain();
    continuing.cues.first_line_continues = true;
    EXPECT_THAT(documents(split({first(), in_state(PageState::blank), continuing})), ElementsAre(Pages{0, 2}));
}

TEST(Assemble, SeparatorSheetsSplitAndHandOnTheirValues)
{
    PageRecord sheet = plain();
    sheet.word_count = 5;
    sheet.barcodes = {{"Code128", "PATCHT", {}}, {"Code128", "BOX-17", {}}};
    auto continuing = plain();
    continuing.cues.first_line_continues = true;
    const auto batch = split({first(), sheet, continuing});
    EXPECT_THAT(documents(batch), ElementsAre(Pages{0}, Pages{2}));
    EXPECT_THAT(batch.separators, ElementsAre(1U));
    EXPECT_THAT(batch.documents[1].separator_values, ElementsAre("BOX-17"));
    EXPECT_GT(batch.documents[1].boundary_probability.value, 0.98F);
}

TEST(Assemble, ADocumentThatCarriesTheBarcodeIsNoSeparator)
{
    PageRecord page = plain();
    page.barcodes = {{"Code128", "PATCHT", {}}};
    EXPECT_TRUE(split({first(), page}).separators.empty());
}

TEST(Assemble, PrefixesMarkSeparatorsToo)
{
    PageRecord sheet = plain();
    sheet.word_count = 0;
    sheet.barcodes = {{"QRCode", "sep:00017", {}}};
    AssembleSettings settings;
    settings.separator_prefixes = {"SEP:"};
    EXPECT_THAT(split({first(), sheet, plain()}, settings).separators, ElementsAre(1U));
    EXPECT_TRUE(split({first(), sheet, plain()}).separators.empty());
}

TEST(Assemble, DocumentsBesideALostPageSaySo)
{
    const auto batch = split({first(), in_state(PageState::faulted), first("7654321"), first("1111111")});
    EXPECT_THAT(documents(batch), ElementsAre(Pages{0}, Pages{2}, Pages{3}));
    EXPECT_TRUE(batch.documents[0].touches_fault);
    EXPECT_TRUE(batch.documents[1].touches_fault);
    EXPECT_FALSE(batch.documents[2].touches_fault);
}

TEST(Assemble, EveryContentPageStandsInExactlyOneDocument)
{
    std::vector<PageRecord> pages;
    for (int i = 0; i < 60; ++i) {
        if (i % 7 == 3)
            pages.push_back(in_state(PageState::blank));
        else if (i % 11 == 5)
            pages.push_back(in_state(PageState::faulted));
        else
            pages.push_back(i % 3 == 0 ? first(std::to_string(1000000 + i * 77777)) : plain());
    }
    std::size_t content = 0;
    for (const PageRecord& page : pages) content += page.state == PageState::content ? 1U : 0U;
    std::vector<PageIndex> seen;
    for (const auto& document : split(pages).documents)
        seen.insert(seen.end(), document.pages.begin(), document.pages.end());
    EXPECT_EQ(seen.size(), content);
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
    EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
}

TEST(Assemble, NoPagesNoDocuments)
{
    EXPECT_TRUE(split({}).documents.empty());
    EXPECT_TRUE(split({in_state(PageState::blank)}).documents.empty());
}

TEST(Assemble, StopsWhenAsked)
{
    std::stop_source source;
    source.request_stop();
    StageContext context;
    context.stop = source.get_token();
    const auto out = Assemble(some_types()).run({first()}, context);
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().kind, FaultKind::cancelled);
}

TEST(PooledType, TheTitleDecidesAgainstADoubtfulPageType)
{
    PageRecord page = plain("1", "progress_note");
    page.type = {{"progress_note", Score{0.5F}}, {{"progress_note", Score{0.5F}}, {"operative_report", Score{0.3F}}}};
    page.cues.title_type = "operative_report";
    const PageRecord* pages[] = {&page};
    EXPECT_EQ(assemble::pooled_type(pages).type, "operative_report");
}

TEST(SameValue, ToleratesSlipsButNotOtherPeople)
{
    const auto same = [](const char* a, const char* b) {
        return assemble::same_value(field(FieldKind::last_name, a), field(FieldKind::last_name, b));
    };
    EXPECT_EQ(same("1234567", "1234507"), 1);
    EXPECT_EQ(same("1234567", "9876543"), -1);
    EXPECT_EQ(same("RICO", "Rico"), 1);
    EXPECT_EQ(same("Lavalley", "Lava11ey"), 1);
    EXPECT_EQ(same("Crawford", "Keene"), -1);
    EXPECT_EQ(same("J", "Jimmie"), 1);
}

TEST(Folded, DistanceStopsAtTheCap)
{
    EXPECT_EQ(assemble::edit_distance("kitten", "sitting", 9), 3U);
    EXPECT_EQ(assemble::edit_distance("kitten", "sitting", 2), 3U);
    EXPECT_TRUE(assemble::much_the_same("dischargesummary", "d1schargesummarv"));
    EXPECT_FALSE(assemble::much_the_same("ecg", "ekg"));
}

}  // namespace
}  // namespace chartlift
