// SPDX-License-Identifier: GPL-3.0-or-later
// The command line: arguments to calls, results to text and exit codes. Nothing is decided here.
#include <fmt/core.h>
#include <malloc.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "apps/audit_command.h"
#include "apps/intake_commands.h"
#include "apps/passwords.h"
#include "apps/signals.h"
#include "apps/summary.h"
#include "apps/watch_command.h"
#include "pipeline/config.h"
#include "pipeline/doctor.h"
#include "pipeline/runner.h"
#include "pipeline/train.h"
#include "store/archive.h"
#include "store/patient_index.h"
#include "store/sqlite_catalog.h"
#include "worker/worker_main.h"

namespace chartlift {
namespace {

using pipeline::ExitCode;

constexpr const char* kExitCodes = R"(Exit codes:
  0    every page was filed or held for review (or is blank or a separator)
  2    wrong usage or configuration
  3    some pages or files faulted; the rest is done; see report.html
  4    nothing could be done
  5    the output folder or its catalog is not available (locked, damaged, disk full);
       run the same command again when it is
  130  stopped by Ctrl-C; run the same command again to go on)";

int failed(const Fault& fault, ExitCode code)
{
    std::fputs(("chartlift: " + fault.message() + "\n").c_str(), stderr);
    return static_cast<int>(code);
}

ExitCode code_for(const Fault& fault)
{
    switch (fault.kind) {
        case FaultKind::config: return ExitCode::usage;
        case FaultKind::store:
        case FaultKind::disk_full: return ExitCode::store_unavailable;
        default: return ExitCode::nothing_done;
    }
}

/// Settings of the command line over those of the file.
struct Settings {
    std::filesystem::path config_file;
    std::filesystem::path models;
    std::filesystem::path patients;
    int threads = -1;

    Result<pipeline::Config> read() const
    {
        pipeline::Config config;
        if (!config_file.empty()) {
            auto loaded = pipeline::load_config(config_file);
            if (!loaded) return loaded.error();
            config = std::move(*loaded);
        }
        if (!models.empty()) config.models = models;
        if (!patients.empty()) config.patients = patients;
        if (threads >= 0) config.threads = threads;
        config.worker.program = "/proc/self/exe";
        return config;
    }
};

struct RunArguments {
    Settings settings;
    std::vector<std::filesystem::path> inputs;
    std::filesystem::path out;
    std::filesystem::path password_file;
    pipeline::ProgressStyle progress = pipeline::ProgressStyle::automatic;
};

int run_command(const RunArguments& arguments)
{
    auto config = arguments.settings.read();
    if (!config) return failed(config.error(), ExitCode::usage);
    auto passwords = read_passwords(arguments.password_file);
    if (!passwords) return failed(passwords.error(), ExitCode::usage);
    pipeline::Progress progress(arguments.progress);
    const StopSignals signals(
        [&] { progress.say("stopping: finishing the pages in flight; press Ctrl-C again to stop at once"); });
    pipeline::RunOptions options{arguments.inputs, arguments.out, std::move(*config), std::move(*passwords),
                                 signals.token()};
    const pipeline::RunOutcome outcome = pipeline::run(options, progress);
    std::fputs(summary_text(outcome, arguments.out).c_str(), stdout);
    if (outcome.fatal) std::fputs(("chartlift: " + outcome.fatal->message() + "\n").c_str(), stderr);
    return static_cast<int>(pipeline::exit_code_of(outcome));
}

int doctor_command(const Settings& settings, const std::filesystem::path& out)
{
    auto config = settings.read();
    if (!config) return failed(config.error(), ExitCode::usage);
    bool healthy = true;
    for (const pipeline::Check& check : pipeline::examine(*config, out)) {
        fmt::print("{}  {:16} {}\n", check.passed ? "ok  " : "FAIL", check.name, check.value);
        if (!check.passed) fmt::print("{:24}{}\n", "", check.remedy);
        healthy = healthy && check.passed;
    }
    return static_cast<int>(healthy ? ExitCode::done : ExitCode::nothing_done);
}

int pmi_import_command(const std::filesystem::path& file, const std::filesystem::path& catalog)
{
    auto patients = store::SqlitePatientIndex::open(catalog);
    if (!patients) return failed(patients.error(), code_for(patients.error()));
    auto sha256 = store::sha256_of_file(file);
    if (!sha256) return failed(sha256.error(), ExitCode::nothing_done);
    auto report = (*patients)->import(file, *sha256);
    if (!report) return failed(report.error(), code_for(report.error()));
    fmt::print("{} rows read, {} patients imported, {} bad rows\n", report->read.rows, report->patients,
               report->read.bad);
    for (const store::PmiBadRow& row : report->read.first_bad) fmt::print("  line {}: {}\n", row.line, row.reason);
    return static_cast<int>(report->read.bad > 0 ? ExitCode::some_faulted : ExitCode::done);
}

int pmi_stats_command(const std::filesystem::path& catalog)
{
    auto patients = store::SqlitePatientIndex::open(catalog);
    if (!patients) return failed(patients.error(), code_for(patients.error()));
    auto stats = (*patients)->stats();
    if (!stats) return failed(stats.error(), code_for(stats.error()));
    std::fputs(patient_stats_text(*stats).c_str(), stdout);
    return static_cast<int>(ExitCode::done);
}

int pmi_find_command(const std::string& text, std::size_t limit, const std::filesystem::path& catalog)
{
    auto patients = store::SqlitePatientIndex::open(catalog);
    if (!patients) return failed(patients.error(), code_for(patients.error()));
    auto found = (*patients)->find(text, limit);
    if (!found) return failed(found.error(), code_for(found.error()));
    std::fputs(patients_text(*found).c_str(), stdout);
    return static_cast<int>(found->empty() ? ExitCode::nothing_done : ExitCode::done);
}

int search_command(const std::string& query, std::size_t limit, const std::filesystem::path& catalog_file)
{
    auto catalog = store::open_sqlite_catalog(catalog_file);
    if (!catalog) return failed(catalog.error(), code_for(catalog.error()));
    auto hits = (*catalog)->search(query, limit);
    if (!hits) return failed(hits.error(), code_for(hits.error()));
    for (const store::SearchHit& hit : *hits)
        fmt::print("{} page {}  {}\n    {}\n", hit.batch, hit.page + 1, hit.pdf_file, hit.snippet);
    if (hits->empty()) fmt::print("nothing found\n");
    return static_cast<int>(hits->empty() ? ExitCode::nothing_done : ExitCode::done);
}

int train_command(const TrainOptions& options)
{
    auto report = train_page_types(options, [](std::string_view line) { fmt::print("{}\n", line); });
    if (!report) return failed(report.error(), code_for(report.error()));
    return static_cast<int>(ExitCode::done);
}

void add_settings(CLI::App& command, Settings& settings)
{
    command.add_option("--config", settings.config_file, "Settings (TOML); see config/chartlift.toml")
        ->check(CLI::ExistingFile);
    command.add_option("--models", settings.models, "Folder of document types and trained weights")
        ->check(CLI::ExistingDirectory);
}

void add_audit(CLI::App& app, AuditArguments& arguments, int& code)
{
    CLI::App* audit = app.add_subcommand("audit", "The log of who did what and when, and whether it is whole");
    audit->require_subcommand(1);
    audit->fallthrough();
    audit->add_option("--out", arguments.out, "Folder of the catalog and its log")->capture_default_str();
    audit->add_option("--catalog", arguments.catalog, "The catalog, or a copy of it; default: that of --out")
        ->check(CLI::ExistingFile);

    CLI::App* verify = audit->add_subcommand("verify", "Finds an entry altered, dropped, moved or slipped in; offline");
    verify->fallthrough();
    verify->add_option("--key", arguments.verify_key, "The verify key; default: audit/verify_key.pem by the catalog")
        ->check(CLI::ExistingFile);
    verify->add_option("--checkpoints", arguments.checkpoints, "Checkpoints that were kept elsewhere")
        ->check(CLI::ExistingFile);
    verify->callback([&] { code = audit_verify_command(arguments); });

    CLI::App* show = audit->add_subcommand("show", "The newest entries, oldest first");
    show->fallthrough();
    show->add_option("--subject", arguments.query.subject, "Only of this document, batch or file id");
    show->add_option("--since", arguments.query.since, "Only from this time on, UTC: 2026-03-01 or 2026-03-01T08:15");
    show->add_option("--limit", arguments.query.limit)->capture_default_str();
    show->callback([&] { code = audit_show_command(arguments); });

    CLI::App* prove =
        audit->add_subcommand("prove", "Proves to whoever has the verify key that an entry is in the log");
    prove->fallthrough();
    prove->add_option("seq", arguments.seq, "The entry's number")->required();
    prove->callback([&] { code = audit_prove_command(arguments); });

    CLI::App* checkpoint = audit->add_subcommand(
        "checkpoint", "Prints the newest signed checkpoint, to be kept where this machine cannot write");
    checkpoint->fallthrough();
    checkpoint->callback([&] { code = audit_checkpoint_command(arguments); });
}

int command_line(int argc, char** argv)
{
    CLI::App app{"chartlift turns scanned paper charts into documents filed under the right patient"};
    app.footer(kExitCodes);
    app.set_version_flag("--version", CHARTLIFT_VERSION);
    app.require_subcommand(1);
    int code = 0;

    RunArguments run_arguments;
    CLI::App* run = app.add_subcommand("run", "Scans to filed documents; resumes where it stopped if run again");
    add_settings(*run, run_arguments.settings);
    run->add_option("inputs", run_arguments.inputs, "Files (TIFF, PDF, JPEG, PNG, JPEG 2000) and folders")->required();
    run->add_option("--out", run_arguments.out, "Folder for documents, text, report and catalog")->required();
    run->add_option("--pmi", run_arguments.settings.patients,
                    "Patient index (CSV or FHIR NDJSON), imported when it changed")
        ->check(CLI::ExistingFile);
    run->add_option("--password-file", run_arguments.password_file, "Passwords for encrypted PDFs, one a line");
    run->add_option("--threads", run_arguments.settings.threads, "Worker threads; 0: one a core")
        ->check(CLI::Range(0, 1024));
    run->add_option("--progress", run_arguments.progress, "auto, live, plain or none")
        ->transform(CLI::CheckedTransformer(
            std::map<std::string, pipeline::ProgressStyle>{{"auto", pipeline::ProgressStyle::automatic},
                                                           {"live", pipeline::ProgressStyle::live},
                                                           {"plain", pipeline::ProgressStyle::plain},
                                                           {"none", pipeline::ProgressStyle::silent}}));
    run->footer(kExitCodes);
    run->callback([&] { code = run_command(run_arguments); });

    Settings watch_settings;
    WatchArguments watch_arguments;
    CLI::App* watch = app.add_subcommand("watch", "Takes in what is dropped into the site's inboxes, until stopped");
    watch->add_option("--config", watch_settings.config_file, "The site's settings (TOML); see config/chartlift.toml")
        ->required()
        ->check(CLI::ExistingFile);
    watch->add_option("--password-file", watch_arguments.password_file, "Passwords for encrypted PDFs, one a line");
    watch->add_flag("--check", watch_arguments.only_check, "Only say whether the settings are sound");
    watch->footer(
        "SIGTERM and Ctrl-C stop it, SIGHUP makes it read its settings again; what was taken in is safe whenever "
        "it ends.\n" +
        std::string(kExitCodes));
    watch->callback([&] {
        watch_arguments.read_config = [&] { return watch_settings.read(); };
        code = watch_command(watch_arguments);
    });

    add_intake_commands(app, code);

    Settings settings;
    std::filesystem::path out = "out";
    CLI::App* doctor = app.add_subcommand("doctor", "What is installed, models, disk, limits, versions");
    add_settings(*doctor, settings);
    doctor->add_option("--out", out, "Folder a run would write to")->capture_default_str();
    doctor->callback([&] { code = doctor_command(settings, out); });

    std::filesystem::path catalog = "out/catalog.sqlite";
    std::filesystem::path file;
    std::string text;
    std::size_t limit = 20;
    CLI::App* pmi = app.add_subcommand("pmi", "The patient master index");
    pmi->require_subcommand(1);
    pmi->add_option("--catalog", catalog, "The catalog that holds the index")->capture_default_str();
    pmi->fallthrough();
    CLI::App* pmi_import = pmi->add_subcommand("import", "Replaces the index by a file's; bad rows are listed by line");
    pmi_import->add_option("file", file, "CSV with a header, or FHIR R4 Patient NDJSON")
        ->required()
        ->check(CLI::ExistingFile);
    pmi_import->fallthrough();
    pmi_import->callback([&] { code = pmi_import_command(file, catalog); });
    CLI::App* pmi_stats = pmi->add_subcommand("stats", "What the index holds");
    pmi_stats->fallthrough();
    pmi_stats->callback([&] { code = pmi_stats_command(catalog); });
    CLI::App* pmi_find =
        pmi->add_subcommand("find", "Patients by any of name, birth date or year, MRN: \"DOE JANE 1947\"");
    pmi_find->add_option("text", text)->required();
    pmi_find->add_option("--limit", limit)->capture_default_str();
    pmi_find->fallthrough();
    pmi_find->callback([&] { code = pmi_find_command(text, limit, catalog); });

    CLI::App* search = app.add_subcommand("search", "Full-text search: chartlift search \"warfarin AND discharge\"");
    search->add_option("query", text, "Words, \"phrases\", AND, OR, NOT, prefix*")->required();
    search->add_option("--catalog", catalog)->capture_default_str();
    search->add_option("--limit", limit)->capture_default_str();
    search->callback([&] { code = search_command(text, limit, catalog); });

    AuditArguments audit_arguments;
    add_audit(app, audit_arguments, code);

    TrainOptions training;
    CLI::App* train = app.add_subcommand("train", "Trains the page-type model on labelled text");
    train->add_option("corpora", training.corpora, "JSON lines or CSV of labelled pages")
        ->required()
        ->check(CLI::ExistingFile);
    train->add_option("--doctypes", training.doctypes, "Folder of document types")
        ->required()
        ->check(CLI::ExistingDirectory);
    train->add_option("--model", training.out, "File to write; its card is written beside it")->required();
    train->add_option("--seed", training.settings.seed)->capture_default_str();
    train->callback([&] { code = train_command(training); });

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::usage);
    }
    return code;
}

/// Page images of 8 MB come and go by the hundred: handing each back to the kernel costs 11 ms a page in page faults.
void keep_freed_memory()
{
    constexpr int kKept_bytes = 256 * 1024 * 1024;
    ::mallopt(M_MMAP_THRESHOLD, kKept_bytes);
    ::mallopt(M_TRIM_THRESHOLD, kKept_bytes);
}

}  // namespace
}  // namespace chartlift

int main(int argc, char** argv)
{
    // A decode worker of this very program; it must not do anything before it is confined.
    if (argc == 2 && std::string_view(argv[1]) == chartlift::worker::kWorkerArgument)
        return chartlift::worker::worker_main();
    ::umask(077);  // all we write is patient data, for its owner alone; SQLite makes its files by the umask
    chartlift::keep_freed_memory();
    try {
        return chartlift::command_line(argc, argv);
    } catch (const std::exception&) {
        std::fputs("chartlift: internal: unexpected exception\n", stderr);
        return static_cast<int>(chartlift::pipeline::ExitCode::nothing_done);
    }
}
