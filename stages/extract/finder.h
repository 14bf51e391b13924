// SPDX-License-Identifier: GPL-3.0-or-later
/// Collects everything on a page that could be a field's value, each with the probability its evidence gives it.
/// Guarantee: a candidate's tokens stand on the page and hold its value. Faults: none. Thread-safety: pure.
#pragma once

#include <string>
#include <vector>

#include "core/date.h"
#include "core/doctype.h"
#include "core/field.h"
#include "stages/extract/labels.h"
#include "stages/extract/names.h"
#include "stages/extract/tokens.h"

namespace chartlift::extract {

/// What each kind of evidence is worth: the share of its readings that are what is printed, over generated chart pages
/// and development scans in many layouts, rounded down. It is multiplied by quality (repairs), place and OCR
/// confidence.
///   evidence                                            share
///   label with a colon, value right of it                .97
///   value under its label in a form's cell               .95
///   label without a colon, value right of it             .94
///   label, value in a column of its own                  .92
///   name over a labelled identifier (sticker)            .93
///   name before a labelled identifier (running header)   .90
///   "RE:" line of a letter                               .88
///   author's label                                       .88
///   letterhead line with a facility word                 .85
///   value over its label                                 .82
///   a letter's date line                                 .80
///   signature line with credentials                      .75
///   number or date on a sticker without labels           .70
///   a date alone in the header                           .55
inline constexpr double kColonRight = 0.97;
inline constexpr double kCellBelow = 0.95;
inline constexpr double kBareRight = 0.94;
inline constexpr double kColumnRight = 0.92;
inline constexpr double kStickerName = 0.93;
inline constexpr double kRunningName = 0.90;
inline constexpr double kSubjectName = 0.88;
inline constexpr double kAuthorLabel = 0.88;
inline constexpr double kLetterhead = 0.85;
inline constexpr double kCellAbove = 0.82;
inline constexpr double kLetterDate = 0.80;
inline constexpr double kSignature = 0.75;
inline constexpr double kBareSticker = 0.70;
inline constexpr double kLoneDate = 0.55;

struct Candidate {
    FieldKind kind = FieldKind::mrn;  ///< first_name stands for a whole name, as in FieldLabels
    std::string value;                ///< empty for a whole name
    NameReading name;                 ///< only for a whole name; either part may be empty
    double probability = 0;
    std::vector<std::size_t> tokens;
    bool two_digit_year = false;
};

std::vector<Candidate> find_candidates(const ReadPage& page, const LabelBook& labels, const DocTypes& types,
                                       Date latest);

}  // namespace chartlift::extract
