#include "ledger/audit.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "ledger/keys.h"

namespace ward::ledger {
namespace {

constexpr std::array<std::string_view, 8> kFaultNames = {
    "removed", "changed", "reordered", "extra", "node", "checkpoint", "head", "rolled_back"};

// What stands at one place.
struct Place {
  std::optional<NodeHash> leaf;    // hash of the leaf's octets; empty where it was removed
  std::optional<NodeHash> stored;  // the hash that append kept
  std::optional<Leaf> parsed;
};

class Auditor {
 public:
  Auditor(store::View& view, const NoteKey& key, std::optional<Checkpoint> kept)
      : view_(view), key_(key), kept_(std::move(kept)) {}

  Result<Audit> run() {
    WARD_TRY(const Head head, take_head());
    out_.size = head.size;
    compare_kept();  // a kept checkpoint of the empty tree
    for (std::uint64_t i = 0; i < head.size && !full(); ++i) {
      WARD_CHECK_OK(judge_place(i));
    }
    if (!full()) WARD_CHECK_OK(judge_behind_the_end(head.size));
    if (kept_ && kept_->size > head.size) add(FaultKind::kRolledBack, kept_->size);
    if (out_.faults.empty() && newest_ != head.newest) add(FaultKind::kHead, 0);
    out_.root = tree_.root();
    const bool own = key_.to_text().starts_with(out_.other_signer + '+');
    if (any_of_key_ || own) out_.other_signer.clear();
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool full() const { return out_.more && out_.faults.size() >= kMaxFaults; }

  void add(FaultKind kind, std::uint64_t index) {
    if (out_.faults.size() >= kMaxFaults) {
      out_.more = true;
      return;
    }
    out_.faults.push_back({kind, index});
  }

  Result<Head> take_head() {
    auto head = read_head(view_);
    if (head) return head;
    if (head.error().code() != Errc::kMalformed) return head.error();
    add(FaultKind::kHead, 0);
    return Head{};
  }

  Result<std::optional<Buffer>> row(std::string_view table, const std::string& key) {
    WARD_TRY(store::Row found, view_.get(table, key));
    return std::move(found.value);
  }

  Result<std::optional<NodeHash>> node(unsigned level, std::uint64_t index) {
    WARD_TRY(const auto value, row(kNodeTable, node_key(level, index)));
    return value ? to_array<32>(*value) : std::nullopt;
  }

  Result<Place> read_place(std::uint64_t index) {
    Place place;
    WARD_TRY(const auto octets, row(kLeafTable, index_key(index)));
    if (octets) {
      place.leaf = leaf_hash(*octets);
      if (auto parsed = parse_leaf(*octets)) place.parsed = *std::move(parsed);
    }
    WARD_TRY(place.stored, node(0, index));
    return place;
  }

  // signed_root is the root that the ledger's key vouched for, for a tree of this size.
  Result<std::optional<NodeHash>> signed_root(std::uint64_t size) {
    WARD_TRY(const auto note, row(kCheckpointTable, index_key(size)));
    if (note) {
      const auto checkpoint = open_checkpoint(as_text(*note), key_);
      if (checkpoint) any_of_key_ = true;
      if (checkpoint && checkpoint->size == size) return std::optional(checkpoint->root);
      if (!checkpoint && out_.other_signer.empty()) {
        out_.other_signer = first_signer(as_text(*note));
      }
    }
    return std::optional<NodeHash>();
  }

  [[nodiscard]] NodeHash root_with(const NodeHash& leaf) const {
    TreeBuilder next = tree_;
    next.add(leaf);
    return next.root();
  }

  void add_leaf_fault(const Place& place, std::uint64_t index) {
    if (!place.leaf) {
      add(FaultKind::kRemoved, index);
    } else if (place.parsed && place.parsed->index != index) {
      add(FaultKind::kReordered, index);
    } else {
      add(FaultKind::kChanged, index);
    }
  }

  // judge_place decides which of leaf, stored hash and signed root are right, from any two that
  // agree, and goes on with the right hash where there is one.
  Result<void> judge_place(std::uint64_t index) {
    WARD_TRY(const Place place, read_place(index));
    WARD_TRY(const auto root, signed_root(index + 1));
    if (!root) add(FaultKind::kCheckpoint, index + 1);
    const auto fits = [&](const std::optional<NodeHash>& hash) {
      return hash && tied_ && root && root_with(*hash) == *root;
    };
    std::optional<NodeHash> right;
    if (fits(place.leaf)) {
      right = place.leaf;
      if (place.stored != place.leaf) add(FaultKind::kNode, index);
    } else if (fits(place.stored)) {
      right = place.stored;
      add_leaf_fault(place, index);
    } else if (place.leaf && place.leaf == place.stored && !(tied_ && root) &&
               in_place(place, index)) {
      right = place.leaf;  // nothing signed to compare with; the two that are left agree
    } else {
      add_leaf_fault(place, index);
    }
    if (!right) {  // the true hash is lost: later roots cannot be compared any more
      tied_ = false;
      out_.more = true;
      right = place.stored ? place.stored : place.leaf;
    }
    const auto completed = tree_.add(right.value_or(NodeHash{}));
    if (tied_) WARD_CHECK_OK(judge_subtrees(index, completed));
    if (place.parsed) take_time(place.parsed->entry);
    compare_kept();
    return {};
  }

  void take_time(const Entry& entry) {
    newest_ = entry.kind == kClockCorrectedKind ? entry.time : std::max(newest_, entry.time);
  }

  [[nodiscard]] static bool in_place(const Place& place, std::uint64_t index) {
    return place.parsed && place.parsed->index == index;
  }

  void compare_kept() {
    if (kept_ && kept_->size == tree_.size() && tree_.root() != kept_->root) {
      add(FaultKind::kRolledBack, kept_->size);
    }
  }

  // judge_subtrees compares the stored hashes of the subtrees that a leaf completed.
  Result<void> judge_subtrees(std::uint64_t index, const std::vector<NodeHash>& completed) {
    for (unsigned level = 1; level <= completed.size(); ++level) {
      WARD_TRY(const auto stored, node(level, index >> level));
      if (stored != completed[level - 1]) add(FaultKind::kNode, (index >> level) << level);
    }
    return {};
  }

  // Leaves that the head does not name, and checkpoints whose leaves are gone: the end was cut off.
  Result<void> judge_behind_the_end(std::uint64_t size) {
    const std::string last_leaf = size == 0 ? "" : index_key(size - 1);
    WARD_TRY(const auto leaves, view_.list(kLeafTable, "", last_leaf, kMaxFaults));
    for (const store::Listed& item : leaves) {
      add(FaultKind::kExtra, number(item.key));
    }
    WARD_TRY(const auto notes, view_.list(kCheckpointTable, "", index_key(size), kMaxFaults));
    for (const store::Listed& item : notes) {
      const std::uint64_t index = number(item.key) - 1;
      WARD_TRY(const auto leaf, row(kLeafTable, index_key(index)));
      if (!leaf) add(FaultKind::kRemoved, index);
    }
    return {};
  }

  // The key that index_key made; a foreign key counts as the place after all others.
  static std::uint64_t number(std::string_view key) {
    std::uint64_t value = 0;
    const auto [end, code] = std::from_chars(key.data(), key.data() + key.size(), value, 16);
    const bool ok = code == std::errc() && end == key.data() + key.size() && key.size() == 16;
    return ok ? value : kMaxTreeSize;
  }

  store::View& view_;
  const NoteKey& key_;
  std::optional<Checkpoint> kept_;
  TreeBuilder tree_;
  UnixTime newest_;
  bool any_of_key_ = false;
  bool tied_ = true;  // tree_ is what was signed, so far
  Audit out_;
};

}  // namespace

std::string_view to_text(FaultKind kind) { return kFaultNames[static_cast<std::size_t>(kind)]; }

Result<Audit> audit(store::View& view, const NoteKey& key, std::optional<std::string_view> kept) {
  std::optional<Checkpoint> known;
  if (kept) {
    WARD_TRY(known, open_checkpoint(*kept, key));
  }
  return Auditor(view, key, std::move(known)).run();
}

}  // namespace ward::ledger
