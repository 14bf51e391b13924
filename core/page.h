// SPDX-License-Identifier: GPL-3.0-or-later
/// The values a page becomes on its way through the flow, one type a step. Thread-safety: plain values; images
/// shared-const.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/geometry.h"
#include "core/image.h"
#include "core/text.h"
#include "core/units.h"

namespace chartlift {

using PageIndex = std::uint32_t;  ///< from 0, in scan order within the batch

/// Where the resolution came from; a page record says so.
enum class DpiOrigin {
    file,       ///< the file's tag, plausible for the page's size
    estimated,  ///< the tag was missing or absurd: judged from page size and text height
};

struct DecodedPage {
    Image image;                     ///< the file's orientation tag already applied
    std::optional<Dpi> file_dpi;     ///< as tagged, not yet judged; pages with unequal x and y are already squared
    std::vector<Word> visible_text;  ///< a PDF's own visible text, boxes in pixels of `image`; a second opinion on OCR
};

/// What cleanup saw of a page's structure, for classification and for blank detection.
struct PageLayout {
    float ink_share = 0;        ///< black pixels / all pixels, after edges and holes were whitened
    int ruled_horizontals = 0;  ///< long horizontal rules
    int ruled_verticals = 0;    ///< long vertical rules
    friend bool operator==(const PageLayout&, const PageLayout&) = default;
};

struct UprightPage {
    Image gray;  ///< gray8, upright and level, for OCR and barcodes
    Image
        archive;  ///< upright and level, for storage: bilevel where the page is, else gray8 or rgb24; same size as gray
    Dpi dpi;
    DpiOrigin dpi_origin = DpiOrigin::file;
    QuarterTurn rotated_cw = QuarterTurn::none;  ///< how far the content was turned clockwise in the scan (undone here)
    bool orientation_sure = false;
    Degrees
        skew_ccw;  ///< how far the content leaned counter-clockwise in the scan after the turn was undone (undone here)
    bool blank = false;
    PageLayout layout;
    Affine to_scan;                  ///< upright pixel -> pixel of DecodedPage::image
    std::vector<Word> visible_text;  ///< boxes in upright pixels
};

struct Barcode {
    std::string format;  ///< "Code128", "QRCode", "PatchT", ...
    std::string value;   ///< UTF-8
    Box box;             ///< pixels of the upright page
    friend bool operator==(const Barcode&, const Barcode&) = default;
};

/// The type of one page, as an id of models/doctypes.
struct TypeChoice {
    std::string type;  ///< "unknown" where nothing fits
    Score probability;
    friend bool operator==(const TypeChoice&, const TypeChoice&) = default;
};

inline constexpr const char* kUnknownType = "unknown";

struct PageClass {
    TypeChoice best;
    std::vector<TypeChoice> ranked;  ///< the five best, most probable first, best included
    friend bool operator==(const PageClass&, const PageClass&) = default;
};

}  // namespace chartlift
