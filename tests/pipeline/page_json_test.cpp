// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/page_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace chartlift::pipeline {
namespace {

PageRecord full_record()
{
    PageRecord r;
    r.page = 4;
    r.source = "a b/\"quoted\".tif";
    r.source_page = 2;
    r.state = PageState::content;
    r.width_px = 2550;
    r.height_px = 3300;
    r.dpi = Dpi{300};
    r.dpi_origin = DpiOrigin::estimated;
    r.rotated_cw = QuarterTurn::cw270;
    r.orientation_sure = false;
    r.skew_ccw = Degrees{-0.75F};
    r.to_scan = {1, 2, 3, 4, 5, 6};
    r.layout = {0.125F, 3, 4};
    r.word_count = 12;
    r.ocr_confidence = 0.5F;
    r.type.best = {"letter", Score{0.75F}};
    r.type.ranked = {{"letter", Score{0.75F}}, {"referral", Score{0.25F}}};
    r.cues.title = "Consultation";
    r.cues.page_number = 1;
    r.cues.page_total = 2;
    r.fields.values = {{FieldKind::mrn, std::string("123"), std::string("12 3"), Score{0.5F}, 4, {1, 2, 3, 4}, {5, 6}}};
    r.barcodes = {{"Code128", "PATCHT", {1, 2, 3, 4}}};
    return r;
}

TEST(PageJson, ARecordSurvivesTheSpool)
{
    const auto back = record_from_json(record_to_json(full_record()));
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, full_record());
    PageRecord faulted;
    faulted.state = PageState::faulted;
    faulted.fault = Fault{FaultKind::timeout, "ocr", "too long"};
    const auto fault = record_from_json(record_to_json(faulted));
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->fault, faulted.fault);
}

TEST(PageJson, NonsenseIsAFaultThatQuotesNothing)
{
    for (const std::string text : {"", "{", "[]", "{\"page\":\"Doe\"}", "null", "{\"page\":-1}"}) {
        const auto record = record_from_json(text);
        ASSERT_FALSE(record) << text;
        EXPECT_EQ(record.error().kind, FaultKind::corrupt);
        EXPECT_EQ(record.error().what.find("Doe"), std::string::npos);
    }
    EXPECT_FALSE(words_from_json("[[1,2,3]]"));
    EXPECT_TRUE(words_from_json(R"([["a",1,2,3,4,0.5,0,0]])"));
    EXPECT_FALSE(words_from_json(R"([["a",1e99,2,3,4,0.5,0,0]])"));
    EXPECT_FALSE(words_from_json(R"([["a",3000000000,2,3,4,0.5,0,0]])"));
    EXPECT_FALSE(words_from_json(R"([["a",1,2,3,4,1e99,0,0]])"));
    EXPECT_FALSE(words_from_json(R"([["a",1,2,3,4,0.5,-1,0]])"));
}

TEST(PageJson, BytesThatAreNotUtf8DoNotThrow)
{
    std::vector<Word> words{{"caf\xe9", {}, 1, 0, 0}};
    const auto back = words_from_json(words_to_json(words));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->size(), 1U);
}

TEST(PageJson, ADocumentLineHoldsTheContractsKeys)
{
    Document document;
    document.id = "d";
    document.split.pages = {0, 1};
    document.split.type = {"letter", Score{0.9F}};
    document.fields.fields.values = {
        {FieldKind::birth_date, std::string("1985-12-09"), std::string("12-09-1985"), Score{0.9F}, 0, {}, {}}};
    document.route.reasons = {{"type.low", "the type is doubtful"}};
    const auto json = nlohmann::json::parse(document_line({document, "x.tif", "b", "", "documents/x.pdf"}));
    EXPECT_EQ(json["source"], "x.tif");
    EXPECT_EQ(json["pages"], nlohmann::json::array({0, 1}));
    EXPECT_EQ(json["route"], "review");
    EXPECT_TRUE(json["mrn"].is_null());
    EXPECT_EQ(json["fields"]["birth_date"], "1985-12-09");
    EXPECT_TRUE(json["fields"]["mrn"].is_null());
    document.route.reasons.clear();
    EXPECT_EQ(nlohmann::json::parse(document_line({document, "x", "b", "", ""}))["route"], "auto");
}

}  // namespace
}  // namespace chartlift::pipeline
