#include "broker/archived_json.h"

#include <string_view>

#include "codec/json.h"
#include "codec/json_write.h"
#include "crypto/digest.h"

namespace ward::broker {
namespace {

void write_digest(codec::JsonWriter& w, std::string_view name, const std::string& evidence) {
  w.name(name);
  if (evidence.empty()) {
    w.null();
    return;
  }
  w.begin_object().member("size", std::uint64_t{evidence.size()});
  w.member("sha256", to_hex(crypto::sha256(as_bytes(evidence)))).end_object();
}

// What is bound has the evidence of other devices in it, whole.
constexpr std::string_view kAdditionalEvidence = "additional-evidence";
constexpr codec::JsonLimits kLimits{.max_bytes = store::kMaxValueBytes};

void write_bound(codec::JsonWriter& w, const std::string& runtime_data) {
  const auto bound = codec::parse_json(as_bytes(runtime_data), kLimits);
  w.name("runtime_data");
  if (!bound || !bound->is_object()) {
    w.null();
    return;
  }
  w.begin_object();
  for (const auto& [name, value] : bound->members()) {
    if (name != kAdditionalEvidence) w.name(name).copy(value);
  }
  w.end_object();
}

}  // namespace

Result<std::string> archived_json(const ArchivedAppraisal& record, const StillKept& kept) {
  codec::JsonWriter w;
  w.begin_object().member("schema", "ward.archived/1").member("id", record.id);
  w.member("time", format_rfc3339(record.time)).member("tee", record.tee);
  w.member("for", to_text(record.purpose)).member("genuine", record.genuine);
  w.member("verdict", record.verdict).name("failed").begin_array();
  for (const std::string& id : record.failed) {
    w.string(id);
  }
  w.end_array();
  write_digest(w, "primary_evidence", record.primary_evidence);
  write_digest(w, "additional_evidence", record.additional_evidence);
  w.member("binding", to_hex(record.binding));
  w.member("device_binding", to_hex(record.device_binding));
  w.member("init_data_digest", to_hex(record.init_data_digest));
  write_bound(w, record.runtime_data);
  w.member("policy", record.policy).member("policy_version", record.policy_version);
  w.member("policy_kept", kept.policy);
  w.member("collateral", record.collateral).member("collateral_kept", kept.collateral);
  return w.end_object().take();
}

}  // namespace ward::broker
