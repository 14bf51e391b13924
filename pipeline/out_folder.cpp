// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/out_folder.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "pipeline/make_steps.h"
#include "pipeline/models.h"
#include "store/sqlite_catalog.h"
#include "worker/confined_decode.h"
#include "worker/confined_symbols.h"
#include "worker/pool.h"

namespace chartlift::pipeline {
namespace {

/// Imports the PMI when its content is not the one imported last.
Result<void> refresh_patients(store::SqlitePatientIndex& patients, const std::filesystem::path& file,
                              const std::function<void(const std::string&)>& say)
{
    auto sha256 = store::sha256_of_file(file);
    if (!sha256) return sha256.error();
    auto held = patients.holds(*sha256);
    if (!held) return held.error();
    if (*held) return {};
    if (say) say(fmt::format("importing the patient index from {}", file.string()));
    auto report = patients.import(file, *sha256);
    if (!report) return report.error();
    if (!say) return {};
    say(fmt::format("patient index: {} patients, {} bad rows", report->patients, report->read.bad));
    constexpr std::size_t kShown = 5;
    for (std::size_t i = 0; i < std::min(kShown, report->read.first_bad.size()); ++i)
        say(fmt::format("  line {}: {}", report->read.first_bad[i].line, report->read.first_bad[i].reason));
    return {};
}

}  // namespace

Result<std::unique_ptr<OutLock>> OutLock::take(const std::filesystem::path& out, store::Files& files)
{
    if (auto made = files.make_folders(out); !made) return made.error();
    const auto path = out / ".lock";
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) return store::file_fault(errno, "open", path);
    auto lock = std::make_unique<OutLock>(descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0)
        return Fault{FaultKind::store, "run", "another chartlift is working on this folder", out.string()};
    return lock;
}

OutLock::~OutLock()
{
    ::close(descriptor_);
}

OutFolder::OutFolder(OutFolderOptions options, store::Files& files)
    : options_(std::move(options)), files_(files), archive_(options_.out / "archive", files)
{
}

OutFolder::~OutFolder() = default;

Result<std::unique_ptr<OutFolder>> OutFolder::open(OutFolderOptions options, store::Files& files)
{
    std::unique_ptr<OutFolder> folder(new OutFolder(std::move(options), files));
    if (auto opened = folder->open_parts(); !opened) return opened.error();
    return folder;
}

Result<void> OutFolder::open_parts()
{
    const Config& config = options_.config;
    auto models = find_models(config.models);
    if (!models) return models.error();
    if (auto made = files_.make_folders(options_.out); !made) return made;
    auto catalog = store::open_sqlite_catalog(options_.out / "catalog.sqlite", {options_.actor, &files_});
    if (!catalog) return catalog.error();
    catalog_ = std::move(*catalog);
    auto patients = store::SqlitePatientIndex::open(options_.out / "catalog.sqlite", {options_.actor, &files_});
    if (!patients) return patients.error();
    patients_ = std::move(*patients);
    if (!config.patients.empty())
        if (auto done = refresh_patients(*patients_, config.patients, options_.say); !done) return done;

    spool_ = std::make_unique<Spool>(options_.out / "spool", config.page_fingerprint(*models), files_);
    DecodeSettings decoding{Dpi{static_cast<float>(config.render_dpi)}, options_.passwords};
    ReadSymbols read_symbols = read_symbols_here;
    if (config.worker.confined && !config.worker.program.empty()) {
        constexpr std::int64_t kMebibyte = 1024 * 1024;
        worker::PoolSettings settings;
        settings.processes = threads_of(config);
        settings.memory_bytes = config.worker.memory_mb * kMebibyte;
        settings.program = config.worker.program;
        settings.decode = std::move(decoding);
        auto pool = worker::Pool::start(std::move(settings));
        if (!pool) return pool.error();
        workers_ = std::move(*pool);
        opener_ = std::make_shared<const worker::ConfinedDecode>(workers_);
        read_symbols = worker::confined_symbols(workers_);
    } else {
        opener_ = std::make_shared<const Decode>(std::move(decoding));
    }
    const StepServices services{config,
                                opener_,
                                std::move(read_symbols),
                                *spool_,
                                files_,
                                *catalog_,
                                patients_->size() > 0 ? patients_.get() : nullptr,
                                options_.out,
                                *models};
    auto steps = make_steps(services);
    if (!steps) return steps.error();
    steps_ = std::move(*steps);
    if (options_.change_steps) options_.change_steps(steps_);
    step_times_ = std::make_unique<StepTimes>(steps_, options_.observe_step);
    return {};
}

std::vector<StepTime> OutFolder::step_times() const
{
    std::vector<StepTime> times = step_times_->totals();
    if (workers_)
        for (StepTime& time : times)
            if (time.step == "decode") time.cpu += workers_->processor_time();
    return times;
}

int threads_of(const Config& config)
{
    return config.threads > 0 ? config.threads : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

int pages_in_flight_of(const Config& config)
{
    return config.pages_in_flight > 0 ? config.pages_in_flight : 2 * threads_of(config);
}

}  // namespace chartlift::pipeline
