// SPDX-License-Identifier: GPL-3.0-or-later
// Taking in is crashed at every durable step: at no moment is a content neither in its inbox nor in the archive, and
// once it was started again, each file was taken exactly once and lies where it belongs.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "service/take_in.h"
#include "store/sqlite.h"
#include "store/sqlite_intake_ledger.h"
#include "tests/support/crash_enumeration.h"
#include "tests/support/temporary_folder.h"

namespace chartlift::service {
namespace {

namespace fs = std::filesystem;
using test::read_all;
using test::Remains;

constexpr std::int64_t kDoubleCrashes = 150;

/// What is dropped: name below its inbox, and content. The second ward's folder is one batch.
const std::map<std::string, std::string>& dropped()
{
    static const std::map<std::string, std::string> files{
        {"ward1/a.tif", "first"},
        {"ward1/b.tif", "second"},
        {"ward1/deep/in folders/a.tif", "third"},
        {"ward1/the first again.tif", "first"},
        {"ward1/too large for the archive.tif", std::string(5000, 'x')},
        {"ward2/box/1.tif", "box one"},
        {"ward2/box/2.tif", "box two"},
    };
    return files;
}
constexpr std::int64_t kMaxBytes = 4000;
constexpr const char* kMarker = "ward2/box/.done";

void write_file(const fs::path& path, const std::string& content)
{
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
}

void prepare()
{
    for (const auto& [name, content] : dropped()) write_file(fs::path("in") / name, content);
    write_file(fs::path("in") / kMarker, "");
    // A file of that name is there from earlier days, and must not be replaced.
    write_file("out/done/ward1/b.tif", "of earlier days");
}

std::vector<pipeline::Inbox> inboxes()
{
    std::vector<pipeline::Inbox> both(2);
    both[0].name = "ward1";
    both[1].name = "ward2";
    both[1].folders = pipeline::InboxFolders::batches;
    for (pipeline::Inbox& inbox : both) inbox.path = fs::current_path() / "in" / inbox.name;
    return both;
}

/// The file as the watcher would find it.
ReadyFile found(const pipeline::Inbox& inbox, const fs::path& path)
{
    struct stat now {};
    ::lstat(path.c_str(), &now);
    return {path,
            path.lexically_relative(inbox.path).string(),
            {now.st_dev, now.st_ino, now.st_size, now.st_mtim.tv_sec * 1'000'000'000 + now.st_mtim.tv_nsec}};
}

std::vector<fs::path> files_below(const fs::path& folder)
{
    std::vector<fs::path> files;
    std::error_code ignored;
    for (const auto& entry : fs::recursive_directory_iterator(folder, ignored))
        if (entry.is_regular_file()) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

/// Stands in for the watcher: everything that lies there is whole.
std::vector<Ready> look(const std::vector<pipeline::Inbox>& inboxes)
{
    std::vector<Ready> ready;
    for (const fs::path& path : files_below(inboxes[0].path)) {
        const ReadyFile file = found(inboxes[0], path);
        ready.push_back({0, file.name, {file}, {}, {}, {}, WholeBy::settled});
    }
    Ready box{1, "box/", {}, {}, {}, {}, WholeBy::marker};
    for (const fs::path& path : files_below(inboxes[1].path)) {
        if (path.filename() == ".done")
            box.markers.push_back(path);
        else
            box.files.push_back(found(inboxes[1], path));
    }
    if (!box.files.empty()) ready.push_back(box);
    return ready;
}

/// The start of the service, and one round of taking in.
bool take_all(store::Files& files)
{
    const auto told = [](const Fault& fault) {
        std::fprintf(stderr, "%s\n", fault.message().c_str());
        return false;
    };
    if (auto made = files.make_folders("out"); !made) return told(made.error());
    store::CatalogAccess access;
    access.files = &files;
    auto ledger = store::open_sqlite_intake_ledger("out/catalog.sqlite", access);
    if (!ledger) return told(ledger.error());
    Limits limits;
    limits.max_bytes = kMaxBytes;
    Log log;
    const TakeIn take_in(fs::current_path() / "out", inboxes(), limits, **ledger, files, log);
    if (auto finished = take_in.finish_moves(); !finished) return told(finished.error());
    auto taken = take_in.take(look(inboxes()));
    if (!taken) return told(taken.error());
    return taken->given_back.empty();
}

std::string rows_of(const store::Database& catalog, const std::string& sql)
{
    auto query = catalog.prepare(sql);
    if (!query) return query.error().message();
    std::vector<std::string> rows;
    for (auto row = query->step(); row && *row; row = query->step()) rows.push_back(query->text(0));
    std::sort(rows.begin(), rows.end());
    std::string text;
    for (const std::string& row : rows) text += row + '\n';
    return text;
}

Remains remains()
{
    Remains all;
    test::add_files(all, "in");
    for (const char* folder : {"archive", "done", "quarantine"}) test::add_files(all, fs::path("out") / folder);
    for (const auto& entry : fs::recursive_directory_iterator("out"))
        // The log's next checkpoint is written under this name again.
        if (entry.path().extension() == ".part" && entry.path() != "out/audit/checkpoints.part")
            all["left behind: " + entry.path().string()] = "";
    const auto catalog = store::Database::open("out/catalog.sqlite");
    if (!catalog) {
        all["catalog"] = catalog.error().message();
        return all;
    }
    all["arrivals"] =
        rows_of(*catalog,
                "SELECT a.inbox || ' ' || a.name || ' ' || a.state || ' ' || a.batch_id || ' ' || coalesce(d.name, '') "
                "FROM arrival a LEFT JOIN arrival d ON d.id = a.duplicate_of");
    all["files"] = rows_of(*catalog, "SELECT name || ' ' || sha256 || ' ' || moved FROM arrival_file");
    all["counts"] =
        rows_of(*catalog, "SELECT inbox || ' ' || state || ' ' || count FROM arrival_count WHERE count > 0");
    all["audit"] = rows_of(*catalog, "SELECT what FROM audit_entry");
    return all;
}

/// A content lies in its inbox, or in done/ or quarantine/; and where it left the inbox, whole in the archive.
std::string nothing_is_lost()
{
    std::multiset<std::string> moved;
    for (const char* folder : {"out/done", "out/quarantine"})
        for (const fs::path& file : files_below(folder)) moved.insert(read_all(file));
    for (const auto& [name, content] : dropped()) {
        if (read_all(fs::path("in") / name) == content) continue;
        if (moved.count(content) == 0) return name + " is gone";
        const std::string sha256 = store::sha256_of(content);
        const bool archived = read_all(fs::path("out/archive") / sha256.substr(0, 2) / sha256) == content;
        if (!archived && static_cast<std::int64_t>(content.size()) <= kMaxBytes)
            return name + " was moved before it was safe in the archive";
    }
    if (read_all("out/done/ward1/b.tif") != "of earlier days") return "a file in done was replaced";
    return {};
}

TEST(TakeInCrash, AtAnyStepNothingIsLostAndNothingIsTakenTwice)
{
    // Memory is a file system that syncs at once; the test says itself what a crash would lose.
    if (fs::is_directory("/dev/shm")) ::setenv("TMPDIR", "/dev/shm", 1);
    const test::TemporaryFolder folder;
    const test::CrashReport report =
        test::enumerate_crashes({prepare, take_all, remains, nothing_is_lost}, {1, kDoubleCrashes, 11}, folder.path());
    for (const std::string& failure : report.failures) ADD_FAILURE() << failure;

    // The test must be about something: a duplicate, a name that is taken, a folder, a file too large.
    const Remains& all = report.undisturbed;
    EXPECT_NE(all.at("arrivals").find("duplicate"), std::string::npos) << all.at("arrivals");
    EXPECT_EQ(all.count("out/done/ward1/b~2.tif"), 1U);
    EXPECT_EQ(all.count("out/done/ward2/box/2.tif"), 1U);
    EXPECT_EQ(all.count("out/done/ward2/box/.done"), 1U);
    EXPECT_EQ(all.count("in/ward1/a.tif"), 0U);
    EXPECT_EQ(
        std::count_if(all.begin(), all.end(), [](const auto& thing) { return thing.first.starts_with("out/archive"); }),
        5);
    EXPECT_GE(std::count(report.steps.begin(), report.steps.end(), "commit"), 2);
    std::printf("%zu durable steps, %lld crash points\n", report.steps.size(), static_cast<long long>(report.points));
}

}  // namespace
}  // namespace chartlift::service
