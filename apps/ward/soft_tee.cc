#include "apps/ward/soft_tee.h"

#include <algorithm>
#include <array>

#include <unistd.h>

#include "apps/ward/cli.h"
#include "tee/snp/measure.h"
#include "tee/soft/processor.h"
#include "tee/soft/tdx_processor.h"

namespace ward::cli {
namespace {

constexpr std::string_view kPrefix = "soft-";
constexpr const char* kHint =
    "a software TEE for development: --tee soft-sgx, soft-tdx or soft-snp, with --device DIR or "
    "--softd SOCKET";

// Hardware is a TEE, and the device file by which Linux shows it to a guest or process.
struct Hardware {
  const char* tee;
  const char* device;
};

constexpr auto kHardware = std::to_array<Hardware>({{"sgx", "/dev/sgx_enclave"},
                                                    {"tdx", "/dev/tdx_guest"},
                                                    {"snp", "/dev/sev-guest"},
                                                    {"tpm", "/dev/tpmrm0"}});

bool is_here(const Hardware& hardware) { return ::access(hardware.device, F_OK) == 0; }

NoTee no_hardware(const Hardware& hardware) {
  const std::string device = hardware.device;
  if (!is_here(hardware)) {
    return {.code = kCouldNotTell,
            .what = std::string(hardware.tee) + ": this machine has no " + device,
            .hint = kHint};
  }
  return {.code = kCouldNotTell,
          .what = std::string(hardware.tee) + ": this machine has " + device +
                  ", which this version of ward does not attest with",
          .hint = kHint};
}

NoTee nothing_here() {
  std::string lacks;
  std::string has;
  std::string hint = kHint;
  for (const Hardware& hardware : kHardware) {
    if (std::string_view(hardware.tee) == "tpm" && is_here(hardware)) {
      hint = "this machine has a TPM, which is no TEE: --tee tpm has it quote";
      continue;
    }
    std::string& list = is_here(hardware) ? has : lacks;
    list += (list.empty() ? "" : ", ") + std::string(hardware.device);
  }
  std::string what = "no TEE to attest with";
  if (!lacks.empty()) what += ": this machine has no " + lacks;
  if (!has.empty()) what += "; this version of ward does not attest with " + has;
  return {.code = kCouldNotTell, .what = std::move(what), .hint = std::move(hint)};
}

}  // namespace

Result<const soft::Face*, NoTee> soft_face(std::string_view tee) {
  if (tee == "auto") return nothing_here();
  for (const Hardware& hardware : kHardware) {
    if (tee == hardware.tee) return no_hardware(hardware);
  }
  if (tee.starts_with(kPrefix)) {
    if (const soft::Face* face = soft::find_face(tee.substr(kPrefix.size()))) return face;
  }
  return NoTee{.code = kUsage,
               .what = "--tee: no such TEE: " + std::string(tee),
               .hint = "auto, sgx, tdx, snp, tpm, " + soft_faces()};
}

int fail_with(const NoTee& why) { return fail(why.code, why.what, why.hint); }

std::string soft_faces() {
  std::string out;
  for (const soft::Face& face : soft::faces()) {
    out += (out.empty() ? "" : ", ") + std::string(kPrefix) + face.name;
  }
  return out;
}

Buffer launch_measurement(const soft::Face& face, Bytes runtime) {
  const auto* intel = std::get_if<soft::QuoteForm>(&face.form);
  if (intel == nullptr) return to_buffer(snp::launch_digest(runtime));
  if (intel->tee() == dcap::TeeType::kTdx) return to_buffer(soft::mr_td_of(runtime));
  return to_buffer(soft::mr_enclave_of(runtime));
}

}  // namespace ward::cli
