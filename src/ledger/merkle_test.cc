#include "ledger/merkle.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace ward::ledger {
namespace {

// The inputs and roots that the Certificate Transparency project tests with (cpp/merkletree/
// merkle_tree_test.cc of google/certificate-transparency, RFC 6962; RFC 9162 keeps the hashes).
constexpr std::array<std::string_view, 8> kInputs = {"",
                                                     "00",
                                                     "10",
                                                     "2021",
                                                     "3031",
                                                     "40414243",
                                                     "5051525354555657",
                                                     "606162636465666768696a6b6c6d6e6f"};

constexpr std::array<std::string_view, 9> kRoots = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

NodeHash hash_of(std::string_view hex) {
  const auto octets = from_hex(hex);
  EXPECT_TRUE(octets && octets->size() == 32) << hex;
  return octets ? to_array<32>(*octets).value_or(NodeHash{}) : NodeHash{};
}

std::vector<NodeHash> hashes(const std::vector<std::string_view>& hex) {
  std::vector<NodeHash> out;
  for (const std::string_view h : hex)
    out.push_back(hash_of(h));
  return out;
}

// A tree of any size, its leaves numbered, or the known inputs.
class Tree {
 public:
  explicit Tree(std::vector<NodeHash> leaves) : levels_{std::move(leaves)} {
    while (levels_.back().size() > 1) {
      std::vector<NodeHash> up;
      for (std::size_t i = 0; i + 1 < levels_.back().size(); i += 2)
        up.push_back(node_hash(levels_.back()[i], levels_.back()[i + 1]));
      levels_.push_back(std::move(up));
    }
  }

  static Tree known() {
    std::vector<NodeHash> leaves;
    for (const std::string_view input : kInputs)
      leaves.push_back(leaf_hash(*from_hex(input)));
    return Tree(std::move(leaves));
  }

  static Tree numbered(std::uint8_t size) {
    std::vector<NodeHash> leaves;
    for (std::uint8_t i = 0; i < size; ++i)
      leaves.push_back(leaf_hash(Buffer{i}));
    return Tree(std::move(leaves));
  }

  [[nodiscard]] NodeSource nodes() const {
    return [this](unsigned level, std::uint64_t index) -> Result<NodeHash> {
      if (level >= levels_.size() || index >= levels_[level].size()) {
        return Error(Errc::kInternal, "test: a node that no tree of this size has");
      }
      return levels_[level][index];
    };
  }

  [[nodiscard]] NodeHash leaf(std::uint64_t i) const { return levels_[0][i]; }

 private:
  std::vector<std::vector<NodeHash>> levels_;
};

template <class T>
Errc code(const Result<T>& r) {
  EXPECT_FALSE(r);
  return r ? Errc::kInternal : r.error().code();
}

TEST(Merkle, roots_are_those_of_certificate_transparency) {
  const Tree tree = Tree::known();
  TreeBuilder builder;
  EXPECT_EQ(to_hex(builder.root()), kRoots[0]);
  for (std::uint64_t size = 0; size <= 8; ++size) {
    EXPECT_EQ(to_hex(*tree_root(tree.nodes(), size)), kRoots[size]);
    EXPECT_EQ(to_hex(builder.root()), kRoots[size]);
    if (size < 8) builder.add(tree.leaf(size));
  }
}

TEST(Merkle, inclusion_proofs_are_those_of_certificate_transparency) {
  const Tree tree = Tree::known();
  const auto path = [&](std::uint64_t index, std::uint64_t size) {
    return *inclusion_proof(tree.nodes(), index, size);
  };
  EXPECT_TRUE(path(0, 1).empty());
  EXPECT_EQ(path(0, 8),
            hashes({"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}));
  EXPECT_EQ(path(5, 8),
            hashes({"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}));
  EXPECT_EQ(path(2, 3),
            hashes({"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}));
  EXPECT_EQ(path(1, 5),
            hashes({"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}));
}

TEST(Merkle, consistency_proofs_are_those_of_certificate_transparency) {
  const Tree tree = Tree::known();
  const auto proof = [&](std::uint64_t old_size, std::uint64_t size) {
    return *consistency_proof(tree.nodes(), old_size, size);
  };
  EXPECT_TRUE(proof(1, 1).empty());
  EXPECT_EQ(proof(1, 8),
            hashes({"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}));
  EXPECT_EQ(proof(6, 8),
            hashes({"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}));
  EXPECT_EQ(proof(2, 5),
            hashes({"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}));
}

TEST(Merkle, every_inclusion_proof_verifies_and_every_change_of_it_does_not) {
  for (std::uint8_t size = 1; size <= 33; ++size) {
    const Tree tree = Tree::numbered(size);
    const NodeHash root = *tree_root(tree.nodes(), size);
    for (std::uint64_t i = 0; i < size; ++i) {
      auto path = *inclusion_proof(tree.nodes(), i, size);
      const Inclusion claim{i, size, tree.leaf(i), root};
      ASSERT_TRUE(verify_inclusion(claim, path));
      Inclusion other = claim;
      other.leaf[31] ^= 1U;
      EXPECT_EQ(code(verify_inclusion(other, path)), Errc::kUntrusted);
      for (NodeHash& step : path) {
        step[0] ^= 0x80U;
        EXPECT_EQ(code(verify_inclusion(claim, path)), Errc::kUntrusted);
        step[0] ^= 0x80U;
      }
      path.push_back(root);
      EXPECT_EQ(code(verify_inclusion(claim, path)), Errc::kMalformed);
      path.pop_back();
      for (std::uint64_t j = 0; j < size; ++j) {
        if (j == i) continue;
        EXPECT_FALSE(verify_inclusion({j, size, tree.leaf(i), root}, path));
      }
      if (!path.empty()) {
        path.pop_back();
        EXPECT_EQ(code(verify_inclusion(claim, path)), Errc::kMalformed);
      }
    }
  }
}

TEST(Merkle, every_consistency_proof_verifies_and_every_change_of_it_does_not) {
  for (std::uint8_t size = 1; size <= 33; ++size) {
    const Tree tree = Tree::numbered(size);
    const NodeHash root = *tree_root(tree.nodes(), size);
    for (std::uint64_t old_size = 0; old_size <= size; ++old_size) {
      const NodeHash old_root = *tree_root(tree.nodes(), old_size);
      auto proof = *consistency_proof(tree.nodes(), old_size, size);
      const Consistency claim{old_size, size, old_root, root};
      ASSERT_TRUE(verify_consistency(claim, proof)) << old_size << " of " << int{size};
      Consistency other = claim;
      other.old_root[0] ^= 1U;
      EXPECT_EQ(code(verify_consistency(other, proof)), Errc::kUntrusted);
      for (NodeHash& step : proof) {
        step[5] ^= 1U;
        EXPECT_EQ(code(verify_consistency(claim, proof)), Errc::kUntrusted);
        step[5] ^= 1U;
      }
      proof.push_back(root);
      EXPECT_EQ(code(verify_consistency(claim, proof)), Errc::kMalformed);
      proof.pop_back();
      if (!proof.empty()) {
        proof.pop_back();
        EXPECT_EQ(code(verify_consistency(claim, proof)), Errc::kMalformed);
      }
    }
  }
}

TEST(Merkle, a_place_outside_the_tree_is_refused) {
  const Tree tree = Tree::known();
  EXPECT_EQ(code(inclusion_proof(tree.nodes(), 8, 8)), Errc::kMalformed);
  EXPECT_EQ(code(inclusion_proof(tree.nodes(), 0, 0)), Errc::kMalformed);
  EXPECT_EQ(code(consistency_proof(tree.nodes(), 8, 7)), Errc::kMalformed);
  EXPECT_EQ(code(verify_inclusion({8, 8, {}, {}}, {})), Errc::kMalformed);
  EXPECT_EQ(code(verify_consistency({9, 8, {}, {}}, {})), Errc::kMalformed);
  EXPECT_EQ(code(tree_root(tree.nodes(), kMaxTreeSize + 1)), Errc::kLimit);
  EXPECT_EQ(code(verify_inclusion({0, kMaxTreeSize + 1, {}, {}}, {})), Errc::kLimit);
  EXPECT_EQ(code(verify_inclusion({0, kMaxTreeSize, {}, {}}, {})), Errc::kMalformed);
}

}  // namespace
}  // namespace ward::ledger
