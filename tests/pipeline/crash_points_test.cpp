// SPDX-License-Identifier: GPL-3.0-or-later
// A run is crashed at every durable step it takes; started again, it must end with what a run nobody disturbed leaves.
// OCR and its neighbours are replaced by fixed values, since they write nothing; all that touches the disk is real.
#include <gtest/gtest.h>

#include "pipeline/runner.h"
#include "stages/adapters/leptonica.h"
#include "store/sqlite.h"
#include "tests/support/crash_enumeration.h"
#include "tests/support/temporary_folder.h"

namespace chartlift::pipeline {
namespace {

namespace fs = std::filesystem;
using test::read_all;
using test::Remains;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::int64_t kEvery = 5;  // a sanitized run takes many times as long
#else
constexpr std::int64_t kEvery = 1;
#endif
constexpr std::int64_t kDoubleCrashes = 60;

constexpr int kWidth_px = 60;
constexpr int kHeight_px = 80;

/// The pages of the batch, by number.
enum Sheet : PageIndex { first_of_two, second_of_two, other_document, blank, broken };

/// A picture that differs from any other by its width.
void write_picture(const fs::path& path, int width_px)
{
    fs::create_directories(path.parent_path());
    PIX* pix = pixCreate(width_px, kHeight_px, 1);
    pixSetPixel(pix, 3, 3, 1);
    pixWrite(path.c_str(), pix, IFF_PNG);
    pixDestroy(&pix);
}

void prepare()
{
    for (const char* batch : {"in/box", "in/the same again"})
        for (PageIndex page = first_of_two; page <= broken; ++page)
            write_picture(fs::path(batch) / ("page" + std::to_string(page) + ".png"),
                          kWidth_px + static_cast<int>(page));
    std::ofstream("pmi.csv") << "mrn,last_name,first_name,birth_date,sex\n"
                                "4830055,Doe,Jane,1947-03-09,F\n7712345,Roe,Richard,1961-11-30,M\n";
}

std::vector<Word> words_of(PageIndex page)
{
    if (page == blank) return {};
    const std::vector<std::string> texts = page == other_document
                                               ? std::vector<std::string>{"Operative", "Report", "Roe", "7712345"}
                                               : std::vector<std::string>{"Discharge", "Summary", "Doe", "4830055"};
    std::vector<Word> words;
    for (int i = 0; const std::string& text : texts) {
        words.push_back({text, {2, 10 * i + 2, 40, 10 * i + 10}, 0.9F, static_cast<std::uint32_t>(i), 0});
        ++i;
    }
    return words;
}

PageInsight insight_of(const std::shared_ptr<const PageReading>& reading, PageIndex page)
{
    const bool other = page == other_document;
    PageInsight insight{reading, {}, {}, {}};
    insight.type.best = {other ? "operative_report" : "discharge_summary", Score{0.95F}};
    insight.type.ranked = {insight.type.best};
    if (page == first_of_two || other) insight.cues.title = other ? "Operative Report" : "Discharge Summary";
    if (page == first_of_two || other) insight.cues.title_type = insight.type.best.type;
    insight.cues.page_number = page == second_of_two ? 2 : 1;
    insight.cues.page_total = other ? 1 : 2;
    const auto field = [&](FieldKind kind, const char* value, std::uint32_t word) {
        insight.fields.values.push_back(
            {kind, Phi<std::string>(value), Phi<std::string>(value), Score{0.95F}, page, {2, 10, 40, 20}, {word}});
    };
    field(FieldKind::mrn, other ? "7712345" : "4830055", 3);
    field(FieldKind::last_name, other ? "Roe" : "Doe", 2);
    return insight;
}

/// The page's number travels in the picture's width, as the only thing that the fixed values depend on.
void fix_page_steps(Steps& steps)
{
    steps.decode = [](const PageTicket& ticket, const StageContext&) -> Result<DecodedPage> {
        if (ticket.page == broken) return Fault{FaultKind::corrupt, "decode", "the page is cut off"};
        const int width_px = kWidth_px + static_cast<int>(ticket.page);
        const std::shared_ptr<std::uint8_t> pixels(new std::uint8_t[kHeight_px * 128],
                                                   std::default_delete<std::uint8_t[]>());
        std::fill_n(pixels.get(), kHeight_px * 128, std::uint8_t{0});
        return DecodedPage{Image(PixelFormat::bilevel, width_px, kHeight_px, 128, pixels), Dpi{100}, {}};
    };
    steps.cleanup = [](const DecodedPage& page, const StageContext&) -> Result<Upright> {
        UprightPage upright;
        upright.gray = upright.archive = page.image;
        upright.dpi = Dpi{100};
        upright.blank = page.image.width_px() == kWidth_px + static_cast<int>(blank);
        return std::make_shared<const UprightPage>(upright);
    };
    steps.read = [](const Upright& page, const StageContext&) -> Result<PageReading> {
        const auto number = static_cast<PageIndex>(page->archive.width_px() - kWidth_px);
        return PageReading{page, {words_of(number), number == blank ? 0.0F : 0.9F}, true, {}};
    };
    steps.understand = [](const std::shared_ptr<const PageReading>& reading, const PageTicket& ticket,
                          const StageContext&) -> Result<PageInsight> {
        return ticket.page == blank ? PageInsight{reading, {}, {}, {}} : insight_of(reading, ticket.page);
    };
}

bool run_once(store::Files& files)
{
    RunOptions options;
    options.inputs = {"in"};
    options.out = "out";
    options.config.threads = 1;  // the same steps in the same order, every time
    options.config.patients = "pmi.csv";
    options.config.models = CHARTLIFT_SOURCE_DIR "/models";
    options.config.worker.confined = false;  // nothing is decoded here
    RunHooks hooks;
    hooks.change_steps = fix_page_steps;
    hooks.files = &files;
    Progress progress(ProgressStyle::silent);
    const RunOutcome outcome = run(options, progress, hooks);
    if (outcome.fatal) fprintf(stderr, "%s\n", outcome.fatal->message().c_str());
    return !outcome.fatal && exit_code_of(outcome) == ExitCode::some_faulted;
}

/// A table's rows, sorted, without the moment they were written.
std::string rows_of(const store::Database& catalog, const std::string& table, const std::string& columns)
{
    auto query = catalog.prepare("SELECT " + columns + " FROM " + table);
    if (!query) return query.error().message();
    std::vector<std::string> rows;
    for (auto row = query->step(); row && *row; row = query->step()) rows.push_back(query->text(0));
    std::sort(rows.begin(), rows.end());
    std::string text;
    for (const std::string& row : rows) text += row + '\n';
    return text;
}

void add_catalog(Remains& remains)
{
    const auto catalog = store::Database::open("out/catalog.sqlite");
    if (!catalog) {
        remains["catalog"] = catalog.error().message();
        return;
    }
    for (const auto& [table, columns] : std::map<std::string, std::string>{
             {"batch", "id || name"},
             {"source", "batch_id || ordinal || path || sha256 || bytes || pages"},
             {"duplicate", "name || batch_id"},
             {"document", "id || batch_id || type || pdf_file || automatic || line"},
             {"field", "document_id || kind || value || page"},
             {"candidate", "document_id || rank || mrn || probability || reasons"},
             {"route_reason", "document_id || ordinal || code"},
             {"page", "batch_id || page || state || coalesce(document_id, '') || text_file || line || hex(thumbnail)"},
             {"page_text", "batch_id || page || text"},
             {"pmi_patient", "mrn"}})
        remains["table " + table] = rows_of(*catalog, table, columns);
}

Remains remains()
{
    Remains all;
    for (const char* listing : {"pages.jsonl", "manifest.jsonl"}) all[listing] = read_all(fs::path("out") / listing);
    for (const char* folder : {"documents", "text", "hocr", "archive", "spool"})
        test::add_files(all, fs::path("out") / folder);
    for (const auto& entry : fs::recursive_directory_iterator("out"))
        if (entry.path().extension() == ".part") all["left behind: " + entry.path().string()] = "";
    add_catalog(all);
    return all;
}

TEST(CrashPoints, ARunCrashedAtAnyStepEndsAsOneNobodyDisturbed)
{
    // Memory is a file system that syncs at once; the test says itself what a crash would lose.
    if (fs::is_directory("/dev/shm")) ::setenv("TMPDIR", "/dev/shm", 1);
    const test::TemporaryFolder folder;
    const test::CrashReport report =
        test::enumerate_crashes({prepare, run_once, remains}, {kEvery, kDoubleCrashes, 7}, folder.path());
    for (const std::string& failure : report.failures) ADD_FAILURE() << failure;

    // The test must be about something: documents, a blank, a faulted page, a duplicate, patients.
    const Remains& all = report.undisturbed;
    const auto lines = [&](const char* name) { return std::count(all.at(name).begin(), all.at(name).end(), '\n'); };
    EXPECT_EQ(lines("pages.jsonl"), 5);
    EXPECT_EQ(lines("manifest.jsonl"), 2);
    EXPECT_EQ(lines("table duplicate"), 1);
    EXPECT_EQ(lines("table pmi_patient"), 2);
    EXPECT_GE(lines("table candidate"), 2);
    EXPECT_NE(all.at("pages.jsonl").find("\"blank\""), std::string::npos);
    EXPECT_NE(all.at("pages.jsonl").find("\"faulted\""), std::string::npos);
    EXPECT_GT(report.steps.size(), 50U);
    EXPECT_GE(std::count(report.steps.begin(), report.steps.end(), "commit"), 1);
    std::printf("%zu durable steps, %lld crash points\n", report.steps.size(), static_cast<long long>(report.points));
}

}  // namespace
}  // namespace chartlift::pipeline
