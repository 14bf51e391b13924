// SPDX-License-Identifier: GPL-3.0-or-later
/// One Tesseract engine (LSTM network only), used by one thread at a time; see ocr.h for the stage.
/// Guarantee: pixels go to the engine as they lie in memory, without a file format between; OpenMP is kept to the
/// calling thread (Tesseract's own threads make pages that run in parallel five times slower).
/// Faults: config (a language is not installed), library (Tesseract failed), limit (page sides over 32,000 px after
/// scaling), timeout, cancelled. Thread-safety: none; lease one engine a thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/fault.h"
#include "core/geometry.h"
#include "core/image.h"
#include "core/stage.h"
#include "core/text.h"
#include "core/units.h"

namespace tesseract {
class TessBaseAPI;
}

namespace chartlift::ocr {

/// How Tesseract is set up. The defaults are what the stage uses; the benchmark tries others.
struct EngineSettings {
    std::vector<std::string> languages{"eng"};
    std::filesystem::path tessdata;                              ///< empty: the library's default folder
    std::vector<std::pair<std::string, std::string>> variables;  ///< further Tesseract variables, set last
};

/// What the engine may expect of an image; the numbers are Tesseract's own page segmentation modes.
enum class Segmentation {
    automatic = 3,   ///< finds columns, removes rules, drops what looks like a picture
    one_column = 4,  ///< lines of different sizes below each other
    one_block = 6,   ///< every line runs across the whole image
    sparse = 11,     ///< words anywhere, no order
};

class Engine {
public:
    static Result<std::unique_ptr<Engine>> create(const EngineSettings& settings);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// Reads `gray` (gray8). Boxes come back in its pixels. `scale` is applied to the pixels first: above 1 for coarse
    /// scans, below 1 for fine ones.
    Result<PageText> read(const Image& gray, Dpi dpi, float scale, Segmentation segmentation,
                          const StageContext& context);

private:
    explicit Engine(std::unique_ptr<tesseract::TessBaseAPI> api);
    PageText words_found(float scale, Box bounds) const;
    std::unique_ptr<tesseract::TessBaseAPI> api_;
};

/// Tesseract's version, for the record of a run.
std::string tesseract_version();

/// Character-weighted mean of the words' confidences; 0 without words.
float mean_confidence(const std::vector<Word>& words);

}  // namespace chartlift::ocr
