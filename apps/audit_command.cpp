// SPDX-License-Identifier: GPL-3.0-or-later
#include "apps/audit_command.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "pipeline/runner.h"
#include "store/audit_verify.h"

namespace chartlift {
namespace {

using pipeline::ExitCode;

int failed(const Fault& fault)
{
    std::fputs(("chartlift: " + fault.message() + "\n").c_str(), stderr);
    const bool is_usage = fault.kind == FaultKind::config;
    return static_cast<int>(is_usage ? ExitCode::usage : ExitCode::store_unavailable);
}

/// One line on a terminal, written over itself; a file or pipe gets none.
void show_progress(std::uint64_t done, std::uint64_t total)
{
    if (::isatty(STDERR_FILENO) != 0) fmt::print(stderr, "\r{} of {} entries checked\033[K", done, total);
}

void end_progress()
{
    if (::isatty(STDERR_FILENO) != 0) fmt::print(stderr, "\r\033[K");
}

}  // namespace

int audit_verify_command(const AuditArguments& arguments)
{
    const store::AuditFiles places = store::AuditFiles::beside(arguments.catalog_file());
    store::AuditCopy copy{arguments.catalog_file(),
                          arguments.verify_key.empty() ? places.verify_key : arguments.verify_key,
                          arguments.checkpoints};
    copy.checkpoints.push_back(places.checkpoints);
    const auto report = store::verify_audit(copy, show_progress);
    end_progress();
    if (!report) return failed(report.error());
    for (const store::AuditOffence& offence : report->offences) fmt::print("BROKEN  {}\n", offence.text);
    fmt::print("{} entries, {} checkpoints and {} documents checked: {}\n", report->entries, report->checkpoints,
               report->documents, report->sound() ? "the log is whole" : "the log is BROKEN");
    if (report->cut_short > 0)
        fmt::print("the last checkpoint of {} files is cut short and left out\n", report->cut_short);
    if (report->head) fmt::print("signed {}, root {}\n", report->head->at, store::to_hex(report->head->root));
    return static_cast<int>(report->sound() ? ExitCode::done : ExitCode::some_faulted);
}

int audit_show_command(const AuditArguments& arguments)
{
    const auto database = store::open_to_read(arguments.catalog_file());
    if (!database) return failed(database.error());
    const auto entries = store::find_entries(*database, arguments.query);
    if (!entries) return failed(entries.error());
    for (const store::AuditEntry& entry : *entries) {
        fmt::print("{:>8}  {}  {:<16} {:<18} {}\n", entry.seq, entry.at, entry.actor, entry.what, entry.subject);
        if (entry.detail != "{}") fmt::print("{:>8}  {}\n", "", entry.detail);
    }
    if (entries->empty()) fmt::print("no entries\n");
    return static_cast<int>(ExitCode::done);
}

int audit_prove_command(const AuditArguments& arguments)
{
    auto database = store::open_to_read(arguments.catalog_file());
    if (!database) return failed(database.error());
    if (const auto begun = database->execute("BEGIN"); !begun) return failed(begun.error());  // one state of the log
    const auto proof = store::proof_json(*database, arguments.seq);
    if (!proof) return failed(proof.error());
    std::fputs(proof->c_str(), stdout);
    return static_cast<int>(ExitCode::done);
}

int audit_checkpoint_command(const AuditArguments& arguments)
{
    store::PosixFiles files;
    auto database = store::Database::open(arguments.catalog_file(), store::OpenMode::read_write, &files);
    if (!database) return failed(database.error());
    store::AuditTrail trail(arguments.catalog_file(), store::actor_of("audit"), files);
    const auto note = trail.write_checkpoint(*database);
    if (!note) return failed(note.error());
    std::fputs(note->c_str(), stdout);
    return static_cast<int>(ExitCode::done);
}

}  // namespace chartlift
