// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/doctor.h"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <thread>

#include "pipeline/models.h"
#include "stages/adapters/doctype_toml.h"
#include "stages/ocr/ocr.h"

namespace chartlift::pipeline {
namespace {

constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;

Check check_ocr(const Config& config)
{
    OcrSettings settings;
    settings.languages = config.languages;
    settings.tessdata = config.tessdata;
    const auto engine = Ocr::create(settings);
    const std::string languages = fmt::format("{}", fmt::join(config.languages, ", "));
    if (!engine) return {"ocr", languages, false, engine.error().what};
    return {"ocr", fmt::format("{}; languages: {}", engine->engine_version(), languages), true, {}};
}

std::vector<Check> check_models(const Config& config)
{
    const auto models = find_models(config.models);
    if (!models) return {{"models", "not found", false, models.error().what}};
    std::vector<Check> checks{{"models", models->string(), true, {}}};
    const auto types = adapters::load_doctypes(*models / "doctypes");
    checks.push_back(types ? Check{"document types", std::to_string(types->types.size()), true, {}}
                           : Check{"document types", "unreadable", false, types.error().what});
    const auto model = load_page_types(*models / "page_type.model");
    checks.push_back(
        model ? Check{"page type model", (*model)->version(), true, {}}
              : Check{"page type model", "unreadable", false, "run chartlift train, or install the package again"});
    return checks;
}

Check check_disk(const std::filesystem::path& out)
{
    constexpr double kLeastFree_GiB = 2;  // a thousand pages with their originals and PDFs need about 0.5 GiB
    std::error_code error;
    std::filesystem::path existing = std::filesystem::absolute(out, error);
    while (!existing.empty() && !std::filesystem::exists(existing, error) && existing.has_parent_path() &&
           existing != existing.parent_path())
        existing = existing.parent_path();
    const auto space = std::filesystem::space(existing, error);
    if (error) return {"disk", existing.string(), false, "cannot tell the free space: " + error.message()};
    const double free = static_cast<double>(space.available) / kGiB;
    const bool writable = ::access(existing.c_str(), W_OK) == 0;
    return {"disk", fmt::format("{:.1f} GiB free under {}", free, existing.string()),
            free >= kLeastFree_GiB && writable,
            writable ? fmt::format("free at least {:.0f} GiB", kLeastFree_GiB)
                     : "the folder is not writable for this user"};
}

Check check_memory()
{
    constexpr double kLeast_GiB = 1;
    const double total =
        static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGE_SIZE)) / kGiB;
    return {"memory", fmt::format("{:.1f} GiB", total), total >= kLeast_GiB, "a run needs about 150 MiB a thread"};
}

Check check_descriptors()
{
    constexpr rlim_t kLeast = 256;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return {"open files", fmt::format("{}", limit.rlim_cur), limit.rlim_cur >= kLeast, "raise ulimit -n to 1024"};
}

}  // namespace

std::vector<Check> examine(const Config& config, const std::filesystem::path& out)
{
    std::vector<Check> checks;
    checks.push_back({"chartlift", CHARTLIFT_VERSION, true, {}});
    checks.push_back(check_ocr(config));
    for (Check& check : check_models(config)) checks.push_back(std::move(check));
    checks.push_back({"cores", fmt::format("{}", std::max(1U, std::thread::hardware_concurrency())), true, {}});
    checks.push_back(check_memory());
    checks.push_back(check_disk(out));
    checks.push_back(check_descriptors());
    const Limits& limits = config.limits;
    checks.push_back({"limits",
                      fmt::format("{} pixels a page, {} bytes a file, {} pages a file, {} s a page", limits.max_pixels,
                                  limits.max_bytes, limits.max_pages,
                                  std::chrono::duration_cast<std::chrono::seconds>(limits.page_timeout).count()),
                      true,
                      {}});
    return checks;
}

}  // namespace chartlift::pipeline
