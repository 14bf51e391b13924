// SPDX-License-Identifier: GPL-3.0-or-later
/// Finds the words on a page that announce a field: "MRN", "Medical Record No.", "D.O.B.", "Name (Last, First, MI)".
/// Wordings come from DocTypes::labels; the longest wording at a place wins. Spaces, case and punctuation do not count,
/// so "Dateof Birth" is found; one OCR error (edit distance 1) is forgiven in wordings of kFuzzyLength letters or more.
/// Labels of other things (address, policy, room, next of kin) are found too: they end a value, and they keep their own
/// values from being taken for the patient's. Guarantee: hits are in token order and never overlap.
/// Faults: none. Thread-safety: immutable after construction.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/doctype.h"
#include "stages/extract/tokens.h"

namespace chartlift::extract {

inline constexpr std::size_t kFuzzyLength =
    5;  ///< shorter wordings must be read exactly: "DOB" is one letter from "JOB"

struct LabelHit {
    std::optional<FieldKind> kind;  ///< nothing: a label of something else
    std::size_t first = 0;          ///< half-open range of tokens, a "(mm/dd/yyyy)" hint included
    std::size_t last = 0;
    std::size_t segment = 0;
    Box box;
    bool colon = false;
    bool exact = true;        ///< read without an OCR error
    bool cell = false;        ///< nothing but labels beside it in its segment: a heading of a form's cell
    bool starts = false;      ///< at the start of its segment
    bool weak = false;        ///< one everyday word: "Date", "Name", "Patient", "Provider"
    bool subject = false;     ///< a letter's "RE:"
    bool given_only = false;  ///< "First Name"
    bool last_first = false;  ///< says that the last name stands first
    bool lesser = false;      ///< a date that stands behind a visit's own: discharge, report, order, collection
    bool signs = false;       ///< an author's own mark: "Dictated by", "Electronically signed by"
    std::size_t group = 0;    ///< labels joined by a slash share a group and a value: "DOB/Sex"
};

class LabelBook {
public:
    explicit LabelBook(const DocTypes& types);
    std::vector<LabelHit> find(const ReadPage& page) const;

private:
    struct Entry {
        std::optional<FieldKind> kind;
        bool plain_word = false;  ///< one token long
    };
    struct Match {
        const std::string* wording = nullptr;
        Entry entry;
        std::size_t tokens = 0;
        bool exact = true;
    };
    void add(std::string_view label, std::optional<FieldKind> kind);
    std::optional<Match> longest_at(const ReadPage& page, std::size_t at, std::size_t end) const;
    bool someone_elses(const ReadPage& page, const LabelHit& hit, std::size_t from) const;

    std::unordered_map<std::string, Entry> wordings_;
    std::vector<std::vector<const std::string*>> by_length_;
    std::vector<std::unordered_set<std::string>> not_after_;  ///< by FieldKind
    std::size_t longest_ = 0;
};

}  // namespace chartlift::extract
