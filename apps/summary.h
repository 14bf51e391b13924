// SPDX-License-Identifier: GPL-3.0-or-later
/// What a command says at its end, as text for people. Thread-safety: free functions.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/patient.h"
#include "pipeline/runner.h"
#include "store/patient_index.h"

namespace chartlift {

/// The table at the end of a run; names no patient.
std::string summary_text(const pipeline::RunOutcome& outcome, const std::filesystem::path& out);
std::string patient_stats_text(const store::PatientIndexStats& stats);
/// A table of patients: for the terminal of whoever may search the index.
std::string patients_text(const std::vector<Patient>& patients);

}  // namespace chartlift
