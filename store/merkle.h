// SPDX-License-Identifier: GPL-3.0-or-later
/// The hash tree of RFC 6962 section 2 (the same in RFC 9162 section 2.1) over SHA-256: one root stands for a list of
/// leaves in their order, and O(log n) hashes prove that a leaf is in it (inclusion) or that a longer list begins with
/// a shorter one (consistency). A leaf hashes as H(0x00 || leaf), a node as H(0x01 || left || right), so that neither
/// can be passed off as the other.
/// Guarantee: pure functions of their arguments; a reader of stored nodes is asked for complete subtrees only.
/// Faults: those of the reader; config (an index or size that the tree does not have).
/// Thread-safety: free functions are safe from many threads; a GrowingTree is owned by one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/fault.h"

namespace chartlift::store {

using TreeHash = std::array<unsigned char, 32>;

TreeHash hash_of_leaf(std::string_view leaf);
TreeHash hash_of_node(const TreeHash& left, const TreeHash& right);
TreeHash root_of_empty_tree();

std::string to_hex(const TreeHash& hash);  ///< lower case
/// The 32 bytes themselves, as a database keeps them; nothing if there are not 32.
std::string_view bytes_of(const TreeHash& hash);
std::optional<TreeHash> hash_from_bytes(std::string_view bytes);

/// A complete subtree: the leaves [ordinal * 2^level, (ordinal + 1) * 2^level). Level 0 is the leaves' own hashes.
struct TreeNode {
    unsigned level = 0;
    std::uint64_t ordinal = 0;
    friend bool operator==(const TreeNode&, const TreeNode&) = default;
};

/// The roots of the largest complete subtrees that a tree of this size falls into, from left to right: all that is
/// needed to go on appending to it.
std::vector<TreeNode> peaks_of(std::uint64_t size);

/// A tree that keeps only its peaks. Precondition: as many hashes as peaks_of(size), in that order.
class GrowingTree {
public:
    GrowingTree() = default;
    GrowingTree(std::uint64_t size, std::vector<TreeHash> peaks) : size_(size), peaks_(std::move(peaks)) {}

    /// Told of every node above the leaves that the new leaf completes, lowest first.
    using TakeNode = std::function<Result<void>(const TreeNode& node, const TreeHash& hash)>;
    /// On a fault of `take` the tree is not to be used any more.
    Result<void> append(const TreeHash& leaf, const TakeNode& take);

    std::uint64_t size() const { return size_; }
    TreeHash root() const;

private:
    std::uint64_t size_ = 0;
    std::vector<TreeHash> peaks_;
};

using ReadNode = std::function<Result<TreeHash>(const TreeNode& node)>;
using TreeProof = std::vector<TreeHash>;

/// The root that the tree had at `size`, which must be at most the size of the stored tree.
Result<TreeHash> root_at(std::uint64_t size, const ReadNode& read);
/// RFC 6962 section 2.1.1: that leaf `index` stands in the tree of `size`.
Result<TreeProof> inclusion_proof(std::uint64_t index, std::uint64_t size, const ReadNode& read);
/// RFC 6962 section 2.1.2: that the tree of `new_size` begins with that of `old_size`. Empty where they are equal, or
/// old_size is 0.
Result<TreeProof> consistency_proof(std::uint64_t old_size, std::uint64_t new_size, const ReadNode& read);

/// RFC 9162 sections 2.1.3.2 and 2.1.4.2.
bool inclusion_holds(const TreeHash& leaf, std::uint64_t index, std::uint64_t size, const TreeProof& proof,
                     const TreeHash& root);
bool consistency_holds(std::uint64_t old_size, const TreeHash& old_root, std::uint64_t new_size,
                       const TreeHash& new_root, const TreeProof& proof);

}  // namespace chartlift::store
