#include "codec/json_write.h"
#include "tee/snp/evidence.h"

namespace ward::snp {
namespace {

using codec::JsonWriter;

void octets(JsonWriter& w, std::string_view name, Bytes value) {
  w.name(name).begin_array();
  for (const std::uint8_t octet : value) {
    w.unsigned_integer(octet);
  }
  w.end_array();
}

void tcb(JsonWriter& w, std::string_view name, Bytes value, Line line) {
  const Tcb parts = read_tcb(value, line);
  w.name(name).begin_object().member("fmc", parts.fmc);
  w.member("bootloader", parts.bootloader).member("tee", parts.tee);
  w.member("snp", parts.snp).member("microcode", parts.microcode).end_object();
}

void version(JsonWriter& w, std::string_view name, const std::array<std::uint8_t, 3>& value) {
  w.name(name).begin_object().member("major", value[0]);
  w.member("minor", value[1]).member("build", value[2]).end_object();
}

// The members of the crate `sev`, in its order.
void write_report(JsonWriter& w, const ReportParts& p, Line line) {
  const auto cpuid = [&](std::size_t i) {
    return p.cpuid ? std::optional(p.cpuid->at(i)) : std::nullopt;
  };
  const auto vector = [&](std::size_t i) {
    return p.mit_vectors ? std::optional(p.mit_vectors->at(i)) : std::nullopt;
  };
  w.begin_object().member("version", p.version).member("guest_svn", p.guest_svn);
  w.member("policy", p.policy);
  octets(w, "family_id", p.family_id);
  octets(w, "image_id", p.image_id);
  w.member("vmpl", p.vmpl).member("sig_algo", p.signature_algo);
  tcb(w, "current_tcb", p.current_tcb, line);
  w.member("plat_info", p.platform_info).member("key_info", p.key_info);
  octets(w, "report_data", p.report_data);
  octets(w, "measurement", p.measurement);
  octets(w, "host_data", p.host_data);
  octets(w, "id_key_digest", p.id_key_digest);
  octets(w, "author_key_digest", p.author_key_digest);
  octets(w, "report_id", p.report_id);
  octets(w, "report_id_ma", p.report_id_ma);
  tcb(w, "reported_tcb", p.reported_tcb, line);
  w.member("cpuid_fam_id", cpuid(0)).member("cpuid_mod_id", cpuid(1));
  w.member("cpuid_step", cpuid(2));
  octets(w, "chip_id", p.chip_id);
  tcb(w, "committed_tcb", p.committed_tcb, line);
  version(w, "current", p.current_version);
  version(w, "committed", p.committed_version);
  tcb(w, "launch_tcb", p.launch_tcb, line);
  w.member("launch_mit_vector", vector(0)).member("current_mit_vector", vector(1));
  w.name("signature").begin_object();
  octets(w, "r", p.signature_r);
  octets(w, "s", p.signature_s);
  w.end_object().end_object();
}

}  // namespace

Result<std::string> write_evidence_json(const Evidence& evidence, Line line) {
  const auto report = parse_report(evidence.report);
  if (!report || !report->signature_rs()) {
    return Error(Errc::kMalformed, "snp.evidence: not a report of the right form");
  }
  JsonWriter w;
  w.begin_object().name("attestation_report");
  write_report(w, report_parts(*report), line);
  w.name("cert_chain").begin_array();
  for (const TableEntry& entry : evidence.table) {
    if (entry.kind.size() > 4) {
      return Error(Errc::kMalformed, "snp.evidence: an entry of no known kind");
    }
    w.begin_object().member("cert_type", entry.kind);
    octets(w, "data", entry.data);
    w.end_object();
  }
  return w.end_array().end_object().take();
}

}  // namespace ward::snp
