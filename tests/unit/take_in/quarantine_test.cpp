// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/quarantine.h"

#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/temporary_folder.h"

namespace chartlift::service {
namespace {

namespace fs = std::filesystem;

class QuarantineTest : public testing::Test {
protected:
    QuarantineTest()
    {
        std::ofstream(folder_.path() / "scan") << "locked";
        const auto kept = store::Archive(folder_.path() / "archive", files_).keep(folder_.path() / "scan", Limits{});
        EXPECT_TRUE(kept);
        arrival_.id = 7;
        arrival_.inbox = "ward";
        arrival_.name = "caf\xe9.pdf";
        arrival_.files = {{"caf\xe9.pdf", {}, kept->sha256, kept->bytes, true}};
    }
    fs::path copy() const { return folder_.path() / "quarantine/7/caf\xe9.pdf"; }

    test::TemporaryFolder folder_;
    store::PosixFiles files_;
    store::Arrival arrival_;
    Quarantine quarantine_{folder_.path(), files_};
    const Fault fault_{FaultKind::encrypted, "decode", "a password is needed"};
};

TEST_F(QuarantineTest, HoldsTheFileAndWhyAndWhatToDo)
{
    ASSERT_TRUE(quarantine_.put(arrival_, fault_));
    EXPECT_EQ(test::read_all(copy()), "locked");
    const auto why = nlohmann::json::parse(test::read_all(folder_.path() / "quarantine/7.why.json"));
    EXPECT_EQ(why["kind"], "encrypted");
    EXPECT_EQ(why["reason"], "decode: encrypted: a password is needed");
    EXPECT_EQ(why["name"], "caf\\xe9.pdf");
    EXPECT_THAT(why["what_to_do"].get<std::string>(), testing::HasSubstr("release"));
}

TEST_F(QuarantineTest, CanBePutAgainAfterACrash)
{
    ASSERT_TRUE(quarantine_.put(arrival_, fault_));
    ASSERT_TRUE(quarantine_.put(arrival_, fault_));
    EXPECT_EQ(test::read_all(copy()), "locked");
}

TEST_F(QuarantineTest, WhatWasReleasedLeavesItAndStaysInTheArchive)
{
    ASSERT_TRUE(quarantine_.put(arrival_, fault_));
    ASSERT_TRUE(quarantine_.remove(7));
    EXPECT_FALSE(fs::exists(copy()));
    EXPECT_FALSE(fs::exists(folder_.path() / "quarantine/7.why.json"));
    EXPECT_TRUE(fs::exists(store::Archive(folder_.path() / "archive", files_).path_of(arrival_.files[0].sha256)));
}

TEST_F(QuarantineTest, EveryKindOfFaultHasARemedy)
{
    for (int kind = 0; kind <= static_cast<int>(FaultKind::internal); ++kind)
        EXPECT_THAT(std::string(remedy_for(static_cast<FaultKind>(kind))), testing::HasSubstr("chartlift quarantine"));
}

}  // namespace
}  // namespace chartlift::service
