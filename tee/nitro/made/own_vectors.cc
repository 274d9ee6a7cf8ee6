#include <string>

#include "attest/own_vector.h"
#include "codec/pem.h"
#include "tee/nitro/made/stage.h"

namespace ward::nitro {

// Declared here and in the list of all TEEs' vectors (tee/CMakeLists.txt).
std::vector<attest::OwnVector> own_vectors();

namespace {

using made::Stage;

std::string value_of(const attest::Expected& expected) {
  return to_hex(std::get<std::vector<Buffer>>(expected).front());
}

attest::OwnVector vector_of(const char* kind, const char* name, const Stage& stage,
                            const std::string& more) {
  const made::Made m = made::make(stage);
  const std::string size = std::to_string(m.evidence.size());
  std::string facts = "at " + format_rfc3339(stage.now) + "\nreport_data " +
                      value_of(stage.expected.report_data) + "\nmeasurement " +
                      value_of(stage.expected.measurement) + "\nworkload " +
                      value_of(stage.expected.workload) + "\n" + more;
  // Heads, signature and tag, too: every flipped bit is refused.
  if (std::string_view(kind) == "valid") facts += "signed_octets " + size + "\n";
  const std::string root = codec::to_pem("CERTIFICATE", m.certificates.front());
  return {kind,
          name,
          {{"evidence", m.evidence},
           {"case.txt", to_buffer(as_bytes(facts))},
           {"root_ca.pem", to_buffer(as_bytes(root))}}};
}

std::string valid_facts() {
  return "self_contained yes\nvalid_from " + format_rfc3339(made::kMade) + "\nvalid_to " +
         format_rfc3339(made::kTo) + "\n";
}

std::string fails(const char* check) {
  return "verdict refused\nfails nitro." + std::string(check) + "\n";
}

void add_of_document(std::vector<attest::OwnVector>& out) {
  const auto add = [&](const char* name, const char* check, auto change) {
    Stage s = made::good_stage();
    change(s);
    out.push_back(vector_of("invalid", name, s, fails(check)));
  };
  add("nitro-debug", "pcrs.debug", [](Stage& s) {
    for (const std::uint32_t i : {0U, 1U, 2U}) {
      s.pcrs[i] = Buffer(48);
    }
    s.expected.measurement = std::vector<Buffer>{Buffer(48)};
  });
  add("nitro-digest-unknown", "document.digest", [](Stage& s) { s.digest = "SHA512"; });
  add("nitro-other-algorithm", "document.algorithm",
      [](Stage& s) { s.algorithm = token::CoseAlgorithm::kEs256; });
  add("nitro-signed-by-another", "document.signature",
      [](Stage& s) { s.signer = made::kInstance; });
  add("nitro-register-short", "document.form", [](Stage& s) { s.pcrs[7] = Buffer(32); });
  add("nitro-made-before-its-certificate", "timestamp.certificate", [](Stage& s) {
    s.timestamp_ms = static_cast<std::uint64_t>(made::kFrom.seconds - 1) * 1000;
  });
  add("nitro-from-the-future", "timestamp.now",
      [](Stage& s) { s.timestamp_ms = static_cast<std::uint64_t>(made::kNow.seconds + 1) * 1000; });
}

void add_of_chain(std::vector<attest::OwnVector>& out) {
  const auto add = [&](const char* name, const char* check, auto change) {
    Stage s = made::good_stage();
    change(s);
    out.push_back(vector_of("invalid", name, s, fails(check)));
  };
  add("nitro-chain-forged", "chain.signature",
      [](Stage& s) { s.chain[made::kInstance].signer = made::kEnclave; });
  add("nitro-chain-name-of-another", "chain.names",
      [](Stage& s) { s.chain[made::kZone].spec.issuer = s.chain[made::kRoot].spec.subject; });
  add("nitro-enclave-as-ca", "chain.constraints", [](Stage& s) {
    s.chain[made::kEnclave].spec.extensions[0] = pki::basic_constraints_extension({.ca = true});
  });
  add("nitro-instance-expired", "chain.not_after",
      [](Stage& s) { s.chain[made::kInstance].spec.not_after = UnixTime{made::kNow.seconds - 1}; });
  add("nitro-region-not-yet-valid", "chain.not_before",
      [](Stage& s) { s.chain[made::kRegion].spec.not_before = UnixTime{made::kNow.seconds + 1}; });
}

}  // namespace

std::vector<attest::OwnVector> own_vectors() {
  std::vector<attest::OwnVector> out;
  Stage s = made::good_stage();
  out.push_back(vector_of("valid", "nitro", s, valid_facts()));
  s.tagged = true;
  out.push_back(vector_of("valid", "nitro_tagged", s, valid_facts()));
  add_of_document(out);
  add_of_chain(out);
  return out;
}

}  // namespace ward::nitro
