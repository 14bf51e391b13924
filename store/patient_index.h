// SPDX-License-Identifier: GPL-3.0-or-later
/// The patient index (PMI): who may be meant by a document, found under keys that survive one error in what was read.
///
/// Blocking keys, most telling first; a patient's pre-score is the sum over the keys it is found under, and the 200
/// highest are answered (ties by row): the number; the number with one character wrong, missing, too many or two
/// neighbours exchanged; surname's sound + birth date; given name + birth date (both also with day and month exchanged,
/// one digit wrong, two neighbours exchanged, or a century off); surname's sound + given name's sound, nicknames
/// included; surname's first four letters + birth year; surname's sound + first initial. Each half of a double surname
/// is a surname, and last and first name are tried in each other's place. A key shared by more than 300 patients
/// yields its first 300: a block that size says little, and other keys find the right one.
///
/// Guarantee: import() replaces the whole index in one transaction, with its entry "pmi.imported" in the audit log; on
/// any fault the index is as it was. Faults: those of store/sqlite.h, store/audit.h and of read_pmi. Thread-safety:
/// every call may be made from many threads; they take turns.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/fault.h"
#include "core/patient.h"
#include "core/population.h"
#include "store/audit.h"
#include "store/pmi_file.h"
#include "store/sqlite.h"

namespace chartlift::store {

struct PatientIndexStats {
    std::int64_t patients = 0;
    std::int64_t without_birth_date = 0;
    std::int64_t last_names = 0;  ///< borne by two patients or more
    std::int64_t first_names = 0;
    std::string source_name;  ///< file name of the last import; empty: never imported
    std::string source_sha256;
    std::string imported_at;    ///< UTC, ISO 8601
    std::int64_t bad_rows = 0;  ///< of the last import
};

class PatientIndex {
public:
    PatientIndex() = default;
    PatientIndex(const PatientIndex&) = delete;
    PatientIndex& operator=(const PatientIndex&) = delete;
    virtual ~PatientIndex() = default;

    /// Patients, as of opening or of the last import through this object.
    virtual std::int64_t size() const = 0;
    /// Patients who may be meant, most likely first; empty for an empty query.
    virtual Result<std::vector<Patient>> candidates(const PatientQuery& query) const = 0;
    virtual Result<Population> population() const = 0;
    /// For people at a prompt: "DOE JANE 1947", "jane doe", an MRN, a birth date, in any order.
    virtual Result<std::vector<Patient>> find(std::string_view text, std::size_t limit) const = 0;
    virtual Result<PatientIndexStats> stats() const = 0;
};

struct PmiImportReport {
    PmiReadReport read;
    std::int64_t patients = 0;  ///< in the index now
    double seconds = 0;
};

class SqlitePatientIndex final : public PatientIndex {
public:
    static constexpr std::size_t kMostCandidates = 200;
    static constexpr std::size_t kMostPerKey = 300;

    /// Opens or makes the tables in the catalog at `path`, over a connection of its own.
    static Result<std::unique_ptr<SqlitePatientIndex>> open(const std::filesystem::path& path,
                                                            const CatalogAccess& access = {});
    SqlitePatientIndex(const SqlitePatientIndex&) = delete;
    SqlitePatientIndex& operator=(const SqlitePatientIndex&) = delete;
    ~SqlitePatientIndex() override;

    /// Replaces the index by the patients of `file`. A file without one good row is a config fault and changes nothing.
    Result<PmiImportReport> import(const std::filesystem::path& file, std::string_view sha256);
    /// True if the last import was of a file with this hash: nothing to do.
    Result<bool> holds(std::string_view sha256) const;

    std::int64_t size() const override { return size_; }
    Result<std::vector<Patient>> candidates(const PatientQuery& query) const override;
    Result<Population> population() const override;
    Result<std::vector<Patient>> find(std::string_view text, std::size_t limit) const override;
    Result<PatientIndexStats> stats() const override;

private:
    struct Statements;
    SqlitePatientIndex(Database database, AuditTrail trail, std::unique_ptr<Statements> statements);
    Result<PmiImportReport> replace(const std::filesystem::path& file, std::string_view sha256);

    mutable std::mutex turn_;
    Database database_;
    AuditTrail trail_;
    std::unique_ptr<Statements> statements_;
    std::atomic<std::int64_t> size_ = 0;
};

}  // namespace chartlift::store
