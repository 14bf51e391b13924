// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/match/similarity.h"

#include <gtest/gtest.h>

#include <string>

namespace chartlift::match {
namespace {

TEST(JaroWinkler, GivesThePublishedValues)
{
    // Winkler 1990, table of examples.
    EXPECT_NEAR(jaro_winkler("MARTHA", "MARHTA"), 0.961, 0.001);
    EXPECT_NEAR(jaro_winkler("DWAYNE", "DUANE"), 0.840, 0.001);
    EXPECT_NEAR(jaro_winkler("DIXON", "DICKSONX"), 0.813, 0.001);
    EXPECT_EQ(jaro_winkler("", "A"), 0);
    EXPECT_EQ(jaro_winkler("SAME", "SAME"), 1);
    EXPECT_EQ(jaro_winkler("ABC", "XYZ"), 0);
}

TEST(JaroWinkler, SurvivesAbsurdLengths)
{
    EXPECT_EQ(jaro_winkler(std::string(5000, 'A'), std::string(5000, 'A') + "B"), 1);
    EXPECT_GE(ocr_distance(std::string(5000, 'A'), "B"), 1);
}

TEST(OcrDistance, CostsHalfWhereAScannerErrs)
{
    EXPECT_EQ(ocr_distance("BURNETT", "BUMETT"), 0.5);
    EXPECT_EQ(ocr_distance("CLARK", "DARK"), 0.5);
    EXPECT_EQ(ocr_distance("I0HN", "IOHN"), 0.5);
    EXPECT_EQ(ocr_distance("SMITH", "SMYTH"), 1);
    EXPECT_EQ(ocr_distance("BRAIN", "BRIAN"), 1);
    EXPECT_EQ(ocr_distance("BUMETT", "BURNETT"), ocr_distance("BURNETT", "BUMETT"));
}

TEST(CompareNumbers, NamesTheSlip)
{
    EXPECT_EQ(compare_numbers("1234567", "1234567"), NumberError::none);
    EXPECT_EQ(compare_numbers("1234567", "1234S67"), NumberError::confused);
    EXPECT_EQ(compare_numbers("1234567", "1294567"), NumberError::substituted);
    EXPECT_EQ(compare_numbers("1234567", "1243567"), NumberError::transposed);
    EXPECT_EQ(compare_numbers("1234567", "123567"), NumberError::length);
    EXPECT_EQ(compare_numbers("234567", "1234567"), NumberError::length);
    EXPECT_EQ(compare_numbers("1234567", "7654321"), NumberError::more);
    EXPECT_EQ(compare_numbers("12345", "1234567"), NumberError::more);
    EXPECT_EQ(compare_numbers("", ""), NumberError::none);
}

}  // namespace
}  // namespace chartlift::match
