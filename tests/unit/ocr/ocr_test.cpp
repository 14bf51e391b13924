// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/ocr/ocr.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <stop_token>

#include "stages/adapters/leptonica.h"
#include "stages/adapters/turn.h"
#include "stages/ocr/engine.h"

namespace chartlift {
namespace {

constexpr const char* kText =
    "The patient was seen in the clinic today with persistent headache and dizziness. "
    "Blood pressure remains well controlled. Continue current medication and return "
    "to the department in three months time.\nLaboratory results were reviewed and are "
    "within normal limits for this patient. No further treatment is needed at present.";

/// A page set in Leptonica's built-in font (drawn for 300 dpi), so that tests need no font files.
UprightPage typed_page(float scale = 1.0F)
{
    L_BMF* font = bmfCreate(nullptr, 12);
    const adapters::PixPtr sheet(pixCreate(1700, 1100, 8));
    pixSetAll(sheet.get());
    l_int32 overflow = 0;
    pixSetTextblock(sheet.get(), font, kText, 0, 120, 160, 1500, 0, &overflow);
    bmfDestroy(&font);
    const adapters::PixPtr sized(pixScale(sheet.get(), scale, scale));
    UprightPage page;
    page.gray = page.archive = *adapters::from_pix(*sized);
    page.dpi = Dpi{300 * scale};
    page.orientation_sure = true;
    return page;
}

const Ocr& stage()
{
    static const Ocr ocr = *Ocr::create({});
    return ocr;
}

TEST(Ocr, ReadsWordsWithBoxesLinesAndConfidence)
{
    const auto read = stage().run(typed_page(), {});
    ASSERT_TRUE(read) << read.error().message();
    const std::string plain = read->text.plain();
    EXPECT_THAT(plain, testing::HasSubstr("with persistent headache\nand dizziness."));
    EXPECT_FALSE(read->turned);
    EXPECT_GT(read->text.mean_confidence, 0.8F);
    EXPECT_EQ(lines_of(read->text.words).size(), 5U);
    for (const Word& word : read->text.words) {
        EXPECT_FALSE(word.box.empty());
        EXPECT_LE(word.box.right_px, 1700);
    }
}

TEST(Ocr, TurnsAPageThatStandsUpsideDown)
{
    for (const QuarterTurn turn : {QuarterTurn::cw180, QuarterTurn::cw90, QuarterTurn::cw270}) {
        UprightPage page = adapters::turned_cw(typed_page(), turn);
        page.orientation_sure = false;
        const auto read = stage().run(page, {});
        ASSERT_TRUE(read);
        ASSERT_TRUE(read->turned) << static_cast<int>(turn);
        EXPECT_TRUE(read->orientation_sure);
        EXPECT_EQ(read->turned->gray.width_px(), 1700);
        EXPECT_EQ(read->turned->rotated_cw, QuarterTurn::none);
        EXPECT_THAT(read->text.plain(), testing::HasSubstr("headache"));
    }
}

TEST(Ocr, DoubtsASurePageThatReadsAsNoise)
{
    const UprightPage page = adapters::turned_cw(typed_page(), QuarterTurn::cw180);
    const auto read = stage().run(page, {});
    ASSERT_TRUE(read);
    ASSERT_TRUE(read->turned);
    EXPECT_THAT(read->text.plain(), testing::HasSubstr("headache"));
}

TEST(Ocr, CoarsePagesAreEnlargedAndBoxesMappedBack)
{
    const auto fine = stage().run(typed_page(1.0F), {});
    const auto coarse = stage().run(typed_page(0.4F), {});
    ASSERT_TRUE(fine && coarse);
    const auto find = [](const PageText& text) {
        return std::find_if(text.words.begin(), text.words.end(), [](const Word& w) { return w.text == "headache"; });
    };
    const auto a = find(fine->text);
    const auto b = find(coarse->text);
    ASSERT_NE(a, fine->text.words.end());
    ASSERT_NE(b, coarse->text.words.end());
    EXPECT_NEAR(a->box.left_px * 0.4, b->box.left_px, 4);
    EXPECT_NEAR(a->box.bottom_px * 0.4, b->box.bottom_px, 4);
}

TEST(Ocr, ABlankPageIsNotRead)
{
    UprightPage page = typed_page();
    page.blank = true;
    const auto read = stage().run(page, {});
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->text.words.empty());
}

TEST(Ocr, MissingLanguageNamesThePackage)
{
    OcrSettings settings;
    settings.languages = {"eng", "xx_yy"};
    const auto made = Ocr::create(settings);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, FaultKind::config);
    EXPECT_THAT(made.error().what, testing::HasSubstr("tesseract-ocr-xx-yy"));
}

TEST(Ocr, GivesUpAtTheDeadlineAndOnStop)
{
    StageContext late;
    late.deadline = StageContext::Clock::now() + std::chrono::milliseconds(20);
    const auto timed_out = stage().run(typed_page(), late);
    ASSERT_FALSE(timed_out);
    EXPECT_EQ(timed_out.error().kind, FaultKind::timeout);

    std::stop_source source;
    StageContext stopped;
    stopped.stop = source.get_token();
    source.request_stop();
    const auto cancelled = stage().run(typed_page(), stopped);
    ASSERT_FALSE(cancelled);
    EXPECT_EQ(cancelled.error().kind, FaultKind::cancelled);
    EXPECT_TRUE(stage().run(typed_page(), {})) << "the engine serves again after both";
}

TEST(Ocr, ManyThreadsShareFewEnginesAndAgree)
{
    OcrSettings settings;
    settings.engines = 1;
    const auto ocr = Ocr::create(settings);
    ASSERT_TRUE(ocr);
    const UprightPage page = typed_page();
    const auto job = [&] { return ocr->run(page, {}); };
    auto a = std::async(std::launch::async, job);
    auto b = std::async(std::launch::async, job);
    const auto one = a.get();
    const auto other = b.get();
    ASSERT_TRUE(one && other);
    EXPECT_EQ(one->text.words, other->text.words);
}

TEST(Engine, WeighsConfidenceByCharacters)
{
    EXPECT_FLOAT_EQ(ocr::mean_confidence({{"abc", {}, 1.0F, 0, 0}, {"d", {}, 0.0F, 0, 0}}), 0.75F);
    EXPECT_FLOAT_EQ(ocr::mean_confidence({}), 0.0F);
}

}  // namespace
}  // namespace chartlift
