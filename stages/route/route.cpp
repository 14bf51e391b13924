// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/route/route.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cctype>
#include <string>

namespace chartlift {
namespace {

constexpr std::array<ReasonInfo, 16> kReasons{{
    {"patient.no_index", "No patient index is loaded, so the patient could not be looked up."},
    {"patient.no_identifiers", "No record number, name or birth date could be read on the pages."},
    {"patient.not_found", "Nobody in the patient index fits what the pages say."},
    {"patient.ambiguous", "Two or more patients fit about equally well, or have a namesake or twin."},
    {"patient.low", "One patient fits, but not surely enough to file without a look."},
    {"patient.mrn_differs", "The record number on the page is not that of the patient who fits best."},
    {"patient.uncorroborated", "Too little besides one identifier confirms that this is the patient."},
    {"patient.pages_disagree", "Pages of this document name different patients; it may be two documents."},
    {"type.unknown", "The kind of document could not be told."},
    {"type.low", "The kind of document is not certain."},
    {"split.unsure", "It is not certain where this document begins or ends."},
    {"dates.disagree", "Pages of this document carry different service dates."},
    {"ocr.poor", "The text of a page could hardly be read."},
    {"page.orientation_unsure", "A page may be upside down or on its side."},
    {"page.fault", "A page in or beside this document could not be processed; a page may be missing."},
    {"page.none", "The document has no pages."},
}};

void give(Route& route, std::string_view code)
{
    const auto known =
        std::find_if(kReasons.begin(), kReasons.end(), [code](const ReasonInfo& info) { return info.code == code; });
    assert(known != kReasons.end());
    const bool given = std::any_of(route.reasons.begin(), route.reasons.end(),
                                   [code](const ReviewReason& reason) { return reason.code == code; });
    if (!given) route.reasons.push_back({std::string(known->code), std::string(known->text)});
}

/// A record number without what printing adds: case, punctuation, leading zeros.
std::string bare_number(const std::string& text)
{
    std::string out;
    for (const char c : text)
        if (std::isalnum(static_cast<unsigned char>(c)) != 0)
            out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    out.erase(0, std::min(out.find_first_not_of('0'), out.size()));
    return out;
}

Agreement agreement_on(const Candidate& candidate, FieldKind field)
{
    for (const FieldComparison& comparison : candidate.reasons)
        if (comparison.field == field) return comparison.agreement;
    return Agreement::missing;
}

bool agrees(Agreement agreement)
{
    return agreement != Agreement::missing && agreement != Agreement::differs;
}

/// Identifiers of the patient, as opposed to those of the visit.
bool names_patient(FieldKind field)
{
    switch (field) {
        case FieldKind::mrn:
        case FieldKind::last_name:
        case FieldKind::first_name:
        case FieldKind::suffix:
        case FieldKind::birth_date:
        case FieldKind::sex: return true;
        default: return false;
    }
}

}  // namespace

std::span<const ReasonInfo> all_reasons()
{
    return kReasons;
}

void DecideRoute::judge_patient(const RouteInput& input, Route& route) const
{
    const PageFields& fields = input.fields.fields;
    if (!input.match.index_available) {
        give(route, "patient.no_index");
        return;
    }
    const FieldValue* number = fields.best(FieldKind::mrn);
    if (number == nullptr && fields.best(FieldKind::last_name) == nullptr &&
        fields.best(FieldKind::birth_date) == nullptr) {
        give(route, "patient.no_identifiers");
        return;
    }
    if (input.match.candidates.empty() || input.match.candidates.front().probability < settings_.not_found) {
        give(route,
             input.match.ambiguous && !input.match.candidates.empty() ? "patient.ambiguous" : "patient.not_found");
        return;
    }
    const Candidate& best = input.match.candidates.front();
    if (input.match.ambiguous) give(route, "patient.ambiguous");
    if (best.probability < settings_.patient) give(route, "patient.low");

    const Agreement on_number = agreement_on(best, FieldKind::mrn);
    const bool number_differs =
        number != nullptr && bare_number(number->value.reveal()) != bare_number(best.patient.mrn.reveal());
    if (number_differs || on_number == Agreement::differs) give(route, "patient.mrn_differs");

    const bool name_agrees = agrees(agreement_on(best, FieldKind::last_name));
    const bool birth_date_agrees = agrees(agreement_on(best, FieldKind::birth_date));
    const bool enough = number != nullptr ? name_agrees || birth_date_agrees : name_agrees && birth_date_agrees;
    if (!enough) give(route, "patient.uncorroborated");
}

Route DecideRoute::run(const RouteInput& input) const
{
    Route route;
    judge_patient(input, route);
    for (const Disagreement& disagreement : input.fields.disagreements) {
        if (names_patient(disagreement.field)) give(route, "patient.pages_disagree");
        if (disagreement.field == FieldKind::service_date) give(route, "dates.disagree");
    }
    const TypeChoice& type = input.split.type;
    if (type.type.empty() || type.type == kUnknownType)
        give(route, "type.unknown");
    else if (type.probability < settings_.type)
        give(route, "type.low");
    if (input.split.boundary_probability < settings_.split) give(route, "split.unsure");
    if (input.pages.empty()) give(route, "page.none");
    for (const PageRecord* page : input.pages) {
        if (page->ocr_confidence < settings_.ocr_poor) give(route, "ocr.poor");
        if (!page->orientation_sure) give(route, "page.orientation_unsure");
        if (page->fault) give(route, "page.fault");
    }
    if (input.split.touches_fault) give(route, "page.fault");
    return route;
}

}  // namespace chartlift
