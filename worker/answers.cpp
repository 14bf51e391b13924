// SPDX-License-Identifier: GPL-3.0-or-later
#include "worker/answers.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <utility>

#include "core/utf8.h"
#include "worker/shared_memory.h"

namespace chartlift::worker {
namespace {

constexpr std::uint64_t kMostWords_bytes = 64ULL * 1024 * 1024;  // a page of a directory has some 100 KB
constexpr std::uint64_t kMostSymbols_bytes = 4ULL * 1024 * 1024;
constexpr std::size_t kLongestWord_bytes = 64 * 1024;
constexpr std::size_t kLongestFormat_bytes = 32;  // "MicroQRCode" is the longest name
/// Linear symbols are counted apart from the others, and once more in each of the two smeared attempts.
constexpr std::size_t kCountings = 4;
constexpr std::size_t kLongestWhere_bytes = 32;
constexpr std::size_t kLongestWhat_bytes = 300;

std::string printable_ascii(std::string text, std::size_t longest)
{
    if (text.size() > longest) text.resize(longest);
    for (char& c : text)
        if (c < ' ' || c > '~') c = '?';
    return text;
}

bool padding_is_zero(const Image& image)
{
    const auto used = static_cast<unsigned>(image.width_px() % 8);
    if (image.format() != PixelFormat::bilevel || used == 0) return true;
    const auto padding = static_cast<std::uint8_t>(0xFFU >> used);
    const std::size_t last = row_bytes(image.format(), image.width_px()) - 1;
    for (int y = 0; y < image.height_px(); ++y)
        if ((image.row(y)[last] & padding) != 0) return false;
    return true;
}

/// ZXing may place a corner outside its picture; the symbol is kept.
Box clamped(const Box& box, int width_px, int height_px)
{
    Box out{std::clamp(box.left_px, 0, width_px), std::clamp(box.top_px, 0, height_px),
            std::clamp(box.right_px, 0, width_px), std::clamp(box.bottom_px, 0, height_px)};
    out.right_px = std::max(out.right_px, out.left_px);
    out.bottom_px = std::max(out.bottom_px, out.top_px);
    return out;
}

/// A step of 0 or 1, and a new block only with a new line.
bool numbered_in_order(const Word& word, std::uint32_t line, std::uint32_t block)
{
    if (word.line < line || word.line - line > 1) return false;
    if (word.block < block || word.block - block > 1) return false;
    return word.block == block || word.line != line;
}

Believed<std::vector<Word>> believed_words(std::span<const std::byte> bytes, int width_px, int height_px)
{
    auto words = words_from(bytes);
    if (!words) return Nonsense{"words are malformed"};
    std::uint32_t line = 0;
    std::uint32_t block = 0;
    const Box page{0, 0, width_px, height_px};
    for (Word& word : *words) {
        if (!numbered_in_order(word, line, block)) return Nonsense{"words are out of order"};
        line = word.line;
        block = word.block;
        if (!std::isfinite(word.confidence)) return Nonsense{"a word's confidence is no number"};
        if (word.text.size() > kLongestWord_bytes) return Nonsense{"a word is too long"};
        word.confidence = std::clamp(word.confidence, 0.0F, 1.0F);
        word.box = intersection(word.box, page);
        std::erase_if(word.text, [](char c) { return static_cast<unsigned char>(c) <= ' '; });
        word.text = repaired_utf8(word.text);
        if (word.text.empty() || word.box.empty()) return Nonsense{"a word has no text or lies outside the page"};
    }
    return std::move(*words);
}

}  // namespace

Believed<DecodedPage> believed_page(const PageAnswer& answer, const Descriptor& memory, const Limits& limits)
{
    if (answer.width_px < 1 || answer.height_px < 1) return Nonsense{"page has no size"};
    if (std::int64_t{answer.width_px} * answer.height_px > limits.max_pixels) return Nonsense{"page is over the limit"};
    if (answer.dpi && !(std::isfinite(*answer.dpi) && *answer.dpi > 0)) return Nonsense{"resolution is no number"};
    if (answer.words_bytes > kMostWords_bytes) return Nonsense{"page has too many words"};
    if (!memory) return Nonsense{"page has no pixels"};
    const std::size_t stride = row_bytes(answer.format, answer.width_px);
    const std::size_t pixels_bytes = stride * static_cast<std::size_t>(answer.height_px);
    auto mapped = map_sealed(memory, pixels_bytes + answer.words_bytes);
    if (!mapped) return Nonsense{mapped.error().what};
    const std::span<const std::byte> bytes = (*mapped)->bytes();
    auto words = believed_words(bytes.subspan(pixels_bytes), answer.width_px, answer.height_px);
    if (auto* wrong = std::get_if<Nonsense>(&words)) return std::move(*wrong);
    const auto* first = reinterpret_cast<const std::uint8_t*>(bytes.data());
    DecodedPage page;
    page.image = Image(answer.format, answer.width_px, answer.height_px, stride,
                       std::shared_ptr<const std::uint8_t>(std::move(*mapped), first));
    if (!padding_is_zero(page.image)) return Nonsense{"bits past the width are set"};
    if (answer.dpi) page.file_dpi = Dpi{*answer.dpi};
    page.visible_text = std::get<std::vector<Word>>(std::move(words));
    return page;
}

Believed<std::vector<Barcode>> believed_symbols(const SymbolsAnswer& answer, const Descriptor& memory,
                                                const SymbolsRequest& request)
{
    if (answer.symbols_bytes > kMostSymbols_bytes) return Nonsense{"symbols are too long"};
    if (!memory) return Nonsense{"symbols are missing"};
    auto mapped = map_sealed(memory, answer.symbols_bytes);
    if (!mapped) return Nonsense{mapped.error().what};
    auto symbols = symbols_from((*mapped)->bytes());
    if (!symbols) return Nonsense{"symbols are malformed"};
    if (symbols->size() > kCountings * static_cast<std::size_t>(std::max(request.kinds.max_symbols, 0)))
        return Nonsense{"there are too many symbols"};
    for (Barcode& symbol : *symbols) {
        if (symbol.format.size() > kLongestFormat_bytes) return Nonsense{"a symbol's format is too long"};
        symbol.format = printable_ascii(std::move(symbol.format), kLongestFormat_bytes);
        symbol.value = repaired_utf8(symbol.value);
        symbol.box = clamped(symbol.box, request.width_px, request.height_px);
        if (symbol.value.empty()) return Nonsense{"a symbol has no value"};
    }
    return std::move(*symbols);
}

Believed<Opened> believed_opened(const Opened& answer, const Limits& limits)
{
    if (answer.format == FileFormat::unknown) return Nonsense{"file has no format"};
    if (answer.pages < 0 || answer.pages > limits.max_pages) return Nonsense{"file has too many pages"};
    return answer;
}

Believed<Fault> believed_fault(const Fault& answer)
{
    switch (answer.kind) {
        case FaultKind::corrupt:
        case FaultKind::encrypted:
        case FaultKind::unsupported:
        case FaultKind::limit:
        case FaultKind::timeout:
        case FaultKind::library:
        case FaultKind::io:
        case FaultKind::internal: break;
        // These would stop more than the page.
        case FaultKind::cancelled:
        case FaultKind::disk_full:
        case FaultKind::store:
        case FaultKind::config: return Nonsense{"fault is not a page's"};
    }
    return Fault{answer.kind, printable_ascii(answer.where, kLongestWhere_bytes),
                 printable_ascii(answer.what, kLongestWhat_bytes)};
}

}  // namespace chartlift::worker
