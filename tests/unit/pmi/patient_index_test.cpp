// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/patient_index.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/pmi/scratch.h"

namespace chartlift::store {
namespace {

constexpr const char* kPeople =
    "mrn,last_name,first_name,middle_name,suffix,birth_date,sex\n"
    "0568706,Lewis,Barbara,J,,1977-07-22,F\n"
    "1425649,Crawford,Charles,,,1977-12-08,M\n"
    "5131990,Garcia-Lopez,Ana Maria,,,1967-11-12,F\n"
    "5273190,Blessing,Scott,H,,1982-10-01,M\n"
    "9610558,O'Brien,Roberto,F,Jr,1934-03-27,M\n"
    "A12345B,De La Cruz,Katherine,,,1999-12-31,F\n"
    "7000001,Smith,John,,,1947-01-02,M\n"
    "7000002,Smith,Jane,,,1947-03-04,F\n"
    "7000003,Smith,John,,,,M\n";

class Index : public Scratch {
protected:
    void SetUp() override
    {
        auto opened = SqlitePatientIndex::open(folder / "catalog.sqlite");
        ASSERT_TRUE(opened) << opened.error().message();
        index = std::move(*opened);
        const auto imported = index->import(file("pmi.csv", kPeople), "hash-1");
        ASSERT_TRUE(imported) << imported.error().message();
        ASSERT_EQ(imported->patients, 9);
    }

    struct Query {
        std::string mrn{}, last{}, first{}, birth{};
    };
    std::vector<std::string> asked(const Query& query) const
    {
        PageFields fields;
        const auto put = [&](FieldKind kind, const std::string& text) {
            FieldValue value;
            value.kind = kind;
            value.value = text;
            value.probability = Score{0.9F};
            if (!text.empty()) fields.values.push_back(value);
        };
        put(FieldKind::mrn, query.mrn);
        put(FieldKind::last_name, query.last);
        put(FieldKind::first_name, query.first);
        put(FieldKind::birth_date, query.birth);
        const auto nicknames = Nicknames::from_csv("CHARLES,CHUCK\n");
        EXPECT_TRUE(nicknames);
        return numbers(index->candidates(query_from(fields, *nicknames)));
    }
    std::vector<std::string> found(std::string_view text) const { return numbers(index->find(text, 10)); }

    static std::vector<std::string> numbers(const Result<std::vector<Patient>>& patients)
    {
        EXPECT_TRUE(patients);
        std::vector<std::string> out;
        if (patients)
            for (const Patient& patient : *patients) out.push_back(patient.mrn.reveal());
        return out;
    }

    std::unique_ptr<SqlitePatientIndex> index;
};

TEST_F(Index, FindsThroughOneError)
{
    const std::vector<std::pair<const char*, Query>> barbara{
        {"number", {"0568706"}},
        {"without its zero", {"568706"}},
        {"digit changed", {"0568906"}},
        {"digit lost", {"056706"}},
        {"digit too many", {"05687606"}},
        {"digits exchanged", {"0567806"}},
        {"letter for digit", {"OS68706"}},
        {"name and date", {"", "Lewis", "Barbara", "1977-07-22"}},
        {"surname misspelt", {"", "Louis", "Barbara", "1977-07-22"}},
        {"surname another", {"", "Hollister", "Barbara", "1977-07-22"}},
        {"first name another", {"", "Lewis", "Zoe", "1977-07-22"}},
        {"digit of the date", {"", "Lewis", "Zoe", "1977-07-27"}},
        {"digit of the date, surname another", {"", "Hollister", "Barbara", "1971-07-22"}},
        {"names exchanged", {"", "Barbara", "Lewis", "1977-07-22"}},
        {"names only", {"", "Lewes", "Barbra", ""}},
        {"surname and year", {"", "Lewis", "", "1977-01-01"}},
        {"initial", {"", "Lewis", "B", ""}},
    };
    for (const auto& [what, query] : barbara) {
        const auto answer = asked(query);
        ASSERT_FALSE(answer.empty()) << what;
        EXPECT_EQ(answer.front(), "0568706") << what;
    }
    EXPECT_EQ(asked({"", "Blessing", "", "1982-01-10"}).front(), "5273190");        // day and month
    EXPECT_EQ(asked({"", "Crawford", "Chuck", ""}).front(), "1425649");             // nickname
    EXPECT_EQ(asked({"", "Hollister", "Chuck", "1977-12-08"}).front(), "1425649");  // and another surname
    EXPECT_EQ(asked({"", "Lopez", "Ana", "1967-11-12"}).front(), "5131990");        // half a name
    EXPECT_EQ(asked({"", "GARCIA LOPEZ", "Ana", ""}).front(), "5131990");
    EXPECT_EQ(asked({"", "OBRIEN", "Roberto", ""}).front(), "9610558");
    EXPECT_EQ(asked({"", "Delacruz", "Catherine", ""}).front(), "A12345B");
    EXPECT_EQ(asked({"A1Z345B"}).front(), "A12345B");
}

TEST_F(Index, AnEmptyQuestionOrAnUnknownPersonFindsNobody)
{
    EXPECT_TRUE(asked({}).empty());
    EXPECT_TRUE(asked({"3333333", "Zwick", "Olaf", "1901-01-01"}).empty());
}

TEST_F(Index, CapsItsAnswer)
{
    std::string text = "mrn,last,first,dob\n";
    for (int i = 0; i < 1000; ++i) text += std::to_string(1000 + i) + ",Smith,John,1950-01-01\n";
    ASSERT_TRUE(index->import(file("many.csv", text), "hash-2"));
    EXPECT_EQ(asked({"", "Smith", "John", "1950-01-01"}).size(), SqlitePatientIndex::kMostCandidates);
    EXPECT_EQ(asked({"1777", "Smith", "John", "1950-01-01"}).front(), "1777");
}

TEST_F(Index, CountsItsPopulation)
{
    const auto population = index->population();
    ASSERT_TRUE(population);
    EXPECT_EQ(population->patients, 9);
    EXPECT_EQ(population->last_names.at("SMITH"), 3U);
    EXPECT_EQ(population->first_names.at("JOHN"), 2U);
    EXPECT_FALSE(population->last_names.contains("LEWIS")) << "borne once";
    EXPECT_EQ(population->birth_years.at(1977), 2U);
    EXPECT_EQ(population->sexes.at("M"), 5U);
    EXPECT_GT(population->last_name_share("SMITH"), population->last_name_share("LEWIS"));
    EXPECT_EQ(index->size(), 9);
    const auto stats = index->stats();
    ASSERT_TRUE(stats);
    EXPECT_EQ(stats->without_birth_date, 1);
    EXPECT_EQ(stats->source_sha256, "hash-1");
    EXPECT_EQ(stats->source_name, "pmi.csv");
    EXPECT_EQ(stats->imported_at.size(), 20U);
}

TEST_F(Index, FindsForAPersonAtAPrompt)
{
    EXPECT_EQ(found("SMITH JANE 1947"), (std::vector<std::string>{"7000002"}));
    EXPECT_EQ(found("jane smith"), (std::vector<std::string>{"7000002"}));
    EXPECT_EQ(found("Smith, J 1947-01-02"), (std::vector<std::string>{"7000001"}));
    EXPECT_EQ(found("smi").size(), 3U);
    EXPECT_EQ(found("de la cruz katherine"), (std::vector<std::string>{"A12345B"}));
    EXPECT_EQ(found("0568706").front(), "0568706");
    EXPECT_EQ(found("10/1/1982"), (std::vector<std::string>{"5273190"}));
    EXPECT_EQ(found("Smyth Jane").size(), 3U) << "by sound, where no spelling fits";
    EXPECT_TRUE(found("").empty());
    EXPECT_TRUE(found("' OR 1=1 --").empty());
}

TEST_F(Index, AFailedImportLeavesTheOldIndex)
{
    EXPECT_FALSE(index->import(folder / "absent.csv", "hash-2"));
    EXPECT_FALSE(index->import(file("headless.csv", "a,b\n1,2\n"), "hash-2"));
    const auto hopeless = index->import(file("bad.csv", "mrn,last\n,Doe\n"), "hash-2");
    ASSERT_FALSE(hopeless);
    EXPECT_EQ(hopeless.error().kind, FaultKind::config);
    // Fails in mid-import, when thousands of rows have been written.
    std::string text = "mrn,last,first,dob\n";
    for (int i = 0; i < 20'000; ++i) text += std::to_string(1'000'000 + i) + ",Roe,Rich,1950-01-01\n";
    const auto large = file("large.csv", text);
    {
        auto database = Database::open(folder / "catalog.sqlite");
        ASSERT_TRUE(database);
        ASSERT_TRUE(
            database->execute("CREATE TRIGGER fail AFTER INSERT ON pmi_patient WHEN NEW.id = 15000 BEGIN SELECT "
                              "RAISE(ABORT, 'no'); END"));
    }
    const auto failed = index->import(large, "hash-2");
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, FaultKind::store);
    EXPECT_EQ(index->size(), 9);
    EXPECT_EQ(asked({"0568706"}).front(), "0568706");
    EXPECT_EQ(found("SMITH JANE 1947").size(), 1U);
    EXPECT_EQ(index->population()->patients, 9);
    EXPECT_TRUE(*index->holds("hash-1"));
    EXPECT_FALSE(*index->holds("hash-2"));
}

TEST_F(Index, AnImportReplacesTheWholeIndexAndStays)
{
    ASSERT_TRUE(index->import(file("next.csv", "mrn,last,first,dob\n1,Roe,Rich,1950-01-01\n"), "hash-2"));
    EXPECT_EQ(index->size(), 1);
    EXPECT_TRUE(asked({"0568706"}).empty());
    EXPECT_FALSE(*index->holds("hash-1"));
    index.reset();
    auto again = SqlitePatientIndex::open(folder / "catalog.sqlite");
    ASSERT_TRUE(again);
    EXPECT_EQ((*again)->size(), 1);
    EXPECT_TRUE(*(*again)->holds("hash-2"));
}

TEST_F(Index, AnotherConnectionReadsOnDuringAnImport)
{
    auto other = SqlitePatientIndex::open(folder / "catalog.sqlite");
    ASSERT_TRUE(other);
    std::string text = "mrn,last,first,dob\n";
    for (int i = 0; i < 20'000; ++i) text += std::to_string(1'000'000 + i) + ",Roe,Rich,1950-01-01\n";
    const auto large = file("large.csv", text);
    std::atomic<bool> done = false;
    std::thread import([&] {
        EXPECT_TRUE(index->import(large, "hash-2"));
        done = true;
    });
    while (!done) {
        const auto population = (*other)->population();
        ASSERT_TRUE(population);
        EXPECT_TRUE(population->patients == 9 || population->patients == 20'000);
    }
    import.join();
}

TEST_F(Index, ManyThreadsMayAsk)
{
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([this] {
            for (int i = 0; i < 50; ++i) {
                EXPECT_EQ(asked({"0568706"}).front(), "0568706");
                EXPECT_EQ(found("SMITH JANE 1947").size(), 1U);
            }
        });
    for (std::thread& thread : threads) thread.join();
}

class IndexFaults : public Scratch {};

TEST_F(IndexFaults, BeforeTheFirstImportItIsEmpty)
{
    auto index = SqlitePatientIndex::open(folder / "catalog.sqlite");
    ASSERT_TRUE(index);
    EXPECT_EQ((*index)->size(), 0);
    EXPECT_EQ((*index)->population()->patients, 0);
    EXPECT_TRUE((*index)->find("doe", 5)->empty());
    EXPECT_EQ((*index)->stats()->patients, 0);
}

TEST_F(IndexFaults, ADamagedCatalogIsAStoreFault)
{
    const auto index = SqlitePatientIndex::open(file("catalog.sqlite", std::string(8192, 'z')));
    ASSERT_FALSE(index);
    EXPECT_EQ(index.error().kind, FaultKind::store);
}

TEST_F(IndexFaults, AFolderThatCannotBeWrittenIsAStoreFault)
{
    if (geteuid() == 0) {
        // Root may write anywhere; a path through a file stands in for a closed folder.
        const auto index = SqlitePatientIndex::open(file("plain", "x") / "catalog.sqlite");
        ASSERT_FALSE(index);
        EXPECT_EQ(index.error().kind, FaultKind::store);
        return;
    }
    std::filesystem::permissions(folder, std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
    const auto index = SqlitePatientIndex::open(folder / "catalog.sqlite");
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
    ASSERT_FALSE(index);
    EXPECT_EQ(index.error().kind, FaultKind::store);
}

}  // namespace
}  // namespace chartlift::store
