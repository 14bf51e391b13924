// SPDX-License-Identifier: GPL-3.0-or-later
/// What this process costs, under the names that every Prometheus client uses: process_resident_memory_bytes,
/// process_virtual_memory_bytes, process_open_fds, process_max_fds, process_threads, process_cpu_seconds_total,
/// process_start_time_seconds. Decoding processes are not in it.
/// Guarantee: read from /proc/self now (proc(5)); what cannot be read is left out.
/// Faults: none. Thread-safety: safe from many threads.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

namespace chartlift::service {

std::vector<prometheus::MetricFamily> process_metrics();

}  // namespace chartlift::service
