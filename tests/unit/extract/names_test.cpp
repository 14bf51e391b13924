// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/extract/names.h"

#include <gtest/gtest.h>

#include <string>

#include "stages/extract/identifiers.h"
#include "tests/unit/extract/typed_page.h"

namespace chartlift::extract {
namespace {

struct Printed {
    const char* text;
    const char* parts;  ///< "last|first|middle|suffix"; empty: no name
};

void PrintTo(const Printed& printed, std::ostream* out)
{
    *out << printed.text;
}

class Names : public testing::TestWithParam<Printed> {};

TEST_P(Names, AreRead)
{
    const ExtractInput input = test::typed_page(GetParam().text);
    const ReadPage page = read_page(input.text.words, 0, 0);
    const auto name = read_name(page.tokens, {.last_first = false, .labelled = true});
    const std::string parts = name ? name->last + "|" + name->first + "|" + name->middle + "|" + name->suffix : "";
    EXPECT_EQ(parts, GetParam().parts);
}

const Printed kPrinted[] = {
    {"Keene, Nicie N", "Keene|Nicie|N|"},
    {"KEENE, EUNICE N.", "KEENE|EUNICE|N|"},
    {"Barbara J. Lewis", "Lewis|Barbara|J|"},
    {"Paul Joyce", "Joyce|Paul||"},
    {"SMITH,JOHN A", "SMITH|JOHN|A|"},
    {"Smith , John", "Smith|John||"},
    {"Mary Ann Smith", "Smith|Mary|Ann|"},
    {"Smith, Mary Ann", "Smith|Mary|Ann|"},
    {"First M. Last, Jr.", "Last|First|M|Jr"},
    {"Last, First Middle Jr", "Last|First|Middle|Jr"},
    {"Last III, First", "Last|First||III"},
    {"de la Cruz, Ana", "de la Cruz|Ana||"},
    {"Ludwig van der Berg", "van der Berg|Ludwig||"},
    {"St. John, Peter", "St John|Peter||"},
    {"O'Brien, Pat", "O'Brien|Pat||"},
    {"Smith-Jones, Amy", "Smith-Jones|Amy||"},
    {"J. R. Ewing", "Ewing|J|R|"},
    {"Dr. P. Desai", "Desai|P||"},
    {"Harold Lindqvist, M.D.", "Lindqvist|Harold||"},
    {"Kim, Sarah MD", "Kim|Sarah||"},
    {"Do, Anh", "Do|Anh||"},
    {"Mu\xC3\xB1oz, Jos\xC3\xA9", "Mu\xC3\xB1oz|Jos\xC3\xA9||"},
    {"SMITH JOHN A", "SMITH|JOHN|A|"},
    {"123456", ""},
    {"XXXX", ""},
    {"", ""},
    {"a", ""},
};

INSTANTIATE_TEST_SUITE_P(Forms, Names, testing::ValuesIn(kPrinted));

TEST(Names, TellsAClinicianFromAPatient)
{
    for (const char* text : {"Dr. P. Desai", "Harold Lindqvist, M.D.", "Kim, Sarah MD", "A. Jones RN"}) {
        const ExtractInput input = test::typed_page(text);
        const auto name = read_name(read_page(input.text.words, 0, 0).tokens, {});
        ASSERT_TRUE(name) << text;
        EXPECT_TRUE(name->clinician) << text;
    }
    const ExtractInput input = test::typed_page("Kim, Sarah M");
    const auto name = read_name(read_page(input.text.words, 0, 0).tokens, {});
    ASSERT_TRUE(name);
    EXPECT_FALSE(name->clinician);
}

struct Number {
    const char* text;
    const char* value;  ///< empty: no identifier
};

TEST(Identifiers, AreRead)
{
    for (const Number& number : {Number{"0568706", "0568706"},
                                 {"M-123456", "M-123456"},
                                 {"#0568706", "0568706"},
                                 {"0S68706", "0568706"},
                                 {"O568706", "0568706"},
                                 {"12-34-56", "12-34-56"},
                                 {"4044803|", "4044803"},
                                 {"No. 4044803.", "4044803"},
                                 {"056 8706", "0568706"},
                                 {"E1234567", "E1234567"},
                                 {"123456-A", "123456-A"},
                                 {"123-45-6789", ""},
                                 {"(555) 123-4567", ""},
                                 {"555-123-4567", ""},
                                 {"07/22/1977", ""},
                                 {"07-22-1977", ""},
                                 {"12", ""},
                                 {"Smith", ""},
                                 {"98.6", ""},
                                 {"", ""}}) {
        const ExtractInput input = test::typed_page(number.text);
        const auto got = read_identifier(read_page(input.text.words, 0, 0).tokens);
        EXPECT_EQ(got ? got->value : "", number.value) << number.text;
    }
}

TEST(Sex, IsReadBesideAges)
{
    for (const Number& sex : {Number{"M", "M"},
                              {"female", "F"},
                              {"F/47y", "F"},
                              {"47 M", "M"},
                              {"47M", "M"},
                              {"47 yrs F", "F"},
                              {"[X] M [ ] F", "M"},
                              {"M F", ""},
                              {"Married", ""},
                              {"47", ""}}) {
        const ExtractInput input = test::typed_page(sex.text);
        const auto got = read_sex(read_page(input.text.words, 0, 0).tokens);
        EXPECT_EQ(got ? got->value : "", sex.value) << sex.text;
    }
}

}  // namespace
}  // namespace chartlift::extract
