// SPDX-License-Identifier: GPL-3.0-or-later
// Input: two sizes, an index, which hash of a proof to change, a bit of it, then a proof of any hashes. What must hold:
// proofs made here hold, changed in any bit they do not, and a proof of any hashes is judged without harm.
#include "store/merkle.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "tests/fuzz/input.h"

namespace {

using namespace chartlift;
using namespace chartlift::store;
using fuzz::require;

constexpr std::uint64_t kLargestTree = 70;

/// All trees up to kLargestTree, and their nodes.
struct Trees {
    std::map<std::pair<unsigned, std::uint64_t>, TreeHash> nodes;
    std::vector<TreeHash> roots{root_of_empty_tree()};
    Trees()
    {
        GrowingTree tree;
        for (std::uint64_t i = 0; i < kLargestTree; ++i) {
            const TreeHash leaf = hash_of_leaf(std::to_string(i));
            nodes[{0, i}] = leaf;
            const auto added = tree.append(leaf, [&](const TreeNode& node, const TreeHash& hash) -> Result<void> {
                nodes[{node.level, node.ordinal}] = hash;
                return {};
            });
            require(added.has_value(), "a leaf can be added");
            roots.push_back(tree.root());
        }
    }
    Result<TreeHash> read(const TreeNode& node) const
    {
        const auto found = nodes.find({node.level, node.ordinal});
        require(found != nodes.end(), "only complete subtrees are asked for");
        return found->second;
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    static const Trees kTrees;
    const ReadNode read = [](const TreeNode& node) { return kTrees.read(node); };
    fuzz::Input input(bytes, size);
    const std::uint64_t new_size = 1 + input.below(kLargestTree);
    const std::uint64_t old_size = input.below(new_size + 1);
    const std::uint64_t index = input.below(new_size);
    const std::size_t change = input.u8();
    const std::size_t bit = input.u8();
    const TreeHash leaf = hash_of_leaf(std::to_string(index));
    const auto changed = [&](TreeProof proof) {
        TreeHash& hash = proof[change % proof.size()];
        hash[bit / 8] = static_cast<unsigned char>(hash[bit / 8] ^ (1U << (bit % 8)));
        return proof;
    };
    const auto inclusion = inclusion_proof(index, new_size, read);
    require(inclusion && inclusion_holds(leaf, index, new_size, *inclusion, kTrees.roots[new_size]),
            "a proof of inclusion holds");
    if (!inclusion->empty())
        require(!inclusion_holds(leaf, index, new_size, changed(*inclusion), kTrees.roots[new_size]),
                "a changed proof of inclusion does not hold");
    const auto consistency = consistency_proof(old_size, new_size, read);
    require(consistency &&
                consistency_holds(old_size, kTrees.roots[old_size], new_size, kTrees.roots[new_size], *consistency),
            "a proof of consistency holds");
    if (!consistency->empty())
        require(!consistency_holds(old_size, kTrees.roots[old_size], new_size, kTrees.roots[new_size],
                                   changed(*consistency)),
                "a changed proof of consistency does not hold");
    std::uint64_t any_size = static_cast<std::uint32_t>(input.i32());
    any_size = any_size << 32U | static_cast<std::uint32_t>(input.i32());
    TreeProof any;
    while (!input.empty()) {
        TreeHash hash{};
        for (unsigned char& byte : hash) byte = input.u8();
        any.push_back(hash);
    }
    inclusion_holds(leaf, any_size / 2, any_size, any, kTrees.roots[1]);
    consistency_holds(any_size / 3, kTrees.roots[1], any_size, kTrees.roots[2], any);
    return 0;
}
