// SPDX-License-Identifier: GPL-3.0-or-later
/// The trained weights that tell a page's type, immutable and shared by all threads.
/// Method: one logistic regression a type against the rest (liblinear, Fan et al. 2008), decisions turned into
/// probabilities by vector scaling fitted on held-out groups (Guo et al. 2017, sec. 4.2).
/// Kept as eight-bit weights with one scale a type, for the most telling buckets only; sealed by a checksum.
/// Faults of load: corrupt (not such a file, cut short, damaged), unsupported (another version), limit (absurd sizes).
/// Thread-safety: const calls are safe from many threads.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/fault.h"
#include "core/units.h"
#include "stages/classify/page_features.h"

namespace chartlift {

/// Full-precision weights as training made them; a model is compacted out of them.
struct PageTypeWeights {
    std::vector<std::string> types;
    std::vector<float> idf;      ///< kBuckets
    std::vector<float> weights;  ///< kBuckets rows of types.size()
    std::vector<float> bias;     ///< one a type
    float decision_scale = 1;    ///< calibration: probability = softmax(decision_scale * decision + decision_shift)
    std::vector<float> decision_shift;
    Score unknown_below;    ///< a best probability under this is called unknown
    Score title_precision;  ///< how often a page headed by a type's title is of that type
    std::string version;    ///< names data, method and seed; shown by doctor and in the catalog
};

class PageTypeModel {
public:
    /// Keeps at most `max_rows` buckets, those with the greatest weight for any type.
    static PageTypeModel compacted(const PageTypeWeights& full, std::size_t max_rows);
    static Result<PageTypeModel> load(std::string_view bytes);
    std::string save() const;

    const std::vector<std::string>& types() const { return types_; }
    const std::string& version() const { return version_; }
    Score unknown_below() const { return unknown_below_; }
    Score title_precision() const { return title_precision_; }
    std::span<const float> idf() const { return idf_; }

    /// One a type, before calibration.
    std::vector<float> decisions(std::span<const Feature> features) const;
    /// One a type, summing to 1.
    std::vector<float> probabilities(std::span<const Feature> features) const;

private:
    PageTypeModel() = default;
    void expand_idf();

    std::vector<std::string> types_;
    std::string version_;
    Score unknown_below_;
    Score title_precision_;
    float decision_scale_ = 1;
    std::vector<float> decision_shift_;
    std::vector<float> bias_;
    std::vector<float> scale_;            ///< of the eight-bit weights, one a type
    std::vector<std::uint8_t> idf_step_;  ///< idf in steps of kIdfStep
    std::vector<float> idf_;
    std::vector<std::uint32_t> row_of_;  ///< bucket -> row + 1; 0: no weights
    std::vector<std::int8_t> rows_;      ///< row-major, types a row
};

/// softmax(scale * decision + shift), safe against overflow.
std::vector<float> calibrated(std::span<const float> decisions, float scale, std::span<const float> shift);

}  // namespace chartlift
