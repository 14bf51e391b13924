// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/extract/dates.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace chartlift::extract {
namespace {

constexpr std::size_t kMaxDateTokens = 7;  // "Monday , October 04 , 1998"
constexpr int kOldestYear = 1870;          // nobody on a paper chart was born before
constexpr double kRepair = 0.85;           // each letter read as a digit
constexpr double kDayFirst = 0.85;         // 22/07/1977 on a page that may be American

std::optional<int> digit_of(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    switch (c) {
        case 'O':
        case 'o':
        case 'Q':
        case 'D': return 0;
        case 'l':
        case 'I':
        case 'i':
        case '!': return 1;
        case 'Z':
        case 'z': return 2;
        case 'S':
        case 's': return 5;
        case 'B': return 8;
        default: return std::nullopt;
    }
}

bool alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '!';
}

struct Number {
    int value = 0;
    std::size_t digits = 0;
    int repairs = 0;
};

std::optional<Number> number_of(std::string_view text)
{
    if (text.empty() || text.size() > 8) return std::nullopt;
    Number number;
    for (const char c : text) {
        const auto digit = digit_of(c);
        if (!digit) return std::nullopt;
        if (c < '0' || c > '9') ++number.repairs;
        number.value = number.value * 10 + *digit;
    }
    number.digits = text.size();
    return number;
}

/// 1 to 12 for a month's name or its usual short form, in any case; "0ctober" too.
unsigned month_of(std::string_view text)
{
    static constexpr std::array<std::string_view, 12> kMonths{"JANUARY",   "FEBRUARY", "MARCH",    "APRIL",
                                                              "MAY",       "JUNE",     "JULY",     "AUGUST",
                                                              "SEPTEMBER", "OCTOBER",  "NOVEMBER", "DECEMBER"};
    const std::string folded = fold(text);
    if (folded.size() < 3) return 0;
    for (std::size_t m = 0; m < kMonths.size(); ++m) {
        const std::string_view name = kMonths.at(m);
        if (folded == name || folded == name.substr(0, 3) || folded == name.substr(0, 4))
            return static_cast<unsigned>(m + 1);
        if (folded.size() >= 5 && folded.size() == name.size()) {  // one letter misread
            int wrong = 0;
            for (std::size_t i = 0; i < name.size(); ++i) wrong += folded[i] != name[i];
            if (wrong == 1) return static_cast<unsigned>(m + 1);
        }
    }
    return 0;
}

bool weekday(std::string_view text)
{
    const std::string folded = fold(text);
    if (folded.size() < 3) return false;
    constexpr std::array<std::string_view, 7> kDays{"MONDAY", "TUESDAY",  "WEDNESDAY", "THURSDAY",
                                                    "FRIDAY", "SATURDAY", "SUNDAY"};
    return std::any_of(kDays.begin(), kDays.end(),
                       [&](std::string_view day) { return folded == day || folded == day.substr(0, 3); });
}

/// Walks over runs of letters and digits and the marks between them.
class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) { skip_marks(); }

    std::string_view run() const
    {
        std::size_t end = at_;
        while (end < text_.size() && alnum(text_[end])) ++end;
        return text_.substr(at_, end - at_);
    }
    /// Steps over `length` characters; returns the marks up to the next run.
    std::string_view step(std::size_t length)
    {
        at_ += length;
        end_ = at_;
        const std::size_t from = at_;
        skip_marks();
        return text_.substr(from, at_ - from);
    }
    std::size_t end() const { return end_; }

private:
    void skip_marks()
    {
        while (at_ < text_.size() && !alnum(text_[at_])) ++at_;
    }
    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t end_ = 0;
};

/// What may stand between the numbers of a date: one separator, blanks around it.
bool date_mark(std::string_view marks, bool& clean)
{
    std::string bare;
    for (const char c : marks)
        if (c != ' ') bare += c;
    clean = bare.size() == marks.size();
    if (bare.empty()) {
        clean = false;
        return !marks.empty();
    }
    return bare.size() == 1 &&
           (bare == "/" || bare == "-" || bare == "." || bare == "," || bare == "\\" || bare == "~");
}

bool word_mark(std::string_view marks)
{
    return marks.size() <= 3 && std::all_of(marks.begin(), marks.end(), [](char c) {
               return c == ' ' || c == '-' || c == ',' || c == '.' || c == '/';
           });
}

bool take_year(DateReading& date, const Number& number)
{
    if (number.digits != 2 && number.digits != 4) return false;
    date.year = number.value;
    date.two_digit_year = number.digits == 2;
    for (int i = 0; i < number.repairs; ++i) date.quality *= kRepair;
    return true;
}

bool take_day(DateReading& date, std::string_view run)
{
    if (run.size() > 2) {  // 4th, 22nd
        const std::string tail = fold(run.substr(run.size() - 2));
        if (tail == "TH" || tail == "ND" || tail == "RD" || tail == "ST") run.remove_suffix(2);
    }
    const auto number = number_of(run);
    if (!number || number->digits > 2 || number->repairs == static_cast<int>(number->digits)) return false;
    date.day = static_cast<unsigned>(number->value);
    for (int i = 0; i < number->repairs; ++i) date.quality *= kRepair;
    return true;
}

std::optional<DateReading> with_month_name(Scanner scan, std::size_t& end)
{
    DateReading date;
    date.month_name = true;
    std::string_view run = scan.run();
    if (const unsigned month = month_of(run)) {  // October 04, 1998
        date.month = month;
        if (!word_mark(scan.step(run.size()))) return std::nullopt;
        run = scan.run();
        if (!take_day(date, run)) return std::nullopt;
        const std::string_view marks = scan.step(run.size());
        if (marks.empty() || !word_mark(marks)) return std::nullopt;
        run = scan.run();
        const auto year = number_of(run);
        if (!year || !take_year(date, *year)) return std::nullopt;
        scan.step(run.size());
        end = scan.end();
        return date;
    }
    std::size_t digits = 0;
    while (digits < run.size() && digits < 2 && run[digits] >= '0' && run[digits] <= '9') ++digits;
    if (digits > 0 && run.size() >= digits + 3 && month_of(run.substr(digits, 3))) {  // 04OCT1998, 4Oct 98
        std::size_t letters = digits;
        while (letters < run.size() && (run[letters] < '0' || run[letters] > '9')) ++letters;
        date.month = month_of(run.substr(digits, letters - digits));
        if (!date.month || !take_day(date, run.substr(0, digits))) return std::nullopt;
        std::string_view rest = run.substr(letters);
        if (rest.empty()) {
            if (!word_mark(scan.step(run.size()))) return std::nullopt;
            run = rest = scan.run();
        }
        const auto year = number_of(rest);
        if (!year || !take_year(date, *year)) return std::nullopt;
        scan.step(run.size());
        end = scan.end();
        return date;
    }
    if (!take_day(date, run)) return std::nullopt;  // 4-Oct-98, 15th of March, 1994
    if (!word_mark(scan.step(run.size()))) return std::nullopt;
    run = scan.run();
    if (fold(run) == "OF") {
        scan.step(run.size());
        run = scan.run();
    }
    date.month = month_of(run);
    if (!date.month || !word_mark(scan.step(run.size()))) return std::nullopt;
    run = scan.run();
    const auto year = number_of(run);
    if (!year || !take_year(date, *year)) return std::nullopt;
    scan.step(run.size());
    end = scan.end();
    return date;
}

std::optional<DateReading> with_numbers(Scanner scan, std::size_t& end)
{
    std::array<Number, 3> parts;
    DateReading date;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::string_view run = scan.run();
        const auto number = number_of(run);
        if (!number) return std::nullopt;
        parts.at(i) = *number;
        if (i == 0 && number->digits == 8 && number->repairs == 0) {  // 07221977, 19770722
            const int n = number->value;
            const bool year_first = n / 10'000 >= 1'870 && n / 10'000 <= 2'100;
            date.year = year_first ? n / 10'000 : n % 10'000;
            date.month = static_cast<unsigned>(year_first ? n / 100 % 100 : n / 1'000'000);
            date.day = static_cast<unsigned>(year_first ? n % 100 : n / 10'000 % 100);
            date.quality = 0.7;
            scan.step(run.size());
            end = scan.end();
            return date.month >= 1 && date.month <= 12 ? std::optional(date) : std::nullopt;
        }
        const std::string_view marks = scan.step(run.size());
        bool clean = true;
        if (i < 2 && !date_mark(marks, clean)) return std::nullopt;
        if (i < 2 && !clean) date.quality *= 0.9;
        if (i < 2 && marks == ",") date.quality *= 0.8;
    }
    end = scan.end();
    int repairs = 0;
    std::size_t digits = 0;
    for (const Number& part : parts) {
        repairs += part.repairs;
        digits += part.digits;
    }
    if (static_cast<std::size_t>(repairs) * 2 > digits) return std::nullopt;
    for (int i = 0; i < repairs; ++i) date.quality *= kRepair;
    const auto small = [](const Number& n) { return n.digits <= 2; };
    if (parts[0].digits == 4 && small(parts[1]) && small(parts[2])) {
        date.year = parts[0].value;
        date.month = static_cast<unsigned>(parts[1].value);
        date.day = static_cast<unsigned>(parts[2].value);
        return date;
    }
    if (!small(parts[0]) || !small(parts[1]) || (parts[2].digits != 2 && parts[2].digits != 4)) return std::nullopt;
    date.month = static_cast<unsigned>(parts[0].value);
    date.day = static_cast<unsigned>(parts[1].value);
    date.year = parts[2].value;
    date.two_digit_year = parts[2].digits == 2;
    if (date.month > 12 && date.day <= 12) {
        std::swap(date.month, date.day);
        date.quality *= kDayFirst;
    }
    return date;
}

}  // namespace

std::optional<DateReading> read_date(std::span<const Token> tokens)
{
    std::string text;
    std::array<std::size_t, kMaxDateTokens> ends{};  // where each token ends in `text`
    std::size_t count = 0;
    bool digits = false;
    for (const Token& token : tokens) {
        if (count == kMaxDateTokens || text.size() > 60) break;
        if (count > 0 && !tokens[count - 1].joined) text += ' ';
        text += token.text;
        if (token.joined) text += '/';
        digits = digits || has_digit(token.text);
        ends.at(count++) = text.size();
        if (token.colon) break;
    }
    if (!digits) return std::nullopt;
    Scanner scan(text);
    if (weekday(scan.run())) scan.step(scan.run().size());
    if (scan.run().empty()) return std::nullopt;
    std::size_t end = 0;
    auto date = with_numbers(scan, end);
    if (!date) date = with_month_name(scan, end);
    if (!date || date->month < 1 || date->month > 12 || date->day < 1 || date->day > 31) return std::nullopt;
    while (date->used < count && ends.at(date->used) < end) ++date->used;
    date->used = std::min(date->used + 1, count);
    return date;
}

std::optional<Date> settle(const DateReading& reading, DateUse use, Date latest)
{
    using namespace std::chrono;
    if (!latest.ok()) return std::nullopt;
    // A clock ahead by a time zone may print tomorrow's date on a note.
    const sys_days limit = sys_days(latest) + days(use == DateUse::service ? 1 : 0);
    const auto possible = [&](int y) -> std::optional<Date> {
        const auto date = make_date(y, reading.month, reading.day);
        if (!date || y < kOldestYear || sys_days(*date) > limit) return std::nullopt;
        return date;
    };
    if (!reading.two_digit_year) return possible(reading.year);
    if (const auto date = possible(2000 + reading.year)) return date;
    return possible(1900 + reading.year);
}

}  // namespace chartlift::extract
