// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/extract/dates.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/extract/typed_page.h"

namespace chartlift::extract {
namespace {

struct Printed {
    const char* text;
    const char* birth;    ///< empty: not a date, or no day that can be
    const char* service;  ///< nullptr: the same
};

void PrintTo(const Printed& printed, std::ostream* out)
{
    *out << printed.text;
}

class Dates : public testing::TestWithParam<Printed> {};

TEST_P(Dates, AreRead)
{
    const ExtractInput input = test::typed_page(GetParam().text);
    const ReadPage page = read_page(input.text.words, 0, 0);
    const Date latest = *make_date(2024, 6, 30);
    const auto reading = read_date(page.tokens);
    const auto iso = [&](DateUse use) {
        const auto date = reading ? settle(*reading, use, latest) : std::nullopt;
        return date ? to_iso(*date) : std::string();
    };
    EXPECT_EQ(iso(DateUse::birth), GetParam().birth);
    EXPECT_EQ(iso(DateUse::service), GetParam().service ? GetParam().service : GetParam().birth);
}

const Printed kPrinted[] = {
    {"07/22/1977", "1977-07-22", nullptr},
    {"7-22-77", "1977-07-22", nullptr},
    {"07.22.1977", "1977-07-22", nullptr},
    {"07 / 22 / 1977", "1977-07-22", nullptr},
    {"07/ 22/1977", "1977-07-22", nullptr},
    {"22/07/1977", "1977-07-22", nullptr},
    {"1977-07-22", "1977-07-22", nullptr},
    {"1977/07/22", "1977-07-22", nullptr},
    {"07221977", "1977-07-22", nullptr},
    {"19770722", "1977-07-22", nullptr},
    {"October 04, 1998", "1998-10-04", nullptr},
    {"Oct. 4 1998", "1998-10-04", nullptr},
    {"0ctober 4, 1998", "1998-10-04", nullptr},
    {"4-Oct-98", "1998-10-04", nullptr},
    {"04OCT1998", "1998-10-04", nullptr},
    {"04 October 1998", "1998-10-04", nullptr},
    {"15th of March, 1994", "1994-03-15", nullptr},
    {"Sept 3rd, 2001", "2001-09-03", nullptr},
    {"Tuesday, March 15, 1994", "1994-03-15", nullptr},
    {"(07/22/1977)", "1977-07-22", nullptr},
    {"O7/22/l977", "1977-07-22", nullptr},
    {"Q5-17-2010", "2010-05-17", nullptr},
    {"02/29/1985", "", nullptr},
    {"02/29/1984", "1984-02-29", nullptr},
    {"13/13/1999", "", nullptr},
    {"92-21-1946", "", nullptr},
    {"01/02/31", "1931-01-02", nullptr},
    {"01/02/24", "2024-01-02", nullptr},
    {"07/01/24", "1924-07-01", "2024-07-01"},  // a day ahead may be a time zone; nobody is born tomorrow
    {"07/02/2024", "", nullptr},
    {"01/02/1850", "", nullptr},
    {"7/22", "", nullptr},
    {"10:30", "", nullptr},
    {"555-123-4567", "", nullptr},
    {"123-45-6789", "", nullptr},
    {"4.0-11.0", "", nullptr},
    {"SO/SO/SOSO", "", nullptr},
    {"March", "", nullptr},
    {"October 1998", "", nullptr},
    {"", "", nullptr},
};

INSTANTIATE_TEST_SUITE_P(Forms, Dates, testing::ValuesIn(kPrinted));

TEST(Dates, ARepairLowersTheQuality)
{
    const ExtractInput clean = test::typed_page("07/22/1977");
    const ExtractInput repaired = test::typed_page("O7/22/1977");
    const auto a = read_date(read_page(clean.text.words, 0, 0).tokens);
    const auto b = read_date(read_page(repaired.text.words, 0, 0).tokens);
    ASSERT_TRUE(a && b);
    EXPECT_DOUBLE_EQ(a->quality, 1);
    EXPECT_LT(b->quality, 0.9);
}

}  // namespace
}  // namespace chartlift::extract
