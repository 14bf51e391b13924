// SPDX-License-Identifier: GPL-3.0-or-later
/// Takes inputs in: finds the batches, archives and hashes their files, passes over what is already recorded, and
/// admits the pages that remain. Guarantee: decoding reads the archived copy, so that an input that changes later
/// changes nothing; a batch whose content was recorded before is never done again, under whatever name it comes.
/// Faults: io, disk_full, store. Thread-safety: one thread at a time; counters of Progress are atomic.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/graph.h"
#include "pipeline/out_folder.h"
#include "pipeline/progress.h"
#include "pipeline/runner.h"
#include "pipeline/sources.h"

namespace chartlift::pipeline {

class Intake {
public:
    Intake(const RunOptions& options, OutFolder& folder, Progress& progress);

    Result<void> discover();
    Result<void> feed(FlowEntrance& entrance, const std::stop_token& stop);
    /// Once the run is over, since a duplicate names a batch that must have been recorded first.
    Result<void> record_duplicates();

    std::int64_t pages_admitted() const { return pages_admitted_; }
    void into(RunOutcome& outcome) const;

private:
    FileRole judge(const std::filesystem::path& file) const;
    Result<std::shared_ptr<const BatchJob>> take_in(const BatchInput& input) const;
    Result<SourceFile> take_in_file(const std::filesystem::path& file) const;

    const RunOptions& options_;
    OutFolder& folder_;
    Progress& progress_;
    Discovery found_;
    std::map<std::string, std::string> names_;                     ///< of the batches seen in this run, by id
    std::vector<std::pair<std::string, std::string>> duplicates_;  ///< name, batch id
    std::int64_t pages_admitted_ = 0;
    std::int64_t recorded_before_ = 0;
};

/// Admits the pages of a batch, those that an earlier run saved as they are. Returns how many were saved before.
std::int64_t admit(FlowEntrance& entrance, const Spool& spool, const std::shared_ptr<const BatchJob>& job);

}  // namespace chartlift::pipeline
