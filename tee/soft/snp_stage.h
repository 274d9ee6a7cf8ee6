#pragma once

#include <vector>

#include "attest/appraisal.h"
#include "attest/collateral.h"
#include "tee/soft/amd.h"

// One SEV-SNP platform with a guest on it, with its facts before anything is signed and with its
// report and documents after, so that one can be changed.
namespace ward::soft {

// SnpFace is one kind of report that the development platform makes.
struct SnpFace {
  const char* name = "";  // for people
  AmdFace form;
  bool extended = false;  // VEK, ASK and ARK stand behind the report

  [[nodiscard]] bool turin() const { return form.line == snp::Line::kTurin; }

  [[nodiscard]] bool vlek() const { return form.key == snp::SigningKey::kVlek; }
};

// SnpStage is everything that a report and its documents are made of. Borrows the keys: RSA keys
// take long to make.
struct SnpStage {
  SnpFace face;
  const AmdKeys* keys = nullptr;
  AmdWorld world;
  const crypto::PrivateKey* report_key = nullptr;  // signs the report
  Signing signing = Signing::kFresh;

  // expectations are what the guest really is, as a relying party would state it.
  [[nodiscard]] attest::Expectations expectations() const;
};

// good_stage states a platform whose documents are valid from `from` for `days` days, and a guest.
[[nodiscard]] Result<SnpStage> good_stage(const SnpFace& face, const AmdKeys& keys, UnixTime from,
                                          unsigned days, crypto::Rng& rng);

// SnpMade is what a stage came to, signed.
struct SnpMade {
  AmdCollateral collateral;
  attest::Collateral documents;
  Buffer report;                       // kReportSize octets
  std::vector<snp::TableEntry> table;  // of an extended face
  Buffer evidence;  // what stands here already is used instead of report and table

  [[nodiscard]] Buffer whole() const;
};

[[nodiscard]] Result<SnpMade> sign_stage(const SnpStage& stage);

}  // namespace ward::soft
