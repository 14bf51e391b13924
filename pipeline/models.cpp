// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/models.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <fstream>
#include <system_error>
#include <vector>

namespace chartlift::pipeline {
namespace {

constexpr std::size_t kLargest_bytes = 64U << 20U;  // twenty times the shipped model

Result<std::string> text_of(const std::filesystem::path& path)
{
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) return Fault{FaultKind::config, "models", fmt::format("cannot read {}", path.string())};
    const auto size = static_cast<std::size_t>(file.tellg());
    if (size > kLargest_bytes)
        return Fault{FaultKind::limit, "models",
                     fmt::format("{} is {} bytes; {} is the most", path.string(), size, kLargest_bytes)};
    std::string text(size, '\0');
    file.seekg(0);
    if (!file.read(text.data(), static_cast<std::streamsize>(size)))
        return Fault{FaultKind::config, "models", fmt::format("cannot read {}", path.string())};
    return text;
}

}  // namespace

Result<std::filesystem::path> find_models(const std::filesystem::path& chosen)
{
    std::error_code error;
    std::vector<std::filesystem::path> places;
    if (!chosen.empty()) {
        places.push_back(chosen);
    } else {
        const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
        if (!error) places.push_back(program.parent_path().parent_path() / "share/chartlift/models");
        places.emplace_back(CHARTLIFT_SOURCE_MODELS);
    }
    for (const auto& place : places)
        if (std::filesystem::is_directory(place / "doctypes", error)) return place;
    std::vector<std::string> tried;
    tried.reserve(places.size());
    for (const auto& place : places) tried.push_back(place.string());
    return Fault{FaultKind::config, "models",
                 fmt::format("no doctypes folder in {}; set run.models or --models", fmt::join(tried, " or "))};
}

Result<std::shared_ptr<const PageTypeModel>> load_page_types(const std::filesystem::path& file)
{
    auto bytes = text_of(file);
    if (!bytes) return bytes.error();
    auto model = PageTypeModel::load(*bytes);
    if (!model) return model.error();
    return std::make_shared<const PageTypeModel>(std::move(*model));
}

Result<std::shared_ptr<const Nicknames>> load_nicknames(const std::filesystem::path& file)
{
    auto text = text_of(file);
    if (!text) return text.error();
    auto nicknames = Nicknames::from_csv(*text);
    if (!nicknames) return nicknames.error();
    return std::make_shared<const Nicknames>(std::move(*nicknames));
}

}  // namespace chartlift::pipeline
