// SPDX-License-Identifier: GPL-3.0-or-later
/// The journal of a run: OUT/spool/<batch>/NNNNNN.page holds a page that is done (record, words, stored image,
/// thumbnail), so that a killed run goes on where it stopped and pixels need not stay in memory until the batch is
/// whole. Guarantee: a page file is either whole or treated as absent: it carries a SHA-256 of its parts and the
/// fingerprint of the settings it was made with. It is not synced: after a power cut a lost page is simply done again.
/// Faults: disk_full, io (saving); corrupt (reading a part that was altered). Thread-safety: safe from many threads for
/// different pages.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/document.h"
#include "core/fault.h"
#include "stages/export/encode.h"
#include "store/files.h"

namespace chartlift::pipeline {

struct SavedPage {
    PageRecord record;
    std::vector<Word> words;
    EncodedImage image;     ///< empty bytes where the page has none (faulted)
    std::string thumbnail;  ///< JPEG
};

class Spool {
public:
    /// `fingerprint` names everything that a saved page depends on; another fingerprint makes saved pages absent.
    Spool(std::filesystem::path folder, std::string fingerprint, store::Files& files)
        : folder_(std::move(folder)), fingerprint_(std::move(fingerprint)), files_(files)
    {
    }

    /// Returns the record as load_record() would: a resumed run must go on with the very values of one never stopped.
    Result<PageRecord> save(const std::string& batch_id, const SavedPage& page) const;
    /// Nothing where the page is not there, is damaged, or was made with other settings.
    std::optional<PageRecord> load_record(const std::string& batch_id, PageIndex page) const;
    Result<SavedPage> load(const std::string& batch_id, PageIndex page) const;
    Result<void> forget(const std::string& batch_id) const;

private:
    std::filesystem::path path_of(const std::string& batch_id, PageIndex page) const;
    std::filesystem::path folder_;
    std::string fingerprint_;
    store::Files& files_;
};

}  // namespace chartlift::pipeline
