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
#include "tee/dcap/quote.h"
#include "tee/dcap/tcb_documents.h"
#include "tee/soft/mark.h"
#include "tee/soft/random_source.h"

// The development platform's SGX and TDX faces: keys, certificates and documents in Intel's genuine
// formats, under a root that says that it is not a TEE. What it makes is verified by the same code
// as Intel's.
namespace ward::soft {

// DcapKeys are the private keys of a development PKI.
struct DcapKeys {
  crypto::PrivateKey root;
  crypto::PrivateKey pck_ca;
  crypto::PrivateKey tcb_signing;
  crypto::PrivateKey pck;
};

// generate_keys draws four P-256 keys.
[[nodiscard]] Result<DcapKeys> generate_keys(crypto::Rng& rng);

// DcapWorld is everything that a platform and its maker state, before it is signed. default_world()
// gives a platform that is up to date; tests and `ward dev make` change single facts.
struct DcapWorld {
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
// TCB info and QE identity are those of `face`; default_td_svn() is up to date by TDX's.
[[nodiscard]] Result<DcapWorld> default_world(const DcapKeys& keys, UnixTime from, unsigned days,
                                              crypto::Rng& rng,
                                              dcap::TeeType face = dcap::TeeType::kSgx);

// default_td_svn is the TEE_TCB_SVN of a TD on a default platform: a TDX module 1.5.
[[nodiscard]] std::array<std::uint8_t, 16> default_td_svn();

// tdx_world is the same platform with the TCB info and the quoting enclave's identity of TDX.
[[nodiscard]] DcapWorld tdx_world(DcapWorld sgx);

// DcapCollateral is the signed form of a world.
struct DcapCollateral {
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

[[nodiscard]] Result<DcapCollateral> sign_world(const DcapWorld& world, const DcapKeys& keys,
                                                Signing signing = Signing::kFresh);

// TcbCollateral is what depends on the face, SGX or TDX, signed.
struct TcbCollateral {
  std::string tcb_info;
  std::string qe_identity;
};

[[nodiscard]] Result<TcbCollateral> sign_documents(const dcap::TcbInfo& tcb_info,
                                                   const dcap::QeIdentity& qe_identity,
                                                   const crypto::PrivateKey& tcb_signing,
                                                   Signing signing = Signing::kFresh);

// outdated_chain issues a PCK certificate for another platform of a maker, one whose firmware was
// never updated: all its SVNs are 0, which the maker's TCB info calls OutOfDate. `chain` is that of
// an up-to-date platform (PCK certificate, platform CA, root), `pck_ca` the platform CA's key.
// Returns the new platform's chain in PEM. kMalformed where `chain` is none.
[[nodiscard]] Result<std::string> outdated_chain(std::span<const pki::Certificate> chain,
                                                 const crypto::PrivateKey& pck_ca, Bytes pck_spki,
                                                 crypto::Rng& rng,
                                                 Signing signing = Signing::kFresh);

}  // namespace ward::soft
