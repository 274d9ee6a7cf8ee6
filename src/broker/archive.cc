#include "broker/archive.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/reader.h"
#include "base/writer.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "crypto/digest.h"

namespace ward::broker {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

constexpr std::string_view kSchema = "ward.archive/1";
constexpr std::string_view kSizeKey = "appraisals";
constexpr std::size_t kIdDigits = 16;
constexpr codec::JsonLimits kLimits{.max_bytes = store::kMaxValueBytes, .max_depth = 4};

std::string hex_of_time(UnixTime time) {
  Writer w;
  w.u64be(static_cast<std::uint64_t>(std::max<std::int64_t>(time.seconds, 0)));
  return to_hex(w.take());
}

constexpr std::array<std::string_view, 3> kPurposes = {"release", "result", "stated_data"};

Error damaged() { return {Errc::kMalformed, "broker.archive: a row is damaged"}; }

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
  w.member("for", kPurposes.at(static_cast<std::size_t>(record.purpose)));
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

struct Size {
  std::uint64_t count = 0;
  std::uint64_t version = 0;  // of its row
};

Result<Size> size_of(store::View& view) {
  WARD_TRY(const store::Row row, view.get(kArchiveSizeTable, kSizeKey));
  Size out{.count = 0, .version = row.version};
  if (row.value && !Reader(*row.value).u64be(out.count)) return damaged();
  return out;
}

// forget drops what is too old, and the oldest where there are too many; how many.
Result<std::uint64_t> forget(store::Transaction& tx, const Retention& retention,
                             std::uint64_t count, UnixTime now) {
  WARD_TRY(const auto oldest, tx.list_keys(kArchiveTable, "", "", kForgottenAppraisals));
  std::uint64_t forgotten = 0;
  for (const store::ListedKey& row : oldest) {
    const bool old = archive_time(row.key).seconds + retention.seconds < now.seconds;
    if (!old && count - forgotten <= retention.records) break;
    WARD_CHECK_OK(tx.forget(kArchiveTable, row.key));
    ++forgotten;
  }
  return forgotten;
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

UnixTime archive_time(std::string_view id) {
  const auto octets = from_hex(id.substr(0, kIdDigits));
  std::uint64_t seconds = 0;
  if (!octets || !Reader(*octets).u64be(seconds)) return {};
  return {static_cast<std::int64_t>(seconds)};
}

std::string archive_begin(UnixTime time) { return hex_of_time(time); }

std::string archive_id(UnixTime time, Bytes nonce) {
  return hex_of_time(time) + "-" + to_hex(crypto::sha256(nonce)).substr(0, kIdDigits);
}

Result<bool> archive(store::Transaction& tx, const Service& service,
                     const ArchivedAppraisal& record) {
  const Retention& retention = service.options.retention;
  if (retention.seconds == 0 || retention.records == 0) return false;
  const std::size_t evidence = record.primary_evidence.size() + record.additional_evidence.size();
  if (evidence > kMaxArchivedEvidence) return false;
  WARD_TRY(const std::string text, write(record));
  WARD_CHECK_OK(
      service.keys.rows.put(tx, kArchiveTable, record.id, as_bytes(text), 0, service.rng));
  WARD_TRY(const Size size, size_of(tx));
  WARD_TRY(const std::uint64_t forgotten, forget(tx, retention, size.count + 1, record.time));
  Writer w;
  w.u64be(size.count + 1 - forgotten);
  const auto written = tx.put(kArchiveSizeTable, kSizeKey, w.take(), size.version);
  if (!written) return written.error();
  return true;
}

Result<std::optional<ArchivedAppraisal>> load_archived(store::View& view, const Service& service,
                                                       std::string_view id) {
  if (id.empty() || id.size() > store::kMaxKeyBytes) return std::optional<ArchivedAppraisal>();
  WARD_TRY(const SealedRow row, service.keys.rows.get(view, kArchiveTable, id));
  if (!row.value) return std::optional<ArchivedAppraisal>();
  WARD_TRY(ArchivedAppraisal out, read(row.value->expose()));
  out.id = std::string(id);
  out.time = archive_time(id);
  return std::optional(std::move(out));
}

Result<std::vector<std::string>> list_archived(store::View& view, std::string_view after,
                                               std::size_t limit) {
  WARD_TRY(const auto rows, view.list_keys(kArchiveTable, "", after, limit));
  std::vector<std::string> out;
  for (const store::ListedKey& row : rows) {
    out.push_back(row.key);
  }
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
