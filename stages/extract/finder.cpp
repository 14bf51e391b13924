// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/extract/finder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "stages/extract/dates.h"
#include "stages/extract/identifiers.h"

namespace chartlift::extract {
namespace {

// Places on the page, as shares of its height.
constexpr double kHeaderShare = 0.36;  // identity stands in the top third
constexpr double kFootShare = 0.90;
constexpr double kStickerShare = 0.45;
constexpr double kLetterheadShare = 0.20;
constexpr double kSignatureShare = 0.35;

// Factors on the evidence's share.
constexpr double kBelowHeader = 0.93;      // labelled, but further down the page
constexpr double kWeakBelowHeader = 0.60;  // "Date:" beside a signature, "Name:" of a witness
constexpr double kInFoot = 0.85;
constexpr double kOtherSection = 0.40;  // under a heading "Emergency contact", "Guarantor"
constexpr double kLesserDate = 0.88;    // discharge, report, order, collection
constexpr double kOutsideBlock = 0.85;  // a labelled date away from the lines that name the patient
constexpr double kLowerDate = 0.93;     // of two dates among the lines that name the patient, the lower
constexpr double kTrailing = 0.60;      // a sentence goes on behind the name
constexpr double kNaturalOrder = 0.97;  // first name first: a middle name may be half a last name

// Distances, in text heights.
constexpr double kBelowReach = 3.2;
constexpr double kStickerReach = 16.0;
constexpr double kLineReach = 3.0;   // white between two lines of one sticker
constexpr double kBlockReach = 4.0;  // around the lines that name the patient
constexpr std::size_t kStickerRows = 8;

constexpr std::size_t kMaxHits = 600;  // labels on a page; a dense form has 80

bool all_name_words(const NameReading& name)
{
    for (const std::string* part : {&name.last, &name.first, &name.middle}) {
        std::string word;
        const auto heading = [&] {
            const bool found = heading_word(fold(word));
            word.clear();
            return found;
        };
        for (const char c : *part) {
            if (c == ' ') {
                if (heading()) return false;
            } else {
                word += c;
            }
        }
        if (heading()) return false;
    }
    return true;
}

/// "Oak Harbor, WI": without a label this is a letterhead's town, though a first name may be two letters long.
bool is_place(const NameReading& name)
{
    static constexpr std::string_view kStates =
        " AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK "
        "OR "
        "PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR ";
    return name.comma && name.first.size() == 2 && name.middle.empty() && name.suffix.empty() &&
           kStates.find(" " + name.first + " ") != std::string_view::npos;
}

class Finder {
public:
    Finder(const ReadPage& page, const LabelBook& labels, const DocTypes& types, Date latest)
        : page_(page), types_(types), latest_(latest), hits_(labels.find(page)), used_(page.tokens.size(), false)
    {
        if (hits_.size() > kMaxHits) hits_.resize(kMaxHits);
        hit_of_.assign(page.tokens.size(), -1);
        for (std::size_t h = 0; h < hits_.size(); ++h)
            for (std::size_t t = hits_[h].first; t < hits_[h].last; ++t) hit_of_[t] = static_cast<int>(h);
        unit_ = page.text_height_px;
    }

    std::vector<Candidate> find()
    {
        for (const LabelHit& hit : hits_)
            if (hit.kind) labelled(hit);
        name_from_parts();
        stickers();
        bare_in_block();
        signatures();
        lone_dates();
        dates_outside_block();
        births_before_visits();
        letterhead();
        return std::move(out_);
    }

private:
    // ---- places ----

    double share_of(const Box& box) const
    {
        return (static_cast<double>(box.top_px) + box.bottom_px) / 2 / std::max(page_.height_px, 1);
    }

    bool heads_other_section(const LabelHit& hit) const
    {
        if (share_of(hit.box) < 0.12) return false;
        static constexpr std::array<std::string_view, 14> kOthers{
            "NEXTOFKIN", "EMERGENCYCONTACT", "GUARANTOR", "SUBSCRIBER", "INSURED",  "RESPONSIBLEPARTY", "POLICYHOLDER",
            "SPOUSE",    "MOTHER",           "FATHER",    "GUARDIAN",   "EMPLOYER", "HEALTHCAREAGENT",  "INSURANCE"};
        int nearest = -1;
        bool other = false;
        for (const Segment& segment : page_.segments) {
            const double above = static_cast<double>(hit.box.top_px) - segment.box.bottom_px;
            if (above < -0.5 * unit_ || above > 14 * unit_ || segment.last - segment.first > 5) continue;
            if (segment.box.left_px > hit.box.right_px || segment.box.top_px <= nearest) continue;
            std::string text;
            bool colon_inside = false;
            for (std::size_t t = segment.first; t < segment.last; ++t) {
                text += page_.tokens[t].folded;
                colon_inside = colon_inside || (page_.tokens[t].colon && t + 1 < segment.last);
            }
            if (colon_inside) continue;
            const bool heading =
                std::any_of(kOthers.begin(), kOthers.end(), [&](auto word) { return text.starts_with(word); });
            const bool own = text.starts_with("PATIENT");
            if (!heading && !own) continue;
            nearest = segment.box.top_px;
            other = heading;
        }
        return other;
    }

    double place(const LabelHit& hit) const
    {
        const double at = share_of(hit.box);
        double factor = at <= kHeaderShare ? 1.0 : at <= kFootShare ? kBelowHeader : kInFoot;
        if (hit.weak && at > kHeaderShare)
            factor *= hit.kind == FieldKind::service_date ? 0.8 * kWeakBelowHeader : kWeakBelowHeader;
        if (!hit.colon && at > kHeaderShare) factor *= 0.95;
        if (*hit.kind != FieldKind::author && *hit.kind != FieldKind::facility && heads_other_section(hit))
            factor *= kOtherSection;
        return factor;
    }

    double sureness(const std::vector<std::size_t>& tokens) const
    {
        // The engine's confidence tells little above 0.85; below, readings go wrong fast.
        if (tokens.empty()) return 1;
        double sum = 0;
        double least = 1;
        for (const std::size_t t : tokens) {
            const double read = static_cast<double>(page_.tokens[t].confidence);
            const double c = read > 0 ? std::min(read, 1.0) : 0.0;  // nothing else is a number here
            sum += c;
            least = std::min(least, c);
        }
        const double mean = 0.5 * (sum / static_cast<double>(tokens.size()) + least);
        return mean >= 0.85 ? 1.0 : 0.55 + 0.45 * mean / 0.85;
    }

    // ---- values beside labels ----

    struct Span {
        std::vector<std::size_t> tokens;
        double share = 0;  ///< of the evidence
        double distance = 0;
        bool open_end = false;  ///< what follows the span is not a label
    };

    std::vector<Token> pick(const std::vector<std::size_t>& indexes) const
    {
        std::vector<Token> tokens;
        tokens.reserve(indexes.size());
        for (const std::size_t t : indexes) tokens.push_back(page_.tokens[t]);
        return tokens;
    }

    bool starts_label(std::size_t token) const { return hit_of_[token] >= 0; }

    /// The last label of a group joined by slashes: the shared value stands behind it.
    const LabelHit& last_of_group(const LabelHit& hit) const
    {
        const LabelHit* last = &hit;
        for (const LabelHit* next = last + 1; next < hits_.data() + hits_.size() && next->group == hit.group; ++next)
            last = next;
        return *last;
    }

    bool grouped(const LabelHit& hit) const
    {
        const LabelHit* begin = hits_.data();
        const LabelHit* at = &hit;
        return (at > begin && at[-1].group == hit.group) || (at + 1 < begin + hits_.size() && at[1].group == hit.group);
    }

    std::optional<Span> right_of(const LabelHit& hit) const
    {
        const LabelHit& label = last_of_group(hit);
        const Segment& segment = page_.segments[label.segment];
        Span span;
        for (std::size_t t = label.last; t < segment.last && !starts_label(t); ++t) span.tokens.push_back(t);
        if (!span.tokens.empty()) {
            span.share = label.colon ? kColonRight : kBareRight;
            // "Name:        Smith, John" in one segment is still beside it; a segment away is a column.
            const bool runs_on = page_.tokens[span.tokens.back()].comma && segment.next_right >= 0 &&
                                 span.tokens.back() + 1 == segment.last;
            if (runs_on) append_segment(span, static_cast<std::size_t>(segment.next_right));
            return span;
        }
        if (label.last < segment.last || segment.next_right < 0) return std::nullopt;
        const Segment& beside = page_.segments[static_cast<std::size_t>(segment.next_right)];
        append_segment(span, static_cast<std::size_t>(segment.next_right));
        if (span.tokens.empty()) return std::nullopt;
        const double gap = (static_cast<double>(beside.box.left_px) - label.box.right_px) / unit_;
        span.share = label.colon ? kColumnRight : kColumnRight - 0.06;
        if (gap > 40) span.share -= 0.10;  // across half the page
        if (gap < 8 && label.colon) span.share = kColonRight;
        return span;
    }

    void append_segment(Span& span, std::size_t index) const
    {
        const Segment& segment = page_.segments[index];
        for (std::size_t t = segment.first; t < segment.last && !starts_label(t); ++t) span.tokens.push_back(t);
    }

    /// The cell under (or over) a label: columns are told by the labels on the label's own line.
    std::optional<Span> stacked(const LabelHit& hit, bool below) const
    {
        if (!hit.cell && !(hit.colon && last_of_group(hit).last == page_.segments[hit.segment].last))
            return std::nullopt;
        const double height = hit.box.height_px();
        double left_limit = -std::numeric_limits<double>::infinity();
        double right_limit = std::numeric_limits<double>::infinity();
        std::vector<int> starts;
        for (const LabelHit& other : hits_) {
            if (&other == &hit || other.group == hit.group || !same_line(other.box, hit.box)) continue;
            starts.push_back(other.box.left_px);
            if (other.box.left_px > hit.box.left_px)
                right_limit = std::min(right_limit, other.box.left_px - 0.6 * unit_);
            else
                left_limit = std::max(left_limit, static_cast<double>(other.box.right_px));
        }
        if (std::isinf(right_limit)) {  // the last known column: another heading may still stand beside it
            const int next = page_.segments[hit.segment].next_right;
            if (next >= 0) right_limit = page_.segments[static_cast<std::size_t>(next)].box.left_px - 0.6 * unit_;
        }
        const double reach = kBelowReach * std::max(unit_, height);
        const bool one_letter = hit.kind == FieldKind::sex || hit.kind == FieldKind::middle_name;  // else it is dirt
        std::optional<Span> best;
        for (const Segment& segment : page_.segments) {
            const double away = below ? static_cast<double>(segment.box.top_px) - hit.box.bottom_px
                                      : static_cast<double>(hit.box.top_px) - segment.box.bottom_px;
            if (away < -0.6 * std::max(height, unit_) || away > reach) continue;
            if (below ? segment.box.bottom_px <= hit.box.bottom_px : segment.box.top_px >= hit.box.top_px) continue;
            for (std::size_t t = segment.first; t < segment.last;) {
                std::size_t end = t + 1;
                const auto column_starts = [&](std::size_t k) {
                    const Token& token = page_.tokens[k];
                    return token.gap_px > 0.3 * unit_ && std::any_of(starts.begin(), starts.end(), [&](int start) {
                               return std::abs(start - token.box.left_px) < 1.0 * unit_;
                           });
                };
                while (end < segment.last && !column_starts(end)) ++end;
                Box box;
                bool text = false;
                for (std::size_t k = t; k < end; ++k) {
                    box = united(box, page_.tokens[k].box);
                    text = text || has_digit(page_.tokens[k].text) || page_.tokens[k].text.size() > 1 ||
                           (one_letter && has_letter(page_.tokens[k].text));
                }
                const std::size_t first = t;
                t = end;
                if (!text || box.left_px >= right_limit || box.left_px < left_limit - unit_) continue;
                const double overlap =
                    std::min(box.right_px, hit.box.right_px) - std::max(box.left_px, hit.box.left_px);
                const bool aligned = std::abs(box.left_px - hit.box.left_px) <= 2.0 * unit_;
                if (!aligned && overlap < 0.4 * std::min(box.width_px(), hit.box.width_px())) continue;
                const double gap = below ? static_cast<double>(box.top_px) - hit.box.bottom_px
                                         : static_cast<double>(hit.box.top_px) - box.bottom_px;
                if (gap < -0.6 * std::max(height, unit_) || gap > reach) continue;
                if (best && gap >= best->distance) continue;
                best = Span{};
                best->distance = gap;
                best->share = below ? kCellBelow : kCellAbove;
                for (std::size_t k = first; k < end && !(starts_label(k) && k > first); ++k) best->tokens.push_back(k);
                if (starts_label(first)) best->tokens.clear();
            }
        }
        if (!best || best->tokens.empty()) return std::nullopt;
        return best;
    }

    /// Reads the span as the label asks; nothing where it has another shape.
    std::optional<Candidate> read(const LabelHit& hit, const Span& span, bool beside) const
    {
        const std::vector<Token> tokens = pick(span.tokens);
        Candidate candidate;
        candidate.kind = *hit.kind;
        candidate.probability = span.share * (hit.exact ? 1.0 : 0.97);
        const std::size_t tries = grouped(hit) ? std::min<std::size_t>(tokens.size(), 5) : 1;
        for (std::size_t at = 0; at < tries; ++at) {
            const std::span<const Token> rest = std::span<const Token>(tokens).subspan(at);
            if (read_at(hit, rest, at, span, beside, candidate)) return candidate;
        }
        return std::nullopt;
    }

    bool read_at(const LabelHit& hit, std::span<const Token> tokens, std::size_t at, const Span& span, bool beside,
                 Candidate& candidate) const
    {
        const auto take = [&](std::size_t first, std::size_t last) {
            candidate.tokens.assign(span.tokens.begin() + static_cast<std::ptrdiff_t>(at + first),
                                    span.tokens.begin() + static_cast<std::ptrdiff_t>(at + last));
        };
        switch (*hit.kind) {
            case FieldKind::mrn:
            case FieldKind::encounter: {
                const auto number = read_identifier(tokens);
                if (!number) return false;
                candidate.value = number->value;
                candidate.probability *= number->quality * (hit.weak ? 0.8 : 1.0);
                take(number->first, number->last);
                return true;
            }
            case FieldKind::birth_date:
            case FieldKind::service_date: {
                const auto reading = read_date(tokens);
                if (!reading) return false;
                const bool birth = *hit.kind == FieldKind::birth_date;
                const auto date = settle(*reading, birth ? DateUse::birth : DateUse::service, latest_);
                if (!date) return false;
                candidate.value = to_iso(*date);
                candidate.two_digit_year = reading->two_digit_year;
                candidate.probability *= reading->quality * (reading->two_digit_year ? (birth ? 0.85 : 0.95) : 1.0);
                if (hit.lesser) candidate.probability *= kLesserDate;
                if (hit.weak && !birth) candidate.probability *= 0.98;
                if (!hit.colon && beside && prose(tokens.subspan(reading->used))) candidate.probability *= 0.5;
                take(0, reading->used);
                return true;
            }
            case FieldKind::sex: {
                const auto sex = read_sex(tokens);
                if (!sex) return false;
                candidate.value = sex->value;
                take(sex->first, sex->last);
                return true;
            }
            case FieldKind::first_name: return read_whole_name(hit, tokens, at, span, beside, candidate);
            case FieldKind::last_name:
            case FieldKind::middle_name: {
                std::size_t used = 0;
                const std::string part = read_name_part(tokens, used);
                if (part.empty() || (heading_word(fold(part)) && !hit.colon)) return false;
                candidate.value = part;
                take(0, used);
                return true;
            }
            case FieldKind::suffix:
                candidate.value = suffix_of(tokens.front().text);
                take(0, 1);
                return !candidate.value.empty();
            case FieldKind::author: {
                const auto name = read_name(tokens, {.last_first = false, .labelled = true});
                if (!name || !all_name_words(*name)) return false;
                if (name->first.empty() && !name->clinician && !hit.colon) return false;
                candidate.value = author_of(*name);
                candidate.probability *= name->quality * (kAuthorLabel / kColonRight) * (hit.signs ? 1.05 : 1.0) *
                                         (name->first.empty() && !name->clinician ? 0.6 : 1.0);
                if (name->used < tokens.size() && !has_digit(tokens[name->used].text) && !hit.signs && !name->clinician)
                    candidate.probability *= kTrailing;
                take(0, name->used);
                return true;
            }
            case FieldKind::facility: {
                if (!hit.colon && !hit.cell) return false;
                std::string text;
                std::size_t count = 0;
                for (const Token& token : tokens) {
                    if (count == 8) break;
                    if (count > 0) text += ' ';
                    text += token.text;
                    ++count;
                }
                const bool known = facility_word(tokens.first(count));
                if (!has_letter(text) || text.size() < 4) return false;
                candidate.value = text;
                candidate.probability *= known ? 0.85 : 0.5;
                take(0, count);
                return true;
            }
        }
        return false;
    }

    /// A sentence goes on: two words in lower case.
    static bool prose(std::span<const Token> tokens)
    {
        std::size_t words = 0;
        for (const Token& token : tokens)
            words += token.text.size() >= 2 && token.text.front() >= 'a' && token.text.front() <= 'z';
        return words >= 2;
    }

    static std::string author_of(const NameReading& name)
    {
        std::string text = name.first;
        for (const std::string* part : {&name.middle, &name.last, &name.suffix}) {
            if (!text.empty() && !part->empty()) text += ' ';
            text += *part;
        }
        return text;
    }

    bool read_whole_name(const LabelHit& hit, std::span<const Token> tokens, std::size_t at, const Span& span,
                         bool beside, Candidate& candidate) const
    {
        const auto take = [&](std::size_t count) {
            candidate.tokens.assign(span.tokens.begin() + static_cast<std::ptrdiff_t>(at),
                                    span.tokens.begin() + static_cast<std::ptrdiff_t>(at + count));
        };
        if (hit.given_only) {
            std::size_t used = 0;
            const std::string part = read_name_part(tokens, used);
            if (part.empty() || (heading_word(fold(part)) && !hit.colon)) return false;
            candidate.name.first = part;
            take(used);
            return true;
        }
        const auto name = read_name(tokens, {.last_first = hit.last_first, .labelled = hit.colon || !beside});
        if (!name) return false;
        if (name->first.empty() && !(hit.colon && !hit.subject)) return false;
        if (name->clinician) candidate.probability *= hit.colon && !hit.subject ? 0.7 : 0.3;
        if (!name->comma || !hit.colon)
            if (!all_name_words(*name)) return false;
        candidate.name = *name;
        candidate.probability *= name->quality * (name->comma || hit.last_first ? 1.0 : kNaturalOrder);
        if (hit.subject) candidate.probability *= kSubjectName / kColonRight;
        if (name->first.empty()) candidate.probability *= 0.6;
        if (!hit.colon && beside && !name->comma) candidate.probability *= 0.95;
        const bool goes_on = name->used < tokens.size() && has_letter(tokens[name->used].text) &&
                             !has_digit(tokens[name->used].text) && !tokens[name->used].opens &&
                             tokens[name->used].text.size() > 1 && tokens[name->used].gap_px < 1.2 * unit_;
        if (goes_on) candidate.probability *= hit.colon ? 0.8 : kTrailing * 0.7;
        take(name->used);
        return true;
    }

    void labelled(const LabelHit& hit)
    {
        std::optional<Candidate> best;
        const auto offer = [&](std::optional<Candidate> candidate) {
            if (candidate && (!best || candidate->probability > best->probability)) best = std::move(candidate);
        };
        if (const auto span = right_of(hit)) offer(read(hit, *span, true));
        if (!best || best->probability < kColumnRight) {
            const auto under = stacked(hit, true);
            const auto over = stacked(hit, false);
            auto below = under ? read(hit, *under, false) : std::nullopt;
            auto above = over && !taken(over->tokens) ? read(hit, *over, false) : std::nullopt;
            // A form with its labels under the lines: the value is the one the label hugs.
            if (below && above && over->distance < 0.5 * under->distance)
                below->probability *= 0.7;
            else if (below && above)
                above->probability *= 0.6;
            offer(std::move(below));
            offer(std::move(above));
        }
        if (!best) return;
        best->probability *= place(hit) * sureness(best->tokens);
        for (const std::size_t t : best->tokens) used_[t] = true;
        if (best->kind == FieldKind::birth_date) sex_behind(*best);
        if (hit.kind == FieldKind::last_name || hit.given_only || hit.kind == FieldKind::middle_name ||
            hit.kind == FieldKind::suffix)
            parts_.push_back(*best);
        else
            out_.push_back(std::move(*best));
    }

    bool taken(const std::vector<std::size_t>& tokens) const
    {
        return std::any_of(tokens.begin(), tokens.end(), [&](std::size_t t) { return used_[t]; });
    }

    /// "DOB 01/02/1950 F", "01/02/1950 (47 yrs) F"
    void sex_behind(const Candidate& birth)
    {
        const std::size_t from = birth.tokens.back() + 1;
        const std::size_t end = page_.segments[page_.tokens[birth.tokens.back()].segment].last;
        std::size_t to = from;
        while (to < end && !starts_label(to)) ++to;
        if (to == from) return;
        const auto sex = read_sex(page_.range(from, to));
        if (!sex || sex->value == "X") return;
        Candidate candidate;
        candidate.kind = FieldKind::sex;
        candidate.value = sex->value;
        for (std::size_t t = from + sex->first; t < from + sex->last; ++t) candidate.tokens.push_back(t);
        candidate.probability = 0.9 * birth.probability;
        out_.push_back(std::move(candidate));
    }

    /// "Last Name: Smith   First Name: John" make one name.
    void name_from_parts()
    {
        const auto part = [&](FieldKind kind) -> const Candidate* {
            const Candidate* best = nullptr;
            for (const Candidate& candidate : parts_)
                if (candidate.kind == kind && (!best || candidate.probability > best->probability)) best = &candidate;
            return best;
        };
        const Candidate* last = part(FieldKind::last_name);
        const Candidate* first = part(FieldKind::first_name);
        if (!last && !first) return;
        Candidate whole;
        whole.kind = FieldKind::first_name;
        whole.probability = 1;
        const auto add = [&](const Candidate* from, std::string& into, const std::string& value, bool counts) {
            if (!from) return;
            into = value;
            whole.tokens.insert(whole.tokens.end(), from->tokens.begin(), from->tokens.end());
            if (counts) whole.probability = std::min(whole.probability, from->probability);
        };
        const Candidate* middle = part(FieldKind::middle_name);
        const Candidate* suffix = part(FieldKind::suffix);
        add(last, whole.name.last, last ? last->value : "", true);
        add(first, whole.name.first, first ? first->name.first : "", true);
        add(middle, whole.name.middle, middle ? middle->value : "", false);
        add(suffix, whole.name.suffix, suffix ? suffix->value : "", false);
        if (!last || !first) whole.probability *= 0.75;
        out_.push_back(std::move(whole));
    }

    // ---- names over identifiers ----

    bool facility_word(std::span<const Token> tokens) const
    {
        std::string text = " ";
        for (const Token& token : tokens) text += token.folded + " ";
        return std::any_of(types_.facility_words.begin(), types_.facility_words.end(), [&](const std::string& words) {
            std::string wanted = " ";
            std::string word;
            for (const char c : words + " ") {
                if (c == ' ') {
                    if (!word.empty()) wanted += fold(word) + " ";
                    word.clear();
                } else {
                    word += c;
                }
            }
            return wanted.size() > 2 && text.find(wanted) != std::string::npos;
        });
    }

    static bool identity(const LabelHit& hit)
    {
        return hit.kind && (*hit.kind == FieldKind::mrn || *hit.kind == FieldKind::birth_date ||
                            *hit.kind == FieldKind::sex || *hit.kind == FieldKind::encounter);
    }

    /// Segments under one that are set flush with it or centred under it, line after line without a wide gap.
    std::vector<const Segment*> column_under(const Segment& top) const
    {
        std::vector<const Segment*> under;
        for (const Segment& segment : page_.segments) {
            const double away = static_cast<double>(segment.box.top_px) - top.box.bottom_px;
            if (&segment == &top || away < -0.4 * unit_ || away > kStickerReach * unit_ ||
                segment.box.bottom_px <= top.box.bottom_px)
                continue;
            const double flush = std::abs(static_cast<double>(segment.box.left_px) - top.box.left_px);
            const double centred =
                std::abs((static_cast<double>(segment.box.left_px) + segment.box.right_px - top.box.left_px) -
                         top.box.right_px) /
                2;
            if (flush <= 1.6 * unit_ || centred <= 1.2 * unit_) under.push_back(&segment);
        }
        std::sort(under.begin(), under.end(),
                  [](const Segment* a, const Segment* b) { return a->box.top_px < b->box.top_px; });
        std::size_t keep = 0;
        int bottom = top.box.bottom_px;
        while (keep < under.size() && keep < kStickerRows && under[keep]->box.top_px - bottom <= kLineReach * unit_)
            bottom = std::max(bottom, under[keep++]->box.bottom_px);
        under.resize(keep);
        return under;
    }

    bool under_other_label(const Segment& segment) const
    {
        if (segment.next_left >= 0) {
            const Segment& before = page_.segments[static_cast<std::size_t>(segment.next_left)];
            const int hit = hit_of_[before.last - 1];
            if (hit >= 0 && (hits_[static_cast<std::size_t>(hit)].colon || hits_[static_cast<std::size_t>(hit)].cell) &&
                segment.box.left_px - before.box.right_px < 30 * unit_)
                return true;
        }
        return std::any_of(hits_.begin(), hits_.end(), [&](const LabelHit& hit) {
            const double away = static_cast<double>(segment.box.top_px) - hit.box.bottom_px;
            return (hit.cell || hit.last == page_.segments[hit.segment].last) && away > -0.5 * unit_ &&
                   away < 2 * unit_ && std::abs(hit.box.left_px - segment.box.left_px) < 2 * unit_;
        });
    }

    void stickers()
    {
        for (const Segment& segment : page_.segments) {
            const double at = share_of(segment.box);
            if (at > kStickerShare && at < kFootShare) continue;
            std::size_t end = segment.first;
            while (end < segment.last && !starts_label(end) && !used_[end]) ++end;
            if (end == segment.first || (end < segment.last && used_[end] && !starts_label(end))) continue;
            const std::span<const Token> tokens = page_.range(segment.first, end);
            const auto name = read_name(tokens, {});
            if (!name || name->first.empty() || name->clinician || !all_name_words(*name)) continue;
            if (name->first.size() < 2 && !name->comma) continue;
            const bool alone = name->used == tokens.size();
            if (!alone) {
                const Token& next = tokens[name->used];
                if (!has_digit(next.text) && has_letter(next.text) && !next.opens && fold(next.text).size() > 1)
                    continue;
            }
            if (facility_word(tokens) || is_title(tokens) || under_other_label(segment) || is_place(*name)) continue;
            const double share = sticker_share(segment, end, *name);
            if (share == 0) continue;
            Candidate candidate;
            candidate.kind = FieldKind::first_name;
            candidate.name = *name;
            for (std::size_t t = segment.first; t < segment.first + name->used; ++t) candidate.tokens.push_back(t);
            candidate.probability =
                share * name->quality * (name->comma ? 1.0 : kNaturalOrder) * sureness(candidate.tokens);
            for (const std::size_t t : candidate.tokens) used_[t] = true;
            out_.push_back(std::move(candidate));
        }
    }

    /// What speaks for a name that no label announces: identifiers behind it, beside it or under it. 0: nothing does.
    double sticker_share(const Segment& segment, std::size_t end, const NameReading& name) const
    {
        double share = 0;
        if (end < segment.last && identity(hits_[static_cast<std::size_t>(hit_of_[end])])) share = kRunningName;
        std::vector<Candidate> bare;
        bare_values(segment.first + name.used, end, bare);
        if (end == segment.last && segment.next_right >= 0) {
            const Segment& beside = page_.segments[static_cast<std::size_t>(segment.next_right)];
            const int hit = hit_of_[beside.first];
            if (hit >= 0 && identity(hits_[static_cast<std::size_t>(hit)]) &&
                beside.last > hits_[static_cast<std::size_t>(hit)].last)
                share = std::max(share, kRunningName - 0.05);
            if (hit < 0) bare_values(beside.first, beside.last, bare);
        }
        if (end == segment.last) {
            std::size_t row = 0;
            for (const Segment* under : column_under(segment)) {
                const int hit = hit_of_[under->first];
                if (hit >= 0 && identity(hits_[static_cast<std::size_t>(hit)])) {
                    const double step = name.comma ? 0.02 : 0.05;
                    share = std::max(share, kStickerName - (name.comma ? 0.0 : 0.01) - step * static_cast<double>(row));
                    break;
                }
                if (hit < 0) bare_values(under->first, under->last, bare);
                ++row;
            }
        }
        const auto has = [&](FieldKind kind) {
            return std::any_of(bare.begin(), bare.end(), [&](const Candidate& value) { return value.kind == kind; });
        };
        const int witnesses = int{has(FieldKind::mrn)} + int{has(FieldKind::birth_date)} + int{has(FieldKind::sex)};
        // "TOTAL CHARGES" over a number is no patient: two words in natural order need two witnesses.
        if (witnesses >= (name.comma ? 1 : 2))
            share = std::max(share, kBareSticker + 0.04 * witnesses - (name.comma ? 0.0 : 0.08));
        return share;
    }

    /// Numbers, dates and a sex that stand without labels. A row with other words holds none.
    void bare_values(std::size_t first, std::size_t last, std::vector<Candidate>& values) const
    {
        if (last <= first || last - first > 8) return;
        for (std::size_t t = first; t < last; ++t)
            if (starts_label(t) || used_[t]) return;
        std::vector<Candidate> found;
        const auto add = [&](FieldKind kind, std::string value, double quality, std::size_t from, std::size_t to) {
            Candidate candidate;
            candidate.kind = kind;
            candidate.value = std::move(value);
            candidate.probability = kBareSticker * quality;
            for (std::size_t k = from; k < to; ++k) candidate.tokens.push_back(k);
            found.push_back(std::move(candidate));
        };
        for (std::size_t t = first; t < last;) {
            const std::span<const Token> rest = page_.range(t, last);
            if (const auto reading = read_date(rest); reading && reading->quality > 0.8) {
                if (const auto date = settle(*reading, DateUse::birth, latest_)) {
                    add(FieldKind::birth_date, to_iso(*date), reading->quality * (reading->two_digit_year ? 0.9 : 1.0),
                        t, t + reading->used);
                    t += reading->used;
                    continue;
                }
            }
            const auto number = read_identifier(rest);
            if (number && number->first == 0 && number->value.size() >= 6 && number->value.size() <= 9 &&
                number->quality > 0.9) {
                add(FieldKind::mrn, number->value, number->quality, t, t + number->last);
                t += number->last;
                continue;
            }
            const Token& token = page_.tokens[t];
            if (const auto sex = read_sex(rest.first(1)); sex && sex->value != "X")
                add(FieldKind::sex, sex->value, 1, t, t + 1);
            else if (fold(token.text).size() > 3 && has_letter(token.text) && !has_digit(token.text))
                return;  // an address or a sentence
            ++t;
        }
        values.insert(values.end(), found.begin(), found.end());
    }

    const Candidate* best_of(FieldKind kind) const
    {
        const Candidate* best = nullptr;
        for (const Candidate& candidate : out_)
            if (candidate.kind == kind && (!best || candidate.probability > best->probability)) best = &candidate;
        return best;
    }

    /// Values without labels in the block that names the patient. What a label already says is not looked for, and
    /// tells what the rest is: beside a labelled birth date a bare date is the visit's.
    void bare_in_block()
    {
        const Candidate* name = best_of(FieldKind::first_name);
        if (!name || name->tokens.empty() || name->probability < 0.5) return;
        const std::size_t segment_of_name = page_.tokens[name->tokens.front()].segment;
        const Segment& anchor = page_.segments[segment_of_name];
        if (share_of(anchor.box) > kStickerShare && share_of(anchor.box) < kFootShare) return;
        std::vector<Candidate> values;
        std::size_t rest = name->tokens.back() + 1;
        if (page_.tokens[name->tokens.back()].segment == segment_of_name) {
            while (rest < anchor.last && used_[rest]) ++rest;
            bare_values(rest, anchor.last, values);
        }
        if (anchor.next_right >= 0) {
            const Segment& beside = page_.segments[static_cast<std::size_t>(anchor.next_right)];
            if (!under_other_label(beside)) bare_values(beside.first, beside.last, values);
        }
        for (const Segment* under : column_under(anchor)) bare_values(under->first, under->last, values);

        std::vector<Candidate*> dates;
        Candidate* number = nullptr;
        Candidate* sex = nullptr;
        std::size_t numbers = 0;
        for (Candidate& value : values) {
            if (value.kind == FieldKind::birth_date) dates.push_back(&value);
            if (value.kind == FieldKind::mrn && ++numbers == 1) number = &value;
            if (value.kind == FieldKind::sex && !sex) sex = &value;
        }
        std::stable_sort(dates.begin(), dates.end(),
                         [](const Candidate* a, const Candidate* b) { return a->value < b->value; });
        const Candidate* birth = best_of(FieldKind::birth_date);
        const Candidate* service = best_of(FieldKind::service_date);
        const bool has_birth = birth && birth->probability > 0.6;
        const bool has_service = service && service->probability > 0.8;
        const bool has_number = best_of(FieldKind::mrn) != nullptr;
        const bool has_sex = best_of(FieldKind::sex) != nullptr;
        const auto emit = [&](Candidate* value, FieldKind kind, double factor) {
            value->kind = kind;
            value->probability *= factor * sureness(value->tokens);
            for (const std::size_t t : value->tokens) used_[t] = true;
            out_.push_back(*value);
        };
        if (!dates.empty()) {
            if (has_birth && !has_service)
                emit(dates.back(), FieldKind::service_date, dates.size() == 1 ? 1.05 : 0.9);
            else if (!has_birth && has_service)
                emit(dates.front(), FieldKind::birth_date, 1.05);
            else if (!has_birth && !has_service) {
                if (dates.size() > 1) emit(dates.back(), FieldKind::service_date, 0.9);
                emit(dates.front(), FieldKind::birth_date, dates.size() > 1 ? 1.0 : 0.9);
            }
        }
        if (number && !has_number) emit(number, FieldKind::mrn, numbers > 1 ? 0.8 : 1.05);
        if (sex && !has_sex) emit(sex, FieldKind::sex, 1);
    }

    /// "05/19/22" on a page of 1995 is 1922.
    void births_before_visits()
    {
        const Candidate* service = best_of(FieldKind::service_date);
        if (!service || service->two_digit_year || service->probability < 0.8) return;
        for (Candidate& candidate : out_) {
            if (candidate.kind != FieldKind::birth_date || !candidate.two_digit_year ||
                candidate.value <= service->value)
                continue;
            if (const auto late = date_from_iso(candidate.value))
                if (const auto early =
                        make_date(static_cast<int>(late->year()) - 100, static_cast<unsigned>(late->month()),
                                  static_cast<unsigned>(late->day())))
                    candidate.value = to_iso(*early);
        }
    }

    /// Where patient and visit are named the page's own date stands; "Date of admission" in the text is an older story.
    void dates_outside_block()
    {
        Box block;
        for (const Candidate& candidate : out_) {
            if (candidate.kind != FieldKind::mrn && candidate.kind != FieldKind::first_name &&
                candidate.kind != FieldKind::birth_date)
                continue;
            Box box;
            for (const std::size_t t : candidate.tokens) box = united(box, page_.tokens[t].box);
            if (candidate.probability > 0.75 && share_of(box) < kHeaderShare) block = united(block, box);
        }
        if (block.empty()) return;
        Candidate* topmost = nullptr;
        const auto top = [&](const Candidate& candidate) { return page_.tokens[candidate.tokens.front()].box.top_px; };
        for (Candidate& candidate : out_) {
            if (candidate.kind != FieldKind::service_date || candidate.tokens.empty()) continue;
            const Box& box = page_.tokens[candidate.tokens.front()].box;
            if (box.bottom_px < block.top_px - kBlockReach * unit_ ||
                box.top_px > block.bottom_px + kBlockReach * unit_)
                candidate.probability *= kOutsideBlock;
            else if (candidate.probability > 0.9 && (!topmost || top(candidate) < top(*topmost) - unit_))
                topmost = &candidate;
        }
        if (!topmost) return;
        for (Candidate& candidate : out_)
            if (candidate.kind == FieldKind::service_date && !candidate.tokens.empty() &&
                top(candidate) > top(*topmost) + unit_)
                candidate.probability *= kLowerDate;
    }

    /// Small print right over it: a cell's label that we do not know.
    bool under_small_print(const Segment& segment) const
    {
        return std::any_of(page_.segments.begin(), page_.segments.end(), [&](const Segment& over) {
            const double away = static_cast<double>(segment.box.top_px) - over.box.bottom_px;
            return away > -0.3 * unit_ && away < 2 * unit_ &&
                   std::abs(over.box.left_px - segment.box.left_px) < 2 * unit_ &&
                   over.box.height_px() * 10 < segment.box.height_px() * 8 && has_letter(page_.tokens[over.first].text);
        });
    }

    bool is_title(std::span<const Token> tokens) const
    {
        std::string text;
        for (const Token& token : tokens) text += token.folded;
        return std::any_of(types_.types.begin(), types_.types.end(), [&](const DocType& type) {
            return std::any_of(type.titles.begin(), type.titles.end(),
                               [&](const std::string& title) { return fold(title) == text; });
        });
    }

    // ---- authors, dates, letterheads without labels ----

    void signatures()
    {
        for (const Segment& segment : page_.segments) {
            if (share_of(segment.box) < kSignatureShare || segment.last - segment.first > 7) continue;
            bool free = true;
            for (std::size_t t = segment.first; t < segment.last; ++t) free = free && !used_[t] && !starts_label(t);
            if (!free) continue;
            const std::span<const Token> tokens = page_.range(segment.first, segment.last);
            const auto name = read_name(tokens, {});
            if (!name || !name->clinician || name->first.empty() || name->used != tokens.size() ||
                !all_name_words(*name))
                continue;
            Candidate candidate;
            candidate.kind = FieldKind::author;
            candidate.value = author_of(*name);
            for (std::size_t t = segment.first; t < segment.last; ++t) candidate.tokens.push_back(t);
            candidate.probability = kSignature * name->quality * sureness(candidate.tokens);
            out_.push_back(std::move(candidate));
        }
    }

    void lone_dates()
    {
        const bool letter =
            std::any_of(hits_.begin(), hits_.end(), [](const LabelHit& hit) { return hit.kind && hit.subject; }) ||
            std::any_of(page_.segments.begin(), page_.segments.end(),
                        [&](const Segment& segment) { return page_.tokens[segment.first].folded == "DEAR"; });
        for (const Segment& segment : page_.segments) {
            if (share_of(segment.box) > kStickerShare || segment.last - segment.first > 6) continue;
            bool free = true;
            for (std::size_t t = segment.first; t < segment.last; ++t) free = free && !used_[t] && !starts_label(t);
            if (!free || under_other_label(segment) || under_small_print(segment)) continue;
            const std::span<const Token> tokens = page_.range(segment.first, segment.last);
            const auto reading = read_date(tokens);
            if (!reading || reading->used != tokens.size()) continue;
            const auto date = settle(*reading, DateUse::service, latest_);
            if (!date) continue;
            Candidate candidate;
            candidate.kind = FieldKind::service_date;
            candidate.value = to_iso(*date);
            candidate.two_digit_year = reading->two_digit_year;
            for (std::size_t t = segment.first; t < segment.last; ++t) candidate.tokens.push_back(t);
            candidate.probability = (letter                ? kLetterDate
                                     : reading->month_name ? kLoneDate + 0.07
                                                           : kLoneDate) *
                                    reading->quality * sureness(candidate.tokens);
            out_.push_back(std::move(candidate));
        }
    }

    void letterhead()
    {
        const Segment* best = nullptr;
        double best_rank = 0;
        for (const Segment& segment : page_.segments) {
            const double at = share_of(segment.box);
            const std::size_t count = segment.last - segment.first;
            if (at > kLetterheadShare || count > 10) continue;
            bool free = true;
            for (std::size_t t = segment.first; t < segment.last; ++t) free = free && !used_[t];
            if (!free || starts_label_with_colon(segment)) continue;
            const std::span<const Token> tokens = page_.range(segment.first, segment.last);
            const char initial = tokens.front().text.front();
            if (!facility_word(tokens) || is_title(tokens) || (initial >= 'a' && initial <= 'z') || count < 2) continue;
            // The largest type, the highest on the page.
            const double rank = segment.box.height_px() / unit_ + 2 * (1 - at / kLetterheadShare);
            if (!best || rank > best_rank) {
                best = &segment;
                best_rank = rank;
            }
        }
        if (!best) return;
        Candidate candidate;
        candidate.kind = FieldKind::facility;
        for (std::size_t t = best->first; t < best->last; ++t) {
            candidate.tokens.push_back(t);
            if (!has_letter(page_.tokens[t].text) && !has_digit(page_.tokens[t].text) && page_.tokens[t].text != "&")
                continue;
            if (!candidate.value.empty()) candidate.value += page_.tokens[t - 1].joined ? "/" : " ";
            candidate.value += page_.tokens[t].text;
        }
        candidate.probability = kLetterhead * sureness(candidate.tokens);
        out_.push_back(std::move(candidate));
    }

    bool starts_label_with_colon(const Segment& segment) const
    {
        for (std::size_t t = segment.first; t < segment.last; ++t)
            if (hit_of_[t] >= 0 && hits_[static_cast<std::size_t>(hit_of_[t])].colon) return true;
        return false;
    }

    const ReadPage& page_;
    const DocTypes& types_;
    Date latest_;
    std::vector<LabelHit> hits_;
    std::vector<int> hit_of_;  ///< by token: the label it is part of, or -1
    std::vector<bool> used_;   ///< tokens that are some label's value
    std::vector<Candidate> parts_;
    std::vector<Candidate> out_;
    double unit_ = 1;
};

}  // namespace

std::vector<Candidate> find_candidates(const ReadPage& page, const LabelBook& labels, const DocTypes& types,
                                       Date latest)
{
    return Finder(page, labels, types, latest).find();
}

}  // namespace chartlift::extract
