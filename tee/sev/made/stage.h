#pragma once

#include <string>
#include <vector>

#include "attest/appraisal.h"
#include "attest/collateral.h"
#include "crypto/sign.h"
#include "tee/sev/certificate.h"
#include "tee/sev/report.h"

// A good platform of SEV's first generation under an AMD of its own, made by the parsers' inverses:
// for tests and for the vectors of this folder. The same in every run.
namespace ward::sev::made {

// Face is one form of evidence.
struct Face {
  const char* name;
  unsigned rsa_bits;  // of AMD's keys
  crypto::KeyType curve;
  std::uint32_t algorithm;     // of the platform's signatures
  bool certificates = false;   // behind the report
  bool unsigned_root = false;  // the ARK as AMD publishes that of Naples
};

inline constexpr Face kFaces[] = {
    {"naples_chain", 2048, crypto::KeyType::kP384, kEcdsaSha256, true, true},
    {"rome_report", 4096, crypto::KeyType::kP384, kEcdsaSha256},
    {"milan_sha384", 4096, crypto::KeyType::kP384, kEcdsaSha384},
    {"naples_p256", 2048, crypto::KeyType::kP256, kEcdsaSha256}};

// Who signs: what a test changes names another.
enum class By : std::uint8_t { kNobody, kArk, kAsk, kOca, kCek, kPek, kPdh };

// Signers is who signs what.
struct Signers {
  By ark = By::kArk;
  By ask = By::kArk;
  By oca = By::kOca;
  By cek = By::kAsk;
  By pek_owner = By::kOca;
  By pek = By::kCek;
  By pdh = By::kPek;
  By report = By::kPek;
};

// Stage is everything that evidence is made of, before anything is signed.
struct Stage {
  Face face;
  crypto::PrivateKey oca_key;
  crypto::PrivateKey cek_key;
  crypto::PrivateKey pek_key;
  crypto::PrivateKey pdh_key;
  CaParts ark;
  CaParts ask;
  PlatformParts oca;
  PlatformParts cek;
  PlatformParts pek;
  PlatformParts pdh;
  ReportParts report;
  Signers signers;

  [[nodiscard]] const crypto::PrivateKey& key(By by) const;
};

// Made is what an attester sends and what its verifier is given.
struct Made {
  Buffer report;
  Buffer pdh, pek, oca, cek, ask, ark;
  bool certificates = false;

  [[nodiscard]] Buffer evidence() const;

  // chain is what sevctl exports in full: PDH, PEK, OCA, CEK, ASK, ARK.
  [[nodiscard]] Buffer chain() const;

  // collateral is empty where the evidence has the certificates.
  [[nodiscard]] std::vector<attest::Document> collateral() const;
};

[[nodiscard]] Stage good_stage(const Face& face);

[[nodiscard]] Made make(const Stage& stage);

// root is the ARK's key as an anchor.
[[nodiscard]] attest::Anchor root(const Face& face, bool development = true);

// root_pem is the same as a PEM PUBLIC KEY.
[[nodiscard]] std::string root_pem(const Face& face);

}  // namespace ward::sev::made
