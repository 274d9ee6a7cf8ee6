#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "attest/appraisal.h"
#include "attest/work.h"
#include "base/time.h"
#include "tee/nvidia/checks.h"
#include "tee/nvidia/device.h"
#include "tee/nvidia/documents.h"
#include "tee/nvidia/evidence.h"
#include "tee/x509/path.h"
#include "tee/x509/pool.h"
#include "tee/x509/signatures.h"

namespace ward::nvidia {

// The makers' pinned roots (scheme.cc): neither vouches for what is the other's.
[[nodiscard]] std::span<const attest::Anchor> pinned_anchors();
inline constexpr std::size_t kDeviceAnchor = 0;
inline constexpr std::size_t kRimAnchor = 1;

// anchors_for leaves out the pinned root of the other use. Roots that the relying party named serve
// both.
[[nodiscard]] std::vector<attest::Anchor> anchors_for(std::span<const attest::Anchor> anchors,
                                                      std::size_t use);

// What one verification of one device knows and fills. Everything is borrowed for the length of the
// call.
struct Context {
  CheckList& checks;
  const Documents& documents;
  std::span<const attest::Anchor> anchors;
  UnixTime now;
  attest::Findings& findings;
  x509::Signatures& signatures;
  attest::Work* work = nullptr;  // what the outcomes are derived from, where somebody asked for it
};

// Link is a certificate that its issuer can be asked about.
struct Link {
  pki::Certificate certificate;
  pki::Certificate issuer;
};

// DeviceFacts are what other parts of the verification follow from.
struct DeviceFacts {
  std::optional<Chip> chip;              // that the certificate names
  std::optional<pki::Certificate> leaf;  // of the key that is meant
  std::vector<Link> links;  // whose revocation counts; empty where the root is not trusted
  bool chain_complete = false;
};

// find_chain builds the chain above `leaf`; what is missing is named in `missing`.
[[nodiscard]] std::vector<pki::Certificate> find_chain(const x509::Pool& pool,
                                                       const pki::Certificate& leaf,
                                                       std::string& missing);

// verify_device checks whose key signed the report, its chain up to a root, and that it is this
// kind of device.
[[nodiscard]] DeviceFacts verify_device(Context& context, const DeviceEvidence& evidence,
                                        const Report& report, const Device& device);

// RimFacts are what the manifests say of a device.
struct RimFacts {
  std::vector<Link> links;
  bool all_known = false;  // every manifest that is needed is there, with a whole chain
  std::optional<bool>
      debug;  // whether they are for debug firmware; nullopt where they are not there
};

// verify_rims compares the measurements with the manifests of the device's driver and VBIOS.
[[nodiscard]] RimFacts verify_rims(Context& context, const Report& report, const Device& device,
                                   const std::optional<Chip>& chip);

// record_ocsp records what NVIDIA's responders say of the certificates; `whole` is false where
// certificates that would have to be asked about are not known.
void record_ocsp(Context& context, std::span<const Link> links, bool whole);

}  // namespace ward::nvidia
