// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/pmi_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <deque>
#include <fstream>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "core/names.h"
#include "core/utf8.h"

namespace chartlift::store {
namespace {

using nlohmann::json;

constexpr const char* kWhere = "patient index";
constexpr std::size_t kMaxCsvRow_bytes = std::size_t{1024} * 1024;
constexpr std::size_t kMaxJsonLine_bytes = std::size_t{16} * 1024 * 1024;
constexpr std::uintmax_t kMaxBundle_bytes = std::uintmax_t{256} * 1024 * 1024;
constexpr std::size_t kMaxQuotedLines = 20;  // an address has few lines; more means a quote that nobody closed
constexpr std::size_t kMaxColumns = 1000;
constexpr int kOldestBirthYear = 1850;

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view kBlanks = " \t\r\n\v\f";
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string letters_and_digits(std::string_view text)
{
    std::string out;
    for (const char c : text)
        if (std::isalnum(static_cast<unsigned char>(c)))
            out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

/// Windows-1252, which is Latin-1 but for 0x80 to 0x9F; the signs there that names hold are the quotes and S, Z, OE, Y.
std::string utf8_from_windows(std::string_view text)
{
    constexpr std::array<unsigned, 32> kUpper{0x20AC, 0x81,   0x201A, 0x192,  0x201E, 0x2026, 0x2020, 0x2021,
                                              0x2C6,  0x2030, 0x160,  0x2039, 0x152,  0x8D,   0x17D,  0x8F,
                                              0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                              0x2DC,  0x2122, 0x161,  0x203A, 0x153,  0x9D,   0x17E,  0x178};
    std::string out;
    for (const char c : text) {
        unsigned code = static_cast<unsigned char>(c);
        if (code >= 0x80 && code < 0xA0) code = kUpper.at(code - 0x80);
        if (code < 0x80) {
            out += static_cast<char>(code);
        } else if (code < 0x800) {
            out += static_cast<char>(0xC0U | code >> 6U);
            out += static_cast<char>(0x80U | (code & 0x3FU));
        } else {
            out += static_cast<char>(0xE0U | code >> 12U);
            out += static_cast<char>(0x80U | (code >> 6U & 0x3FU));
            out += static_cast<char>(0x80U | (code & 0x3FU));
        }
    }
    return out;
}

Date today_utc()
{
    return std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
}

// Lines of a file, whatever ends them (LF, CRLF or CR alone before LF), cut at a cap so that a bomb costs nothing.
class Lines {
public:
    static Result<Lines> open(const std::filesystem::path& file, std::size_t longest_bytes)
    {
        Lines lines;
        lines.in_.open(file, std::ios::binary);
        // A folder opens, but cannot be read.
        if (!lines.in_ || lines.in_.peek(), lines.in_.bad() || !lines.in_.is_open())
            return Fault{FaultKind::io, kWhere, fmt::format("cannot read {}", file.string())};
        lines.longest_bytes_ = longest_bytes;
        return lines;
    }

    struct Line {
        std::int64_t number = 0;
        std::string text;
        bool cut = false;  ///< longer than allowed; the rest was skipped
    };

    bool next(Line& line)
    {
        if (!pushed_back_.empty()) {
            line = std::move(pushed_back_.front());
            pushed_back_.pop_front();
            return true;
        }
        line = {};
        std::streambuf& bytes = *in_.rdbuf();
        int c = bytes.sbumpc();
        if (c == std::char_traits<char>::eof()) return false;
        line.number = ++number_;
        for (; c != std::char_traits<char>::eof() && c != '\n'; c = bytes.sbumpc()) {
            if (line.text.size() < longest_bytes_)
                line.text += static_cast<char>(c);
            else
                line.cut = true;
        }
        if (line.text.ends_with('\r')) line.text.pop_back();
        if (line.number == 1 && line.text.starts_with("\xEF\xBB\xBF")) line.text.erase(0, 3);
        return true;
    }

    void push_back(std::deque<Line> lines)
    {
        for (auto it = lines.rbegin(); it != lines.rend(); ++it) pushed_back_.push_front(std::move(*it));
    }

    /// False after a read error (as against the end of the file).
    bool sound() const { return !in_.bad(); }

private:
    std::ifstream in_;
    std::deque<Line> pushed_back_;
    std::size_t longest_bytes_ = 0;
    std::int64_t number_ = 0;
};

/// Splits one row. False: a quote is still open at the end of the text.
bool split_row(std::string_view text, char delimiter, std::vector<std::string>& cells)
{
    cells.clear();
    std::string cell;
    bool quoted = false;
    bool fresh = true;  // nothing of the cell has been read: only here does a quote open one (5" is an inch mark)
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c != '"')
                cell += c;
            else if (i + 1 < text.size() && text[i + 1] == '"')
                cell += text[++i];
            else
                quoted = false;
        } else if (c == '"' && fresh) {
            quoted = true;
            fresh = false;
        } else if (c == delimiter) {
            if (cells.size() + 1 < kMaxColumns) cells.push_back(std::move(cell));
            cell.clear();
            fresh = true;
        } else {
            if (fresh && c == ' ') continue;  // blanks after a delimiter say nothing
            cell += c;
            fresh = false;
        }
    }
    cells.push_back(std::move(cell));
    return !quoted;
}

struct CsvRow {
    std::int64_t line = 0;
    std::vector<std::string> cells;
    const char* bad = nullptr;  ///< why the row could not be split
};

class CsvRows {
public:
    CsvRows(Lines lines, char delimiter) : lines_(std::move(lines)), delimiter_(delimiter) {}

    bool next(CsvRow& row)
    {
        Lines::Line line;
        do {
            if (!lines_.next(line)) return false;
        } while (trimmed(line.text).empty() && !line.cut);
        row.line = line.number;
        row.bad = nullptr;
        if (line.cut) {
            row.bad = "row is longer than 1 MiB";
            return true;
        }
        if (split_row(line.text, delimiter_, row.cells)) return true;
        // A quoted cell goes on in the next line; if no line closes it, only this line is lost.
        std::string text = line.text;
        std::deque<Lines::Line> taken;
        while (taken.size() < kMaxQuotedLines && text.size() < kMaxCsvRow_bytes && lines_.next(line)) {
            text += '\n';
            text += line.text;
            taken.push_back(std::move(line));
            if (split_row(text, delimiter_, row.cells)) return true;
        }
        lines_.push_back(std::move(taken));
        row.bad = "a quote is never closed";
        return true;
    }

    bool sound() const { return lines_.sound(); }

private:
    Lines lines_;
    char delimiter_;
};

char delimiter_of(std::string_view header)
{
    char best = ',';
    std::ptrdiff_t most = 0;
    for (const char candidate : {',', ';', '\t', '|'})
        if (const auto count = std::count(header.begin(), header.end(), candidate); count > most) {
            best = candidate;
            most = count;
        }
    return best;
}

enum Column {
    mrn,
    last,
    first,
    middle,
    suffix,
    whole_name,
    birth,
    sex,
    address,
    address_2,
    city,
    state,
    zip,
    phone,
    kColumns
};

struct Wording {
    Column column;
    std::string_view header;  ///< letters and digits only, lower-case
};
// The first wording of a column that a header has wins, so the surest stand first.
constexpr std::array kWordings = std::to_array<Wording>({
    {mrn, "mrn"},
    {mrn, "medicalrecordnumber"},
    {mrn, "medicalrecordno"},
    {mrn, "medicalrecordnum"},
    {mrn, "medicalrecord"},
    {mrn, "medrecno"},
    {mrn, "medrecnumber"},
    {mrn, "medrec"},
    {mrn, "mrnumber"},
    {mrn, "mrno"},
    {mrn, "mrnum"},
    {mrn, "patientmrn"},
    {mrn, "mrnid"},
    {mrn, "recordnumber"},
    {mrn, "chartnumber"},
    {mrn, "chartno"},
    {mrn, "chart"},
    {mrn, "unitnumber"},
    {mrn, "hospitalnumber"},
    {mrn, "patientid"},
    {mrn, "patid"},
    {mrn, "patientnumber"},
    {mrn, "patientno"},
    {mrn, "patientidentifier"},
    {mrn, "id"},
    {last, "lastname"},
    {last, "last"},
    {last, "surname"},
    {last, "familyname"},
    {last, "family"},
    {last, "lname"},
    {last, "namelast"},
    {last, "patientlastname"},
    {last, "patientlast"},
    {last, "patlast"},
    {last, "patlastname"},
    {first, "firstname"},
    {first, "first"},
    {first, "givenname"},
    {first, "given"},
    {first, "forename"},
    {first, "fname"},
    {first, "namefirst"},
    {first, "patientfirstname"},
    {first, "patientfirst"},
    {first, "patfirst"},
    {first, "patfirstname"},
    {middle, "middlename"},
    {middle, "middle"},
    {middle, "middleinitial"},
    {middle, "mi"},
    {middle, "mname"},
    {middle, "namemiddle"},
    {middle, "patientmiddlename"},
    {middle, "secondname"},
    {suffix, "suffix"},
    {suffix, "namesuffix"},
    {suffix, "generation"},
    {suffix, "patientsuffix"},
    {whole_name, "patientname"},
    {whole_name, "fullname"},
    {whole_name, "name"},
    {whole_name, "patient"},
    {birth, "dob"},
    {birth, "birthdate"},
    {birth, "dateofbirth"},
    {birth, "bdate"},
    {birth, "birth"},
    {birth, "birthday"},
    {birth, "birthdt"},
    {birth, "patientdob"},
    {birth, "patientbirthdate"},
    {birth, "born"},
    {sex, "sex"},
    {sex, "gender"},
    {sex, "patientsex"},
    {sex, "sexcode"},
    {sex, "gendercode"},
    {sex, "patientgender"},
    {sex, "birthsex"},
    {sex, "legalsex"},
    {sex, "administrativesex"},
    {address, "address"},
    {address, "streetaddress"},
    {address, "street"},
    {address, "address1"},
    {address, "addressline1"},
    {address, "addr1"},
    {address, "addr"},
    {address, "patientaddress"},
    {address, "homeaddress"},
    {address_2, "address2"},
    {address_2, "addressline2"},
    {address_2, "addr2"},
    {city, "city"},
    {city, "town"},
    {city, "patientcity"},
    {city, "homecity"},
    {state, "state"},
    {state, "province"},
    {state, "st"},
    {state, "patientstate"},
    {state, "stateprovince"},
    {zip, "zip"},
    {zip, "zipcode"},
    {zip, "postalcode"},
    {zip, "postcode"},
    {zip, "postal"},
    {zip, "patientzip"},
    {phone, "phone"},
    {phone, "phonenumber"},
    {phone, "telephone"},
    {phone, "tel"},
    {phone, "homephone"},
    {phone, "phonehome"},
    {phone, "patientphone"},
    {phone, "mobile"},
    {phone, "cell"},
});

using ColumnPlaces = std::array<std::optional<std::size_t>, kColumns>;

ColumnPlaces places_of(const std::vector<std::string>& headers)
{
    ColumnPlaces places;
    for (const Wording& wording : kWordings) {
        auto& place = places.at(wording.column);
        for (std::size_t i = 0; i < headers.size() && !place; ++i)
            if (letters_and_digits(headers[i]) == wording.header) place = i;
    }
    return places;
}

/// "DOE, JANE M" or "Jane M. Doe" into a patient's names; a suffix is taken out.
void put_whole_name(std::string_view text, Patient& patient)
{
    const auto words = [](std::string_view part) {
        std::vector<std::string> out;
        for (std::size_t at = 0; at < part.size();) {
            const std::size_t end = std::min(part.find(' ', at), part.size());
            std::string_view word = part.substr(at, end - at);
            while (word.ends_with('.') || word.ends_with(',')) word.remove_suffix(1);
            if (!word.empty()) out.emplace_back(word);
            at = end + 1;
        }
        return out;
    };
    const std::size_t comma = text.find(',');
    std::vector<std::string> given = words(comma == std::string_view::npos ? text : trimmed(text.substr(comma + 1)));
    std::vector<std::string> family =
        comma == std::string_view::npos ? std::vector<std::string>{} : words(text.substr(0, comma));
    for (auto* part : {&given, &family})
        if (part->size() > 1 && !fold_suffix(part->back()).empty()) {
            patient.suffix = part->back();
            part->pop_back();
        }
    if (family.empty() && given.size() > 1) {
        family.push_back(given.back());
        given.pop_back();
    }
    const auto joined = [](const std::vector<std::string>& parts, std::size_t from) {
        std::string out;
        for (std::size_t i = from; i < parts.size(); ++i) out += (out.empty() ? "" : " ") + parts[i];
        return out;
    };
    patient.last_name = joined(family, 0);
    patient.first_name = given.empty() ? std::string() : given.front();
    patient.middle_name = joined(given, std::min<std::size_t>(1, given.size()));
}

std::string sex_from(std::string_view text)
{
    const std::string plain = letters_and_digits(text);
    if (plain == "f" || plain == "female" || plain == "woman" || plain == "girl") return "F";
    if (plain == "m" || plain == "male" || plain == "man" || plain == "boy") return "M";
    if (plain == "x" || plain == "o" || plain == "other" || plain == "nonbinary") return "X";
    return {};
}

/// Counts rows, keeps numbers apart and hands good patients on.
class Intake {
public:
    explicit Intake(const std::function<Result<void>(Patient&&)>& each) : each_(each) {}

    void bad(std::int64_t line, std::string reason)
    {
        ++report.rows;
        ++report.bad;
        if (report.first_bad.size() < PmiReadReport::kMostBadRows)
            report.first_bad.push_back({line, std::move(reason)});
    }

    /// `birth_text` stands as in the file; empty is no fault of the row.
    Result<void> take(Patient&& patient, std::string_view birth_text, std::int64_t line)
    {
        if (mrn_key(patient.mrn.reveal()).empty()) return bad(line, "no medical record number"), Result<void>{};
        if (patient.last_name.reveal().empty() && patient.first_name.reveal().empty())
            return bad(line, "no name"), Result<void>{};
        if (!birth_text.empty()) {
            const auto date = parse_birth_date(birth_text, report.day_first, today_);
            if (!date) return bad(line, "birth date cannot be read"), Result<void>{};
            if (static_cast<int>(date->year()) < kOldestBirthYear || *date > today_)
                return bad(line, "birth date is before 1850 or in the future"), Result<void>{};
            patient.birth_date = date;
        }
        if (!seen_.insert(patient.mrn.reveal()).second)
            return bad(line, "medical record number stands in an earlier row"), Result<void>{};
        ++report.rows;
        ++report.good;
        return each_(std::move(patient));
    }

    Date today() const { return today_; }
    PmiReadReport report;

private:
    const std::function<Result<void>(Patient&&)>& each_;
    std::unordered_set<std::string> seen_;
    Date today_ = today_utc();
};

/// The first two numbers of 12/9/1985 or 12-9-85, where the year stands last.
std::optional<std::pair<int, int>> leading_numbers(std::string_view text)
{
    std::pair<int, int> out{0, 0};
    std::size_t at = 0;
    const auto read = [&](int& value) {
        const std::size_t from = at;
        while (at < text.size() && at - from < 3 && std::isdigit(static_cast<unsigned char>(text[at])))
            value = value * 10 + (text[at++] - '0');
        return at - from >= 1 && at - from <= 2;
    };
    const auto mark = [&] { return at < text.size() && (text[at] == '/' || text[at] == '-'); };
    if (!read(out.first) || !mark()) return std::nullopt;
    ++at;
    if (!read(out.second) || !mark()) return std::nullopt;
    return out;
}

Fault no_column(std::string_view missing, const std::vector<std::string>& headers, const ColumnPlaces& places)
{
    constexpr std::size_t kMostListed = 30;
    // A file without a header row must not print its first patient here: people have numbers, headers have none.
    const auto holds_number = [](std::string_view text) {
        const auto digits =
            std::count_if(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
        return digits > 2 || text.size() > 40;
    };
    const bool any_known =
        std::any_of(places.begin(), places.end(), [](const auto& place) { return place.has_value(); });
    if (!any_known || std::any_of(headers.begin(), headers.end(), holds_number))
        return {FaultKind::config, kWhere,
                fmt::format("no column for {}; the first row, of {} cells, does not look like a header", missing,
                            headers.size())};
    std::string seen;
    for (std::size_t i = 0; i < headers.size() && i < kMostListed; ++i)
        seen += (i == 0 ? "" : ", ") + (is_utf8(headers[i]) ? headers[i] : utf8_from_windows(headers[i]));
    return {FaultKind::config, kWhere, fmt::format("no column for {}; the headers are: {}", missing, seen)};
}

Result<bool> slashed_dates_are_day_first(const std::filesystem::path& file, char delimiter, std::size_t birth_column)
{
    auto lines = Lines::open(file, kMaxCsvRow_bytes);
    if (!lines) return lines.error();
    CsvRows rows(std::move(*lines), delimiter);
    CsvRow row;
    std::int64_t only_day_first = 0;
    std::int64_t only_month_first = 0;
    rows.next(row);  // the header
    while (rows.next(row)) {
        if (row.bad || row.cells.size() <= birth_column) continue;
        const auto numbers = leading_numbers(trimmed(row.cells[birth_column]));
        if (!numbers) continue;
        if (numbers->first > 12 && numbers->first <= 31 && numbers->second <= 12) ++only_day_first;
        if (numbers->second > 12 && numbers->second <= 31 && numbers->first <= 12) ++only_month_first;
    }
    return only_day_first > 0 && only_month_first == 0;
}

Result<PmiReadReport> read_csv(const std::filesystem::path& file, const std::function<Result<void>(Patient&&)>& each)
{
    auto lines = Lines::open(file, kMaxCsvRow_bytes);
    if (!lines) return lines.error();
    Lines::Line header;
    do {
        if (!lines->next(header)) return Fault{FaultKind::corrupt, kWhere, "file has no header row"};
    } while (trimmed(header.text).empty());
    const char delimiter = delimiter_of(header.text);
    std::vector<std::string> headers;
    split_row(header.text, delimiter, headers);
    for (std::string& name : headers) name = std::string(trimmed(name));
    const ColumnPlaces places = places_of(headers);
    if (!places[mrn]) return no_column("the medical record number", headers, places);
    if (!places[last] && !places[whole_name]) return no_column("the last name", headers, places);

    Intake intake(each);
    intake.report.format = "csv";
    if (places[birth]) {
        const auto day_first = slashed_dates_are_day_first(file, delimiter, *places[birth]);
        if (!day_first) return day_first.error();
        intake.report.day_first = *day_first;
    }
    CsvRows rows(std::move(*lines), delimiter);
    CsvRow row;
    while (rows.next(row)) {
        if (row.bad) {
            intake.bad(row.line, row.bad);
            continue;
        }
        if (row.cells.size() != headers.size()) {
            intake.bad(row.line,
                       fmt::format("row has {} columns; the header has {}", row.cells.size(), headers.size()));
            continue;
        }
        const auto cell = [&](Column column) -> std::string {
            if (!places.at(column)) return {};
            const std::string_view text = trimmed(row.cells[*places.at(column)]);
            return is_utf8(text) ? std::string(text) : utf8_from_windows(text);
        };
        Patient patient;
        patient.mrn = cell(mrn);
        if (places[last]) {
            patient.last_name = cell(last);
            patient.first_name = cell(first);
            patient.middle_name = cell(middle);
        } else {
            put_whole_name(cell(whole_name), patient);
        }
        if (std::string own = cell(suffix); !own.empty()) patient.suffix = std::move(own);
        patient.sex = sex_from(cell(sex));
        std::string street = cell(address);
        if (const std::string more = cell(address_2); !more.empty()) street += (street.empty() ? "" : ", ") + more;
        patient.address = std::move(street);
        patient.city = cell(city);
        patient.state = cell(state);
        patient.zip = cell(zip);
        patient.phone = cell(phone);
        if (const auto taken = intake.take(std::move(patient), cell(birth), row.line); !taken) return taken.error();
    }
    if (!rows.sound()) return Fault{FaultKind::io, kWhere, fmt::format("cannot read {} to its end", file.string())};
    return std::move(intake.report);
}

std::string text_at(const json& object, const char* key)
{
    const auto found = object.find(key);
    if (found == object.end() || !found->is_string()) return {};
    return std::string(trimmed(found->get_ref<const std::string&>()));
}

/// Names of generated test patients end in digits (Medhurst46); people's do not.
std::string without_digits_at_end(std::string name)
{
    while (!name.empty() && std::isdigit(static_cast<unsigned char>(name.back()))) name.pop_back();
    return name;
}

const json* array_at(const json& object, const char* key)
{
    const auto found = object.find(key);
    return found != object.end() && found->is_array() && !found->empty() ? &*found : nullptr;
}

/// The element whose `key` is `value`, else the first that is an object.
const json* preferred(const json* elements, const char* key, std::string_view value)
{
    const json* first_object = nullptr;
    if (!elements) return nullptr;
    for (const json& element : *elements) {
        if (!element.is_object()) continue;
        if (!first_object) first_object = &element;
        if (text_at(element, key) == value) return &element;
    }
    return first_object;
}

std::string mrn_of(const json& resource)
{
    const json* identifiers = array_at(resource, "identifier");
    if (!identifiers) return {};
    std::string first_value;
    for (const json& identifier : *identifiers) {
        if (!identifier.is_object()) continue;
        std::string value = text_at(identifier, "value");
        if (first_value.empty()) first_value = value;
        const auto type = identifier.find("type");
        if (type == identifier.end() || !type->is_object()) continue;
        const json* codings = array_at(*type, "coding");
        const json* coding = preferred(codings, "code", "MR");
        if (coding && text_at(*coding, "code") == "MR" && !value.empty()) return value;
    }
    return first_value;
}

Result<void> take_fhir_patient(const json& resource, std::int64_t line, Intake& intake)
{
    if (!resource.is_object()) {
        intake.bad(line, "not a JSON object");
        return {};
    }
    if (text_at(resource, "resourceType") != "Patient") {
        ++intake.report.skipped;
        return {};
    }
    Patient patient;
    patient.mrn = mrn_of(resource);
    if (const json* name = preferred(array_at(resource, "name"), "use", "official")) {
        patient.last_name = without_digits_at_end(text_at(*name, "family"));
        if (const json* given = array_at(*name, "given")) {
            std::string rest;
            for (std::size_t i = 0; i < given->size(); ++i) {
                if (!(*given)[i].is_string()) continue;
                std::string one = without_digits_at_end((*given)[i].get<std::string>());
                if (i == 0)
                    patient.first_name = std::move(one);
                else
                    rest += (rest.empty() ? "" : " ") + one;
            }
            patient.middle_name = std::move(rest);
        }
        if (const json* suffixes = array_at(*name, "suffix"); suffixes && suffixes->front().is_string())
            patient.suffix = fold_suffix(suffixes->front().get<std::string>());
        if (patient.last_name.reveal().empty() && patient.first_name.reveal().empty())
            put_whole_name(text_at(*name, "text"), patient);
    }
    patient.sex = sex_from(text_at(resource, "gender"));
    if (const json* home = preferred(array_at(resource, "address"), "use", "home")) {
        if (const json* street = array_at(*home, "line"); street && street->front().is_string())
            patient.address = street->front().get<std::string>();
        patient.city = text_at(*home, "city");
        patient.state = text_at(*home, "state");
        patient.zip = text_at(*home, "postalCode");
    }
    if (const json* telecom = preferred(array_at(resource, "telecom"), "system", "phone"))
        if (text_at(*telecom, "system") == "phone") patient.phone = text_at(*telecom, "value");
    return intake.take(std::move(patient), text_at(resource, "birthDate"), line);
}

Result<PmiReadReport> read_bundle(const std::filesystem::path& file, const std::function<Result<void>(Patient&&)>& each)
{
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    if (error) return Fault{FaultKind::io, kWhere, fmt::format("cannot read {}", file.string())};
    if (size > kMaxBundle_bytes)
        return Fault{FaultKind::limit, kWhere,
                     fmt::format("bundle is {} bytes; the most is {}", size, kMaxBundle_bytes)};
    std::ifstream in(file, std::ios::binary);
    const json whole = json::parse(in, nullptr, false);
    if (whole.is_discarded()) return Fault{FaultKind::corrupt, kWhere, "file is neither NDJSON nor one JSON value"};
    Intake intake(each);
    intake.report.format = "fhir-bundle";
    const bool bundle = whole.is_object() && text_at(whole, "resourceType") == "Bundle";
    const json none = json::array();
    const json one = bundle || whole.is_array() ? json() : json::array({whole});
    const json* entries = whole.is_array() ? &whole : bundle ? array_at(whole, "entry") : &one;
    std::int64_t number = 0;
    for (const json& entry : entries ? *entries : none) {
        const bool wrapped = entry.is_object() && entry.contains("resource");
        const auto taken = take_fhir_patient(wrapped ? entry["resource"] : entry, ++number, intake);
        if (!taken) return taken.error();
    }
    return std::move(intake.report);
}

Result<PmiReadReport> read_ndjson(const std::filesystem::path& file, const std::function<Result<void>(Patient&&)>& each)
{
    auto lines = Lines::open(file, kMaxJsonLine_bytes);
    if (!lines) return lines.error();
    Intake intake(each);
    intake.report.format = "fhir-ndjson";
    Lines::Line line;
    bool first_value = true;
    while (lines->next(line)) {
        if (trimmed(line.text).empty()) continue;
        const json value = line.cut ? json(json::value_t::discarded) : json::parse(line.text, nullptr, false);
        // A file of one value over many lines, or one line that is a Bundle.
        const bool bundle = value.is_array() || (value.is_object() && text_at(value, "resourceType") == "Bundle");
        if (std::exchange(first_value, false) && (value.is_discarded() || bundle)) {
            auto whole = read_bundle(file, each);
            if (whole || whole.error().kind != FaultKind::corrupt) return whole;
            // Not one value either: NDJSON whose first line is damaged.
        }
        if (value.is_discarded()) {
            intake.bad(line.number, line.cut ? "line is longer than 16 MiB" : "not valid JSON");
            continue;
        }
        if (const auto taken = take_fhir_patient(value, line.number, intake); !taken) return taken.error();
    }
    if (!lines->sound()) return Fault{FaultKind::io, kWhere, fmt::format("cannot read {} to its end", file.string())};
    if (intake.report.good == 0 && intake.report.skipped == 0 && intake.report.rows > 0)
        return Fault{FaultKind::corrupt, kWhere, "no line of the file is a FHIR resource"};
    return std::move(intake.report);
}

}  // namespace

std::optional<Date> parse_birth_date(std::string_view text, bool day_first, Date today)
{
    text = trimmed(text);
    if (text.size() > 40) return std::nullopt;
    if (text.size() > 10 && (text[10] == 'T' || text[10] == ' ') && date_from_iso(text.substr(0, 10)))
        text = text.substr(0, 10);
    if (const auto iso = date_from_iso(text)) return iso;
    // Runs of digits and of letters; what stands between them decides little.
    struct Run {
        std::string text;
        bool digits = false;
    };
    std::vector<Run> runs;
    char mark = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const unsigned char c = static_cast<unsigned char>(text[i]);
        const bool digit = std::isdigit(c) != 0;
        if (!digit && !std::isalpha(c)) {
            if (runs.size() == 1 && mark == 0) mark = text[i];
            if (text[i] == ':') break;  // a time follows
            continue;
        }
        const bool goes_on = i > 0 && std::isalnum(static_cast<unsigned char>(text[i - 1])) && !runs.empty() &&
                             runs.back().digits == digit;
        if (!goes_on) runs.push_back({{}, digit});
        runs.back().text += static_cast<char>(std::tolower(c));
    }
    const auto number = [](const Run& run) { return run.digits && run.text.size() <= 4 ? std::stoi(run.text) : -1; };
    const auto year_of = [&](const Run& run) {
        const int value = number(run);
        if (run.text.size() == 4) return value;
        if (run.text.size() != 2 || value < 0) return -1;
        const int century = static_cast<int>(today.year()) / 100 * 100;
        return century + value <= static_cast<int>(today.year()) ? century + value : century + value - 100;
    };
    const auto day = [&](int year, int month, int day_number) -> std::optional<Date> {
        if (year < 0 || month < 1 || day_number < 1) return std::nullopt;
        return make_date(year, static_cast<unsigned>(month), static_cast<unsigned>(day_number));
    };
    /// As day(), and a two-digit year that comes out later this year belongs to the century before.
    const auto past_day = [&](const Run& year, int month, int day_number) -> std::optional<Date> {
        const auto date = day(year_of(year), month, day_number);
        if (date && *date > today && year.text.size() == 2) return day(year_of(year) - 100, month, day_number);
        return date;
    };
    const auto month_of = [](const Run& run) {
        constexpr std::array<std::string_view, 12> kMonths{"january",   "february", "march",    "april",
                                                           "may",       "june",     "july",     "august",
                                                           "september", "october",  "november", "december"};
        if (run.digits || run.text.size() < 3) return 0;
        for (std::size_t i = 0; i < kMonths.size(); ++i)
            if (kMonths.at(i).starts_with(run.text)) return static_cast<int>(i) + 1;
        return run.text == "sept" ? 9 : 0;
    };
    if (runs.size() == 1 && runs[0].digits && runs[0].text.size() == 8) {
        const std::string& d = runs[0].text;
        return day(std::stoi(d.substr(0, 4)), std::stoi(d.substr(4, 2)), std::stoi(d.substr(6, 2)));
    }
    if (runs.size() < 3) return std::nullopt;
    // A time of day after the date is ignored ("12/9/1985 0:00").
    if (runs.size() > 3 && text.find(':') == std::string_view::npos) return std::nullopt;
    if (const int month = month_of(runs[1])) return past_day(runs[2], month, number(runs[0]));
    if (const int month = month_of(runs[0])) return past_day(runs[2], month, number(runs[1]));
    if (!runs[0].digits || !runs[1].digits || !runs[2].digits) return std::nullopt;
    if (runs[0].text.size() == 4) return day(number(runs[0]), number(runs[1]), number(runs[2]));
    const bool european = mark == '.' || day_first;
    return european ? past_day(runs[2], number(runs[1]), number(runs[0]))
                    : past_day(runs[2], number(runs[0]), number(runs[1]));
}

Result<PmiReadReport> read_pmi(const std::filesystem::path& file, const std::function<Result<void>(Patient&&)>& each)
{
    auto lines = Lines::open(file, kMaxCsvRow_bytes);
    if (!lines) return lines.error();
    Lines::Line line;
    while (lines->next(line)) {
        if (line.text.starts_with("\xFF\xFE") || line.text.starts_with("\xFE\xFF"))
            return Fault{FaultKind::unsupported, kWhere, "file is UTF-16; save it as UTF-8"};
        const std::string_view text = trimmed(line.text);
        if (text.empty() && !line.cut) continue;
        return text.starts_with('{') || text.starts_with('[') ? read_ndjson(file, each) : read_csv(file, each);
    }
    return Fault{FaultKind::corrupt, kWhere, "file is empty"};
}

}  // namespace chartlift::store
