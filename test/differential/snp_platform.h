#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "test/differential/dice.h"
#include "test/snp_checks/platform_fixture.h"

// SEV-SNP platforms of the development PKI that differ from a good one in a few facts, all signed
// again.
namespace ward::differential::snp {

// Platform is what one case is made of: what it states, who signs each part, and what came of it.
struct Platform {
  soft::snp_fixture::Face face;
  soft::AmdWorld world;
  std::vector<pki::Extension> extensions;  // of the signing key's certificate, once written
  const crypto::PrivateKey* ark_signer = nullptr;
  const crypto::PrivateKey* ask_signer = nullptr;
  const crypto::PrivateKey* vek_signer = nullptr;
  const crypto::PrivateKey* crl_signer = nullptr;
  const crypto::PrivateKey* report_signer = nullptr;
  // Signed.
  Buffer report;
  std::size_t cut = 0;  // octets that are missing at the report's end
  Buffer table;         // behind the report; empty where the face has none
  Buffer ark;
  Buffer ask;
  Buffer asvk;
  Buffer vek;
  Buffer crl;

  // The certificates of this face: its signing key's, and the intermediate above it.
  pki::CertificateSpec& vek_cert() { return face.vlek() ? world.vlek_cert : world.vcek_cert; }

  pki::CertificateSpec& ask_cert() { return face.vlek() ? world.asvk_cert : world.ask_cert; }

  ward::snp::VekExtensions& vek_says() { return face.vlek() ? world.vlek : world.vcek; }

  [[nodiscard]] Buffer evidence() const {
    return concat({Bytes(report).first(report.size() - cut), table});
  }

  [[nodiscard]] attest::Collateral documents() const;
};

// Mutation changes what a platform states (`facts`), the form in which it stands before it is
// signed (`form`), or what was signed (`after`): there, signatures break.
struct Mutation {
  using Change = std::function<void(Platform&, Dice&)>;
  const char* name;
  Change facts;
  Change form;
  Change after;
};

// all_mutations lists every kind; the object lives for ever.
[[nodiscard]] std::span<const Mutation> all_mutations();

// faces are the kinds of report that are drawn from: each lasts for ever.
[[nodiscard]] std::span<const soft::snp_fixture::Face> faces();

// make_platform states a good platform of the face with AMD's names, changes it in the order given,
// and signs it. The RSA keys are the program's (platform_fixture.h), the rest is drawn from `d`.
[[nodiscard]] Platform make_platform(const soft::snp_fixture::Face& face,
                                     std::span<const Mutation* const> changes, Dice& d);

}  // namespace ward::differential::snp
