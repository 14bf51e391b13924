// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/training_pages.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace chartlift {
namespace {

using Lines = std::vector<std::string>;

// Words for invented letterheads and headers: they must vary, so that the model learns to look past them.
constexpr std::array kPlaces{"Riverside",   "St. Anne",    "Northfield", "Good Shepherd",  "Oak Valley",
                             "Harbor View", "Summit",      "Trinity",    "Cedar Grove",    "Prairie",
                             "Bayview",     "Holy Family", "Westbrook",  "Green Mountain", "Providence",
                             "Fairmont",    "Eastgate",    "Pine Ridge", "Union",          "Mission"};
constexpr std::array kFacilities{
    "Hospital",         "Medical Center",  "Regional Medical Center", "Community Hospital", "Clinic",
    "General Hospital", "Family Practice", "Health System",           "Medical Group",      "Memorial Hospital",
    "Physicians, P.A.", "Healthcare",      "Specialty Clinic",        "University Hospital"};
constexpr std::array kSurnames{"Abbott",  "Barnes", "Castillo", "Dunn",     "Erickson", "Fowler", "Gibson",
                               "Hoffman", "Ingram", "Jacobs",   "Kowalski", "Larsen",   "Mendez", "Norris",
                               "Osborne", "Patel",  "Quinn",    "Romero",   "Sandoval", "Tran",   "Underhill",
                               "Vaughn",  "Walton", "Yates",    "Zimmerman"};
constexpr std::array kGivenNames{"Alice",  "Bernard", "Clara",  "Dwight",  "Elena",  "Frank", "Gloria",
                                 "Hector", "Irene",   "Julius", "Karen",   "Leon",   "Marta", "Nathan",
                                 "Olga",   "Perry",   "Rosa",   "Stanley", "Teresa", "Victor"};
constexpr std::array kNameLabels{"Patient", "Patient Name", "Name", "PATIENT NAME", "Pt Name", "Pt", "NAME"};
constexpr std::array kNumberLabels{"MRN",       "Medical Record No.", "MR #",       "Med Rec #",
                                   "Chart No.", "Patient ID",         "Hospital No"};
constexpr std::array kBirthLabels{"DOB", "Date of Birth", "Birth Date", "D.O.B.", "Birthdate"};
constexpr std::array kDateLabels{"Date of Service", "Date", "DOS", "Service Date", "Visit Date", "DATE"};
constexpr std::array kDoctorLabels{"Physician", "Attending", "Provider", "Attending Physician", "Doctor", "Dr."};

std::size_t below(Random& random, std::size_t n)
{
    return static_cast<std::size_t>(random() % n);
}
bool chance(Random& random, int percent)
{
    return below(random, 100) < static_cast<std::size_t>(percent);
}
int between(Random& random, int low, int high)
{
    return low + static_cast<int>(below(random, static_cast<std::size_t>(high - low + 1)));
}
template <std::size_t N>
std::string pick(Random& random, const std::array<const char*, N>& from)
{
    return from[below(random, N)];
}

std::string upper(std::string text)
{
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}

bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}
bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

std::string trimmed(std::string_view text)
{
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

/// Whether "HEADING:" begins at `at`: capitals, blanks and a few marks, then a colon.
bool heading_at(std::string_view text, std::size_t at)
{
    std::size_t capitals = 0;
    for (std::size_t i = at; i < text.size() && i < at + 50; ++i) {
        const char c = text[i];
        if (c == ':') return capitals >= 2;
        if (is_upper(c))
            ++capitals;
        else if (c != ' ' && c != '/' && c != '&' && c != '-' && c != '(' && c != ')')
            return false;
    }
    return false;
}

Lines wrapped(const Lines& lines, std::size_t columns)
{
    Lines out;
    for (const std::string& line : lines) {
        std::size_t at = 0;
        if (line.empty()) out.emplace_back();
        while (at < line.size()) {
            std::size_t end = std::min(line.size(), at + columns);
            if (end < line.size()) {
                const std::size_t blank = line.rfind(' ', end);
                if (blank != std::string::npos && blank > at) end = blank;
            }
            std::string piece = trimmed(std::string_view(line).substr(at, end - at));
            if (!piece.empty()) out.push_back(std::move(piece));
            at = end;
        }
    }
    return out;
}

std::string date_text(Random& random)
{
    const int month = between(random, 1, 12);
    const int day = between(random, 1, 28);
    const int year = between(random, 1930, 2023);
    return chance(random, 50) ? fmt::format("{:02}/{:02}/{}", month, day, year)
                              : fmt::format("{:02}-{:02}-{}", month, day, year);
}

struct Person {
    std::string name;
    std::string number;
    std::string birth;
};

Person invented(Random& random)
{
    const std::string last = pick(random, kSurnames);
    const std::string first = pick(random, kGivenNames);
    Person person;
    person.name = chance(random, 50) ? fmt::format("{}, {}", last, first) : fmt::format("{} {}", first, last);
    if (chance(random, 30)) person.name = upper(person.name);
    person.number = fmt::format("{:07}", below(random, 10'000'000));
    person.birth = date_text(random);
    return person;
}

Lines header_block(const Person& person, Random& random)
{
    std::vector<std::pair<std::string, std::string>> fields{{pick(random, kNameLabels), person.name},
                                                            {pick(random, kNumberLabels), person.number},
                                                            {pick(random, kBirthLabels), person.birth},
                                                            {pick(random, kDateLabels), date_text(random)}};
    if (chance(random, 80)) fields.emplace_back(pick(random, kDoctorLabels), "Dr. " + pick(random, kSurnames));
    Lines out;
    switch (below(random, 4)) {
        case 0:  // label: value, a line each
            for (const auto& [label, value] : fields) out.push_back(label + ": " + value);
            break;
        case 1:  // two a line
            for (std::size_t i = 0; i < fields.size(); i += 2) {
                out.push_back(fields[i].first + ": " + fields[i].second);
                if (i + 1 < fields.size()) out.back() += " " + fields[i + 1].first + ": " + fields[i + 1].second;
            }
            break;
        case 2:  // a table: labels above values
            for (std::size_t i = 0; i < fields.size(); i += 2) {
                std::string labels = fields[i].first;
                std::string values = fields[i].second;
                if (i + 1 < fields.size()) {
                    labels += " " + fields[i + 1].first;
                    values += " " + fields[i + 1].second;
                }
                out.push_back(labels);
                out.push_back(values);
            }
            break;
        default:  // a sticker
            out.push_back(person.name);
            out.push_back(person.number + " " + person.birth);
            break;
    }
    return out;
}

/// Errors that OCR engines make on worn scans; `per_mille` letters are hit.
std::string misread(const std::string& line, int per_mille, Random& random)
{
    if (per_mille == 0) return line;
    static constexpr std::string_view kFrom = "elioahnctursgBDOSI015,.m";
    static constexpr std::string_view kTo = "c1lco0hbeflvz986o5l|OlS.,n";
    std::string out;
    for (const char c : line) {
        if (below(random, 1000) >= static_cast<std::size_t>(per_mille)) {
            out += c;
            continue;
        }
        const std::size_t known = kFrom.find(c);
        switch (below(random, 4)) {
            case 0: break;  // lost
            case 1: out += c == ' ' ? std::string() : std::string(" ") + c; break;
            default:
                if (known != std::string_view::npos)
                    out += kTo[known];
                else
                    out += static_cast<char>('a' + below(random, 26));
        }
    }
    return out;
}

Lines scanned(const Lines& lines, Random& random)
{
    static constexpr std::array kErrorRates{0, 0, 3, 8, 15, 40};  // per mille of letters; most scans read well
    const int rate = kErrorRates[below(random, kErrorRates.size())];
    Lines out;
    for (const std::string& line : lines) out.push_back(misread(line, rate, random));
    if (chance(random, 10)) out.insert(out.begin() + static_cast<std::ptrdiff_t>(below(random, out.size() + 1)), "| .");
    return out;
}

std::string as_title(const std::string& title, Random& random)
{
    switch (below(random, 5)) {
        case 0:
        case 1: return title;
        case 2: return title + (chance(random, 30) ? ":" : "");
        default: return upper(title);
    }
}

LabelledPage labelled(const Lines& lines, const std::string& type, bool titled, Random& random)
{
    LabelledPage out;
    out.page = page_from_lines(scanned(lines, random));
    out.type = type;
    out.titled = titled;
    return out;
}

/// One way to print a report; `headed` decides whether the first page bears a title.
void print_report(const Lines& body, const std::string& type, const DocType& definition, bool headed, Random& random,
                  std::vector<LabelledPage>& out)
{
    const Person person = invented(random);
    Lines lines = wrapped(body, static_cast<std::size_t>(between(random, 68, 118)));
    const int a_page = between(random, 38, 60);
    const bool letter = type == "letter";
    if (letter && chance(random, 60)) lines.push_back(chance(random, 50) ? "Sincerely," : "Sincerely yours,");

    Lines page;
    if (chance(random, letter ? 60 : 85)) {
        page.push_back(pick(random, kPlaces) + " " + pick(random, kFacilities));
        if (chance(random, 50))
            page.push_back(fmt::format("{} {} St, Suite {}", between(random, 10, 9999), pick(random, kPlaces),
                                       between(random, 1, 900)));
        if (chance(random, 30))
            page.push_back(fmt::format("Phone ({}) 555-{:04} Fax ({}) 555-{:04}", 212, below(random, 10000), 212,
                                       below(random, 10000)));
        if (chance(random, 30)) page.back() = upper(page.back());
    }
    const bool titled = headed && !definition.titles.empty();
    if (titled) page.push_back(as_title(definition.titles[below(random, definition.titles.size())], random));
    if (chance(random, letter ? 30 : 85)) {
        const Lines header = header_block(person, random);
        // A sticker may stand above the letterhead, a header above the title.
        if (chance(random, 15))
            page.insert(page.begin(), header.begin(), header.end());
        else
            page.insert(page.end(), header.begin(), header.end());
    }
    if (letter && chance(random, 70)) {
        page.push_back(date_text(random));
        if (chance(random, 60)) page.push_back("RE: " + person.name);
    }
    const bool numbered = chance(random, 60);
    const bool strip = chance(random, 60);
    int number = 1;
    bool first = true;
    std::size_t at = 0;
    while (at < lines.size()) {
        if (!first && strip) {
            page.push_back(pick(random, kNameLabels) + ": " + person.name);
            page.push_back(pick(random, kNumberLabels) + ": " + person.number);
        }
        while (at < lines.size() && page.size() < static_cast<std::size_t>(a_page)) page.push_back(lines[at++]);
        if (numbered) page.push_back(fmt::format("Page {}", number));
        ++number;
        out.push_back(labelled(page, type, titled && first, random));
        page.clear();
        first = false;
    }
}

}  // namespace

Result<std::vector<std::vector<std::string>>> parse_csv(std::string_view text)
{
    std::vector<std::vector<std::string>> rows;
    std::vector<std::string> row;
    std::string field;
    bool quoted = false;
    bool started = false;
    int line = 1;
    const auto end_row = [&]() -> bool {
        row.push_back(std::move(field));
        field.clear();
        started = false;
        rows.push_back(std::move(row));
        row.clear();
        return rows.back().size() == rows.front().size();
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\n') ++line;
        if (quoted) {
            if (c != '"') {
                field += c;
            } else if (i + 1 < text.size() && text[i + 1] == '"') {
                field += '"';
                ++i;
            } else {
                quoted = false;
            }
        } else if (c == '"' && field.empty()) {
            quoted = started = true;
        } else if (c == ',') {
            row.push_back(std::move(field));
            field.clear();
            started = true;
        } else if (c == '\r' && (i + 1 == text.size() || text[i + 1] == '\n')) {
            continue;  // of the line's end; one inside quotes is text
        } else if (c == '\n') {
            if (row.empty() && field.empty() && !started) continue;
            if (!end_row())
                return Fault{FaultKind::corrupt, "csv",
                             fmt::format("line {} ends a row of {} fields; the header has {}", line - 1,
                                         rows.back().size(), rows.front().size())};
        } else {
            field += c;
            started = true;
        }
    }
    if (quoted)
        return Fault{FaultKind::corrupt, "csv", fmt::format("a quoted field is open at the end, line {}", line)};
    if ((started || !row.empty()) && !end_row())
        return Fault{FaultKind::corrupt, "csv",
                     fmt::format("line {} ends a row of {} fields; the header has {}", line, rows.back().size(),
                                 rows.front().size())};
    return rows;
}

std::vector<std::string> report_lines(std::string_view text)
{
    Lines out;
    std::string line;
    const auto flush = [&] {
        std::string done = trimmed(line);
        if (!done.empty()) out.push_back(std::move(done));
        line.clear();
    };
    char last = ' ';  // last character that is not a blank
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\n') {
            flush();
            last = ' ';
            continue;
        }
        if (c == ',') {
            std::size_t next = i + 1;
            while (next < text.size() && text[next] == ' ') ++next;
            const bool after_end = last == '.' || last == ':' || last == ';' || last == '?' || last == ')';
            const bool tight = next == i + 1 && next < text.size() && (is_upper(text[next]) || is_digit(text[next])) &&
                               !is_digit(last);
            if (after_end || (next < text.size() && heading_at(text, next)) ||
                (tight && next + 1 < text.size() && text[next + 1] == '.')) {
                flush();
                last = ' ';
                continue;
            }
        }
        line += c;
        if (c != ' ') last = c;
    }
    flush();
    return out;
}

std::vector<LabelledPage> chart_pages(const std::string& report, const std::string& type, const DocTypes& types,
                                      Random& random)
{
    std::vector<LabelledPage> out;
    const DocType* definition = types.find(type);
    if (definition == nullptr) return out;
    const Lines lines = report_lines(report);
    for (const bool headed : {true, false}) print_report(lines, type, *definition, headed, random, out);
    return out;
}

std::vector<LabelledPage> ready_page(const std::string& text, const std::string& type, bool titled,
                                     const DocTypes& types, Random& random)
{
    Lines lines;
    std::size_t at = 0;
    while (at <= text.size()) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    std::vector<LabelledPage> out;
    out.push_back(labelled(lines, type, titled, random));
    if (!titled) return out;
    const TitleLexicon lexicon(types);
    const std::size_t top = std::min(lines.size(), 2 * kTopLines);
    Lines bare;
    for (std::size_t i = 0; i < lines.size(); ++i)
        if (i >= top || !lexicon.is_title(lines[i])) bare.push_back(lines[i]);
    if (bare.size() < lines.size()) out.push_back(labelled(bare, type, false, random));
    return out;
}

}  // namespace chartlift
