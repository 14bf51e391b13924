// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/page_json.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

namespace chartlift {
namespace {

using Json = nlohmann::ordered_json;

// Floats go through decimal text with six digits: enough for every value here, and the same on every machine.
double rounded(float value)
{
    return std::round(static_cast<double>(value) * 1e6) / 1e6;
}

// nlohmann's own get<int>() takes 1e99 and -1 for numbers of any type, which C++ does not define or nobody wrote.
template <class T>
T whole(const Json& json)
{
    if (!json.is_number_integer()) throw std::invalid_argument("whole number");
    const bool fits = json.is_number_unsigned() ? std::in_range<T>(json.get<std::uint64_t>())
                                                : std::in_range<T>(json.get<std::int64_t>());
    if (!fits) throw std::invalid_argument("number out of range");
    return json.get<T>();
}

std::vector<std::uint32_t> wholes(const Json& json)
{
    std::vector<std::uint32_t> out;
    for (const Json& item : json) out.push_back(whole<std::uint32_t>(item));
    return out;
}

/// JSON has no word for infinity, so what cannot be a float could not be written again.
template <class T>
T real(const Json& json)
{
    const double value = json.get<double>();
    if (!(std::abs(value) <= static_cast<double>(std::numeric_limits<T>::max()))) throw std::invalid_argument("number");
    return static_cast<T>(value);
}

Json to_json(const Box& box)
{
    return Json::array({box.left_px, box.top_px, box.right_px, box.bottom_px});
}
Box box_from(const Json& json)
{
    return {whole<int>(json.at(0)), whole<int>(json.at(1)), whole<int>(json.at(2)), whole<int>(json.at(3))};
}

Json to_json(const TypeChoice& choice)
{
    return {{"type", choice.type}, {"probability", rounded(choice.probability.value)}};
}
TypeChoice choice_from(const Json& json)
{
    return {json.at("type").get<std::string>(), Score{real<float>(json.at("probability"))}};
}

Json to_json(const FieldValue& field)
{
    return {{"kind", to_string(field.kind)},
            {"value", field.value.reveal()},
            {"raw", field.raw.reveal()},
            {"probability", rounded(field.probability.value)},
            {"page", field.page},
            {"box", to_json(field.box)},
            {"words", field.words}};
}
FieldValue field_from(const Json& json)
{
    const auto kind = field_kind_from(json.at("kind").get<std::string>());
    if (!kind) throw std::invalid_argument("field kind");
    return {*kind,
            json.at("value").get<std::string>(),
            json.at("raw").get<std::string>(),
            Score{real<float>(json.at("probability"))},
            whole<PageIndex>(json.at("page")),
            box_from(json.at("box")),
            wholes(json.at("words"))};
}

Json to_json(const PageCues& cues)
{
    Json json{{"title", cues.title},
              {"title_type", cues.title_type},
              {"letterhead", cues.letterhead},
              {"opens_like_letter", cues.opens_like_letter},
              {"ends_with_signature", cues.ends_with_signature},
              {"first_line_continues", cues.first_line_continues}};
    if (cues.page_number) json["page_number"] = *cues.page_number;
    if (cues.page_total) json["page_total"] = *cues.page_total;
    return json;
}
PageCues cues_from(const Json& json)
{
    PageCues cues;
    cues.title = json.at("title").get<std::string>();
    cues.title_type = json.at("title_type").get<std::string>();
    cues.letterhead = json.at("letterhead").get<std::string>();
    cues.opens_like_letter = json.at("opens_like_letter").get<bool>();
    cues.ends_with_signature = json.at("ends_with_signature").get<bool>();
    cues.first_line_continues = json.at("first_line_continues").get<bool>();
    if (json.contains("page_number")) cues.page_number = whole<int>(json.at("page_number"));
    if (json.contains("page_total")) cues.page_total = whole<int>(json.at("page_total"));
    return cues;
}

QuarterTurn turn_from(int degrees)
{
    if (degrees != 0 && degrees != 90 && degrees != 180 && degrees != 270) throw std::invalid_argument("turn");
    return static_cast<QuarterTurn>(degrees);
}

std::string_view name_of(DpiOrigin origin)
{
    return origin == DpiOrigin::file ? "file" : "estimated";
}

Json affine_json(const Affine& map)
{
    return Json::array({map.a, map.b, map.c, map.d, map.e, map.f});
}

Json fault_json(const Fault& fault)
{
    return {{"kind", to_string(fault.kind)}, {"where", fault.where}, {"what", fault.what}, {"file", fault.file}};
}

template <class Read>
auto reading(Read read) -> Result<decltype(read())>
{
    try {
        return read();
    } catch (const std::exception&) {  // nlohmann's messages quote the text, which is patient data
        return Fault{FaultKind::corrupt, "spool", "saved page is not readable JSON"};
    }
}

}  // namespace

namespace pipeline {

std::string record_to_json(const PageRecord& r)
{
    Json json{{"page", r.page},
              {"source", r.source},
              {"source_page", r.source_page},
              {"state", to_string(r.state)},
              {"width_px", r.width_px},
              {"height_px", r.height_px},
              {"dpi", rounded(r.dpi.value)},
              {"dpi_origin", name_of(r.dpi_origin)},
              {"rotated_cw", static_cast<int>(r.rotated_cw)},
              {"orientation_sure", r.orientation_sure},
              {"skew_ccw", rounded(r.skew_ccw.value)},
              {"to_scan", affine_json(r.to_scan)},
              {"ink_share", rounded(r.layout.ink_share)},
              {"ruled_horizontals", r.layout.ruled_horizontals},
              {"ruled_verticals", r.layout.ruled_verticals},
              {"word_count", r.word_count},
              {"ocr_confidence", rounded(r.ocr_confidence)},
              {"type", to_json(r.type.best)},
              {"cues", to_json(r.cues)}};
    if (r.fault) json["fault"] = fault_json(*r.fault);
    json["ranked"] = Json::array();
    for (const TypeChoice& choice : r.type.ranked) json["ranked"].push_back(to_json(choice));
    json["fields"] = Json::array();
    for (const FieldValue& field : r.fields.values) json["fields"].push_back(to_json(field));
    json["barcodes"] = Json::array();
    for (const Barcode& code : r.barcodes)
        json["barcodes"].push_back(Json{{"format", code.format}, {"value", code.value}, {"box", to_json(code.box)}});
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<PageRecord> record_from_json(std::string_view text)
{
    return reading([&] {
        const Json json = Json::parse(text);
        PageRecord r;
        r.page = whole<PageIndex>(json.at("page"));
        r.source = json.at("source").get<std::string>();
        r.source_page = whole<std::uint32_t>(json.at("source_page"));
        const auto state = page_state_from(json.at("state").get<std::string>());
        if (!state) throw std::invalid_argument("state");
        r.state = *state;
        if (json.contains("fault")) {
            const Json& fault = json.at("fault");
            const auto kind = fault_kind_from(fault.at("kind").get<std::string>());
            r.fault = Fault{kind.value_or(FaultKind::internal), fault.at("where").get<std::string>(),
                            fault.at("what").get<std::string>(), fault.value("file", std::string())};
        }
        r.width_px = whole<int>(json.at("width_px"));
        r.height_px = whole<int>(json.at("height_px"));
        r.dpi = Dpi{real<float>(json.at("dpi"))};
        r.dpi_origin = json.at("dpi_origin") == "file" ? DpiOrigin::file : DpiOrigin::estimated;
        r.rotated_cw = turn_from(whole<int>(json.at("rotated_cw")));
        r.orientation_sure = json.at("orientation_sure").get<bool>();
        r.skew_ccw = Degrees{real<float>(json.at("skew_ccw"))};
        const Json& map = json.at("to_scan");
        r.to_scan = {real<double>(map.at(0)), real<double>(map.at(1)), real<double>(map.at(2)),
                     real<double>(map.at(3)), real<double>(map.at(4)), real<double>(map.at(5))};
        r.layout.ink_share = real<float>(json.at("ink_share"));
        r.layout.ruled_horizontals = whole<int>(json.at("ruled_horizontals"));
        r.layout.ruled_verticals = whole<int>(json.at("ruled_verticals"));
        r.word_count = whole<std::uint32_t>(json.at("word_count"));
        r.ocr_confidence = real<float>(json.at("ocr_confidence"));
        r.type.best = choice_from(json.at("type"));
        for (const Json& choice : json.at("ranked")) r.type.ranked.push_back(choice_from(choice));
        r.cues = cues_from(json.at("cues"));
        for (const Json& field : json.at("fields")) r.fields.values.push_back(field_from(field));
        for (const Json& code : json.at("barcodes"))
            r.barcodes.push_back(
                {code.at("format").get<std::string>(), code.at("value").get<std::string>(), box_from(code.at("box"))});
        return r;
    });
}

std::string words_to_json(const std::vector<Word>& words)
{
    Json json = Json::array();
    for (const Word& word : words)
        json.push_back(Json::array({word.text, word.box.left_px, word.box.top_px, word.box.right_px, word.box.bottom_px,
                                    rounded(word.confidence), word.line, word.block}));
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::vector<Word>> words_from_json(std::string_view text)
{
    return reading([&] {
        std::vector<Word> words;
        const Json json = Json::parse(text);
        for (const Json& item : json)
            words.push_back(
                {item.at(0).get<std::string>(),
                 {whole<int>(item.at(1)), whole<int>(item.at(2)), whole<int>(item.at(3)), whole<int>(item.at(4))},
                 real<float>(item.at(5)),
                 whole<std::uint32_t>(item.at(6)),
                 whole<std::uint32_t>(item.at(7))});
        return words;
    });
}

std::string page_line(const PageLine& line)
{
    const PageRecord& r = line.record;
    Json json{{"source", line.batch_name},
              {"page", r.page},
              {"batch", line.batch_id},
              {"file", r.source},
              {"file_page", r.source_page},
              {"state", to_string(r.state)},
              {"rotated_cw", static_cast<int>(r.rotated_cw)},
              {"orientation_sure", r.orientation_sure},
              {"skew_ccw", rounded(r.skew_ccw.value)},
              {"blank", r.state == PageState::blank},
              {"type", line.type.type},
              {"type_probability", rounded(line.type.probability.value)},
              {"page_type", r.type.best.type},
              {"page_type_probability", rounded(r.type.best.probability.value)},
              {"width_px", r.width_px},
              {"height_px", r.height_px},
              {"dpi", rounded(r.dpi.value)},
              {"dpi_origin", name_of(r.dpi_origin)},
              {"to_scan", affine_json(r.to_scan)},
              {"words", r.word_count},
              {"ocr_confidence", rounded(r.ocr_confidence)}};
    json["document"] = line.document_id.empty() ? Json() : Json(line.document_id);
    json["text_file"] = line.text_file.empty() ? Json() : Json(line.text_file);
    json["hocr_file"] = line.hocr_file.empty() ? Json() : Json(line.hocr_file);
    json["barcodes"] = Json::array();
    for (const Barcode& code : r.barcodes)
        json["barcodes"].push_back(Json{{"format", code.format}, {"value", code.value}, {"box", to_json(code.box)}});
    json["fault"] = r.fault ? fault_json(*r.fault) : Json();
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string document_line(const DocumentLine& line)
{
    const Document& d = line.document;
    Json json{{"source", line.batch_name},
              {"pages", d.split.pages},
              {"id", d.id},
              {"batch", line.batch_id},
              {"type", d.split.type.type},
              {"type_probability", rounded(d.split.type.probability.value)},
              {"loinc", line.loinc.empty() ? Json() : Json(line.loinc)},
              {"split_probability", rounded(d.split.boundary_probability.value)},
              {"split_evidence", d.split.evidence},
              {"separator_values", d.split.separator_values}};
    const bool found = !d.match.candidates.empty();
    json["mrn"] = found ? Json(d.match.candidates.front().patient.mrn.reveal()) : Json();
    json["match_probability"] = found ? Json(rounded(d.match.candidates.front().probability.value)) : Json();
    json["route"] = d.route.automatic() ? "auto" : "review";
    json["reasons"] = Json::array();
    for (const ReviewReason& reason : d.route.reasons)
        json["reasons"].push_back(Json{{"code", reason.code}, {"text", reason.text}});
    Json fields = Json::object();
    for (int kind = 0; kind < kFieldKinds; ++kind)
        fields[std::string(to_string(static_cast<FieldKind>(kind)))] = Json();
    Json evidence = Json::array();
    for (const FieldValue& field : d.fields.fields.values) {
        fields[std::string(to_string(field.kind))] = field.value.reveal();
        evidence.push_back(to_json(field));
    }
    json["fields"] = std::move(fields);
    json["evidence"] = std::move(evidence);
    json["candidates"] = Json::array();
    for (const Candidate& candidate : d.match.candidates) {
        Json reasons = Json::array();
        for (const FieldComparison& reason : candidate.reasons)
            reasons.push_back(Json{{"field", to_string(reason.field)},
                                   {"agreement", to_string(reason.agreement)},
                                   {"bits", rounded(reason.weight_bits)}});
        json["candidates"].push_back(Json{{"mrn", candidate.patient.mrn.reveal()},
                                          {"probability", rounded(candidate.probability.value)},
                                          {"reasons", std::move(reasons)}});
    }
    json["pdf"] = line.pdf_file;
    if (!line.batch_class.empty()) json["batch_class"] = line.batch_class;
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace pipeline
}  // namespace chartlift
