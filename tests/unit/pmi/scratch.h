// SPDX-License-Identifier: GPL-3.0-or-later
/// A folder of a test's own, gone when the test is over. Thread-safety: one thread.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace chartlift::store {

class Scratch : public ::testing::Test {
protected:
    Scratch()
    {
        std::string name = (std::filesystem::temp_directory_path() / "pmi_test.XXXXXX").string();
        folder = ::mkdtemp(name.data());
    }
    ~Scratch() override { std::filesystem::remove_all(folder); }

    std::filesystem::path file(const std::string& name, std::string_view text) const
    {
        std::ofstream(folder / name, std::ios::binary) << text;
        return folder / name;
    }

    std::filesystem::path folder;
};

}  // namespace chartlift::store
