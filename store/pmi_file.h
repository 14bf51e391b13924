// SPDX-License-Identifier: GPL-3.0-or-later
/// Reads a patient index as sites export it, row by row: CSV (comma, semicolon, tab or bar; RFC 4180 quotes; header
/// names in many wordings), FHIR R4 Patient resources as NDJSON, or one FHIR Bundle. The format is told by content.
/// Guarantee: every row is either passed on or counted as bad with its line and reason; a row that is not UTF-8 is read
/// as Windows-1252; of rows with the same number the first counts. Memory is bounded by the longest row (1 MiB of CSV,
/// 16 MiB of NDJSON; a Bundle is read whole, up to 256 MiB) and by the numbers seen so far.
///
/// Dates: 1985-12-09 (a time after it is ignored), 19851209, 12/9/1985, 12-9-85, 9-Dec-1985, Dec 9 1985, 9.12.1985.
/// Slashed dates are month first, unless some row of the column only makes sense day first and none month first. A
/// two-digit year is the latest that is not in the future. A birth date before 1850 or in the future is bad.
///
/// Faults: io (cannot read), config (no number or no name column; lists the headers seen), unsupported (UTF-16),
/// limit (a Bundle over 256 MiB), corrupt (no header, or not JSON at all), and whatever `each` returns.
/// Thread-safety: a call keeps everything to itself.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/date.h"
#include "core/fault.h"
#include "core/patient.h"

namespace chartlift::store {

struct PmiBadRow {
    std::int64_t line = 0;  ///< from 1, of the file; in a Bundle the number of the entry
    std::string reason;     ///< holds no patient data
};

struct PmiReadReport {
    static constexpr std::size_t kMostBadRows = 1000;
    std::string format;     ///< "csv", "fhir-ndjson", "fhir-bundle"
    std::int64_t rows = 0;  ///< good + bad
    std::int64_t good = 0;
    std::int64_t bad = 0;
    std::int64_t skipped = 0;          ///< FHIR resources other than Patient
    bool day_first = false;            ///< how slashed dates were read
    std::vector<PmiBadRow> first_bad;  ///< at most kMostBadRows
};

Result<PmiReadReport> read_pmi(const std::filesystem::path& file, const std::function<Result<void>(Patient&&)>& each);

/// One birth date in any of the forms above; `today` settles two-digit years.
std::optional<Date> parse_birth_date(std::string_view text, bool day_first, Date today);

}  // namespace chartlift::store
