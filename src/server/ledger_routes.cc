#include "server/ledger_routes.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "codec/json_write.h"
#include "ledger/ledger.h"
#include "server/responses.h"

namespace ward::server {
namespace {

using broker::CheckId;
using codec::JsonWriter;
using protocol::HttpResponse;

constexpr std::string_view kLedger = "ledger/";
constexpr std::string_view kKey = "ledger/key";
constexpr std::string_view kCheckpoint = "ledger/checkpoint";
constexpr std::string_view kConsistency = "ledger/proof/consistency";
constexpr std::string_view kEntries = "ledger/entries";
constexpr std::string_view kInclusion = "ledger/proof/inclusion";

HttpResponse failed(const Error& error) { return to_response(broker::unavailable(error)); }

HttpResponse absent(std::string_view more) {
  return to_response(broker::refuse(404, "ResourceNotFound", CheckId::kLedgerEntry, more));
}

// names_entry is true for an index in decimal, and for a leaf's hash in hex.
bool names_entry(std::string_view id) {
  constexpr std::size_t kMostDigits = 18;
  const auto octets = from_hex(id);
  if (octets && octets->size() == sizeof(ledger::NodeHash)) return true;
  return !id.empty() && id.size() <= kMostDigits &&
         std::ranges::all_of(id, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool LedgerRoutes::is_public(std::string_view path) {
  return path == kKey || path == kCheckpoint || path == kConsistency;
}

bool LedgerRoutes::takes(std::string_view path) { return path.starts_with(kLedger); }

HttpResponse LedgerRoutes::answer_anybody(std::string_view path, const Query& query) const {
  if (path == kKey) {
    JsonWriter w;
    w.begin_object().member("key", key_).end_object();
    return json_response(w);
  }
  return path == kCheckpoint ? checkpoint() : consistency(query);
}

HttpResponse LedgerRoutes::answer(const OwnRequest& asked, std::string_view path) const {
  const bool may = asked.actor.role == broker::Role::kAdministrator ||
                   asked.actor.role == broker::Role::kAuditor;
  const auto allowed = broker::allow(service_, asked.actor, may, "ledger", asked.now);
  if (!allowed) return to_response(allowed.error());
  if (path == kEntries) return entries(asked.query);
  return path == kInclusion ? inclusion(asked.query) : not_found();
}

HttpResponse LedgerRoutes::checkpoint() const {
  std::string text;
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(const ledger::Head head, ledger::read_head(view));
    if (head.size > 0) {
      WARD_TRY(text, ledger::read_checkpoint(view, head.size));
    }
    return {};
  });
  if (!done) return failed(done.error());
  if (text.empty()) return absent("It is empty.");
  return typed("text/plain; charset=utf-8", as_bytes(text));
}

HttpResponse LedgerRoutes::consistency(const Query& query) const {
  constexpr auto kMost = std::uint64_t{std::numeric_limits<std::int64_t>::max()};
  const auto from = query.number("from", 1, kMost);
  if (!from) return to_response(from.error());
  const auto to = query.number("to", 1, kMost);
  if (!to) return to_response(to.error());
  if (!*from) return to_response(wrong_parameter("from", "the size of a tree"));
  std::uint64_t size = 0;
  std::vector<ledger::NodeHash> path;
  std::string old_note;
  std::string note;
  bool known = true;
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(const ledger::Head head, ledger::read_head(view));
    size = to->value_or(head.size);
    known = **from <= size && size <= head.size;
    if (!known) return {};
    WARD_TRY(path, ledger::consistency_proof(ledger::stored_nodes(view), **from, size));
    WARD_TRY(old_note, ledger::read_checkpoint(view, **from));
    WARD_TRY(note, ledger::read_checkpoint(view, size));
    return {};
  });
  if (!done) return failed(done.error());
  if (!known) return absent("It is not that long, or `to` lies before `from`.");
  JsonWriter w;
  w.begin_object().member("schema", "ward.ledger-consistency/1");
  w.member("from", **from).member("to", size).name("path").begin_array();
  for (const ledger::NodeHash& hash : path) {
    w.string(to_hex(hash));
  }
  w.end_array().member("from_checkpoint", old_note).member("checkpoint", note);
  w.member("key", key_).end_object();
  return json_response(w);
}

HttpResponse LedgerRoutes::entries(const Query& query) const {
  const auto page = query.page();
  if (!page) return to_response(page.error());
  std::uint64_t index = 0;
  if (!page->after.empty()) {
    const auto after =
        query.number("after", 0, std::uint64_t{std::numeric_limits<std::int64_t>::max()});
    if (!after) return to_response(after.error());
    index = after->value_or(0) + 1;
  }
  JsonWriter w;
  w.begin_object().member("schema", "ward.ledger-entries/1").name("entries").begin_array();
  std::string next;
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(const ledger::Head head, ledger::read_head(view));
    std::size_t octets = 0;
    for (std::size_t i = 0; i < page->limit && index < head.size && octets < kMaxEntriesBytes;
         ++i) {
      WARD_TRY(const Buffer leaf, ledger::read_leaf(view, index));
      octets += leaf.size();
      w.begin_object();
      WARD_CHECK_OK(ledger::write_entry(w, index++, leaf));
      w.member("leaf", to_base64(leaf, Base64::kStandard)).end_object();
    }
    if (index < head.size) next = std::to_string(index - 1);
    return {};
  });
  if (!done) return failed(done.error());
  w.end_array().member("next", next).end_object();
  return json_response(w);
}

HttpResponse LedgerRoutes::inclusion(const Query& query) const {
  const auto id = query.find("entry");
  if (!id || !names_entry(*id)) {
    return to_response(wrong_parameter("entry", "an entry's index or leaf hash"));
  }
  std::optional<std::string> text;
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    const auto index = ledger::find_leaf(view, *id);
    if (!index && index.error().code() == Errc::kUnavailable) return {};
    if (!index) return index.error();
    WARD_TRY(const ledger::Proof proof, ledger::prove(view, *index));
    WARD_CHECK_OK(ledger::check_proof(proof, service_.keys.ledger.key));
    WARD_TRY(text, ledger::to_json(proof, service_.keys.ledger.key));
    return {};
  });
  if (!done) return failed(done.error());
  return text ? ok(*text) : absent("No entry has this index or leaf hash.");
}

}  // namespace ward::server
