#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/appraisal.h"
#include "attest/collateral.h"
#include "base/time.h"
#include "crypto/sign.h"
#include "pki/build.h"
#include "tee/nvidia/device.h"
#include "tee/nvidia/evidence.h"
#include "tee/nvidia/rim.h"
#include "tee/x509/ocsp.h"

// For tests and vectors: a good NVIDIA device with keys of its own, made by the parsers' inverses,
// and all that speaks for it.
namespace ward::nvidia {

// When a stage's OCSP responses begin to count; certificates count from before.
inline constexpr UnixTime kStageFrom{1'790'000'000};
inline constexpr UnixTime kStageNow{1'790'000'000 + 86400};
inline constexpr UnixTime kStageTo{1'790'000'000 + 30 * 86400};

// Role is whose key or certificate is meant. Each but the root is issued by the one that
// issuer_of() names.
enum class Role : std::uint8_t {
  kRoot,         // of devices and manifests alike
  kIdentity,     // NVIDIA's CA of a chip's line
  kProvisioner,  // the CA of the devices
  kDevice,       // a chip's own key
  kFirmware,     // the key that signs reports
  kRimCa,        // NVIDIA's CA of manifests of a chip's line
  kRimIssuer,    // the CA of their signers
  kRimSigner,    // the key that signs manifests
  kResponder,    // appointed by kProvisioner to answer for it
  kEnd
};

inline constexpr std::size_t kRoles = static_cast<std::size_t>(Role::kEnd);

[[nodiscard]] Role issuer_of(Role role);

// StageKeys are the same for the same seed, "MAKER/CHIP": those of the makers for the same MAKER.
class StageKeys {
 public:
  explicit StageKeys(std::string_view seed);

  [[nodiscard]] const crypto::PrivateKey& operator[](Role role) const {
    return keys_[static_cast<std::size_t>(role)];
  }

 private:
  std::vector<crypto::PrivateKey> keys_;
};

// stage_keys makes those of a seed once.
[[nodiscard]] const StageKeys& stage_keys(const std::string& seed);

// StageCert is a certificate before it is signed.
struct StageCert {
  std::string name;
  std::string id;  // subject's serialNumber; empty: none
  UnixTime not_before;
  UnixTime not_after;
  std::vector<pki::Extension> extensions;
  std::optional<Role> signed_by;      // another than issues it
  std::optional<std::string> issuer;  // another name than the issuer's
};

// StageOcsp is what is said of one certificate.
struct StageOcsp {
  x509::OcspStatus status = x509::OcspStatus::kGood;
  UnixTime this_update = kStageFrom;
  std::optional<UnixTime> next_update = kStageTo;
  std::optional<Role> signed_by;  // another than the issuer
};

// StageRim is a manifest before it is signed.
struct StageRim {
  RimContent content;
  std::string file;  // the document's name
};

// Stage is everything that one device's evidence and collateral are made of.
struct Stage {
  std::string seed;
  Chip chip;
  Device device;
  Report report;  // its opaque fields and signature are written by make()
  std::array<StageCert, kRoles> certificates;
  std::map<Role, StageOcsp> ocsp;  // of each certificate whose revocation counts
  std::vector<StageRim> rims;      // the VBIOS's, then the driver's where there is one

  // measurement is the value that manifests call by this index.
  [[nodiscard]] Buffer& measurement(std::uint32_t index);

  [[nodiscard]] StageCert& certificate(Role role) {
    return certificates[static_cast<std::size_t>(role)];
  }

  [[nodiscard]] const StageCert& certificate(Role role) const {
    return certificates[static_cast<std::size_t>(role)];
  }
};

// good_stage is one that passes every check.
[[nodiscard]] Stage good_stage(Arch arch, const std::string& seed = "one");

// Made is signed: the device for a list, and the documents that go with it.
struct Made {
  DeviceEvidence device;
  attest::Collateral documents;

  // document returns the octets of the one with this name; it must exist.
  [[nodiscard]] Buffer& document(std::string_view name);
  void drop(std::string_view name);
};

[[nodiscard]] Made make(const Stage& stage);

// sign_report signs a report anew with a stage's firmware key.
[[nodiscard]] Buffer sign_report(const Report& report, const std::string& seed);

// rim_xml writes a manifest and signs it.
[[nodiscard]] std::string rim_xml(const RimContent& content,
                                  const std::vector<Buffer>& certificates,
                                  const crypto::PrivateKey& key);

// stage_root is the root of a seed's certificates, as PEM and as an anchor of development.
[[nodiscard]] std::string stage_root_pem(const Stage& stage);
[[nodiscard]] attest::Anchor stage_anchor(const Stage& stage);

// stage_measurement is what Facts::measurement says of one report.
[[nodiscard]] Buffer stage_measurement(const Buffer& report);

}  // namespace ward::nvidia
