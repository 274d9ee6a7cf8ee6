#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "attest/collateral.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/rng.h"
#include "crypto/sign.h"
#include "pki/build.h"
#include "tee/dcap/pck.h"
#include "tee/dcap/tcb_documents.h"
#include "tee/sgx/evidence.h"

// The development platform's SGX face: keys, certificates and documents in Intel's genuine formats,
// under a root that says that it is not a TEE. What it makes is verified by the same code as
// Intel's.
namespace ward::soft {

// What every name of the development PKI begins with; no verifier of ours takes it for hardware,
// and no person should.
inline constexpr const char* kMark = "NOT A TEE - ward development";

// SgxKeys are the private keys of a development PKI.
struct SgxKeys {
  crypto::PrivateKey root;
  crypto::PrivateKey pck_ca;
  crypto::PrivateKey tcb_signing;
  crypto::PrivateKey pck;
};

// generate_keys draws four P-256 keys.
[[nodiscard]] Result<SgxKeys> generate_keys(crypto::Rng& rng);

// SgxWorld is everything that a platform and its maker state, before it is signed. default_world()
// gives a platform that is up to date; tests and `ward dev make` change single facts.
struct SgxWorld {
  pki::CertificateSpec root_cert;
  pki::CertificateSpec pck_ca_cert;
  pki::CertificateSpec tcb_signing_cert;
  pki::CertificateSpec pck_cert;  // its SGX extension is written from `pck`
  dcap::PckExtensions pck;
  pki::CrlSpec root_crl;
  pki::CrlSpec pck_crl;
  dcap::TcbInfo tcb_info;  // body and signature are made
  dcap::QeIdentity qe_identity;
};

// default_world states a platform for `keys` whose documents are valid from `from` for `days` days.
// Serial numbers, PPID and the like are drawn from `rng`. The FMSPC is of the reserved development
// range ff....
[[nodiscard]] Result<SgxWorld> default_world(const SgxKeys& keys, UnixTime from, unsigned days,
                                             crypto::Rng& rng);

// SgxCollateral is the signed form of a world.
struct SgxCollateral {
  std::string root_pem;
  std::string tcb_signing_pem;  // with the root behind it, as Intel's issuer chain
  std::string pck_chain_pem;    // PCK certificate, platform CA, root
  Buffer root_crl;
  Buffer pck_crl;
  std::string tcb_info;
  std::string qe_identity;

  // documents gives everything but the PCK chain, which the quote carries, under file names.
  [[nodiscard]] attest::Collateral documents() const;
};

[[nodiscard]] Result<SgxCollateral> sign_world(const SgxWorld& world, const SgxKeys& keys);

// outdated_chain issues a PCK certificate for another platform of a maker, one whose firmware was
// never updated: all its SVNs are 0, which the maker's TCB info calls OutOfDate. `chain` is that of
// an up-to-date platform (PCK certificate, platform CA, root), `pck_ca` the platform CA's key.
// Returns the new platform's chain in PEM. kMalformed where `chain` is none.
[[nodiscard]] Result<std::string> outdated_chain(std::span<const pki::Certificate> chain,
                                                 const crypto::PrivateKey& pck_ca, Bytes pck_spki,
                                                 crypto::Rng& rng);

// tcb_info_body and qe_identity_body write the inner JSON objects, which are signed as they are.
[[nodiscard]] Result<std::string> tcb_info_body(const dcap::TcbInfo& info);
[[nodiscard]] Result<std::string> qe_identity_body(const dcap::QeIdentity& identity);

// EnclaveIdentity is what the processor measured of a keep.
struct EnclaveIdentity {
  crypto::Sha256Digest mr_enclave{};
  crypto::Sha256Digest mr_signer{};
  std::array<std::uint8_t, 64> config_id{};  // digest of the workload's manifest, zeros behind it
  std::uint16_t isv_prod_id = 0;
  std::uint16_t isv_svn = 0;
  bool debug = false;
};

// report_body writes sgx_report_body_t for a keep on a platform with this CPUSVN.
[[nodiscard]] Buffer report_body(const EnclaveIdentity& enclave,
                                 const std::array<std::uint8_t, 16>& cpu_svn,
                                 std::span<const std::uint8_t, 64> report_data);

// QuotingEnclave signs quotes as Intel's does: an attestation key that the PCK key vouches for
// through a report of its own.
class QuotingEnclave {
 public:
  // The attestation key is the caller's; `pck` signs the enclave's report over it once. `identity`
  // says what this quoting enclave is; `pck_chain_pem` goes into every quote.
  static Result<QuotingEnclave> create(crypto::PrivateKey attestation,
                                       const crypto::PrivateKey& pck,
                                       const dcap::QeIdentity& identity,
                                       const dcap::PckExtensions& platform,
                                       std::string pck_chain_pem);

  // quote signs a report body: a whole SGX quote of version 3.
  [[nodiscard]] Result<Buffer> quote(Bytes body) const;

 private:
  QuotingEnclave(crypto::PrivateKey attestation, sgx::QuoteParts parts);

  crypto::PrivateKey attestation_;
  sgx::QuoteParts parts_;
};

}  // namespace ward::soft
