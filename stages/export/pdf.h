// SPDX-License-Identifier: GPL-3.0-or-later
/// One document as a searchable PDF/A: each page its scan, with the words read from it invisibly on top.
/// Guarantee: the same input gives the same bytes (no time stamps, /ID made from document_id and content). One page's
/// pixels are in memory at a time. Nothing about the patient is in the metadata but what PdfInfo gives.
/// Faults: those of the loader and of the sink, unchanged; limit (no pages, a page without size or resolution);
/// config (a property name that XML cannot hold); cancelled and timeout by the context; library (libqpdf or lcms2 gave
/// up). A fault leaves the sink with a part of a file: write to a temporary name.
/// Thread-safety: free function, safe from many threads; the loader and the sink are called from the calling thread.
/// Method: ISO 19005-2 (2b) on PDF 1.7 with object streams, ISO 19005-1 (1b) on PDF 1.4 without; written by libqpdf.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/fault.h"
#include "core/stage.h"
#include "core/text.h"
#include "stages/export/encode.h"

namespace chartlift {

enum class PdfLevel {
    a2b,
    a1b,  ///< what IHE's scanned-documents profile (XDS-SD) asks for
};

struct PdfInfo {
    std::string title;
    std::string document_id;         ///< never printed in the file; the first half of /ID is its hash
    std::string producer;            ///< "chartlift 0.1.0"
    std::string language = "en-US";  ///< BCP 47
    PdfLevel level = PdfLevel::a2b;
    /// Further metadata, by name (letters, digits and _, a letter first); into the Info dictionary and XMP alike.
    std::vector<std::pair<std::string, std::string>> properties;
};

struct PdfPage {
    EncodedImage image;
    PageText text;  ///< boxes in pixels of the image
};

/// Called twice a page: first for all in order (sizes and characters), then in order again (pixels and words).
/// It must give the same page both times.
using PdfPageLoader = std::function<Result<PdfPage>(std::size_t index)>;
/// Takes the file's bytes in order, in pieces of about 64 KiB.
using ByteSink = std::function<Result<void>(std::string_view bytes)>;

Result<void> write_pdf(const PdfInfo& info, std::size_t page_count, const PdfPageLoader& load, const ByteSink& sink,
                       const StageContext& context);

}  // namespace chartlift
