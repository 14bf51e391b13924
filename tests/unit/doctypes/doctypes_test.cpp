// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>

#include "stages/adapters/doctype_toml.h"

namespace chartlift::adapters {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

const std::string kNote = "id = \"note\"\nname = \"Note\"\ntitles = [\"NOTE\"]\n";

std::string fault_of(const std::string& text)
{
    const auto types = parse_doctypes({{"site.toml", text}});
    if (types) return "no fault";
    EXPECT_EQ(types.error().kind, FaultKind::config);
    return types.error().what;
}

TEST(DocTypesToml, ReadsATypeAndSortsById)
{
    const auto types = parse_doctypes(
        {{"b.toml", kNote},
         {"a.toml", "id=\"card\"\nname=\"Card\"\nloinc=\"64290-0\"\nsingle_page=true\ntitles=[\" Card \", \"Card\"]"}});
    ASSERT_TRUE(types) << types.error().message();
    ASSERT_EQ(types->types.size(), 2U);
    EXPECT_EQ(types->types[0].id, "card");
    EXPECT_TRUE(types->types[0].single_page);
    EXPECT_EQ(types->types[0].loinc, "64290-0");
    EXPECT_EQ(types->types[0].titles, std::vector<std::string>{"Card"});
    EXPECT_FALSE(types->find("note")->single_page);
}

TEST(DocTypesToml, JoinsLabelsOfOneKindOverFiles)
{
    const auto types = parse_doctypes({{"_labels.toml", "[[label]]\nkind=\"mrn\"\nlabels=[\"MRN\"]\n"},
                                       {"note.toml", kNote},
                                       {"site.toml", "[[label]]\nkind=\"mrn\"\nlabels=[\"MRN\", \"Chart\"]\n"}});
    ASSERT_TRUE(types) << types.error().message();
    ASSERT_EQ(types->labels.size(), 1U);
    EXPECT_EQ(types->labels[0].labels, (std::vector<std::string>{"MRN", "Chart"}));
}

TEST(DocTypesToml, FaultsNameFileLineAndKey)
{
    EXPECT_THAT(fault_of("id = \"note\"\nname = 3\ntitles = []"),
                AllOf(HasSubstr("site.toml line 2"), HasSubstr("'name'")));
    EXPECT_THAT(fault_of(kNote + "tilte = \"x\""), AllOf(HasSubstr("line 4"), HasSubstr("'tilte'")));
    EXPECT_THAT(fault_of("id = \"note\"\nname = \"Note\""), HasSubstr("'titles'"));
    EXPECT_THAT(fault_of("id = \"No Te\"\nname = \"Note\"\ntitles = []"), HasSubstr("line 1: key 'id'"));
    EXPECT_THAT(fault_of("id = \"unknown\"\nname = \"Note\"\ntitles = []"), HasSubstr("key 'id'"));
    EXPECT_THAT(fault_of(kNote + "loinc = \"114884\""), HasSubstr("line 4: key 'loinc'"));
    EXPECT_THAT(fault_of(kNote + "single_page = 1"), HasSubstr("line 4: key 'single_page'"));
    EXPECT_THAT(fault_of("id = \"note"), HasSubstr("site.toml line 1"));
    EXPECT_THAT(fault_of("[[label]]\nkind = \"shoe_size\"\nlabels = []"), HasSubstr("line 2: key 'kind'"));
    EXPECT_THAT(fault_of("[[label]]\nkind = \"mrn\"\nlabels = [\"MRN\",\n\"\"]"), HasSubstr("line 4: key 'labels'"));
    EXPECT_THAT(fault_of("facility_words = [\"Clinic\"]"), HasSubstr("no file defines"));
}

TEST(DocTypesToml, RefusesOneTypeTwice)
{
    const auto types = parse_doctypes({{"a.toml", kNote}, {"b.toml", kNote}});
    ASSERT_FALSE(types);
    EXPECT_THAT(types.error().what, AllOf(HasSubstr("b.toml"), HasSubstr("'note'")));
}

TEST(DocTypesToml, AMissingFolderIsAnIoFault)
{
    const auto types = load_doctypes("/nonexistent/doctypes");
    ASSERT_FALSE(types);
    EXPECT_EQ(types.error().kind, FaultKind::io);
}

std::string folded(std::string_view text)
{
    std::string out;
    for (const char c : text)
        if (std::isalnum(static_cast<unsigned char>(c)) != 0) out += static_cast<char>(std::tolower(c));
    return out;
}

TEST(ShippedDocTypes, AreCompleteAndUnambiguous)
{
    const auto types = load_doctypes(std::filesystem::path(CHARTLIFT_SOURCE_DIR) / "models/doctypes");
    ASSERT_TRUE(types) << types.error().message();
    EXPECT_GE(types->types.size(), 25U);
    std::map<std::string, std::string> owner;
    for (const auto& type : types->types) {
        EXPECT_GE(type.titles.size(), 10U) << type.id;
        for (const auto& title : type.titles) {
            const auto [at, fresh] = owner.emplace(folded(title), type.id);
            EXPECT_TRUE(fresh || at->second == type.id) << title << " heads " << at->second << " and " << type.id;
        }
    }
    EXPECT_EQ(types->find("operative_report")->loinc, "11504-8");
    EXPECT_TRUE(types->find("face_sheet")->single_page);
    for (int i = 0; i < kFieldKinds; ++i) {
        const auto kind = static_cast<FieldKind>(i);
        EXPECT_TRUE(std::any_of(types->labels.begin(), types->labels.end(), [&](const FieldLabels& labels) {
            return labels.kind == kind && !labels.labels.empty();
        })) << to_string(kind);
    }
    EXPECT_THAT(types->separator_values, Contains("PATCHT"));
    EXPECT_THAT(types->facility_words, Contains("Hospital"));
}

}  // namespace
}  // namespace chartlift::adapters
