#include <string>

#include "attest/own_vector.h"
#include "tee/keystone/made/stage.h"

namespace ward::keystone {

// Declared here and in the list of all TEEs' vectors (tee/CMakeLists.txt).
std::vector<attest::OwnVector> own_vectors();

namespace {

using made::Stage;

attest::OwnVector vector_of(const char* kind, const char* name, const Stage& stage,
                            const std::string& more) {
  const std::string facts = "at " + format_rfc3339(made::kNow) + "\nreport_data " +
                            to_hex(stage.data) + "\nmeasurement " + to_hex(stage.monitor_hash) +
                            "\nworkload " + to_hex(stage.enclave_hash) + "\n" + more;
  const Buffer key = stage.device_key.value_or(to_buffer(stage.device->public_key()));
  return {kind,
          name,
          {{"evidence", made::make(stage)},
           {"case.txt", to_buffer(as_bytes(facts))},
           {"root_ca.pem", made::root_file(key)}}};
}

// `ranges` are signed: behind the data nothing is, up to the enclave's signature.
attest::OwnVector valid(const char* name, const Stage& stage, const char* ranges) {
  return vector_of("valid", name, stage,
                   "timeless yes\nself_contained yes\n" + std::string(ranges));
}

template <class Change>
void add(std::vector<attest::OwnVector>& out, const char* name, const char* fails, Change change) {
  Stage s = made::good_stage();
  change(s);
  out.push_back(vector_of("invalid", name, s,
                          "verdict refused\nfails keystone." + std::string(fails) + "\n"));
}

}  // namespace

std::vector<attest::OwnVector> own_vectors() {
  std::vector<attest::OwnVector> out;
  Stage s = made::good_stage();
  out.push_back(valid("keystone", s, "signed 0-104\nsigned 1096-1352\n"));
  s.data = Buffer(1024, 0x5a);
  out.push_back(valid("keystone_data_1024", s, "signed 64-80\nsigned 1080-1100\n"));
  add(out, "keystone-data-too-long", "report.form",
      [](Stage& stage) { stage.change = [](Buffer& report) { report[66] = 1; }; });
  add(out, "keystone-guessable-monitor-key", "sm.key_unguessable",
      [](Stage& stage) { stage.monitor = &made::guessable_monitor(); });
  add(out, "keystone-monitor-forged", "sm.signature",
      [](Stage& stage) { stage.change = [](Buffer& report) { report[1256] ^= 1U; }; });
  add(out, "keystone-enclave-forged", "enclave.signature", [](Stage& stage) {
    stage.monitor_key = to_buffer(stage.monitor->public_key());
    stage.monitor = &made::stranger();
  });
  return out;
}

}  // namespace ward::keystone
