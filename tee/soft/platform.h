#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "tee/dcap/pck.h"
#include "tee/dcap/tcb_documents.h"
#include "tee/snp/product.h"
#include "tee/soft/amd.h"
#include "tee/soft/processor.h"
#include "tee/soft/quoting_enclave.h"
#include "tee/soft/tdx_processor.h"
#include "tee/soft/world.h"

namespace ward::soft {

// IntelParts is what an Intel-shaped processor (SGX and TDX) gets from its maker.
struct IntelParts {
  crypto::PrivateKey pck;
  std::string pck_chain_pem;  // PCK certificate, platform CA, root: PPID, TCB and FMSPC stand in it
  dcap::QeIdentity qe_identity;                                 // what its quoting enclave is, "QE"
  dcap::QeIdentity td_qe_identity;                              // and that for TDs, "TD_QE"
  std::array<std::uint8_t, 16> tee_tcb_svn = default_td_svn();  // of its TDX module
};

// AmdParts is what an AMD-shaped processor (SEV-SNP) gets from its maker.
struct AmdParts {
  crypto::PrivateKey vcek;
  crypto::PrivateKey vlek;
  AmdCollateral certificates;  // chip id, TCB and product line stand in them; `crl` is not needed
};

// IntelProcessor answers what SGX, the TDX module and the two quoting enclaves do.
struct IntelProcessor {
  Processor sgx;
  TdxProcessor tdx;
  QuotingEnclave quoting_enclave;
  QuotingEnclave td_quoting_enclave;
};

// AmdProcessor is a processor with SEV-SNP. Its root keys are what keys of guests derive from.
struct AmdProcessor {
  snp::Line line = snp::Line::kGenoa;
  snp::Tcb tcb;  // of the VCEK
  snp::Tcb vlek_tcb;
  std::array<std::uint8_t, 64> chip_id{};
  crypto::PrivateKey vcek;
  crypto::PrivateKey vlek;
  AmdCollateral certificates;
  Secret<32> vcek_root;
  Secret<32> vlek_root;
  Secret<32> vmrk_root;  // each guest gets a VMRK of its own
};

// Platform is one machine's processors. Every secret that they keep derives from the device root,
// so that nothing which one device made verifies or opens on another; who they are is what their
// certificates say. Immutable: safe from several threads.
class Platform {
 public:
  // create takes either maker's parts or both. kMalformed where a certificate is none, or is for
  // another key than the one that is given.
  static Result<std::unique_ptr<const Platform>> create(Secret<32> device_root,
                                                        std::optional<IntelParts> intel,
                                                        std::optional<AmdParts> amd);

  // intel and amd are nullptr where the platform has no such processor.
  [[nodiscard]] const IntelProcessor* intel() const { return intel_ ? &*intel_ : nullptr; }

  [[nodiscard]] const AmdProcessor* amd() const { return amd_ ? &*amd_ : nullptr; }

  // For create().
  Platform(std::optional<IntelProcessor> intel, std::optional<AmdProcessor> amd)
      : intel_(std::move(intel)), amd_(std::move(amd)) {}

 private:
  std::optional<IntelProcessor> intel_;
  std::optional<AmdProcessor> amd_;
};

}  // namespace ward::soft
