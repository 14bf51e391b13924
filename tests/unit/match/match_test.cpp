// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/match/match.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace chartlift {
namespace {

std::shared_ptr<const Nicknames> nicknames()
{
    static const auto table = [] {
        std::ifstream in(CHARTLIFT_SOURCE_DIR "/models/nicknames.csv");
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        auto parsed = Nicknames::from_csv(text);
        EXPECT_TRUE(parsed);
        return std::make_shared<const Nicknames>(parsed ? std::move(*parsed) : Nicknames{});
    }();
    return table;
}

Patient patient(std::int64_t id, const std::string& mrn, const std::string& last, const std::string& first,
                const std::string& birth, const std::string& suffix = "", const std::string& address = "")
{
    Patient out;
    out.id = id;
    out.mrn = mrn;
    out.last_name = last;
    out.first_name = first;
    out.birth_date = date_from_iso(birth);
    out.suffix = suffix;
    out.address = address;
    return out;
}

/// 10,000 people, of whom one in a hundred is a Smith and one in fifty a John; random seven-digit numbers.
std::shared_ptr<const Population> town()
{
    Population out;
    out.patients = 10'000;
    out.last_names = {{"SMITH", 100}, {"GARCIA", 60}, {"LOPEZ", 50}, {"KEENE", 3}};
    out.first_names = {{"JOHN", 200}, {"MARY", 200}, {"ANITA", 20}, {"HELEN", 40}, {"WILLIAM", 150}};
    for (int year = 1920; year < 2020; ++year) out.birth_years[year] = 100;
    out.sexes = {{"F", 5000}, {"M", 5000}};
    out.mrn_shapes[7] = {10'000, true, 1'000'000, 9'999'999};
    return std::make_shared<const Population>(out);
}

struct Page {
    std::string mrn{}, last{}, first{}, birth{}, suffix{}, middle{}, sex{};
    float probability = 0.97F;
};

MatchInput input(const Page& page, std::vector<Patient> candidates)
{
    MatchInput out;
    const auto put = [&](FieldKind kind, const std::string& text) {
        if (text.empty()) return;
        FieldValue value;
        value.kind = kind;
        value.value = text;
        value.probability = Score{page.probability};
        out.fields.values.push_back(value);
    };
    put(FieldKind::mrn, page.mrn);
    put(FieldKind::last_name, page.last);
    put(FieldKind::first_name, page.first);
    put(FieldKind::birth_date, page.birth);
    put(FieldKind::suffix, page.suffix);
    put(FieldKind::middle_name, page.middle);
    put(FieldKind::sex, page.sex);
    out.candidates = std::move(candidates);
    out.population = town();
    out.index_available = true;
    return out;
}

PatientMatch matched(const Page& page, std::vector<Patient> candidates)
{
    MatchSettings settings;
    settings.nicknames = nicknames();
    auto out = Match(settings).run(input(page, std::move(candidates)), {});
    EXPECT_TRUE(out);
    return out ? *out : PatientMatch{};
}

constexpr float kSure = 0.99F;

/// Filed without a person, on this patient.
::testing::AssertionResult is_filed_on(const PatientMatch& match, std::int64_t id)
{
    if (match.candidates.empty()) return ::testing::AssertionFailure() << "no candidate";
    const Candidate& best = match.candidates.front();
    if (best.patient.id == id && best.probability.value >= kSure && !match.ambiguous)
        return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "best " << best.patient.id << " p " << best.probability.value
                                         << (match.ambiguous ? " ambiguous" : "");
}

bool is_held(const PatientMatch& match)
{
    return match.candidates.empty() || match.ambiguous || match.candidates.front().probability.value < kSure;
}

Agreement agreement(const PatientMatch& match, FieldKind kind)
{
    for (const FieldComparison& reason : match.candidates.at(0).reasons)
        if (reason.field == kind) return reason.agreement;
    return Agreement::missing;
}

const Patient kEunice = patient(1, "4830055", "Keene", "Eunice", "1985-12-09");

TEST(Match, FilesWhatAgrees)
{
    const auto match = matched({"4830055", "KEENE", "EUNICE", "1985-12-09"}, {kEunice});
    EXPECT_TRUE(is_filed_on(match, 1));
    EXPECT_EQ(match.candidates[0].reasons.size(), 7U);
    EXPECT_EQ(agreement(match, FieldKind::mrn), Agreement::exact);
    EXPECT_EQ(agreement(match, FieldKind::sex), Agreement::missing);
}

TEST(Match, WithoutIndexOrCandidatesSaysSo)
{
    MatchInput none = input({"4830055", "KEENE", "EUNICE", "1985-12-09"}, {});
    auto match = Match({}).run(none, {});
    ASSERT_TRUE(match);
    EXPECT_TRUE(match->index_available);
    EXPECT_TRUE(match->candidates.empty());
    EXPECT_FALSE(match->ambiguous);
    none.index_available = false;
    match = Match({}).run(none, {});
    ASSERT_TRUE(match);
    EXPECT_FALSE(match->index_available);
}

TEST(Match, WithoutFieldsNobodyIsLikely)
{
    const auto match = matched({}, {kEunice});
    ASSERT_EQ(match.candidates.size(), 1U);
    EXPECT_EQ(match.candidates[0].weight_bits, 0);
    EXPECT_LT(match.candidates[0].probability.value, 0.001F);
}

TEST(Match, ProbabilitiesWithNoneSumToAtMostOne)
{
    std::vector<Patient> many;
    for (int i = 0; i < 4; ++i)
        many.push_back(patient(i, std::to_string(1'000'000 + i), "Smith", "John", "1950-01-01"));
    const auto match = matched({"", "SMITH", "JOHN", "1950-01-01"}, many);
    float sum = 0;
    for (const Candidate& candidate : match.candidates) sum += candidate.probability.value;
    EXPECT_LE(sum, 1.0F);
    EXPECT_GT(sum, 0.9F);
    EXPECT_TRUE(match.ambiguous);
    EXPECT_EQ(match.candidates[0].patient.id, 0);  // ties by row
}

TEST(Match, ToleratesOneSlip)
{
    const std::vector<std::pair<const char*, Page>> slips{
        {"nickname", {"4830055", "Keene", "Nicie", "1985-12-09"}},
        {"no number", {"", "Keene", "Eunice", "1985-12-09"}},
        {"no birth date", {"4830055", "Keene", "Eunice", ""}},
        {"day and month", {"4830055", "Keene", "Eunice", "1985-09-12"}},
        {"digit of the date", {"4830055", "Keene", "Eunice", "1985-12-03"}},
        {"digits exchanged", {"4803055", "Keene", "Eunice", "1985-12-09"}},
        {"digit confused", {"4B30055", "Keene", "Eunice", "1985-12-09"}},
        {"digit lost", {"483055", "Keene", "Eunice", "1985-12-09"}},
        {"surname misread", {"4830055", "Keenc", "Eunice", "1985-12-09"}},
        {"names exchanged", {"4830055", "Eunice", "Keene", "1985-12-09"}},
        {"married", {"4830055", "Hollister", "Eunice", "1985-12-09"}},
        {"initial only", {"4830055", "Keene", "E", "1985-12-09"}},
        {"century", {"4830055", "Keene", "Eunice", "2085-12-09"}},
    };
    for (const auto& [what, page] : slips) EXPECT_TRUE(is_filed_on(matched(page, {kEunice}), 1)) << what;
    EXPECT_EQ(agreement(matched(slips[0].second, {kEunice}), FieldKind::first_name), Agreement::nickname);
    EXPECT_EQ(agreement(matched(slips[3].second, {kEunice}), FieldKind::birth_date), Agreement::swapped);
    EXPECT_EQ(agreement(matched(slips[5].second, {kEunice}), FieldKind::mrn), Agreement::swapped);
    EXPECT_EQ(agreement(matched(slips[9].second, {kEunice}), FieldKind::last_name), Agreement::swapped);
}

TEST(Match, ANumberThatNameAndBirthDateDenyIsNoMatch)
{
    for (const float reading : {1.0F, 0.9F, 0.6F}) {
        Page page{"4830055", "Daniels", "Jay", "1946-09-18"};
        page.probability = reading;
        EXPECT_LT(matched(page, {kEunice}).candidates[0].probability.value, 0.5F) << reading;
    }
    // Nor is one of the family's: same surname, the rest another person's.
    EXPECT_LT(matched({"4830055", "Keene", "Walter", "1950-03-04"}, {kEunice}).candidates[0].probability.value, 0.5F);
}

TEST(Match, ANumberOrANameAloneIsNeverSure)
{
    EXPECT_TRUE(is_held(matched({"4830055", "", "", ""}, {kEunice})));
    EXPECT_TRUE(is_held(matched({"", "Keene", "Eunice", ""}, {kEunice})));
    const Patient full = [] {
        Patient p = kEunice;
        p.middle_name = std::string("N");
        p.sex = std::string("F");
        return p;
    }();
    EXPECT_TRUE(is_held(matched({"", "Keene", "Eunice", "", "", "N", "F"}, {full})));
}

TEST(Match, APersonOutsideTheIndexIsNotFound)
{
    // Shares a birth date or a name with somebody, as strangers do.
    EXPECT_LT(matched({"3880707", "Daniels", "Jay", "1985-12-09"}, {kEunice}).candidates[0].probability.value, 0.01F);
    const Patient john = patient(2, "1234567", "Smith", "John", "1950-05-05");
    EXPECT_LT(matched({"7777777", "Smith", "John", "1971-08-30"}, {john}).candidates[0].probability.value, 0.5F);
}

const Patient kAnita = patient(10, "9090608", "Martin", "Anita", "1940-12-27", "", "9696 Maple Ave");
const Patient kHelen = patient(11, "1073060", "Martin", "Helen", "1940-12-27", "", "9696 Maple Ave");

TEST(Twins, AreToldApartByNumberOrAClearGivenName)
{
    EXPECT_TRUE(is_filed_on(matched({"9090608", "Martin", "Anita", "1940-12-27"}, {kAnita, kHelen}), 10));
    EXPECT_TRUE(is_filed_on(matched({"1073060", "Martin", "Helen", "1940-12-27"}, {kAnita, kHelen}), 11));
    EXPECT_TRUE(is_filed_on(matched({"", "Martin", "Helen", "1940-12-27"}, {kAnita, kHelen}), 11));
}

TEST(Twins, AreHeldWhereThePageIsNotClear)
{
    EXPECT_TRUE(is_held(matched({"", "Martin", "", "1940-12-27"}, {kAnita, kHelen})));
    // The number of one, the name of the other.
    EXPECT_TRUE(is_held(matched({"9090608", "Martin", "Helen", "1940-12-27"}, {kAnita, kHelen})));
    // Given names that look alike, or were read unsurely.
    const Patient jayden = patient(20, "2000001", "Martin", "Jayden", "2010-01-02");
    const Patient jaden = patient(21, "5000002", "Martin", "Jaden", "2010-01-02");
    EXPECT_TRUE(is_held(matched({"", "Martin", "Jayden", "2010-01-02"}, {jayden, jaden})));
    Page unsure{"", "Martin", "Helen", "1940-12-27"};
    unsure.probability = 0.7F;
    EXPECT_TRUE(is_held(matched(unsure, {kAnita, kHelen})));
}

TEST(Twins, OneOutsideTheIndexIsNotFiledOnTheOther)
{
    EXPECT_TRUE(is_held(matched({"", "Martin", "Rosa", "1940-12-27"}, {kAnita})));
    EXPECT_TRUE(is_held(matched({"8214455", "Martin", "Rosa", "1940-12-27"}, {kAnita})));
}

const Patient kSenior = patient(30, "3100001", "Smith", "John", "1942-03-04", "", "5 Oak St");
const Patient kJunior = patient(31, "6200002", "Smith", "John", "1970-09-21", "Jr", "5 Oak St");

TEST(FatherAndSon, AreToldApartByBirthDateOrNumber)
{
    EXPECT_TRUE(is_filed_on(matched({"", "Smith", "John", "1970-09-21", "JR"}, {kSenior, kJunior}), 31));
    EXPECT_TRUE(is_filed_on(matched({"3100001", "Smith", "John", ""}, {kSenior, kJunior}), 30));
    EXPECT_TRUE(is_filed_on(matched({"3100001", "Smith", "John", "1942-03-04"}, {kSenior, kJunior}), 30));
}

TEST(FatherAndSon, AreHeldWhereThePageIsNotClear)
{
    EXPECT_TRUE(is_held(matched({"", "Smith", "John", ""}, {kSenior, kJunior})));
    EXPECT_TRUE(is_held(matched({"", "Smith", "John", "", "JR"}, {kSenior, kJunior})));
    // The father's number with the son's birth date, and the other way round.
    EXPECT_TRUE(is_held(matched({"3100001", "Smith", "John", "1970-09-21"}, {kSenior, kJunior})));
    EXPECT_TRUE(is_held(matched({"6200002", "Smith", "John", "1942-03-04"}, {kSenior, kJunior})));
    // A date that is neither's.
    EXPECT_TRUE(is_held(matched({"", "Smith", "John", "1970-03-04"}, {kSenior, kJunior})));
}

TEST(NameTwins, NeedABirthDateOrANumber)
{
    const Patient one = patient(40, "4000001", "Smith", "Mary", "1950-05-06");
    const Patient other = patient(41, "8000002", "Smith", "Mary", "1950-06-05");
    EXPECT_TRUE(is_held(matched({"", "Smith", "Mary", ""}, {one, other})));
    // Day and month in the other order are the other woman's date.
    EXPECT_TRUE(is_filed_on(matched({"4000001", "Smith", "Mary", "1950-05-06"}, {one, other}), 40));
    EXPECT_TRUE(is_held(matched({"", "Smith", "Mary", "1950-05-06"}, {one, other})));
}

TEST(Match, ANumberOfOneAndANameOfAnotherIsHeld)
{
    const Patient john = patient(2, "1234567", "Smith", "John", "1950-05-05");
    EXPECT_TRUE(is_held(matched({"1234567", "Keene", "Eunice", "1985-12-09"}, {kEunice, john})));
}

TEST(Surnames, CompoundHyphenatedAndApostrophedAreTheSame)
{
    const std::vector<std::pair<std::string, std::string>> same{
        {"GARCIA LOPEZ", "Garcia-Lopez"}, {"De La Cruz", "DELACRUZ"}, {"OBRIEN", "O'Brien"},
        {"O BRIEN", "O'Brien"},           {"MUNOZ", "Mu\xC3\xB1oz"},  {"Mc Donald", "McDonald"}};
    for (const auto& [printed, listed] : same) {
        const auto match =
            matched({"4830055", printed, "Ana", "1985-12-09"}, {patient(1, "4830055", listed, "Ana", "1985-12-09")});
        EXPECT_TRUE(is_filed_on(match, 1)) << printed;
        EXPECT_EQ(agreement(match, FieldKind::last_name), Agreement::exact) << printed << " / " << listed;
    }
    const Patient both = patient(1, "4830055", "Garcia-Lopez", "Ana", "1985-12-09");
    EXPECT_EQ(agreement(matched({"4830055", "Garcia", "Ana", "1985-12-09"}, {both}), FieldKind::last_name),
              Agreement::close);
    EXPECT_TRUE(is_filed_on(matched({"", "Lopez", "Ana", "1985-12-09"}, {both}), 1));
    EXPECT_EQ(agreement(matched({"", "Lopez Garcia", "Ana", "1985-12-09"}, {both}), FieldKind::last_name),
              Agreement::swapped);
    EXPECT_EQ(agreement(matched({"", "Martin", "Ana", "1985-12-09"}, {both}), FieldKind::last_name),
              Agreement::differs);
}

TEST(GivenNames, MiddleNamesAndSuffixesInTheWrongBox)
{
    Patient mary = patient(1, "4830055", "Keene Jr", "Mary", "1985-12-09");
    mary.middle_name = std::string("Ann");
    EXPECT_TRUE(is_filed_on(matched({"", "Keene", "Mary Ann", "1985-12-09", "JR"}, {mary}), 1));
    EXPECT_EQ(agreement(matched({"", "KEENE JR", "Ann", "1985-12-09"}, {mary}), FieldKind::suffix), Agreement::exact);
}

TEST(Weights, ARareNameTellsMoreThanACommonOne)
{
    const auto bits = [](const std::string& last) {
        const auto match = matched({"", last, "Ana", ""}, {patient(1, "1", last, "Ana", "1985-12-09")});
        return match.candidates.at(0).reasons.at(1).weight_bits;
    };
    EXPECT_GT(bits("Keene"), bits("Smith") + 4);
}

TEST(Weights, SequentialNumbersTellLessThanRandomOnes)
{
    Population dense = *town();
    dense.mrn_shapes[7] = {10'000, true, 1'000'000, 1'009'999};
    MatchInput page = input({"1004567", "", "", ""}, {patient(1, "1004567", "Keene", "Eunice", "1985-12-09")});
    const auto sparse = Match({}).run(page, {});
    page.population = std::make_shared<const Population>(dense);
    const auto packed = Match({}).run(page, {});
    ASSERT_TRUE(sparse && packed);
    EXPECT_GT(sparse->candidates[0].weight_bits, packed->candidates[0].weight_bits + 5);
}

TEST(Weights, AnUnsureReadingWeighsLess)
{
    const auto bits = [](float reading) {
        Page page{"7777777", "", "", ""};
        page.probability = reading;
        return matched(page, {kEunice}).candidates[0].weight_bits;
    };
    EXPECT_LT(bits(1.0F), -6);
    EXPECT_GT(bits(0.5F), -3);
    EXPECT_LT(bits(0.5F), 0);
}

TEST(Match, DoesNotDependOnTheOrderOfCandidates)
{
    std::vector<Patient> all{kAnita, kHelen, kSenior, kJunior, kEunice};
    const Page page{"9090608", "Martin", "Anita", "1940-12-27"};
    const auto one = matched(page, all);
    std::reverse(all.begin(), all.end());
    EXPECT_EQ(one, matched(page, all));
}

TEST(Match, KeepsFiveCandidates)
{
    std::vector<Patient> many;
    for (int i = 0; i < 50; ++i)
        many.push_back(patient(i, std::to_string(1'000'000 + i), "Smith", "John", "1950-01-01"));
    EXPECT_EQ(matched({"", "Smith", "John", ""}, many).candidates.size(), 5U);
}

TEST(Match, StopsWhenToldAndRefusesTooMany)
{
    std::stop_source stop;
    stop.request_stop();
    StageContext context;
    context.stop = stop.get_token();
    const auto stopped = Match({}).run(input({"1"}, {kEunice}), context);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().kind, FaultKind::cancelled);
    const auto many = Match({}).run(input({"1"}, std::vector<Patient>(10'001, kEunice)), {});
    ASSERT_FALSE(many);
    EXPECT_EQ(many.error().kind, FaultKind::limit);
}

TEST(NicknamesTable, RelatesShortFormsAndNotOtherNames)
{
    const Nicknames& table = *nicknames();
    EXPECT_GT(table.size(), 500U);
    for (const auto& [a, b] : std::vector<std::pair<const char*, const char*>>{{"BILL", "WILLIAM"},
                                                                               {"WILLIAM", "BILL"},
                                                                               {"BILL", "WILL"},
                                                                               {"PEGGY", "MARGARET"},
                                                                               {"CHUCK", "CHARLES"},
                                                                               {"BARBY", "BARBARA"},
                                                                               {"SCOTTIE", "SCOTT"},
                                                                               {"ROBBIE", "ROBERT"},
                                                                               {"THEO", "THEODORE"},
                                                                               {"TONY", "ANTONIO"}})
        EXPECT_TRUE(table.related(a, b)) << a << " " << b;
    for (const auto& [a, b] : std::vector<std::pair<const char*, const char*>>{
             {"JOHN", "JOHN"}, {"ANITA", "HELEN"}, {"WILLIAM", "WALTER"}, {"AL", "ALBINO"}, {"", "ANN"}})
        EXPECT_FALSE(table.related(a, b)) << a << " " << b;
    const auto variants = table.variants("BILL");
    EXPECT_EQ(variants.front(), "BILL");
    EXPECT_NE(std::find(variants.begin(), variants.end(), "WILLIAM"), variants.end());
}

TEST(NicknamesTable, RefusesALineWithOneName)
{
    const auto table = Nicknames::from_csv("# comment\nROBERT,BOB\nALONE\n");
    ASSERT_FALSE(table);
    EXPECT_EQ(table.error().kind, FaultKind::config);
    EXPECT_EQ(table.error().what, "line 3 has fewer than two names");
}

TEST(Folding, NamesNumbersSuffixesSounds)
{
    EXPECT_EQ(fold_name("  Garc\xC3\xAD"
                        "a-L\xC3\xB3pez, Jr. "),
              "GARCIA LOPEZ JR");
    EXPECT_EQ(fold_name("O\xE2\x80\x99"
                        "Brien"),
              "OBRIEN");
    EXPECT_EQ(fold_name("M\xFCller"), "MULLER");  // a stray Latin-1 byte
    EXPECT_EQ(fold_name("J0hn5on"), "JOHNSON");
    EXPECT_EQ(fold_name("\xE2\x80\x94 \xC3\x97 \x80"), "");  // marks, and a byte that is no letter
    EXPECT_EQ(fold_name("ANN\xC3"), "ANNA");                 // cut in the middle of a letter
    EXPECT_EQ(mrn_key("MRN: 00-123 4"), "MRN001234");
    EXPECT_EQ(mrn_key("0012"), "12");
    EXPECT_EQ(mrn_key("000"), "0");
    EXPECT_EQ(mrn_key("--"), "");
    EXPECT_EQ(fold_suffix("Jr."), "JR");
    EXPECT_EQ(fold_suffix("3rd"), "III");
    EXPECT_EQ(fold_suffix("MD"), "");
    EXPECT_EQ(name_sound("KATHRYN"), name_sound("CATHERINE"));
    EXPECT_EQ(name_sound("SMITH"), name_sound("SMYTHE"));
    EXPECT_EQ(name_sound("PHILLIPS"), name_sound("FILIPS"));
    EXPECT_NE(name_sound("SMITH"), name_sound("JONES"));
    EXPECT_EQ(name_sound(""), "");
    EXPECT_EQ(name_parts("DE LA CRUZ GOMEZ"), (std::vector<std::string>{"DELACRUZ", "GOMEZ"}));
}

}  // namespace
}  // namespace chartlift
