#include "ledger/entry.h"

#include <algorithm>
#include <limits>

#include "codec/cbor.h"
#include "codec/cbor_write.h"

namespace ward::ledger {
namespace {

using codec::CborValue;

constexpr std::uint64_t kVersion = 1;

bool kind_is_good(std::string_view kind) {
  return !kind.empty() && std::all_of(kind.begin(), kind.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
}

Result<void> check_entry(const Entry& entry) {
  if (entry.time.seconds < 0) return Error(Errc::kMalformed, "ledger.leaf: time");
  if (entry.kind.size() > kMaxKindBytes) return Error(Errc::kLimit, "ledger.leaf: kind");
  if (!kind_is_good(entry.kind)) return Error(Errc::kMalformed, "ledger.leaf: kind");
  if (entry.actor.size() > kMaxNameBytes) return Error(Errc::kLimit, "ledger.leaf: actor");
  if (entry.subject.size() > kMaxNameBytes) return Error(Errc::kLimit, "ledger.leaf: subject");
  if (entry.details.size() > kMaxDetails) return Error(Errc::kLimit, "ledger.leaf: details");
  for (const auto& [name, value] : entry.details) {
    if (name.size() > kMaxNameBytes) return Error(Errc::kLimit, "ledger.leaf: name of a detail");
  }
  return {};
}

Result<std::string> text_member(const CborValue& map, std::string_view name) {
  const CborValue* value = map.find(name);
  const auto text = value == nullptr ? std::nullopt : value->as_text();
  if (!text) return Error(Errc::kMalformed, "ledger.leaf: a member is absent or not text");
  return std::string(*text);
}

Result<std::uint64_t> uint_member(const CborValue& map, std::string_view name) {
  const CborValue* value = map.find(name);
  const auto number = value == nullptr ? std::nullopt : value->as_uint();
  if (!number) return Error(Errc::kMalformed, "ledger.leaf: a member is absent or not a number");
  return *number;
}

Result<void> read_details(const CborValue& map, Entry& entry) {
  const CborValue* details = map.find("details");
  if (details == nullptr || !details->is_map()) {
    return Error(Errc::kMalformed, "ledger.leaf: details");
  }
  for (const auto& [name, value] : details->members()) {
    if (!name.as_text() || !value.as_text()) {
      return Error(Errc::kMalformed, "ledger.leaf: details");
    }
    entry.details.emplace_back(*name.as_text(), *value.as_text());
  }
  return {};
}

Result<Leaf> read_leaf(const CborValue& map) {
  if (!map.is_map()) return Error(Errc::kMalformed, "ledger.leaf: not a map");
  WARD_TRY(const std::uint64_t version, uint_member(map, "v"));
  if (version != kVersion) return Error(Errc::kUnsupported, "ledger.leaf: version", version);
  if (map.members().size() != 7) return Error(Errc::kMalformed, "ledger.leaf: members");
  Leaf leaf;
  WARD_TRY(leaf.index, uint_member(map, "index"));
  WARD_TRY(const std::uint64_t time, uint_member(map, "time"));
  if (time > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    return Error(Errc::kMalformed, "ledger.leaf: time");
  }
  leaf.entry.time.seconds = static_cast<std::int64_t>(time);
  WARD_TRY(leaf.entry.kind, text_member(map, "kind"));
  WARD_TRY(leaf.entry.actor, text_member(map, "actor"));
  WARD_TRY(leaf.entry.subject, text_member(map, "subject"));
  WARD_CHECK_OK(read_details(map, leaf.entry));
  WARD_CHECK_OK(check_entry(leaf.entry));
  std::sort(leaf.entry.details.begin(), leaf.entry.details.end());
  return leaf;
}

}  // namespace

Result<Buffer> encode_leaf(std::uint64_t index, const Entry& entry) {
  WARD_CHECK_OK(check_entry(entry));
  codec::CborWriter w;
  w.begin_map().member("v", kVersion).member("index", index);
  w.member("time", static_cast<std::uint64_t>(entry.time.seconds));
  w.member("kind", entry.kind).member("actor", entry.actor).member("subject", entry.subject);
  w.name("details").begin_map();
  for (const auto& [name, value] : entry.details) {
    w.member(name, value);
  }
  WARD_TRY(Buffer out, w.end_map().end_map().take());
  if (out.size() > kMaxLeafBytes) return Error(Errc::kLimit, "ledger.leaf: size", out.size());
  return out;
}

Result<Leaf> parse_leaf(Bytes octets) {
  if (octets.size() > kMaxLeafBytes) {
    return Error(Errc::kLimit, "ledger.leaf: size", octets.size());
  }
  WARD_TRY(const CborValue map, codec::parse_cbor(octets));
  return read_leaf(map);
}

}  // namespace ward::ledger
