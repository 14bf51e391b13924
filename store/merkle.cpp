// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/merkle.h"

#include <fmt/core.h>
#include <openssl/evp.h>

#include <algorithm>
#include <bit>
#include <initializer_list>
#include <memory>

namespace chartlift::store {
namespace {

constexpr std::string_view kLeafMark("\x00", 1);
constexpr std::string_view kNodeMark("\x01", 1);

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

TreeHash sha256(std::initializer_list<std::string_view> parts)
{
    // One context a thread, set up anew for each hash: looking the algorithm up takes longer than hashing a node.
    thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context = [] {
        std::unique_ptr<EVP_MD_CTX, FreeContext> made(EVP_MD_CTX_new());
        EVP_DigestInit_ex(made.get(), EVP_sha256(), nullptr);
        return made;
    }();
    EVP_DigestInit_ex(context.get(), nullptr, nullptr);
    for (const std::string_view part : parts) EVP_DigestUpdate(context.get(), part.data(), part.size());
    TreeHash hash{};
    EVP_DigestFinal_ex(context.get(), hash.data(), nullptr);
    return hash;
}

/// The largest power of two below n: where a tree of n > 1 leaves parts into left and right.
std::uint64_t split_of(std::uint64_t n)
{
    return std::bit_floor(n - 1);
}

/// The hash over the leaves [begin, begin + count); begin is a multiple of the least power of two >= count.
Result<TreeHash> hash_of_range(std::uint64_t begin, std::uint64_t count, const ReadNode& read)
{
    if (std::has_single_bit(count)) {
        const auto level = static_cast<unsigned>(std::countr_zero(count));
        return read(TreeNode{level, begin >> level});
    }
    const std::uint64_t left_count = split_of(count);
    const auto left = hash_of_range(begin, left_count, read);
    if (!left) return left.error();
    const auto right = hash_of_range(begin + left_count, count - left_count, read);
    if (!right) return right.error();
    return hash_of_node(*left, *right);
}

Fault out_of_range(std::string_view what, std::uint64_t actual, std::uint64_t most)
{
    return {FaultKind::config, "audit", fmt::format("{} is {}; the most is {}", what, actual, most)};
}

/// One step of a proof going down: the side that does not hold what is proven goes into the proof.
struct Descent {
    std::uint64_t begin;
    std::uint64_t count;
};

/// Adds the hash of the leaves [begin, begin + count) to the proof.
Result<void> add_range(TreeProof& proof, const Descent& range, const ReadNode& read)
{
    const auto hash = hash_of_range(range.begin, range.count, read);
    if (!hash) return hash.error();
    proof.push_back(*hash);
    return {};
}

/// The bits of a proof's walk from the leaves up, as both verifications of RFC 9162 share it.
struct Walk {
    std::uint64_t node;
    std::uint64_t last;
    bool joins_from_the_left() const { return (node & 1U) != 0 || node == last; }
    void up()
    {
        node >>= 1U;
        last >>= 1U;
    }
    /// A last node without a right sibling rises to where it is itself a right child.
    void rise()
    {
        while ((node & 1U) == 0 && node != 0) up();
    }
};

}  // namespace

TreeHash hash_of_leaf(std::string_view leaf)
{
    return sha256({kLeafMark, leaf});
}

TreeHash hash_of_node(const TreeHash& left, const TreeHash& right)
{
    return sha256({kNodeMark, bytes_of(left), bytes_of(right)});
}

TreeHash root_of_empty_tree()
{
    return sha256({});
}

std::string to_hex(const TreeHash& hash)
{
    std::string text;
    for (const unsigned char byte : hash) text += fmt::format("{:02x}", byte);
    return text;
}

std::string_view bytes_of(const TreeHash& hash)
{
    return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

std::optional<TreeHash> hash_from_bytes(std::string_view bytes)
{
    TreeHash hash{};
    if (bytes.size() != hash.size()) return std::nullopt;
    std::transform(bytes.begin(), bytes.end(), hash.begin(), [](char c) { return static_cast<unsigned char>(c); });
    return hash;
}

std::vector<TreeNode> peaks_of(std::uint64_t size)
{
    std::vector<TreeNode> peaks;
    std::uint64_t begin = 0;
    while (begin < size) {
        const std::uint64_t count = std::bit_floor(size - begin);
        const auto level = static_cast<unsigned>(std::countr_zero(count));
        peaks.push_back({level, begin >> level});
        begin += count;
    }
    return peaks;
}

Result<void> GrowingTree::append(const TreeHash& leaf, const TakeNode& take)
{
    TreeHash hash = leaf;
    std::uint64_t ordinal = size_;
    // Each set bit at the low end of the size is a peak of that level, which the new subtree completes.
    for (unsigned level = 1; (ordinal & 1U) != 0; ++level) {
        hash = hash_of_node(peaks_.back(), hash);
        peaks_.pop_back();
        ordinal >>= 1U;
        if (auto taken = take({level, ordinal}, hash); !taken) return taken;
    }
    peaks_.push_back(hash);
    ++size_;
    return {};
}

TreeHash GrowingTree::root() const
{
    if (peaks_.empty()) return root_of_empty_tree();
    TreeHash root = peaks_.back();
    for (auto peak = peaks_.rbegin() + 1; peak != peaks_.rend(); ++peak) root = hash_of_node(*peak, root);
    return root;
}

Result<TreeHash> root_at(std::uint64_t size, const ReadNode& read)
{
    if (size == 0) return root_of_empty_tree();
    return hash_of_range(0, size, read);
}

Result<TreeProof> inclusion_proof(std::uint64_t index, std::uint64_t size, const ReadNode& read)
{
    if (index >= size) return out_of_range("entry", index, size == 0 ? 0 : size - 1);
    TreeProof proof;
    Descent at{0, size};
    while (at.count > 1) {
        const std::uint64_t left_count = split_of(at.count);
        const Descent left{at.begin, left_count};
        const Descent right{at.begin + left_count, at.count - left_count};
        const bool goes_left = index < right.begin;
        if (auto added = add_range(proof, goes_left ? right : left, read); !added) return added.error();
        at = goes_left ? left : right;
    }
    std::reverse(proof.begin(), proof.end());
    return proof;
}

Result<TreeProof> consistency_proof(std::uint64_t old_size, std::uint64_t new_size, const ReadNode& read)
{
    if (old_size > new_size) return out_of_range("old size", old_size, new_size);
    TreeProof proof;
    if (old_size == 0 || old_size == new_size) return proof;
    Descent at{0, new_size};
    bool old_is_whole_left = true;  // while true, the verifier knows the old subtree: it is the old root itself
    while (at.begin + at.count != old_size) {
        const std::uint64_t left_count = split_of(at.count);
        const Descent left{at.begin, left_count};
        const Descent right{at.begin + left_count, at.count - left_count};
        const bool goes_left = old_size <= right.begin;
        if (auto added = add_range(proof, goes_left ? right : left, read); !added) return added.error();
        if (!goes_left) old_is_whole_left = false;
        at = goes_left ? left : right;
    }
    if (!old_is_whole_left)
        if (auto added = add_range(proof, at, read); !added) return added.error();
    std::reverse(proof.begin(), proof.end());
    return proof;
}

bool inclusion_holds(const TreeHash& leaf, std::uint64_t index, std::uint64_t size, const TreeProof& proof,
                     const TreeHash& root)
{
    if (index >= size) return false;
    Walk walk{index, size - 1};
    TreeHash hash = leaf;
    for (const TreeHash& sibling : proof) {
        if (walk.last == 0) return false;
        if (walk.joins_from_the_left()) {
            hash = hash_of_node(sibling, hash);
            walk.rise();
        } else {
            hash = hash_of_node(hash, sibling);
        }
        walk.up();
    }
    return walk.last == 0 && hash == root;
}

bool consistency_holds(std::uint64_t old_size, const TreeHash& old_root, std::uint64_t new_size,
                       const TreeHash& new_root, const TreeProof& proof)
{
    if (old_size > new_size) return false;
    if (old_size == new_size) return proof.empty() && old_root == new_root;
    if (old_size == 0) return proof.empty() && old_root == root_of_empty_tree();
    Walk walk{old_size - 1, new_size - 1};
    while ((walk.node & 1U) != 0) walk.up();
    const bool starts_at_old_root = std::has_single_bit(old_size);
    if (proof.empty() && !starts_at_old_root) return false;
    auto next = proof.begin();
    TreeHash old_hash = starts_at_old_root ? old_root : *next++;
    TreeHash new_hash = old_hash;
    for (; next != proof.end(); ++next) {
        if (walk.last == 0) return false;
        if (walk.joins_from_the_left()) {
            old_hash = hash_of_node(*next, old_hash);
            new_hash = hash_of_node(*next, new_hash);
            walk.rise();
        } else {
            new_hash = hash_of_node(new_hash, *next);
        }
        walk.up();
    }
    return walk.last == 0 && old_hash == old_root && new_hash == new_root;
}

}  // namespace chartlift::store
