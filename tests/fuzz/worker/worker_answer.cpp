// SPDX-License-Identifier: GPL-3.0-or-later
// Input: the length of a packet in two bytes, the packet, as a worker that a file has taken over might send it, and
// the shared memory that comes with it. What must hold: whatever is believed keeps the promises of a page, of symbols,
// of a fault.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/utf8.h"
#include "tests/fuzz/input.h"
#include "worker/answers.h"
#include "worker/shared_memory.h"

namespace {

using namespace chartlift;
using namespace chartlift::worker;
using fuzz::require;

constexpr std::int64_t kMaxPixels = 100'000;

bool within(const Box& box, int width_px, int height_px)
{
    return box.left_px >= 0 && box.top_px >= 0 && box.left_px <= box.right_px && box.top_px <= box.bottom_px &&
           box.right_px <= width_px && box.bottom_px <= height_px;
}

bool printable(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

void check(const DecodedPage& page)
{
    const Image& image = page.image;
    require(!image.empty() && image.width_px() > 0 && image.height_px() > 0, "a page has pixels");
    require(std::int64_t{image.width_px()} * image.height_px() <= kMaxPixels, "the limit holds");
    const std::size_t bytes = row_bytes(image.format(), image.width_px());
    require(image.stride_bytes() >= bytes, "a row holds its pixels");
    unsigned sum = 0;
    for (int y = 0; y < image.height_px(); ++y)
        for (std::size_t i = 0; i < bytes; ++i) sum += image.row(y)[i];
    const volatile unsigned used = sum;  // every byte can be read
    static_cast<void>(used);
    require(!page.file_dpi || (std::isfinite(page.file_dpi->value) && page.file_dpi->value > 0), "dpi is above 0");
    for (const Word& word : page.visible_text) {
        require(!word.text.empty() && is_utf8(word.text), "a word has text");
        require(!word.box.empty() && within(word.box, image.width_px(), image.height_px()), "a word is on the page");
        require(word.confidence >= 0 && word.confidence <= 1, "confidence is 0 to 1");
    }
}

Descriptor memory_of(std::string bytes)
{
    auto memory = new_memory();
    require(memory && write_all(*memory, {{bytes.data(), bytes.size()}}), "there is memory");
    return std::move(*memory);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    fuzz::Input input(bytes, size);
    const std::size_t packet_bytes = input.u16();
    const std::string_view rest = input.rest();
    const std::string_view packet = rest.substr(0, std::min(packet_bytes, rest.size()));
    const auto answer = answer_from(std::as_bytes(std::span(packet.data(), packet.size())));
    if (!answer) return 0;
    const Descriptor memory = memory_of(std::string(rest.substr(packet.size())));
    Limits limits;
    limits.max_pixels = kMaxPixels;
    limits.max_pages = 100;
    if (const auto* page = std::get_if<PageAnswer>(&answer->body)) {
        const auto believed = believed_page(*page, memory, limits);
        if (const auto* decoded = std::get_if<DecodedPage>(&believed)) check(*decoded);
    } else if (const auto* symbols = std::get_if<SymbolsAnswer>(&answer->body)) {
        const auto believed = believed_symbols(*symbols, memory, {200, 100, {}, 0});
        if (const auto* read = std::get_if<std::vector<Barcode>>(&believed))
            for (const Barcode& symbol : *read)
                require(!symbol.value.empty() && is_utf8(symbol.value) && printable(symbol.format) &&
                            within(symbol.box, 200, 100),
                        "a symbol has a value and a place");
    } else if (const auto* fault = std::get_if<Fault>(&answer->body)) {
        const auto believed = believed_fault(*fault);
        if (const auto* real = std::get_if<Fault>(&believed))
            require(printable(real->message()) && real->message().size() < 400, "a fault can be printed");
    } else if (const auto* opened = std::get_if<Opened>(&answer->body)) {
        const auto believed = believed_opened(*opened, limits);
        if (const auto* file = std::get_if<Opened>(&believed)) require(file->pages <= limits.max_pages, "pages");
    }
    return 0;
}
