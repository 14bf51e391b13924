// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/extract/reconcile.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace chartlift {
namespace {

struct Said {
    FieldKind kind;
    const char* value;
    float probability;
};

PageFields page_of(PageIndex page, std::initializer_list<Said> said)
{
    PageFields fields;
    for (const Said& s : said) {
        FieldValue value;
        value.kind = s.kind;
        value.value = std::string(s.value);
        value.raw = std::string(s.value);
        value.probability = Score{s.probability};
        value.page = page;
        fields.values.push_back(value);
    }
    return fields;
}

DocumentFields reconciled(const std::vector<PageFields>& pages)
{
    std::vector<const PageFields*> pointers;
    for (const PageFields& page : pages) pointers.push_back(&page);
    return reconcile(pointers);
}

std::string best(const DocumentFields& fields, FieldKind kind)
{
    const FieldValue* value = fields.fields.best(kind);
    return value ? value->value.reveal() : "";
}

TEST(Reconcile, OcrVariantsAreOneValueAndTheBetterReadingWins)
{
    const auto out =
        reconciled({page_of(0, {{FieldKind::mrn, "0S68706", 0.76F}, {FieldKind::last_name, "LAVALILEY", 0.8F}}),
                    page_of(1, {{FieldKind::mrn, "0568706", 0.95F}, {FieldKind::last_name, "Lavalley", 0.9F}}),
                    page_of(2, {{FieldKind::mrn, "0568706", 0.95F}, {FieldKind::last_name, "Lavalley", 0.9F}})});
    EXPECT_EQ(best(out, FieldKind::mrn), "0568706");
    EXPECT_EQ(best(out, FieldKind::last_name), "Lavalley");
    EXPECT_TRUE(out.disagreements.empty());
    EXPECT_GT(out.fields.best(FieldKind::mrn)->probability.value, 0.95F);
    EXPECT_EQ(out.fields.best(FieldKind::mrn)->page, 1U);
}

TEST(Reconcile, TwoPeopleAreADisagreement)
{
    const auto out = reconciled({page_of(3, {{FieldKind::mrn, "1111111", 0.95F},
                                             {FieldKind::last_name, "Smith", 0.95F},
                                             {FieldKind::first_name, "John", 0.95F}}),
                                 page_of(4, {{FieldKind::mrn, "2222222", 0.95F},
                                             {FieldKind::last_name, "Garcia", 0.95F},
                                             {FieldKind::first_name, "Ana", 0.95F}})});
    ASSERT_EQ(out.disagreements.size(), 3U);
    EXPECT_EQ(out.disagreements[0], (Disagreement{FieldKind::mrn, 3, 4}));
    EXPECT_LT(out.fields.best(FieldKind::mrn)->probability.value, 0.7F);
}

TEST(Reconcile, ADoubtfulPageIsNoDisagreement)
{
    const auto out = reconciled(
        {page_of(0, {{FieldKind::mrn, "1111111", 0.95F}}), page_of(1, {{FieldKind::mrn, "2222222", 0.55F}})});
    EXPECT_TRUE(out.disagreements.empty());
    EXPECT_EQ(best(out, FieldKind::mrn), "1111111");
}

TEST(Reconcile, NumbersOneDigitApartAreTwoPeopleWhereBothAreSure)
{
    const auto out = reconciled(
        {page_of(0, {{FieldKind::mrn, "1234567", 0.97F}}), page_of(1, {{FieldKind::mrn, "1234569", 0.97F}})});
    EXPECT_EQ(out.disagreements.size(), 1U);
}

TEST(Reconcile, ANicknameBesideTheSameNumberIsNoDisagreement)
{
    const auto out = reconciled({page_of(0, {{FieldKind::mrn, "1111111", 0.95F},
                                             {FieldKind::last_name, "Keene", 0.95F},
                                             {FieldKind::first_name, "Eunice", 0.95F}}),
                                 page_of(1, {{FieldKind::mrn, "1111111", 0.95F},
                                             {FieldKind::last_name, "Keene", 0.95F},
                                             {FieldKind::first_name, "Nicie", 0.95F}})});
    EXPECT_TRUE(out.disagreements.empty());
    EXPECT_EQ(best(out, FieldKind::first_name), "Eunice");
}

TEST(Reconcile, NoPersonIsPutTogetherOutOfTwo)
{
    const auto out =
        reconciled({page_of(0, {{FieldKind::last_name, "Smith", 0.9F}, {FieldKind::first_name, "John", 0.6F}}),
                    page_of(1, {{FieldKind::last_name, "Smith", 0.9F}}),
                    page_of(2, {{FieldKind::last_name, "Garcia", 0.9F}, {FieldKind::first_name, "Ana", 0.98F}})});
    EXPECT_EQ(best(out, FieldKind::last_name), "Smith");
    EXPECT_EQ(best(out, FieldKind::first_name), "John");
}

TEST(Reconcile, AnInitialIsTheSameNameAndTheFullNameStands)
{
    const auto out = reconciled(
        {page_of(0, {{FieldKind::first_name, "J", 0.9F}}), page_of(1, {{FieldKind::first_name, "Jimmie", 0.85F}})});
    EXPECT_EQ(best(out, FieldKind::first_name), "Jimmie");
    EXPECT_TRUE(out.disagreements.empty());
}

TEST(Reconcile, NothingInNothingOut)
{
    EXPECT_TRUE(reconcile({}).fields.values.empty());
    const std::vector<const PageFields*> none{nullptr, nullptr};
    EXPECT_TRUE(reconcile(none).fields.values.empty());
}

TEST(Reconcile, AtMostOneValueAKind)
{
    const auto out = reconciled({page_of(0, {{FieldKind::author, "A One", 0.9F}, {FieldKind::author, "B Two", 0.8F}}),
                                 page_of(1, {{FieldKind::author, "C Three", 0.9F}})});
    EXPECT_EQ(out.fields.values.size(), 1U);
}

}  // namespace
}  // namespace chartlift
