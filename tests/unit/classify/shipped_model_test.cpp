// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "pipeline/models.h"
#include "stages/adapters/doctype_toml.h"
#include "stages/classify/classify.h"

namespace chartlift {
namespace {

const std::filesystem::path kModels = std::filesystem::path(CHARTLIFT_SOURCE_DIR) / "models";

class ShippedModel : public ::testing::Test {
protected:
    void SetUp() override
    {
        auto types = adapters::load_doctypes(kModels / "doctypes");
        ASSERT_TRUE(types) << types.error().message();
        types_ = std::make_shared<const DocTypes>(std::move(*types));
        auto model = pipeline::load_page_types(kModels / "page_type.model");
        ASSERT_TRUE(model) << model.error().message();
        model_ = *model;
    }
    std::string type_of(const std::vector<std::string>& lines) const
    {
        return Classify(model_, types_).run(page_from_lines(lines), {})->best.type;
    }
    std::shared_ptr<const DocTypes> types_;
    std::shared_ptr<const PageTypeModel> model_;
};

TEST_F(ShippedModel, IsSmallAndNamesOnlyDefinedTypes)
{
    EXPECT_LE(std::filesystem::file_size(kModels / "page_type.model"), 5'000'000U);
    EXPECT_TRUE(std::filesystem::exists(kModels / "page_type.md"));
    for (const std::string& type : model_->types()) EXPECT_NE(types_->find(type), nullptr) << type;
}

TEST_F(ShippedModel, ReadsTitledPages)
{
    EXPECT_EQ(type_of({"Elm Street Clinic", "OPERATIVE REPORT", "Patient: Doe, Jane", "PREOPERATIVE DIAGNOSIS: Hernia.",
                       "POSTOPERATIVE DIAGNOSIS: Hernia.", "PROCEDURE: Repair.", "ANESTHESIA: General."}),
              "operative_report");
    EXPECT_EQ(type_of({"Elm Street Clinic", "Discharge Summary", "ADMISSION DIAGNOSIS: Pneumonia.",
                       "DISCHARGE MEDICATIONS: Levaquin.", "HOSPITAL COURSE: She improved and was discharged home."}),
              "discharge_summary");
}

TEST_F(ShippedModel, ReadsPagesWithoutATitle)
{
    EXPECT_EQ(type_of({"The patient was taken to the operating room and placed supine on the operating table.",
                       "General endotracheal anesthesia was induced. The abdomen was prepped and draped.",
                       "An incision was made and carried down through the fascia with electrocautery.",
                       "The wound was irrigated and closed with 3-0 Vicryl. Sponge and needle counts were correct."}),
              "operative_report");
    EXPECT_EQ(type_of({"EXAM: CT of the chest with contrast.", "TECHNIQUE: Axial images were obtained.",
                       "FINDINGS: The lungs are clear. No pleural effusion is seen.", "IMPRESSION: Normal study."}),
              "diagnostic_imaging_report");
}

}  // namespace
}  // namespace chartlift
