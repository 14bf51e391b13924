// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/pmi_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/unit/pmi/scratch.h"

namespace chartlift::store {
namespace {

class PmiFile : public Scratch {
protected:
    Result<PmiReadReport> read(std::string_view text)
    {
        patients.clear();
        return read_pmi(file("pmi", text), [this](Patient&& patient) -> Result<void> {
            patients.push_back(std::move(patient));
            return {};
        });
    }
    std::vector<Patient> patients;
};

std::vector<std::int64_t> lines_of_bad(const PmiReadReport& report)
{
    std::vector<std::int64_t> out;
    for (const PmiBadRow& row : report.first_bad) out.push_back(row.line);
    return out;
}

TEST_F(PmiFile, ReadsTheUsualHeaders)
{
    const auto report = read(
        "mrn,last_name,first_name,middle_name,suffix,birth_date,sex,address,city,state,zip,phone\n"
        "0533012,Henson,Roxanne,Q,Jr,1988-08-15,F,5138 Washington Blvd,San Diego,CA,92110,563-555-3524\n");
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->good, 1);
    ASSERT_EQ(patients.size(), 1U);
    const Patient& p = patients[0];
    EXPECT_EQ(p.mrn.reveal(), "0533012");
    EXPECT_EQ(p.last_name.reveal(), "Henson");
    EXPECT_EQ(p.middle_name.reveal(), "Q");
    EXPECT_EQ(p.suffix.reveal(), "Jr");
    EXPECT_EQ(p.birth_date.reveal(), make_date(1988, 8, 15));
    EXPECT_EQ(p.sex.reveal(), "F");
    EXPECT_EQ(p.zip.reveal(), "92110");
    EXPECT_EQ(p.phone.reveal(), "563-555-3524");
}

TEST_F(PmiFile, ReadsOtherWordingsMarksAndLineEnds)
{
    const char* const kFiles[] = {
        "\xEF\xBB\xBFMRN#;SURNAME;Given Name;D.O.B.;Gender\r\n7;O'Brien;Ann;12/9/1985;Female\r\n",
        "Medical Record Number\tFamily\tGiven\tDate of Birth\tSex\n7\tO'Brien\tAnn\t09-Dec-1985\tf",
        "Patient ID|Last|First|Birth Date|Sex\n\n\n7|O'Brien|Ann|19851209|F\n",
        "Patient Name,\"MRN\",DOB,Gender\n\"O'Brien, Ann\",7,1985-12-09T00:00:00,woman\n",
        "Patient Name,Medical Record No.,DOB,Gender\nAnn O'Brien,7,\"Dec 9, 1985\",F\n",
    };
    for (const char* text : kFiles) {
        const auto report = read(text);
        ASSERT_TRUE(report) << report.error().message();
        ASSERT_EQ(patients.size(), 1U) << text;
        EXPECT_EQ(patients[0].mrn.reveal(), "7");
        EXPECT_EQ(patients[0].last_name.reveal(), "O'Brien") << text;
        EXPECT_EQ(patients[0].first_name.reveal(), "Ann") << text;
        EXPECT_EQ(patients[0].birth_date.reveal(), make_date(1985, 12, 9)) << text;
        EXPECT_EQ(patients[0].sex.reveal(), "F");
    }
}

TEST_F(PmiFile, QuotesFollowRfc4180)
{
    const auto report = read(
        "mrn,last,first,address\n"
        "1,\"Doe, the \"\"elder\"\"\",Jane,\"5 Oak St\nApt 2\"\n"
        "2,Roe,Rich,5\" pipe\n");
    ASSERT_TRUE(report);
    ASSERT_EQ(patients.size(), 2U);
    EXPECT_EQ(patients[0].last_name.reveal(), "Doe, the \"elder\"");
    EXPECT_EQ(patients[0].address.reveal(), "5 Oak St\nApt 2");
    EXPECT_EQ(patients[1].address.reveal(), "5\" pipe");
}

TEST_F(PmiFile, BadRowsAreCountedByLine)
{
    const auto report = read(
        "mrn,last,first,dob\n"     // 1
        "1,Doe,Jane,1985-12-09\n"  // 2
        "2,Doe,Jane\n"             // 3 columns
        ",Doe,Jane,1985-12-09\n"   // 4 no number
        "4,Doe,Jane,31/31/1985\n"  // 5 date
        "1,Roe,Rich,1985-12-09\n"  // 6 number again
        "6,,,1985-12-09\n"         // 7 no name
        "7,Doe,Jane,2999-01-01\n"  // 8 future
        "8,Doe,\"Jane,1985-1-1\n"  // 9 open quote
        "\n"
        "9,Mu\xF1oz,Ana,\n");  // 11 Latin-1, no birth date
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->rows, 9);
    EXPECT_EQ(report->good, 2);
    EXPECT_EQ(report->bad, 7);
    EXPECT_THAT(lines_of_bad(*report), ::testing::ElementsAre(3, 4, 5, 6, 7, 8, 9));
    EXPECT_EQ(report->first_bad[0].reason, "row has 3 columns; the header has 4");
    for (const PmiBadRow& row : report->first_bad) {
        EXPECT_EQ(row.reason.find("Doe"), std::string::npos);
        EXPECT_EQ(row.reason.find("1985"), std::string::npos);
    }
    ASSERT_EQ(patients.size(), 2U);
    EXPECT_EQ(patients[0].first_name.reveal(), "Jane");
    EXPECT_EQ(patients[1].last_name.reveal(), "Mu\xC3\xB1oz");
    EXPECT_FALSE(patients[1].birth_date.reveal());
}

TEST_F(PmiFile, KeepsTheFirstThousandBadRows)
{
    std::string text = "mrn,last\n1,Doe\n";
    for (int i = 0; i < 1500; ++i) text += ",Doe\n";
    const auto report = read(text);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->bad, 1500);
    EXPECT_EQ(report->first_bad.size(), PmiReadReport::kMostBadRows);
}

TEST_F(PmiFile, DayFirstOnlyWhereTheColumnSaysSo)
{
    ASSERT_TRUE(read("mrn,last,dob\n1,A,03/04/1985\n2,B,25/12/1985\n"));
    EXPECT_EQ(patients.at(0).birth_date.reveal(), make_date(1985, 4, 3));
    const auto mixed = read("mrn,last,dob\n1,A,03/04/1985\n2,B,25/12/1985\n3,C,12/25/1985\n");
    ASSERT_TRUE(mixed);
    EXPECT_EQ(patients.at(0).birth_date.reveal(), make_date(1985, 3, 4));
    EXPECT_THAT(lines_of_bad(*mixed), ::testing::ElementsAre(3));
}

TEST_F(PmiFile, MissingColumnsAreAConfigFault)
{
    const auto report = read("last,first,dob\nDoe,Jane,1985-12-09\n");
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().kind, FaultKind::config);
    EXPECT_EQ(report.error().what, "no column for the medical record number; the headers are: last, first, dob");
    EXPECT_EQ(read("mrn,dob\n1,1985-12-09\n").error().kind, FaultKind::config);
    // A file without headers does not show its first patient.
    const auto bare = read("5533012,Henson,Roxanne,1988-08-15\n");
    ASSERT_FALSE(bare);
    EXPECT_EQ(bare.error().what,
              "no column for the medical record number; the first row, of 4 cells, does not look like a header");
}

TEST_F(PmiFile, FilesThatAreNoIndex)
{
    EXPECT_EQ(read("").error().kind, FaultKind::corrupt);
    EXPECT_EQ(read("\xFF\xFEm\0r\0n\0").error().kind, FaultKind::unsupported);
    EXPECT_EQ(read("{\"resourceType\": broken\n{also}\n").error().kind, FaultKind::corrupt);
    const auto none = [](Patient&&) -> Result<void> { return {}; };
    EXPECT_EQ(read_pmi(folder / "absent.csv", none).error().kind, FaultKind::io);
    EXPECT_EQ(read_pmi(folder, none).error().kind, FaultKind::io);
    EXPECT_FALSE(read(std::string(100'000, '\0')));
}

TEST_F(PmiFile, PassesOnTheFaultOfTheReceiver)
{
    const auto report = read_pmi(file("pmi", "mrn,last\n1,Doe\n2,Roe\n"), [](Patient&&) -> Result<void> {
        return Fault{FaultKind::disk_full, "x", "y"};
    });
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().kind, FaultKind::disk_full);
}

constexpr const char* kJane =
    R"({"resourceType":"Patient","identifier":[{"value":"uuid"},{"type":{"coding":[{"code":"MR"}]},"value":"M-77"},)"
    R"({"type":{"coding":[{"code":"SS"}]},"value":"999"}],"name":[{"use":"maiden","family":"Old"},)"
    R"({"use":"official","family":"Medhurst46","given":["Sumiko254","Larue605"],"suffix":["Jr."]}],"gender":"female",)"
    R"("birthDate":"1927-05-21","deceasedDateTime":"1989-05-09","address":[{"line":["5 Oak"],"city":"Boston",)"
    R"("state":"MA","postalCode":"02103"}],"telecom":[{"system":"email","value":"e"},{"system":"phone","value":"555"}]})";

TEST_F(PmiFile, ReadsFhirNdjson)
{
    const auto report = read(std::string(kJane) + "\n{\"resourceType\":\"Observation\"}\nnot json\n" +
                             R"({"resourceType":"Patient","identifier":[{"value":"B"}],"name":[{"text":"Rich Roe"}]})" +
                             "\n" + R"({"resourceType":"Patient","name":[{"family":"Nobody"}]})" + "\n[1]\n");
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->format, "fhir-ndjson");
    EXPECT_EQ(report->good, 2);
    EXPECT_EQ(report->skipped, 1);
    EXPECT_THAT(lines_of_bad(*report), ::testing::ElementsAre(3, 5, 6));
    ASSERT_EQ(patients.size(), 2U);
    const Patient& jane = patients[0];
    EXPECT_EQ(jane.mrn.reveal(), "M-77");
    EXPECT_EQ(jane.last_name.reveal(), "Medhurst");
    EXPECT_EQ(jane.first_name.reveal(), "Sumiko");
    EXPECT_EQ(jane.middle_name.reveal(), "Larue");
    EXPECT_EQ(jane.suffix.reveal(), "JR");
    EXPECT_EQ(jane.sex.reveal(), "F");
    EXPECT_EQ(jane.birth_date.reveal(), make_date(1927, 5, 21));
    EXPECT_EQ(jane.city.reveal(), "Boston");
    EXPECT_EQ(jane.phone.reveal(), "555");
    EXPECT_EQ(patients[1].mrn.reveal(), "B");
    EXPECT_EQ(patients[1].last_name.reveal(), "Roe");
}

TEST_F(PmiFile, ReadsAFhirBundle)
{
    const std::string bundle = std::string("{\n \"resourceType\": \"Bundle\",\n \"entry\": [ {\"resource\": ") + kJane +
                               "}, {\"resource\": {\"resourceType\": \"Organization\"}} ]\n}\n";
    const auto report = read(bundle);
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->format, "fhir-bundle");
    EXPECT_EQ(report->good, 1);
    EXPECT_EQ(report->skipped, 1);
}

TEST(ParseBirthDate, ReadsManyForms)
{
    const Date today = *make_date(2026, 6, 15);
    const auto read = [&](std::string_view text) {
        const auto date = parse_birth_date(text, false, today);
        return date ? to_iso(*date) : "";
    };
    for (const char* text : {"1985-12-09", "12/9/1985", "12-09-1985", "12/09/85", "9-Dec-1985", "09 DEC 85",
                             "Dec 9, 1985", "December 9 1985", "19851209", "9.12.1985", "1985/12/09",
                             "1985-12-09 00:00:00", "9DEC1985", " 12/9/1985 0:00 "})
        EXPECT_EQ(read(text), "1985-12-09") << text;
    EXPECT_EQ(read("6/15/26"), "2026-06-15");  // today
    EXPECT_EQ(read("6/16/26"), "1926-06-16");  // not yet
    EXPECT_EQ(read("1/1/27"), "1927-01-01");
    for (const char* text : {"", "unknown", "1985", "12/1985", "31/12/1985", "2/30/1985", "00/00/0000", "1985-13-01",
                             "12/9/985", "9-Foo-1985", "1/2/3/1985", "999999999999"})
        EXPECT_EQ(read(text), "") << text;
}

}  // namespace
}  // namespace chartlift::store
