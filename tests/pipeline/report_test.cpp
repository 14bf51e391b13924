// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/report.h"

#include <gtest/gtest.h>

#include "store/sqlite_catalog.h"
#include "tests/support/temporary_folder.h"

namespace chartlift::pipeline {
namespace {

/// One held document and one faulted page, from a file whose name is an attack on the page.
store::BatchEntry hostile_batch()
{
    store::BatchEntry batch;
    batch.id = "b";
    batch.name = "<script>alert(1)</script>.tif";
    store::DocumentEntry document;
    document.document.id = "d";
    document.document.split.pages = {0};
    document.document.split.type = {"operative_report", Score{0.6F}};
    document.document.route.reasons = {{"type.low", "the type is \"doubtful\" & more"}};
    document.pdf_file = "documents/b-p0001.pdf";
    batch.documents = {document};
    store::PageEntry page;
    page.document_id = "d";
    page.record.ocr_confidence = 0.9F;
    page.thumbnail = "Man";  // RFC 4648: TWFu
    store::PageEntry faulted;
    faulted.record.page = 1;
    faulted.record.source = "<img src=x>.jpg";
    faulted.record.state = PageState::faulted;
    faulted.record.fault = Fault{FaultKind::corrupt, "decode", "cut short"};
    batch.pages = {page, faulted};
    return batch;
}

class ReportTest : public ::testing::Test {
protected:
    std::string report(const store::BatchEntry* batch, const RunFacts& facts = {})
    {
        auto catalog = store::open_sqlite_catalog(folder_.path() / "c.sqlite");
        EXPECT_TRUE(catalog);
        if (batch) { EXPECT_TRUE((*catalog)->record(*batch)); }
        auto html = report_html(**catalog, facts);
        EXPECT_TRUE(html);
        return *html;
    }
    test::TemporaryFolder folder_;
};

TEST_F(ReportTest, NothingFromAFileBecomesMarkup)
{
    const auto batch = hostile_batch();
    const std::string html = report(&batch);
    EXPECT_EQ(html.find("<script"), std::string::npos);
    EXPECT_EQ(html.find("<img src=x"), std::string::npos);
    EXPECT_NE(html.find("&lt;script&gt;alert(1)"), std::string::npos);
    EXPECT_NE(html.find("the type is &quot;doubtful&quot; &amp; more"), std::string::npos);
}

TEST_F(ReportTest, ShowsTheHeldDocumentTheFaultAndWhy)
{
    const auto batch = hostile_batch();
    const std::string html = report(&batch);
    EXPECT_NE(html.find("data:image/jpeg;base64,TWFu\""), std::string::npos);
    EXPECT_NE(html.find("href=\"documents/b-p0001.pdf\""), std::string::npos);
    EXPECT_NE(html.find("operative report"), std::string::npos);
    EXPECT_NE(html.find("decode: corrupt: cut short"), std::string::npos);
    EXPECT_NE(html.find("1 held for review (50 %)"), std::string::npos);
}

TEST_F(ReportTest, FetchesNothingFromElsewhere)
{
    const auto batch = hostile_batch();
    const std::string html = report(&batch);
    for (const char* reach : {"http:", "https:", "//", "url(", "@import"})
        EXPECT_EQ(html.find(reach), std::string::npos) << reach;
}

TEST_F(ReportTest, SpeaksOfSpeedAndThresholdsOnlyWhereThereAreAny)
{
    EXPECT_EQ(report(nullptr).find("pages a minute"), std::string::npos);
    const auto batch = hostile_batch();
    const std::string html = report(&batch, {120, std::chrono::milliseconds(60'000), 2, {{"match", 0.99}}});
    EXPECT_NE(html.find("<b>120</b><span>pages a minute"), std::string::npos);
    EXPECT_NE(html.find("held below 0.99"), std::string::npos);
}

TEST(Histogram, CountsEveryValueOnceAndClampsStrays)
{
    const std::string svg = histogram_svg({-1.0F, 0.02F, 0.5F, 1.0F, 7.0F}, std::nullopt);
    EXPECT_NE(svg.find("0.00 to 0.05: 2"), std::string::npos);
    EXPECT_NE(svg.find("0.50 to 0.55: 1"), std::string::npos);
    EXPECT_NE(svg.find("0.95 to 1.00: 2"), std::string::npos);
    EXPECT_EQ(svg.find("stroke-dasharray"), std::string::npos);
    EXPECT_NE(histogram_svg({}, 0.5).find("stroke-dasharray"), std::string::npos);
}

}  // namespace
}  // namespace chartlift::pipeline
