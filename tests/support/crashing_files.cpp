// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/crashing_files.h"

#include <unistd.h>

#include <algorithm>

namespace chartlift::test {
namespace fs = std::filesystem;

namespace {

bool stands(const fs::path& path)
{
    std::error_code ignored;
    return fs::exists(fs::symlink_status(path, ignored));
}

bool stands_below(const fs::path& path, const fs::path& folder)
{
    const fs::path relative = path.lexically_relative(folder);
    return !relative.empty() && *relative.begin() != "..";
}

/// Half of what a tree holds goes, as when a removal is cut short.
void remove_half(const fs::path& tree)
{
    std::vector<fs::path> files;
    std::error_code ignored;
    for (const auto& entry : fs::recursive_directory_iterator(tree, ignored))
        if (!entry.is_directory()) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (std::size_t i = 0; i < files.size() / 2; ++i) fs::remove(files[i], ignored);
}

}  // namespace

class CrashingFiles::Output final : public store::OutputFile {
public:
    Output(CrashingFiles& files, std::unique_ptr<store::OutputFile> real) : files_(files), real_(std::move(real)) {}
    Result<void> append(std::string_view bytes) override
    {
        const std::scoped_lock lock(files_.mutex_);
        if (files_.half_now("append")) {
            (void)real_->append(bytes.substr(0, bytes.size() / 2));
            files_.crash();
        }
        auto appended = real_->append(bytes);
        files_.done();
        return appended;
    }
    Result<void> close() override { return real_->close(); }

private:
    CrashingFiles& files_;
    std::unique_ptr<store::OutputFile> real_;
};

std::vector<std::string> CrashingFiles::steps() const
{
    const std::scoped_lock lock(mutex_);
    return steps_;
}

bool CrashingFiles::half_now(const char* step)
{
    steps_.emplace_back(step);
    return plan_.loss == Loss::half_step && static_cast<std::int64_t>(steps_.size()) == plan_.step;
}

void CrashingFiles::done()
{
    if (static_cast<std::int64_t>(steps_.size()) == plan_.step) crash();
}

void CrashingFiles::crash()
{
    if (power_cut()) lose_unsynced();
    ::_exit(kCrashStatus);
}

fs::path CrashingFiles::next_aside()
{
    return plan_.aside / std::to_string(++kept_);
}

/// A second name for a file, so that it is there after its own name has gone.
fs::path CrashingFiles::keep_aside(const fs::path& path)
{
    if (!stands(path)) return {};
    fs::path aside = next_aside();
    fs::create_hard_link(path, aside);
    return aside;
}

/// To be called before the change.
void CrashingFiles::name_changes(const fs::path& path)
{
    if (power_cut()) names_.push_back({path, keep_aside(path)});
}

/// Undoes, last first, the changes of names that were not synced; then files lose the bytes that were not.
void CrashingFiles::lose_unsynced()
{
    if (plan_.loss == Loss::bytes) names_.clear();
    std::reverse(names_.begin(), names_.end());
    for (const UnsyncedName& name : names_) {
        std::error_code ignored;
        if (!name.came_from.empty())
            fs::rename(name.path, name.came_from, ignored);
        else
            fs::remove_all(name.path, ignored);
        if (!name.before.empty()) fs::rename(name.before, name.path, ignored);
    }
    for (const UnsyncedBytes& file : bytes_) {
        std::error_code ignored;
        fs::resize_file(file.alias, file.synced_bytes, ignored);
    }
}

Result<std::unique_ptr<store::OutputFile>> CrashingFiles::create(const fs::path& path)
{
    const std::scoped_lock lock(mutex_);
    if (half_now("create")) crash();
    // Where a file stands already the new one takes its name, so that the old bytes can come back.
    name_changes(path);
    std::error_code ignored;
    if (power_cut()) fs::remove(path, ignored);
    auto file = real_.create(path);
    if (!file) return file.error();
    if (power_cut()) bytes_.push_back({keep_aside(path), 0});
    done();
    return std::unique_ptr<store::OutputFile>(std::make_unique<Output>(*this, std::move(*file)));
}

Result<bool> CrashingFiles::move_name(const fs::path& from, const fs::path& to, bool replace)
{
    UnsyncedName moved{to, {}, from};
    if (power_cut() && replace) moved.before = keep_aside(to);
    Result<bool> renamed = true;
    if (!replace)
        renamed = real_.rename_new(from, to);
    else if (auto replaced = real_.rename(from, to); !replaced)
        renamed = replaced.error();
    if (power_cut() && renamed && *renamed) names_.push_back(moved);
    return renamed;
}

Result<void> CrashingFiles::rename(const fs::path& from, const fs::path& to)
{
    const std::scoped_lock lock(mutex_);
    if (half_now("rename")) crash();
    auto renamed = move_name(from, to, true);
    done();
    if (!renamed) return renamed.error();
    return {};
}

Result<bool> CrashingFiles::rename_new(const fs::path& from, const fs::path& to)
{
    const std::scoped_lock lock(mutex_);
    if (half_now("rename_new")) crash();
    auto renamed = move_name(from, to, false);
    done();
    return renamed;
}

Result<bool> CrashingFiles::link_new(const fs::path& from, const fs::path& to)
{
    const std::scoped_lock lock(mutex_);
    if (half_now("link_new")) crash();
    if (!stands(to)) name_changes(to);
    auto linked = real_.link_new(from, to);
    done();
    return linked;
}

Result<void> CrashingFiles::remove_tree(const fs::path& path)
{
    const std::scoped_lock lock(mutex_);
    if (!stands(path)) return {};
    if (half_now("remove_tree")) {
        remove_half(path);
        crash();
    }
    Result<void> removed;
    if (power_cut()) {
        const fs::path aside = next_aside();
        fs::rename(path, aside);
        names_.push_back({path, aside});
    } else {
        removed = real_.remove_tree(path);
    }
    done();
    return removed;
}

Result<void> CrashingFiles::make_folders(const fs::path& path)
{
    const std::scoped_lock lock(mutex_);
    std::vector<fs::path> missing;
    for (fs::path folder = path; !folder.empty() && !stands(folder); folder = folder.parent_path())
        missing.push_back(folder);
    for (auto folder = missing.rbegin(); folder != missing.rend(); ++folder) {
        if (half_now("make_folder")) crash();
        name_changes(*folder);
        if (auto made = real_.make_folders(*folder); !made) return made;
        done();
    }
    return {};
}

Result<void> CrashingFiles::sync_filesystem(const fs::path&)
{
    const std::scoped_lock lock(mutex_);
    if (half_now("sync_filesystem")) crash();
    names_.clear();
    bytes_.clear();
    done();
    return {};
}

Result<void> CrashingFiles::sync_folder(const fs::path& folder)
{
    const std::scoped_lock lock(mutex_);
    if (half_now("sync_folder")) crash();
    // A tree whose removal is now certain takes with it all that was unsynced within it until then.
    for (std::size_t i = 0; i < names_.size(); ++i) {
        const bool removed_here =
            names_[i].path.parent_path() == folder && names_[i].came_from.empty() && !names_[i].before.empty();
        if (!removed_here) continue;
        const fs::path tree = names_[i].path;
        const auto until = names_.begin() + static_cast<std::ptrdiff_t>(i);
        const auto kept = std::remove_if(names_.begin(), until, [&](const UnsyncedName& name) {
            return stands_below(name.path, tree) && name.path != tree;
        });
        i -= static_cast<std::size_t>(until - kept);
        names_.erase(kept, until);
    }
    std::erase_if(names_, [&](const UnsyncedName& name) {
        return name.path.parent_path() == folder || name.came_from.parent_path() == folder;
    });
    done();
    return {};
}

Result<void> CrashingFiles::commit(const std::function<Result<void>()>& transaction)
{
    const std::scoped_lock lock(mutex_);
    if (half_now("commit")) crash();
    auto committed = transaction();
    done();
    return committed;
}

}  // namespace chartlift::test
