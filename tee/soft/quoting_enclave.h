#pragma once

#include <array>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/sign.h"
#include "tee/dcap/pck.h"
#include "tee/dcap/quote.h"
#include "tee/dcap/tcb_documents.h"
#include "tee/sgx/target_info.h"
#include "tee/soft/random_source.h"

namespace ward::soft {

// EnclaveIdentity is what the processor measured of a keep.
struct EnclaveIdentity {
  crypto::Sha256Digest mr_enclave{};
  crypto::Sha256Digest mr_signer{};
  std::array<std::uint8_t, 64> config_id{};  // digest of the workload's manifest, zeros behind it
  std::uint16_t isv_prod_id = 0;
  std::uint16_t isv_svn = 0;
  bool debug = false;
  std::array<std::uint8_t, 16> isv_ext_prod_id{};
  std::array<std::uint8_t, 16> isv_family_id{};
  std::uint16_t config_svn = 0;

  // attributes is ATTRIBUTES, FLAGS and XFRM (SDM volume 3D, 38.7.1); MISCSELECT is zero.
  [[nodiscard]] std::array<std::uint8_t, 16> attributes() const;
};

// report_body writes sgx_report_body_t for a keep on a platform with this CPUSVN.
[[nodiscard]] Buffer report_body(const EnclaveIdentity& enclave,
                                 const std::array<std::uint8_t, 16>& cpu_svn,
                                 std::span<const std::uint8_t, 64> report_data);

// QuoteForm is which of Intel's formats a quote is written in: version 3 for SGX, 4 or 5 for both,
// with the longer TD report in version 5 alone.
struct QuoteForm {
  std::uint16_t version = 3;
  dcap::BodyType body = dcap::BodyType::kSgxReport;

  [[nodiscard]] dcap::TeeType tee() const {
    return body == dcap::BodyType::kSgxReport ? dcap::TeeType::kSgx : dcap::TeeType::kTdx;
  }
};

// QuotingEnclave signs quotes as Intel's does: an attestation key that the PCK key vouches for
// through a report of its own.
class QuotingEnclave {
 public:
  // The attestation key is the caller's; `pck` signs the enclave's report over it once. `identity`
  // says what this quoting enclave is; `pck_chain_pem` goes into every quote; `signing` is how both
  // keys sign.
  static Result<QuotingEnclave> create(crypto::PrivateKey attestation,
                                       const crypto::PrivateKey& pck,
                                       const dcap::QeIdentity& identity,
                                       const dcap::PckExtensions& platform,
                                       const std::string& pck_chain_pem,
                                       Signing signing = Signing::kFresh);

  // quote signs a body: a whole quote of the form asked for. kInternal where the body is not of its
  // type's size.
  [[nodiscard]] Result<Buffer> quote(Bytes body, const QuoteForm& form = {}) const;

  // target_info is what local reports for it are made for.
  [[nodiscard]] sgx::TargetInfo target_info() const;

 private:
  QuotingEnclave(crypto::PrivateKey attestation, dcap::QuoteParts parts, Signing signing);

  crypto::PrivateKey attestation_;
  dcap::QuoteParts parts_;
  Signing signing_;
};

}  // namespace ward::soft
