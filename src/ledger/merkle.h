#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/digest.h"

// The Merkle tree of RFC 9162 section 2.1 with SHA-256. Pure functions.
namespace ward::ledger {

using NodeHash = crypto::Sha256Digest;

inline constexpr std::uint64_t kMaxTreeSize = std::uint64_t{1} << 62U;
inline constexpr std::size_t kMaxProofHashes = 64;

// leaf_hash is HASH(0x00 || leaf); node_hash is HASH(0x01 || left || right) (section 2.1.1).
[[nodiscard]] NodeHash leaf_hash(Bytes leaf);
[[nodiscard]] NodeHash node_hash(const NodeHash& left, const NodeHash& right);

// empty_root is the root of the tree without leaves: HASH() (section 2.1.1).
[[nodiscard]] NodeHash empty_root();

// NodeSource gives the hash of a complete subtree: the 2^level leaves from index * 2^level on.
using NodeSource = std::function<Result<NodeHash>(unsigned level, std::uint64_t index)>;

// tree_root is the root over the first `size` leaves. kLimit beyond kMaxTreeSize.
[[nodiscard]] Result<NodeHash> tree_root(const NodeSource& nodes, std::uint64_t size);

// inclusion_proof is PATH(index, D_size) (section 2.1.3.1). kMalformed unless index < size.
[[nodiscard]] Result<std::vector<NodeHash>> inclusion_proof(const NodeSource& nodes,
                                                            std::uint64_t index,
                                                            std::uint64_t size);

// consistency_proof is PROOF(old_size, D_size) (section 2.1.4.1); empty where the sizes are equal
// or old_size is 0. kMalformed unless old_size <= size.
[[nodiscard]] Result<std::vector<NodeHash>> consistency_proof(const NodeSource& nodes,
                                                              std::uint64_t old_size,
                                                              std::uint64_t size);

// Inclusion is what a proof of inclusion claims.
struct Inclusion {
  std::uint64_t index = 0;
  std::uint64_t size = 0;
  NodeHash leaf{};  // the leaf's hash
  NodeHash root{};
};

// verify_inclusion checks a proof (section 2.1.3.2). kMalformed: the index is not in the tree or
// the proof has a wrong number of hashes; kUntrusted: it leads to another root.
[[nodiscard]] Result<void> verify_inclusion(const Inclusion& claim,
                                            std::span<const NodeHash> proof);

// Consistency is what a proof of consistency claims: the old tree begins the new one.
struct Consistency {
  std::uint64_t old_size = 0;
  std::uint64_t size = 0;
  NodeHash old_root{};
  NodeHash root{};
};

// verify_consistency checks a proof (section 2.1.4.2). kMalformed: old_size > size or a wrong
// number of hashes; kUntrusted: the roots do not follow.
[[nodiscard]] Result<void> verify_consistency(const Consistency& claim,
                                              std::span<const NodeHash> proof);

// TreeBuilder computes roots while leaves are added, in memory of one hash per level. Not thread
// safe.
class TreeBuilder {
 public:
  // add returns the hashes of the subtrees that this leaf completes, of levels 1, 2, ...
  std::vector<NodeHash> add(const NodeHash& leaf);

  [[nodiscard]] std::uint64_t size() const { return size_; }

  [[nodiscard]] NodeHash root() const;

 private:
  std::uint64_t size_ = 0;
  std::vector<NodeHash> peaks_;  // of the complete subtrees, largest first
};

}  // namespace ward::ledger
