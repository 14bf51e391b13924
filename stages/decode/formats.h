// SPDX-License-Identifier: GPL-3.0-or-later
/// The readers behind Decode, one file a format. `open_*` index a file; `read_*` read the one picture in `bytes`.
/// Faults and thread-safety: as in decode.h.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/byte_source.h"
#include "stages/decode/decode.h"
#include "stages/decode/raster.h"

namespace chartlift::decode {

Result<std::unique_ptr<OpenFile>> open_tiff(std::shared_ptr<const ByteSource> bytes, const StageContext& context);
Result<std::unique_ptr<OpenFile>> open_pdf(std::shared_ptr<const ByteSource> bytes, const DecodeSettings& settings,
                                           const StageContext& context);

/// What the document around a JPEG says of its samples; a JPEG file of its own follows its Adobe marker.
struct JpegInPdf {
    int components = 0;     ///< what the colour space asks for; another number is `unsupported`
    bool inverted = false;  ///< the Decode array runs from 1 to 0
};

Result<Scan> read_jpeg(const ByteSource& bytes, const StageContext& context,
                       const std::optional<JpegInPdf>& in_pdf = std::nullopt);
Result<Scan> read_png(const ByteSource& bytes, const StageContext& context);
/// `components`: what the PDF around it asks for, 0 where nothing does.
Result<Scan> read_jp2(const ByteSource& bytes, const StageContext& context, int components = 0);

/// Fax data as PDF keeps it: without a file around it. The picture is bilevel, 1 where the fax has black.
struct FaxData {
    int k = -1;                 ///< below 0: Group 4; 0: Group 3; above 0: Group 3 with two-dimensional lines
    bool marked = true;         ///< rows end in a mark (/EndOfLine); of one-dimensional data only
    bool byte_aligned = false;  ///< rows begin at a whole byte; of one-dimensional data only
    int columns_px = 0;
    int rows_px = 0;
};
Result<Scan> read_fax(const FaxData& fax, std::shared_ptr<const ByteSource> bytes, const StageContext& context);

/// Reads on from where it stands; a read after the deadline or a stop request reads nothing.
class Cursor {
public:
    Cursor(const ByteSource& bytes, const StageContext& context) : bytes_(bytes), context_(context) {}
    std::size_t read(std::byte* into, std::size_t count)
    {
        if (!context_.still_wanted(Decode::name)) return 0;
        const Result<std::size_t> got = bytes_.read_at(at_, {into, count});
        if (!got) {
            io_fault_ = got.error();
            return 0;
        }
        at_ += *got;
        return *got;
    }
    std::uint64_t at() const { return at_; }
    void seek(std::uint64_t offset) { at_ = offset; }
    void skip(std::uint64_t count) { at_ += std::min(count, bytes_.size_bytes()); }
    std::uint64_t size_bytes() const { return bytes_.size_bytes(); }
    /// Why reading ended early, where it was not the data's own fault: an I/O error, the deadline, a stop request.
    std::optional<Fault> outside_fault() const
    {
        if (io_fault_) return io_fault_;
        const Result<void> wanted = context_.still_wanted(Decode::name);
        return wanted ? std::nullopt : std::optional(wanted.error());
    }
    const StageContext& context() const { return context_; }

private:
    const ByteSource& bytes_;
    const StageContext& context_;
    std::uint64_t at_ = 0;
    std::optional<Fault> io_fault_;
};

}  // namespace chartlift::decode
