#pragma once

#include <string>

#include "attest/collateral.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/rng.h"
#include "crypto/sign.h"
#include "pki/build.h"
#include "tee/snp/evidence.h"
#include "tee/snp/report.h"
#include "tee/snp/vek.h"
#include "tee/soft/random_source.h"

// The development platform's SEV-SNP face: keys, certificates and reports in AMD's genuine formats,
// under a root that says that it is not a TEE. What it makes is verified by the same code as AMD's.
namespace ward::soft {

// AmdKeys are the private keys of a development PKI.
struct AmdKeys {
  crypto::PrivateKey ark;
  crypto::PrivateKey ask;
  crypto::PrivateKey asvk;
  crypto::PrivateKey vcek;
  crypto::PrivateKey vlek;
};

// AmdWorld is everything that a platform and its maker state, before it is signed.
struct AmdWorld {
  pki::CertificateSpec ark_cert;
  pki::CertificateSpec ask_cert;
  pki::CertificateSpec asvk_cert;
  pki::CertificateSpec vcek_cert;  // its extensions are written from `vcek`
  pki::CertificateSpec vlek_cert;  // and from `vlek`
  snp::VekExtensions vcek;
  snp::VekExtensions vlek;
  pki::CrlSpec crl;
  snp::ReportParts report;  // its signature is made
};

// AmdFace is one kind of report that the development platform makes.
struct AmdFace {
  snp::Line line = snp::Line::kTurin;
  std::uint32_t version = 5;
  snp::SigningKey key = snp::SigningKey::kVcek;
};

// default_amd_world states a platform for `keys` whose documents are valid from `from` for `days`
// days. Serial numbers, chip id and the like are drawn from `rng`.
[[nodiscard]] Result<AmdWorld> default_amd_world(const AmdKeys& keys, const AmdFace& face,
                                                 UnixTime from, unsigned days, crypto::Rng& rng);

// AmdCollateral is the signed form of a world.
struct AmdCollateral {
  Buffer ark;  // DER, as all
  Buffer ask;
  Buffer asvk;
  Buffer vcek;
  Buffer vlek;
  Buffer crl;

  // documents gives ARK, the intermediate and the certificate of `key`, and the CRL, under file
  // names; the root is root_ca.pem.
  [[nodiscard]] attest::Collateral documents(snp::SigningKey key) const;

  // table is a certificate table with what a host hands out: the key's certificate, ASK and ARK.
  [[nodiscard]] std::vector<snp::TableEntry> table(snp::SigningKey key) const;
};

[[nodiscard]] Result<AmdCollateral> sign_amd_world(const AmdWorld& world, const AmdKeys& keys,
                                                   Signing signing = Signing::kFresh);

// development_chip_id draws a chip's id of 64 octets from the range ff 77 61 72 64 ("ward"), which
// says that no such chip was ever made.
[[nodiscard]] Buffer development_chip_id(crypto::Rng& rng);

// outdated_vek issues the certificate of `spki` as VCEK or VLEK for another platform of a maker,
// one whose firmware was never updated: all its SVNs are 0. `vek` is that of an up-to-date
// platform, `issuer` its issuer's key; a VCEK names `chip`. kMalformed where `vek` is none.
[[nodiscard]] Result<Buffer> outdated_vek(const pki::Certificate& vek,
                                          const crypto::PrivateKey& issuer, Bytes spki, Bytes chip,
                                          crypto::Rng& rng, Signing signing = Signing::kFresh);

// sign_report signs with a P-384 key, in AMD's form.
[[nodiscard]] Result<Buffer> sign_report(snp::ReportParts parts, const crypto::PrivateKey& key,
                                         Signing signing = Signing::kFresh);

}  // namespace ward::soft
