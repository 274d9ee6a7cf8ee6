#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attest/appraisal.h"
#include "attest/collateral.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/sign.h"
#include "tee/soft/dcap_stage.h"
#include "tee/soft/snp_stage.h"

// Evidence with its documents of which a verifier should say something known: a good platform, and
// platforms that differ from it in one fact. No public sample shows these: who has evidence of a
// revoked platform does not publish it, and nobody can sign for a maker. All of a maker's are
// signed under its development root.
namespace ward::soft::cases {

// Setting is what all cases of one run share. The same setting gives the same octets.
struct Setting {
  Buffer seed;
  UnixTime at;         // the time of appraisal
  unsigned days = 30;  // documents are valid from a day before `at` to so many days after that

  [[nodiscard]] UnixTime from() const { return {at.seconds - 86400}; }

  [[nodiscard]] UnixTime until() const { return {from().seconds + std::int64_t{days} * 86400}; }
};

// AmdMakers are the keys of AMD-shaped makers: one, and the root of another of the same name.
struct AmdMakers {
  AmdKeys keys;
  crypto::PrivateKey stranger;
};

// Made is one case, ready to be appraised.
struct Made {
  Buffer evidence;
  attest::Collateral documents;  // root_ca.pem is the root to trust
  attest::Expectations expected;
  std::size_t signed_octets = 0;          // the part of the evidence that its signature covers
  std::optional<std::size_t> whole_at{};  // where shorter evidence is whole too
};

// Makers hold the keys for a setting. Keys of the AMD-shaped maker are RSA keys of 4096 bits, made
// when the first case asks for them: that takes seconds. Not thread safe.
class Makers {
 public:
  explicit Makers(Setting setting);

  // For tests: with RSA keys that are there already.
  Makers(Setting setting, AmdMakers amd);

  [[nodiscard]] const Setting& setting() const { return setting_; }

  // stage is a good platform; of the same face always the same.
  [[nodiscard]] Result<DcapStage> stage(const DcapFace& face) const;
  [[nodiscard]] Result<SnpStage> stage(const SnpFace& face);

  // stranger's platform has the same names under another root.
  [[nodiscard]] Result<DcapStage> stranger(const DcapFace& face) const;
  [[nodiscard]] Result<const AmdMakers*> amd();

  // has_amd is false where amd() has to make them.
  [[nodiscard]] bool has_amd() const { return amd_ != nullptr; }

 private:
  Setting setting_;
  RandomSource own_;
  RandomSource strange_;
  std::unique_ptr<const AmdMakers> amd_;
};

// Case is one entry of the list.
struct Case {
  std::string name;                // "tdx-pck-revoked"
  std::string tee;                 // "tdx": whose checks judge it
  std::string what;                // what is wrong with it; words without a full stop, as the next
  std::string unseen;              // why no public sample shows it
  std::vector<std::string> faces;  // that have the fact; it is made for the first unless asked
  attest::Verdict verdict{};       // with the root trusted and development platforms allowed
  std::vector<std::string> fails;  // the ids of exactly the checks that fail
  std::vector<std::string>
      open;                // where nothing fails but something is absent: the checks that miss it
  std::string tcb_status;  // where the case is about it; else empty

  // make makes it for one of its faces, whose name is given.
  std::function<Result<Made>(std::string_view face, Makers& makers)> make;
};

// all_cases lists every case: those of SGX, of TDX, of SEV-SNP, the good ones first.
[[nodiscard]] std::vector<Case> all_cases();

// CaseFile is one file of a case's folder.
struct CaseFile {
  std::string name;
  Buffer bytes;
};

// files_of are all that a case's folder holds: `evidence`, the documents, and case.txt, a name and
// a value a line: `case`, `face`, `at`, `signed_octets`, what is expected, `verdict`; `fails`,
// `open`, `tcb_status` and `whole_at` where there are any; of an accepted one `valid_from` and
// `valid_to`.
[[nodiscard]] std::vector<CaseFile> files_of(const Case& one, std::string_view face,
                                             const Made& made, const Setting& setting);

}  // namespace ward::soft::cases
