// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "pipeline/config.h"

namespace chartlift {
namespace {

TEST(Packaging, TheExampleOfASiteIsTakenAndKeepsItsFoldersApart)
{
    const auto config = pipeline::load_config(std::filesystem::path(CHARTLIFT_SOURCE_DIR) / "packaging" / "site.toml");
    ASSERT_TRUE(config) << config.error().message();
    ASSERT_FALSE(config->inboxes.empty());
    EXPECT_EQ(config->service.out, "/var/lib/chartlift/out");
    for (const auto& inbox : config->inboxes) EXPECT_TRUE(inbox.path.is_absolute()) << inbox.name;
}

}  // namespace
}  // namespace chartlift
