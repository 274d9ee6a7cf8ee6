#include "ledger/ledger.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "base/reader.h"
#include "base/writer.h"
#include "codec/json_write.h"
#include "ledger/keys.h"

namespace ward::ledger {
namespace {

constexpr std::string_view kHeadKey = "head";

struct StoredHead {
  Head head;
  std::uint64_t version = 0;
};

Result<StoredHead> stored_head(store::View& view) {
  WARD_TRY(const store::Row row, view.get(kHeadTable, kHeadKey));
  if (!row.value && row.version == 0) return StoredHead{};
  std::uint64_t size = 0;
  std::uint64_t newest = 0;
  Reader r(row.value ? Bytes(*row.value) : Bytes());
  if (!r.u64be(size) || !r.u64be(newest) || !r.empty()) {
    return Error(Errc::kMalformed, "ledger: head");
  }
  if (size == 0 || size > kMaxTreeSize ||
      newest > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    return Error(Errc::kMalformed, "ledger: head");
  }
  return StoredHead{{size, {static_cast<std::int64_t>(newest)}}, row.version};
}

Result<void> put_new(store::Transaction& tx, std::string_view table, const std::string& key,
                     Bytes value) {
  WARD_TRY(const std::uint64_t version, tx.put(table, key, value, 0));
  if (version != 1) return Error(Errc::kInternal, "ledger: version of a new row");
  return {};
}

// put_nodes writes the leaf's hash and every subtree that it completes.
Result<void> put_nodes(store::Transaction& tx, std::uint64_t index, NodeHash hash) {
  WARD_CHECK_OK(put_new(tx, kNodeTable, node_key(0, index), hash));
  const NodeSource nodes = stored_nodes(tx);
  unsigned level = 0;
  for (std::uint64_t at = index; (at & 1U) != 0; at >>= 1U) {
    WARD_TRY(const NodeHash left, nodes(level, at - 1));
    hash = node_hash(left, hash);
    ++level;
    WARD_CHECK_OK(put_new(tx, kNodeTable, node_key(level, at >> 1U), hash));
  }
  return {};
}

Result<void> put_head(store::Transaction& tx, const StoredHead& old, UnixTime newest) {
  Writer w;
  w.u64be(old.head.size + 1);
  w.u64be(static_cast<std::uint64_t>(newest.seconds));
  WARD_TRY(const std::uint64_t version, tx.put(kHeadTable, kHeadKey, w.view(), old.version));
  if (version != old.version + 1) return Error(Errc::kInternal, "ledger: version of the head");
  return {};
}

Result<Appended> append_to(store::Transaction& tx, const StoredHead& old, const NoteSigner& signer,
                           const Entry& entry, UnixTime newest) {
  if (old.head.size >= kMaxTreeSize) return Error(Errc::kLimit, "ledger: size");
  const std::uint64_t index = old.head.size;
  WARD_TRY(const Buffer leaf, encode_leaf(index, entry));
  const NodeHash hash = leaf_hash(leaf);
  WARD_CHECK_OK(put_new(tx, kLeafTable, index_key(index), leaf));
  WARD_CHECK_OK(put_nodes(tx, index, hash));
  WARD_TRY(const NodeHash root, tree_root(stored_nodes(tx), index + 1));
  WARD_TRY(std::string checkpoint, sign_checkpoint(signer, index + 1, root));
  WARD_CHECK_OK(put_new(tx, kCheckpointTable, index_key(index + 1), as_bytes(checkpoint)));
  WARD_CHECK_OK(put_head(tx, old, newest));
  return Appended{index, hash, std::move(checkpoint)};
}

}  // namespace

Result<Appended> append(store::Transaction& tx, const NoteSigner& signer, const Entry& entry) {
  WARD_TRY(const StoredHead old, stored_head(tx));
  if (entry.kind == kClockCorrectedKind) return Error(Errc::kMalformed, "ledger: kind");
  if (entry.time.seconds < old.head.newest.seconds - kMaxClockStepBack_s) {
    return Error(Errc::kStale, "ledger: the clock stands behind the newest entry");
  }
  return append_to(tx, old, signer, entry, std::max(old.head.newest, entry.time));
}

Result<Appended> correct_clock(store::Transaction& tx, const NoteSigner& signer,
                               std::string_view actor, UnixTime now) {
  WARD_TRY(const StoredHead old, stored_head(tx));
  if (old.head.size == 0 || old.head.newest <= now) {
    return Error(Errc::kStale, "ledger: the newest entry does not lie after the clock");
  }
  const Entry entry{.time = now,
                    .kind = std::string(kClockCorrectedKind),
                    .actor = std::string(actor),
                    .subject = {},
                    .details = {{"before", format_rfc3339(old.head.newest)}}};
  return append_to(tx, old, signer, entry, now);
}

Result<Head> read_head(store::View& view) {
  WARD_TRY(const StoredHead head, stored_head(view));
  return head.head;
}

Result<Buffer> read_leaf(store::View& view, std::uint64_t index) {
  WARD_TRY(store::Row row, view.get(kLeafTable, index_key(index)));
  if (!row.value) return Error(Errc::kMalformed, "ledger: a leaf is missing", index);
  return *std::move(row.value);
}

Result<std::string> read_checkpoint(store::View& view, std::uint64_t size) {
  WARD_TRY(const store::Row row, view.get(kCheckpointTable, index_key(size)));
  if (!row.value) return Error(Errc::kMalformed, "ledger: a checkpoint is missing", size);
  return std::string(as_text(*row.value));
}

NodeSource stored_nodes(store::View& view) {
  return [&view](unsigned level, std::uint64_t index) -> Result<NodeHash> {
    WARD_TRY(const store::Row row, view.get(kNodeTable, node_key(level, index)));
    const auto hash = row.value ? to_array<32>(*row.value) : std::nullopt;
    if (!hash) return Error(Errc::kMalformed, "ledger: a node is missing", index);
    return *hash;
  };
}

Result<std::uint64_t> find_leaf(store::View& view, std::string_view id) {
  WARD_TRY(const Head head, read_head(view));
  if (const auto hash = from_hex(id); hash && hash->size() == 32) {
    const NodeSource nodes = stored_nodes(view);
    for (std::uint64_t i = head.size; i > 0; --i) {  // newest first: what people ask for
      WARD_TRY(const NodeHash node, nodes(0, i - 1));
      if (equal(node, *hash)) return i - 1;
    }
    return Error(Errc::kUnavailable, "ledger: no entry of this hash");
  }
  std::uint64_t index = 0;
  const auto [end, code] = std::from_chars(id.data(), id.data() + id.size(), index);
  if (code != std::errc() || end != id.data() + id.size()) {
    return Error(Errc::kMalformed, "ledger: neither an index nor a leaf hash");
  }
  if (index >= head.size) return Error(Errc::kUnavailable, "ledger: no entry of this index", index);
  return index;
}

Result<Proof> prove(store::View& view, std::uint64_t index) {
  WARD_TRY(const Head head, read_head(view));
  if (index >= head.size) return Error(Errc::kUnavailable, "ledger: no entry of this index", index);
  Proof proof;
  proof.index = index;
  proof.size = head.size;
  WARD_TRY(proof.leaf, read_leaf(view, index));
  WARD_TRY(proof.path, inclusion_proof(stored_nodes(view), index, head.size));
  WARD_TRY(proof.checkpoint, read_checkpoint(view, head.size));
  return proof;
}

Result<void> write_entry(codec::JsonWriter& w, std::uint64_t index, Bytes leaf) {
  WARD_TRY(const Leaf read, parse_leaf(leaf));
  w.member("index", index).member("time", format_rfc3339(read.entry.time));
  w.member("kind", read.entry.kind).member("actor", read.entry.actor);
  w.member("subject", read.entry.subject).name("details").begin_object();
  for (const auto& [name, value] : read.entry.details) {
    w.member(name, value);
  }
  w.end_object().member("leaf_hash", to_hex(leaf_hash(leaf)));
  return {};
}

Result<std::string> to_json(const Proof& proof, const NoteKey& key) {
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object().member("schema", "ward.ledger-proof/1");
  w.member("index", proof.index).member("size", proof.size);
  w.member("leaf", to_base64(proof.leaf, Base64::kStandard));
  w.member("leaf_hash", to_hex(leaf_hash(proof.leaf)));
  w.name("path").begin_array();
  for (const NodeHash& hash : proof.path) {
    w.string(to_hex(hash));
  }
  w.end_array();
  w.member("checkpoint", proof.checkpoint).member("key", key.to_text());
  return w.end_object().take();
}

Result<void> check_proof(const Proof& proof, const NoteKey& key) {
  WARD_TRY(const Checkpoint checkpoint, open_checkpoint(proof.checkpoint, key));
  if (checkpoint.size != proof.size) {
    return Error(Errc::kUntrusted, "ledger: the checkpoint is of another size");
  }
  WARD_CHECK_OK(verify_inclusion({proof.index, proof.size, leaf_hash(proof.leaf), checkpoint.root},
                                 proof.path));
  WARD_TRY(const Leaf leaf, parse_leaf(proof.leaf));
  if (leaf.index != proof.index) {
    return Error(Errc::kUntrusted, "ledger: the leaf is of another place", leaf.index);
  }
  return {};
}

}  // namespace ward::ledger
