// SPDX-License-Identifier: GPL-3.0-or-later
// Input: a page's content stream, then behind a byte 0 that of its form /Fm0. What must hold: a judgement or a fault.
#include <chrono>
#include <cstdint>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFObjectHandle.hh>
#include <string>

#include "stages/decode/pdf.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    using namespace chartlift;
    fuzz::Input input(bytes, size);
    const std::string content = input.text();
    const std::string form_content(input.rest());
    QPDF pdf;
    pdf.emptyPDF();
    pdf.setSuppressWarnings(true);
    QPDFObjectHandle image = QPDFObjectHandle::newStream(&pdf, std::string(8, '\x55'));
    image.getDict().replaceKey("/Type", QPDFObjectHandle::newName("/XObject"));
    image.getDict().replaceKey("/Subtype", QPDFObjectHandle::newName("/Image"));
    image.getDict().replaceKey("/Width", QPDFObjectHandle::newInteger(8));
    image.getDict().replaceKey("/Height", QPDFObjectHandle::newInteger(8));
    image.getDict().replaceKey("/BitsPerComponent", QPDFObjectHandle::newInteger(1));
    image.getDict().replaceKey("/ColorSpace", QPDFObjectHandle::newName("/DeviceGray"));
    QPDFObjectHandle form = pdf.makeIndirectObject(QPDFObjectHandle::newStream(&pdf, form_content));
    QPDFObjectHandle resources = QPDFObjectHandle::parse(
        "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> /XObject << >>"
        " /ExtGState << /G0 << /Type /ExtGState /ca 0.5 >> /G1 << /BM /Multiply >> >>"
        " /Properties << /MC0 << /Type /OCG >> >> >>");
    QPDFObjectHandle objects = resources.getKey("/XObject");
    objects.replaceKey("/Im0", pdf.makeIndirectObject(image));
    objects.replaceKey("/Fm0", form);
    form.getDict().replaceKey("/Subtype", QPDFObjectHandle::newName("/Form"));
    form.getDict().replaceKey("/BBox", QPDFObjectHandle::parse("[0 0 612 792]"));
    form.getDict().replaceKey("/Resources", resources);  // so a form may draw itself
    QPDFObjectHandle page =
        pdf.makeIndirectObject(QPDFObjectHandle::parse("<< /Type /Page /MediaBox [0 0 612 792] >>"));
    page.replaceKey("/Resources", resources);
    page.replaceKey("/Contents", pdf.makeIndirectObject(QPDFObjectHandle::newStream(&pdf, content)));
    pdf.addPage(page, true);
    StageContext context;
    context.deadline = StageContext::Clock::now() + std::chrono::seconds(10);
    const auto seen = decode::look_at(pdf.getAllPages().at(0), decode::PageArea{}, context);
    if (seen)
        fuzz::require(seen->images >= 0 && (seen->images > 0) == seen->image.has_value(), "an image drawn is told");
    return 0;
}
