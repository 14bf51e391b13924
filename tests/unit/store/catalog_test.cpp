// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <fstream>

#include "store/migrations.h"
#include "store/sqlite.h"
#include "store/sqlite_catalog.h"
#include "tests/support/temporary_folder.h"

namespace chartlift::store {
namespace {

using test::TemporaryFolder;

PageEntry page_of(PageIndex index, PageState state, const std::string& document, const std::string& text)
{
    PageEntry page;
    page.record.page = index;
    page.record.source = "box/a.tif";
    page.record.source_page = index;
    page.record.state = state;
    if (state == PageState::faulted) page.record.fault = Fault{FaultKind::corrupt, "decode", "cut short"};
    page.document_id = document;
    page.text = text;
    page.line = "page " + std::to_string(index);
    page.thumbnail = std::string("\xff\xd8\0jpeg", 7);
    return page;
}

DocumentEntry document_of(const std::string& id, PageIndex first, bool automatic)
{
    DocumentEntry entry;
    entry.document.id = id;
    entry.document.split.pages = {first};
    entry.document.split.type = {"letter", Score{0.9F}};
    entry.document.fields.fields.values = {
        {FieldKind::mrn, std::string("123"), std::string("123"), Score{0.9F}, first, {}, {}}};
    Candidate candidate;
    candidate.patient.mrn = std::string("123");
    candidate.probability = Score{0.99F};
    entry.document.match.candidates = {candidate};
    if (!automatic) entry.document.route.reasons = {{"type.low", "the type is doubtful"}};
    entry.pdf_file = "documents/" + id + ".pdf";
    entry.line = "document " + id;
    return entry;
}

BatchEntry sample_batch(const std::string& id, const std::string& name)
{
    BatchEntry batch;
    batch.id = id;
    batch.name = name;
    batch.sources = {{"box/a.tif", "abc", 10, 0, 4, std::nullopt}};
    batch.documents = {document_of(id + "-1", 0, true), document_of(id + "-2", 1, false)};
    batch.pages = {page_of(0, PageState::content, id + "-1", "warfarin at discharge"),
                   page_of(1, PageState::content, id + "-2", "warfarin only"), page_of(2, PageState::blank, "", ""),
                   page_of(3, PageState::faulted, "", "")};
    return batch;
}

std::vector<std::string> lines(Catalog& catalog)
{
    std::vector<std::string> all;
    EXPECT_TRUE(catalog.document_lines([&](const std::string& line) -> Result<void> {
        all.push_back(line);
        return {};
    }));
    return all;
}

TEST(Catalog, CountsEveryPageInOneState)
{
    const TemporaryFolder folder;
    auto catalog = open_sqlite_catalog(folder.path() / "c.sqlite");
    ASSERT_TRUE(catalog);
    ASSERT_TRUE((*catalog)->record(sample_batch("b", "box/a.tif")));
    const auto tally = (*catalog)->find_batch("b");
    ASSERT_TRUE(tally && *tally);
    EXPECT_EQ(**tally, (PageTally{4, 1, 1, 1, 0, 1}));
    EXPECT_FALSE(*(*catalog)->find_batch("other"));
    const auto summary = (*catalog)->summary();
    ASSERT_TRUE(summary);
    EXPECT_EQ(summary->documents, 2);
    EXPECT_EQ(summary->documents_filed, 1);
    EXPECT_EQ(summary->reasons.at("type.low"), 1);
    EXPECT_EQ(summary->faults.at("corrupt"), 1);
}

TEST(Catalog, RecordingABatchAgainReplacesIt)
{
    const TemporaryFolder folder;
    auto catalog = open_sqlite_catalog(folder.path() / "c.sqlite");
    ASSERT_TRUE(catalog);
    ASSERT_TRUE((*catalog)->record(sample_batch("b", "box/a.tif")));
    ASSERT_TRUE((*catalog)->record(sample_batch("b", "box/a.tif")));
    EXPECT_EQ((*catalog)->summary()->pages.total, 4);
    EXPECT_EQ((*catalog)->search("warfarin", 10)->size(), 2U) << "the full text must not hold the batch twice";
}

TEST(Catalog, ABatchThatBreaksARuleIsNotRecordedAtAll)
{
    const TemporaryFolder folder;
    auto catalog = open_sqlite_catalog(folder.path() / "c.sqlite");
    ASSERT_TRUE(catalog);
    auto batch = sample_batch("b", "box/a.tif");
    batch.pages[1].document_id = "nobody's";
    EXPECT_FALSE((*catalog)->record(batch));
    EXPECT_FALSE(*(*catalog)->find_batch("b"));
    EXPECT_EQ((*catalog)->summary()->pages.total, 0);
}

TEST(Catalog, SearchesFullTextAndRefusesAMalformedQuery)
{
    const TemporaryFolder folder;
    auto catalog = open_sqlite_catalog(folder.path() / "c.sqlite");
    ASSERT_TRUE(catalog);
    ASSERT_TRUE((*catalog)->record(sample_batch("b", "box/a.tif")));
    const auto hits = (*catalog)->search("warfarin AND discharge", 10);
    ASSERT_TRUE(hits);
    ASSERT_EQ(hits->size(), 1U);
    EXPECT_EQ(hits->front().document_id, "b-1");
    EXPECT_NE(hits->front().snippet.find("[warfarin]"), std::string::npos);
    const auto malformed = (*catalog)->search("AND (", 10);
    ASSERT_FALSE(malformed);
    EXPECT_EQ(malformed.error().kind, FaultKind::config);
}

TEST(Catalog, KeepsLinesInOrderOfBatchNameAndPage)
{
    const TemporaryFolder folder;
    auto catalog = open_sqlite_catalog(folder.path() / "c.sqlite");
    ASSERT_TRUE(catalog);
    ASSERT_TRUE((*catalog)->record(sample_batch("1", "z.tif")));
    ASSERT_TRUE((*catalog)->record(sample_batch("2", "a.tif")));
    EXPECT_EQ(lines(**catalog),
              (std::vector<std::string>{"document 2-1", "document 2-2", "document 1-1", "document 1-2"}));
}

TEST(Catalog, RecordsADuplicateOnceAndOnlyUnderANewName)
{
    const TemporaryFolder folder;
    auto catalog = open_sqlite_catalog(folder.path() / "c.sqlite");
    ASSERT_TRUE(catalog);
    ASSERT_TRUE((*catalog)->record(sample_batch("b", "box/a.tif")));
    ASSERT_TRUE((*catalog)->record_duplicate("box/a.tif", "b"));
    EXPECT_EQ((*catalog)->summary()->duplicates, 0);
    ASSERT_TRUE((*catalog)->record_duplicate("copy.tif", "b"));
    ASSERT_TRUE((*catalog)->record_duplicate("copy.tif", "b"));
    EXPECT_EQ((*catalog)->summary()->duplicates, 1);
}

TEST(Catalog, GivesThumbnailsBackWithTheirZeroBytes)
{
    const TemporaryFolder folder;
    auto catalog = open_sqlite_catalog(folder.path() / "c.sqlite");
    ASSERT_TRUE(catalog);
    ASSERT_TRUE((*catalog)->record(sample_batch("b", "box/a.tif")));
    const auto pages = (*catalog)->review_pages(10);
    ASSERT_TRUE(pages);
    ASSERT_EQ(pages->size(), 1U);
    EXPECT_EQ(pages->front().thumbnail, std::string("\xff\xd8\0jpeg", 7));
    EXPECT_EQ(pages->front().reasons.front().code, "type.low");
}

TEST(Catalog, RefusesAFileThatIsNoCatalogOrIsNewer)
{
    const TemporaryFolder folder;
    const auto junk = open_sqlite_catalog(folder.file("junk.sqlite", std::string(5000, 'x')));
    ASSERT_FALSE(junk);
    EXPECT_EQ(junk.error().kind, FaultKind::store);
    {
        auto database = Database::open(folder.path() / "newer.sqlite");
        ASSERT_TRUE(database);
        ASSERT_TRUE(database->execute("PRAGMA user_version = 999"));
    }
    const auto newer = open_sqlite_catalog(folder.path() / "newer.sqlite");
    ASSERT_FALSE(newer);
    EXPECT_NE(newer.error().what.find("999"), std::string::npos);
}

}  // namespace
}  // namespace chartlift::store
