// SPDX-License-Identifier: GPL-3.0-or-later
/// Decides whether a document is filed without a person, and if not, why a person must look.
/// Guarantee: a document is automatic only when type, split and patient all reach their thresholds and nothing read
/// from its pages speaks against it. Never automatic, whatever the probabilities: a record number on the page that is
/// not the matched patient's; a match that neither name nor birth date corroborates; a match without a record number
/// unless name and birth date both agree; pages that name different patients; a faulted page in or beside the document.
/// Reason codes are stable, their texts plain English without patient data. Faults: none.
/// Thread-safety: const, safe from many threads.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/document.h"
#include "core/patient.h"
#include "core/units.h"

namespace chartlift {

struct RouteSettings {
    Score type{0.80F};      ///< the document's type must be this probable
    Score split{0.80F};     ///< that it begins and ends where we say
    Score patient{0.99F};   ///< that it is the best candidate's: a misfiled page is worse than ten held ones
    Score not_found{0.5F};  ///< below, "in nobody's name" is likelier than the best candidate
    float ocr_poor = 0.6F;  ///< a page's mean OCR confidence (not a probability); below, its fields cannot be trusted
};

struct RouteInput {
    const DocumentSplit& split;
    const DocumentFields& fields;
    const PatientMatch& match;
    std::vector<const PageRecord*> pages;  ///< of the document, in order
};

/// A reason code and what it tells a person.
struct ReasonInfo {
    std::string_view code;
    std::string_view text;
};

/// Every code that run() can give, in the order in which it gives them; for documentation and the report.
std::span<const ReasonInfo> all_reasons();

class DecideRoute {
public:
    static constexpr std::string_view name = "route";
    explicit DecideRoute(RouteSettings settings) : settings_(settings) {}
    Route run(const RouteInput& input) const;

private:
    void judge_patient(const RouteInput& input, Route& route) const;

    RouteSettings settings_;
};

}  // namespace chartlift
