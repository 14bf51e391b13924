// SPDX-License-Identifier: GPL-3.0-or-later
#include "worker/confined_decode.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "stages/decode/memory_source.h"
#include "tests/unit/decode/writers.h"
#include "tests/unit/worker/misbehaving.h"
#include "tests/unit/worker/pool_of.h"

namespace chartlift::worker {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using test::misbehaving;
using test::on_disk;
using test::pool_of;

const fs::path kScans = fs::path(CHARTLIFT_SOURCE_DIR) / "testdata/scans";

StageContext within(std::chrono::milliseconds time)
{
    StageContext context;
    context.deadline = StageContext::Clock::now() + time;
    return context;
}

Result<DecodedPage> first_page(const ConfinedDecode& decode, const std::string& bytes,
                               const StageContext& context = within(20s))
{
    auto file = decode.open(std::make_shared<MemorySource>(std::string_view(bytes)), context);
    if (!file) return file.error();
    return (*file)->page(0, context);
}

/// A page of testdata, whatever happened before.
void expect_decodes(const ConfinedDecode& decode)
{
    auto file = decode.open(on_disk(kScans / "batch004/page1.png"), within(20s));
    ASSERT_TRUE(file) << file.error().message();
    const auto page = (*file)->page(0, within(20s));
    ASSERT_TRUE(page) << page.error().message();
    EXPECT_GT(page->image.width_px(), 100);
}

void expect_same(const DecodedPage& a, const DecodedPage& b)
{
    EXPECT_EQ(a.file_dpi, b.file_dpi);
    EXPECT_EQ(a.visible_text, b.visible_text);
    ASSERT_EQ(a.image.format(), b.image.format());
    ASSERT_EQ(a.image.width_px(), b.image.width_px());
    ASSERT_EQ(a.image.height_px(), b.image.height_px());
    const std::size_t bytes = row_bytes(a.image.format(), a.image.width_px());
    for (int y = 0; y < a.image.height_px(); ++y)
        ASSERT_EQ(std::memcmp(a.image.row(y), b.image.row(y), bytes), 0) << "row " << y;
}

void expect_same_pages(OpenFile& here, OpenFile& there)
{
    EXPECT_EQ(here.format(), there.format());
    ASSERT_EQ(here.page_count(), there.page_count());
    for (int i = 0; i <= here.page_count(); ++i) {  // one too many: the same fault
        const auto a = here.page(i, within(20s));
        const auto b = there.page(i, within(20s));
        ASSERT_EQ(a.has_value(), b.has_value());
        if (a)
            expect_same(*a, *b);
        else
            EXPECT_EQ(a.error(), b.error());
    }
}

std::size_t open_descriptors()
{
    return static_cast<std::size_t>(std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()));
}

std::vector<pid_t> children()
{
    std::vector<pid_t> found;
    for (const auto& task : fs::directory_iterator("/proc/self/task")) {
        std::ifstream list(task.path() / "children");
        for (pid_t child = 0; list >> child;) found.push_back(child);
    }
    return found;
}

TEST(ConfinedDecode, GivesThePagesThatDecodeGivesForEveryFormat)
{
    const ConfinedDecode confined(pool_of(1));
    int files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(kScans)) {
        if (!entry.is_regular_file() || entry.path().filename() == "truth.json") continue;
        SCOPED_TRACE(entry.path().filename());
        const auto bytes = on_disk(entry.path());
        const auto here = Decode{{}}.open(bytes, within(20s));
        const auto there = confined.open(bytes, within(20s));
        ASSERT_EQ(here.has_value(), there.has_value());
        if (!here) {
            EXPECT_EQ(here.error(), there.error());
            continue;
        }
        ++files;
        expect_same_pages(**here, **there);
    }
    EXPECT_GT(files, 20);
}

TEST(ConfinedDecode, DrawsTextWithoutEmbeddedFontsAsDecodeDoes)
{
    test::PdfParts pdf;
    pdf.add_page("BT /F1 24 Tf 72 700 Td (Lorem ipsum) Tj 0 -40 Td (dolor) Tj ET",
                 "/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>");
    const ConfinedDecode confined(pool_of(1));
    const auto bytes = std::make_shared<MemorySource>(std::string_view(pdf.file()));
    const auto here = Decode{{}}.open(bytes, within(20s));
    const auto there = confined.open(bytes, within(20s));
    ASSERT_TRUE(here) << here.error().message();
    ASSERT_TRUE(there) << there.error().message();
    expect_same_pages(**here, **there);
    const auto page = (*there)->page(0, within(20s));
    ASSERT_TRUE(page);
    EXPECT_EQ(page->visible_text.size(), 3U);
}

TEST(ConfinedDecode, ReadsBytesThatLieInNoFile)
{
    const ConfinedDecode confined(pool_of(1));
    std::ifstream in(kScans / "batch004/page1.png", std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    const auto page = first_page(confined, bytes);
    ASSERT_TRUE(page) << page.error().message();
    const auto empty = first_page(confined, "");
    ASSERT_FALSE(empty);
    EXPECT_EQ(empty.error().what, "file is empty");
}

struct Misdeed {
    const char* what;
    FaultKind kind;
    const char* says;  ///< part of the message
};

void PrintTo(const Misdeed& misdeed, std::ostream* out)
{
    *out << misdeed.what;
}

struct Each : ::testing::TestWithParam<Misdeed> {};

TEST_P(Each, CostsOnePageAndTheNextWorksInAFreshWorker)
{
    const Misdeed& misdeed = GetParam();
    const ConfinedDecode confined(pool_of(1));
    const auto page =
        first_page(confined, misbehaving(misdeed.what), within(misdeed.kind == FaultKind::timeout ? 800ms : 20'000ms));
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().kind, misdeed.kind) << page.error().message();
    EXPECT_EQ(page.error().where, "decode");
    EXPECT_NE(page.error().what.find(misdeed.says), std::string::npos) << page.error().message();
    expect_decodes(confined);
}

INSTANTIATE_TEST_SUITE_P(Ends, Each,
                         ::testing::Values(Misdeed{"crash", FaultKind::library,
                                                   "died of signal 11 (segmentation fault) on this page"},
                                           Misdeed{"crash on opening", FaultKind::library, "signal 11"},
                                           Misdeed{"abort", FaultKind::library, "signal 6"},
                                           Misdeed{"exit", FaultKind::library, "exit code 7"},
                                           Misdeed{"hang", FaultKind::timeout, "took longer"},
                                           Misdeed{"spin", FaultKind::timeout, "took longer"},
                                           Misdeed{"hang up", FaultKind::library, "hung up"}));

#ifndef __SANITIZE_ADDRESS__  // whose runtime needs all memory, and calls of its own
INSTANTIATE_TEST_SUITE_P(Reaches, Each,
                         ::testing::Values(Misdeed{"allocate", FaultKind::limit, "not enough memory"},
                                           Misdeed{"open", FaultKind::io, "was refused"},
                                           Misdeed{"write", FaultKind::io, "was refused"},
                                           Misdeed{"print", FaultKind::io, "was refused"},
                                           Misdeed{"socket", FaultKind::library, "system call that it is not allowed"},
                                           Misdeed{"fork", FaultKind::library, "system call that it is not allowed"},
                                           Misdeed{"execute", FaultKind::library, "system call that it is not allowed"},
                                           Misdeed{"large file", FaultKind::limit, "wrote more than it may"}));
#endif

INSTANTIATE_TEST_SUITE_P(
    Lies, Each,
    ::testing::Values(Misdeed{"too small", FaultKind::internal, "nonsense: shared memory is not as large"},
                      Misdeed{"too large", FaultKind::internal, "nonsense: shared memory is not as large"},
                      Misdeed{"over limit", FaultKind::internal, "nonsense: page is over the limit"},
                      Misdeed{"negative", FaultKind::internal, "nonsense: page has no size"},
                      Misdeed{"padding", FaultKind::internal, "nonsense: bits past the width are set"},
                      Misdeed{"resolution", FaultKind::internal, "nonsense: resolution is no number"},
                      Misdeed{"words", FaultKind::internal, "nonsense: words are malformed"},
                      Misdeed{"word order", FaultKind::internal, "nonsense: words are out of order"},
                      Misdeed{"no memory", FaultKind::internal, "nonsense: page has no pixels"},
                      Misdeed{"not memory", FaultKind::internal, "nonsense: shared memory cannot be sealed"},
                      Misdeed{"writable mapping", FaultKind::internal, "nonsense: shared memory cannot be sealed"},
                      Misdeed{"out of turn", FaultKind::internal, "nonsense: answer is out of turn"},
                      Misdeed{"wrong kind", FaultKind::internal, "nonsense: page was neither decoded nor not"},
                      Misdeed{"store fault", FaultKind::internal, "nonsense: fault is not a page's"},
                      Misdeed{"noise", FaultKind::internal, "nonsense: answer is malformed"},
                      Misdeed{"too many pages", FaultKind::internal, "nonsense: file has too many pages"},
                      Misdeed{"two answers", FaultKind::corrupt, "first of two"}));

TEST(ConfinedDecode, TextFromAWorkerIsPrintableAndBounded)
{
    const ConfinedDecode confined(pool_of(1));
    const auto fault = first_page(confined, misbehaving("rude fault"));
    ASSERT_FALSE(fault);
    EXPECT_EQ(fault.error().where, "decode??[2J");
    EXPECT_LE(fault.error().what.size(), 300U);
    const auto page = first_page(ConfinedDecode(pool_of(1)), misbehaving("bad text"));
    ASSERT_TRUE(page) << page.error().message();
    ASSERT_EQ(page->visible_text.size(), 1U);
    EXPECT_EQ(page->visible_text[0].text, "a\xEF\xBF\xBD(\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(ConfinedDecode, AFileOpenInAWorkerThatDiedIsOpenedAgain)
{
    const auto pool = pool_of(1);
    const ConfinedDecode confined(pool);
    auto file = confined.open(on_disk(kScans / "batch000.tif"), within(20s));
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->page(0, within(20s)));
    ASSERT_FALSE(first_page(confined, misbehaving("crash")));
    EXPECT_TRUE((*file)->page(1, within(20s)));
    EXPECT_EQ(pool->counts().died, 1);
    EXPECT_EQ(pool->counts().started, 2);
}

TEST(ConfinedDecode, AWorkerKilledBetweenTwoPagesCostsNone)
{
    const auto pool = pool_of(1);
    const ConfinedDecode confined(pool);
    auto file = confined.open(on_disk(kScans / "batch000.tif"), within(20s));
    ASSERT_TRUE(file);
    for (const pid_t child : children()) ::kill(child, SIGKILL);
    std::this_thread::sleep_for(100ms);
    const auto page = (*file)->page(0, within(20s));
    EXPECT_TRUE(page) << page.error().message();
}

TEST(ConfinedDecode, OfTwoThreadsOnOneWorkerOnlyTheGuiltyOnePays)
{
    const ConfinedDecode confined(pool_of(1));
    std::atomic<int> good{0};
    std::atomic<int> bad{0};
    {
        const std::jthread guilty([&] {
            for (int i = 0; i < 10; ++i)
                if (!first_page(confined, misbehaving("crash"))) ++bad;
        });
        const std::jthread innocent([&] {
            auto file = confined.open(on_disk(kScans / "batch000.tif"), within(20s));
            ASSERT_TRUE(file);
            for (int i = 0; i < 30; ++i) {
                const auto page = (*file)->page(i % (*file)->page_count(), within(20s));
                EXPECT_TRUE(page) << page.error().message();
                if (page) ++good;
            }
        });
    }
    EXPECT_EQ(good, 30);
    EXPECT_EQ(bad, 10);
}

TEST(ConfinedDecode, ManyThreadsShareManyWorkers)
{
    const auto pool = pool_of(3);
    const ConfinedDecode confined(pool);
    std::vector<std::future<int>> threads;
    for (int t = 0; t < 6; ++t)
        threads.push_back(std::async(std::launch::async, [&confined, t] {
            int good = 0;
            for (int i = 0; i < 5; ++i) {
                if (t == 0) {
                    if (!first_page(confined, misbehaving("crash"))) ++good;
                    continue;
                }
                auto file = confined.open(on_disk(kScans / "batch000.tif"), within(20s));
                if (file && (*file)->page(i % (*file)->page_count(), within(20s))) ++good;
            }
            return good;
        }));
    for (auto& thread : threads) EXPECT_EQ(thread.get(), 5);
    EXPECT_EQ(pool->counts().died, 5);
}

TEST(ConfinedDecode, AHangEndsAtTheDeadlineAndAStopAtOnce)
{
    const auto pool = pool_of(1);
    const ConfinedDecode confined(pool);
    const auto start = StageContext::Clock::now();
    const auto late = first_page(confined, misbehaving("hang"), within(300ms));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind, FaultKind::timeout);
    EXPECT_LT(StageContext::Clock::now() - start, 3s);
    std::stop_source stop;
    StageContext context = within(20s);
    context.stop = stop.get_token();
    const std::jthread stopper([&stop] {
        std::this_thread::sleep_for(200ms);
        stop.request_stop();
    });
    const auto stopped = first_page(confined, misbehaving("hang"), context);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().kind, FaultKind::cancelled);
    EXPECT_LT(StageContext::Clock::now() - start, 5s);
    EXPECT_EQ(pool->counts().killed, 2);
}

TEST(ConfinedDecode, LimitsOfTheCallHold)
{
    const ConfinedDecode confined(pool_of(1));
    const auto bytes = on_disk(kScans / "batch000.tif");
    for (int which = 0; which < 3; ++which) {
        StageContext context = within(20s);
        if (which == 0) context.limits.max_bytes = 10;
        if (which == 1) context.limits.max_pages = 1;
        if (which == 2) context.limits.max_pixels = 1000;
        const auto get = [&](const FileOpener& opener) -> Result<DecodedPage> {
            auto file = opener.open(bytes, context);
            if (!file) return file.error();
            return (*file)->page(0, context);
        };
        const auto here = get(Decode{{}});
        const auto there = get(confined);
        ASSERT_FALSE(here);
        ASSERT_FALSE(there);
        EXPECT_EQ(here.error(), there.error());
        EXPECT_EQ(there.error().kind, FaultKind::limit);
    }
}

TEST(ConfinedDecode, MoreOpenFilesThanAWorkerHoldsAreOpenedAgain)
{
    const ConfinedDecode confined(pool_of(1));
    std::vector<std::unique_ptr<OpenFile>> files;
    for (int i = 0; i < 150; ++i) {
        auto file = confined.open(on_disk(kScans / "batch004/page1.png"), within(20s));
        ASSERT_TRUE(file) << file.error().message();
        files.push_back(std::move(*file));
    }
    EXPECT_TRUE(files.front()->page(0, within(20s)));
    EXPECT_TRUE(files.back()->page(0, within(20s)));
}

TEST(ConfinedDecode, LeaksNoDescriptorOver200PagesAndLeavesNoChild)
{
    ASSERT_TRUE(children().empty());
    const std::size_t before = open_descriptors();
    {
        const ConfinedDecode confined(pool_of(2));
        std::size_t early = 0;
        for (int i = 0; i < 200; ++i) {
            if (i % 40 == 5) { EXPECT_FALSE(first_page(confined, misbehaving("too small"))); }
            auto file = confined.open(on_disk(kScans / "batch002/scan_001.jpg"), within(20s));
            ASSERT_TRUE(file && (*file)->page(0, within(20s)));
            if (i == 10) early = open_descriptors();
        }
        EXPECT_LE(open_descriptors(), early + 1);
        EXPECT_FALSE(children().empty());
    }
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_TRUE(children().empty());
}

TEST(Pool, CountsTheProcessorTimeOfTheLivingAndTheDead)
{
    const auto pool = pool_of(1);
    const ConfinedDecode confined(pool);
    const auto decode_one = [&] {
        auto file = confined.open(on_disk(kScans / "batch002/scan_001.jpg"), within(20s));
        ASSERT_TRUE(file && (*file)->page(0, within(20s)));
    };
    decode_one();
    const auto first = pool->processor_time();
    EXPECT_GT(first, 1ms);
    EXPECT_FALSE(first_page(confined, misbehaving("too small")));  // ends the worker
    decode_one();
    EXPECT_GT(pool->processor_time(), first + 1ms);
}

TEST(Pool, SaysWhatIsWrongWithItsSettings)
{
    PoolSettings settings;
    settings.program = TEST_WORKER;
    settings.processes = 0;
    EXPECT_EQ(Pool::start(settings).error().kind, FaultKind::config);
    settings.processes = 1;
    settings.decode.passwords.assign(1, std::string(100'000, 'p'));
    EXPECT_EQ(Pool::start(settings).error().kind, FaultKind::config);
    settings.decode.passwords.clear();
    settings.program = "/nonexistent";
    EXPECT_FALSE(Pool::start(settings));
    settings.program = "/bin/true";
    EXPECT_FALSE(Pool::start(settings));
}

}  // namespace
}  // namespace chartlift::worker
