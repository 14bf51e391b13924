// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/ocr/ocr.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <utility>

#include "stages/adapters/turn.h"
#include "stages/ocr/engine.h"
#include "stages/ocr/engine_pool.h"
#include "stages/ocr/ink_grid.h"
#include "stages/ocr/visible_text.h"

namespace chartlift {
namespace {

constexpr double kGoodWord = 0.6;          // engine confidence from which a word counts as read
constexpr double kWindowShare = 0.3;       // of each side: a tenth of the page, where its text is densest
constexpr double kClearlyBetter = 1.5;     // times the evidence of the next best turn to be sure of one
constexpr double kPlainlyText = 40;        // evidence of some ten words, with which a window read this
constexpr float kPlainConfidence = 0.85F;  // confidently can only be upright: upside down it reads at 0.3 to 0.6
constexpr double kEnoughEvidence = 12;     // about six good words of four letters; below it no turn is sure
constexpr std::size_t kFewWords = 4;       // fewer on a page that is not blank is no reading

/// How much a text looks like reading rather than like noise: letters of confident words, each weighted by the square
/// of its confidence, times their share of all letters. Text on its side or upside down yields hundreds of short words
/// of low confidence, of which chance makes a few look good; the share keeps those from counting.
double evidence(const PageText& text)
{
    double sum = 0;
    double good = 0;
    double all = 0;
    for (const Word& word : text.words) {
        const auto letters = static_cast<double>(std::count_if(word.text.begin(), word.text.end(), [](char c) {
            return std::isalnum(static_cast<unsigned char>(c)) != 0;
        }));
        const auto confidence = static_cast<double>(word.confidence);
        all += letters;
        if (confidence < kGoodWord || letters < 3) continue;
        good += letters;
        sum += confidence * confidence * std::min(letters, 10.0);
    }
    return all > 0 ? sum * good / all : 0.0;
}

bool reads_poorly(const PageText& text, float least_confidence)
{
    return text.words.size() < kFewWords || text.mean_confidence < least_confidence || evidence(text) < kEnoughEvidence;
}

Image cut(const Image& gray, const Box& box)
{
    // A view that shares the pixels: the row pointer moves, the owner stays.
    const auto* first = gray.row(box.top_px) + box.left_px;
    return {PixelFormat::gray8, box.width_px(), box.height_px(), gray.stride_bytes(),
            std::shared_ptr<const std::uint8_t>(gray.pixels(), first)};
}

/// One page at one engine: the reading steps share what they need here.
class Reading {
public:
    Reading(const OcrSettings& settings, ocr::Engine& engine, const StageContext& context)
        : settings_(settings), engine_(engine), context_(context)
    {
    }

    float scale(Dpi dpi) const
    {
        if (dpi.value <= 0) return 1;
        if (dpi.value < settings_.coarse_dpi)
            return std::min(settings_.max_upscale, settings_.enlarged_dpi / dpi.value);
        if (dpi.value > settings_.fine_dpi) return settings_.reduced_dpi / dpi.value;
        return 1;
    }

    Result<PageText> whole(const UprightPage& page) const
    {
        // Rows of forms and tables stay whole in one column, which label and value need; prose in columns must not be
        // read across.
        const ocr::InkGrid ink(page.gray, page.dpi);
        const auto segmentation = ink.prose_in_columns() ? ocr::Segmentation::automatic : ocr::Segmentation::one_column;
        const Box box = ink.ink_box();  // margins cost layout time and hold no words
        auto text = engine_.read(cut(page.gray, box), page.dpi, scale(page.dpi), segmentation, context_);
        if (text)
            for (Word& word : text->words)
                word.box = {word.box.left_px + box.left_px, word.box.top_px + box.top_px,
                            word.box.right_px + box.left_px, word.box.bottom_px + box.top_px};
        return text;
    }

    struct Trial {
        QuarterTurn turn = QuarterTurn::none;
        double evidence = 0;
    };
    struct Verdict {
        QuarterTurn turn = QuarterTurn::none;
        bool sure = false;
    };

    /// Which way up the page reads best, judged on its inkiest window: upright and upside down first, the sides only if
    /// neither convinces. The page stays as it is unless another way is clearly better.
    Result<Verdict> best_turn(const UprightPage& page) const
    {
        const Image window = cut(page.gray, ocr::InkGrid(page.gray, page.dpi).inkiest_window(kWindowShare));
        std::array<Trial, 4> trials{Trial{QuarterTurn::none, 0}, Trial{QuarterTurn::cw180, 0},
                                    Trial{QuarterTurn::cw90, 0}, Trial{QuarterTurn::cw270, 0}};
        std::size_t tried = 0;
        for (Trial& trial : trials) {
            if (tried == 2 && convincing(trials[0], trials[1])) break;
            auto text = engine_.read(adapters::turned_cw(window, trial.turn), page.dpi, scale(page.dpi),
                                     ocr::Segmentation::one_block, context_);
            if (!text) return text.error();
            trial.evidence = evidence(*text);
            ++tried;
            if (trial.evidence >= kPlainlyText && text->mean_confidence >= kPlainConfidence)
                return Verdict{trial.turn, true};
        }
        const double as_given = trials[0].evidence;
        std::sort(trials.begin(), trials.end(), [](const Trial& a, const Trial& b) { return a.evidence > b.evidence; });
        if (convincing(trials[0], trials[1])) return Verdict{trials[0].turn, true};
        // Doubt leaves the page alone unless what it shows now is next to nothing.
        if (trials[0].evidence > kClearlyBetter * as_given && trials[0].evidence >= kEnoughEvidence)
            return Verdict{trials[0].turn, false};
        return Verdict{QuarterTurn::none, false};
    }

private:
    static bool convincing(const Trial& a, const Trial& b)
    {
        const double high = std::max(a.evidence, b.evidence);
        const double low = std::min(a.evidence, b.evidence);
        return high >= kEnoughEvidence && high > kClearlyBetter * low;
    }

    const OcrSettings& settings_;
    ocr::Engine& engine_;
    const StageContext& context_;
};

}  // namespace

Ocr::Ocr(OcrSettings settings, std::shared_ptr<ocr::EnginePool> pool)
    : settings_(std::move(settings)), pool_(std::move(pool))
{
}

Result<Ocr> Ocr::create(OcrSettings settings)
{
    if (settings.engines < 0) return Fault{FaultKind::config, std::string(name), "ocr.engines is below 0"};
    ocr::EngineSettings engine;
    engine.languages = settings.languages;
    engine.tessdata = settings.tessdata;
    auto pool = std::make_shared<ocr::EnginePool>(std::move(engine), settings.engines);
    // One engine now, so that a missing language is told at the start and not on the first page.
    if (auto first = pool->lease({}); !first) return first.error();
    return Ocr(std::move(settings), std::move(pool));
}

std::string Ocr::engine_version() const
{
    return "tesseract " + ocr::tesseract_version();
}

Result<ReadPage> Ocr::run(const UprightPage& page, const StageContext& context) const
{
    ReadPage out;
    out.orientation_sure = page.orientation_sure;
    if (page.blank || page.gray.empty()) {
        out.orientation_sure = true;  // nothing to stand upside down
        return out;
    }
    auto lease = pool_->lease(context);
    if (!lease) return lease.error();
    const Reading reading(settings_, **lease, context);

    std::optional<PageText> text;
    if (page.orientation_sure) {
        auto first = reading.whole(page);
        if (!first) return first.error();
        text = std::move(*first);
    }
    if (!text || reads_poorly(*text, settings_.least_confidence)) {
        const auto verdict = reading.best_turn(page);
        if (!verdict) return verdict.error();
        out.orientation_sure = verdict->sure;
        if (verdict->turn != QuarterTurn::none) {
            UprightPage turned = adapters::turned_cw(page, verdict->turn);
            turned.orientation_sure = verdict->sure;
            auto other = reading.whole(turned);
            if (!other) return other.error();
            if (!text || evidence(*other) > evidence(*text)) {
                text = std::move(*other);
                out.turned = std::move(turned);
            }
        }
        if (!text) {
            auto as_given = reading.whole(page);
            if (!as_given) return as_given.error();
            text = std::move(*as_given);
        }
    }
    const UprightPage& final_page = out.turned ? *out.turned : page;
    out.text = ocr::better_text(std::move(*text), final_page.visible_text, settings_.least_confidence);
    return out;
}

}  // namespace chartlift
