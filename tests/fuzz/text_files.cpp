// SPDX-License-Identifier: GPL-3.0-or-later
// Input: a page of words (page_of_words) of any bytes. What must hold: the text is UTF-8 of printable characters, and
// cleaning it twice changes nothing; the hOCR is well-formed XML (by expat) with as many words as the page has.
#include "stages/export/text_files.h"

#include <expat.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "stages/export/utf8.h"
#include "tests/fuzz/input.h"

namespace {

using namespace chartlift;
using fuzz::require;

struct Seen {
    std::size_t words = 0;
    std::string text;
};

void on_start(void* seen, const XML_Char* /*name*/, const XML_Char** attributes)
{
    for (; *attributes != nullptr; attributes += 2)
        if (std::strcmp(attributes[0], "class") == 0 && std::strcmp(attributes[1], "ocrx_word") == 0)
            ++static_cast<Seen*>(seen)->words;
}

void on_text(void* seen, const XML_Char* text, int length)
{
    static_cast<Seen*>(seen)->text.append(text, static_cast<std::size_t>(length));
}

Seen parsed(const std::string& xml)
{
    Seen seen;
    XML_Parser parser = XML_ParserCreate(nullptr);
    XML_SetUserData(parser, &seen);
    XML_SetElementHandler(parser, &on_start, nullptr);
    XML_SetCharacterDataHandler(parser, &on_text);
    const auto status = XML_Parse(parser, xml.data(), static_cast<int>(xml.size()), 1);
    if (status != XML_STATUS_OK) std::fprintf(stderr, "%s\n", XML_ErrorString(XML_GetErrorCode(parser)));
    XML_ParserFree(parser);
    require(status == XML_STATUS_OK, "what is written is well-formed XML");
    return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view text = fuzz::view_of(bytes, size);
    const std::string clean = printable(text);
    require(printable(clean) == clean, "cleaning twice changes nothing");
    require(parsed("<a b=\"" + xml_escaped(text) + "\">" + xml_escaped(text) + "</a>").text == clean,
            "escaped text is read back as the clean text");
    for (const char32_t code : printable_code_points(text)) {
        std::string one;
        append_utf8(code, one);
        require(printable_code_points(one) == std::vector<char32_t>{code}, "a character reads back as itself");
        std::string hex;
        append_utf16_hex(code, hex);
        require(hex.size() == (code < 0x10000 ? 4U : 8U), "a character is one or two units of UTF-16");
    }
    const PageText page = fuzz::page_of_words(text);
    require(parsed(to_hocr(page, 2550, 3300, Dpi{300}, text.substr(0, 40))).words == page.words.size(),
            "every word of the page is in the hOCR");
    return 0;
}
