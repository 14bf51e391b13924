// SPDX-License-Identifier: GPL-3.0-or-later
#include "pipeline/config.h"

#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace chartlift::pipeline {
namespace {

TEST(Config, TheCommentedFileHoldsEveryKeyWithItsDefault)
{
    const std::string path = std::string(CHARTLIFT_SOURCE_DIR) + "/config/chartlift.toml";
    const auto config = load_config(path);
    ASSERT_TRUE(config) << config.error().message();
    const Config defaults;
    EXPECT_EQ(config->limits.max_pixels, defaults.limits.max_pixels);
    EXPECT_EQ(config->limits.max_bytes, defaults.limits.max_bytes);
    EXPECT_EQ(config->limits.max_pages, defaults.limits.max_pages);
    EXPECT_EQ(config->limits.page_timeout, defaults.limits.page_timeout);
    EXPECT_EQ(config->languages, defaults.languages);
    EXPECT_EQ(config->route_patient, defaults.route_patient);
    EXPECT_EQ(config->route_type, defaults.route_type);
    EXPECT_EQ(config->route_split, defaults.route_split);
    EXPECT_EQ(config->route_ocr, defaults.route_ocr);
    EXPECT_EQ(config->jpeg_quality, defaults.jpeg_quality);
    EXPECT_EQ(config->page_fingerprint(""), defaults.page_fingerprint(""));
    const std::string text = test::read_all(path);
    for (const std::string& key : config_keys()) {
        const std::string start = key.starts_with("inbox.") ? "\n# " : "\n";  // the example inbox is commented out
        EXPECT_NE(text.find(start + key.substr(key.find('.') + 1) + " = "), std::string::npos) << key;
    }
}

struct Refusal {
    const char* toml;
    const char* expected;
};

TEST(Config, RefusesWithFileLineKeyAndRange)
{
    for (const Refusal& refusal : {
             Refusal{"[limits]\nmax_pixels = 0", "site.toml line 2: limits.max_pixels must be a whole number from 1"},
             Refusal{"[limits]\nmax_pixels = \"many\"", "limits.max_pixels must be"},
             Refusal{"[limits]\n\nmax_pixel = 5", "site.toml line 3: limits.max_pixel is not a setting"},
             Refusal{"[route]\npatient = 1.5", "route.patient must be a number from 0 to 1"},
             Refusal{"[ocr]\nlanguages = []", "ocr.languages must be a list"},
             Refusal{"[ocr]\nlanguages = [\"../eng\"]", "ocr.languages must be a list"},
             Refusal{"[export]\npdfa = \"3b\"", "export.pdfa must be"},
             Refusal{"loose = 1", "stands outside a [section]"},
             Refusal{"[limits\n", "site.toml line"},
         }) {
        const auto config = parse_config(refusal.toml, "site.toml");
        ASSERT_FALSE(config) << refusal.toml;
        EXPECT_EQ(config.error().kind, FaultKind::config);
        EXPECT_NE(config.error().what.find(refusal.expected), std::string::npos) << config.error().what;
    }
}

TEST(Config, TakesWholeNumbersAsShares)
{
    const auto config = parse_config("[route]\npatient = 1\n", "site.toml");
    ASSERT_TRUE(config);
    EXPECT_EQ(config->route_patient, 1.0);
}

TEST(Config, WhateverChangesAPageChangesItsFingerprint)
{
    const test::TemporaryFolder models;
    models.file("doctypes/letter.toml", "id = 1");
    Config config;
    const std::string before = config.page_fingerprint(models.path());
    config.threads = 7;
    EXPECT_EQ(config.page_fingerprint(models.path()), before) << "how many work on it does not change a page";
    models.file("doctypes/letter.toml", "id = 2");
    const std::string retrained = config.page_fingerprint(models.path());
    EXPECT_NE(retrained, before);
    config.languages = {"spa"};
    EXPECT_NE(config.page_fingerprint(models.path()), retrained);
}

}  // namespace
}  // namespace chartlift::pipeline
