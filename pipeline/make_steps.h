// SPDX-License-Identifier: GPL-3.0-or-later
/// The stages, built from a site's settings and wired to the stores, as the graph's steps.
/// Faults: config (models or a language missing), library. The services must outlive the steps.
/// Thread-safety: free function; the steps themselves are as steps.h says.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/doctype.h"
#include "pipeline/config.h"
#include "pipeline/spool.h"
#include "pipeline/steps.h"
#include "stages/barcode/read_symbols.h"
#include "stages/decode/decode.h"
#include "store/catalog.h"
#include "store/files.h"
#include "store/patient_index.h"

namespace chartlift::pipeline {

struct StepServices {
    const Config& config;
    std::shared_ptr<const FileOpener> decode;
    ReadSymbols read_symbols;
    const Spool& spool;
    store::Files& files;
    store::Catalog& catalog;
    const store::PatientIndex* patients;  ///< null: no index
    std::filesystem::path out;
    std::filesystem::path models;
};

Result<Steps> make_steps(const StepServices& services);

}  // namespace chartlift::pipeline
