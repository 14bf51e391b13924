// SPDX-License-Identifier: GPL-3.0-or-later
/// Opens one input file and gives its pages as pixels, one at a time and in any order.
///
/// Guarantee: the file is read piece by piece, never loaded whole; one page's pixels are in memory at a time (two
/// copies for a moment where a page is turned, squared or rendered). Every size from the file is checked against the
/// limits before memory is taken. A page that cannot be read is a fault of that page alone; the others still decode.
/// Pages come out turned as the file's orientation tag asks (TIFF tag, EXIF, PDF placement and /Rotate), with square
/// pixels (the coarser axis of a 204 x 98 fax is stretched), transparency laid on white, CMYK as (1-c)(1-k).
/// Bilevel pages stay bilevel.
///
/// TIFF: a directory marked as a reduced copy (NewSubfileType bit 0, SubfileType 2) of the larger page before it, or as
/// a transparency mask (bit 2), is not a page. Where the chain of directories breaks or loops, one further page that
/// faults stands for whatever was lost behind the break.
/// PDF: a page that is one full-page image gives the image's own pixels; any other page is rendered. Text is given only
/// where it is real and visible: a page with hidden text (an OCR layer) or with unmapped glyphs gives none.
/// Damage: up to a tenth of a page's pixels may be lost at its end (a cut-off transfer) and are given as white or as
/// the library fills them; anything more is a `corrupt` fault, because a page with a hole must be seen by a person.
///
/// Faults: corrupt, encrypted, unsupported, limit, timeout, cancelled, library, io. No fault quotes the file's text.
/// Thread-safety: Decode is const and safe from many threads; an OpenFile belongs to one thread at a time.
/// Deadlines are kept between strips, tiles, rows and reads; Poppler cannot be stopped inside one page.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/byte_source.h"
#include "core/page.h"
#include "core/stage.h"
#include "core/units.h"

namespace chartlift {

enum class FileFormat { unknown, tiff, pdf, jpeg, png, jp2 };
std::string_view to_string(FileFormat format);

/// By magic number, never by name. `unknown` also where the bytes cannot be read.
FileFormat sniff(const ByteSource& bytes);

struct DecodeSettings {
    Dpi render_dpi{300};                 ///< for PDF pages that are not one full-page image
    std::vector<std::string> passwords;  ///< tried in turn on an encrypted PDF, after the empty one
};

/// One open input. Not thread-safe: every thread leases its own.
class OpenFile {
public:
    OpenFile() = default;
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    virtual ~OpenFile() = default;
    virtual FileFormat format() const = 0;
    virtual int page_count() const = 0;  ///< at most limits.max_pages: a longer file faults on opening
    virtual Result<DecodedPage> page(int index, const StageContext& context) = 0;
};

/// What opens a file: Decode in this process, or a confined worker process (worker/confined_decode.h).
class FileOpener {
public:
    FileOpener() = default;
    FileOpener(const FileOpener&) = default;
    FileOpener(FileOpener&&) = default;
    FileOpener& operator=(const FileOpener&) = default;
    FileOpener& operator=(FileOpener&&) = default;
    virtual ~FileOpener() = default;
    virtual Result<std::unique_ptr<OpenFile>> open(std::shared_ptr<const ByteSource> bytes,
                                                   const StageContext& context) const = 0;
};

class Decode final : public FileOpener {
public:
    static constexpr std::string_view name = "decode";
    explicit Decode(DecodeSettings settings) : settings_(std::move(settings)) {}
    Result<std::unique_ptr<OpenFile>> open(std::shared_ptr<const ByteSource> bytes,
                                           const StageContext& context) const override;

private:
    DecodeSettings settings_;
};

}  // namespace chartlift
