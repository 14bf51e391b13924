// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "store/archive.h"
#include "store/audit_verify.h"
#include "store/patient_index.h"
#include "store/sqlite_catalog.h"
#include "tests/support/temporary_folder.h"

namespace chartlift::store {
namespace {

using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;

DocumentEntry document_of(const std::string& id, bool automatic)
{
    DocumentEntry entry;
    entry.document.id = id;
    entry.document.split.pages = {0};
    entry.document.split.type = {"letter", Score{0.9F}};
    if (!automatic) entry.document.route.reasons = {{"type.low", "the type of Jane Doe's letter is doubtful"}};
    entry.line = R"({"patient":"Jane Doe","id":")" + id + "\"}";
    return entry;
}

BatchEntry batch_of(std::vector<DocumentEntry> documents)
{
    BatchEntry batch;
    batch.id = "b";
    batch.name = "box/Jane Doe.tif";
    batch.sources = {{"box/Jane Doe.tif", "abc", 10, 0, 1, std::nullopt}};
    batch.documents = std::move(documents);
    return batch;
}

class CatalogAudit : public testing::Test {
protected:
    TemporaryFolder folder;
    std::filesystem::path path = folder.path() / "catalog.sqlite";
    std::unique_ptr<Catalog> catalog = opened();

    std::unique_ptr<Catalog> opened() { return std::move(*open_sqlite_catalog(path, {Actor{"run:tester"}, nullptr})); }
    void sql(const std::string& text)
    {
        auto database = Database::open(path);
        ASSERT_TRUE(database && database->execute(text));
    }
    std::vector<AuditEntry> entries()
    {
        auto database = open_to_read(path);
        auto found = find_entries(*database, {"", "", 1000});
        return found ? *found : std::vector<AuditEntry>();
    }
    std::vector<std::string> happened()
    {
        std::vector<std::string> list;
        for (const AuditEntry& entry : entries()) list.push_back(entry.what + " " + entry.subject);
        return list;
    }
    std::vector<std::string> offences()
    {
        const AuditFiles places = AuditFiles::beside(path);
        const auto report = verify_audit({path, places.verify_key, {places.checkpoints}});
        if (!report) return {report.error().message()};
        std::vector<std::string> texts;
        for (const AuditOffence& offence : report->offences) texts.push_back(offence.text);
        return texts;
    }
};

TEST_F(CatalogAudit, ABatchIsCommittedWithItsEntries)
{
    ASSERT_TRUE(catalog->record(batch_of({document_of("b-1", true), document_of("b-2", false)})));
    EXPECT_THAT(happened(), ElementsAre("batch.recorded b", "document.filed b-1", "document.held b-2"));
    const auto all = entries();
    EXPECT_EQ(all[0].actor, "run:tester");
    EXPECT_EQ(all[0].detail, R"({"pages":0,"pages_faulted":0,"documents":2,"documents_filed":1,"sources":["abc"]})");
    EXPECT_EQ(nlohmann::json::parse(all[2].detail).at("reasons"), nlohmann::json({"type.low"}));
    EXPECT_EQ(nlohmann::json::parse(all[2].detail).at("line_sha256"), sha256_of(document_of("b-2", false).line));
    EXPECT_THAT(offences(), ElementsAre());
}

TEST_F(CatalogAudit, NoEntryHoldsPatientTextOrAFileName)
{
    ASSERT_TRUE(catalog->record(batch_of({document_of("b-1", true), document_of("b-2", false)})));
    ASSERT_TRUE(catalog->record_duplicate("box/Jane Doe again.tif", "b"));
    for (const AuditEntry& entry : entries()) EXPECT_THAT(leaf_of(entry), testing::Not(HasSubstr("Doe")));
}

TEST_F(CatalogAudit, ABatchThatIsNotRecordedLeavesNoEntry)
{
    auto batch = batch_of({document_of("b-1", true)});
    PageEntry page;
    page.document_id = "nobody's";
    batch.pages = {page};
    EXPECT_FALSE(catalog->record(batch));
    EXPECT_THAT(happened(), ElementsAre());
    EXPECT_THAT(offences(), ElementsAre("audit: config: cannot read the verify key: " +
                                        AuditFiles::beside(path).verify_key.string()));
}

TEST_F(CatalogAudit, ADuplicateIsEnteredOnceForEachName)
{
    ASSERT_TRUE(catalog->record(batch_of({})));
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(catalog->record_duplicate("copy.tif", "b"));
    EXPECT_THAT(happened(), ElementsAre("batch.recorded b", "input.duplicate b"));
}

TEST_F(CatalogAudit, ADocumentChangedBehindTheLogIsFound)
{
    ASSERT_TRUE(catalog->record(batch_of({document_of("b-1", true), document_of("b-2", true)})));
    sql("UPDATE document SET line = replace(line, 'Jane', 'Joan') WHERE id = 'b-2'");
    EXPECT_THAT(offences(), ElementsAre("document b-2 was changed in the catalog since its last entry"));
    sql("UPDATE document SET line = replace(line, 'Joan', 'Jane') WHERE id = 'b-2'; DELETE FROM document WHERE id = "
        "'b-1'");
    EXPECT_THAT(offences(), ElementsAre("document b-1 is gone from the catalog, and the log does not say so"));
}

TEST_F(CatalogAudit, ADocumentSlippedInBehindTheLogIsFound)
{
    ASSERT_TRUE(catalog->record(batch_of({document_of("b-1", true)})));
    sql("INSERT INTO document SELECT 'b-9', batch_id, first_page, type, loinc, type_probability, split_probability, "
        "match_probability, automatic, pdf_file, line FROM document");
    EXPECT_THAT(offences(), ElementsAre("document b-9 stands in the catalog, and the log knows nothing of it"));
}

TEST_F(CatalogAudit, ABatchRecordedAnewTellsWhichDocumentsAreNoMore)
{
    ASSERT_TRUE(catalog->record(batch_of({document_of("b-1", true), document_of("b-2", true)})));
    ASSERT_TRUE(catalog->record(batch_of({document_of("b-2", true), document_of("b-3", true)})));
    EXPECT_THAT(happened(),
                ElementsAre("batch.recorded b", "document.filed b-1", "document.filed b-2", "batch.recorded b",
                            "document.filed b-2", "document.filed b-3", "document.removed b-1"));
    EXPECT_THAT(offences(), ElementsAre());
}

TEST_F(CatalogAudit, DocumentsOlderThanTheLogAreEnteredWhenItBegins)
{
    ASSERT_TRUE(catalog->record(batch_of({document_of("b-1", true)})));
    catalog.reset();
    sql("DROP TRIGGER audit_entry_is_not_removed; DELETE FROM audit_entry; DELETE FROM audit_node; DELETE FROM "
        "audit_head");
    std::filesystem::remove_all(AuditFiles::beside(path).checkpoints);
    catalog = opened();
    ASSERT_TRUE(catalog->record_duplicate("copy.tif", "b"));
    EXPECT_THAT(happened(), ElementsAre("document.adopted b-1", "input.duplicate b"));
    EXPECT_THAT(offences(), ElementsAre());
}

TEST_F(CatalogAudit, AnImportOfPatientsIsEnteredWithItsFilesHash)
{
    auto patients = SqlitePatientIndex::open(path, {Actor{"pmi:tester"}, nullptr});
    ASSERT_TRUE(patients);
    const auto file = folder.file("Jane Doe.csv", "mrn,last,first,dob\n1234567,Doe,Jane,1950-01-01\n,Roe,,\n");
    ASSERT_TRUE((*patients)->import(file, "f11e"));
    ASSERT_FALSE((*patients)->import(folder.path() / "absent.csv", "bad"));
    const auto all = entries();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(leaf_of(all[0]),
              leaf_of({0, all[0].at, "pmi:tester", "pmi.imported", "f11e", R"({"rows":2,"bad":1,"patients":1})"}));
    ASSERT_TRUE(catalog->record(batch_of({})));
    EXPECT_THAT(offences(), ElementsAre());
}

}  // namespace
}  // namespace chartlift::store
