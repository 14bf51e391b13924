// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/match/weights.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "stages/match/similarity.h"

namespace chartlift::match {
namespace {

// m: how often a field of the right patient comes out this way. The levels of one field sum to about 1. Reasoned from
// how charts are kept: typed identifiers are right nine times in ten, and a label printer and a scanner err in known
// ways; deliberately wide, because a site's own habits are unknown.

// MRN: a long number that people copy from a sticker or a screen.
constexpr double kMrnExact = 0.93;
constexpr double kMrnConfused = 0.025;  // OCR's own errors: several places, each with a look-alike or two
constexpr double kMrnSubstituted = 0.01;
constexpr double kMrnTransposed = 0.005;
constexpr double kMrnLength = 0.01;   // a digit lost at the edge of a label
constexpr double kMrnDiffers = 0.01;  // another hospital's number, or the number before two charts were merged

// Surname.
constexpr double kLastExact = 0.90;
constexpr double kLastClose = 0.05;      // spelling, one OCR error
constexpr double kLastPart = 0.02;       // one half of a double name
constexpr double kLastDiffers = 0.02;    // marriage, adoption
constexpr double kNamesSwapped = 0.008;  // last and first name in each other's box

// Given name.
constexpr double kFirstExact = 0.85;
constexpr double kFirstNickname = 0.06;
constexpr double kFirstClose = 0.05;
constexpr double kFirstIsMiddle = 0.01;  // goes by the middle name
constexpr double kFirstDiffers = 0.01;

// Middle name, mostly an initial.
constexpr double kMiddleSame = 0.9;
constexpr double kMiddleDiffers = 0.04;
constexpr double kInitialShare = 0.08;  // the chance of one initial: given names share few first letters

constexpr double kSuffixSame = 0.95;
constexpr double kSuffixDiffers = 0.02;
constexpr double kSuffixShare = 0.5;  // of those who bear any suffix, about half bear JR

// Birth date.
constexpr double kBirthExact = 0.93;
constexpr double kBirthSwapped = 0.015;     // day and month
constexpr double kBirthDigit = 0.02;        // one digit, any place: some 35 other real days
constexpr double kBirthTransposed = 0.005;  // neighbours: some 5
constexpr double kBirthCentury = 0.008;     // a two-digit year put into the wrong century
constexpr double kBirthOneYearOff = 0.004;
constexpr double kBirthPart = 0.012;  // two of year, month and day agree
constexpr double kBirthDiffers = 0.006;
constexpr double kBirthDigitDays = 35;
constexpr double kBirthTransposedDays = 5;

constexpr double kSexSame = 0.99;
constexpr double kSexDiffers = 0.01;

// u for "close": how many of the people drawn at random have a surname or given name that looks this alike.
constexpr double kCloseLastShare = 0.001;
constexpr double kCloseFirstShare = 0.004;
constexpr double kCloseJaroWinkler = 0.92;  // Winkler's own cut for a partial agreement
constexpr double kNearJaroWinkler = 0.84;   // neither alike nor clearly another name
constexpr double kNearBits = -1;
constexpr std::size_t kShortestForEdit = 4;  // in three letters one edit makes another name

// g of a disagreement: the share of misread fields that no longer look like what is printed.
constexpr double kWrongPick = 0.3;
constexpr double kLeastReading = 0.05;

struct Level {
    Agreement agreement = Agreement::missing;
    double bits = 0;
};

double ratio_bits(double m, double u)
{
    return std::log2(m / std::min(u, 1.0));
}

double tempered(double bits, double reading)
{
    const double p = std::clamp(reading, kLeastReading, 1.0);
    const double g = bits > 0 ? 1 : kWrongPick;
    return std::log2(p * std::exp2(bits) + (1 - p) * g);
}

FieldComparison comparison(FieldKind kind, Level level, double reading)
{
    FieldComparison out{kind, level.agreement, 0};
    if (level.agreement != Agreement::missing) out.weight_bits = static_cast<float>(tempered(level.bits, reading));
    return out;
}

/// The spelling of two names that differ: close, near or another.
bool spelt_alike(std::string_view a, std::string_view b)
{
    if (jaro_winkler(a, b) >= kCloseJaroWinkler) return true;
    return std::min(a.size(), b.size()) >= kShortestForEdit && ocr_distance(a, b) <= 1;
}

Level differs(std::string_view a, std::string_view b, double m)
{
    const bool near = jaro_winkler(a, b) >= kNearJaroWinkler || ocr_distance(a, b) <= 1;
    return {Agreement::differs, near ? kNearBits : ratio_bits(m, 1)};
}

Level compare_mrn(std::string_view printed, std::string_view listed, const Population& population)
{
    if (printed.empty() || listed.empty()) return {};
    const double u = population.mrn_share(listed);
    const double places = static_cast<double>(listed.size());
    switch (compare_numbers(printed, listed)) {
        case NumberError::none: return {Agreement::exact, ratio_bits(kMrnExact, u)};
        case NumberError::confused: return {Agreement::close, ratio_bits(kMrnConfused, 2 * places * u)};
        case NumberError::substituted: return {Agreement::close, ratio_bits(kMrnSubstituted, 7 * places * u)};
        case NumberError::transposed: return {Agreement::swapped, ratio_bits(kMrnTransposed, places * u)};
        case NumberError::length: return {Agreement::close, ratio_bits(kMrnLength, 11 * places * u)};
        case NumberError::more: break;
    }
    return {Agreement::differs, ratio_bits(kMrnDiffers, 1)};
}

Level compare_last(const PrintedText& printed, std::string_view folded, const Population& population)
{
    const std::string listed = join_name(folded);
    if (printed.joined.empty() || listed.empty()) return {};
    const double share = population.last_name_share(listed);
    if (printed.joined == listed) return {Agreement::exact, ratio_bits(kLastExact, share)};
    const std::vector<std::string> parts = name_parts(folded);
    if (parts.size() > 1 || printed.parts.size() > 1) {
        std::size_t shared = 0;
        double part_share = 0;
        for (const std::string& part : parts)
            if (part.size() > 1 && std::find(printed.parts.begin(), printed.parts.end(), part) != printed.parts.end()) {
                ++shared;
                part_share = std::max(part_share, population.last_name_share(part));
            }
        // The halves of a double name in the other order are the whole name.
        if (shared == parts.size() && shared == printed.parts.size())
            return {Agreement::swapped, ratio_bits(kLastClose, share)};
        if (shared > 0) return {Agreement::close, ratio_bits(kLastPart, 2 * part_share)};
    }
    if (spelt_alike(printed.joined, listed)) return {Agreement::close, ratio_bits(kLastClose, kCloseLastShare + share)};
    return differs(printed.joined, listed, kLastDiffers);
}

Level compare_first(const PrintedText& printed, std::string_view folded_first, std::string_view folded_middle,
                    const Population& population, const Nicknames& nicknames)
{
    const std::string listed = join_name(folded_first);
    if (printed.joined.empty() || listed.empty()) return {};
    const double share = population.first_name_share(listed);
    if (printed.joined == listed) return {Agreement::exact, ratio_bits(kFirstExact, share)};
    if (printed.joined.size() == 1 || listed.size() == 1) {
        // An initial: printed as one it says as much of a stranger as of the patient, so only the letter counts.
        if (printed.joined[0] == listed[0]) return {Agreement::close, ratio_bits(1, kInitialShare)};
        return {Agreement::differs, ratio_bits(kFirstDiffers, 1)};
    }
    // "Mary Ann" against first "Mary", middle "Ann", and the other way round.
    const std::string middle = join_name(folded_middle);
    if (printed.joined == listed + middle) return {Agreement::exact, ratio_bits(kFirstExact, share)};
    const std::vector<std::string> listed_parts = name_parts(folded_first);
    const bool leads = (!printed.parts.empty() && printed.parts.front() == listed) ||
                       (!listed_parts.empty() && listed_parts.front() == printed.joined);
    if (leads) return {Agreement::close, ratio_bits(kFirstClose, kCloseFirstShare / 4 + share)};
    const std::string& lead = printed.parts.empty() ? printed.joined : printed.parts.front();
    if (nicknames.related(lead, listed_parts.empty() ? listed : listed_parts.front()))
        return {Agreement::nickname,
                ratio_bits(kFirstNickname, kCloseFirstShare + share + population.first_name_share(lead))};
    if (spelt_alike(printed.joined, listed))
        return {Agreement::close, ratio_bits(kFirstClose, kCloseFirstShare + share)};
    if (middle.size() > 1 && printed.joined == middle)
        return {Agreement::close, ratio_bits(kFirstIsMiddle, population.first_name_share(middle))};
    return differs(printed.joined, listed, kFirstDiffers);
}

Level compare_middle(const PrintedText& printed, const std::string& listed, std::string_view first)
{
    // A middle name printed as the first, or the first as the middle, is not judged twice.
    if (printed.joined.empty() || listed.empty() || printed.joined == first) return {};
    if (printed.joined == listed && listed.size() > 1)
        return {Agreement::exact, ratio_bits(kMiddleSame, kInitialShare / 4)};
    if (printed.joined[0] != listed[0]) return {Agreement::differs, ratio_bits(kMiddleDiffers, 1 - kInitialShare)};
    const bool initial = printed.joined.size() == 1 || listed.size() == 1;
    if (initial) return {Agreement::exact, ratio_bits(kMiddleSame, kInitialShare)};
    if (spelt_alike(printed.joined, listed)) return {Agreement::close, ratio_bits(kMiddleSame / 8, kInitialShare / 8)};
    return {Agreement::differs, ratio_bits(kMiddleDiffers, 0.5)};
}

int digits_of(Date date)
{
    return static_cast<int>(date.year()) * 10'000 + static_cast<int>(static_cast<unsigned>(date.month())) * 100 +
           static_cast<int>(static_cast<unsigned>(date.day()));
}

Level compare_birth(const std::optional<Date>& printed, const std::optional<Date>& listed, const Population& population)
{
    if (!printed || !listed) return {};
    const double u = population.birth_date_share(*listed);
    if (*printed == *listed) return {Agreement::exact, ratio_bits(kBirthExact, u)};
    const unsigned printed_month = static_cast<unsigned>(printed->month());
    const unsigned printed_day = static_cast<unsigned>(printed->day());
    const unsigned month = static_cast<unsigned>(listed->month());
    const unsigned day = static_cast<unsigned>(listed->day());
    const int years_apart = std::abs(static_cast<int>(printed->year()) - static_cast<int>(listed->year()));
    if (years_apart == 0 && printed_month == day && printed_day == month)
        return {Agreement::swapped, ratio_bits(kBirthSwapped, u)};
    const bool same_day_of_year = printed_month == month && printed_day == day;
    if (same_day_of_year && years_apart == 100) return {Agreement::close, ratio_bits(kBirthCentury, u)};
    switch (compare_numbers(std::to_string(digits_of(*printed)), std::to_string(digits_of(*listed)))) {
        case NumberError::confused:
        case NumberError::substituted: return {Agreement::close, ratio_bits(kBirthDigit, kBirthDigitDays * u)};
        case NumberError::transposed:
            return {Agreement::swapped, ratio_bits(kBirthTransposed, kBirthTransposedDays * u)};
        default: break;
    }
    if (same_day_of_year && years_apart == 1) return {Agreement::close, ratio_bits(kBirthOneYearOff, 2 * u)};
    // Two of three parts by chance: the day in the year, or one month of all, or one day number of all.
    const double by_chance = 1.0 / 365 + 1.0 / (80 * 12) + 1.0 / (80 * 30);
    const int same = (years_apart == 0 ? 1 : 0) + (printed_month == month ? 1 : 0) + (printed_day == day ? 1 : 0);
    if (same == 2) return {Agreement::differs, ratio_bits(kBirthPart, by_chance) - 1};
    return {Agreement::differs, ratio_bits(kBirthDiffers, 1)};
}

Level compare_sex(std::string_view printed, std::string_view listed, const Population& population)
{
    if (printed.empty() || listed.empty()) return {};
    const double u = population.sex_share(listed);
    if (printed == listed) return {Agreement::exact, ratio_bits(kSexSame, u)};
    return {Agreement::differs, ratio_bits(kSexDiffers, 1 - u / 2)};
}

Level compare_suffix(std::string_view printed, std::string_view listed)
{
    if (printed.empty() || listed.empty()) return {};
    if (printed == listed) return {Agreement::exact, ratio_bits(kSuffixSame, kSuffixShare)};
    return {Agreement::differs, ratio_bits(kSuffixDiffers, 1 - kSuffixShare)};
}

PrintedText text_of(const FieldValue* value, bool is_name)
{
    if (!value) return {};
    PrintedText out;
    out.probability = static_cast<double>(value->probability.value);
    const std::string folded = fold_name(value->value.reveal());
    out.joined = is_name ? join_name(folded) : value->value.reveal();
    if (is_name) out.parts = name_parts(folded);
    return out;
}

}  // namespace

Printed printed_from(const PageFields& fields)
{
    Printed out;
    out.mrn = text_of(fields.best(FieldKind::mrn), false);
    out.mrn.joined = mrn_key(out.mrn.joined);
    out.first_name = text_of(fields.best(FieldKind::first_name), true);
    out.middle_name = text_of(fields.best(FieldKind::middle_name), true);
    out.suffix = text_of(fields.best(FieldKind::suffix), false);
    out.suffix.joined = fold_suffix(out.suffix.joined);
    out.sex = text_of(fields.best(FieldKind::sex), false);
    if (const FieldValue* last = fields.best(FieldKind::last_name)) {
        std::string folded = fold_name(last->value.reveal());
        const std::string suffix = take_suffix(folded);
        out.last_name = {join_name(folded), name_parts(folded), static_cast<double>(last->probability.value)};
        if (out.suffix.joined.empty() && !suffix.empty()) out.suffix = {suffix, {}, out.last_name.probability};
    }
    if (const FieldValue* born = fields.best(FieldKind::birth_date)) {
        out.birth_date = date_from_iso(born->value.reveal());
        out.birth_date_probability = static_cast<double>(born->probability.value);
    }
    return out;
}

double PairWeights::bits() const
{
    double sum = 0;
    for (const FieldComparison& field : fields) sum += static_cast<double>(field.weight_bits);
    return sum;
}

PairWeights compare(const Printed& printed, const Patient& patient, const Population& population,
                    const Nicknames& nicknames)
{
    std::string last = fold_name(patient.last_name.reveal());
    const std::string last_suffix = take_suffix(last);
    const std::string first = fold_name(patient.first_name.reveal());
    const std::string middle = fold_name(patient.middle_name.reveal());
    const std::string own_suffix = fold_suffix(patient.suffix.reveal());

    PairWeights out;
    const auto put = [&](FieldKind kind, Level level, double reading) {
        out.fields.at(static_cast<std::size_t>(kind)) = comparison(kind, level, reading);
    };
    Level last_level = compare_last(printed.last_name, last, population);
    Level first_level = compare_first(printed.first_name, first, middle, population, nicknames);
    const Level last_as_first = compare_first(printed.last_name, first, "", population, nicknames);
    const Level first_as_last = compare_last(printed.first_name, last, population);
    const bool crossed = last_as_first.agreement == Agreement::exact && first_as_last.agreement == Agreement::exact;
    const double crossed_bits = last_as_first.bits + first_as_last.bits + std::log2(kNamesSwapped);
    if (crossed && crossed_bits > last_level.bits + first_level.bits) {
        last_level = {Agreement::swapped, crossed_bits / 2};
        first_level = last_level;
    }
    put(FieldKind::mrn, compare_mrn(printed.mrn.joined, mrn_key(patient.mrn.reveal()), population),
        printed.mrn.probability);
    put(FieldKind::last_name, last_level, printed.last_name.probability);
    put(FieldKind::first_name, first_level, printed.first_name.probability);
    put(FieldKind::middle_name, compare_middle(printed.middle_name, join_name(middle), join_name(first)),
        printed.middle_name.probability);
    put(FieldKind::suffix, compare_suffix(printed.suffix.joined, own_suffix.empty() ? last_suffix : own_suffix),
        printed.suffix.probability);
    put(FieldKind::birth_date, compare_birth(printed.birth_date, patient.birth_date.reveal(), population),
        printed.birth_date_probability);
    put(FieldKind::sex, compare_sex(printed.sex.joined, patient.sex.reveal(), population), printed.sex.probability);
    return out;
}

}  // namespace chartlift::match
