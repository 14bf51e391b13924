// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/route/route.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace chartlift {
namespace {

/// A document that passes everything, for a test to spoil.
struct Sound {
    DocumentSplit split;
    DocumentFields fields;
    PatientMatch match;
    PageRecord page;

    Sound()
    {
        split.pages = {0};
        split.type = {"operative_report", Score{0.97F}};
        split.boundary_probability = Score{0.95F};
        add(FieldKind::mrn, "0012345");
        add(FieldKind::last_name, "Doe");
        add(FieldKind::birth_date, "1947-03-02");
        Candidate best;
        best.patient.mrn = std::string("0012345");
        best.probability = Score{0.999F};
        best.reasons = {{FieldKind::mrn, Agreement::exact, 20},
                        {FieldKind::last_name, Agreement::exact, 10},
                        {FieldKind::birth_date, Agreement::exact, 12}};
        match.index_available = true;
        match.candidates = {best};
        page.ocr_confidence = 0.93F;
    }

    void add(FieldKind kind, const std::string& value)
    {
        FieldValue field;
        field.kind = kind;
        field.value = value;
        fields.fields.values.push_back(field);
    }
    void drop(FieldKind kind)
    {
        std::erase_if(fields.fields.values, [kind](const FieldValue& value) { return value.kind == kind; });
        for (FieldComparison& reason : match.candidates.front().reasons)
            if (reason.field == kind) reason.agreement = Agreement::missing;
    }
    std::vector<std::string> codes() const
    {
        const Route route = DecideRoute(RouteSettings{}).run({split, fields, match, {&page}});
        std::vector<std::string> out;
        for (const ReviewReason& reason : route.reasons) out.push_back(reason.code);
        return out;
    }
};

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Route, FilesASoundDocumentWithoutAPerson)
{
    EXPECT_THAT(Sound().codes(), IsEmpty());
}

TEST(Route, LeadingZerosOfANumberDoNotMatter)
{
    Sound sound;
    sound.fields.fields.values.front().value = std::string("12345");
    EXPECT_THAT(sound.codes(), IsEmpty());
}

TEST(Route, HoldsWithoutAnIndex)
{
    Sound sound;
    sound.match = {};
    EXPECT_THAT(sound.codes(), ElementsAre("patient.no_index"));
}

TEST(Route, HoldsWhereTheNumberIsAnotherPatients)
{
    Sound sound;
    sound.fields.fields.values.front().value = std::string("0012354");
    EXPECT_THAT(sound.codes(), ElementsAre("patient.mrn_differs"));
}

TEST(Route, ANumberAloneIsNotEnough)
{
    Sound sound;
    sound.drop(FieldKind::last_name);
    sound.drop(FieldKind::birth_date);
    EXPECT_THAT(sound.codes(), ElementsAre("patient.uncorroborated"));
}

TEST(Route, WithoutANumberNameAndBirthDateMustBothAgree)
{
    Sound sound;
    sound.drop(FieldKind::mrn);
    EXPECT_THAT(sound.codes(), IsEmpty());
    sound.drop(FieldKind::birth_date);
    EXPECT_THAT(sound.codes(), ElementsAre("patient.uncorroborated"));
}

TEST(Route, TellsNobodyFromNotSureFromTwo)
{
    Sound nobody;
    nobody.match.candidates.front().probability = Score{0.2F};
    EXPECT_THAT(nobody.codes(), ElementsAre("patient.not_found"));
    Sound unsure;
    unsure.match.candidates.front().probability = Score{0.97F};
    EXPECT_THAT(unsure.codes(), ElementsAre("patient.low"));
    Sound two;
    two.match.ambiguous = true;
    EXPECT_THAT(two.codes(), ElementsAre("patient.ambiguous"));
    Sound silent;
    silent.fields = {};
    EXPECT_THAT(silent.codes(), ElementsAre("patient.no_identifiers"));
}

TEST(Route, EachDoubtHasItsReason)
{
    const auto with = [](auto spoil) {
        Sound sound;
        spoil(sound);
        return sound.codes();
    };
    EXPECT_THAT(with([](Sound& s) { s.split.type.probability = Score{0.79F}; }), ElementsAre("type.low"));
    EXPECT_THAT(with([](Sound& s) { s.split.type.type = kUnknownType; }), ElementsAre("type.unknown"));
    EXPECT_THAT(with([](Sound& s) { s.split.boundary_probability = Score{0.5F}; }), ElementsAre("split.unsure"));
    EXPECT_THAT(with([](Sound& s) { s.split.touches_fault = true; }), ElementsAre("page.fault"));
    EXPECT_THAT(with([](Sound& s) { s.page.ocr_confidence = 0.4F; }), ElementsAre("ocr.poor"));
    EXPECT_THAT(with([](Sound& s) { s.page.orientation_sure = false; }), ElementsAre("page.orientation_unsure"));
    EXPECT_THAT(with([](Sound& s) {
                    s.fields.disagreements = {{FieldKind::mrn, 0, 1}};
                }),
                ElementsAre("patient.pages_disagree"));
    EXPECT_THAT(with([](Sound& s) {
                    s.fields.disagreements = {{FieldKind::service_date, 0, 1}};
                }),
                ElementsAre("dates.disagree"));
    EXPECT_THAT(with([](Sound& s) { s.fields.disagreements = {{FieldKind::author, 0, 1}}; }), IsEmpty());
}

TEST(Route, ReasonsAreDistinctAndExplained)
{
    std::set<std::string_view> codes;
    for (const ReasonInfo& reason : all_reasons()) {
        EXPECT_TRUE(codes.insert(reason.code).second) << reason.code;
        EXPECT_GT(reason.text.size(), 20U);
        EXPECT_TRUE(reason.text.ends_with('.'));
    }
    EXPECT_THAT(codes, Contains("patient.ambiguous"));
}

}  // namespace
}  // namespace chartlift
