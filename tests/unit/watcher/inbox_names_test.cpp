// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/inbox_names.h"

#include <gtest/gtest.h>

namespace chartlift::service {
namespace {

TEST(InboxNames, SayWhatIsInputMarkerOrPassedOver)
{
    for (const char* leaf : {"scan.tif", "done", "manifest.txt", "part", "-x", " ", "count", "12.count"})
        EXPECT_EQ(kind_of_file(leaf, false), NameKind::input) << leaf;
    for (const char* leaf : {".done", ".ready", "scan.tif.DONE", "a.ready", "a.sha256", "Manifest.json"})
        EXPECT_EQ(kind_of_file(leaf, false), NameKind::marker) << leaf;
    for (const char* leaf : {"count", "12.count", "Count"})
        EXPECT_EQ(kind_of_file(leaf, true), NameKind::marker) << leaf;
    for (const char* leaf : {"x.count", ".count.count", "-1.count"})
        EXPECT_NE(kind_of_file(leaf, true), NameKind::marker) << leaf;
    for (const char* leaf : {"a.part", "a.Tmp", "a~", ".a", "~$a.docx", "thumbs.DB", "desktop.ini"})
        EXPECT_EQ(kind_of_file(leaf, true), NameKind::passed_over) << leaf;
    EXPECT_TRUE(is_passed_over_folder("System Volume Information"));
    EXPECT_FALSE(is_passed_over_folder("desktop.ini"));
}

TEST(InboxNames, ComeApart)
{
    EXPECT_EQ(leaf_of("a/b/"), "b");
    EXPECT_EQ(leaf_of("b"), "b");
    EXPECT_EQ(folder_of("a/b/"), "a/");
    EXPECT_EQ(folder_of("b"), "");
    EXPECT_EQ(without_ending("a.b/c.tif"), "a.b/c");
    EXPECT_EQ(without_ending("a.b/c"), "");
    EXPECT_EQ(without_ending("a/.done"), "");
    EXPECT_EQ(marker_key("A/Scan.TIF.DONE"), "A/Scan.TIF.done");
    EXPECT_EQ(marker_key("A/.READY"), "A/.ready");
    EXPECT_EQ(marker_key("A/COUNT"), "A/count");
    EXPECT_EQ(marker_key("A/12.Count"), "A/12.count");
    EXPECT_EQ(count_in_name("12.count"), 12U);
}

}  // namespace
}  // namespace chartlift::service
