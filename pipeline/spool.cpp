// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/spool.h"

#include <fmt/core.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <system_error>

#include "pipeline/page_json.h"
#include "store/archive.h"

// The layout of a page file: one header line of text, then the parts one after another.
//   chartlift-page 1 FINGERPRINT SIZE SHA256 SIZE SHA256 SIZE SHA256 SIZE SHA256\n
//   record JSON, words JSON, image bytes, thumbnail bytes
// The image's geometry stands in front of its bytes as one more line of text.

namespace chartlift::pipeline {
namespace {

constexpr std::string_view kMagic = "chartlift-page 1";
constexpr std::size_t kParts = 4;
enum Part : std::size_t { record_part, words_part, image_part, thumbnail_part };

struct Header {
    std::array<std::size_t, kParts> sizes{};
    std::array<std::string, kParts> hashes;
};

std::string image_part_of(const EncodedImage& image)
{
    return fmt::format("{} {} {} {} {}\n", static_cast<int>(image.codec), static_cast<int>(image.format),
                       image.width_px, image.height_px, static_cast<double>(image.dpi.value)) +
           image.bytes;
}

std::optional<EncodedImage> image_from(const std::string& part)
{
    const std::size_t end = part.find('\n');
    if (end == std::string::npos) return std::nullopt;
    std::istringstream line(part.substr(0, end));
    int codec = 0;
    int format = 0;
    double dpi = 0;
    EncodedImage image;
    if (!(line >> codec >> format >> image.width_px >> image.height_px >> dpi)) return std::nullopt;
    if (codec < 0 || codec > static_cast<int>(ImageCodec::flate)) return std::nullopt;
    if (format < 0 || format > static_cast<int>(PixelFormat::rgb24)) return std::nullopt;
    image.codec = static_cast<ImageCodec>(codec);
    image.format = static_cast<PixelFormat>(format);
    image.dpi = Dpi{static_cast<float>(dpi)};
    image.bytes = part.substr(end + 1);
    return image;
}

/// `file_bytes`: no part can be larger, so a damaged size does not become an allocation.
std::optional<Header> read_header(std::istream& file, std::uintmax_t file_bytes, const std::string& fingerprint)
{
    std::string line;
    if (!std::getline(file, line) || !line.starts_with(kMagic)) return std::nullopt;
    std::istringstream text(line.substr(kMagic.size()));
    std::string made_with;
    Header header;
    if (!(text >> made_with) || made_with != fingerprint) return std::nullopt;
    for (std::size_t i = 0; i < kParts; ++i)
        if (!(text >> header.sizes.at(i) >> header.hashes.at(i)) || header.sizes.at(i) > file_bytes)
            return std::nullopt;
    return header;
}

std::optional<std::string> read_part(std::istream& file, const Header& header, Part part)
{
    std::string bytes(header.sizes.at(part), '\0');
    if (!file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) return std::nullopt;
    if (store::sha256_of(bytes) != header.hashes.at(part)) return std::nullopt;
    return bytes;
}

}  // namespace

std::filesystem::path Spool::path_of(const std::string& batch_id, PageIndex page) const
{
    return folder_ / batch_id / fmt::format("{:06}.page", page);
}

Result<PageRecord> Spool::save(const std::string& batch_id, const SavedPage& page) const
{
    std::array<std::string, kParts> parts;
    parts.at(record_part) = record_to_json(page.record);
    parts.at(words_part) = words_to_json(page.words);
    parts.at(image_part) = image_part_of(page.image);
    parts.at(thumbnail_part) = page.thumbnail;
    std::string bytes = fmt::format("{} {}", kMagic, fingerprint_);
    for (const std::string& part : parts) bytes += fmt::format(" {} {}", part.size(), store::sha256_of(part));
    bytes += '\n';
    for (const std::string& part : parts) bytes += part;
    if (auto made = files_.make_folders(folder_ / batch_id); !made) return made.error();
    auto saved = store::replace_file(files_, path_of(batch_id, page.record.page), bytes, false);
    if (!saved) return saved.error();
    return record_from_json(parts.at(record_part));
}

std::optional<PageRecord> Spool::load_record(const std::string& batch_id, PageIndex page) const
{
    // All parts are checked: the image is needed when the batch is whole, too late to find that it was cut short.
    auto saved = load(batch_id, page);
    if (!saved) return std::nullopt;
    return std::move(saved->record);
}

Result<SavedPage> Spool::load(const std::string& batch_id, PageIndex page) const
{
    const Fault damaged{FaultKind::corrupt, "spool",
                        fmt::format("saved page {} of batch {} is missing or damaged", page, batch_id.substr(0, 8))};
    const std::filesystem::path path = path_of(batch_id, page);
    std::error_code absent;
    const std::uintmax_t file_bytes = std::filesystem::file_size(path, absent);
    if (absent) return damaged;
    std::ifstream file(path, std::ios::binary);
    const auto header = read_header(file, file_bytes, fingerprint_);
    if (!header) return damaged;
    std::array<std::string, kParts> parts;
    for (const Part part : {record_part, words_part, image_part, thumbnail_part}) {
        auto bytes = read_part(file, *header, part);
        if (!bytes) return damaged;
        parts.at(part) = std::move(*bytes);
    }
    auto record = record_from_json(parts.at(record_part));
    if (!record) return record.error();
    auto words = words_from_json(parts.at(words_part));
    if (!words) return words.error();
    auto image = image_from(parts.at(image_part));
    if (!image) return damaged;
    return SavedPage{std::move(*record), std::move(*words), std::move(*image), std::move(parts.at(thumbnail_part))};
}

Result<void> Spool::forget(const std::string& batch_id) const
{
    return files_.remove_tree(folder_ / batch_id);
}

}  // namespace chartlift::pipeline
