// SPDX-License-Identifier: GPL-3.0-or-later
/// A batch on its way through the flow: its archived files, how its pages number, and open handles to read them.
/// Thread-safety: immutable after intake but for lease(), which is safe from many threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/page.h"
#include "stages/decode/decode.h"

namespace chartlift::pipeline {

struct SourceFile {
    std::string path;  ///< as the operator named it
    std::filesystem::path archived;
    std::string sha256;
    std::uint64_t bytes = 0;
    PageIndex first_page = 0;
    std::uint32_t pages = 1;     ///< a file that cannot be opened counts as one page, which faults
    std::optional<Fault> fault;  ///< why it cannot be opened
};

/// Opens the archived file and sets `pages`, or `fault` where the file itself is at fault.
/// Faults: io (the archive cannot be read).
Result<void> count_pages(SourceFile& source, const FileOpener& opener, const Limits& limits);

class BatchJob {
public:
    BatchJob(std::string id, std::string name, std::vector<SourceFile> sources, std::string batch_class = {});

    const std::string& id() const { return id_; }
    const std::string& name() const { return name_; }
    const std::string& batch_class() const { return batch_class_; }  ///< its inbox's; empty for a run's
    const std::vector<SourceFile>& sources() const { return sources_; }
    PageIndex page_count() const { return page_count_; }
    const SourceFile& source_of(PageIndex page) const;

    /// Decodes one page with a handle of its own; handles of multi-page files are kept for the next page.
    Result<DecodedPage> decode(const FileOpener& opener, PageIndex page, const StageContext& context) const;

    /// Names for files of this batch: the input's stem, kept to safe characters, and eight digits of the id.
    std::string label() const;

private:
    std::string id_;
    std::string name_;
    std::string batch_class_;
    std::vector<SourceFile> sources_;
    PageIndex page_count_ = 0;
    mutable std::mutex mutex_;
    mutable std::vector<std::pair<std::size_t, std::unique_ptr<OpenFile>>> idle_;  ///< by index of the source
};

/// Hash over the sources' hashes, in order: the same content is the same batch, whatever its name.
std::string batch_id_of(const std::vector<SourceFile>& sources);

/// The file name under which operators know the batch, without folders and ending.
std::string batch_stem(const std::string& name);

}  // namespace chartlift::pipeline
