#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/json_write.h"
#include "ledger/entry.h"
#include "ledger/merkle.h"
#include "ledger/note.h"
#include "store/store.h"

namespace ward::ledger {

// The tables that the ledger keeps in the store (docs/formats/ledger.md).
inline constexpr std::string_view kHeadTable = "ledger.head";
inline constexpr std::string_view kLeafTable = "ledger.leaf";
inline constexpr std::string_view kNodeTable = "ledger.node";
inline constexpr std::string_view kCheckpointTable = "ledger.checkpoint";

// How far the clock may stand behind the newest entry before append refuses.
inline constexpr std::int64_t kMaxClockStepBack_s = 30;

// Appended is where an entry went.
struct Appended {
  std::uint64_t index = 0;
  NodeHash leaf{};         // its hash
  std::string checkpoint;  // signed, over the tree that ends in it
};

// append writes one entry, the tree's new nodes and a signed checkpoint with the caller's
// transaction: they become durable with the act that they record, or not at all. Two appends in one
// transaction follow each other. kStale: the entry's time lies more than kMaxClockStepBack_s before
// that of the newest entry (the clock was set back); kMalformed: what the store holds is no ledger,
// or the entry; kLimit; errors of the store and the signer.
[[nodiscard]] Result<Appended> append(store::Transaction& tx, const NoteSigner& signer,
                                      const Entry& entry);

// The kind of the leaf that sets the newest time back. append refuses it.
inline constexpr std::string_view kClockCorrectedKind = "clock.corrected";

// correct_clock appends an entry of this kind at `now`, by `actor`, with the newest time as the
// detail "before": from then on `now` is the newest time. For a machine whose clock was wrongly in
// the future. kStale where the newest time does not lie after `now`: there is nothing to correct.
// Else errors of append.
[[nodiscard]] Result<Appended> correct_clock(store::Transaction& tx, const NoteSigner& signer,
                                             std::string_view actor, UnixTime now);

// Head is the ledger's state: how many leaves, and the newest time among them.
struct Head {
  std::uint64_t size = 0;
  UnixTime newest;
};

[[nodiscard]] Result<Head> read_head(store::View& view);

// read_leaf returns the octets of a leaf. kMalformed where there is none at `index`.
[[nodiscard]] Result<Buffer> read_leaf(store::View& view, std::uint64_t index);

// read_checkpoint returns the signed checkpoint of the tree with `size` leaves (1 or more).
[[nodiscard]] Result<std::string> read_checkpoint(store::View& view, std::uint64_t size);

// stored_nodes reads complete subtrees as append wrote them; borrows `view`.
[[nodiscard]] NodeSource stored_nodes(store::View& view);

// find_leaf looks for an entry by what a person has of it: its index in decimal, or its leaf hash
// in 64 hex digits. kUnavailable where there is none.
[[nodiscard]] Result<std::uint64_t> find_leaf(store::View& view, std::string_view id);

// write_entry writes the members of the leaf that stands at `index` into the object that is open in
// `w`: index, time, kind, actor, subject, details, leaf_hash. Errors of parse_leaf, and then `w` is
// not to be used.
[[nodiscard]] Result<void> write_entry(codec::JsonWriter& w, std::uint64_t index, Bytes leaf);

// Proof shows that a leaf is in the ledger.
struct Proof {
  std::uint64_t index = 0;
  std::uint64_t size = 0;  // of the tree that the checkpoint signs
  Buffer leaf;
  std::vector<NodeHash> path;
  std::string checkpoint;
};

// prove makes the proof for the newest checkpoint.
[[nodiscard]] Result<Proof> prove(store::View& view, std::uint64_t index);

// to_json writes "ward.ledger-proof/1" (docs/formats/ledger.md).
[[nodiscard]] Result<std::string> to_json(const Proof& proof, const NoteKey& key);

// check_proof verifies a proof under the ledger's key: the checkpoint's signature, the path, and
// that the leaf itself says `index`. kUntrusted, kMalformed.
[[nodiscard]] Result<void> check_proof(const Proof& proof, const NoteKey& key);

}  // namespace ward::ledger
