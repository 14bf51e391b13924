// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/ocr/engine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <tesseract/baseapi.h>
#include <tesseract/ocrclass.h>
#include <tesseract/resultiterator.h>

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "stages/adapters/opencv.h"

// OpenMP's runtime comes with libtesseract. Tesseract asks for a thread count at each parallel loop, which only a level
// limit overrules; the limit belongs to the calling thread, so it is set at each read. Declared here because clang has
// no omp.h of its own.
extern "C" void omp_set_max_active_levels(int levels);

namespace chartlift::ocr {
namespace {

constexpr const char* kWhere = "ocr";
constexpr int kMaxSide_px = 32'000;  // Tesseract keeps coordinates in 16 signed bits

Fault not_installed(const std::string& language)
{
    std::string package = language;
    std::replace(package.begin(), package.end(), '_', '-');
    return {FaultKind::config, kWhere,
            fmt::format("language {} is not installed; ocr.languages needs the package tesseract-ocr-{}", language,
                        package)};
}

std::size_t characters(const std::string& text)
{
    // UTF-8 continuation bytes do not start a character
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

bool asked_to_stop(void* context, int /*words*/)
{
    return static_cast<const StageContext*>(context)->stop.stop_requested();
}

}  // namespace

std::string tesseract_version()
{
    return tesseract::TessBaseAPI::Version();
}

float mean_confidence(const std::vector<Word>& words)
{
    double sum = 0;
    double weight = 0;
    for (const Word& word : words) {
        const auto length = static_cast<double>(characters(word.text));
        sum += length * static_cast<double>(word.confidence);
        weight += length;
    }
    return weight > 0 ? static_cast<float>(sum / weight) : 0.0F;
}

Engine::Engine(std::unique_ptr<tesseract::TessBaseAPI> api) : api_(std::move(api)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::create(const EngineSettings& settings)
{
    if (settings.languages.empty()) return Fault{FaultKind::config, kWhere, "ocr.languages is empty"};
    auto api = std::make_unique<tesseract::TessBaseAPI>();
    api->SetVariable("debug_file", "/dev/null");  // a library never prints
    omp_set_max_active_levels(0);
    const std::string folder = settings.tessdata.string();
    const std::string languages = fmt::format("{}", fmt::join(settings.languages, "+"));
    const int failed =
        api->Init(folder.empty() ? nullptr : folder.c_str(), languages.c_str(), tesseract::OEM_LSTM_ONLY);
    if (failed != 0) return not_installed(languages);
    std::vector<std::string> loaded;
    api->GetLoadedLanguagesAsVector(&loaded);
    for (const std::string& language : settings.languages)
        if (std::find(loaded.begin(), loaded.end(), language) == loaded.end()) return not_installed(language);
    // White-on-black lines are rare on paper, and the second pass over doubtful lines costs as much as the first.
    api->SetVariable("tessedit_do_invert", "0");
    api->SetVariable("invert_threshold", "0");
    for (const auto& [key, value] : settings.variables)
        if (!api->SetVariable(key.c_str(), value.c_str()))
            return Fault{FaultKind::config, kWhere, fmt::format("tesseract has no variable {}", key)};
    return std::unique_ptr<Engine>(new Engine(std::move(api)));
}

Result<PageText> Engine::read(const Image& gray, Dpi dpi, float scale, Segmentation segmentation,
                              const StageContext& context)
{
    if (auto wanted = context.still_wanted(kWhere); !wanted) return wanted.error();
    if (gray.empty()) return PageText{};
    const float longest = scale * static_cast<float>(std::max(gray.width_px(), gray.height_px()));
    if (longest > kMaxSide_px)
        return Fault{
            FaultKind::limit, kWhere,
            fmt::format("page is {} x {} px; a side may have {} px", gray.width_px(), gray.height_px(), kMaxSide_px)};
    omp_set_max_active_levels(0);
    api_->SetPageSegMode(static_cast<tesseract::PageSegMode>(segmentation));
    Image sized;  // Tesseract copies what it is given; this only has to live until then
    if (std::abs(scale - 1.0F) > 0.01F) {
        cv::Mat pixels;
        // averaging over the pixels that become one, going down; a smooth curve through them, going up
        cv::resize(adapters::view(gray), pixels, {}, static_cast<double>(scale), static_cast<double>(scale),
                   scale < 1 ? cv::INTER_AREA : cv::INTER_CUBIC);
        sized = adapters::from_mat(std::move(pixels));
    }
    const Image& shown = sized.empty() ? gray : sized;
    api_->SetImage(shown.row(0), shown.width_px(), shown.height_px(), 1, static_cast<int>(shown.stride_bytes()));
    api_->SetSourceResolution(std::max(1, static_cast<int>(std::lround(dpi.value * scale))));
    tesseract::ETEXT_DESC monitor;
    monitor.cancel = asked_to_stop;
    monitor.cancel_this = const_cast<StageContext*>(&context);  // NOLINT: the callback only reads it
    if (context.deadline != StageContext::Clock::time_point::max()) monitor.end_time = context.deadline;
    const int failed = api_->Recognize(&monitor);
    if (auto wanted = context.still_wanted(kWhere); !wanted) {
        api_->Clear();
        return wanted.error();
    }
    PageText text;
    if (failed == 0) text = words_found(scale, {0, 0, gray.width_px(), gray.height_px()});
    api_->Clear();  // the image and the layout; the network stays
    return text;
}

PageText Engine::words_found(float scale, Box bounds) const
{
    PageText text;
    const std::unique_ptr<tesseract::ResultIterator> it(api_->GetIterator());
    if (!it) return text;
    std::uint32_t line = 0;
    std::uint32_t block = 0;
    bool new_line = false;
    bool new_block = false;
    const auto to_page = [scale](int px) { return static_cast<float>(px) / scale; };
    do {
        new_line = new_line || it->IsAtBeginningOf(tesseract::RIL_TEXTLINE);
        new_block = new_block || it->IsAtBeginningOf(tesseract::RIL_BLOCK);
        const std::unique_ptr<char[]> utf8(it->GetUTF8Text(tesseract::RIL_WORD));
        if (!utf8) continue;
        std::string word = utf8.get();
        std::erase_if(word, [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; });
        int left = 0;
        int top = 0;
        int right = 0;
        int bottom = 0;
        if (word.empty() || !it->BoundingBox(tesseract::RIL_WORD, &left, &top, &right, &bottom)) continue;
        // Lines and blocks are counted as their first word is kept, so the numbers have no gaps.
        if (!text.words.empty()) {
            line += new_line || new_block ? 1 : 0;
            block += new_block ? 1 : 0;
        }
        new_line = new_block = false;
        const Box box{static_cast<int>(std::floor(to_page(left))), static_cast<int>(std::floor(to_page(top))),
                      static_cast<int>(std::ceil(to_page(right))), static_cast<int>(std::ceil(to_page(bottom)))};
        text.words.push_back({std::move(word), intersection(box, bounds),
                              std::clamp(it->Confidence(tesseract::RIL_WORD) / 100.0F, 0.0F, 1.0F), line, block});
    } while (it->Next(tesseract::RIL_WORD));
    text.mean_confidence = mean_confidence(text.words);
    return text;
}

}  // namespace chartlift::ocr
