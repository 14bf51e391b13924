// SPDX-License-Identifier: GPL-3.0-or-later
#include "stages/cleanup/cleanup.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "stages/adapters/opencv.h"
#include "stages/adapters/pixels.h"
#include "stages/adapters/turn.h"
#include "stages/cleanup/bilevel.h"
#include "stages/cleanup/blank.h"
#include "stages/cleanup/deskew.h"
#include "stages/cleanup/dpi.h"
#include "stages/cleanup/edges.h"
#include "stages/cleanup/orientation.h"
#include "stages/cleanup/reduced.h"
#include "stages/cleanup/rules.h"

namespace chartlift {
namespace {

using namespace cleanup;

constexpr int kInkBelow = 128;  ///< a grey pixel darker than this becomes ink in a bilevel archive

/// Grey of any image; bilevel goes a byte at a time, which is ten times as fast as a bit at a time.
Image gray_of(const Image& image)
{
    if (image.format() != PixelFormat::bilevel) return adapters::to_gray(image);
    static constexpr auto kUnpacked = [] {
        std::array<std::array<std::uint8_t, 8>, 256> table{};
        for (std::size_t value = 0; value < 256; ++value)
            for (std::size_t bit = 0; bit < 8; ++bit) table[value][bit] = (value >> (7 - bit)) & 1 ? 0 : 255;
        return table;
    }();
    adapters::PixelBuffer out(PixelFormat::gray8, image.width_px(), image.height_px());
    for (int y = 0; y < image.height_px(); ++y) {
        const std::uint8_t* from = image.row(y);
        std::uint8_t* to = out.row(y);
        int x = 0;
        for (; x + 8 <= image.width_px(); x += 8) std::memcpy(to + x, kUnpacked[*from++].data(), 8);
        if (x < image.width_px())
            std::memcpy(to + x, kUnpacked[*from].data(), static_cast<std::size_t>(image.width_px() - x));
    }
    return std::move(out).freeze();
}

/// Eight grey pixels as eight bits, 1 where darker than kInkBelow: the inverted top bits, gathered by a multiplication.
std::uint8_t inked_bits(const std::uint8_t* eight_pixels)
{
    static_assert(kInkBelow == 128 && std::endian::native == std::endian::little);
    std::uint64_t pixels = 0;
    std::memcpy(&pixels, eight_pixels, 8);
    return static_cast<std::uint8_t>((((~pixels >> 7) & 0x0101010101010101ULL) * 0x8040201008040201ULL) >> 56);
}

Image bilevel_of(const cv::Mat& gray)
{
    adapters::PixelBuffer out(PixelFormat::bilevel, gray.cols, gray.rows);
    for (int y = 0; y < gray.rows; ++y) {
        const auto* from = gray.ptr<std::uint8_t>(y);
        std::uint8_t* to = out.row(y);
        int x = 0;
        for (; x + 8 <= gray.cols; x += 8) to[x / 8] = inked_bits(from + x);
        for (; x < gray.cols; ++x)
            if (from[x] < kInkBelow) to[x / 8] = static_cast<std::uint8_t>(to[x / 8] | (0x80U >> (x % 8)));
    }
    return std::move(out).freeze();
}

double radians(Degrees angle)
{
    return static_cast<double>(angle.value) * std::numbers::pi / 180;
}

/// Leads a point of the level image (size `to`) to where it stands on the leaning one (size `from`), about the middles.
Affine lean_map(cv::Size from, cv::Size to, Degrees ccw)
{
    const double c = std::cos(radians(ccw));
    const double s = std::sin(radians(ccw));
    const double x = to.width / 2.0;
    const double y = to.height / 2.0;
    return {c, s, from.width / 2.0 - c * x - s * y, -s, c, from.height / 2.0 + s * x - c * y};
}

/// `from` resampled so that pixel p of the outcome shows pixel map(p); what lies beyond `from` is `beyond`.
cv::Mat resampled(const cv::Mat& from, cv::Size to, const Affine& map, int method, int beyond)
{
    // OpenCV counts from pixel middles, Affine from corners.
    const double shift_x = map.a * 0.5 + map.b * 0.5 + map.c - 0.5;
    const double shift_y = map.d * 0.5 + map.e * 0.5 + map.f - 0.5;
    const cv::Mat matrix = (cv::Mat_<double>(2, 3) << map.a, map.b, shift_x, map.d, map.e, shift_y);
    cv::Mat out;
    cv::warpAffine(from, out, matrix, to, method | cv::WARP_INVERSE_MAP, cv::BORDER_CONSTANT, cv::Scalar::all(beyond));
    return out;
}

cv::Mat leveled_ink(const cv::Mat& ink, Degrees ccw)
{
    if (ccw.value == 0) return ink.clone();
    return resampled(ink, ink.size(), lean_map(ink.size(), ink.size(), ccw), cv::INTER_NEAREST, 0);
}

/// One way the text lines may run: as scanned, or along the scan's columns.
struct Reading {
    cv::Mat ink;  ///< turned clockwise by `turn`, not yet level
    QuarterTurn turn = QuarterTurn::none;
    Skew skew;
    bool has_lines = false;
    double evidence = 0;  ///< for upright, against upside down
    cv::Mat level;        ///< once looked at
};

/// What detection found; turn is clockwise, to be applied to the scan.
struct Findings {
    Junk junk;
    int paper = 255;
    QuarterTurn turn = QuarterTurn::none;
    bool orientation_sure = false;
    Degrees skew_ccw;
    bool blank = false;
    PageLayout layout;
    Resolution resolution;
    cv::Rect2d ink_box;  ///< on the scan, in shares of its width and height
};

bool stands_out(const Skew& skew, const CleanupSettings& settings)
{
    const double demand = std::abs(skew.ccw.value) > settings.usual.value ? 2 : 1;
    return skew.peak_ratio >= demand * settings.least_peak_ratio &&
           skew.line_score >= demand * settings.least_line_score;
}

/// The smallest lean that text of this width can show: one that moves its ends against each other by a visible step.
Degrees finest_skew(const cv::Mat& ink)
{
    constexpr double kVisible_px = 0.75;  // of the reduced page
    const double width = std::max(1, cv::boundingRect(ink).width);
    return Degrees{static_cast<float>(std::atan(kVisible_px / width) * 180 / std::numbers::pi)};
}

/// Levels the reading and asks its letters which way up they stand.
void look_closer(Reading& reading, double dpi)
{
    reading.level = leveled_ink(reading.ink, reading.has_lines ? reading.skew.ccw : Degrees{0});
    reading.evidence = upright_votes(parts_of(reading.level == 255), dpi).t_value;
}

cv::Rect2d ink_box_of(const cv::Mat& ink)
{
    const cv::Rect box = cv::boundingRect(ink);
    return {static_cast<double>(box.x) / ink.cols, static_cast<double>(box.y) / ink.rows,
            static_cast<double>(box.width) / ink.cols, static_cast<double>(box.height) / ink.rows};
}

/// `ink`: letters are 255; rules and pictures kOtherInk where there are enough letters to go by.
void orient(Findings& found, const cv::Mat& ink, double dpi, const CleanupSettings& settings)
{
    SkewSearch search;
    search.largest_deg = static_cast<double>(settings.largest.value);
    Reading rows{ink, QuarterTurn::none, find_skew(ink, search), false, 0, {}};
    Reading columns{{}, QuarterTurn::cw90, {}, false, 0, {}};
    cv::Mat half = half_mask(ink);
    cv::rotate(half, half, cv::ROTATE_90_CLOCKWISE);
    columns.skew = find_skew_coarsely(half, search);
    const auto look_at_columns = [&] {
        cv::rotate(ink, columns.ink, cv::ROTATE_90_CLOCKWISE);
        columns.skew = find_skew(columns.ink, search);
    };
    rows.has_lines = stands_out(rows.skew, settings);
    columns.has_lines = stands_out(columns.skew, settings);
    if (!rows.has_lines && !columns.has_lines) return;

    const double axis_ratio = rows.skew.line_score / std::max(1e-9, columns.skew.line_score);
    bool along_rows = axis_ratio >= 1;
    bool axis_sure = std::max(axis_ratio, 1 / axis_ratio) >= settings.least_axis_ratio;
    Reading* best = along_rows ? &rows : &columns;
    if (best == &columns) look_at_columns();
    look_closer(*best, dpi);
    if (std::max(axis_ratio, 1 / axis_ratio) < settings.clear_axis_ratio) {
        // Dense type of equal width stands in columns too: only letters tell the lines from the columns.
        Reading* other = along_rows ? &columns : &rows;
        if (other == &columns) look_at_columns();
        look_closer(*other, dpi);
        axis_sure = axis_sure && std::abs(best->evidence) > std::abs(other->evidence);
    }
    if (!best->has_lines) return;
    if (!axis_sure) return;
    const QuarterTurn turn = best->evidence > 0 ? best->turn : adapters::sum(best->turn, QuarterTurn::cw180);
    const double demand = turn == QuarterTurn::none ? settings.least_upright_evidence : settings.least_turn_evidence;
    if (std::abs(best->evidence) >= demand) {
        found.orientation_sure = true;
        found.turn = turn;
    }
    if (std::abs(best->skew.ccw.value) >= std::max(settings.smallest.value, finest_skew(best->ink).value))
        found.skew_ccw = best->skew.ccw;

    cv::Mat across;
    cv::transpose(best->level, across);
    const bool sideways = found.turn == QuarterTurn::cw90 || found.turn == QuarterTurn::cw270;
    if ((best == &columns) != sideways) cv::swap(best->level, across);
    found.layout.ruled_horizontals = count_rules_along_rows(best->level, dpi);
    found.layout.ruled_verticals = count_rules_along_rows(across, dpi);
    found.ink_box = ink_box_of(ink);
}

Findings findings_of(const DecodedPage& page, const cv::Mat& gray, const CleanupSettings& settings)
{
    Findings found;
    const Dpi assumed = assumed_dpi(gray.cols, gray.rows, page.file_dpi);
    Reduced small = reduced(gray, static_cast<double>(assumed.value));
    found.paper = small.paper;
    if (settings.whiten_edges_and_holes) {
        found.junk = find_junk(small);
        whiten(small.ink, found.junk, 0);
    }
    found.layout.ink_share =
        static_cast<float>(static_cast<double>(cv::countNonZero(small.ink)) / static_cast<double>(small.ink.total()));
    const Parts parts = parts_of(small.ink);
    std::optional<double> letter_px = letter_height_px(parts, small.dpi);
    if (letter_px) *letter_px /= small.scale;
    found.resolution = judged_dpi(gray.cols, gray.rows, page.file_dpi, letter_px);
    found.blank = page.visible_text.empty() && is_blank(small.ink, parts, small.dpi);
    if (found.blank) return found;
    constexpr int kEnoughLetters = 60;  // a few lines; on a page with fewer, rules may say more of the skew
    mark_other_ink(small.ink, parts, small.dpi, kEnoughLetters);
    orient(found, small.ink, small.dpi, settings);
    return found;
}

/// The size that keeps all ink of a leaning page once it is level; the page's own size where that does.
/// `leaning`: the size of the turned scan; `ink`: box of the ink on it.
cv::Size level_size(cv::Size leaning, const Box& ink, Degrees skew_ccw, std::int64_t max_pixels)
{
    const Box level = mapped(lean_map(leaning, leaning, skew_ccw).inverse(), ink);
    const cv::Size size(leaning.width + 2 * std::max({0, -level.left_px, level.right_px - leaning.width}),
                        leaning.height + 2 * std::max({0, -level.top_px, level.bottom_px - leaning.height}));
    return static_cast<std::int64_t>(size.width) * size.height > max_pixels ? leaning : size;
}

UprightPage rendered(const DecodedPage& page, const Image& scan_gray, const Findings& found, std::int64_t max_pixels)
{
    const Image& scan = page.image;
    UprightPage out;
    out.dpi = found.resolution.dpi;
    out.dpi_origin = found.resolution.origin;
    out.rotated_cw = adapters::opposite(found.turn);
    out.orientation_sure = found.orientation_sure;
    out.blank = found.blank;
    out.layout = found.layout;

    // OpenCV cannot resample a side of more than 32,766 px.
    constexpr int kLongestResampled_px = std::numeric_limits<short>::max() - 1;
    const bool level =
        found.skew_ccw.value != 0 && std::max(scan.width_px(), scan.height_px()) < kLongestResampled_px / 2;
    const bool coloured = scan.format() == PixelFormat::rgb24 && is_colourful(adapters::view(scan));
    const bool whitened = !found.junk.boxes.empty();

    // Whitening comes before turning and leveling, in the scan's own pixels.
    const auto cleaned = [&](const Image& image, int paper) {
        if (!whitened) return image;
        cv::Mat copy = adapters::view(image).clone();
        whiten(copy, found.junk, paper);
        return adapters::from_mat(std::move(copy));
    };
    const int paper = scan.format() == PixelFormat::bilevel ? 255 : found.paper;
    out.gray = adapters::turned_cw(cleaned(scan_gray, paper), found.turn);
    if (coloured) out.archive = adapters::turned_cw(cleaned(scan, paper), found.turn);

    out.to_scan = adapters::turn_map(scan.width_px(), scan.height_px(), found.turn).inverse();
    if (level) {
        const cv::Size leaning(out.gray.width_px(), out.gray.height_px());
        const Box scan_ink{static_cast<int>(found.ink_box.x * scan.width_px()),
                           static_cast<int>(found.ink_box.y * scan.height_px()),
                           static_cast<int>(found.ink_box.br().x * scan.width_px()),
                           static_cast<int>(found.ink_box.br().y * scan.height_px())};
        const Box ink = mapped(adapters::turn_map(scan.width_px(), scan.height_px(), found.turn), scan_ink);
        const cv::Size size = level_size(leaning, ink, found.skew_ccw, max_pixels);
        const Affine to_leaning = lean_map(leaning, size, found.skew_ccw);
        out.gray = adapters::from_mat(resampled(adapters::view(out.gray), size, to_leaning, cv::INTER_LINEAR, paper));
        if (coloured)
            out.archive =
                adapters::from_mat(resampled(adapters::view(out.archive), size, to_leaning, cv::INTER_LINEAR, paper));
        out.to_scan = out.to_scan.after(to_leaning);
        out.skew_ccw = found.skew_ccw;
    }
    if (scan.format() == PixelFormat::bilevel)
        out.archive = level || whitened ? bilevel_of(adapters::view(out.gray)) : adapters::turned_cw(scan, found.turn);
    else if (!coloured)
        out.archive = is_bilevel_in_nature(adapters::view(scan_gray)) ? bilevel_of(adapters::view(out.gray)) : out.gray;

    const Affine from_scan = out.to_scan.inverse();
    out.visible_text = page.visible_text;
    for (Word& word : out.visible_text) word.box = mapped(from_scan, word.box);
    return out;
}

}  // namespace

Result<UprightPage> Cleanup::run(const DecodedPage& page, const StageContext& context) const
{
    const Image& image = page.image;
    if (image.empty() || image.width_px() < 1 || image.height_px() < 1)
        return Fault{FaultKind::corrupt, std::string(name), "page has no pixels; at least 1 x 1 is needed"};
    const auto pixels = static_cast<std::int64_t>(image.width_px()) * image.height_px();
    if (pixels > context.limits.max_pixels)
        return Fault{FaultKind::limit, std::string(name),
                     fmt::format("page is {} x {} px; limits.max_pixels is {}", image.width_px(), image.height_px(),
                                 context.limits.max_pixels)};
    if (const auto wanted = context.still_wanted(name); !wanted) return wanted.error();
    try {
        const Image gray = gray_of(image);
        const Findings found = findings_of(page, adapters::view(gray), settings_);
        if (const auto wanted = context.still_wanted(name); !wanted) return wanted.error();
        return rendered(page, gray, found, context.limits.max_pixels);
    } catch (const cv::Exception& error) {
        return Fault{FaultKind::library, std::string(name), fmt::format("opencv failed in {}", error.func)};
    } catch (const std::bad_alloc&) {
        return Fault{FaultKind::limit, std::string(name),
                     fmt::format("no memory for a page of {} x {} px", image.width_px(), image.height_px())};
    }
}

}  // namespace chartlift
