#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tee/snp/evidence.h"

// For tests: evidence as Trustee's guests send it, with the members of the crate `sev`.
namespace ward::snp {

// TrusteeJson is a document before it is put together: members in order, each value as JSON text.
struct TrusteeJson {
  std::vector<std::pair<std::string, std::string>> report;
  std::string cert_chain = "null";

  // member is the value of this name, to be changed.
  std::string& member(std::string_view name) {
    for (auto& [key, value] : report) {
      if (key == name) return value;
    }
    return report.emplace_back(name, "null").second;
  }

  [[nodiscard]] std::string text() const {
    std::string out = R"({"attestation_report":{)";
    for (const auto& [name, value] : report) {
      out += (out.back() == '{' ? "\"" : ",\"") + name + "\":" + value;
    }
    return out + R"(},"cert_chain":)" + cert_chain + "}";
  }
};

inline std::string json_octets(Bytes octets) {
  std::string out = "[";
  for (const std::uint8_t octet : octets) {
    out += (out.size() == 1 ? "" : ",") + std::to_string(octet);
  }
  return out + "]";
}

inline std::string json_tcb(Bytes octets, Line line) {
  const Tcb tcb = read_tcb(octets, line);
  return R"({"fmc":)" + (tcb.fmc ? std::to_string(*tcb.fmc) : "null") + R"(,"bootloader":)" +
         std::to_string(tcb.bootloader) + R"(,"tee":)" + std::to_string(tcb.tee) + R"(,"snp":)" +
         std::to_string(tcb.snp) + R"(,"microcode":)" + std::to_string(tcb.microcode) + "}";
}

inline std::string json_version(const std::array<std::uint8_t, 3>& v) {
  return R"({"major":)" + std::to_string(v[0]) + R"(,"minor":)" + std::to_string(v[1]) +
         R"(,"build":)" + std::to_string(v[2]) + "}";
}

inline std::string json_table(const std::vector<TableEntry>& table) {
  std::string out = "[";
  for (const TableEntry& entry : table) {
    out += (out.size() == 1 ? "" : ",") + (R"({"cert_type":")" + entry.kind) + R"(","data":)" +
           json_octets(entry.data) + "}";
  }
  return out + "]";
}

inline TrusteeJson trustee_json(const ReportParts& p, Line line) {
  const auto number = [](std::uint64_t value) { return std::to_string(value); };
  const auto cpuid = [&](std::size_t i) { return p.cpuid ? number(p.cpuid->at(i)) : "null"; };
  const auto vector = [&](std::size_t i) {
    return p.mit_vectors ? number(p.mit_vectors->at(i)) : "null";
  };
  return {.report = {{"version", number(p.version)},
                     {"guest_svn", number(p.guest_svn)},
                     {"policy", number(p.policy)},
                     {"family_id", json_octets(p.family_id)},
                     {"image_id", json_octets(p.image_id)},
                     {"vmpl", number(p.vmpl)},
                     {"sig_algo", number(p.signature_algo)},
                     {"current_tcb", json_tcb(p.current_tcb, line)},
                     {"plat_info", number(p.platform_info)},
                     {"key_info", number(p.key_info)},
                     {"report_data", json_octets(p.report_data)},
                     {"measurement", json_octets(p.measurement)},
                     {"host_data", json_octets(p.host_data)},
                     {"id_key_digest", json_octets(p.id_key_digest)},
                     {"author_key_digest", json_octets(p.author_key_digest)},
                     {"report_id", json_octets(p.report_id)},
                     {"report_id_ma", json_octets(p.report_id_ma)},
                     {"reported_tcb", json_tcb(p.reported_tcb, line)},
                     {"cpuid_fam_id", cpuid(0)},
                     {"cpuid_mod_id", cpuid(1)},
                     {"cpuid_step", cpuid(2)},
                     {"chip_id", json_octets(p.chip_id)},
                     {"committed_tcb", json_tcb(p.committed_tcb, line)},
                     {"current", json_version(p.current_version)},
                     {"committed", json_version(p.committed_version)},
                     {"launch_tcb", json_tcb(p.launch_tcb, line)},
                     {"launch_mit_vector", vector(0)},
                     {"current_mit_vector", vector(1)},
                     {"signature", R"({"r":)" + json_octets(p.signature_r) + R"(,"s":)" +
                                       json_octets(p.signature_s) + "}"}}};
}

}  // namespace ward::snp
