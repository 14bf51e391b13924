// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/sources.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>
#include <system_error>

namespace chartlift::pipeline {
namespace {

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/// The run of digits at `at`, without leading zeros; moves `at` past it.
std::string_view take_number(std::string_view text, std::size_t& at)
{
    while (at < text.size() && text[at] == '0') ++at;
    const std::size_t first = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return text.substr(first, at - first);
}

char lower(char c)
{
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

class Finder {
public:
    Finder(std::filesystem::path skip, const JudgeFile& judge) : skip_(std::move(skip)), judge_(judge) {}

    /// The images of one folder become one batch that stands where the folder stands.
    Result<void> add_folder(const std::filesystem::path& folder)
    {
        std::error_code error;
        std::vector<std::filesystem::directory_entry> entries;
        for (auto it = std::filesystem::directory_iterator(folder, error);
             !error && it != std::filesystem::directory_iterator(); it.increment(error))
            entries.push_back(*it);
        if (error)
            return Fault{FaultKind::io, "input", fmt::format("cannot read the folder: {}", error.message()),
                         folder.string()};
        std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
            return natural_less(a.path().filename().string(), b.path().filename().string());
        });
        BatchInput images{folder_name(folder), {}};
        std::vector<std::filesystem::path> folders;
        for (const auto& entry : entries) {
            const bool followed = !entry.is_symlink(error);
            if (followed && entry.is_directory(error)) {
                if (entry.path().filename().string().front() != '.') folders.push_back(entry.path());
            } else if (!followed || !entry.is_regular_file(error)) {
                found_.ignored.push_back(entry.path());
            } else if (first_time(entry.path())) {
                place(entry.path(), images);
            }
        }
        if (!images.files.empty()) found_.batches.push_back(std::move(images));
        for (const auto& inner : folders) {
            if (std::filesystem::weakly_canonical(inner, error) == skip_) continue;
            if (auto added = add_folder(inner); !added) return added;
        }
        return {};
    }

    /// Files named one by one: single images of one folder belong together, in the order of their names.
    void add_files(const std::vector<std::filesystem::path>& files)
    {
        std::map<std::filesystem::path, std::vector<std::filesystem::path>> images_of;
        std::vector<std::filesystem::path> order;
        for (const auto& file : files) {
            if (!first_time(file)) continue;
            if (judge_(file) == FileRole::batch) {
                found_.batches.push_back({file.string(), {file}});
                continue;
            }
            auto& images = images_of[file.parent_path()];
            if (images.empty()) order.push_back(file.parent_path());
            images.push_back(file);
        }
        for (const auto& folder : order) {
            auto& images = images_of[folder];
            if (images.size() == 1) {
                found_.batches.push_back({images.front().string(), images});
                continue;
            }
            std::sort(images.begin(), images.end(), [](const auto& a, const auto& b) {
                return natural_less(a.filename().string(), b.filename().string());
            });
            found_.batches.push_back({folder_name(folder), std::move(images)});
        }
    }

    Discovery take() { return std::move(found_); }

private:
    static std::string folder_name(const std::filesystem::path& folder)
    {
        std::string name = folder.empty() ? "." : folder.string();
        while (name.size() > 1 && name.back() == '/') name.pop_back();
        return name + "/";
    }

    bool first_time(const std::filesystem::path& file)
    {
        std::error_code error;
        const auto canonical = std::filesystem::weakly_canonical(file, error);
        return seen_.insert(error ? file : canonical).second;
    }

    void place(const std::filesystem::path& file, BatchInput& images)
    {
        FileRole role = judge_(file);
        if (role == FileRole::other && has_scan_ending(file))
            role = FileRole::image;  // broken, not foreign: it must fault
        switch (role) {
            case FileRole::batch: found_.batches.push_back({file.string(), {file}}); break;
            case FileRole::image: images.files.push_back(file); break;
            case FileRole::other: found_.ignored.push_back(file); break;
        }
    }

    std::filesystem::path skip_;
    const JudgeFile& judge_;
    std::set<std::filesystem::path> seen_;
    Discovery found_;
};

}  // namespace

bool natural_less(std::string_view a, std::string_view b)
{
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < a.size() && j < b.size()) {
        if (is_digit(a[i]) && is_digit(b[j])) {
            const auto x = take_number(a, i);
            const auto y = take_number(b, j);
            if (x.size() != y.size()) return x.size() < y.size();
            if (x != y) return x < y;
            continue;
        }
        const char x = lower(a[i++]);
        const char y = lower(b[j++]);
        if (x != y) return x < y;
    }
    if ((i < a.size()) != (j < b.size())) return i >= a.size();
    return a < b;
}

bool has_scan_ending(const std::filesystem::path& file)
{
    std::string ending = file.extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(), lower);
    constexpr std::array<std::string_view, 10> kEndings{".tif", ".tiff", ".pdf", ".jpg", ".jpeg",
                                                        ".png", ".jp2",  ".j2k", ".jpx", ".jpf"};
    return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

Result<Discovery> discover(std::span<const std::filesystem::path> named, const std::filesystem::path& skip,
                           const JudgeFile& judge)
{
    std::error_code error;
    Finder finder(std::filesystem::weakly_canonical(skip, error), judge);
    std::vector<std::filesystem::path> files;
    for (const auto& path : named) {
        const auto status = std::filesystem::status(path, error);
        if (!std::filesystem::exists(status))
            return Fault{FaultKind::io, "input", "there is no such file", path.string()};
        if (std::filesystem::is_directory(status)) {
            if (auto added = finder.add_folder(path); !added) return added.error();
        } else {
            files.push_back(path);
        }
    }
    finder.add_files(files);
    return finder.take();
}

}  // namespace chartlift::pipeline
