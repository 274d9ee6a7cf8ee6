#include "broker/archive.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/reader.h"
#include "base/writer.h"
#include "broker/time_key.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "crypto/aead.h"
#include "crypto/digest.h"

namespace ward::broker {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

constexpr std::string_view kSchema = "ward.archive/1";
constexpr std::size_t kSealOctets = crypto::kAeadNonceBytes + crypto::kAeadTagBytes;
constexpr std::size_t kIdDigits = 16;
constexpr codec::JsonLimits kLimits{.max_bytes = store::kMaxValueBytes, .max_depth = 4};

constexpr std::array<const char*, 3> kPurposes = {"release", "result", "stated_data"};

Error damaged() { return {Errc::kMalformed, "broker.archive: a row is damaged"}; }

// Kind is what shares a table, and its limits.
struct Kind {
  std::string_view table;
  std::string_view size_key;
  std::uint64_t Retention::*records;
  std::uint64_t Retention::*octets;
};

constexpr std::array<Kind, 3> kKinds = {
    {{kArchiveTable, "appraisals", &Retention::records, &Retention::octets},
     {kStatedTable, "stated", &Retention::other_records, &Retention::other_octets},
     {kUnvouchedTable, "unvouched", &Retention::other_records, &Retention::other_octets}}};

// kind_of: a captured quote can be shown for the report data that it has without end, and evidence
// that nobody vouches for can be made up.
const Kind& kind_of(const ArchivedAppraisal& record) {
  if (record.purpose == AppraisedFor::kStatedData) return kKinds[1];
  return kKinds.at(record.genuine ? 0 : 2);
}

// Members reads one object whose members all must be there.
class Members {
 public:
  explicit Members(const JsonValue& object) : object_(object) {}

  std::string text(std::string_view name) {
    const JsonValue* value = object_.find(name);
    const auto out = value != nullptr ? value->as_string() : std::nullopt;
    right_ = right_ && out.has_value();
    return std::string(out.value_or(""));
  }

  // text_or_none is for a member that older rows do not have.
  std::string text_or_none(std::string_view name) {
    return object_.find(name) == nullptr ? std::string() : text(name);
  }

  std::uint64_t number(std::string_view name) {
    const JsonValue* value = object_.find(name);
    const auto out = value != nullptr ? value->as_uint() : std::nullopt;
    right_ = right_ && out.has_value();
    return out.value_or(0);
  }

  Buffer octets(std::string_view name) {
    auto out = from_hex(text(name));
    right_ = right_ && out.has_value();
    return out ? *std::move(out) : Buffer{};
  }

  std::vector<std::string> texts(std::string_view name) {
    std::vector<std::string> out;
    const JsonValue* list = object_.find(name);
    right_ = right_ && list != nullptr && list->is_array();
    if (!right_) return out;
    for (const JsonValue& item : list->items()) {
      right_ = right_ && item.as_string().has_value();
      out.emplace_back(item.as_string().value_or(""));
    }
    return out;
  }

  [[nodiscard]] bool right() const { return right_; }

 private:
  const JsonValue& object_;
  bool right_ = true;
};

Result<std::string> write(const ArchivedAppraisal& record) {
  JsonWriter w;
  w.begin_object().member("schema", kSchema).member("tee", record.tee);
  w.member("primary_evidence", record.primary_evidence);
  w.member("additional_evidence", record.additional_evidence);
  w.member("binding", to_hex(record.binding));
  w.member("device_binding", to_hex(record.device_binding));
  w.member("init_data_digest", to_hex(record.init_data_digest));
  w.member("runtime_data", record.runtime_data);
  w.member("collateral", record.collateral).member("policy", record.policy);
  w.member("policy_version", record.policy_version).member("verdict", record.verdict);
  w.member("for", to_text(record.purpose));
  w.name("failed").begin_array();
  for (const std::string& id : record.failed) {
    w.string(id);
  }
  return w.end_array().end_object().take();
}

Result<ArchivedAppraisal> read(Bytes octets) {
  const auto json = codec::parse_json(octets, kLimits);
  if (!json || !json->is_object()) return damaged();
  Members members(*json);
  if (members.text("schema") != kSchema) return damaged();
  ArchivedAppraisal out{.id = {},
                        .time = {},
                        .tee = members.text("tee"),
                        .primary_evidence = members.text("primary_evidence"),
                        .additional_evidence = members.text("additional_evidence"),
                        .binding = members.octets("binding"),
                        .device_binding = members.octets("device_binding"),
                        .init_data_digest = members.octets("init_data_digest"),
                        .runtime_data = members.text_or_none("runtime_data"),
                        .collateral = members.text("collateral"),
                        .policy = members.text("policy"),
                        .policy_version = members.number("policy_version"),
                        .verdict = members.text("verdict"),
                        .failed = members.texts("failed")};
  const std::string purpose = json->find("for") == nullptr ? "release" : members.text("for");
  const auto* const known = std::ranges::find(kPurposes, purpose);
  if (!members.right() || known == kPurposes.end()) return damaged();
  out.purpose = static_cast<AppraisedFor>(known - kPurposes.begin());
  return out;
}

// Size is what one table holds.
struct Size {
  std::uint64_t records = 0;
  std::uint64_t octets = 0;   // of its rows' values
  std::uint64_t version = 0;  // of the row that says so
};

// octets_of adds up what a table holds: once, where it was not counted before.
Result<std::uint64_t> octets_of(store::View& view, std::string_view table) {
  std::uint64_t out = 0;
  std::string after;
  for (;;) {
    WARD_TRY(const auto page, view.list_keys(table, "", after, store::kMaxListed));
    if (page.empty()) return out;
    after = page.back().key;
    for (const store::ListedKey& row : page) {
      WARD_TRY(const store::Row one, view.get(table, row.key));
      if (one.value) out += one.value->size();
    }
  }
}

Result<Size> size_of(store::View& view, const Kind& kind) {
  WARD_TRY(const store::Row row, view.get(kArchiveSizeTable, kind.size_key));
  Size out{.records = 0, .octets = 0, .version = row.version};
  if (!row.value) return out;
  Reader r(*row.value);
  if (!r.u64be(out.records)) return damaged();
  if (r.empty()) {
    WARD_TRY(out.octets, octets_of(view, kind.table));
  } else if (!r.u64be(out.octets) || !r.empty()) {
    return damaged();
  }
  return out;
}

// Forgetting is what one new record makes room by.
struct Forgetting {
  const Retention& retention;
  const Kind& kind;
  UnixTime now;
  std::uint64_t octets;  // of the new record
  Size size;             // with it
  std::size_t rows = 0;  // that were forgotten
  std::uint64_t freed = 0;

  [[nodiscard]] bool too_large() const { return size.octets > retention.*kind.octets; }

  // must is true where the oldest row has to go.
  [[nodiscard]] bool must(std::string_view id) const {
    if (rows >= kForgottenAppraisals) return too_large() && freed < 2 * octets;
    const bool old = archive_time(id).seconds + retention.seconds < now.seconds;
    return old || size.records > retention.*kind.records || too_large();
  }
};

// forget drops what is too old, and the oldest where there are too many or they are too large.
Result<void> forget(store::Transaction& tx, Forgetting& forgetting) {
  const std::string_view table = forgetting.kind.table;
  for (;;) {
    WARD_TRY(const auto oldest, tx.list_keys(table, "", "", kForgottenAppraisals));
    for (const store::ListedKey& row : oldest) {
      if (!forgetting.must(row.key)) return {};
      WARD_TRY(const store::Row gone, tx.get(table, row.key));
      WARD_CHECK_OK(tx.forget(table, row.key));
      const std::uint64_t octets = gone.value ? gone.value->size() : 0;
      Size& size = forgetting.size;
      size.octets -= std::min(size.octets, octets);
      size.records -= std::min<std::uint64_t>(size.records, 1);
      forgetting.freed += octets;
      ++forgetting.rows;
    }
    if (oldest.empty()) return {};
  }
}

// A set of collateral: the list that its id is the digest of, and since when it is another's turn.
struct Set {
  std::vector<std::pair<std::string, std::string>> documents;  // name, SHA-256 in hex
  std::optional<UnixTime> until;                               // nullopt: it is in use
};

Result<std::string> write(const Set& set, bool with_end) {
  JsonWriter w;
  w.begin_object().name("documents").begin_array();
  for (const auto& [name, digest] : set.documents) {
    w.begin_object().member("name", name).member("sha256", digest).end_object();
  }
  w.end_array();
  if (with_end && set.until) w.member("until", set.until->seconds);
  return w.end_object().take();
}

Result<std::string> id_of(const Set& set) {
  WARD_TRY(const std::string text, write(set, false));
  return to_hex(crypto::sha256(as_bytes(text)));
}

Result<Set> read_set(Bytes octets, std::string_view id) {
  const auto json = codec::parse_json(octets, kLimits);
  const JsonValue* list = json ? json->find("documents") : nullptr;
  if (list == nullptr || !list->is_array()) return damaged();
  Set out;
  for (const JsonValue& item : list->items()) {
    Members members(item);
    std::string name = members.text("name");
    std::string digest = members.text("sha256");
    if (!members.right()) return damaged();
    out.documents.emplace_back(std::move(name), std::move(digest));
  }
  if (const JsonValue* until = json->find("until")) out.until = {until->as_int().value_or(0)};
  WARD_TRY(const std::string found, id_of(out));
  if (found != id) return Error(Errc::kUntrusted, "broker.archive: a list of collateral changed");
  return out;
}

Result<void> put_set(store::Transaction& tx, const std::string& id, const Set& set) {
  WARD_TRY(const std::string text, write(set, true));
  WARD_TRY(const store::Row row, tx.get(kCollateralTable, id));
  const auto written = tx.put(kCollateralTable, id, as_bytes(text), row.version);
  if (!written) return written.error();
  return {};
}

Result<void> put_documents(store::Transaction& tx, const attest::Collateral& collateral) {
  for (const attest::Document& document : collateral.documents) {
    const std::string digest = to_hex(crypto::sha256(document.bytes));
    WARD_TRY(const store::Row row, tx.get(kDocumentTable, digest));
    if (row.value) continue;
    const auto written = tx.put(kDocumentTable, digest, document.bytes, row.version);
    if (!written) return written.error();
  }
  return {};
}

// retire ends the turn of all sets but `current`, forgets those whose appraisals are all forgotten,
// and then the documents that no set names.
Result<void> retire(store::Transaction& tx, const std::string& current, const Retention& retention,
                    UnixTime now) {
  std::set<std::string, std::less<>> needed;
  WARD_TRY(const auto rows, tx.list(kCollateralTable, "", "", store::kMaxListed));
  for (const store::Listed& row : rows) {
    WARD_TRY(Set set, read_set(row.value, row.key));
    const bool mine = row.key == current;
    if (mine == set.until.has_value()) {
      set.until = mine ? std::nullopt : std::optional(now);
      WARD_CHECK_OK(put_set(tx, row.key, set));
    }
    if (set.until && set.until->seconds + retention.seconds < now.seconds) {
      WARD_CHECK_OK(tx.forget(kCollateralTable, row.key));
      continue;
    }
    for (const auto& [name, digest] : set.documents) {
      needed.insert(digest);
    }
  }
  std::string after;
  for (;;) {
    WARD_TRY(const auto page, tx.list_keys(kDocumentTable, "", after, store::kMaxListed));
    if (page.empty()) return {};
    after = page.back().key;
    for (const store::ListedKey& row : page) {
      if (!needed.contains(row.key)) WARD_CHECK_OK(tx.forget(kDocumentTable, row.key));
    }
  }
}

}  // namespace

const char* to_text(AppraisedFor purpose) {
  return kPurposes.at(static_cast<std::size_t>(purpose));
}

UnixTime archive_time(std::string_view id) { return time_in_key(id).value_or(UnixTime{}); }

std::string archive_begin(UnixTime time) { return time_key(time); }

std::string archive_id(UnixTime time, Bytes nonce) {
  return time_key(time) + "-" + to_hex(crypto::sha256(nonce)).substr(0, kIdDigits);
}

Result<bool> archive(store::Transaction& tx, const Service& service,
                     const ArchivedAppraisal& record) {
  const Retention& retention = service.options.retention;
  const Kind& kind = kind_of(record);
  if (retention.seconds == 0 || retention.*kind.records == 0) return false;
  WARD_TRY(const std::string text, write(record));
  const std::uint64_t octets = text.size() + kSealOctets;
  if (octets > retention.*kind.octets) return false;
  WARD_TRY(const Size before, size_of(tx, kind));
  WARD_CHECK_OK(service.keys.rows.put(tx, kind.table, record.id, as_bytes(text), 0, service.rng));
  Forgetting forgetting{
      .retention = retention, .kind = kind, .now = record.time, .octets = octets, .size = before};
  ++forgetting.size.records;
  forgetting.size.octets += octets;
  WARD_CHECK_OK(forget(tx, forgetting));
  Writer w;
  w.u64be(forgetting.size.records);
  w.u64be(forgetting.size.octets);
  const auto written = tx.put(kArchiveSizeTable, kind.size_key, w.take(), before.version);
  if (!written) return written.error();
  return true;
}

Result<std::optional<ArchivedAppraisal>> load_archived(store::View& view, const Service& service,
                                                       std::string_view id) {
  if (id.empty() || id.size() > store::kMaxKeyBytes) return std::optional<ArchivedAppraisal>();
  for (const Kind& kind : kKinds) {
    WARD_TRY(const SealedRow row, service.keys.rows.get(view, kind.table, id));
    if (!row.value) continue;
    WARD_TRY(ArchivedAppraisal out, read(row.value->expose()));
    out.id = std::string(id);
    out.time = archive_time(id);
    out.genuine = kind.table != kUnvouchedTable;
    return std::optional(std::move(out));
  }
  return std::optional<ArchivedAppraisal>();
}

Result<std::vector<std::string>> list_archived(store::View& view, std::string_view after,
                                               std::size_t limit) {
  std::vector<std::string> out;
  for (const Kind& kind : kKinds) {
    WARD_TRY(const auto rows, view.list_keys(kind.table, "", after, limit));
    for (const store::ListedKey& row : rows) {
      out.push_back(row.key);
    }
  }
  std::ranges::sort(out);
  if (out.size() > limit) out.resize(limit);
  return out;
}

Result<std::string> remember_collateral(store::Store& store, const attest::Collateral& collateral,
                                        const Retention& retention, UnixTime now) {
  Set set;
  for (const attest::Document& document : collateral.documents) {
    set.documents.emplace_back(document.name, to_hex(crypto::sha256(document.bytes)));
  }
  WARD_TRY(const std::string id, id_of(set));
  const auto done = store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_CHECK_OK(put_documents(tx, collateral));
    WARD_TRY(const store::Row row, tx.get(kCollateralTable, id));
    if (!row.value) WARD_CHECK_OK(put_set(tx, id, set));
    return retire(tx, id, retention, now);
  });
  if (!done) return done.error();
  return id;
}

Result<std::optional<attest::Collateral>> load_collateral(store::View& view, std::string_view id) {
  std::optional<attest::Collateral> out;
  if (id.empty()) return out;
  WARD_TRY(const store::Row row, view.get(kCollateralTable, id));
  if (!row.value) return out;
  WARD_TRY(const Set set, read_set(*row.value, id));
  out.emplace();
  for (const auto& [name, digest] : set.documents) {
    WARD_TRY(const store::Row document, view.get(kDocumentTable, digest));
    if (!document.value || to_hex(crypto::sha256(*document.value)) != digest) {
      return Error(Errc::kUntrusted, "broker.archive: a document of the collateral changed");
    }
    out->documents.push_back({name, *document.value});
  }
  return out;
}

}  // namespace ward::broker
