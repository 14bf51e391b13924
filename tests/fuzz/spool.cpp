// SPDX-License-Identifier: GPL-3.0-or-later
// Input: a saved page's file as it stands; or, behind a first byte 1, its four parts (each a length of two bytes and
// that many bytes), of which a file with right sizes and hashes is made. What must hold: absent, or a page that can be
// saved and loaded again, the same.
#include "pipeline/spool.h"

#include <unistd.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "pipeline/page_json.h"
#include "store/archive.h"
#include "tests/fuzz/input.h"

namespace {

using namespace chartlift;
using fuzz::require;

constexpr const char* kBatch = "batch";
constexpr const char* kFingerprint = "fingerprint";

std::filesystem::path folder()
{
    return std::filesystem::temp_directory_path() / ("chartlift-fuzz-spool-" + std::to_string(getpid()));
}

/// A folder of this process, which goes when it ends.
const std::filesystem::path& spool_folder()
{
    static const struct Folder {
        std::filesystem::path path = folder();
        Folder() { std::filesystem::create_directories(path / kBatch); }
        Folder(const Folder&) = delete;
        Folder& operator=(const Folder&) = delete;
        ~Folder()
        {
            std::error_code ignored;
            std::filesystem::remove_all(path, ignored);
        }
    } kFolder;
    return kFolder.path;
}

std::string with_right_hashes(std::string_view parts)
{
    std::string header = std::string("chartlift-page 1 ") + kFingerprint;
    std::string body;
    for (int i = 0; i < 4; ++i) {
        std::size_t length = 0;
        if (parts.size() >= 2)
            length = static_cast<unsigned char>(parts[0]) + 256U * static_cast<unsigned char>(parts[1]);
        parts.remove_prefix(std::min<std::size_t>(2, parts.size()));
        const std::string part(parts.substr(0, length));
        parts.remove_prefix(part.size());
        header += ' ' + std::to_string(part.size()) + ' ' + store::sha256_of(part);
        body += part;
    }
    return header + '\n' + body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    constexpr PageIndex kPage = 7;
    std::string_view text = fuzz::view_of(bytes, size);
    const bool parts = text.starts_with('\x01');
    const std::string file = parts ? with_right_hashes(text.substr(1)) : std::string(text);
    std::ofstream(spool_folder() / kBatch / "000007.page", std::ios::binary) << file;
    store::PosixFiles files;
    const pipeline::Spool spool(spool_folder(), kFingerprint, files);
    auto page = spool.load(kBatch, kPage);
    if (!page) {
        require(page.error().kind == FaultKind::corrupt, "a damaged page is corrupt");
        require(!spool.load_record(kBatch, kPage), "a damaged page is absent");
        return 0;
    }
    const EncodedImage& image = page->image;
    require(image.codec == ImageCodec::g4 || image.codec == ImageCodec::jpeg || image.codec == ImageCodec::flate,
            "a codec is one");
    require(image.format == PixelFormat::bilevel || image.format == PixelFormat::gray8 ||
                image.format == PixelFormat::rgb24,
            "a pixel format is one");
    page->record.page = kPage;  // else it is saved under another name
    const auto saved = spool.save(kBatch, *page);
    require(saved.has_value(), "a page that was loaded can be saved");
    const auto again = spool.load(kBatch, kPage);
    require(again.has_value(), "a page that was saved can be loaded");
    require(again->image.bytes == image.bytes && again->image.width_px == image.width_px &&
                again->image.codec == image.codec && again->thumbnail == page->thumbnail,
            "its image stays the same");
    require(pipeline::words_to_json(again->words) == pipeline::words_to_json(page->words), "its words stay the same");
    return 0;
}
