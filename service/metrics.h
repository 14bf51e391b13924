// SPDX-License-Identifier: GPL-3.0-or-later
/// What Prometheus is told: chartlift_* by its naming conventions (base units, _total) and the usual process_* ones.
/// Guarantee: labels are ClosedText, core's enums or an inbox's configured name; so no patient's name gets in and the
/// number of series is bounded. Every series that is known at the start is there from the start, at 0.
/// Faults: none; a name that is not allowed is counted under "other". Thread-safety: safe from many threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/document.h"
#include "core/fault.h"
#include "service/closed_text.h"
#include "service/status.h"

namespace chartlift::service {

class Metrics {
public:
    explicit Metrics(const std::string& version);
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    void page_done(PageState state);     ///< chartlift_pages_total{state}
    void fault(FaultKind kind);          ///< chartlift_faults_total{kind}
    void document_done(bool automatic);  ///< chartlift_documents_total{route="automatic"|"held"}
    /// chartlift_batches_total{inbox}; and chartlift_batch_seconds, from the file being whole to its batch in the
    /// catalog
    void batch_recorded(const std::string& inbox, double seconds);
    void arrival(const std::string& inbox, ClosedText how);     ///< chartlift_arrivals_total{inbox,how}
    void refusal(ClosedText reason);                            ///< chartlift_refusals_total{reason}
    void quarantined(const std::string& inbox, FaultKind why);  ///< chartlift_quarantined_total{inbox,kind}
    void stage_seconds(std::string_view step, double seconds);  ///< chartlift_stage_seconds{stage}, a histogram
    void reloaded(bool ok);                                     ///< chartlift_reloads_total{result="ok"|"refused"}
    void set_log_dropped(std::uint64_t lines);                  ///< chartlift_log_lines_dropped
    /// All gauges at once, from the same status that /status.json shows: chartlift_state{state}, chartlift_ready,
    /// chartlift_inbox_files{inbox,what="waiting"|"not_whole"|"quarantined"}, chartlift_inbox_available{inbox},
    /// chartlift_queue_age_seconds{inbox}, chartlift_review_documents, chartlift_pages_in_flight, chartlift_workers,
    /// chartlift_disk_free_bytes, chartlift_disk_floor_bytes, chartlift_last_reload_ok. And the counters
    /// chartlift_workers_started_total and chartlift_workers_died_total, which that status counts since the start. An
    /// inbox that is gone loses its gauges.
    void set(const LiveStatus& status);

    /// Prometheus' text format 0.0.4, with process_* read from /proc/self now.
    std::string text() const;

private:
    struct Series;
    std::unique_ptr<Series> series_;
};

}  // namespace chartlift::service
