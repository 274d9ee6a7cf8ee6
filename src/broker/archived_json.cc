#include "broker/archived_json.h"

#include <string_view>

#include "broker/appraise_request.h"
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

void write_bound(codec::JsonWriter& w, const std::string& runtime_data) {
  const auto told = told_text(runtime_data);
  w.name("runtime_data");
  if (!told) {
    w.null();
    return;
  }
  w.raw_json(*told);
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
