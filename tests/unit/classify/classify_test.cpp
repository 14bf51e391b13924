// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/classify/classify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stop_token>
#include <thread>

#include "stages/classify/train.h"

namespace chartlift {
namespace {

std::shared_ptr<const DocTypes> some_types()
{
    auto types = std::make_shared<DocTypes>();
    types->types.push_back({"lab", "Lab", "", {"Laboratory Report"}, false});
    types->types.push_back({"note", "Note", "", {"Progress Note"}, false});
    types->types.push_back({"operation", "Operation", "", {"Operative Report"}, false});
    types->types.push_back({"site_form", "Site form", "", {"Pool Therapy Log"}, false});
    return types;
}

/// Pages that differ in words and shape, with and without a title.
std::vector<LabelledPage> pages(int groups)
{
    std::vector<LabelledPage> out;
    const std::vector<std::vector<std::string>> bodies{
        {"Sodium 140 mmol/L 136-145", "Potassium 4.1 mmol/L 3.5-5.1", "Glucose 98 mg/dL 70-99", "Creatinine 0.9 mg/dL"},
        {"SUBJECTIVE:", "The patient feels better and has no new complaints today.",
         "PLAN:", "Return in three months."},
        {"PROCEDURE:", "The abdomen was prepped and draped and an incision was made.", "ANESTHESIA: General.",
         "The wound was closed in layers with suture."}};
    const std::vector<std::string> ids{"lab", "note", "operation"};
    const std::vector<std::string> titles{"LABORATORY REPORT", "PROGRESS NOTE", "OPERATIVE REPORT"};
    for (int group = 0; group < groups; ++group) {
        for (std::size_t k = 0; k < ids.size(); ++k) {
            for (const bool titled : {true, false}) {
                std::vector<std::string> lines{"Hospital number " + std::to_string(group)};
                if (titled) lines.push_back(titles[k]);
                for (std::size_t i = 0; i < bodies[k].size(); ++i)
                    if (static_cast<int>(i) != group % 4) lines.push_back(bodies[k][i]);
                LabelledPage page;
                page.page = page_from_lines(lines);
                page.type = ids[k];
                page.group = ids[k] + std::to_string(group);
                page.titled = titled;
                page.corpus = "toy";
                out.push_back(std::move(page));
            }
        }
    }
    return out;
}

TrainSettings quick()
{
    TrainSettings settings;
    settings.folds = 2;
    return settings;
}

std::shared_ptr<const PageTypeModel> toy_model()
{
    static const auto model = [] {
        FitReport report;
        auto trained = train(pages(8), some_types(), quick(), report);
        EXPECT_TRUE(trained);
        return std::make_shared<const PageTypeModel>(std::move(*trained));
    }();
    return model;
}

PageClass type_of(const std::vector<std::string>& lines, ClassifySettings settings = {Score{0}})
{
    const Classify classify(toy_model(), some_types(), settings);
    auto out = classify.run(page_from_lines(lines), {});
    EXPECT_TRUE(out);
    return *out;
}

TEST(PageFromLines, NumbersLinesAndBlocks)
{
    const std::vector<std::string> lines{"a  b", "", "  c"};
    const ReadablePage page = page_from_lines(lines);
    ASSERT_EQ(page.text.words.size(), 3U);
    EXPECT_EQ(page.text.plain(), "a b\n\nc\n");
    EXPECT_GT(page.text.words[1].box.left_px, page.text.words[0].box.right_px);
    EXPECT_GT(page.text.words[2].box.top_px, page.text.words[1].box.bottom_px);
    EXPECT_EQ(text_lines(page), (std::vector<std::string>{"a b", "c"}));
}

TEST(Train, TellsHeldOutPagesApartAndReportsThem)
{
    FitReport report;
    const auto model = train(pages(8), some_types(), quick(), report);
    ASSERT_TRUE(model) << model.error().message();
    EXPECT_EQ(report.pages, 48);
    EXPECT_EQ(report.groups, 24);
    EXPECT_EQ(report.all.pages, 48);
    EXPECT_GT(report.all.accuracy(), 0.95);
    EXPECT_EQ(report.titled.at("toy").pages, 24);
    EXPECT_EQ(report.untitled.at("toy").pages, 24);
    EXPECT_EQ(model->types(), (std::vector<std::string>{"lab", "note", "operation"}));
    EXPECT_GT(model->title_precision().value, 0.9F);
}

TEST(Train, IsRepeatable)
{
    FitReport report;
    const auto again = train(pages(8), some_types(), quick(), report);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->save(), toy_model()->save());
}

TEST(Train, RefusesWhatItCannotLearnFrom)
{
    FitReport report;
    auto one = pages(8);
    std::erase_if(one, [](const LabelledPage& page) { return page.type != "lab"; });
    EXPECT_EQ(train(one, some_types(), {}, report).error().kind, FaultKind::config);
    auto foreign = pages(8);
    foreign[0].type = "nobody";
    EXPECT_EQ(train(foreign, some_types(), {}, report).error().kind, FaultKind::config);
    TrainSettings settings;
    settings.folds = 1;
    EXPECT_EQ(train(pages(8), some_types(), settings, report).error().kind, FaultKind::config);
}

TEST(Classify, ReadsBodiesWithoutATitle)
{
    EXPECT_EQ(type_of({"The abdomen was prepped and draped.", "ANESTHESIA: General."}).best.type, "operation");
    EXPECT_EQ(type_of({"Potassium 4.1 mmol/L 3.5-5.1", "Glucose 98 mg/dL 70-99"}).best.type, "lab");
}

TEST(Classify, RanksAtMostFiveAndNeverOverOne)
{
    const PageClass out = type_of({"PLAN:", "Return in three months."});
    EXPECT_LE(out.ranked.size(), 5U);
    EXPECT_EQ(out.best, out.ranked.front());
    float sum = 0;
    for (std::size_t i = 0; i < out.ranked.size(); ++i) {
        sum += out.ranked[i].probability.value;
        if (i > 0) { EXPECT_LE(out.ranked[i].probability, out.ranked[i - 1].probability); }
    }
    EXPECT_NEAR(sum, 1.0F, 1e-4F);
}

TEST(Classify, IsUnknownWhereEvidenceIsThin)
{
    const PageClass out = type_of({"zzz"}, {Score{0.99F}});
    EXPECT_EQ(out.best.type, kUnknownType);
    EXPECT_NE(out.ranked.front().type, kUnknownType);
    EXPECT_EQ(type_of({}).best.type, kUnknownType);
    EXPECT_EQ(type_of({}).best.probability, Score{0});
}

TEST(Classify, KnowsASitesOwnTypeByItsTitle)
{
    const PageClass out = type_of({"Some Clinic", "Pool Therapy Log", "monday 20 min"});
    EXPECT_EQ(out.best.type, "site_form");
    EXPECT_GT(out.best.probability.value, 0.8F);
    EXPECT_NE(
        type_of({"Some Clinic", "the pool therapy log is attached for whoever wants to read it at leisure"}).best.type,
        "site_form");
}

TEST(Classify, StopsWhenAskedTo)
{
    std::stop_source source;
    source.request_stop();
    StageContext context;
    context.stop = source.get_token();
    const Classify classify(toy_model(), some_types());
    const auto out = classify.run(page_from_lines(std::vector<std::string>{"a"}), context);
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().kind, FaultKind::cancelled);
    EXPECT_EQ(out.error().where, "classify");
}

TEST(Classify, GivesManyThreadsTheSameAnswer)
{
    const Classify classify(toy_model(), some_types());
    const ReadablePage page = page_from_lines(std::vector<std::string>{"PROCEDURE:", "incision was made"});
    const PageClass expected = *classify.run(page, {});
    std::vector<int> wrong(4, 0);
    {
        std::vector<std::jthread> threads;
        for (std::size_t t = 0; t < wrong.size(); ++t)
            threads.emplace_back([&, t] {
                for (int i = 0; i < 50; ++i)
                    if (!(*classify.run(page, {}) == expected)) ++wrong[t];
            });
    }
    EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

TEST(PageTypeModel, SurvivesSaving)
{
    const std::string bytes = toy_model()->save();
    const auto back = PageTypeModel::load(bytes);
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_EQ(back->save(), bytes);
    const TitleLexicon lexicon(*some_types());
    const auto features = weighted(
        raw_features(page_from_lines(std::vector<std::string>{"Sodium 140"}), lexicon, *some_types()), back->idf());
    EXPECT_EQ(back->probabilities(features), toy_model()->probabilities(features));
}

TEST(PageTypeModel, RefusesDamage)
{
    const std::string good = toy_model()->save();
    for (const std::size_t at : {std::size_t{0}, std::size_t{40}, good.size() / 2, good.size() - 1}) {
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 0x20);
        EXPECT_EQ(PageTypeModel::load(bad).error().kind, FaultKind::corrupt) << at;
    }
    for (const std::size_t size : {std::size_t{0}, std::size_t{10}, std::size_t{60}, good.size() - 1})
        EXPECT_EQ(PageTypeModel::load(std::string_view(good).substr(0, size)).error().kind, FaultKind::corrupt) << size;
    std::string newer = good;
    newer[21] = 9;  // the format number follows the magic line
    EXPECT_EQ(PageTypeModel::load(newer).error().kind, FaultKind::unsupported);
}

TEST(PageTypeModel, KeepsNoMoreRowsThanAllowed)
{
    PageTypeWeights full;
    full.types = {"a", "b"};
    full.idf.assign(kBuckets, 1);
    full.weights.assign(kBuckets * 2, 0);
    full.weights[10] = 1;     // bucket 5, type a
    full.weights[21] = -0.5;  // bucket 10, type b
    full.weights[40] = 0.1F;  // bucket 20, type a
    full.bias = {0, 0};
    full.decision_shift = {0, 0};
    const PageTypeModel model = PageTypeModel::compacted(full, 2);
    const std::vector<Feature> features{{5, 1}, {10, 1}, {20, 1}};
    const auto decisions = model.decisions(features);
    EXPECT_NEAR(decisions[0], 1, 0.01);
    EXPECT_NEAR(decisions[1], -0.5, 0.01);
}

/// A letter about an operation is a letter: its forms must speak louder than its words.
TEST(Features, FormsOfALetterAddEvidence)
{
    const DocTypes types = *some_types();
    const TitleLexicon lexicon(types);
    const std::vector<std::string> body{"The wound healed well after the operation.", "He returns in a month."};
    std::vector<std::string> letter{"RE: J. Doe", "Dear Dr. Roe:"};
    letter.insert(letter.end(), body.begin(), body.end());
    letter.push_back("Sincerely,");
    const auto of = [&](const std::vector<std::string>& lines) {
        const auto raw = raw_features(page_from_lines(lines), lexicon, types);
        return std::count_if(raw.begin(), raw.end(),
                             [](const RawFeature& f) { return f.kind == 5 /* titles and cues */; });
    };
    EXPECT_EQ(of(body), 1);  // no title
    EXPECT_EQ(of(letter), 5);
}

}  // namespace
}  // namespace chartlift
