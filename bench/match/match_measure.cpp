// SPDX-License-Identifier: GPL-3.0-or-later
/// Measures the patient index and the match stage on data given by path; prints figures only, never patient text
/// (but for `charts ... --errors`, which is for synthetic charts).
///
///   match_measure charts PMI.csv TRUTH.json NICKNAMES.csv [COPIES] [--errors]
///       the identifiers printed on each document, clean and with random OCR noise in COPIES copies
///   match_measure holdout PMI.csv NICKNAMES.csv [DOCUMENTS]
///       made-up documents of patients of the index and of people left out of it, with slips, kin included
///   match_measure pairs ROWS.csv MRN LAST FIRST BIRTH TRUTH NICKNAMES.csv
///       record linkage sets: every row against the index of all other rows, columns given by header name
///   match_measure speed PATIENTS NICKNAMES.csv
///       import and candidate queries on an index of made-up patients
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "core/population.h"
#include "stages/match/match.h"
#include "store/patient_index.h"

namespace {

using namespace chartlift;
using Clock = std::chrono::steady_clock;
using nlohmann::json;
using store::SqlitePatientIndex;

double seconds_since(Clock::time_point then)
{
    return std::chrono::duration<double>(Clock::now() - then).count();
}

std::string text_of(const std::filesystem::path& file)
{
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

template <class T>
T must(Result<T> result)
{
    if (result) return std::move(*result);
    fmt::print(stderr, "{}\n", result.error().message());
    std::exit(1);
}

struct TemporaryIndex {
    std::filesystem::path folder;
    std::unique_ptr<SqlitePatientIndex> index;
    TemporaryIndex()
    {
        std::string name = (std::filesystem::temp_directory_path() / "match_measure.XXXXXX").string();
        folder = mkdtemp(name.data());
        index = must(SqlitePatientIndex::open(folder / "catalog.sqlite"));
    }
    ~TemporaryIndex()
    {
        index.reset();
        std::filesystem::remove_all(folder);
    }
};

struct Identifiers {
    std::string mrn, last, first, middle, suffix, birth, sex;
};

PageFields fields_of(const Identifiers& printed, float probability = 0.97F)
{
    PageFields out;
    const auto put = [&](FieldKind kind, const std::string& text) {
        if (text.empty()) return;
        FieldValue value;
        value.kind = kind;
        value.value = text;
        value.probability = Score{probability};
        out.values.push_back(value);
    };
    put(FieldKind::mrn, printed.mrn);
    put(FieldKind::last_name, printed.last);
    put(FieldKind::first_name, printed.first);
    put(FieldKind::middle_name, printed.middle);
    put(FieldKind::suffix, printed.suffix);
    put(FieldKind::birth_date, printed.birth);
    put(FieldKind::sex, printed.sex);
    return out;
}

class Bench {
public:
    Bench(const SqlitePatientIndex& index, const std::string& nicknames_file)
        : index_(index),
          nicknames_(std::make_shared<const Nicknames>(must(Nicknames::from_csv(text_of(nicknames_file))))),
          population_(std::make_shared<const Population>(must(index.population()))),
          match_([&] {
              MatchSettings settings;
              settings.nicknames = nicknames_;
              return settings;
          }())
    {
    }

    PatientMatch match(const Identifiers& printed, float probability = 0.97F)
    {
        MatchInput input;
        input.fields = fields_of(printed, probability);
        const auto begun = Clock::now();
        input.candidates = must(index_.candidates(query_from(input.fields, *nicknames_)));
        query_s_ += seconds_since(begun);
        slowest_s_ = std::max(slowest_s_, seconds_since(begun));
        ++queries_;
        input.population = population_;
        input.index_available = true;
        return must(match_.run(input, {}));
    }
    void print_speed() const
    {
        fmt::print("candidate query: mean {:.2f} ms, slowest {:.2f} ms over {}\n", 1000 * query_s_ / queries_,
                   1000 * slowest_s_, queries_);
    }

private:
    const SqlitePatientIndex& index_;
    std::shared_ptr<const Nicknames> nicknames_;
    std::shared_ptr<const Population> population_;
    Match match_;
    double query_s_ = 0, slowest_s_ = 0;
    int queries_ = 0;
};

/// One random OCR or keying error.
std::string with_error(std::string text, std::mt19937_64& random)
{
    if (text.empty()) return text;
    constexpr std::string_view kFrom = "015826gmhneocilrst";
    constexpr std::string_view kTo = "OlSBZbqnbracolIvfl";
    const std::size_t at = random() % text.size();
    switch (random() % 4) {
        case 0: return text.erase(at, 1);
        case 1:
            if (at + 1 < text.size()) std::swap(text[at], text[at + 1]);
            return text;
        default: break;
    }
    if (const std::size_t known = kFrom.find(text[at]); known != std::string_view::npos && random() % 2 == 0)
        text[at] = kTo[known];
    else if (std::isdigit(static_cast<unsigned char>(text[at])))
        text[at] = static_cast<char>('0' + random() % 10);
    else if (text[at] != '-')
        text[at] = static_cast<char>('a' + random() % 26);
    return text;
}

struct Tally {
    int documents = 0, top = 0, sure_right = 0, sure_wrong = 0, ambiguous = 0, auto_right = 0, auto_wrong = 0;
    void add(const PatientMatch& match, const std::string& truth)
    {
        ++documents;
        const bool any = !match.candidates.empty();
        const bool right = any && !truth.empty() && match.candidates[0].patient.mrn.reveal() == truth;
        const bool sure = any && match.candidates[0].probability.value >= 0.99F;
        top += right;
        sure_right += sure && right;
        sure_wrong += sure && !right;
        ambiguous += match.ambiguous;
        auto_right += sure && right && !match.ambiguous;
        auto_wrong += sure && !right && !match.ambiguous;
    }
};

void print(const std::map<std::string, Tally>& tallies)
{
    fmt::print("{:28} {:>6} {:>6} {:>9} {:>9} {:>9} {:>10} {:>10}\n", "", "docs", "top1", "p>=.99ok", "p>=.99bad",
               "ambiguous", "auto right", "auto wrong");
    for (const auto& [what, t] : tallies)
        fmt::print("{:28} {:6} {:6} {:9} {:9} {:9} {:10} {:10}\n", what, t.documents, t.top, t.sure_right, t.sure_wrong,
                   t.ambiguous, t.auto_right, t.auto_wrong);
}

std::string plain_upper(std::string text)
{
    std::erase(text, '.');
    return text;
}

Identifiers identifiers_from(const json& printed)
{
    Identifiers out;
    out.mrn = printed.value("mrn", "");
    out.birth = printed.value("dob", "");
    const std::string name = plain_upper(printed.value("name", ""));
    const auto words = [](const std::string& text) {
        std::istringstream in(text);
        return std::vector<std::string>(std::istream_iterator<std::string>(in), {});
    };
    const std::size_t comma = name.find(',');
    std::vector<std::string> rest = words(comma == std::string::npos ? name : name.substr(comma + 1));
    if (!rest.empty() && !fold_suffix(rest.back()).empty() && rest.size() > 1) {
        out.suffix = rest.back();
        rest.pop_back();
    }
    if (comma == std::string::npos) {
        out.last = rest.back();
        rest.pop_back();
    } else {
        out.last = name.substr(0, comma);
    }
    if (!rest.empty()) out.first = rest[0];
    if (rest.size() > 1) out.middle = rest[1];
    return out;
}

int charts(const std::vector<std::string>& args)
{
    TemporaryIndex temporary;
    const auto imported = must(temporary.index->import(args[0], "x"));
    fmt::print("imported {} patients, {} bad rows, {:.2f} s\n", imported.patients, imported.read.bad, imported.seconds);
    Bench bench(*temporary.index, args[2]);
    const json truth = json::parse(text_of(args[1]));
    const int copies = args.size() > 3 && args[3] != "--errors" ? std::stoi(args[3]) : 20;
    const bool errors = args.back() == "--errors";
    std::map<std::string, Tally> tallies;
    std::mt19937_64 random(7);
    for (const json& file : truth["files"])
        for (const json& document : file["documents"]) {
            const Identifiers printed = identifiers_from(document["printed"]);
            const std::string mrn = document["patient_mrn"].is_null() ? "" : document["patient_mrn"].get<std::string>();
            const std::string slip = document["slip"];
            const PatientMatch match = bench.match(printed);
            tallies["clean " + slip].add(match, mrn);
            const bool right = !match.candidates.empty() && match.candidates[0].patient.mrn.reveal() == mrn;
            if (errors &&
                (match.ambiguous || (!mrn.empty() && (!right || match.candidates[0].probability.value < 0.99F)) ||
                 (mrn.empty() && !match.candidates.empty() && match.candidates[0].probability.value > 0.1F))) {
                fmt::print("{} {} {} {} -> ambiguous {}\n", slip, printed.last, printed.first, printed.mrn,
                           match.ambiguous);
                for (const Candidate& c : match.candidates) {
                    fmt::print("   {} {} {} {:.6f} {:.1f}:", c.patient.mrn.reveal(), c.patient.last_name.reveal(),
                               c.patient.first_name.reveal(), c.probability.value, c.weight_bits);
                    for (const auto& r : c.reasons)
                        fmt::print(" {}={}{:+.1f}", to_string(r.field), to_string(r.agreement), r.weight_bits);
                    fmt::print("\n");
                }
            }
            for (int i = 0; i < copies; ++i) {
                Identifiers noisy = printed;
                if (random() % 3 == 0) noisy.mrn = with_error(noisy.mrn, random);
                if (random() % 3 == 0) noisy.last = with_error(noisy.last, random);
                if (random() % 3 == 0) noisy.first = with_error(noisy.first, random);
                if (random() % 3 == 0) noisy.birth = with_error(noisy.birth, random);
                tallies["noisy " + slip].add(bench.match(noisy, 0.9F), mrn);
            }
        }
    print(tallies);
    bench.print_speed();
    return 0;
}

std::string csv_line(const Patient& p)
{
    return fmt::format("{},{},{},{},{},{},{},{}\n", p.mrn.reveal(), p.last_name.reveal(), p.first_name.reveal(),
                       p.middle_name.reveal(), p.suffix.reveal(),
                       p.birth_date.reveal() ? to_iso(*p.birth_date.reveal()) : "", p.sex.reveal(),
                       "\"" + p.address.reveal() + "\"");
}
constexpr const char* kHeader = "mrn,last,first,middle,suffix,dob,sex,address\n";

int holdout(const std::vector<std::string>& args)
{
    std::vector<Patient> all;
    (void)must(store::read_pmi(args[0], [&](Patient&& p) -> Result<void> {
        all.push_back(std::move(p));
        return {};
    }));
    const int documents = args.size() > 2 ? std::stoi(args[2]) : 20'000;
    std::mt19937_64 random(11);
    TemporaryIndex temporary;
    std::vector<bool> listed;
    {
        std::ofstream out(temporary.folder / "in.csv");
        out << kHeader;
        for (const Patient& p : all) {
            listed.push_back(random() % 10 != 0);
            if (listed.back()) out << csv_line(p);
        }
    }
    (void)must(temporary.index->import(temporary.folder / "in.csv", "x"));
    Bench bench(*temporary.index, args[1]);
    std::map<std::string, Tally> tallies;
    for (int i = 0; i < documents; ++i) {
        const std::size_t who = random() % all.size();
        const Patient& p = all[who];
        Identifiers printed{p.mrn.reveal(),
                            p.last_name.reveal(),
                            p.first_name.reveal(),
                            p.middle_name.reveal(),
                            p.suffix.reveal(),
                            p.birth_date.reveal() ? to_iso(*p.birth_date.reveal()) : "",
                            ""};
        if (random() % 2) printed.sex = p.sex.reveal();
        if (random() % 2) printed.suffix.clear();
        std::string slip;
        switch (random() % 12) {
            case 0:
                slip = "no mrn";
                printed.mrn.clear();
                break;
            case 1:
                slip = "no birth date";
                printed.birth.clear();
                break;
            case 2:
                slip = "mrn error";
                printed.mrn = with_error(printed.mrn, random);
                break;
            case 3:
                slip = "last error";
                printed.last = with_error(printed.last, random);
                break;
            case 4:
                slip = "first error";
                printed.first = with_error(printed.first, random);
                break;
            case 5:
                slip = "birth error";
                printed.birth = with_error(printed.birth, random);
                break;
            case 6:
                slip = "birth swapped";
                if (printed.birth.size() == 10)
                    printed.birth =
                        printed.birth.substr(0, 5) + printed.birth.substr(8, 2) + "-" + printed.birth.substr(5, 2);
                break;
            case 7:
                slip = "names swapped";
                std::swap(printed.last, printed.first);
                break;
            case 8:
                slip = "mrn error, no birth date";
                printed.mrn = with_error(printed.mrn, random);
                printed.birth.clear();
                break;
            case 9:
                slip = "name only";
                printed.mrn.clear();
                printed.birth.clear();
                break;
            case 10:
                slip = "other's mrn";
                printed.mrn = all[random() % all.size()].mrn.reveal();
                break;
            default: slip = "clean"; break;
        }
        tallies[(listed[who] ? "in: " : "out: ") + slip].add(bench.match(printed), listed[who] ? p.mrn.reveal() : "");
    }
    print(tallies);
    bench.print_speed();
    return 0;
}

int pairs(const std::vector<std::string>& args)
{
    // Reads with the index's own reader: the row number is the MRN, the true id rides in the phone column.
    std::ifstream in(args[0]);
    std::string line;
    std::getline(in, line);
    const auto cells_of = [](const std::string& text) {
        std::vector<std::string> out{""};
        for (const char c : text) {
            if (c == ',')
                out.emplace_back();
            else if (c != '\r' && c != '"' && !(c == ' ' && out.back().empty()))
                out.back() += c;
        }
        return out;
    };
    const auto headers = cells_of(line);
    const auto column = [&](const std::string& name) {
        return static_cast<std::size_t>(std::find(headers.begin(), headers.end(), name) - headers.begin());
    };
    struct Row {
        Identifiers who;
        std::string truth;
    };
    std::vector<Row> rows;
    TemporaryIndex temporary;
    std::ofstream out(temporary.folder / "in.csv");
    out << kHeader;
    while (std::getline(in, line)) {
        auto cells = cells_of(line);
        cells.resize(headers.size() + 1);
        Row row;
        const auto cell = [&](const std::string& name) { return cells[std::min(column(name), headers.size())]; };
        row.who.mrn = fmt::format("ROW{}X", rows.size());
        row.who.last = cell(args[2]);
        row.who.first = cell(args[3]);
        const std::string birth =
            args[4] == "by-bm-bd" ? fmt::format("{}-{:0>2}-{:0>2}", cell("by"), cell("bm"), cell("bd")) : cell(args[4]);
        if (const auto date = store::parse_birth_date(birth, false, *make_date(2100, 1, 1)))
            row.who.birth = to_iso(*date);
        row.truth = cell(args[5]);
        if (row.truth.starts_with("rec-")) row.truth = row.truth.substr(4, row.truth.find('-', 4) - 4);
        out << fmt::format("{},{},{},,,{},,\n", row.who.mrn, row.who.last, row.who.first, row.who.birth);
        rows.push_back(std::move(row));
    }
    out.close();
    const auto imported = must(temporary.index->import(temporary.folder / "in.csv", "x"));
    fmt::print("{} rows, {} bad\n", imported.read.rows, imported.read.bad);
    const auto nicknames = std::make_shared<const Nicknames>(must(Nicknames::from_csv(text_of(args[6]))));
    MatchSettings settings;
    settings.nicknames = nicknames;
    const Match match(settings);
    const auto population = std::make_shared<const Population>(must(temporary.index->population()));
    std::map<std::string, int> entity_size;
    for (const Row& row : rows) ++entity_size[row.truth];
    // Every row asks for itself among the others; a pair is judged alone, as its own odds against "none".
    std::int64_t true_pairs = 0, found_blocked = 0;
    std::map<double, std::pair<std::int64_t, std::int64_t>> said;  // threshold -> (right, all)
    for (const auto& [truth, many] : entity_size) true_pairs += std::int64_t{many} * (many - 1);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        Identifiers who = rows[i].who;
        who.mrn.clear();
        MatchInput input;
        input.fields = fields_of(who, 1.0F);
        input.index_available = true;
        input.population = population;
        for (Patient& p : must(temporary.index->candidates(query_from(input.fields, *nicknames)))) {
            const std::size_t other = std::stoul(p.mrn.reveal().substr(3));
            if (other == i) continue;
            const bool same = rows[other].truth == rows[i].truth;
            found_blocked += same;
            input.candidates = {std::move(p)};
            const PatientMatch result = must(match.run(input, {}));
            for (const double threshold : {0.5, 0.9, 0.99})
                if (static_cast<double>(result.candidates[0].probability.value) >= threshold) {
                    said[threshold].first += same;
                    ++said[threshold].second;
                }
        }
    }
    fmt::print("blocking recall {:.4f}\n", static_cast<double>(found_blocked) / static_cast<double>(true_pairs));
    for (const auto& [threshold, counts] : said)
        fmt::print("p >= {:4}: precision {:.4f} recall {:.4f}\n", threshold,
                   static_cast<double>(counts.first) / static_cast<double>(counts.second),
                   static_cast<double>(counts.first) / static_cast<double>(true_pairs));
    return 0;
}

int speed(const std::vector<std::string>& args)
{
    const int patients = std::stoi(args[0]);
    std::mt19937_64 random(3);
    constexpr std::string_view kOnsets[] = {"b", "br", "c", "ch", "d", "f", "g",  "h", "j", "k",
                                            "l", "m",  "n", "p",  "r", "s", "st", "t", "v", "w"};
    constexpr std::string_view kVowels[] = {"a", "e", "i", "o", "u", "ea", "ou"};
    constexpr std::string_view kEnds[] = {"n", "r", "s", "ton", "son", "ck", "ll", "man", "ley", "t"};
    // Few names are common and many are rare (Zipf): the name's number is drawn log-uniformly.
    const auto name = [&](double names) {
        std::mt19937_64 own(
            static_cast<std::uint64_t>(std::exp(std::uniform_real_distribution<>(0, std::log(names))(random))));
        std::string out;
        for (std::size_t i = 0, syllables = 1 + own() % 2; i < syllables; ++i)
            (out += kOnsets[own() % 20]) += kVowels[own() % 7];
        return out += kEnds[own() % 10];
    };
    TemporaryIndex temporary;
    std::vector<Patient> sample;
    {
        std::ofstream out(temporary.folder / "in.csv");
        out << kHeader;
        for (int i = 0; i < patients; ++i) {
            Patient p;
            p.mrn = fmt::format("{:07}", (std::uint64_t{1} + static_cast<std::uint64_t>(i)) * 7'654'321 % 9'999'991);
            p.last_name = name(90'000);
            p.first_name = name(5'000);
            p.middle_name = std::string(1, static_cast<char>('A' + random() % 26));
            p.birth_date = make_date(1930 + static_cast<int>(random() % 90), 1 + static_cast<unsigned>(random() % 12),
                                     1 + static_cast<unsigned>(random() % 28));
            p.sex = std::string(random() % 2 ? "F" : "M");
            p.address = fmt::format("{} Main Street", random() % 9999);
            out << csv_line(p);
            if (i % std::max(1, patients / 1000) == 0) sample.push_back(p);
        }
    }
    const auto imported = must(temporary.index->import(temporary.folder / "in.csv", "x"));
    fmt::print("imported {} patients ({} bad rows) in {:.1f} s; catalog {} MiB\n", imported.patients, imported.read.bad,
               imported.seconds, std::filesystem::file_size(temporary.folder / "catalog.sqlite") / 1048576);
    auto begun = Clock::now();
    Bench bench(*temporary.index, args[1]);
    fmt::print("population loaded in {:.2f} s\n", seconds_since(begun));
    std::map<std::string, Tally> tallies;
    for (const Patient& p : sample) {
        Identifiers printed{
            p.mrn.reveal(), p.last_name.reveal(), p.first_name.reveal(), "", "", to_iso(*p.birth_date.reveal()), ""};
        tallies["clean"].add(bench.match(printed), p.mrn.reveal());
        printed.mrn.clear();
        tallies["no mrn"].add(bench.match(printed), p.mrn.reveal());
        printed.last = with_error(printed.last, random);
        tallies["no mrn, last error"].add(bench.match(printed), p.mrn.reveal());
    }
    print(tallies);
    bench.print_speed();
    begun = Clock::now();
    for (const Patient& p : sample)
        (void)must(temporary.index->find(p.last_name.reveal() + " " + p.first_name.reveal(), 20));
    fmt::print("find: {:.2f} ms\n", 1000 * seconds_since(begun) / static_cast<double>(sample.size()));
    return 0;
}

}  // namespace

int main(int argc, char** argv)
{
    const std::vector<std::string> args(argv + std::min(2, argc), argv + argc);
    const std::string what = argc > 1 ? argv[1] : "";
    if (what == "charts" && args.size() >= 3) return charts(args);
    if (what == "holdout" && args.size() >= 2) return holdout(args);
    if (what == "pairs" && args.size() == 7) return pairs(args);
    if (what == "speed" && args.size() == 2) return speed(args);
    fmt::print(stderr, "usage: see the top of bench/match/match_measure.cpp\n");
    return 2;
}
