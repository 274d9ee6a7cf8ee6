#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "attest/collateral.h"
#include "base/bytes.h"
#include "base/result.h"
#include "crypto/rng.h"
#include "crypto/secret.h"
#include "tee/soft/faces.h"
#include "tee/soft/platform.h"

namespace ward::soft {

// Launch is what the launcher states of a keep. The keep is not asked.
struct Launch {
  Buffer runtime;    // canonical CBOR of the ward-keep image -> MRENCLAVE, MRTD, MEASUREMENT
  Buffer canonical;  // canonical CBOR of manifest and files -> RTMR1, RTMR2 and the event log
  std::array<std::uint8_t, 48> workload{};  // -> CONFIGID, MRCONFIGID, HOST_DATA (first 32 octets)
  bool debug = false;
  Buffer signature;  // SGX: SIGSTRUCT; SNP: ID block, ID authentication information behind it;
                     // empty where nobody signed
};

using ReportData = std::span<const std::uint8_t, 64>;

// GuestEvidence is one answer of a platform.
struct GuestEvidence {
  Buffer octets;  // the quote, or the report with its certificate table behind it
  std::vector<attest::Document> documents;  // what comes along: the event log of a TD, "ccel.bin"
  std::string primary;                      // JSON: what Trustee's guests send as primary_evidence
};

// Guest is one keep as its platform knows it. One caller at a time.
class Guest {
 public:
  Guest() = default;
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;
  virtual ~Guest() = default;

  [[nodiscard]] virtual const Face& face() const = 0;

  // tee is what the KBS protocol calls it.
  [[nodiscard]] const char* tee() const { return face().tee; }

  // launch_measurement names the ward-keep image: MRENCLAVE, MRTD or MEASUREMENT.
  [[nodiscard]] virtual Buffer launch_measurement() const = 0;

  // evidence vouches for this keep, with `report_data` in the report.
  [[nodiscard]] virtual Result<GuestEvidence> evidence(ReportData report_data) = 0;

  // local_report is a report that this platform alone verifies, for another keep on it. `target`
  // names that keep: SGX's TARGETINFO, empty for TDX. kUnsupported on SNP, whose reports are
  // signed; kMalformed or kTruncated for another target.
  [[nodiscard]] virtual Result<Buffer> local_report(Bytes target, ReportData report_data) const = 0;

  // own_target is what others name for a local report to this keep; empty but for SGX.
  [[nodiscard]] virtual Buffer own_target() const { return {}; }

  // verify_report checks a local report that another keep gave to this one. kUntrusted where this
  // platform did not make it, or (SGX) made it for another target; kMalformed, kTruncated;
  // kUnsupported as local_report.
  [[nodiscard]] virtual Result<void> verify_report(Bytes report) const = 0;

  // derive_key gives a key that no other device, and no keep that differs in what the request
  // names, can get: SGX's KEYREQUEST gives 16 octets, the payload of SNP's MSG_KEY_REQ 32. kDenied
  // where this keep may not have it, with the reason; kMalformed or kTruncated for what is no
  // request; kUnsupported on TDX 1.5, which has no such keys.
  [[nodiscard]] virtual Result<SecretBytes> derive_key(Bytes request) const = 0;

  // extend measures an event of run time: TDX's RTMR3, index 3, whose event log then lists the
  // data. kDenied for RTMR0 to RTMR2, which are the launcher's; kUnsupported where the TEE has no
  // such register; kMalformed for no data; kLimit for more than kMaxEventData octets, and from
  // event kMaxRuntimeEvents + 1 on.
  virtual Result<void> extend(unsigned index, Bytes event_data) = 0;
};

// launch makes the guest of a new keep with that face. `platform` must outlive it. `rng` gives what
// is drawn anew at each launch. kUnsupported where the platform lacks the face's processor,
// kMalformed where `launch` has no runtime or its canonical form is none; errors of apply_sigstruct
// and apply_id_block where a signature does not fit; kUnsupported for a signature where the TEE
// takes none.
[[nodiscard]] Result<std::unique_ptr<Guest>> launch(const Platform& platform, const Face& face,
                                                    const Launch& launch, crypto::Rng& rng);

}  // namespace ward::soft
