#include <functional>
#include <string>

#include "attest/own_vector.h"
#include "crypto/digest.h"
#include "tee/nvidia/made/stage.h"

namespace ward::nvidia {

// Declared here and in the list of all TEEs' vectors (tee/CMakeLists.txt).
std::vector<attest::OwnVector> own_vectors();

namespace {

// The form in which evidence is written.
enum class Form : std::uint8_t { kReport, kList };

Buffer written(const std::vector<DeviceEvidence>& devices, Form form) {
  if (form == Form::kReport) return devices.front().report;
  return to_buffer(as_bytes(*write_evidence_json(devices)));
}

std::string line(const char* fact, const std::string& value) {
  return std::string(fact) + " " + value + "\n";
}

// Where every flipped bit is refused. Of a list the ends of each report are named: vectors of
// reports alone show all octets, and each costs an appraisal.
constexpr std::size_t kShown = 48;

std::string signed_facts(Bytes evidence, Form form) {
  if (form == Form::kReport) return line("signed_octets", std::to_string(evidence.size()));
  std::string out;
  const auto add = [&](std::size_t begin, std::size_t end) {
    out += line("signed", std::to_string(begin) + "-" + std::to_string(end));
  };
  for (const auto& [begin, end] : evidence_places(evidence)) {
    add(begin, begin + kShown);
    add(end - kShown, end);
  }
  return out;
}

// vector_of signs the stages, which share one seed, and writes them down with what goes with them.
attest::OwnVector vector_of(
    const char* kind, const char* name, const std::vector<Stage>& stages, Form form,
    const std::string& more, const std::function<void(Made&)>& change = [](Made&) {}) {
  attest::OwnVector out{kind, name, {}};
  std::vector<DeviceEvidence> devices;
  std::vector<attest::Document> documents;
  Buffer records;
  for (const Stage& stage : stages) {
    Made made = make(stage);
    change(made);
    devices.push_back(made.device);
    for (attest::Document& document : made.documents.documents) {
      if (stages.size() > 1) document.name = arch_name(stage.chip.arch) + ("_" + document.name);
      documents.push_back(std::move(document));
    }
    const Bytes record = measurement_record(made.device.report);
    records.insert(records.end(), record.begin(), record.end());
  }
  if (form == Form::kReport) {
    documents.push_back({"device_chain.pem", to_buffer(as_bytes(devices.front().certificates))});
  }
  const Buffer evidence = written(devices, form);
  std::string facts = line("at", format_rfc3339(kStageNow)) +
                      line("report_data", to_hex(stages.front().report.nonce)) +
                      line("measurement", to_hex(crypto::sha384(records))) + more;
  if (out.kind == "valid") {
    facts += line("valid_from", format_rfc3339(kStageFrom)) +
             line("valid_to", format_rfc3339(kStageTo)) + signed_facts(evidence, form);
  }
  out.files.push_back({"evidence", evidence});
  out.files.push_back({"case.txt", to_buffer(as_bytes(facts))});
  out.files.push_back({"root_ca.pem", to_buffer(as_bytes(stage_root_pem(stages.front())))});
  out.files.insert(out.files.end(), documents.begin(), documents.end());
  return out;
}

std::string fails(const char* check) {
  return "verdict refused\nfails nvidia." + std::string(check) + "\n";
}

std::string open(const char* check) {
  return "verdict undetermined\nopen nvidia." + std::string(check) + "\n";
}

using Edit = void (*)(Stage&);

void add_of_stage(std::vector<attest::OwnVector>& out) {
  const auto add = [&](const char* name, const std::string& facts, Edit edit,
                       Arch arch = Arch::kHopper) {
    Stage s = good_stage(arch);
    edit(s);
    out.push_back(vector_of("invalid", name, {s}, Form::kList, facts));
  };
  add("nvidia-measurement-of-another-driver", fails("driver_rim.measurements"),
      [](Stage& s) { s.measurement(7)[0] ^= 1U; });
  add(
      "nvidia-switch-of-another-bios", fails("vbios_rim.measurements"),
      [](Stage& s) { s.measurement(9)[0] ^= 1U; }, Arch::kLs10);
  add("nvidia-manifests-claim-one-measurement", fails("rim.conflict"), [](Stage& s) {
    s.rims[1].content.golden.insert(s.rims[1].content.golden.begin(),
                                    s.rims[0].content.golden.front());
  });
  add("nvidia-manifest-for-another-chip", fails("driver_rim.product"),
      [](Stage& s) { s.rims[1].content.product = "GB100"; });
  add("nvidia-manifest-of-another-version", open("driver_rim.present"),
      [](Stage& s) { s.rims[1].content.version = "570.1.3"; });
  add("nvidia-manifests-for-debug", fails("device.debug"), [](Stage& s) {
    s.certificate(Role::kRimIssuer).name = "Own Reference Value L3 001 Debug Only";
  });
  add("nvidia-firmware-of-another", fails("device.fwid"),
      [](Stage& s) { s.device.fwid = Buffer(48, 1); });
  add("nvidia-device-revoked", fails("ocsp.revocation"),
      [](Stage& s) { s.ocsp[Role::kDevice].status = x509::OcspStatus::kRevoked; });
  add("nvidia-ocsp-out-of-date", fails("ocsp.next_update"),
      [](Stage& s) { s.ocsp[Role::kProvisioner].next_update = UnixTime{kStageNow.seconds - 1}; });
  add("nvidia-ocsp-from-the-future", fails("ocsp.this_update"),
      [](Stage& s) { s.ocsp[Role::kProvisioner].this_update = {kStageNow.seconds + 1}; });
  add("nvidia-ocsp-by-a-stranger", fails("ocsp.signature"),
      [](Stage& s) { s.ocsp[Role::kDevice].signed_by = Role::kRimSigner; });
  add("nvidia-ocsp-missing", open("ocsp.present"), [](Stage& s) { s.ocsp.erase(Role::kIdentity); });
  add("nvidia-signer-expired", fails("rim_chain.not_after"),
      [](Stage& s) { s.certificate(Role::kRimSigner).not_after = {kStageNow.seconds - 1}; });
}

void add_of_chain(std::vector<attest::OwnVector>& out) {
  const auto add = [&](const char* name, const char* check, Edit edit) {
    Stage s = good_stage(Arch::kBlackwell);
    edit(s);
    out.push_back(vector_of("invalid", name, {s}, Form::kList, fails(check)));
  };
  add("nvidia-chain-forged", "device_chain.signature",
      [](Stage& s) { s.certificate(Role::kDevice).signed_by = Role::kRimCa; });
  add("nvidia-chain-of-two-chips", "device_chain.names",
      [](Stage& s) { s.certificate(Role::kDevice).name = "GH100 A01 GSP BROM"; });
  add("nvidia-chain-expired", "device_chain.not_after",
      [](Stage& s) { s.certificate(Role::kDevice).not_after = {kStageNow.seconds - 1}; });
  add("nvidia-chain-not-yet-valid", "device_chain.not_before",
      [](Stage& s) { s.certificate(Role::kFirmware).not_before = {kStageNow.seconds + 1}; });
  add("nvidia-firmware-key-is-a-ca", "device_chain.constraints", [](Stage& s) {
    s.certificate(Role::kFirmware).extensions[0] = pki::basic_constraints_extension({.ca = true});
  });
  add("nvidia-manifest-chain-forged", "rim_chain.signature",
      [](Stage& s) { s.certificate(Role::kRimIssuer).signed_by = Role::kIdentity; });
  add("nvidia-manifest-under-another-ca", "rim_chain.names",
      [](Stage& s) { s.certificate(Role::kRimIssuer).name = "Own Provisioner ICA 2"; });
}

void add_of_made(std::vector<attest::OwnVector>& out) {
  const auto add = [&](const char* name, const char* check,
                       const std::function<void(Made&)>& change) {
    out.push_back(
        vector_of("invalid", name, {good_stage(Arch::kHopper)}, Form::kList, fails(check), change));
  };
  add("nvidia-report-forged", "report.signature", [](Made& m) { m.device.report.back() ^= 1U; });
  add("nvidia-arch-of-another", "device.arch", [](Made& m) { m.device.arch = "BLACKWELL"; });
  add("nvidia-nonce-of-another-time", "evidence.nonce",
      [](Made& m) { m.device.nonce->front() ^= 1U; });
  add("nvidia-manifest-altered", "driver_rim.digest", [](Made& m) {
    Buffer& xml = m.document("driver_rim.xml");
    const std::size_t at = as_text(xml).find("\"own\"");
    xml[at + 1] = 'O';
  });
}

}  // namespace

std::vector<attest::OwnVector> own_vectors() {
  std::vector<attest::OwnVector> out;
  out.push_back(
      vector_of("valid", "hopper_report", {good_stage(Arch::kHopper)}, Form::kReport, ""));
  out.push_back(vector_of("valid", "hopper_list", {good_stage(Arch::kHopper)}, Form::kList, ""));
  out.push_back(
      vector_of("valid", "blackwell_list", {good_stage(Arch::kBlackwell)}, Form::kList, ""));
  out.push_back(vector_of("valid", "gpu_and_switch_list",
                          {good_stage(Arch::kHopper), good_stage(Arch::kLs10)}, Form::kList, ""));
  out.push_back(vector_of("valid", "switch_report", {good_stage(Arch::kLs10)}, Form::kReport,
                          "unasked nvidia.driver_rim.digest\nunasked nvidia.driver_rim.signature\n"
                          "unasked nvidia.driver_rim.product\n"
                          "unasked nvidia.driver_rim.measurements\n"));
  add_of_stage(out);
  add_of_chain(out);
  add_of_made(out);
  return out;
}

}  // namespace ward::nvidia
