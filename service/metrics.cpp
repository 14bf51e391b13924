// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <mutex>
#include <utility>

#include "service/process_metrics.h"

namespace chartlift::service {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using Labels = std::map<std::string, std::string>;

constexpr std::size_t kLongestInboxName = 64;
// From a decode that only hands over bytes to a page near its time limit.
const Histogram::BucketBoundaries kStageBuckets_s{0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2,
                                                  0.5,   1,     2,     5,    10,   30,   60,  120};
// From a one-page file at rest (promised under 3 s) to a box that came overnight.
const Histogram::BucketBoundaries kBatchBuckets_s{0.5, 1, 2, 3, 5, 10, 30, 60, 300, 900, 3'600, 14'400};

// The steps of the flow, as pipeline/step_times.cpp calls them.
constexpr std::array<std::string_view, 9> kSteps{
    "decode", "cleanup", "ocr and barcodes", "classify and extract", "save", "assemble", "match", "export", "record"};

std::string step_label(std::string_view step)
{
    if (std::find(kSteps.begin(), kSteps.end(), step) == kSteps.end()) return "other";
    std::string label(step);
    std::replace(label.begin(), label.end(), ' ', '_');
    return label;
}

std::string inbox_label(const std::string& name)
{
    const auto allowed = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    };
    const bool good =
        !name.empty() && name.size() <= kLongestInboxName && std::all_of(name.begin(), name.end(), allowed);
    return good ? name : "other";
}

/// A counter of something that is counted elsewhere, since the same start. Called by one thread at a time.
void count_up_to(Counter& counter, std::int64_t total)
{
    if (const double more = static_cast<double>(total) - counter.Value(); more > 0) counter.Increment(more);
}

constexpr std::array kPageStates{PageState::content, PageState::blank, PageState::separator, PageState::faulted};
constexpr std::array kFaultKinds{FaultKind::corrupt, FaultKind::encrypted, FaultKind::unsupported,
                                 FaultKind::limit,   FaultKind::timeout,   FaultKind::cancelled,
                                 FaultKind::library, FaultKind::io,        FaultKind::disk_full,
                                 FaultKind::store,   FaultKind::config,    FaultKind::internal};

}  // namespace

struct Metrics::Series {
    prometheus::Registry registry;

    Family<Counter>& counters(const char* name, const char* help)
    {
        return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
    }
    Family<Gauge>& gauges(const char* name, const char* help)
    {
        return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
    }
    Family<Histogram>& histograms(const char* name, const char* help)
    {
        return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
    }

    Family<Counter>& pages = counters("chartlift_pages_total", "Pages that came through, by what they are");
    Family<Counter>& faults = counters("chartlift_faults_total", "Faults of pages, files and the service, by kind");
    Family<Counter>& documents =
        counters("chartlift_documents_total", "Documents recorded, filed by themselves or held for a person");
    Family<Counter>& batches = counters("chartlift_batches_total", "Batches recorded in the catalog");
    Family<Histogram>& batch_seconds =
        histograms("chartlift_batch_seconds", "From a batch being whole in its inbox to its record in the catalog");
    Family<Counter>& arrivals = counters("chartlift_arrivals_total", "Files and folders taken in, by how");
    Family<Counter>& refusals =
        counters("chartlift_refusals_total", "Entries of inboxes that are not taken, by reason");
    Family<Counter>& quarantines =
        counters("chartlift_quarantined_total", "Files and folders put in quarantine, by kind");
    Family<Histogram>& stages = histograms("chartlift_stage_seconds", "Time that one call of a step took");
    Counter& workers_started = counters("chartlift_workers_started_total", "Decoding processes started").Add({});
    Counter& workers_died =
        counters("chartlift_workers_died_total", "Decoding processes that crashed, hung or were stopped").Add({});
    Family<Counter>& reloads = counters("chartlift_reloads_total", "Configurations read again, taken or refused");

    Family<Gauge>& state = gauges("chartlift_state", "1 for the state the service is in, 0 for the others");
    Gauge& ready = gauges("chartlift_ready", "1 while files are taken in").Add({});
    Family<Gauge>& inbox_files = gauges("chartlift_inbox_files", "Files and folders of an inbox, by where they stand");
    Family<Gauge>& inbox_available = gauges("chartlift_inbox_available", "1 while the inbox can be read");
    Family<Gauge>& queue_age =
        gauges("chartlift_queue_age_seconds", "Age of the oldest entry that is whole and not taken yet");
    Gauge& review = gauges("chartlift_review_documents", "Documents that wait for a person").Add({});
    Gauge& in_flight = gauges("chartlift_pages_in_flight", "Pages between their file and the catalog").Add({});
    Gauge& workers = gauges("chartlift_workers", "Decoding processes that run").Add({});
    Gauge& disk_free = gauges("chartlift_disk_free_bytes", "Free space on the disk of service.out").Add({});
    Gauge& disk_floor = gauges("chartlift_disk_floor_bytes", "Free space below which nothing is taken in").Add({});
    Gauge& reload_ok =
        gauges("chartlift_last_reload_ok", "0 while the service runs on an older configuration than its file's")
            .Add({});
    Gauge& log_dropped = gauges("chartlift_log_lines_dropped", "Log lines lost because nobody read them").Add({});

    std::mutex setting;                                         // one status at a time
    std::map<std::string, std::array<Gauge*, 5>> inbox_gauges;  // as in gauges_of()

    std::array<Gauge*, 5> gauges_of(const std::string& inbox)
    {
        return {&inbox_files.Add({{"inbox", inbox}, {"what", "waiting"}}),
                &inbox_files.Add({{"inbox", inbox}, {"what", "not_whole"}}),
                &inbox_files.Add({{"inbox", inbox}, {"what", "quarantined"}}), &inbox_available.Add({{"inbox", inbox}}),
                &queue_age.Add({{"inbox", inbox}})};
    }
    void set_inboxes(const std::vector<InboxStatus>& inboxes);
};

void Metrics::Series::set_inboxes(const std::vector<InboxStatus>& inboxes)
{
    auto gone = std::exchange(inbox_gauges, {});
    for (const InboxStatus& inbox : inboxes) {
        const std::string name = inbox_label(inbox.name);
        const auto gauge = gauges_of(name);
        gauge[0]->Set(static_cast<double>(inbox.waiting));
        gauge[1]->Set(static_cast<double>(inbox.not_whole));
        gauge[2]->Set(static_cast<double>(inbox.quarantined));
        gauge[3]->Set(inbox.available ? 1 : 0);
        gauge[4]->Set(static_cast<double>(inbox.oldest_age_s));
        inbox_gauges[name] = gauge;
        gone.erase(name);
    }
    for (const auto& [name, gauge] : gone) {
        for (std::size_t i = 0; i < 3; ++i) inbox_files.Remove(gauge[i]);
        inbox_available.Remove(gauge[3]);
        queue_age.Remove(gauge[4]);
    }
}

Metrics::Metrics(const std::string& version) : series_(std::make_unique<Series>())
{
    series_->gauges("chartlift_build_info", "1, labelled with the version that runs")
        .Add({{"version", version}})
        .Set(1);
    for (const auto page : kPageStates) series_->pages.Add({{"state", std::string(to_string(page))}});
    for (const auto kind : kFaultKinds) series_->faults.Add({{"kind", std::string(to_string(kind))}});
    for (const char* route : {"automatic", "held"}) series_->documents.Add({{"route", route}});
    for (const char* result : {"ok", "refused"}) series_->reloads.Add({{"result", result}});
    for (const auto step : kSteps) series_->stages.Add({{"stage", step_label(step)}}, kStageBuckets_s);
    series_->reload_ok.Set(1);
    set(LiveStatus{});
}

Metrics::~Metrics() = default;

void Metrics::page_done(PageState state)
{
    series_->pages.Add({{"state", std::string(to_string(state))}}).Increment();
}

void Metrics::fault(FaultKind kind)
{
    series_->faults.Add({{"kind", std::string(to_string(kind))}}).Increment();
}

void Metrics::document_done(bool automatic)
{
    series_->documents.Add({{"route", automatic ? "automatic" : "held"}}).Increment();
}

void Metrics::batch_recorded(const std::string& inbox, double seconds)
{
    const Labels labels{{"inbox", inbox_label(inbox)}};
    series_->batches.Add(labels).Increment();
    series_->batch_seconds.Add(labels, kBatchBuckets_s).Observe(seconds);
}

void Metrics::arrival(const std::string& inbox, ClosedText how)
{
    series_->arrivals.Add({{"inbox", inbox_label(inbox)}, {"how", std::string(how.text())}}).Increment();
}

void Metrics::refusal(ClosedText reason)
{
    series_->refusals.Add({{"reason", std::string(reason.text())}}).Increment();
}

void Metrics::quarantined(const std::string& inbox, FaultKind why)
{
    series_->quarantines.Add({{"inbox", inbox_label(inbox)}, {"kind", std::string(to_string(why))}}).Increment();
}

void Metrics::stage_seconds(std::string_view step, double seconds)
{
    series_->stages.Add({{"stage", step_label(step)}}, kStageBuckets_s).Observe(seconds);
}

void Metrics::reloaded(bool ok)
{
    series_->reloads.Add({{"result", ok ? "ok" : "refused"}}).Increment();
}

void Metrics::set_log_dropped(std::uint64_t lines)
{
    series_->log_dropped.Set(static_cast<double>(lines));
}

void Metrics::set(const LiveStatus& status)
{
    const std::scoped_lock lock(series_->setting);
    for (int i = 0; i < kServiceStates; ++i) {
        const auto state = static_cast<ServiceState>(i);
        series_->state.Add({{"state", std::string(to_string(state))}}).Set(state == status.state ? 1 : 0);
    }
    series_->ready.Set(takes_in(status.state) ? 1 : 0);
    series_->set_inboxes(status.inboxes);
    series_->review.Set(static_cast<double>(status.review_depth));
    series_->in_flight.Set(static_cast<double>(status.pages_in_flight));
    count_up_to(series_->workers_started, status.workers.started);
    count_up_to(series_->workers_died, status.workers.died);
    series_->workers.Set(static_cast<double>(status.workers.running));
    series_->disk_free.Set(static_cast<double>(status.disk_free_bytes));
    series_->disk_floor.Set(static_cast<double>(status.disk_floor_bytes));
    series_->reload_ok.Set(status.last_reload.ok ? 1 : 0);
}

std::string Metrics::text() const
{
    auto families = series_->registry.Collect();
    const auto process = process_metrics();
    families.insert(families.end(), process.begin(), process.end());
    return prometheus::TextSerializer().Serialize(families);
}

}  // namespace chartlift::service
