#include "ledger/merkle.h"

#include <bit>

namespace ward::ledger {
namespace {

constexpr std::uint8_t kLeafPrefix = 0x00;
constexpr std::uint8_t kNodePrefix = 0x01;

// The largest power of two below n, for n > 1 (RFC 9162 section 2.1.1).
std::uint64_t split_point(std::uint64_t n) { return std::bit_floor(n - 1); }

// MTH(D[begin:begin+count]) where begin is a multiple of the smallest power of two >= count, as all
// ranges of the algorithms are.
Result<NodeHash> range_root(const NodeSource& nodes, std::uint64_t begin, std::uint64_t count) {
  if (std::has_single_bit(count)) {
    const auto level = static_cast<unsigned>(std::countr_zero(count));
    return nodes(level, begin >> level);
  }
  const std::uint64_t k = split_point(count);
  WARD_TRY(const NodeHash left, range_root(nodes, begin, k));
  WARD_TRY(const NodeHash right, range_root(nodes, begin + k, count - k));
  return node_hash(left, right);
}

Result<void> check_size(std::uint64_t size) {
  if (size > kMaxTreeSize) return Error(Errc::kLimit, "merkle: tree size", size);
  return {};
}

Result<void> take(std::span<const NodeHash>& proof, NodeHash& out) {
  if (proof.empty()) return Error(Errc::kMalformed, "merkle: proof is too short");
  out = proof.front();
  proof = proof.subspan(1);
  return {};
}

}  // namespace

NodeHash leaf_hash(Bytes leaf) {
  const std::array<std::uint8_t, 1> prefix = {kLeafPrefix};
  return crypto::sha256(concat({prefix, leaf}));
}

NodeHash node_hash(const NodeHash& left, const NodeHash& right) {
  const std::array<std::uint8_t, 1> prefix = {kNodePrefix};
  return crypto::sha256(concat({prefix, left, right}));
}

NodeHash empty_root() { return crypto::sha256({}); }

Result<NodeHash> tree_root(const NodeSource& nodes, std::uint64_t size) {
  WARD_CHECK_OK(check_size(size));
  if (size == 0) return empty_root();
  return range_root(nodes, 0, size);
}

Result<std::vector<NodeHash>> inclusion_proof(const NodeSource& nodes, std::uint64_t index,
                                              std::uint64_t size) {
  WARD_CHECK_OK(check_size(size));
  if (index >= size) return Error(Errc::kMalformed, "merkle: index is not in the tree", index);
  // Walk down from the root, remembering the sibling of each step; the proof lists them upwards.
  std::vector<NodeHash> down;
  std::uint64_t begin = 0;
  std::uint64_t count = size;
  while (count > 1) {
    const std::uint64_t k = split_point(count);
    const bool right = index >= begin + k;
    WARD_TRY(const NodeHash sibling,
             right ? range_root(nodes, begin, k) : range_root(nodes, begin + k, count - k));
    down.push_back(sibling);
    if (right) begin += k;
    count = right ? count - k : k;
  }
  return std::vector<NodeHash>(down.rbegin(), down.rend());
}

Result<std::vector<NodeHash>> consistency_proof(const NodeSource& nodes, std::uint64_t old_size,
                                                std::uint64_t size) {
  WARD_CHECK_OK(check_size(size));
  if (old_size > size) return Error(Errc::kMalformed, "merkle: old tree is larger", old_size);
  std::vector<NodeHash> down;
  if (old_size == 0 || old_size == size) return down;
  // SUBPROOF(m, D_n, b) of section 2.1.4.1, unrolled: m old leaves within the range.
  std::uint64_t begin = 0;
  std::uint64_t count = size;
  std::uint64_t m = old_size;
  bool whole = true;  // b: the old range is all of what was seen, so its root is known
  while (m != count) {
    const std::uint64_t k = split_point(count);
    const bool left = m <= k;
    WARD_TRY(const NodeHash sibling,
             left ? range_root(nodes, begin + k, count - k) : range_root(nodes, begin, k));
    down.push_back(sibling);
    if (left) {
      count = k;
    } else {
      begin += k;
      count -= k;
      m -= k;
      whole = false;
    }
  }
  if (!whole) {
    WARD_TRY(const NodeHash last, range_root(nodes, begin, count));
    down.push_back(last);
  }
  return std::vector<NodeHash>(down.rbegin(), down.rend());
}

Result<void> verify_inclusion(const Inclusion& claim, std::span<const NodeHash> proof) {
  WARD_CHECK_OK(check_size(claim.size));
  if (claim.index >= claim.size) return Error(Errc::kMalformed, "merkle: index is not in the tree");
  std::uint64_t fn = claim.index;
  std::uint64_t sn = claim.size - 1;
  NodeHash r = claim.leaf;
  while (sn != 0) {
    NodeHash p{};
    if ((fn & 1U) != 0 || fn == sn) {
      WARD_CHECK_OK(take(proof, p));
      r = node_hash(p, r);
      while ((fn & 1U) == 0 && fn != 0) {
        fn >>= 1U;
        sn >>= 1U;
      }
    } else {
      WARD_CHECK_OK(take(proof, p));
      r = node_hash(r, p);
    }
    fn >>= 1U;
    sn >>= 1U;
  }
  if (!proof.empty()) return Error(Errc::kMalformed, "merkle: proof is too long");
  if (r != claim.root) return Error(Errc::kUntrusted, "merkle: proof leads to another root");
  return {};
}

Result<void> verify_consistency(const Consistency& claim, std::span<const NodeHash> proof) {
  WARD_CHECK_OK(check_size(claim.size));
  if (claim.old_size > claim.size) return Error(Errc::kMalformed, "merkle: old tree is larger");
  if (claim.old_size == 0 || claim.old_size == claim.size) {
    if (!proof.empty()) return Error(Errc::kMalformed, "merkle: proof is too long");
    const NodeHash want = claim.old_size == 0 ? empty_root() : claim.root;
    if (claim.old_root != want) return Error(Errc::kUntrusted, "merkle: old root");
    return {};
  }
  std::uint64_t fn = claim.old_size - 1;
  std::uint64_t sn = claim.size - 1;
  while ((fn & 1U) != 0) {
    fn >>= 1U;
    sn >>= 1U;
  }
  NodeHash fr = claim.old_root;  // step 1: a power of two begins the proof with its own root
  if (!std::has_single_bit(claim.old_size)) WARD_CHECK_OK(take(proof, fr));
  NodeHash sr = fr;
  while (sn != 0) {
    NodeHash c{};
    WARD_CHECK_OK(take(proof, c));
    if ((fn & 1U) != 0 || fn == sn) {
      fr = node_hash(c, fr);
      sr = node_hash(c, sr);
      while ((fn & 1U) == 0 && fn != 0) {
        fn >>= 1U;
        sn >>= 1U;
      }
    } else {
      sr = node_hash(sr, c);
    }
    fn >>= 1U;
    sn >>= 1U;
  }
  if (!proof.empty()) return Error(Errc::kMalformed, "merkle: proof is too long");
  if (fr != claim.old_root || sr != claim.root) {
    return Error(Errc::kUntrusted, "merkle: the roots do not follow");
  }
  return {};
}

std::vector<NodeHash> TreeBuilder::add(const NodeHash& leaf) {
  std::vector<NodeHash> completed;
  NodeHash top = leaf;
  for (std::uint64_t n = size_; (n & 1U) != 0; n >>= 1U) {
    top = node_hash(peaks_.back(), top);
    peaks_.pop_back();
    completed.push_back(top);
  }
  peaks_.push_back(top);
  ++size_;
  return completed;
}

NodeHash TreeBuilder::root() const {
  if (peaks_.empty()) return empty_root();
  NodeHash r = peaks_.back();
  for (std::size_t i = peaks_.size() - 1; i > 0; --i) {
    r = node_hash(peaks_[i - 1], r);
  }
  return r;
}

}  // namespace ward::ledger
