// SPDX-License-Identifier: GPL-3.0-or-later
/// Makes a scanned page upright, level and clean: which way up, skew, dark bands and punch holes, blank pages,
/// resolution, and what the page is in nature (black and white, grey, colour).
/// Guarantee: a page we are unsure about comes back unturned and undeskewed, never worse; ink that looks like text is
/// never whitened; quarter turns lose nothing; a page that needs neither turn nor deskew nor whitening shares its
/// pixels. UprightPage::to_scan leads every upright pixel back to the scan.
/// Faults: limit (too many pixels), corrupt (no pixels), library (OpenCV gave up), timeout, cancelled.
/// Thread-safety: const, safe from many threads.
#pragma once

#include <string_view>

#include "core/fault.h"
#include "core/page.h"
#include "core/stage.h"
#include "core/units.h"

namespace chartlift {

struct CleanupSettings {
    Degrees smallest{0.05F};         ///< turn nothing smaller: the top of a letter page moves by 2 px at 300 dpi
    Degrees largest{18.0F};          ///< search this far each way; sheet feeders skew up to about 16
    Degrees usual{7.0F};             ///< beyond it twice the evidence is asked for
    double least_peak_ratio = 3;     ///< best direction over the median one; below it there are too few lines to tell
    double least_line_score = 8;     ///< sharpness of lines against ink without order, which scores about 5
    double least_axis_ratio = 1.15;  ///< sharpness along one side over the other, to say which way lines run
    double clear_axis_ratio = 2.0;   ///< beyond it, letters need not confirm which way lines run
    double least_upright_evidence = 1.5;  ///< t-value to call a page upright as scanned, as most are
    double least_turn_evidence = 2.5;     ///< t-value to turn it
    bool whiten_edges_and_holes = true;
};

class Cleanup {
public:
    using Input = DecodedPage;
    using Output = UprightPage;
    static constexpr std::string_view name = "cleanup";
    explicit Cleanup(CleanupSettings settings) : settings_(settings) {}
    Result<UprightPage> run(const DecodedPage& page, const StageContext& context) const;

private:
    CleanupSettings settings_;
};
static_assert(Stage<Cleanup>);

}  // namespace chartlift
