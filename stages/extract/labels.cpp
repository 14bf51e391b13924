// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/extract/labels.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "stages/extract/dates.h"

namespace chartlift::extract {
namespace {

constexpr std::size_t kMaxLabelTokens = 8;  // "Date of Birth (MM/DD/YYYY)" is 6

/// Labels of other things on a chart page. A site's own wordings go before these.
constexpr const char* kForeign[] = {"Address",
                                    "Patient Address",
                                    "Home Address",
                                    "Mailing Address",
                                    "Addr",
                                    "Street",
                                    "City",
                                    "City/State",
                                    "State",
                                    "Zip",
                                    "Zip Code",
                                    "City/State/Zip",
                                    "County",
                                    "Country",
                                    "Phone",
                                    "Phone #",
                                    "Telephone",
                                    "Telephone #",
                                    "Tel",
                                    "Tel #",
                                    "Home Phone",
                                    "Work Phone",
                                    "Cell Phone",
                                    "Cell",
                                    "Mobile",
                                    "Patient Phone",
                                    "Fax",
                                    "Fax #",
                                    "Email",
                                    "E-mail",
                                    "Age",
                                    "Patient Age",
                                    "Room",
                                    "Room #",
                                    "Rm",
                                    "Room/Bed",
                                    "Bed",
                                    "Ward",
                                    "Unit",
                                    "Floor",
                                    "Nursing Unit",
                                    "Patient Location",
                                    "SSN",
                                    "SS #",
                                    "Soc Sec #",
                                    "Social Security",
                                    "Social Security #",
                                    "Insurance",
                                    "Insurance ID",
                                    "Insurance #",
                                    "Insurance Company",
                                    "Primary Insurance",
                                    "Secondary Insurance",
                                    "Payer",
                                    "Plan",
                                    "Policy",
                                    "Policy #",
                                    "Group",
                                    "Group #",
                                    "Group Name",
                                    "Member ID",
                                    "Member #",
                                    "Member ID #",
                                    "Subscriber",
                                    "Subscriber ID",
                                    "Subscriber Name",
                                    "Subscriber #",
                                    "Guarantor",
                                    "Guarantor Name",
                                    "Insured",
                                    "Name of Insured",
                                    "Insured Name",
                                    "Insured's Name",
                                    "Insured's ID",
                                    "Insured's ID #",
                                    "Policy Holder",
                                    "Policyholder",
                                    "Marital Status",
                                    "Marital",
                                    "Religion",
                                    "Race",
                                    "Ethnicity",
                                    "Language",
                                    "Preferred Language",
                                    "Employer",
                                    "Employer Name",
                                    "Occupation",
                                    "Next of Kin",
                                    "Emergency Contact",
                                    "Relationship",
                                    "Relation",
                                    "Contact",
                                    "Contact Name",
                                    "Spouse",
                                    "Spouse Name",
                                    "Mother",
                                    "Mother's Name",
                                    "Mother's MRN",
                                    "Mother's DOB",
                                    "Father",
                                    "Father's Name",
                                    "Guardian",
                                    "Parent",
                                    "Parent/Guardian",
                                    "Responsible Party",
                                    "Maiden Name",
                                    "Referring Physician",
                                    "Referring MD",
                                    "Referring Provider",
                                    "Referring Doctor",
                                    "Referring",
                                    "Referred by",
                                    "Referred to",
                                    "Requested by",
                                    "PCP",
                                    "Primary Care",
                                    "Primary Care Physician",
                                    "Primary Care Provider",
                                    "Primary Physician",
                                    "Family Physician",
                                    "Family Doctor",
                                    "CC",
                                    "Copy to",
                                    "Copies to",
                                    "To",
                                    "From",
                                    "Dear",
                                    "Diagnosis",
                                    "Admitting Diagnosis",
                                    "Discharge Diagnosis",
                                    "Preoperative Diagnosis",
                                    "Postoperative Diagnosis",
                                    "Dx",
                                    "Allergies",
                                    "Height",
                                    "Weight",
                                    "BP",
                                    "Temp",
                                    "Pulse",
                                    "Page",
                                    "Pg",
                                    "Time",
                                    "Date Printed",
                                    "Printed",
                                    "Printed by",
                                    "Printed on",
                                    "Print Date",
                                    "Run Date",
                                    "Dictated",
                                    "Date Dictated",
                                    "Dictation Date",
                                    "Transcribed",
                                    "Date Transcribed",
                                    "Transcribed by",
                                    "Transcription Date",
                                    "Typed",
                                    "Date Typed",
                                    "Date Signed",
                                    "Signed",
                                    "Signed on",
                                    "DD",
                                    "DT",
                                    "D",
                                    "T",
                                    "Job",
                                    "Job #",
                                    "Document #",
                                    "Doc #",
                                    "Document ID",
                                    "Accession",
                                    "Accession #",
                                    "Specimen",
                                    "Specimen ID",
                                    "Specimen #",
                                    "Specimen Type",
                                    "Order #",
                                    "Requisition #",
                                    "Lab #",
                                    "Lab ID",
                                    "NPI",
                                    "NPI #",
                                    "DEA",
                                    "DEA #",
                                    "License",
                                    "License #",
                                    "Tax ID",
                                    "Tax ID #",
                                    "Provider ID",
                                    "Provider #",
                                    "Physician ID",
                                    "Physician #",
                                    "Date of Injury",
                                    "DOI",
                                    "Injury Date",
                                    "Date of Accident",
                                    "Date of Onset",
                                    "Onset Date",
                                    "Date of Death",
                                    "LMP",
                                    "EDC",
                                    "EDD",
                                    "Status",
                                    "Patient Status",
                                    "Patient Type",
                                    "Patient Class",
                                    "Class",
                                    "Financial Class",
                                    "Account Type",
                                    "Visit Type",
                                    "Type",
                                    "Service",
                                    "Reason",
                                    "Reason for Visit",
                                    "Chief Complaint",
                                    "Procedure",
                                    "Exam",
                                    "History",
                                    "Medications",
                                    "Signature",
                                    "Patient Signature",
                                    "Signature of Patient",
                                    "Physician Signature",
                                    "Signature of Physician",
                                    "Witness",
                                    "Received",
                                    "Date Received",
                                    "Reported",
                                    "Released",
                                    "Effective Date",
                                    "Expiration Date",
                                    "Exp Date",
                                    "Issue Date",
                                    "Medicare #",
                                    "Medicaid #",
                                    "Medicare ID",
                                    "Driver's License",
                                    "Driver's License #",
                                    "Patient Education",
                                    "Patient Instructions",
                                    "Patient Information",
                                    "Patient Demographics",
                                    "Next Appointment",
                                    "Last Visit",
                                    "Follow Up Date",
                                    "Return Date",
                                    "Due Date",
                                    "Interpreter",
                                    "Pharmacy",
                                    "Disposition",
                                    "Length of Stay",
                                    "LOS",
                                    "Code Status",
                                    "Authorization #",
                                    "Auth #",
                                    "Referral #",
                                    "Claim #",
                                    "Group ID",
                                    "Batch #",
                                    "Form #",
                                    "Hospital Course",
                                    "Hospital Day",
                                    "Hospital Service",
                                    "Patient History",
                                    "Case Manager",
                                    "Copay",
                                    "Version",
                                    "Revised",
                                    "Rev"};

/// Everyday words that announce a field only when the place says so.
constexpr const char* kWeak[] = {
    "DATE",       "NAME",      "PATIENT", "PROVIDER",   "DOCTOR",   "PHYSICIAN", "STAFF",     "NURSE",    "RN",
    "MD",         "DR",        "PT",      "RE",         "SUBJECT",  "CLIENT",    "RESIDENT",  "BORN",     "SITE",
    "LAST",       "MIDDLE",    "FIRST",   "MI",         "ADMITTED", "HOSPITAL",  "CLINIC",    "LOCATION", "ACCOUNT",
    "MR",         "IDNO",      "ID",      "BD",         "VN",       "EPI",       "PERFORMED", "DRAWN",    "COLLECTED",
    "DISCHARGED", "ENCOUNTER", "ACCT",    "DEPARTMENT", "PRACTICE", "ADMITTING", "ATTENDING", "SURGEON",  "CONSULTANT"};

bool contains(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

std::string fold_label(std::string_view label)
{
    // Word by word, as tokens are: "#", "No." and "Number" are one.
    std::string out;
    std::string part;
    const auto flush = [&] {
        const std::string folded = fold(part);
        out += folded == "NUMBER" || folded == "NUM" || folded == "NBR" || folded == "NR" ? "NO" : folded;
        part.clear();
    };
    for (const char c : label) {
        if (c == '#') {
            flush();
            out += "NO";
        } else if (c == ' ' || c == '/' || c == '&' || c == '\t') {
            flush();
        } else {
            part += c;
        }
    }
    flush();
    return out;
}

/// One insertion, deletion or substitution apart, or equal.
bool within_one_edit(std::string_view a, std::string_view b)
{
    if (a.size() > b.size()) std::swap(a, b);
    if (b.size() - a.size() > 1) return false;
    std::size_t i = 0;
    while (i < a.size() && a[i] == b[i]) ++i;
    return a.substr(a.size() == b.size() && i < a.size() ? i + 1 : i) == b.substr(std::min(i + 1, b.size()));
}

bool sex_word(std::string_view folded)
{
    return folded == "M" || folded == "F" || folded == "MALE" || folded == "FEMALE" || folded == "X";
}

}  // namespace

LabelBook::LabelBook(const DocTypes& types) : not_after_(kFieldKinds)
{
    for (const FieldLabels& labels : types.labels) {
        for (const std::string& label : labels.labels) add(label, labels.kind);
        for (const std::string& word : labels.not_after)
            not_after_[static_cast<std::size_t>(labels.kind)].insert(fold_label(word));
    }
    for (const char* label : kForeign) add(label, std::nullopt);
    by_length_.resize(longest_ + 2);
    for (const auto& [wording, entry] : wordings_)
        if (wording.size() >= kFuzzyLength) by_length_[wording.size()].push_back(&wording);
    // A fixed order, so that of two wordings one letter away the same one is always taken.
    for (auto& wordings : by_length_)
        std::sort(wordings.begin(), wordings.end(), [](const std::string* a, const std::string* b) { return *a < *b; });
}

void LabelBook::add(std::string_view label, std::optional<FieldKind> kind)
{
    const std::string wording = fold_label(label);
    if (wording.empty() || wording.size() > 60) return;
    Entry entry{kind, label.find_first_of(" /") == std::string_view::npos};
    wordings_.try_emplace(wording, entry);
    longest_ = std::max(longest_, wording.size());
}

std::optional<LabelBook::Match> LabelBook::longest_at(const ReadPage& page, std::size_t at, std::size_t end) const
{
    std::optional<Match> best;
    std::string span;
    for (std::size_t t = at; t < end && t < at + kMaxLabelTokens; ++t) {
        const Token& token = page.tokens[t];
        if (token.folded.empty() && t == at) return best;
        span += token.folded;
        if (span.size() > longest_ + 1) break;
        const std::size_t count = t - at + 1;
        if (const auto found = wordings_.find(span); found != wordings_.end()) {
            best = Match{&found->first, found->second, count, true};
        } else if (span.size() + 1 >= kFuzzyLength && span.size() + 1 < by_length_.size() && has_letter(token.text) &&
                   (!(best && best->exact) || token.folded.size() > 3)) {
            for (std::size_t length = span.size() - 1; length <= span.size() + 1; ++length) {
                for (const std::string* wording : by_length_[length]) {
                    // "Dawn" is a name, not "Drawn" misread
                    if (span.size() < kFuzzyLength && count == 1 && !token.colon) break;
                    if (!within_one_edit(span, *wording)) continue;
                    // "Paient" is one letter from "Patient" and from "Parent": the field's label is the commoner one.
                    const Entry& entry = wordings_.at(*wording);
                    const bool commoner = best && best->tokens == count && !best->entry.kind && entry.kind;
                    if (!best || best->tokens < count || commoner) best = Match{wording, entry, count, false};
                }
            }
        }
        if (token.colon) break;  // a label never goes on past its colon
    }
    return best;
}

bool LabelBook::someone_elses(const ReadPage& page, const LabelHit& hit, std::size_t from) const
{
    if (!hit.kind) return false;
    const auto& not_after = not_after_[static_cast<std::size_t>(*hit.kind)];
    std::string before;
    for (std::size_t t = hit.first; t > from && hit.first - t < 3;) {
        --t;
        if (page.tokens[t].colon && !page.tokens[t].joined) break;
        before.insert(0, page.tokens[t].folded);
        if (not_after.contains(before)) return true;
        // "Mothers" for "Mother's" and the like
        if (before.size() > 4 && before.back() == 'S' && not_after.contains(before.substr(0, before.size() - 1)))
            return true;
    }
    return false;
}

std::vector<LabelHit> LabelBook::find(const ReadPage& page) const
{
    std::vector<LabelHit> hits;
    std::size_t group = 0;
    for (std::size_t s = 0; s < page.segments.size(); ++s) {
        const Segment& segment = page.segments[s];
        std::vector<LabelHit> raw;
        for (std::size_t t = segment.first; t < segment.last;) {
            const auto match = longest_at(page, t, segment.last);
            if (!match) {
                if (page.tokens[t].colon && has_letter(page.tokens[t].text)) {  // an unknown label: it ends values
                    LabelHit hit;
                    hit.first = t;
                    hit.last = t + 1;
                    hit.segment = s;
                    hit.colon = true;
                    raw.push_back(hit);
                }
                ++t;
                continue;
            }
            LabelHit hit;
            hit.kind = match->entry.kind;
            hit.first = t;
            hit.last = t + match->tokens;
            hit.segment = s;
            hit.exact = match->exact;
            hit.starts = t == segment.first;
            const std::string& wording = *match->wording;
            hit.weak = std::find(std::begin(kWeak), std::end(kWeak), wording) != std::end(kWeak);
            if (hit.kind == FieldKind::first_name) {
                hit.subject = wording == "RE" || wording == "REGARDING" || wording == "SUBJECT";
                hit.given_only = (contains(wording, "FIRST") || contains(wording, "GIVEN") || wording == "FNAME") &&
                                 !contains(wording, "LAST");
                const std::size_t last = wording.find("LAST");
                hit.last_first = last != std::string::npos && last < wording.find("FIRST");
            }
            if (hit.kind == FieldKind::service_date)
                for (const char* part : {"DISCH", "DCDATE", "REPORT", "ORDER", "COLLECT", "SPECIMEN", "DRAWN",
                                         "PERFORMED", "REGIST", "APP", "REFERRAL", "TODAY", "RECEIVED", "OBTAINED"})
                    hit.lesser = hit.lesser || contains(wording, part);
            if (hit.kind == FieldKind::author)
                for (const char* part : {"DICTAT", "SIGNED", "AUTHENTICATED", "AUTHOR"})
                    hit.signs = hit.signs || contains(wording, part);
            hit.colon = page.tokens[hit.last - 1].colon;
            // "MRN - 204518": a dash set apart does a colon's work.
            if (!hit.colon && hit.last + 1 < segment.last &&
                (page.tokens[hit.last].text == "-" || page.tokens[hit.last].text == "--")) {
                ++hit.last;
                hit.colon = true;
            }
            // "Name (please print):", "Date of Birth (mm/dd/yyyy):"
            if (!hit.colon && hit.last < segment.last && page.tokens[hit.last].opens) {
                std::size_t close = hit.last;
                bool digits = false;
                while (close < segment.last && close < hit.last + 6) {
                    digits = digits || has_digit(page.tokens[close].text);
                    if (page.tokens[close].closes || page.tokens[close].colon) break;
                    ++close;
                }
                if (close < segment.last && close < hit.last + 6 && !digits) {
                    std::string hint;
                    for (std::size_t k = hit.last; k <= close; ++k) hint += page.tokens[k].folded;
                    if (hit.kind == FieldKind::first_name && hint.starts_with("LAST")) hit.last_first = true;
                    if (hint != "M" && hint != "F" && hint != "X") {
                        hit.last = close + 1;
                        hit.colon = page.tokens[close].colon;
                    }
                }
            }
            if (hit.kind == FieldKind::first_name && !hit.colon) {  // "Patient Name Last, First, MI"
                std::size_t end = hit.last;
                while (end < segment.last && (page.tokens[end].folded == "LAST" || page.tokens[end].folded == "FIRST" ||
                                              page.tokens[end].folded == "MIDDLE" || page.tokens[end].folded == "MI"))
                    ++end;
                if (end >= hit.last + 2) {
                    hit.last_first = page.tokens[hit.last].folded == "LAST";
                    hit.last = end;
                    hit.colon = page.tokens[end - 1].colon;
                }
            }
            t = hit.last;
            raw.push_back(hit);
        }

        // Which of them are labels, and which are words of a sentence or of a value?
        const auto starts_hit = [&](std::size_t token) {
            return std::any_of(raw.begin(), raw.end(), [&](const LabelHit& hit) { return hit.first == token; });
        };
        const auto ends_hit = [&](std::size_t token) {
            return std::any_of(raw.begin(), raw.end(), [&](const LabelHit& hit) { return hit.last == token; });
        };
        std::vector<LabelHit> kept;
        for (LabelHit hit : raw) {
            const std::size_t next = hit.last;
            const bool at_end = next >= segment.last;
            // "Patient: Ward, Dawn": a comma makes it a surname.
            if (!hit.colon && hit.last == hit.first + 1 && page.tokens[hit.first].comma) continue;
            const bool edge_before = hit.first == segment.first || ends_hit(hit.first);
            hit.cell = edge_before && (at_end || starts_hit(next));
            const Token* value = at_end ? nullptr : &page.tokens[next];
            const bool digits_next =
                value && (has_digit(value->text) || (next + 1 < segment.last && !starts_hit(next + 1) &&
                                                     value->text.size() <= 3 && has_digit(page.tokens[next + 1].text)));
            if (hit.colon) {
                // "Ship Date:": an everyday word behind an unknown one is not the label we know.
                if (hit.kind && hit.weak && !edge_before) {
                    const std::size_t from = kept.empty() ? segment.first : kept.back().last;
                    const Token& before = page.tokens[hit.first - 1];
                    const bool own_cell = page.tokens[hit.first].gap_px > page.text_height_px;
                    if (from == segment.first && kept.empty() && has_letter(before.text) && !own_cell) hit.kind.reset();
                }
            } else {
                // A longer label that we do not know: "Patient Contact Person:", "Date Last Seen:"
                bool longer = false;
                for (std::size_t k = next; k < segment.last && k < next + 3 && !starts_hit(k); ++k) {
                    if (has_digit(page.tokens[k].text) || page.tokens[k].comma) break;
                    longer = longer || page.tokens[k].colon;
                }
                if (longer) continue;
                const bool date_next = value && (has_digit(value->text) || read_date(page.range(next, segment.last)));
                bool fits = hit.cell;
                const char initial = page.tokens[hit.first].text.front();
                if (!fits && initial >= 'a' && initial <= 'z') continue;  // a word of a sentence
                const bool opens_value = edge_before || page.tokens[hit.first].gap_px > page.text_height_px ||
                                         (!hit.weak && hit.exact && !kept.empty()) || (!hit.weak && hit.exact);
                if (!fits && hit.kind && value && opens_value) {
                    switch (*hit.kind) {
                        case FieldKind::mrn:
                        case FieldKind::encounter: fits = digits_next; break;
                        case FieldKind::birth_date:
                        case FieldKind::service_date: fits = date_next && (!hit.weak || edge_before); break;
                        case FieldKind::sex: fits = sex_word(value->folded) || digits_next; break;
                        case FieldKind::first_name:
                        case FieldKind::last_name:
                        case FieldKind::middle_name:
                        case FieldKind::suffix: fits = hit.first == segment.first || (edge_before && !hit.weak); break;
                        case FieldKind::author: fits = hit.first == segment.first || value->folded == "DR"; break;
                        case FieldKind::facility: break;
                    }
                    if (!hit.exact && !hit.starts) fits = false;
                } else if (!fits && !hit.kind) {
                    fits = hit.exact && value && has_digit(value->text);
                }
                if (!fits) continue;
            }
            // "Guarantor" found as a label by itself still tells whose "DOB" follows.
            const bool owner = !kept.empty() && !kept.back().kind && !kept.back().colon;
            const std::size_t from = kept.empty() ? segment.first : owner ? kept.back().first : kept.back().last;
            if (someone_elses(page, hit, from)) hit.kind.reset();
            for (std::size_t k = hit.first; k < hit.last; ++k) hit.box = united(hit.box, page.tokens[k].box);
            const bool shares = !kept.empty() && kept.back().last == hit.first && page.tokens[hit.first - 1].joined;
            hit.group = shares ? kept.back().group : ++group;
            kept.push_back(hit);
        }
        hits.insert(hits.end(), kept.begin(), kept.end());
    }
    return hits;
}

}  // namespace chartlift::extract
