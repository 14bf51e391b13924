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
#include "worker/pool.h"

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

std::string protections_text(const worker::Protections& on)
{
    const auto word = [](bool holds, const char* name) { return fmt::format("{} {}", holds ? "" : "no", name); };
    return fmt::format("{},{},{},{}", word(on.landlock, fmt::format("landlock (ABI {})", on.landlock_abi).c_str()),
                       word(on.seccomp, "seccomp"), word(on.limits, "limits"),
                       word(on.no_new_privileges, "no new privileges"));
}

/// Starts a worker process as a run would, and tells what it gave up.
Check check_workers(const Config& config)
{
    if (!config.worker.confined || config.worker.program.empty())
        return {"decoding", "in this process, unprotected", false, "set worker.confined = true"};
    worker::PoolSettings settings;
    settings.program = config.worker.program;
    auto pool = worker::Pool::start(std::move(settings));
    if (!pool) return {"decoding", "a worker process cannot be started", false, pool.error().what};
    const worker::Protections& on = (*pool)->protections();
    return {
        "decoding", "in worker processes:" + protections_text(on),
        on.landlock && on.seccomp && on.limits && on.no_new_privileges,
        "use a kernel with Landlock (5.13 or later, lsm=landlock) and seccomp; without them fonts of PDFs are missing"};
}

}  // namespace

std::vector<Check> examine(const Config& config, const std::filesystem::path& out)
{
    std::vector<Check> checks;
    checks.push_back({"chartlift", CHARTLIFT_VERSION, true, {}});
    checks.push_back(check_ocr(config));
    for (Check& check : check_models(config)) checks.push_back(std::move(check));
    checks.push_back(check_workers(config));
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
