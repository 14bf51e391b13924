// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/assemble/gap_cues.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <utility>

#include "stages/assemble/folded.h"

namespace chartlift::assemble {
namespace {

// Log-odds (natural) that a cue lends to "a new document begins here". exp(w) is how many times more often the cue is
// seen at a boundary than inside a document; 0.7 doubles the odds, 1.6 makes them five times, 3 twenty times.
constexpr double kPrior = -0.2;             // scanned charts hold a little more continuation pages than first pages
constexpr double kTitleFresh = 2.6;         // a title where the page before had none, or another
constexpr double kTitleRepeated = 0.7;      // the same title again: the next report of a kind, or a running header
constexpr double kNoTitle = -0.9;           // some documents carry none, most do
constexpr double kLetterheadChanged = 1.8;  // another facility
constexpr double kLetterheadAgain = 1.1;    // the same one, after a page that had none
constexpr double kLetterheadRunning = 0.3;  // on this page and the one before: may stand on every page
constexpr double kLetterheadGone = -1.3;    // the page before has one, this has not: continuation pages go without
constexpr double kNumberOne = 2.2;          // "page 1": footers are wrong now and then (a copied form), so not more
constexpr double kNumberFollows = -3.2;     // n after n - 1, totals equal or absent
constexpr double kNumberLater = -1.0;       // n > 1 but not the next: a page was lost, or a document lacks its first
constexpr double kNumberBroken = 0.8;       // n > 1, yet the total or the count contradicts the page before
constexpr double kLastPageBefore = 1.3;     // the page before was n of n
constexpr double kMorePagesDue = -1.3;      // the page before was n of m, n < m
constexpr double kPatientDiffers = 4.2;     // most that identifiers together can lend; see kIdentity
constexpr double kPatientSame = -0.4;       // batches hold runs of one patient's documents, so this says little
constexpr double kNoIdentityHeader = -0.8;  // birth date and service date are not repeated: a short running header
constexpr double kFullHeader = 0.9;         // they are, after a page without
constexpr double kDateDiffers = 1.8;        // service dates in both headers
constexpr double kDateSame = -1.2;
constexpr double kAuthorDiffers = 0.7;
constexpr double kTypeSlope = 1.8;        // per unit of overlap lost between the pages' type probabilities
constexpr double kTypeNeutral = 0.45;     // overlap at which the types say nothing
constexpr double kSignatureBefore = 0.9;  // the page before ends as documents end
constexpr double kNoSignatureBefore = -0.2;
constexpr double kMidSentence = -2.2;       // the text goes on in mid-sentence
constexpr double kLetterOpens = 1.3;        // "Dear Dr. ..."
constexpr double kSizeDiffers = 0.8;        // another paper size or orientation
constexpr double kBlankBetween = 0.25;      // duplex backs stand inside documents too
constexpr double kSingleSheetBefore = 1.2;  // the page before is of a type that is one sheet (card, tracing)
constexpr double kTemper = 0.85;            // cues overlap (a letterhead comes with a title), so trust their sum less
constexpr double kSameSize = 0.03;          // relative difference of sides that scanners make by themselves
constexpr double kSpeaks = 0.5;             // log-odds from which a cue is named as evidence
constexpr std::size_t kLookBack = 6;        // pages to look back for a value that the page before does not show

const FieldValue* best(const PageRecord& page, FieldKind kind)
{
    return page.fields.best(kind);
}

bool is_number(const std::string& text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The last page before `at` that shows the field, within reach.
const FieldValue* last_known(std::span<const PageRecord* const> pages, std::size_t at, FieldKind kind)
{
    for (std::size_t back = 1; back <= std::min(at, kLookBack); ++back)
        if (const FieldValue* value = best(*pages[at - back], kind)) return value;
    return nullptr;
}

class Sum {
public:
    void add(double weight, const char* reason = nullptr)
    {
        total_ += weight;
        if (reason != nullptr && weight >= kSpeaks) reasons_.emplace_back(weight, reason);
    }
    GapScore result() &&
    {
        std::stable_sort(reasons_.begin(), reasons_.end(),
                         [](const auto& a, const auto& b) { return a.first > b.first; });
        GapScore out;
        out.log_odds = kTemper * total_;
        for (auto& [weight, reason] : reasons_) out.evidence.push_back(std::move(reason));
        return out;
    }

private:
    double total_ = kPrior;
    std::vector<std::pair<double, std::string>> reasons_;
};

void add_page_number(Sum& sum, std::span<const PageRecord* const> pages, std::size_t at)
{
    const PageCues& here = pages[at]->cues;
    // the last number before, and what it would be here had the document gone on
    std::optional<int> due;
    std::optional<int> total;
    for (std::size_t back = 1; back <= std::min(at, kLookBack); ++back)
        if (const PageCues& before = pages[at - back]->cues; before.page_number) {
            due = *before.page_number + static_cast<int>(back);
            total = before.page_total;
            break;
        }
    const bool total_clash = total && here.page_total && *total != *here.page_total;
    if (here.page_number == 1) {
        sum.add(kNumberOne, "page 1");
    } else if (here.page_number) {
        if (due && *here.page_number == *due && !total_clash)
            sum.add(kNumberFollows);
        else if (due && (total_clash || *here.page_number < *due))
            sum.add(kNumberBroken, "page numbers do not follow");
        else
            sum.add(kNumberLater);
    }
    // what the page right before says of what is still to come
    const PageCues& before = pages[at - 1]->cues;
    if (before.page_number && before.page_total && here.page_number != due) {
        if (*before.page_number == *before.page_total)
            sum.add(kLastPageBefore, "last page of its number before");
        else if (here.page_number != 1)
            sum.add(kMorePagesDue);
    }
}

void add_heading(Sum& sum, const PageRecord& before, const PageRecord& here)
{
    const PageCues& a = before.cues;
    const PageCues& b = here.cues;
    if (!b.title_type.empty()) {
        const bool again = a.title_type == b.title_type && much_the_same(folded(a.title), folded(b.title));
        sum.add(again ? kTitleRepeated : kTitleFresh, "title");
    } else {
        sum.add(kNoTitle);
    }
    if (!b.letterhead.empty()) {
        if (a.letterhead.empty())
            sum.add(kLetterheadAgain, "letterhead");
        else if (much_the_same(a.letterhead, b.letterhead))
            sum.add(kLetterheadRunning);
        else
            sum.add(kLetterheadChanged, "letterhead changed");
    } else if (!a.letterhead.empty()) {
        sum.add(kLetterheadGone);
    }
}

/// What one identifier lends, agreeing or not; the sum over identifiers is capped, as they are read off one label.
struct IdentityWeight {
    FieldKind kind;
    double same;
    double differs;
};
constexpr IdentityWeight kIdentity[] = {
    {FieldKind::mrn, -2.2, 3.6},         // the number is the patient
    {FieldKind::last_name, -1.0, 2.8},   // people marry, forms miswrite
    {FieldKind::first_name, -0.3, 0.8},  // nicknames
    {FieldKind::birth_date, -0.8, 1.2},  // miswritten, or a date of something else
};

void add_patient(Sum& sum, std::span<const PageRecord* const> pages, std::size_t at)
{
    double weight = 0;
    for (const IdentityWeight& identity : kIdentity) {
        const FieldValue* here = best(*pages[at], identity.kind);
        const FieldValue* before = last_known(pages, at, identity.kind);
        if (here == nullptr || before == nullptr) continue;
        const int verdict = same_value(*before, *here);
        const double sure = static_cast<double>(std::min(here->probability.value, before->probability.value));
        if (verdict < 0) weight += identity.differs * sure;
        if (verdict > 0) weight += identity.same * sure;
    }
    sum.add(std::clamp(weight, kPatientSame, kPatientDiffers), "patient changed");
}

void add_header_fields(Sum& sum, std::span<const PageRecord* const> pages, std::size_t at)
{
    const PageRecord& here = *pages[at];
    const PageRecord& before = *pages[at - 1];
    const auto header = [](const PageRecord& page) {
        return (best(page, FieldKind::birth_date) != nullptr ? 1 : 0) +
               (best(page, FieldKind::service_date) != nullptr ? 1 : 0);
    };
    if (header(here) == 0 && header(before) > 0) sum.add(kNoIdentityHeader);
    if (header(here) == 2 && header(before) < 2) sum.add(kFullHeader, "full header");
    const FieldValue* date = best(here, FieldKind::service_date);
    const FieldValue* date_before = last_known(pages, at, FieldKind::service_date);
    if (date != nullptr && date_before != nullptr) {
        const double sure = static_cast<double>(std::min(date->probability.value, date_before->probability.value));
        if (date->value == date_before->value)
            sum.add(kDateSame * sure);
        else
            sum.add(kDateDiffers * sure, "service date changed");
    }
    const FieldValue* author = best(here, FieldKind::author);
    const FieldValue* author_before = last_known(pages, at, FieldKind::author);
    if (author != nullptr && author_before != nullptr && same_value(*author_before, *author) < 0)
        sum.add(kAuthorDiffers, "author changed");
}

/// Sum over types of the smaller probability: 1 for the same distribution, 0 for disjoint ones.
double type_overlap(const PageClass& a, const PageClass& b)
{
    double shared = 0;
    for (const TypeChoice& x : a.ranked)
        for (const TypeChoice& y : b.ranked)
            if (x.type == y.type) shared += static_cast<double>(std::min(x.probability.value, y.probability.value));
    return shared;
}

bool single_sheet(const PageRecord& page, const DocTypes& types)
{
    const std::string& id = page.cues.title_type.empty() ? page.type.best.type : page.cues.title_type;
    const DocType* type = types.find(id);
    return type != nullptr && type->single_page &&
           (!page.cues.title_type.empty() || page.type.best.probability.value > 0.7F);
}

}  // namespace

double GapScore::probability() const
{
    return 1.0 / (1.0 + std::exp(-log_odds));
}

int same_value(const FieldValue& a, const FieldValue& b)
{
    const std::string x = folded(a.value.reveal());
    const std::string y = folded(b.value.reveal());
    if (x.empty() || y.empty()) return 0;
    if (x == y) return 1;
    const std::size_t shorter = std::min(x.size(), y.size());
    if (is_number(x) && is_number(y)) {
        // OCR changes one digit, drops or adds one; two edits cannot be told from another number
        const std::size_t edits = edit_distance(x, y, 3);
        return edits <= 1 ? 1 : edits == 2 ? 0 : -1;
    }
    if (shorter <= 1) return x.front() == y.front() ? 1 : 0;  // an initial
    if (x.starts_with(y) || y.starts_with(x)) return 1;
    const std::size_t edits = edit_distance(x, y, std::max(x.size(), y.size()));
    const double share = static_cast<double>(edits) / static_cast<double>(std::max(x.size(), y.size()));
    return share <= 0.25 ? 1 : share < 0.5 ? 0 : -1;
}

GapScore score_gap(std::span<const PageRecord* const> pages, std::size_t at, Between between, const DocTypes& types)
{
    const PageRecord& before = *pages[at - 1];
    const PageRecord& here = *pages[at];
    Sum sum;
    add_heading(sum, before, here);
    add_page_number(sum, pages, at);
    add_patient(sum, pages, at);
    add_header_fields(sum, pages, at);
    if (!before.type.ranked.empty() && !here.type.ranked.empty())
        sum.add(kTypeSlope * (kTypeNeutral - type_overlap(before.type, here.type)), "type changed");
    sum.add(before.cues.ends_with_signature ? kSignatureBefore : kNoSignatureBefore, "signature before");
    if (here.cues.first_line_continues) sum.add(kMidSentence);
    if (here.cues.opens_like_letter) sum.add(kLetterOpens, "letter opens");
    const auto differs = [](int a, int b) { return std::abs(a - b) > kSameSize * std::max(a, b); };
    if (differs(before.width_px, here.width_px) || differs(before.height_px, here.height_px))
        sum.add(kSizeDiffers, "paper size changed");
    if (between.blank) sum.add(kBlankBetween);
    if (single_sheet(before, types)) sum.add(kSingleSheetBefore, "single sheet before");
    return std::move(sum).result();
}

TypeChoice pooled_type(std::span<const PageRecord* const> pages)
{
    constexpr double kFloor = 0.02;     // a type outside a page's five best
    constexpr double kFirstPage = 1.0;  // the first page shows what a document is
    constexpr double kLaterPage = 0.4;  // later ones are prose that many types share, and depend on the first
    constexpr double kTitleOdds = 12;   // a title is right at least twelve times in thirteen
    constexpr double kLetterOdds = 4;   // an untitled first page with a salutation is mostly a letter
    constexpr const char* kLetter = "letter";
    constexpr double kUnknownBelow = 0.35;
    std::map<std::string, double> log_sum;
    for (const PageRecord* page : pages) {
        for (const TypeChoice& choice : page->type.ranked) log_sum.emplace(choice.type, 0.0);
        if (!page->cues.title_type.empty()) log_sum.emplace(page->cues.title_type, 0.0);
    }
    log_sum.erase(kUnknownType);
    bool first = true;
    for (const PageRecord* page : pages) {
        const double weight = first ? kFirstPage : kLaterPage;
        for (auto& [type, sum] : log_sum) {
            double share = kFloor;
            for (const TypeChoice& choice : page->type.ranked)
                if (choice.type == type) share = std::max(share, static_cast<double>(choice.probability.value));
            sum += weight * std::log(share);
            if (page->cues.title_type == type) sum += weight * std::log(kTitleOdds);
            if (first && type == kLetter && page->cues.opens_like_letter && page->cues.title_type.empty())
                sum += std::log(kLetterOdds);
        }
        first = false;
    }
    TypeChoice best{kUnknownType, Score{0}};
    double top = -1e300;
    for (const auto& [type, sum] : log_sum) top = std::max(top, sum);
    double all = 0;
    for (const auto& [type, sum] : log_sum) all += std::exp(sum - top);
    for (const auto& [type, sum] : log_sum) {
        const double probability = std::exp(sum - top) / all;
        if (probability > static_cast<double>(best.probability.value))
            best = {type, Score{static_cast<float>(probability)}};
    }
    if (static_cast<double>(best.probability.value) < kUnknownBelow) best.type = kUnknownType;
    return best;
}

}  // namespace chartlift::assemble
