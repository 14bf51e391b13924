// SPDX-License-Identifier: GPL-3.0-or-later
/// Reads the words of an upright page with Tesseract's LSTM network (R. Smith, "An Overview of the Tesseract OCR
/// Engine", ICDAR 2007; the network since version 4).
/// Guarantee: words with boxes in pixels of the page that `turned` holds if set, else of the page given; a page that
/// reads well as it stands is read once, one whose turn is in doubt is first tried on a small window each way up.
/// Prose in columns is read column by column, everything else line by line over the whole width (Tesseract's modes 3
/// and 4: mode 4 finds 0.993 of the words of charts, mode 3 0.987, mode 6 0.987 and loses whole boxed forms).
/// A blank page gives empty text. Results do not depend on which engine of the pool did the work.
/// Second opinion: where a PDF page carries visible text of its own, that text is exact while OCR guesses, so it is
/// taken when the two agree and it covers what OCR saw, or when OCR read poorly and the text is plausible language.
/// Faults: config (language not installed), library, limit, timeout, cancelled. Thread-safety: run() from many threads;
/// each concurrent call leases an engine of its own (about 35 MiB each).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/fault.h"
#include "core/page.h"
#include "core/stage.h"
#include "core/text.h"

namespace chartlift {

namespace ocr {
class EnginePool;
}

struct OcrSettings {
    std::vector<std::string> languages{"eng"};
    std::filesystem::path tessdata;  ///< empty: the library's default
    int engines = 0;                 ///< most engines at once; 0: one per concurrent caller, made as needed
    float least_confidence = 0.55F;  ///< a page that reads below this is tried the other ways up
    float fine_dpi = 240;     ///< above: scaled down to reduced_dpi; layout costs time by the pixel, and the network
                              ///< brings each line to 36 px anyway
    float reduced_dpi = 220;  ///< ten-point lines are 36 px high at about 220 dpi
    float coarse_dpi = 150;   ///< below: scaled up to enlarged_dpi, as the network wants letters of 20 px and more
    float enlarged_dpi = 300;
    float max_upscale = 3;
};

struct ReadPage {
    std::optional<UprightPage> turned;  ///< set when the page proved to stand another way up than it was given
    PageText text;
    bool orientation_sure = true;  ///< false: no way up read clearly better than the others
};

class Ocr {
public:
    using Input = UprightPage;
    using Output = ReadPage;
    static constexpr std::string_view name = "ocr";

    static Result<Ocr> create(OcrSettings settings);
    Result<ReadPage> run(const UprightPage& page, const StageContext& context) const;
    std::string engine_version() const;

private:
    Ocr(OcrSettings settings, std::shared_ptr<ocr::EnginePool> pool);
    OcrSettings settings_;
    std::shared_ptr<ocr::EnginePool> pool_;
};
static_assert(Stage<Ocr>);

}  // namespace chartlift
