// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/assemble/assemble.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>
#include <utility>

#include "stages/assemble/gap_cues.h"

namespace chartlift {
namespace {

constexpr double kSeparatorSure = 0.995;  // that a separator sheet stands where a document ends
constexpr double kFaultShrink = 0.6;      // of the log-odds across a lost page: what it showed is not known

bool same_ignoring_case(std::string_view a, std::string_view b)
{
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
               return std::toupper(static_cast<unsigned char>(x)) == std::toupper(static_cast<unsigned char>(y));
           });
}

/// A content page with what stands between it and the one before.
struct Standing {
    const PageRecord* page = nullptr;
    assemble::Between between;
    std::optional<std::vector<std::string>> separator;  ///< values of the separator sheets right before, if any
    bool fault_after = false;
};

struct Gap {
    double probability = 1;
    std::vector<std::string> evidence;
};

}  // namespace

Assemble::Assemble(std::shared_ptr<const DocTypes> types, AssembleSettings settings)
    : types_(std::move(types)), settings_(std::move(settings))
{
}

bool Assemble::marks_separator(const std::string& value) const
{
    const auto begins = [&](const std::string& prefix) {
        return !prefix.empty() && value.size() >= prefix.size() &&
               same_ignoring_case(std::string_view(value).substr(0, prefix.size()), prefix);
    };
    return std::any_of(types_->separator_values.begin(), types_->separator_values.end(),
                       [&](const std::string& known) { return same_ignoring_case(value, known); }) ||
           std::any_of(settings_.separator_prefixes.begin(), settings_.separator_prefixes.end(), begins);
}

bool Assemble::is_separator(const PageRecord& page) const
{
    return page.word_count <= static_cast<std::uint32_t>(std::max(0, settings_.most_separator_words)) &&
           std::any_of(page.barcodes.begin(), page.barcodes.end(),
                       [this](const Barcode& code) { return marks_separator(code.value); });
}

Result<BatchSplit> Assemble::run(const std::vector<PageRecord>& pages, const StageContext& context) const
{
    if (auto wanted = context.still_wanted(name); !wanted) return wanted.error();
    BatchSplit out;

    // 1. What stands where.
    std::vector<Standing> standing;
    assemble::Between between;
    std::optional<std::vector<std::string>> separator;
    for (const PageRecord& page : pages) {
        const bool sheet =
            page.state == PageState::separator || (page.state != PageState::faulted && is_separator(page));
        if (sheet) {
            if (!separator) separator.emplace();
            for (const Barcode& code : page.barcodes)
                if (!marks_separator(code.value)) separator->push_back(code.value);
            out.separators.push_back(page.page);
        } else if (page.state == PageState::blank) {
            between.blank = true;
        } else if (page.state == PageState::faulted) {
            between.fault = true;
            if (!standing.empty()) standing.back().fault_after = true;
        } else {
            standing.push_back({&page, between, std::exchange(separator, std::nullopt), false});
            between = {};
        }
    }
    if (standing.empty()) return out;

    // 2. Each gap's probability. Looking back for page numbers and identities ends at a separator sheet.
    std::vector<Gap> gaps(standing.size());
    std::vector<const PageRecord*> since_separator;
    for (std::size_t i = 0; i < standing.size(); ++i) {
        Gap& gap = gaps[i];
        if (i == 0 || standing[i].separator) {
            since_separator.clear();
            gap.probability = i == 0 ? 1 : kSeparatorSure;
            gap.evidence.emplace_back(standing[i].separator ? "separator sheet" : "first page of the batch");
            since_separator.push_back(standing[i].page);
            continue;
        }
        since_separator.push_back(standing[i].page);
        auto score = assemble::score_gap(since_separator, since_separator.size() - 1, standing[i].between, *types_);
        if (standing[i].between.fault) score.log_odds *= kFaultShrink;
        gap = {score.probability(), std::move(score.evidence)};
    }

    // 3. Documents between the boundaries.
    const auto split_at = static_cast<double>(settings_.split_at.value);
    for (std::size_t first = 0; first < standing.size();) {
        std::size_t last = first + 1;
        while (last < standing.size() && gaps[last].probability < split_at) ++last;
        DocumentSplit document;
        std::vector<const PageRecord*> members;
        double sure = gaps[first].probability;
        for (std::size_t i = first; i < last; ++i) {
            members.push_back(standing[i].page);
            document.pages.push_back(standing[i].page->page);
            document.touches_fault = document.touches_fault || standing[i].between.fault || standing[i].fault_after;
            if (i > first) sure *= 1 - gaps[i].probability;
        }
        if (last < standing.size()) sure *= gaps[last].probability;
        document.type = assemble::pooled_type(members);
        document.boundary_probability = Score{static_cast<float>(sure)};
        document.evidence = std::move(gaps[first].evidence);
        if (standing[first].separator) document.separator_values = *standing[first].separator;
        out.documents.push_back(std::move(document));
        first = last;
    }
    return out;
}

}  // namespace chartlift
