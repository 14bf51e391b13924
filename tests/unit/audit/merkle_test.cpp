// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/merkle.h"

#include <gtest/gtest.h>

#include <map>
#include <span>

namespace chartlift::store {
namespace {

/// The definitions of RFC 6962 section 2.1, word for word.
TreeHash defined_root(std::span<const TreeHash> leaves)
{
    if (leaves.empty()) return root_of_empty_tree();
    if (leaves.size() == 1) return leaves.front();
    std::size_t k = 1;
    while (k * 2 < leaves.size()) k *= 2;
    return hash_of_node(defined_root(leaves.first(k)), defined_root(leaves.subspan(k)));
}

TreeProof defined_path(std::size_t m, std::span<const TreeHash> leaves)
{
    if (leaves.size() == 1) return {};
    std::size_t k = 1;
    while (k * 2 < leaves.size()) k *= 2;
    TreeProof path = m < k ? defined_path(m, leaves.first(k)) : defined_path(m - k, leaves.subspan(k));
    path.push_back(m < k ? defined_root(leaves.subspan(k)) : defined_root(leaves.first(k)));
    return path;
}

TreeProof defined_subproof(std::size_t m, std::span<const TreeHash> leaves, bool whole)
{
    if (m == leaves.size()) return whole ? TreeProof{} : TreeProof{defined_root(leaves)};
    std::size_t k = 1;
    while (k * 2 < leaves.size()) k *= 2;
    TreeProof proof =
        m <= k ? defined_subproof(m, leaves.first(k), whole) : defined_subproof(m - k, leaves.subspan(k), false);
    proof.push_back(m <= k ? defined_root(leaves.subspan(k)) : defined_root(leaves.first(k)));
    return proof;
}

struct StoredTree {
    std::vector<TreeHash> leaves;
    std::map<std::pair<unsigned, std::uint64_t>, TreeHash> nodes;
    GrowingTree tree;

    void add(std::string_view leaf)
    {
        leaves.push_back(hash_of_leaf(leaf));
        nodes[{0, leaves.size() - 1}] = leaves.back();
        ASSERT_TRUE(tree.append(leaves.back(), [&](const TreeNode& node, const TreeHash& hash) -> Result<void> {
            nodes[{node.level, node.ordinal}] = hash;
            return {};
        }));
    }
    ReadNode reader() const
    {
        return [this](const TreeNode& node) -> Result<TreeHash> {
            const auto found = nodes.find({node.level, node.ordinal});
            if (found == nodes.end())
                return Fault{FaultKind::internal, "test", "asked for a node that is not complete"};
            return found->second;
        };
    }
};

StoredTree tree_of(std::size_t size)
{
    StoredTree tree;
    for (std::size_t i = 0; i < size; ++i) tree.add("leaf " + std::to_string(i));
    return tree;
}

std::string from_hex(std::string_view hex)
{
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2)
        bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    return bytes;
}

// The test vectors of the certificate-transparency reference implementation.
TEST(Merkle, GivesTheRootsOfCertificateTransparencysVectors)
{
    EXPECT_EQ(to_hex(root_of_empty_tree()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    const std::vector<std::pair<std::string, std::string>> vectors{
        {"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
        {"00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
        {"10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
        {"2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
        {"3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
        {"40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
        {"5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
        {"606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"}};
    StoredTree tree;
    EXPECT_EQ(to_hex(tree.tree.root()), to_hex(root_of_empty_tree()));
    for (const auto& [leaf, root] : vectors) {
        tree.add(from_hex(leaf));
        EXPECT_EQ(to_hex(tree.tree.root()), root) << "size " << tree.leaves.size();
    }
    const auto path = inclusion_proof(5, 8, tree.reader());
    ASSERT_TRUE(path);
    ASSERT_EQ(path->size(), 3U);
    EXPECT_EQ(to_hex(path->at(0)), "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b");
    EXPECT_EQ(to_hex(path->at(1)), "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0");
    EXPECT_EQ(to_hex(path->at(2)), "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7");
}

constexpr std::size_t kLargest = 70;

TEST(Merkle, AgreesWithTheRecursiveDefinitionAtEverySize)
{
    const StoredTree tree = tree_of(kLargest);
    const std::span<const TreeHash> leaves(tree.leaves);
    StoredTree growing;
    for (std::size_t size = 0; size <= kLargest; ++size) {
        const TreeHash root = defined_root(leaves.first(size));
        EXPECT_EQ(*root_at(size, tree.reader()), root);
        EXPECT_EQ(growing.tree.root(), root);
        // A tree taken up again from its stored peaks grows on as if it had never been put down.
        std::vector<TreeHash> peaks;
        for (const TreeNode& peak : peaks_of(size)) peaks.push_back(*growing.reader()(peak));
        EXPECT_EQ(GrowingTree(size, peaks).root(), root);
        if (size < kLargest) growing.add("leaf " + std::to_string(size));
        for (std::size_t index = 0; index < size; ++index) {
            const auto proof = inclusion_proof(index, size, tree.reader());
            ASSERT_TRUE(proof);
            EXPECT_EQ(*proof, defined_path(index, leaves.first(size)));
            EXPECT_TRUE(inclusion_holds(leaves[index], index, size, *proof, root));
            EXPECT_FALSE(inclusion_holds(leaves[index], (index + 1) % size, size, *proof, root) && size > 1);
        }
        for (std::size_t old_size = 0; old_size <= size; ++old_size) {
            const auto proof = consistency_proof(old_size, size, tree.reader());
            ASSERT_TRUE(proof);
            if (old_size > 0 && old_size < size) {
                EXPECT_EQ(*proof, defined_subproof(old_size, leaves.first(size), true));
            }
            EXPECT_TRUE(consistency_holds(old_size, defined_root(leaves.first(old_size)), size, root, *proof));
        }
    }
}

TEST(Merkle, AProofWithAnyHashChangedDroppedOrAddedFails)
{
    const StoredTree tree = tree_of(kLargest);
    const std::span<const TreeHash> leaves(tree.leaves);
    const TreeHash root = defined_root(leaves);
    for (const std::size_t at : {std::size_t{1}, std::size_t{32}, std::size_t{47}, std::size_t{64}, std::size_t{69}}) {
        const TreeProof path = *inclusion_proof(at, kLargest, tree.reader());
        const TreeProof steps = *consistency_proof(at, kLargest, tree.reader());
        const TreeHash old_root = defined_root(leaves.first(at));
        const auto fails = [&](const TreeProof& changed_path, const TreeProof& changed_steps) {
            EXPECT_FALSE(inclusion_holds(leaves[at], at, kLargest, changed_path, root));
            EXPECT_FALSE(consistency_holds(at, old_root, kLargest, root, changed_steps));
        };
        for (std::size_t i = 0; i < std::min(path.size(), steps.size()); ++i) {
            TreeProof changed_path = path;
            TreeProof changed_steps = steps;
            changed_path[i][7] ^= 1U;
            changed_steps[i][7] ^= 1U;
            fails(changed_path, changed_steps);
        }
        TreeProof longer_path = path;
        TreeProof longer_steps = steps;
        longer_path.push_back(root);
        longer_steps.push_back(root);
        fails(longer_path, longer_steps);
        fails({path.begin(), path.end() - 1}, {steps.begin(), steps.end() - 1});
        EXPECT_FALSE(inclusion_holds(leaves[at - 1], at, kLargest, path, root));
        EXPECT_FALSE(consistency_holds(at, defined_root(leaves.first(at - 1)), kLargest, root, steps));
    }
    EXPECT_FALSE(inclusion_holds(leaves[0], 0, 0, {}, root));
    EXPECT_FALSE(consistency_holds(3, root, 2, root, {}));
    EXPECT_FALSE(inclusion_proof(kLargest, kLargest, tree.reader()));
    EXPECT_FALSE(consistency_proof(3, 2, tree.reader()));
}

}  // namespace
}  // namespace chartlift::store
