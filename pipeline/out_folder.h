// SPDX-License-Identifier: GPL-3.0-or-later
/// OUT opened for work: its catalog, patient index, archive and spool at hand, and the stages built by the site's
/// settings. `run` opens it once; the service opens it anew after a reload or once the store is back.
/// Guarantee: open() imports the patient index when its file changed, and leaves nothing behind when it fails.
/// Faults: config (models, languages), store, disk_full, io, library. Thread-safety: the parts are as their headers
/// say; the object belongs to one thread. The Files must outlive it.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/config.h"
#include "pipeline/spool.h"
#include "pipeline/step_times.h"
#include "pipeline/steps.h"
#include "store/archive.h"
#include "store/audit.h"
#include "store/catalog.h"
#include "store/files.h"
#include "store/patient_index.h"

namespace chartlift::worker {
class Pool;
}

namespace chartlift::pipeline {

/// Two programs at work on one OUT would undo each other's work. Released when destroyed, or when the process ends.
class OutLock {
public:
    /// Makes the folder where it is missing. Faults: store (another program holds it), io, disk_full.
    static Result<std::unique_ptr<OutLock>> take(const std::filesystem::path& out, store::Files& files);
    explicit OutLock(int descriptor) : descriptor_(descriptor) {}
    OutLock(const OutLock&) = delete;
    OutLock& operator=(const OutLock&) = delete;
    ~OutLock();

private:
    int descriptor_;
};

struct OutFolderOptions {
    std::filesystem::path out;
    Config config;
    std::vector<std::string> passwords;
    store::Actor actor;                           ///< for the audit log
    std::function<void(const std::string&)> say;  ///< counts and file names for the operator; may be empty
    std::function<void(Steps&)> change_steps;     ///< lets tests put a step in place; may be empty
    ObserveStep observe_step;                     ///< may be empty
};

class OutFolder {
public:
    static Result<std::unique_ptr<OutFolder>> open(OutFolderOptions options, store::Files& files);
    OutFolder(const OutFolder&) = delete;
    OutFolder& operator=(const OutFolder&) = delete;
    ~OutFolder();

    const std::filesystem::path& path() const { return options_.out; }
    const Config& config() const { return options_.config; }
    store::Files& files() { return files_; }
    store::Catalog& catalog() { return *catalog_; }
    const store::Archive& archive() const { return archive_; }
    const Spool& spool() const { return *spool_; }
    const FileOpener& opener() const { return *opener_; }
    const Steps& steps() const { return steps_; }
    std::vector<StepTime> step_times() const;  ///< with what the worker processes took, as part of decode
    const worker::Pool* workers() const { return workers_.get(); }  ///< null where decoding is in this process

private:
    OutFolder(OutFolderOptions options, store::Files& files);
    Result<void> open_parts();

    OutFolderOptions options_;
    store::Files& files_;
    store::Archive archive_;
    std::unique_ptr<store::Catalog> catalog_;
    std::unique_ptr<store::SqlitePatientIndex> patients_;
    std::unique_ptr<Spool> spool_;
    std::shared_ptr<worker::Pool> workers_;
    std::shared_ptr<const FileOpener> opener_;
    Steps steps_;
    std::unique_ptr<StepTimes> step_times_;
};

/// Threads and pages in flight as configured, or by the machine.
int threads_of(const Config& config);
int pages_in_flight_of(const Config& config);

}  // namespace chartlift::pipeline
