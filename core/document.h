// SPDX-License-Identifier: GPL-3.0-or-later
/// What a batch becomes: documents, each one type a step. Thread-safety: plain values.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/fault.h"
#include "core/field.h"
#include "core/page.h"
#include "core/patient.h"

namespace chartlift {

/// What the first lines and the foot of a page say about where documents begin.
struct PageCues {
    std::string title;       ///< the document-type title found at the top, as printed; empty if none
    std::string title_type;  ///< the type that the title names; empty if none
    std::string letterhead;  ///< the facility or letterhead line at the top, folded for comparison; empty if none
    std::optional<int> page_number;    ///< n of "page n of m", "n/m", "- n -"
    std::optional<int> page_total;     ///< m, where printed
    bool opens_like_letter = false;    ///< a salutation or an address block in the upper half
    bool ends_with_signature = false;  ///< "Sincerely", "electronically signed", "dictated by" near the end of the text
    bool first_line_continues = false;  ///< body text begins in mid-sentence
    friend bool operator==(const PageCues&, const PageCues&) = default;
};

enum class PageState {
    content,  ///< belongs to a document, which is filed or held
    blank,
    separator,
    faulted,
};
std::string_view to_string(PageState state);
std::optional<PageState> page_state_from(std::string_view text);

/// What is kept of a page when its pixels are gone. Small: words live in the page's text file.
struct PageRecord {
    PageIndex page = 0;
    std::string source;             ///< the input file the page came from, as shown to people
    std::uint32_t source_page = 0;  ///< from 0 within that file
    PageState state = PageState::content;
    std::optional<Fault> fault;
    int width_px = 0;  ///< upright
    int height_px = 0;
    Dpi dpi;
    DpiOrigin dpi_origin = DpiOrigin::file;
    QuarterTurn rotated_cw = QuarterTurn::none;
    bool orientation_sure = true;
    Degrees skew_ccw;
    Affine to_scan;
    PageLayout layout;
    std::uint32_t word_count = 0;
    float ocr_confidence = 0;
    PageClass type;
    PageCues cues;
    PageFields fields;
    std::vector<Barcode> barcodes;
    friend bool operator==(const PageRecord& a, const PageRecord& b);
};

/// A run of pages that belong together.
struct DocumentSplit {
    std::vector<PageIndex> pages;       ///< in scan order; blanks and separators left out
    TypeChoice type;                    ///< of the document as a whole
    Score boundary_probability;         ///< that it begins and ends where we say
    std::vector<std::string> evidence;  ///< why it begins where it does: "title", "page 1 of 2", "patient changed", ...
    std::vector<std::string> separator_values;  ///< of the separator sheet before it
    bool touches_fault = false;  ///< a faulted page stands inside it or right beside it: a page may be missing
    friend bool operator==(const DocumentSplit&, const DocumentSplit&) = default;
};

struct BatchSplit {
    std::vector<DocumentSplit> documents;  ///< every content page stands in exactly one
    std::vector<PageIndex> separators;     ///< content pages found to be separator sheets
};

/// Two pages of one document that say different things about the patient.
struct Disagreement {
    FieldKind field = FieldKind::mrn;
    PageIndex first_page = 0;
    PageIndex other_page = 0;
    friend bool operator==(const Disagreement&, const Disagreement&) = default;
};

struct DocumentFields {
    PageFields fields;  ///< at most one value a kind
    std::vector<Disagreement> disagreements;
    friend bool operator==(const DocumentFields&, const DocumentFields&) = default;
};

/// Why a person must look. Codes are stable and documented; the text is for people and holds no patient data.
struct ReviewReason {
    std::string code;  ///< "patient.ambiguous", "type.low", ...
    std::string text;
    friend bool operator==(const ReviewReason&, const ReviewReason&) = default;
};

struct Route {
    std::vector<ReviewReason> reasons;  ///< empty: filed without a person
    bool automatic() const { return reasons.empty(); }
    friend bool operator==(const Route&, const Route&) = default;
};

/// A document as it is recorded.
struct Document {
    std::string id;  ///< stable: from the batch's content hash and the pages
    DocumentSplit split;
    DocumentFields fields;
    PatientMatch match;
    Route route;
};

}  // namespace chartlift
