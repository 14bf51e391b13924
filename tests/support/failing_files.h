// SPDX-License-Identifier: GPL-3.0-or-later
/// A file system that runs full, or fails at its nth operation, as LevelDB's fault-injecting environment does.
/// Thread-safety: safe from many threads.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string_view>

#include "store/files.h"

namespace chartlift::test {

class FailingFiles final : public store::Files {
public:
    std::atomic<std::int64_t> room_bytes{INT64_MAX};       ///< bytes that may still be written
    std::atomic<std::int64_t> operations_left{INT64_MAX};  ///< operations that may still succeed

    Result<std::unique_ptr<store::OutputFile>> create(const std::filesystem::path& path) override
    {
        if (!allowed()) return full(path);
        auto file = real_.create(path);
        if (!file) return file.error();
        return std::unique_ptr<store::OutputFile>(std::make_unique<Output>(*this, std::move(*file), path));
    }
    Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override
    {
        return allowed() ? real_.rename(from, to) : Result<void>(full(to));
    }
    Result<bool> rename_new(const std::filesystem::path& from, const std::filesystem::path& to) override
    {
        return allowed() ? real_.rename_new(from, to) : Result<bool>(full(to));
    }
    Result<bool> link_new(const std::filesystem::path& from, const std::filesystem::path& to) override
    {
        return allowed() ? real_.link_new(from, to) : Result<bool>(full(to));
    }
    Result<void> remove_tree(const std::filesystem::path& path) override { return real_.remove_tree(path); }
    Result<void> make_folders(const std::filesystem::path& path) override
    {
        return allowed() ? real_.make_folders(path) : Result<void>(full(path));
    }
    Result<void> sync_filesystem(const std::filesystem::path& path) override
    {
        return allowed() ? real_.sync_filesystem(path) : Result<void>(full(path));
    }
    Result<void> sync_folder(const std::filesystem::path& path) override
    {
        return allowed() ? real_.sync_folder(path) : Result<void>(full(path));
    }

private:
    class Output final : public store::OutputFile {
    public:
        Output(FailingFiles& files, std::unique_ptr<store::OutputFile> real, std::filesystem::path path)
            : files_(files), real_(std::move(real)), path_(std::move(path))
        {
        }
        Result<void> append(std::string_view bytes) override
        {
            if ((files_.room_bytes -= static_cast<std::int64_t>(bytes.size())) < 0 || !files_.allowed())
                return full(path_);
            return real_->append(bytes);
        }
        Result<void> close() override { return real_->close(); }

    private:
        FailingFiles& files_;
        std::unique_ptr<store::OutputFile> real_;
        std::filesystem::path path_;
    };

    bool allowed() { return --operations_left >= 0; }
    static Fault full(const std::filesystem::path& path) { return store::file_fault(ENOSPC, "write", path); }
    store::PosixFiles real_;
};

}  // namespace chartlift::test
