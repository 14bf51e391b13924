// SPDX-License-Identifier: GPL-3.0-or-later
/// Every setting of a site, with its default; config/chartlift.toml documents each with meaning, unit and range.
/// Guarantee: a file is taken whole or refused with file, line, key and allowed range; unknown keys are refused, since
/// a misspelt limit would silently not hold.
/// Faults: config, io. Thread-safety: plain values.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/fault.h"
#include "core/limits.h"
#include "pipeline/site.h"

namespace chartlift::pipeline {

struct Config {
    Limits limits;

    int threads = 0;               ///< 0: one a core
    int pages_in_flight = 0;       ///< pages whose pixels are in memory; 0: two a thread
    std::filesystem::path models;  ///< empty: beside the program

    std::int64_t render_dpi = 300;

    std::vector<std::string> languages{"eng"};
    std::filesystem::path tessdata;  ///< empty: Tesseract's own

    double route_type = 0.80;  ///< probabilities below which a person looks
    double route_split = 0.80;
    double route_patient = 0.99;
    double route_ocr = 0.60;  ///< mean word confidence; not a probability

    std::string pdfa = "2b";
    std::int64_t jpeg_quality = 80;

    std::filesystem::path patients;  ///< PMI file; empty: none

    WorkerSettings worker;
    ServiceSettings service;
    std::vector<Inbox> inboxes;

    /// Names all that a saved page depends on: the program's version, these settings and the files of `models`.
    std::string page_fingerprint(const std::filesystem::path& models_folder) const;
};

Result<Config> parse_config(std::string_view toml, const std::string& file_name);
Result<Config> load_config(const std::filesystem::path& file);

/// Every key as "section.key" ([[inbox]] keys as "inbox.key"), for the test that config/chartlift.toml documents all of
/// them.
std::vector<std::string> config_keys();

}  // namespace chartlift::pipeline
