// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/train.h"

#include <fmt/core.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>
#include <utility>

#include "pipeline/training_pages.h"
#include "stages/adapters/doctype_toml.h"

namespace chartlift {
namespace {

constexpr const char* kWhere = "train";
constexpr std::uintmax_t kMaxCorpusBytes = 2'000'000'000;

Result<std::string> file_text(const std::filesystem::path& path, std::uintmax_t max_bytes)
{
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (error) return Fault{FaultKind::io, kWhere, fmt::format("cannot read {}: {}", path.string(), error.message())};
    if (size > max_bytes)
        return Fault{FaultKind::limit, kWhere,
                     fmt::format("{} is {} bytes; at most {} are read", path.string(), size, max_bytes)};
    std::ifstream in(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    if (!in || text.size() != size) return Fault{FaultKind::io, kWhere, fmt::format("cannot read {}", path.string())};
    return text;
}

Result<void> write_file(const std::filesystem::path& path, std::string_view bytes)
{
    std::filesystem::path part = path;
    part += ".part";
    {
        std::ofstream out(part, std::ios::binary | std::ios::trunc);
        out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        out.flush();
        if (!out) return Fault{FaultKind::io, kWhere, fmt::format("cannot write {}", part.string())};
    }
    std::error_code error;
    std::filesystem::rename(part, path, error);
    if (error) return Fault{FaultKind::io, kWhere, fmt::format("cannot write {}: {}", path.string(), error.message())};
    return {};
}

struct Corpus {
    std::vector<LabelledPage> pages;
    std::map<std::string, int> skipped;
};

struct Reading {
    const TrainOptions& options;
    const DocTypes& types;
    const std::set<std::string>& excluded;
    Random& random;
};

std::string known_type(const std::string& type, const Reading& how)
{
    const auto renamed = how.options.renamed.find(type);
    const std::string& id = renamed == how.options.renamed.end() ? type : renamed->second;
    return how.types.find(id) == nullptr ? std::string() : id;
}

void keep(Corpus& corpus, std::vector<LabelledPage> pages, const std::string& group, const std::string& name)
{
    for (LabelledPage& page : pages) {
        page.group = group;
        page.corpus = name;
        corpus.pages.push_back(std::move(page));
    }
}

Result<void> read_csv(const std::filesystem::path& path, const Reading& how, Corpus& corpus)
{
    const auto text = file_text(path, kMaxCorpusBytes);
    if (!text) return text.error();
    auto rows = parse_csv(*text);
    if (!rows)
        return Fault{rows.error().kind, kWhere, fmt::format("{}: {}", path.filename().string(), rows.error().what)};
    if (rows->empty()) return Fault{FaultKind::corrupt, kWhere, fmt::format("{} is empty", path.filename().string())};
    const auto column = [&](std::string_view name) {
        const auto& header = rows->front();
        return static_cast<std::size_t>(std::find(header.begin(), header.end(), name) - header.begin());
    };
    const std::size_t width = rows->front().size();
    const std::size_t type_at = column("doc_type");
    const std::size_t text_at = column("text");
    const std::size_t group_at = column("near_dup_group");
    const std::size_t ambiguous_at = column("ambiguous");
    if (type_at == width || text_at == width)
        return Fault{FaultKind::corrupt, kWhere,
                     fmt::format("{}: the header lacks doc_type or text", path.filename().string())};
    for (std::size_t i = 1; i < rows->size(); ++i) {
        const auto& row = (*rows)[i];
        const std::string type = known_type(row[type_at], how);
        const std::string group = group_at < width ? row[group_at] : std::to_string(i);
        if (type.empty())
            ++corpus.skipped["no such type: " + row[type_at]];
        else if (ambiguous_at < width && row[ambiguous_at] == "1")
            ++corpus.skipped["ambiguous"];
        else if (how.excluded.contains(group))
            ++corpus.skipped["group excluded"];
        else
            keep(corpus, chart_pages(row[text_at], type, how.types, how.random), group, path.stem().string());
    }
    return {};
}

Result<void> read_jsonl(const std::filesystem::path& path, const Reading& how, Corpus& corpus)
{
    const auto text = file_text(path, kMaxCorpusBytes);
    if (!text) return text.error();
    int number = 0;
    std::size_t at = 0;
    while (at < text->size()) {
        const std::size_t end = std::min(text->find('\n', at), text->size());
        const std::string_view line = std::string_view(*text).substr(at, end - at);
        at = end + 1;
        ++number;
        if (line.find_first_not_of(" \r\t") == std::string_view::npos) continue;
        const auto json = nlohmann::json::parse(line, nullptr, false);
        const auto bad = [&](std::string_view what) {
            return Fault{FaultKind::corrupt, kWhere,
                         fmt::format("{} line {}: {}", path.filename().string(), number, what)};
        };
        if (!json.is_object()) return bad("not a JSON object");
        const auto string_at = [&](const char* key) -> const std::string* {
            const auto found = json.find(key);
            return found == json.end() ? nullptr : found->get_ptr<const std::string*>();
        };
        const std::string* page_text = string_at("text");
        const std::string* page_type = string_at("type");
        if (page_text == nullptr || page_type == nullptr) return bad("'text' and 'type' must be strings");
        const auto document = json.find("document");
        const auto titled = json.find("titled");
        const bool has_title = titled != json.end() && titled->is_boolean() && titled->get<bool>();
        const std::string type = known_type(*page_type, how);
        if (type.empty()) {
            ++corpus.skipped["no such type: " + *page_type];
            continue;
        }
        const std::string group = document == json.end() ? std::to_string(number) : document->dump();
        keep(corpus, ready_page(*page_text, type, has_title, how.types, how.random), group, path.stem().string());
    }
    return {};
}

Result<std::set<std::string>> excluded_groups(const std::filesystem::path& path)
{
    std::set<std::string> out;
    if (path.empty()) return out;
    const auto text = file_text(path, kMaxCorpusBytes);
    if (!text) return text.error();
    std::size_t at = 0;
    while (at < text->size()) {
        const std::size_t end = std::min(text->find('\n', at), text->size());
        std::string line = text->substr(at, end - at);
        while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
        if (!line.empty()) out.insert(std::move(line));
        at = end + 1;
    }
    return out;
}

std::string percent(double share)
{
    return fmt::format("{:.1f} %", 100 * share);
}

std::string card(const TrainOptions& options, const TrainReport& report, const PageTypeModel& model,
                 const std::string& notes)
{
    const FitReport& fit = report.fit;
    std::string out = "# Model card: page types\n\n";
    out += fmt::format("`{}`, {} bytes, {} types. Written by `chartlift train`; do not edit by hand.\n\n",
                       options.out.filename().string(), report.model_bytes, model.types().size());
    out += fmt::format("Version: {}\n\n", model.version());
    out += "## Data\n\n";
    for (const auto& path : options.corpora) out += fmt::format("- {}\n", path.filename().string());
    out += fmt::format("\n{} pages in {} groups of near-duplicate texts.", fit.pages, fit.groups);
    if (!report.skipped.empty()) {
        out += " Left out:";
        for (const auto& [reason, count] : report.skipped) out += fmt::format(" {} ({});", reason, count);
        out.back() = '.';
    }
    out += "\n\n";
    if (!notes.empty()) out += notes + (notes.back() == '\n' ? "\n" : "\n\n");
    out +=
        "## Method\n\n"
        "One logistic regression a type against the rest (liblinear, L2R_LR) over hashed words, word pairs, "
        "character 3- to 5-grams, words of the top lines, section headings, titles of known types and page shape. "
        "Each report is printed twice, with and without a title, wrapped and cut into pages, with recognition "
        "errors. Decisions become probabilities by vector scaling on held-out groups. Weights are kept in eight "
        "bits.\n\n";
    out += fmt::format("C {}, tolerance {}, folds {}, seed {}, rows {}.\n\n", options.settings.regularisation_c,
                       options.settings.tolerance, options.settings.folds, options.settings.seed,
                       options.settings.max_rows);
    out += "## Figures\n\n";
    out += fmt::format("Held out, {} folds by group: {} of {} pages right.\n\n", options.settings.folds,
                       percent(fit.all.accuracy()), fit.all.pages);
    out += "| corpus | pages with a title: right | pages without: right | calibration error |\n|---|---|---|---|\n";
    std::set<std::string> corpora;
    for (const auto& [name, tally] : fit.titled) corpora.insert(name);
    for (const auto& [name, tally] : fit.untitled) corpora.insert(name);
    for (const std::string& name : corpora) {
        const auto cell = [&](const std::map<std::string, Tally>& from) {
            const auto found = from.find(name);
            return found == from.end()
                       ? std::string("none")
                       : fmt::format("{} of {}", percent(found->second.accuracy()), found->second.pages);
        };
        out += fmt::format("| {} | {} | {} | {:.3f} |\n", name, cell(fit.titled), cell(fit.untitled),
                           fit.calibration_error.at(name));
    }
    out += "\n| type | pages | precision | recall | most often taken for |\n|---|---|---|---|---|\n";
    for (const auto& [type, figures] : fit.types) {
        std::string worst;
        if (const auto found = fit.confusions.find(type); found != fit.confusions.end()) {
            const auto most = std::max_element(found->second.begin(), found->second.end(),
                                               [](const auto& a, const auto& b) { return a.second < b.second; });
            worst = fmt::format("{} ({})", most->first, most->second);
        }
        out += fmt::format("| {} | {} | {:.2f} | {:.2f} | {} |\n", type, figures.pages, figures.precision,
                           figures.recall, worst);
    }
    out += "\nReliability, all held-out pages:\n\n| said | pages | mean probability | right |\n|---|---|---|---|\n";
    for (std::size_t i = 0; i < fit.reliability.size(); ++i) {
        const ReliabilityBin& bin = fit.reliability[i];
        if (bin.pages == 0) continue;
        out += fmt::format("| {:.1f} to {:.1f} | {} | {:.3f} | {:.3f} |\n", static_cast<double>(i) / 10,
                           static_cast<double>(i + 1) / 10, bin.pages, bin.mean_probability, bin.accuracy);
    }
    out += fmt::format(
        "\nExpected calibration error, all: {:.3f}. A page whose best probability is under {:.2f} is called unknown: "
        "{} of "
        "the held-out pages.\n\n",
        fit.calibration_error.at("all"), static_cast<double>(model.unknown_below().value), percent(fit.share_unknown));
    out +=
        "## Limits\n\n"
        "English only. The probabilities hold for a mix of types between the corpus's own and an even one. Types "
        "whose pages come from the generator alone have been seen in invented wordings only; their figures here say "
        "little about real forms. The model knows no image features: a page with little text (an ECG tracing, a card) "
        "rests on its title and a few words.\n";
    return out;
}

}  // namespace

Result<TrainReport> train_page_types(const TrainOptions& options, const std::function<void(std::string_view)>& say)
{
    auto loaded = adapters::load_doctypes(options.doctypes);
    if (!loaded) return loaded.error();
    const auto types = std::make_shared<const DocTypes>(std::move(*loaded));
    const auto excluded = excluded_groups(options.exclude_groups);
    if (!excluded) return excluded.error();
    std::string notes;
    if (!options.notes.empty()) {
        auto text = file_text(options.notes, 1'000'000);
        if (!text) return text.error();
        notes = std::move(*text);
    }
    if (options.corpora.empty()) return Fault{FaultKind::config, kWhere, "no corpus given"};

    Random random(options.settings.seed);
    Corpus corpus;
    std::string names;
    for (const auto& path : options.corpora) {
        const Reading how{options, *types, *excluded, random};
        const std::size_t before = corpus.pages.size();
        const bool csv = path.extension() == ".csv";
        if (!csv && path.extension() != ".jsonl")
            return Fault{FaultKind::config, kWhere, fmt::format("{} must end in .csv or .jsonl", path.string())};
        if (auto read = csv ? read_csv(path, how, corpus) : read_jsonl(path, how, corpus); !read) return read.error();
        say(fmt::format("{}: {} pages", path.filename().string(), corpus.pages.size() - before));
        names += (names.empty() ? "" : "+") + path.stem().string();
    }

    TrainReport report;
    report.skipped = std::move(corpus.skipped);
    TrainSettings settings = options.settings;
    settings.version = fmt::format("page-type 1, {}, {} pages, seed {}", names, corpus.pages.size(), settings.seed);
    report.version = settings.version;
    say(fmt::format("training on {} pages, {} folds", corpus.pages.size(), settings.folds));
    auto model = train(corpus.pages, types, settings, report.fit);
    if (!model) return model.error();
    const std::string bytes = model->save();
    report.model_bytes = bytes.size();
    if (auto wrote = write_file(options.out, bytes); !wrote) return wrote.error();
    std::filesystem::path card_path = options.out;
    card_path.replace_extension(".md");
    if (auto wrote = write_file(card_path, card(options, report, *model, notes)); !wrote) return wrote.error();
    say(fmt::format("held out: {} of {} pages right; calibration error {:.3f}; {} bytes",
                    percent(report.fit.all.accuracy()), report.fit.all.pages, report.fit.calibration_error["all"],
                    report.model_bytes));
    return report;
}

}  // namespace chartlift
