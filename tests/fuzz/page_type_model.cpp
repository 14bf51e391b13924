// SPDX-License-Identifier: GPL-3.0-or-later
// Input: what a model's file holds before its table of weights (up to a length of two bytes), one value of that table,
// and what follows it; the table, whose size is fixed, and the checksum are filled in here. Behind a first byte 1: the
// file as it stands. What must hold: a fault, or a model that saves to the same bytes and gives probabilities.
#include "stages/classify/page_type_model.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/fuzz/input.h"

namespace {

using namespace chartlift;
using fuzz::require;

std::string model_file(fuzz::Input& input)
{
    const std::size_t head = input.u16();
    const char idf = static_cast<char>(input.u8());
    const std::string_view given = input.rest();
    std::string file = "chartlift page types\n";
    file += given.substr(0, head);
    file.append(kBuckets, idf);
    if (given.size() > head) file += given.substr(head);
    std::uint64_t sum = 0xCBF29CE484222325ULL;
    for (const char c : file) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    for (unsigned i = 0; i < 8; ++i) file += static_cast<char>((sum >> (8 * i)) & 0xFFU);
    return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    fuzz::Input input(bytes, size);
    const std::string file = input.u8() == 1 ? std::string(input.rest()) : model_file(input);
    const auto model = PageTypeModel::load(file);
    if (!model) {
        require(!model.error().what.empty(), "a refusal says why");
        return 0;
    }
    require(model->save() == file, "a model saves to the bytes it was loaded from");
    const std::vector<Feature> features{{0, 1}, {1, -2}, {77, 0.5F}, {static_cast<std::uint32_t>(kBuckets - 1), 1}};
    const auto probabilities = model->probabilities(features);
    require(probabilities.size() == model->types().size(), "there is a probability a type");
    float sum = 0;
    for (const float value : probabilities) {
        require(value >= 0 && value <= 1, "a probability is one");
        sum += value;
    }
    require(std::abs(sum - 1) < 1e-3F, "probabilities sum to 1");
    return 0;
}
