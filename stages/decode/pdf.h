// SPDX-License-Identifier: GPL-3.0-or-later
/// The parts of the PDF reader: what a page holds (pdf_content.cpp), its one image at native pixels (pdf_image.cpp),
/// and rendering (pdf_render.cpp). PDF section numbers are those of ISO 32000-1. Faults: as in decode.h. Thread-safety:
/// a QPDF and its objects belong to one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <qpdf/Pipeline.hh>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFMatrix.hh>
#include <qpdf/QPDFObjectHandle.hh>
#include <string>

#include "stages/decode/formats.h"

namespace chartlift::decode {

/// What a reader sees of a page: the crop box within the media box, in points, before /Rotate.
struct PageArea {
    double left = 0, bottom = 0, right = 612, top = 792;
    int rotate_cw = 0;                   ///< 0, 90, 180, 270
    double inches_per_point = 1.0 / 72;  ///< /UserUnit counted in
    double width() const { return right - left; }
    double height() const { return top - bottom; }
};

struct PlacedImage {
    QPDFObjectHandle image;    ///< an image XObject
    QPDFMatrix place;          ///< unit square to page points
    bool paints_black = true;  ///< the fill colour, which an image mask paints with
};

/// What the content stream does, as far as it matters here.
struct PageContent {
    int images = 0;
    std::optional<PlacedImage> image;  ///< the last one drawn
    bool other_marks = false;          ///< paths, shadings, inline images that can be seen
    bool visible_text = false;
    bool hidden_text = false;  ///< render mode 3 or 7, or covered by a full-page image: an OCR layer
    bool unusual = false;      ///< transparency, cutting clips, optional content: only a renderer gets it right
};

/// Reads the page's operators and those of its forms. Faults: limit (too much content, an image over the pixel limit).
Result<PageContent> look_at(QPDFObjectHandle page, const PageArea& area, const StageContext& context);

/// The image's own pixels, upright as stored. Fault `unsupported` means: render it.
Result<Scan> native_image(QPDF& pdf, const PlacedImage& placed, const StageContext& context);

/// Renders by Poppler; `with_text`: also gives the page's words.
Result<DecodedPage> rendered(QPDFObjectHandle page, const PageArea& area, double dpi, bool with_text,
                             const StageContext& context);

/// Collects a stream's bytes up to a cap; beyond it, it sets `overflowed` and throws, which ends the stream.
class CappedBytes final : public Pipeline {
public:
    explicit CappedBytes(std::size_t most_bytes) : Pipeline("bytes", nullptr), most_bytes_(most_bytes) {}
    void write(const unsigned char* from, std::size_t count) override;
    void finish() override {}
    std::string bytes;
    bool overflowed = false;

private:
    std::size_t most_bytes_;
};

}  // namespace chartlift::decode
