// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/population.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace chartlift {
namespace {

// The prior that a small index leans on: a name in general, weighed like this many patients.
constexpr double kPriorWeight_patients = 200;
constexpr double kGeneralLastNameShare = 1.0 / 5000;  // the median bearer's surname in the 1990 US census is near 1e-4
constexpr double kGeneralFirstNameShare = 1.0 / 500;  // given names are some ten times more alike
constexpr double kGeneralYearShare = 1.0 / 90;        // a life
constexpr double kDaysInYear = 365.25;
constexpr double kSmallestMrnShare = 1e-9;  // no number is surer than this: stickers stray and digits are keyed wrong
constexpr int kMaxDigits = 18;              // fit a signed 64-bit number
constexpr std::size_t kMaxValues = 3;       // readings of one field that a query takes up

double leaning(double count, double total, double general)
{
    return (count + kPriorWeight_patients * general) / (total + kPriorWeight_patients);
}

double name_share(const std::unordered_map<std::string, std::uint32_t>& counts, std::string_view joined, double total,
                  double general)
{
    const auto found = counts.find(std::string(joined));
    const double count = found == counts.end() ? std::min(1.0, total) : found->second;
    return leaning(count, total, general);
}

std::optional<std::int64_t> number_of(std::string_view key)
{
    if (key.empty() || key.size() > kMaxDigits) return std::nullopt;
    std::int64_t value = 0;
    const auto [at, error] = std::from_chars(key.data(), key.data() + key.size(), value);
    if (error != std::errc{} || at != key.data() + key.size() || value < 0) return std::nullopt;
    return value;
}

std::vector<const FieldValue*> best_values(const PageFields& fields, FieldKind kind)
{
    std::vector<const FieldValue*> out;
    for (const FieldValue& value : fields.values)
        if (value.kind == kind && !value.value.reveal().empty()) out.push_back(&value);
    std::stable_sort(out.begin(), out.end(),
                     [](const FieldValue* a, const FieldValue* b) { return a->probability > b->probability; });
    if (out.size() > kMaxValues) out.resize(kMaxValues);
    return out;
}

template <class T>
void add_new(std::vector<T>& to, T value)
{
    if (std::find(to.begin(), to.end(), value) == to.end()) to.push_back(std::move(value));
}

}  // namespace

double Population::last_name_share(std::string_view joined) const
{
    return name_share(last_names, joined, static_cast<double>(patients), kGeneralLastNameShare);
}

double Population::first_name_share(std::string_view joined) const
{
    return name_share(first_names, joined, static_cast<double>(patients), kGeneralFirstNameShare);
}

double Population::birth_date_share(Date date) const
{
    const auto found = birth_years.find(static_cast<int>(date.year()));
    const double count = found == birth_years.end() ? 0 : found->second;
    return leaning(count, static_cast<double>(patients), kGeneralYearShare) / kDaysInYear;
}

double Population::sex_share(std::string_view sex) const
{
    const auto found = sexes.find(std::string(sex));
    const double general = sex == "F" || sex == "M" ? 0.5 : 0.01;
    return leaning(found == sexes.end() ? 0 : found->second, static_cast<double>(patients), general);
}

double Population::mrn_share(std::string_view key) const
{
    const int length = static_cast<int>(key.size());
    const auto found = mrn_shapes.find(length);
    // Unknown lengths: as many numbers as the digits allow.
    double space = std::pow(10.0, std::min(length, 9));
    if (found != mrn_shapes.end() && found->second.digits_only && number_of(key)) {
        // The range of the numbers in use, a little widened: sequential numbers fill theirs, random ones do not.
        const MrnShape& shape = found->second;
        const double range = static_cast<double>(shape.highest - shape.lowest) + 1;
        const double seen = static_cast<double>(shape.count);
        space = range * (seen + 1) / seen + 1;
    }
    const double smallest_space = std::max(1.0, static_cast<double>(patients));
    return std::clamp(1.0 / std::max(space, smallest_space), kSmallestMrnShare, 1.0);
}

void Population::add(const Patient& patient)
{
    ++patients;
    std::string last = join_name(fold_name(patient.last_name.reveal()));
    std::string first = join_name(fold_name(patient.first_name.reveal()));
    if (!last.empty()) ++last_names[std::move(last)];
    if (!first.empty()) ++first_names[std::move(first)];
    if (const auto& born = patient.birth_date.reveal()) ++birth_years[static_cast<int>(born->year())];
    if (!patient.sex.reveal().empty()) ++sexes[patient.sex.reveal()];
    const std::string key = mrn_key(patient.mrn.reveal());
    MrnShape& shape = mrn_shapes[static_cast<int>(key.size())];
    const auto number = number_of(key);
    if (!number)
        shape.digits_only = false;
    else if (shape.count == 0)
        shape.lowest = shape.highest = *number;
    else {
        shape.lowest = std::min(shape.lowest, *number);
        shape.highest = std::max(shape.highest, *number);
    }
    ++shape.count;
}

void Population::drop_singles()
{
    std::erase_if(last_names, [](const auto& entry) { return entry.second < 2; });
    std::erase_if(first_names, [](const auto& entry) { return entry.second < 2; });
}

PatientQuery query_from(const PageFields& fields, const Nicknames& nicknames)
{
    std::vector<std::string> mrns, last_names, first_names, other_first_names;
    std::vector<Date> birth_dates;
    for (const FieldValue* value : best_values(fields, FieldKind::mrn))
        if (std::string key = mrn_key(value->value.reveal()); !key.empty()) add_new(mrns, std::move(key));
    for (const FieldValue* value : best_values(fields, FieldKind::last_name)) {
        std::string folded = fold_name(value->value.reveal());
        take_suffix(folded);
        if (!folded.empty()) add_new(last_names, std::move(folded));
    }
    for (const FieldValue* value : best_values(fields, FieldKind::first_name)) {
        const std::string folded = fold_name(value->value.reveal());
        if (folded.empty()) continue;
        add_new(first_names, join_name(folded));
        // "Mary Ann" may stand in the index as first and middle name.
        const std::string lead = folded.substr(0, folded.find(' '));
        if (lead.size() > 1) add_new(first_names, lead);
        for (std::string& variant : nicknames.variants(lead)) add_new(other_first_names, std::move(variant));
    }
    std::erase_if(other_first_names, [&](const std::string& name) {
        return std::find(first_names.begin(), first_names.end(), name) != first_names.end();
    });
    for (const FieldValue* value : best_values(fields, FieldKind::birth_date))
        if (const auto date = date_from_iso(value->value.reveal())) add_new(birth_dates, *date);
    PatientQuery query;
    query.mrns = std::move(mrns);
    query.last_names = std::move(last_names);
    query.first_names = std::move(first_names);
    query.other_first_names = std::move(other_first_names);
    query.birth_dates = std::move(birth_dates);
    return query;
}

}  // namespace chartlift
