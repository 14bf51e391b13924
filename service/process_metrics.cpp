// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace chartlift::service {
namespace {

prometheus::MetricFamily family(const char* name, const char* help, prometheus::MetricType type, double value)
{
    prometheus::ClientMetric metric;
    metric.gauge.value = value;
    metric.counter.value = value;  // the type says which of the two is told
    return {name, help, type, {metric}};
}

double seconds(const timeval& time)
{
    constexpr double kMicro = 1e-6;
    return static_cast<double>(time.tv_sec) + kMicro * static_cast<double>(time.tv_usec);
}

/// The third field of /proc/self/stat and all behind it; the second, the program's name, may hold spaces.
std::ifstream stat_behind_name()
{
    std::ifstream stat("/proc/self/stat");
    constexpr std::streamsize kLongest = 4'096;
    stat.ignore(kLongest, ')');
    return stat;
}

std::string stat_field(int number)  // counted from 1, as in proc(5)
{
    auto stat = stat_behind_name();
    std::string value;
    for (int i = 3; i <= number; ++i) stat >> value;
    return stat ? value : "";
}

}  // namespace

std::vector<prometheus::MetricFamily> process_metrics()
{
    using prometheus::MetricType;
    std::vector<prometheus::MetricFamily> all;
    const auto gauge = [&](const char* name, const char* help, double value) {
        all.push_back(family(name, help, MetricType::Gauge, value));
    };

    double total_pages = 0;
    double resident_pages = 0;
    if (std::ifstream("/proc/self/statm") >> total_pages >> resident_pages) {
        const auto page_bytes = static_cast<double>(::sysconf(_SC_PAGESIZE));
        gauge("process_resident_memory_bytes", "Resident memory size in bytes", resident_pages * page_bytes);
        gauge("process_virtual_memory_bytes", "Virtual memory size in bytes", total_pages * page_bytes);
    }
    std::error_code failed;
    const std::filesystem::directory_iterator descriptors("/proc/self/fd", failed);
    if (!failed)
        gauge("process_open_fds", "Number of open file descriptors",
              static_cast<double>(std::distance(begin(descriptors), end(descriptors)) - 1));  // less the one just used
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
        gauge("process_max_fds", "Maximum number of open file descriptors", static_cast<double>(limit.rlim_cur));

    constexpr int kThreadsField = 20;
    constexpr int kStartField = 22;  // in clock ticks since the machine started
    if (const auto threads = stat_field(kThreadsField); !threads.empty())
        gauge("process_threads", "Number of threads", std::stod(threads));
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) == 0)
        all.push_back(family("process_cpu_seconds_total", "Total user and system CPU time spent in seconds",
                             MetricType::Counter, seconds(usage.ru_utime) + seconds(usage.ru_stime)));
    double up_s = 0;
    const auto start = stat_field(kStartField);
    if (!start.empty() && std::ifstream("/proc/uptime") >> up_s) {
        const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
        const double started_s = std::stod(start) / static_cast<double>(::sysconf(_SC_CLK_TCK));
        gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds",
              now.count() - (up_s - started_s));
    }
    return all;
}

}  // namespace chartlift::service
