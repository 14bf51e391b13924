// SPDX-License-Identifier: GPL-3.0-or-later
#include "apps/passwords.h"

#include <fstream>

namespace chartlift {

Result<std::vector<std::string>> read_passwords(const std::filesystem::path& file)
{
    std::vector<std::string> passwords;
    if (file.empty()) return passwords;
    std::ifstream stream(file);
    if (!stream) return Fault{FaultKind::config, "password file", "cannot read the file", file.string()};
    for (std::string line; std::getline(stream, line);) {
        if (line.ends_with('\r')) line.pop_back();
        if (!line.empty()) passwords.push_back(line);
    }
    return passwords;
}

}  // namespace chartlift
