// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/report.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "stages/route/route.h"

namespace chartlift::pipeline {
namespace {

constexpr std::size_t kMostThumbnails = 200;  // about 1.5 MB of page; the catalog holds the rest
constexpr std::size_t kMostFaults = 500;

constexpr std::string_view kStyle = R"css(
:root { color-scheme: light; --ink:#1d2733; --soft:#5b6876; --line:#d9dfe6; --filed:#2f7d5b; --held:#c9822b; --blank:#b9c3cd;
  --separator:#8793a0; --faulted:#b23b3b; --bar:#3d6fa5; }
* { box-sizing:border-box } body { margin:0 auto; max-width:1180px; padding:28px 24px 60px; color:var(--ink);
  font:15px/1.5 "DejaVu Sans","Segoe UI",system-ui,sans-serif; background:#fff }
h1 { font-size:24px; margin:0 } h2 { font-size:17px; margin:34px 0 10px; padding-bottom:5px; border-bottom:1px solid var(--line) }
p.lead { color:var(--soft); margin:4px 0 18px } .tiles { display:grid; grid-template-columns:repeat(auto-fit,minmax(150px,1fr)); gap:12px }
.tile { border:1px solid var(--line); border-radius:8px; padding:12px 14px } .tile b { display:block; font-size:25px; line-height:1.2 }
.tile span { color:var(--soft); font-size:13px } .stack { display:flex; height:26px; border-radius:6px; overflow:hidden; margin:8px 0 6px }
.legend span { margin-right:18px; font-size:13px; color:var(--soft) } .legend i { display:inline-block; width:11px; height:11px;
  border-radius:3px; margin-right:6px; vertical-align:-1px } table { border-collapse:collapse; width:100% }
td,th { text-align:left; padding:5px 10px 5px 0; border-bottom:1px solid var(--line); vertical-align:top; font-size:14px }
th { color:var(--soft); font-weight:600 } td.n,th.n { text-align:right; white-space:nowrap } .meter { background:#eef1f5; height:12px; border-radius:4px }
.meter i { display:block; height:12px; border-radius:4px; background:var(--bar) } .plots { display:grid;
  grid-template-columns:repeat(auto-fit,minmax(260px,1fr)); gap:18px } .plots figure { margin:0 } figcaption { font-size:13px; color:var(--soft) }
.pages { display:grid; grid-template-columns:repeat(auto-fill,minmax(205px,1fr)); gap:16px } .card { border:1px solid var(--line);
  border-radius:8px; padding:10px; font-size:13px; break-inside:avoid } .card img { width:100%; border:1px solid var(--line); background:#f5f6f8 }
.card ul { margin:6px 0 0; padding-left:16px } .card .where { color:var(--soft); overflow-wrap:anywhere } code { font-size:13px }
.none { color:var(--soft) })css";

std::string escaped(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\'': out += "&#39;"; break;
            default: out += c;
        }
    }
    return out;
}

std::string base64(std::string_view bytes)
{
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k)
            group = (group << 8U) | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        const std::size_t digits = std::min<std::size_t>(3, bytes.size() - i) + 1;
        for (std::size_t k = 0; k < 4; ++k) out += k < digits ? kDigits[(group >> (18U - 6U * k)) & 63U] : '=';
    }
    return out;
}

/// "operative_report" as people write it.
std::string spoken(std::string type)
{
    std::replace(type.begin(), type.end(), '_', ' ');
    return type;
}

double share(std::int64_t part, std::int64_t whole)
{
    return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

std::string tile(const std::string& figure, std::string_view caption)
{
    return fmt::format("<div class=tile><b>{}</b><span>{}</span></div>\n", figure, caption);
}

std::string states_html(const store::PageTally& pages)
{
    struct State {
        const char* name;
        const char* colour;
        std::int64_t count;
    };
    const std::array states{State{"filed", "filed", pages.filed}, State{"held for review", "held", pages.held},
                            State{"blank", "blank", pages.blank}, State{"separator", "separator", pages.separator},
                            State{"faulted", "faulted", pages.faulted}};
    std::string bar = "<div class=stack role=img aria-label=\"pages by state\">";
    std::string legend = "<p class=legend>";
    for (const State& state : states) {
        const double percent = 100 * share(state.count, pages.total);
        if (state.count > 0)
            bar += fmt::format("<div style=\"width:{:.2f}%;background:var(--{})\" title=\"{}: {}\"></div>", percent,
                               state.colour, state.name, state.count);
        legend += fmt::format("<span><i style=\"background:var(--{})\"></i>{} {} ({:.0f} %)</span>", state.colour,
                              state.count, state.name, percent);
    }
    return bar + "</div>" + legend + "</p>\n";
}

/// A table of counts with a meter, the largest first.
std::string counts_html(const std::map<std::string, std::int64_t>& counts, std::int64_t whole, std::string_view what,
                        const std::function<std::string(const std::string&)>& explain)
{
    if (counts.empty()) return "<p class=none>none</p>\n";
    std::vector<std::pair<std::string, std::int64_t>> rows(counts.begin(), counts.end());
    std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    std::string html = fmt::format(
        "<table><tr><th>{}</th><th></th><th class=n>documents</th><th style=\"width:34%\"></th></tr>\n", what);
    for (const auto& [name, count] : rows)
        html += fmt::format(
            "<tr><td><code>{}</code></td><td>{}</td><td class=n>{}</td><td><div class=meter><i "
            "style=\"width:{:.1f}%\"></i></div></td></tr>\n",
            escaped(what == "type" ? spoken(name) : name), escaped(explain(name)), count, 100 * share(count, whole));
    return html + "</table>\n";
}

std::string reason_text(const std::string& code)
{
    for (const ReasonInfo& reason : all_reasons())
        if (reason.code == code) return std::string(reason.text);
    return {};
}

Result<std::string> plots_html(store::Catalog& catalog, const std::map<std::string, double>& thresholds)
{
    struct Plot {
        const char* which;
        const char* caption;
    };
    std::string html = "<div class=plots>\n";
    for (const Plot& plot :
         {Plot{"match", "patient: probability of the best candidate, by document"},
          Plot{"type", "type: probability, by document"}, Plot{"split", "split: probability, by document"},
          Plot{"ocr", "text: mean word confidence, by page (not a probability)"}}) {
        const auto values = catalog.confidences(plot.which);
        if (!values) return values.error();
        const auto found = thresholds.find(plot.which);
        const auto threshold = found == thresholds.end() ? std::nullopt : std::optional(found->second);
        html += fmt::format("<figure>{}<figcaption>{}{}</figcaption></figure>\n", histogram_svg(*values, threshold),
                            plot.caption, threshold ? fmt::format("; held below {:g}", *threshold) : "");
    }
    return html + "</div>\n";
}

Result<std::string> faults_html(store::Catalog& catalog, std::int64_t total)
{
    const auto faults = catalog.faulted_pages(kMostFaults);
    if (!faults) return faults.error();
    if (faults->empty()) return std::string("<p class=none>none</p>\n");
    std::string html = "<table><tr><th>file</th><th class=n>page</th><th>what went wrong</th></tr>\n";
    for (const store::FaultedPage& page : *faults)
        html += fmt::format("<tr><td>{}</td><td class=n>{}</td><td>{}</td></tr>\n", escaped(page.source), page.page + 1,
                            escaped(page.message));
    html += "</table>\n";
    if (static_cast<std::int64_t>(faults->size()) < total)
        html += fmt::format("<p class=none>{} more in pages.jsonl</p>\n",
                            total - static_cast<std::int64_t>(faults->size()));
    return html;
}

Result<std::string> review_html(store::Catalog& catalog, std::int64_t held)
{
    const auto pages = catalog.review_pages(kMostThumbnails);
    if (!pages) return pages.error();
    if (pages->empty()) return std::string("<p class=none>none</p>\n");
    std::string html = "<div class=pages>\n";
    for (const store::ReviewPage& page : *pages) {
        html += "<div class=card>";
        if (!page.thumbnail.empty())
            html += fmt::format(
                "<a href=\"{}\"><img loading=lazy alt=\"first page; opens the document\" "
                "src=\"data:image/jpeg;base64,{}\"></a>",
                escaped(page.pdf_file), base64(page.thumbnail));
        html += fmt::format("<div class=where>{} page {}</div><b>{}</b><ul>", escaped(page.batch), page.page + 1,
                            escaped(spoken(page.type)));
        for (const ReviewReason& reason : page.reasons)
            html += fmt::format("<li title=\"{}\">{}</li>", escaped(reason.code), escaped(reason.text));
        html += "</ul></div>\n";
    }
    html += "</div>\n";
    if (static_cast<std::int64_t>(pages->size()) < held)
        html += fmt::format("<p class=none>{} more in manifest.jsonl</p>\n",
                            held - static_cast<std::int64_t>(pages->size()));
    return html;
}

}  // namespace

std::string histogram_svg(const std::vector<float>& values, std::optional<double> threshold)
{
    constexpr std::size_t kBins = 20;
    constexpr double kWidth = 300;
    constexpr double kHeight = 130;
    constexpr double kLeft = 30;
    constexpr double kBase = 105;
    constexpr double kTop = 12;
    std::array<std::int64_t, kBins> bins{};
    for (const float value : values) {
        const double clamped = std::clamp(static_cast<double>(value), 0.0, 1.0);
        ++bins.at(std::min(kBins - 1, static_cast<std::size_t>(clamped * kBins)));
    }
    const std::int64_t most = std::max<std::int64_t>(1, *std::max_element(bins.begin(), bins.end()));
    const double step = (kWidth - kLeft - 6) / kBins;
    std::string svg = fmt::format(
        "<svg viewBox=\"0 0 {} {}\" role=img width=\"100%\"><g font-size=\"10\" fill=\"#5b6876\">", kWidth, kHeight);
    for (std::size_t i = 0; i < kBins; ++i) {
        if (bins.at(i) == 0) continue;
        const double height = (kBase - kTop) * static_cast<double>(bins.at(i)) / static_cast<double>(most);
        svg += fmt::format(
            "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"#3d6fa5\"><title>{:.2f} to "
            "{:.2f}: {}</title></rect>",
            kLeft + static_cast<double>(i) * step + 0.8, kBase - height, step - 1.6, height,
            static_cast<double>(i) / kBins, static_cast<double>(i + 1) / kBins, bins.at(i));
    }
    svg +=
        fmt::format("<line x1=\"{0}\" y1=\"{1}\" x2=\"{2}\" y2=\"{1}\" stroke=\"#8793a0\"/>", kLeft, kBase, kWidth - 4);
    for (const double tick : {0.0, 0.25, 0.5, 0.75, 1.0})
        svg += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{:g}</text>",
                           kLeft + tick * step * kBins, kBase + 14, tick);
    svg += fmt::format(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text><text x=\"{}\" y=\"{}\" text-anchor=\"end\">0</text>",
        kLeft - 4, kTop + 6, most, kLeft - 4, kBase);
    if (threshold)
        svg += fmt::format(
            "<line x1=\"{0:.1f}\" y1=\"{1}\" x2=\"{0:.1f}\" y2=\"{2}\" stroke=\"#b23b3b\" stroke-dasharray=\"3 3\"/>",
            kLeft + *threshold * step * kBins, kTop, kBase);
    return svg + "</g></svg>";
}

std::map<std::string, double> thresholds_of(const Config& config)
{
    return {{"type", config.route_type},
            {"split", config.route_split},
            {"match", config.route_patient},
            {"ocr", config.route_ocr}};
}

Result<std::string> report_html(store::Catalog& catalog, const RunFacts& facts)
{
    const auto summary = catalog.summary();
    if (!summary) return summary.error();
    const store::PageTally& pages = summary->pages;
    const std::int64_t held = summary->documents - summary->documents_filed;

    std::string html = fmt::format(
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8><meta name=viewport content=\"width=device-width\">"
        "<title>chartlift report</title><style>{}</style></head><body>\n<h1>chartlift report</h1>\n"
        "<p class=lead>Every page taken in is in exactly one state. Thumbnails show patient data: keep this file as "
        "you keep the charts.</p>\n",
        kStyle);
    html += "<div class=tiles>\n";
    html += tile(fmt::format("{}", pages.total), "pages");
    html += tile(fmt::format("{}", summary->documents), fmt::format("documents in {} batches", summary->batches));
    html += tile(fmt::format("{:.0f} %", 100 * share(summary->documents_filed, summary->documents)),
                 "filed without a person");
    html += tile(fmt::format("{}", held), "documents held for review");
    html += tile(fmt::format("{}", pages.faulted), "pages faulted");
    const double minutes = static_cast<double>(facts.took.count()) / 60'000;
    if (facts.pages > 0 && minutes > 0)
        html += tile(fmt::format("{:.0f}", static_cast<double>(facts.pages) / minutes),
                     fmt::format("pages a minute in the last run ({} threads)", facts.threads));
    if (summary->duplicates > 0)
        html += tile(fmt::format("{}", summary->duplicates), "inputs taken in before (duplicates)");
    html += "</div>\n<h2>Pages by state</h2>\n" + states_html(pages);
    html +=
        "<h2>Why documents are held</h2>\n" + counts_html(summary->reasons, summary->documents, "reason", reason_text);
    const auto plots = plots_html(catalog, facts.thresholds);
    if (!plots) return plots.error();
    html += "<h2>How sure the system is</h2>\n" + *plots;
    html += "<h2>Document types</h2>\n" +
            counts_html(summary->types, summary->documents, "type", [](const std::string&) { return std::string(); });
    const auto faults = faults_html(catalog, pages.faulted);
    if (!faults) return faults.error();
    html += "<h2>Faults</h2>\n" + *faults;
    const auto review = review_html(catalog, held);
    if (!review) return review.error();
    html += "<h2>Documents that need a person</h2>\n" + *review;
    return html + "</body></html>\n";
}

}  // namespace chartlift::pipeline
