// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/crash_enumeration.h"

#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <random>
#include <thread>

#include "tests/support/temporary_folder.h"

namespace chartlift::test {
namespace fs = std::filesystem;

namespace {

constexpr const char* kStepsFile = "steps.txt";  ///< the undisturbed child's steps, one a line, for its parent
constexpr int kWorkFailed = 1;

struct Point {
    std::int64_t step = 0;
    Loss loss = Loss::nothing;
    std::int64_t second_step = 0;  ///< of the restart; 0: it is left alone
    Loss second_loss = Loss::nothing;
};

const char* name_of(Loss loss)
{
    switch (loss) {
        case Loss::nothing: return "all written";
        case Loss::unsynced: return "unsynced undone";
        case Loss::bytes: return "unsynced bytes lost";
        case Loss::half_step: return "half done";
    }
    return "";
}

std::vector<std::string> lines_of(const fs::path& file)
{
    std::ifstream in(file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

/// Runs in a child, and gives its exit status; a signal counts as 128 and its number, as in a shell.
int in_child(const std::function<int()>& body)
{
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body());
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

class Enumeration {
public:
    Enumeration(const CrashScenario& scenario, fs::path folder) : scenario_(scenario), folder_(std::move(folder)) {}

    /// The work without a crash; its steps and remains are what all else is measured by.
    bool measure(CrashReport& report)
    {
        const fs::path home = folder_ / "undisturbed";
        const int status = in_home(home, [&] {
            scenario_.prepare();
            CrashingFiles files({});
            const bool done = scenario_.work(files);
            std::ofstream steps(folder_ / kStepsFile);
            for (const std::string& step : files.steps()) steps << step << '\n';
            return done ? 0 : kWorkFailed;
        });
        report.steps = lines_of(folder_ / kStepsFile);
        if (status != 0) report.failures.push_back(fmt::format("the undisturbed work ended with status {}", status));
        report.undisturbed = remains_of(home);
        expected_ = report.undisturbed;
        steps_ = report.steps;
        return status == 0;
    }

    /// What is wrong after a crash at this point and a restart; empty: nothing.
    std::string try_point(const Point& point, const fs::path& home) const
    {
        std::string wrong = try_point_at(point, home);
        fs::remove_all(home);
        if (wrong.empty()) return {};
        std::string name = fmt::format("step {} ({}), {}", point.step,
                                       steps_.at(static_cast<std::size_t>(point.step - 1)), name_of(point.loss));
        if (point.second_step > 0)
            name += fmt::format(", and the restart at its step {}, {}", point.second_step, name_of(point.second_loss));
        return name + ": " + wrong;
    }

private:
    int in_home(const fs::path& home, const std::function<int()>& body) const
    {
        fs::create_directories(home);
        return in_child([&] {
            fs::current_path(home);
            return body();
        });
    }

    int work_until(const fs::path& home, std::int64_t step, Loss loss, const char* aside) const
    {
        return in_home(home, [&] {
            const fs::path kept = home.string() + aside;
            fs::create_directories(kept);
            CrashingFiles files({step, loss, kept});
            return scenario_.work(files) ? 0 : kWorkFailed;
        });
    }

    Remains remains_of(const fs::path& home) const
    {
        const fs::path before = fs::current_path();
        fs::current_path(home);
        Remains remains = scenario_.remains();
        fs::current_path(before);
        return remains;
    }

    std::string always_wrong(const fs::path& home) const
    {
        if (!scenario_.always) return {};
        const fs::path before = fs::current_path();
        fs::current_path(home);
        std::string wrong = scenario_.always();
        fs::current_path(before);
        return wrong;
    }

    std::string try_point_at(const Point& point, const fs::path& home) const
    {
        in_home(home, [&] {
            scenario_.prepare();
            return 0;
        });
        int status = work_until(home, point.step, point.loss, ".aside1");
        fs::remove_all(home.string() + ".aside1");
        if (status != kCrashStatus) return fmt::format("did not crash, but ended with status {}", status);
        if (auto wrong = always_wrong(home); !wrong.empty()) return "right after the crash: " + wrong;
        if (point.second_step > 0) {
            // A short restart may end before that step; then it is simply one more calm start.
            status = work_until(home, point.second_step, point.second_loss, ".aside2");
            fs::remove_all(home.string() + ".aside2");
            if (status != kCrashStatus && status != 0) return fmt::format("the restart ended with status {}", status);
            if (auto wrong = always_wrong(home); !wrong.empty()) return "after the second crash: " + wrong;
        }
        status = in_home(home, [&] {
            store::PosixFiles files;
            return scenario_.work(files) ? 0 : kWorkFailed;
        });
        if (status != 0) return fmt::format("the restart ended with status {}", status);
        return difference(remains_of(home));
    }

    std::string difference(const Remains& got) const
    {
        std::string text;
        for (const auto& [name, content] : expected_) {
            const auto found = got.find(name);
            if (found == got.end())
                text += name + " is missing; ";
            else if (found->second != content)
                text += name + " differs; ";
        }
        for (const auto& [name, content] : got)
            if (expected_.count(name) == 0) text += name + " is there; ";
        return text;
    }

    const CrashScenario& scenario_;
    fs::path folder_;
    Remains expected_;
    std::vector<std::string> steps_;
};

bool one_of(const std::string& step, std::initializer_list<const char*> names)
{
    return std::find(names.begin(), names.end(), step) != names.end();
}

/// Whether a crash after this step can leave the disk in a state that no crash after the step before it leaves.
bool is_new_state(const std::string& step, Loss loss)
{
    switch (loss) {
        case Loss::nothing: return !one_of(step, {"sync_folder", "sync_filesystem"});
        // Until the next sync everything that is written is lost, and the state that of the last one.
        case Loss::unsynced: return one_of(step, {"sync_folder", "sync_filesystem", "commit"});
        // Bytes are lost where they were appended; what tells the states apart is under which names they are missed.
        case Loss::bytes: return !one_of(step, {"append", "sync_folder", "make_folder"});
        case Loss::half_step: return one_of(step, {"append", "remove_tree", "commit"});
    }
    return true;
}

std::vector<Point> points_of(const std::vector<std::string>& steps, const CrashChoice& choice)
{
    std::vector<Point> points;
    const auto count = static_cast<std::int64_t>(steps.size());
    for (std::int64_t step = 1; step <= count; step += choice.every) {
        for (const Loss loss : {Loss::nothing, Loss::unsynced, Loss::bytes, Loss::half_step})
            if (step == 1 || step == count || is_new_state(steps.at(static_cast<std::size_t>(step - 1)), loss))
                points.push_back({step, loss});
    }
    if (count == 0) return points;
    std::mt19937 dice(choice.seed);
    std::uniform_int_distribution<std::int64_t> any_step(1, count);
    constexpr std::array kLosses{Loss::nothing, Loss::unsynced, Loss::bytes};
    std::uniform_int_distribution<std::size_t> any_loss(0, kLosses.size() - 1);
    for (std::int64_t i = 0; i < choice.double_crashes; ++i) {
        // The restart is shorter than the whole work: its crash comes from the first steps rather often.
        const std::int64_t second = std::min(any_step(dice), any_step(dice));
        points.push_back({any_step(dice), kLosses.at(any_loss(dice)), second, kLosses.at(any_loss(dice))});
    }
    return points;
}

}  // namespace

CrashReport enumerate_crashes(const CrashScenario& scenario, const CrashChoice& choice, const fs::path& folder)
{
    CrashReport report;
    Enumeration enumeration(scenario, folder);
    if (!enumeration.measure(report)) return report;
    const std::vector<Point> points = points_of(report.steps, choice);
    report.points = static_cast<std::int64_t>(points.size());

    const std::size_t shards = std::max(1U, std::thread::hardware_concurrency());
    std::vector<pid_t> children;
    const auto failures_of = [&](std::size_t shard) { return folder / fmt::format("failures-{}.txt", shard); };
    for (std::size_t shard = 0; shard < shards; ++shard) {
        const pid_t child = ::fork();
        if (child != 0) {
            children.push_back(child);
            continue;
        }
        std::ofstream failures(failures_of(shard));
        for (std::size_t i = shard; i < points.size(); i += shards) {
            const std::string wrong = enumeration.try_point(points[i], folder / fmt::format("point-{}", i));
            if (!wrong.empty()) failures << wrong << std::endl;
        }
        ::_exit(0);
    }
    for (std::size_t shard = 0; shard < shards; ++shard) {
        int status = 0;
        ::waitpid(children[shard], &status, 0);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            report.failures.push_back(fmt::format("process {} of the test itself died", shard));
        for (std::string& line : lines_of(failures_of(shard))) report.failures.push_back(std::move(line));
    }
    return report;
}

void add_files(Remains& remains, const fs::path& folder)
{
    std::error_code ignored;
    for (const auto& entry : fs::recursive_directory_iterator(folder, ignored))
        if (entry.is_regular_file()) remains[entry.path().lexically_normal().string()] = read_all(entry.path());
}

}  // namespace chartlift::test
