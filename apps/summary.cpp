// SPDX-License-Identifier: GPL-3.0-or-later
#include "apps/summary.h"

#include <fmt/core.h>

#include <algorithm>

namespace chartlift {
namespace {

std::string duration_text(std::chrono::milliseconds took)
{
    const auto seconds = took.count() / 1000;
    if (seconds < 60) return fmt::format("{:.1f} s", static_cast<double>(took.count()) / 1000);
    return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

}  // namespace

std::string summary_text(const pipeline::RunOutcome& outcome, const std::filesystem::path& out)
{
    const store::CatalogSummary& all = outcome.summary;
    const store::PageTally& now = outcome.done_now;
    const store::PageTally& total = all.pages;
    std::string text;
    const auto row = [&](std::string_view name, std::int64_t this_run, std::int64_t in_all) {
        text += fmt::format("  {:24} {:>10} {:>10}\n", name, this_run, in_all);
    };
    text += fmt::format("  {:24} {:>10} {:>10}\n", "pages", "this run", "in all");
    row("filed", now.filed, total.filed);
    row("held for review", now.held, total.held);
    row("blank", now.blank, total.blank);
    row("separator", now.separator, total.separator);
    row("faulted", now.faulted, total.faulted);
    row("total", now.total, total.total);
    text += fmt::format("  {} documents, {} filed without a person ({:.0f} %)\n", all.documents, all.documents_filed,
                        all.documents > 0
                            ? 100.0 * static_cast<double>(all.documents_filed) / static_cast<double>(all.documents)
                            : 0.0);
    const double seconds = static_cast<double>(outcome.took.count()) / 1000;
    text += fmt::format("  {} in {}, {:.2f} pages/s\n", fmt::format("{} pages", now.total), duration_text(outcome.took),
                        seconds > 0 ? static_cast<double>(now.total) / seconds : 0.0);
    if (now.total > 0) {
        text += "  processor ms a page:";
        for (const pipeline::StepTime& time : outcome.step_times)
            text += fmt::format(" {} {:.0f},", time.step,
                                static_cast<double>(time.cpu.count()) / 1e6 / static_cast<double>(now.total));
        text.back() = '\n';
    }
    if (outcome.batches_before > 0)
        text += fmt::format("  {} inputs were done by an earlier run and passed over\n", outcome.batches_before);
    if (outcome.duplicates > 0)
        text += fmt::format("  {} inputs hold the same content as another and were recorded as duplicates\n",
                            outcome.duplicates);
    if (!outcome.ignored.empty()) {
        text += fmt::format("  {} files are no scans and were left alone:\n", outcome.ignored.size());
        constexpr std::size_t kShown = 5;
        for (std::size_t i = 0; i < std::min(kShown, outcome.ignored.size()); ++i)
            text += fmt::format("    {}\n", outcome.ignored[i].string());
    }
    for (const auto& [code, count] : all.reasons) text += fmt::format("  review: {:24} {:>6} documents\n", code, count);
    for (const auto& [kind, count] : all.faults) text += fmt::format("  fault: {:25} {:>6} pages\n", kind, count);
    for (const Fault& fault : outcome.batch_faults) text += fmt::format("  not finished: {}\n", fault.message());
    if (outcome.interrupted || outcome.fatal)
        text += "  not all is done: run the same command again to go on where this run stopped\n";
    std::error_code ignored;
    if (std::filesystem::exists(out / "report.html", ignored))
        text += fmt::format("  report: {}\n", (out / "report.html").string());
    return text;
}

std::string patient_stats_text(const store::PatientIndexStats& stats)
{
    return fmt::format(
        "patients            {}\nwithout birth date  {}\nshared last names   {}\nshared first names  {}\n"
        "bad rows            {}\nsource              {}\nimported at         {}\n",
        stats.patients, stats.without_birth_date, stats.last_names, stats.first_names, stats.bad_rows,
        stats.source_name.empty() ? "never imported" : stats.source_name, stats.imported_at);
}

std::string patients_text(const std::vector<Patient>& patients)
{
    std::string text;
    for (const Patient& p : patients) {
        const auto& birth = p.birth_date.reveal();
        text += fmt::format("{:12} {}, {} {} {}  {}  {}\n", p.mrn.reveal(), p.last_name.reveal(), p.first_name.reveal(),
                            p.middle_name.reveal(), p.suffix.reveal(), birth ? to_iso(*birth) : "no birth date",
                            p.sex.reveal());
    }
    if (text.empty()) text = "nobody found\n";
    return text;
}

}  // namespace chartlift
