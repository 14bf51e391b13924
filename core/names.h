// SPDX-License-Identifier: GPL-3.0-or-later
/// Names and numbers of people in the forms in which they are compared and looked up.
/// Guarantee: every function is total (any bytes in, no fault) and linear in its input.
/// Thread-safety: pure functions; Nicknames is immutable after loading.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/fault.h"

namespace chartlift {

/// Upper-case A-Z words joined by single blanks: accents dropped, apostrophes and periods removed (O'Brien -> OBRIEN),
/// every other mark a blank (Garcia-Lopez -> GARCIA LOPEZ), digits read as the letters that OCR mistakes for them.
std::string fold_name(std::string_view utf8);
/// fold_name without its blanks: DE LA CRUZ and DELACRUZ are the same name.
std::string join_name(std::string_view folded);
/// The parts under which a folded surname may stand alone: GARCIA LOPEZ -> GARCIA, LOPEZ; particles stay with the word
/// that follows (DE LA CRUZ -> DELACRUZ). One part for a simple name.
std::vector<std::string> name_parts(std::string_view folded);

/// JR, SR, II, III, IV or V; "JUNIOR", "2ND" and the like are read as these. Empty: not a suffix.
std::string fold_suffix(std::string_view utf8);
/// "SMITH JR" -> "SMITH" and "JR": moves a suffix at the end of a folded name out of it; a lone word stays.
std::string take_suffix(std::string& folded_name);

/// How a joined name sounds in English: Soundex (Russell 1918; Knuth, The Art of Computer Programming 3, section 6)
/// with the first letter coded by its sound, so that C/K, PH/F, KN/N agree, and five places instead of four.
std::string name_sound(std::string_view joined);

/// A medical record number as it is looked up: upper-case letters and digits only, leading zeros dropped (spreadsheets
/// drop them too).
std::string mrn_key(std::string_view text);

/// Given names that stand for one another. Rows of the table: formal name, then its short forms.
class Nicknames {
public:
    /// CSV without quoting; `#` starts a comment line. Faults: config (a row with one name), limit (over 1 MiB).
    static Result<Nicknames> from_csv(std::string_view text);

    /// Joined names: one is a short form of the other, both are short forms of one name, or one is the other's
    /// beginning or diminutive by rule (ROB or ROBBIE of ROBERT; three letters or more). False for equal names.
    bool related(std::string_view a, std::string_view b) const;
    /// Every table name related to this one, itself first.
    std::vector<std::string> variants(std::string_view joined) const;
    std::size_t size() const { return groups_of_.size(); }

private:
    std::unordered_map<std::string, std::vector<int>> groups_of_;  ///< name -> rows it stands in
    std::vector<std::vector<std::string>> groups_;                 ///< formal name first
};

}  // namespace chartlift
