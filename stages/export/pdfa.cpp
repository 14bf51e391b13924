// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/export/pdfa.h"

#include <fmt/core.h>
#include <lcms2.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <string_view>

#include "stages/export/utf8.h"

namespace chartlift {
namespace {

constexpr const char* kWhere = "export";
constexpr std::string_view kPropertySpace = "urn:chartlift:document#";

bool is_name(std::string_view name)
{
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const auto allowed = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; };
    return !name.empty() && name.size() <= 100 && letter(name.front()) &&
           std::all_of(name.begin(), name.end(), allowed);
}

struct ProfileCloser {
    void operator()(void* profile) const { cmsCloseProfile(profile); }
};

constexpr cmsFloat64Number kIccVersion = 2.1;  // PDF 1.4 knows ICC profiles of version 2 only
constexpr std::size_t kIccDateAt = 24;         // ICC.1:2001-04, 6.1: dateTimeNumber, six 16-bit numbers
constexpr std::string_view kFixedIccDate("\x07\xD0\0\1\0\1\0\0\0\0\0\0", 12);  // 2000-01-01 00:00:00

}  // namespace

Result<std::string> xmp_packet(const PdfInfo& info)
{
    const bool a1b = info.level == PdfLevel::a1b;
    std::string out;
    const auto add = std::back_inserter(out);
    out +=
        "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
        "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n"
        "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n";
    fmt::format_to(add,
                   "<rdf:Description rdf:about=\"\" xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\">\n"
                   "<pdfaid:part>{}</pdfaid:part>\n<pdfaid:conformance>B</pdfaid:conformance>\n"
                   "</rdf:Description>\n",
                   a1b ? 1 : 2);
    out += "<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n";
    if (!info.title.empty())
        fmt::format_to(add, "<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">{}</rdf:li></rdf:Alt></dc:title>\n",
                       xml_escaped(info.title));
    out += "<dc:format>application/pdf</dc:format>\n</rdf:Description>\n";
    if (!info.producer.empty()) {
        const std::string producer = xml_escaped(info.producer);
        fmt::format_to(add,
                       "<rdf:Description rdf:about=\"\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\">\n"
                       "<xmp:CreatorTool>{}</xmp:CreatorTool>\n</rdf:Description>\n"
                       "<rdf:Description rdf:about=\"\" xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\">\n"
                       "<pdf:Producer>{}</pdf:Producer>\n</rdf:Description>\n",
                       producer, producer);
    }
    if (!info.properties.empty()) {
        fmt::format_to(add, "<rdf:Description rdf:about=\"\" xmlns:chartlift=\"{}\">\n", kPropertySpace);
        for (const auto& [name, value] : info.properties) {
            if (!is_name(name))
                return Fault{FaultKind::config, kWhere,
                             "a pdf property's name has other characters than letters, digits and _"};
            fmt::format_to(add, "<chartlift:{0}>{1}</chartlift:{0}>\n", name, xml_escaped(value));
        }
        fmt::format_to(add,
                       "</rdf:Description>\n"
                       "<rdf:Description rdf:about=\"\" xmlns:pdfaExtension=\"http://www.aiim.org/pdfa/ns/extension/\" "
                       "xmlns:pdfaSchema=\"http://www.aiim.org/pdfa/ns/schema#\" "
                       "xmlns:pdfaProperty=\"http://www.aiim.org/pdfa/ns/property#\">\n"
                       "<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType=\"Resource\">\n"
                       "<pdfaSchema:schema>chartlift document properties</pdfaSchema:schema>\n"
                       "<pdfaSchema:namespaceURI>{}</pdfaSchema:namespaceURI>\n"
                       "<pdfaSchema:prefix>chartlift</pdfaSchema:prefix>\n<pdfaSchema:property><rdf:Seq>\n",
                       kPropertySpace);
        for (const auto& [name, value] : info.properties)
            fmt::format_to(add,
                           "<rdf:li rdf:parseType=\"Resource\"><pdfaProperty:name>{0}</pdfaProperty:name>"
                           "<pdfaProperty:valueType>Text</pdfaProperty:valueType>"
                           "<pdfaProperty:category>external</pdfaProperty:category>"
                           "<pdfaProperty:description>{0} of the scanned document</pdfaProperty:description>"
                           "</rdf:li>\n",
                           name);
        out += "</rdf:Seq></pdfaSchema:property>\n</rdf:li></rdf:Bag></pdfaExtension:schemas>\n</rdf:Description>\n";
    }
    out += "</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"w\"?>\n";
    return out;
}

Result<std::string> srgb_profile()
{
    const std::unique_ptr<void, ProfileCloser> profile(cmsCreate_sRGBProfile());
    if (!profile) return Fault{FaultKind::library, kWhere, "lcms2 could not make the sRGB profile"};
    cmsSetProfileVersion(profile.get(), kIccVersion);
    cmsUInt32Number size = 0;
    if (!cmsSaveProfileToMem(profile.get(), nullptr, &size) || size < kIccDateAt + kFixedIccDate.size())
        return Fault{FaultKind::library, kWhere, "lcms2 could not measure the sRGB profile"};
    std::string bytes(size, '\0');
    if (!cmsSaveProfileToMem(profile.get(), bytes.data(), &size))
        return Fault{FaultKind::library, kWhere, "lcms2 could not write the sRGB profile"};
    bytes.replace(kIccDateAt, kFixedIccDate.size(), kFixedIccDate);
    return bytes;
}

}  // namespace chartlift
