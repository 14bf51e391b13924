// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/patient_index.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <unordered_map>
#include <utility>

#include "core/names.h"
#include "store/migrations.h"

namespace chartlift::store {
namespace {

constexpr const char* kWhere = "patient index";
constexpr std::size_t kKeysSortedAtOnce =
    std::size_t{4} * 1024 * 1024;              // 64 MiB; written in key order, a tree fills fast
constexpr std::size_t kLongestVariedMrn = 16;  // a longer identifier (a UUID) is not keyed by hand: exact only
constexpr std::size_t kPrefixLetters = 4;
constexpr std::size_t kMostFound = 1000;

constexpr const char* kSchema = R"sql(
CREATE TABLE IF NOT EXISTS pmi_patient(
    id INTEGER PRIMARY KEY, mrn TEXT NOT NULL, last_name TEXT NOT NULL, first_name TEXT NOT NULL,
    middle_name TEXT NOT NULL, suffix TEXT NOT NULL, birth_date TEXT, sex TEXT NOT NULL, address TEXT NOT NULL,
    city TEXT NOT NULL, state TEXT NOT NULL, zip TEXT NOT NULL, phone TEXT NOT NULL,
    last_key TEXT NOT NULL, first_key TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS pmi_patient_by_name ON pmi_patient(last_key, first_key);
CREATE TABLE IF NOT EXISTS pmi_key(key INTEGER NOT NULL, patient INTEGER NOT NULL, PRIMARY KEY(key, patient))
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pmi_name_count(
    kind TEXT NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL, lowest INTEGER, highest INTEGER,
    PRIMARY KEY(kind, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pmi_source(
    id INTEGER PRIMARY KEY CHECK(id = 1), sha256 TEXT NOT NULL, name TEXT NOT NULL, imported_at TEXT NOT NULL,
    patients INTEGER NOT NULL, without_birth_date INTEGER NOT NULL, rows INTEGER NOT NULL, bad INTEGER NOT NULL);
)sql";

constexpr std::string_view kPatientColumns =
    "id, mrn, last_name, first_name, middle_name, suffix, birth_date, sex, address, city, state, zip, phone";

/// What a key is made of; stable, because the hashes of it are stored.
enum KeyKind : char {
    by_mrn = 'm',
    by_last_and_birth = 'd',
    by_first_and_birth = 'f',
    by_sounds = 's',
    by_prefix_and_year = 'y',
    by_last_and_initial = 'i',
};
constexpr std::array kKinds{by_mrn,    by_last_and_birth,  by_first_and_birth,
                            by_sounds, by_prefix_and_year, by_last_and_initial};

/// FNV-1a over the parts, finished by a mix so that all 64 bits differ (Vigna's splitmix64).
std::int64_t key_of(KeyKind kind, std::string_view a, std::string_view b = {})
{
    std::uint64_t hash = 14695981039346656037ULL;
    const auto add = [&](char c) { hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL; };
    add(kind);
    for (const char c : a) add(c);
    add('\0');
    for (const char c : b) add(c);
    hash = (hash ^ hash >> 30U) * 0xbf58476d1ce4e5b9ULL;
    hash = (hash ^ hash >> 27U) * 0x94d049bb133111ebULL;
    return static_cast<std::int64_t>(hash ^ hash >> 31U);
}

/// A folded surname and, of a double one, its halves.
std::vector<std::string> surnames_of(std::string_view folded)
{
    std::vector<std::string> out{join_name(folded)};
    std::vector<std::string> parts = name_parts(folded);
    if (parts.size() > 1)
        for (std::string& part : parts)
            if (part.size() > 1) out.push_back(std::move(part));
    return out;
}

std::string year_text(Date date)
{
    return std::to_string(static_cast<int>(date.year()));
}

std::vector<std::int64_t> keys_of(const Patient& patient, std::string_view last_folded, std::string_view first_folded)
{
    std::vector<std::int64_t> keys{key_of(by_mrn, mrn_key(patient.mrn.reveal()))};
    const std::string first = join_name(first_folded);
    const std::string lead(first_folded.substr(0, first_folded.find(' ')));
    const auto& born = patient.birth_date.reveal();
    const std::string birth = born ? to_iso(*born) : std::string();
    if (born && !first.empty()) {
        keys.push_back(key_of(by_first_and_birth, first, birth));
        if (lead != first) keys.push_back(key_of(by_first_and_birth, lead, birth));
    }
    for (const std::string& last : surnames_of(last_folded)) {
        if (last.empty()) continue;
        const std::string sound = name_sound(last);
        if (born) {
            keys.push_back(key_of(by_last_and_birth, sound, birth));
            keys.push_back(
                key_of(by_prefix_and_year, std::string_view(last).substr(0, kPrefixLetters), year_text(*born)));
        }
        if (first.empty()) continue;
        keys.push_back(key_of(by_sounds, sound, name_sound(lead)));
        keys.push_back(key_of(by_last_and_initial, sound, std::string_view(first).substr(0, 1)));
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return keys;
}

/// Every number within one slip of this one.
std::vector<std::string> mrn_variants(const std::string& number)
{
    std::vector<std::string> out;
    if (number.empty() || number.size() > kLongestVariedMrn) return out;
    constexpr std::string_view kDigits = "0123456789";
    constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const bool has_letters = number.find_first_not_of(kDigits) != std::string::npos;
    for (std::size_t i = 0; i < number.size(); ++i) {
        std::string changed = number;
        for (const char c : kDigits) changed[i] = c, out.push_back(changed);
        if (has_letters)
            for (const char c : kLetters) changed[i] = c, out.push_back(changed);
        out.push_back(std::string(number).erase(i, 1));
        if (i + 1 < number.size()) {
            changed = number;
            std::swap(changed[i], changed[i + 1]);
            out.push_back(std::move(changed));
        }
    }
    for (std::size_t i = 0; i <= number.size(); ++i)
        for (const char c : kDigits) out.push_back(std::string(number).insert(i, 1, c));
    // Letters in a number of digits, as OCR writes them.
    std::string as_digits = number;
    for (char& c : as_digits) {
        constexpr std::string_view kLike = "OIZSBLDQG";
        constexpr std::string_view kMeant = "012581006";
        if (const std::size_t at = kLike.find(c); at != std::string_view::npos) c = kMeant[at];
    }
    out.push_back(std::move(as_digits));
    for (std::string& variant : out) variant = mrn_key(variant);
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    std::erase(out, number);
    std::erase(out, std::string());
    return out;
}

/// Every real day within one slip of this one.
std::vector<Date> date_variants(Date date)
{
    const int year = static_cast<int>(date.year());
    const unsigned month = static_cast<unsigned>(date.month());
    const unsigned day = static_cast<unsigned>(date.day());
    std::vector<Date> out;
    const auto put = [&](int y, unsigned m, unsigned d) {
        if (const auto made = make_date(y, m, d); made && *made != date) out.push_back(*made);
    };
    put(year, day, month);
    for (const int off : {-100, -1, 1, 100}) put(year + off, month, day);
    const std::string digits = fmt::format("{:04}{:02}{:02}", year, month, day);
    const auto put_digits = [&](const std::string& text) {
        put(std::stoi(text.substr(0, 4)), static_cast<unsigned>(std::stoi(text.substr(4, 2))),
            static_cast<unsigned>(std::stoi(text.substr(6, 2))));
    };
    if (digits.size() != 8) return out;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        std::string changed = digits;
        for (char c = '0'; c <= '9'; ++c) {
            changed[i] = c;
            // The century is not keyed digit by digit: 1985 does not become 5985.
            if (i > 1 || changed.starts_with("18") || changed.starts_with("19") || changed.starts_with("20"))
                put_digits(changed);
        }
        if (i + 1 < digits.size()) {
            changed = digits;
            std::swap(changed[i], changed[i + 1]);
            put_digits(changed);
        }
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

// Pre-scores: roughly the bits by which a key narrows the index down.
constexpr float kMrnScore = 100;  // above all others together: who bears the number is always answered
constexpr float kNearMrnScore = 9;
constexpr float kLastBirthScore = 16;
constexpr float kFirstBirthScore = 14;
constexpr float kSoundsScore = 8;
constexpr float kPrefixYearScore = 5;
constexpr float kInitialScore = 4;
constexpr float kNearBirth = 0.6F;  // share of a score that is left under a slip of the date,
constexpr float kNickname = 0.8F;   // under a nickname,
constexpr float kSwapped = 0.7F;    // and with last and first name exchanged

struct Lookup {
    KeyKind kind;
    std::int64_t key;
    float score;
};

void add_name_lookups(const std::vector<std::string>& folded_lasts, const std::vector<std::string>& firsts,
                      const std::vector<Date>& dates, float share, bool with_slips, std::vector<Lookup>& out)
{
    std::vector<std::string> lasts;
    for (const std::string& folded : folded_lasts)
        for (std::string& last : surnames_of(folded)) lasts.push_back(std::move(last));
    const auto with_date = [&](Date date, float left) {
        const std::string birth = to_iso(date);
        for (const std::string& last : lasts)
            out.push_back({by_last_and_birth, key_of(by_last_and_birth, name_sound(last), birth),
                           kLastBirthScore * share * left});
        for (const std::string& first : firsts)
            out.push_back(
                {by_first_and_birth, key_of(by_first_and_birth, first, birth), kFirstBirthScore * share * left});
    };
    for (const Date date : dates) {
        with_date(date, 1);
        if (with_slips)
            for (const Date slip : date_variants(date)) with_date(slip, kNearBirth);
        for (const std::string& last : lasts)
            out.push_back(
                {by_prefix_and_year,
                 key_of(by_prefix_and_year, std::string_view(last).substr(0, kPrefixLetters), year_text(date)),
                 kPrefixYearScore * share});
    }
    for (const std::string& last : lasts)
        for (const std::string& first : firsts) {
            const std::string sound = name_sound(last);
            out.push_back({by_sounds, key_of(by_sounds, sound, name_sound(first)), kSoundsScore * share});
            out.push_back({by_last_and_initial,
                           key_of(by_last_and_initial, sound, std::string_view(first).substr(0, 1)),
                           kInitialScore * share});
        }
}

std::vector<Lookup> lookups_of(const PatientQuery& query)
{
    std::vector<Lookup> out;
    for (const std::string& number : query.mrns.reveal()) {
        out.push_back({by_mrn, key_of(by_mrn, number), kMrnScore});
        for (const std::string& slip : mrn_variants(number))
            out.push_back({by_mrn, key_of(by_mrn, slip), kNearMrnScore});
    }
    const auto& lasts = query.last_names.reveal();
    const auto& firsts = query.first_names.reveal();
    const auto& dates = query.birth_dates.reveal();
    add_name_lookups(lasts, firsts, dates, 1, true, out);
    add_name_lookups(lasts, query.other_first_names.reveal(), dates, kNickname, false, out);
    std::vector<std::string> lasts_as_firsts;
    lasts_as_firsts.reserve(lasts.size());
    for (const std::string& last : lasts) lasts_as_firsts.push_back(join_name(last));
    add_name_lookups(firsts, lasts_as_firsts, dates, kSwapped, false, out);
    // Of a key asked for twice the higher score counts.
    std::sort(out.begin(), out.end(),
              [](const Lookup& a, const Lookup& b) { return a.key != b.key ? a.key < b.key : a.score > b.score; });
    out.erase(std::unique(out.begin(), out.end(), [](const Lookup& a, const Lookup& b) { return a.key == b.key; }),
              out.end());
    return out;
}

Patient patient_at(const Statement& row)
{
    Patient patient;
    patient.id = row.integer(0);
    patient.mrn = row.text(1);
    patient.last_name = row.text(2);
    patient.first_name = row.text(3);
    patient.middle_name = row.text(4);
    patient.suffix = row.text(5);
    patient.birth_date = date_from_iso(row.text(6));
    patient.sex = row.text(7);
    patient.address = row.text(8);
    patient.city = row.text(9);
    patient.state = row.text(10);
    patient.zip = row.text(11);
    patient.phone = row.text(12);
    return patient;
}

std::string now_iso()
{
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now));
}

/// Writes keys in their own order, some millions at a time.
class KeyWriter {
public:
    explicit KeyWriter(Statement insert) : insert_(std::move(insert)) {}

    Result<void> add(const std::vector<std::int64_t>& keys, std::int64_t patient)
    {
        for (const std::int64_t key : keys) waiting_.emplace_back(key, patient);
        return waiting_.size() >= kKeysSortedAtOnce ? flush() : Result<void>{};
    }

    Result<void> flush()
    {
        std::sort(waiting_.begin(), waiting_.end());
        for (const auto& [key, patient] : waiting_)
            if (auto put = insert_.bind(1, key).bind(2, patient).run(); !put) return put;
        waiting_.clear();
        return {};
    }

private:
    Statement insert_;
    std::vector<std::pair<std::int64_t, std::int64_t>> waiting_;
};

Result<void> write_population(Database& database, const Population& population)
{
    auto insert = database.prepare("INSERT INTO pmi_name_count VALUES(?, ?, ?, ?, ?)");
    if (!insert) return insert.error();
    const auto put = [&](const char* kind, const std::string& name, std::int64_t count,
                         std::optional<std::int64_t> lowest = {}, std::optional<std::int64_t> highest = {}) {
        return insert->bind(1, kind).bind(2, name).bind(3, count).bind(4, lowest).bind(5, highest).run();
    };
    Result<void> done;
    for (const auto& [name, count] : population.last_names)
        if (done) done = put("last", name, count);
    for (const auto& [name, count] : population.first_names)
        if (done) done = put("first", name, count);
    for (const auto& [year, count] : population.birth_years)
        if (done) done = put("birth_year", std::to_string(year), count);
    for (const auto& [sex, count] : population.sexes)
        if (done) done = put("sex", sex, count);
    for (const auto& [length, shape] : population.mrn_shapes)
        if (done)
            done = put(shape.digits_only ? "mrn_digits" : "mrn_mixed", std::to_string(length), shape.count,
                       shape.lowest, shape.highest);
    return done;
}

}  // namespace

struct SqlitePatientIndex::Statements {
    Statement by_key;
    Statement by_id;
};

SqlitePatientIndex::SqlitePatientIndex(Database database, AuditTrail trail, std::unique_ptr<Statements> statements)
    : database_(std::move(database)), trail_(std::move(trail)), statements_(std::move(statements))
{
}

SqlitePatientIndex::~SqlitePatientIndex() = default;

Result<std::unique_ptr<SqlitePatientIndex>> SqlitePatientIndex::open(const std::filesystem::path& path,
                                                                     const CatalogAccess& access)
{
    Files& files = access.files_or_real();
    auto database = Database::open(path, OpenMode::read_write_create, &files);
    if (!database) return database.error();
    if (const auto migrated = migrate(*database); !migrated) return migrated.error();
    if (const auto made = database->execute(kSchema); !made) return made.error();
    auto by_key = database->prepare("SELECT patient FROM pmi_key WHERE key = ? LIMIT " + std::to_string(kMostPerKey));
    if (!by_key) return by_key.error();
    auto by_id = database->prepare(fmt::format("SELECT {} FROM pmi_patient WHERE id = ?", kPatientColumns));
    if (!by_id) return by_id.error();
    auto count = database->prepare("SELECT patients FROM pmi_source");
    if (!count) return count.error();
    const auto row = count->step();
    if (!row) return row.error();
    const std::int64_t size = *row ? count->integer(0) : 0;
    auto statements = std::make_unique<Statements>(Statements{std::move(*by_key), std::move(*by_id)});
    count->reset();
    std::unique_ptr<SqlitePatientIndex> index(
        new SqlitePatientIndex(std::move(*database), AuditTrail(path, access.actor, files), std::move(statements)));
    index->size_ = size;
    return index;
}

Result<bool> SqlitePatientIndex::holds(std::string_view sha256) const
{
    const std::scoped_lock lock(turn_);
    auto query = database_.prepare("SELECT 1 FROM pmi_source WHERE sha256 = ?");
    if (!query) return query.error();
    return query->bind(1, sha256).step();
}

Result<PmiImportReport> SqlitePatientIndex::import(const std::filesystem::path& file, std::string_view sha256)
{
    const std::scoped_lock lock(turn_);
    const auto begun = std::chrono::steady_clock::now();
    auto report = replace(file, sha256);
    if (!report) return report;
    size_ = report->patients;
    report->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    return report;
}

Result<PmiImportReport> SqlitePatientIndex::replace(const std::filesystem::path& file, std::string_view sha256)
{
    auto transaction = Transaction::begin_immediate(database_);
    if (!transaction) return transaction.error();
    const auto emptied = database_.execute(
        "PRAGMA cache_size = -65536;"  // KiB: the import's pages stay in memory until they are written in order
        "DROP INDEX pmi_patient_by_name;"
        "DELETE FROM pmi_patient; DELETE FROM pmi_key; DELETE FROM pmi_name_count; DELETE FROM pmi_source;");
    if (!emptied) return emptied.error();
    auto insert = database_.prepare(fmt::format(
        "INSERT INTO pmi_patient({}, last_key, first_key) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", kPatientColumns));
    if (!insert) return insert.error();
    auto insert_key = database_.prepare("INSERT INTO pmi_key VALUES(?, ?)");
    if (!insert_key) return insert_key.error();

    KeyWriter keys(std::move(*insert_key));
    Population population;
    std::int64_t without_birth_date = 0;
    const auto read = read_pmi(file, [&](Patient&& patient) -> Result<void> {
        std::string last = fold_name(patient.last_name.reveal());
        take_suffix(last);
        const std::string first = fold_name(patient.first_name.reveal());
        const auto& born = patient.birth_date.reveal();
        if (!born) ++without_birth_date;
        population.add(patient);
        std::optional<std::string> birth;
        if (born) birth = to_iso(*born);
        auto put = insert->bind(1, population.patients)
                       .bind(2, patient.mrn.reveal())
                       .bind(3, patient.last_name.reveal())
                       .bind(4, patient.first_name.reveal())
                       .bind(5, patient.middle_name.reveal())
                       .bind(6, patient.suffix.reveal())
                       .bind(7, birth)
                       .bind(8, patient.sex.reveal())
                       .bind(9, patient.address.reveal())
                       .bind(10, patient.city.reveal())
                       .bind(11, patient.state.reveal())
                       .bind(12, patient.zip.reveal())
                       .bind(13, patient.phone.reveal())
                       .bind(14, join_name(last))
                       .bind(15, join_name(first))
                       .run();
        if (!put) return put;
        return keys.add(keys_of(patient, last, first), population.patients);
    });
    if (!read) return read.error();
    if (read->good == 0)
        return Fault{FaultKind::config, kWhere,
                     fmt::format("file has no usable patient: {} rows, {} bad", read->rows, read->bad)};
    if (const auto flushed = keys.flush(); !flushed) return flushed.error();
    const std::int64_t patients = population.patients;
    population.drop_singles();
    if (const auto written = write_population(database_, population); !written) return written.error();
    if (const auto indexed = database_.execute(kSchema); !indexed) return indexed.error();
    auto source = database_.prepare("INSERT INTO pmi_source VALUES(1, ?, ?, ?, ?, ?, ?, ?)");
    if (!source) return source.error();
    const auto noted = source->bind(1, sha256)
                           .bind(2, file.filename().string())
                           .bind(3, now_iso())
                           .bind(4, patients)
                           .bind(5, without_birth_date)
                           .bind(6, read->rows)
                           .bind(7, read->bad)
                           .run();
    if (!noted) return noted.error();
    const AuditEvent event{"pmi.imported", std::string(sha256),
                           fmt::format(R"({{"rows":{},"bad":{},"patients":{}}})", read->rows, read->bad, patients)};
    if (const auto committed = trail_.commit(database_, *transaction, {event}); !committed) return committed.error();
    // The log of an import is as large as the index; a reader elsewhere may keep it, which does no harm.
    (void)database_.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    return PmiImportReport{*read, patients, 0};
}

Result<std::vector<Patient>> SqlitePatientIndex::candidates(const PatientQuery& query) const
{
    const std::vector<Lookup> lookups = lookups_of(query);
    const std::scoped_lock lock(turn_);
    // Of each kind of key a patient's best hit counts once: forty slips of one date are not forty agreements.
    std::unordered_map<std::int64_t, std::array<float, kKinds.size()>> scores;
    for (const Lookup& lookup : lookups) {
        const auto kind =
            static_cast<std::size_t>(std::find(kKinds.begin(), kKinds.end(), lookup.kind) - kKinds.begin());
        statements_->by_key.bind(1, lookup.key);
        for (;;) {
            const auto row = statements_->by_key.step();
            if (!row) return row.error();
            if (!*row) break;
            float& best = scores[statements_->by_key.integer(0)].at(kind);
            best = std::max(best, lookup.score);
        }
    }
    std::vector<std::pair<float, std::int64_t>> ranked;
    ranked.reserve(scores.size());
    for (const auto& [patient, by_kind] : scores) {
        float sum = 0;
        for (const float score : by_kind) sum += score;
        ranked.emplace_back(-sum, patient);
    }
    std::sort(ranked.begin(), ranked.end());
    if (ranked.size() > kMostCandidates) ranked.resize(kMostCandidates);
    std::vector<Patient> out;
    out.reserve(ranked.size());
    for (const auto& [score, patient] : ranked) {
        const auto row = statements_->by_id.bind(1, patient).step();
        if (!row) return row.error();
        if (!*row) continue;
        out.push_back(patient_at(statements_->by_id));
        statements_->by_id.reset();
    }
    return out;
}

Result<Population> SqlitePatientIndex::population() const
{
    const std::scoped_lock lock(turn_);
    Population out;
    auto count = database_.prepare("SELECT patients FROM pmi_source");
    if (!count) return count.error();
    const auto imported = count->step();
    if (!imported) return imported.error();
    if (*imported) out.patients = count->integer(0);
    auto query = database_.prepare("SELECT kind, name, count, lowest, highest FROM pmi_name_count");
    if (!query) return query.error();
    for (;;) {
        const auto row = query->step();
        if (!row) return row.error();
        if (!*row) return out;
        const std::string kind = query->text(0);
        std::string name = query->text(1);
        const auto many = static_cast<std::uint32_t>(query->integer(2));
        if (kind == "last")
            out.last_names.emplace(std::move(name), many);
        else if (kind == "first")
            out.first_names.emplace(std::move(name), many);
        else if (kind == "sex")
            out.sexes.emplace(std::move(name), many);
        else if (kind == "birth_year")
            out.birth_years.emplace(std::stoi(name), many);
        else if (kind == "mrn_digits" || kind == "mrn_mixed")
            out.mrn_shapes[std::stoi(name)] = {many, kind == "mrn_digits", query->integer(3), query->integer(4)};
    }
}

Result<PatientIndexStats> SqlitePatientIndex::stats() const
{
    const std::scoped_lock lock(turn_);
    PatientIndexStats out;
    auto query = database_.prepare(
        "SELECT patients, without_birth_date, sha256, name, imported_at, bad,"
        " (SELECT count(*) FROM pmi_name_count WHERE kind = 'last'),"
        " (SELECT count(*) FROM pmi_name_count WHERE kind = 'first') FROM pmi_source");
    if (!query) return query.error();
    const auto row = query->step();
    if (!row) return row.error();
    if (!*row) return out;
    out.patients = query->integer(0);
    out.without_birth_date = query->integer(1);
    out.source_sha256 = query->text(2);
    out.source_name = query->text(3);
    out.imported_at = query->text(4);
    out.bad_rows = query->integer(5);
    out.last_names = query->integer(6);
    out.first_names = query->integer(7);
    return out;
}

Result<std::vector<Patient>> SqlitePatientIndex::find(std::string_view text, std::size_t limit) const
{
    limit = std::min(limit, kMostFound);
    const Date today = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
    std::vector<std::string> words;
    std::vector<std::string> numbers;
    std::optional<Date> birth;
    std::string born_from;
    std::string born_to;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find_first_of(" ,\t", at), text.size());
        const std::string_view token = text.substr(at, end - at);
        at = end + 1;
        if (token.find_first_of("0123456789") == std::string_view::npos) {
            if (std::string word = fold_name(token); !word.empty()) words.push_back(std::move(word));
        } else if (token.size() == 4 &&
                   (token.starts_with("18") || token.starts_with("19") || token.starts_with("20")) &&
                   token.find_first_not_of("0123456789") == std::string_view::npos) {
            born_from = std::string(token) + "-00-00";
            born_to = std::string(token) + "-99-99";
        } else if (const bool marked = token.find_first_of("-/.") != std::string_view::npos;
                   marked && (birth = parse_birth_date(token, false, today))) {
            born_from = born_to = to_iso(*birth);
        } else {
            numbers.push_back(mrn_key(token));
        }
    }
    PatientQuery query;
    if (!numbers.empty() && words.empty() && born_from.empty()) {
        query.mrns = numbers;
        auto found = candidates(query);
        if (found && found->size() > limit) found->resize(limit);
        return found;
    }
    std::vector<Patient> out;
    const auto take = [&](const std::string& last, const std::string& first) -> Result<void> {
        const std::scoped_lock lock(turn_);
        auto statement = database_.prepare(fmt::format(
            "SELECT {} FROM pmi_patient WHERE last_key >= ?1 AND last_key < ?1 || '~' AND first_key >= ?2 AND"
            " first_key < ?2 || '~' AND coalesce(birth_date, '') >= ?3 AND coalesce(birth_date, '') <= ?4"
            " ORDER BY last_key, first_key, birth_date, id LIMIT ?5",
            kPatientColumns));
        if (!statement) return statement.error();
        statement->bind(1, last)
            .bind(2, first)
            .bind(3, born_from)
            .bind(4, born_to.empty() ? "~" : born_to)
            .bind(5, limit);
        for (;;) {
            const auto row = statement->step();
            if (!row) return row.error();
            if (!*row) return {};
            Patient patient = patient_at(*statement);
            const bool known =
                std::any_of(out.begin(), out.end(), [&](const Patient& other) { return other.id == patient.id; });
            if (!known && out.size() < limit) out.push_back(std::move(patient));
        }
    };
    const auto joined = [&](std::size_t from, std::size_t to) {
        std::string name;
        for (std::size_t i = from; i < to; ++i) name += join_name(words[i]);
        return name;
    };
    if (words.empty() && born_from.empty()) return out;
    if (words.size() <= 1) {
        const std::string word = joined(0, words.size());
        if (const auto taken = take(word, ""); !taken) return taken.error();
        if (!word.empty() && out.empty())
            if (const auto taken = take("", word); !taken) return taken.error();
    }
    // Where the last name ends is not said, nor which name stands first.
    for (std::size_t split = 1; split < words.size() && out.size() < limit; ++split) {
        const std::string head = joined(0, split);
        const std::string tail = joined(split, words.size());
        if (const auto taken = take(head, tail); !taken) return taken.error();
        if (const auto taken = take(tail, head); !taken) return taken.error();
    }
    if (!out.empty() || words.empty()) return out;
    // Nobody by that spelling: those who sound alike.
    query.mrns = numbers;
    query.last_names = std::vector<std::string>{words.front()};
    if (words.size() > 1) query.first_names = std::vector<std::string>{join_name(words[1])};
    if (birth) query.birth_dates = std::vector<Date>{*birth};
    auto found = candidates(query);
    if (found && found->size() > limit) found->resize(limit);
    return found;
}

}  // namespace chartlift::store
