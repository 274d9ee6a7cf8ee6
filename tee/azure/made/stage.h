#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "attest/appraisal.h"
#include "attest/collateral.h"
#include "crypto/sign.h"
#include "tee/azure/evidence.h"
#include "tee/azure/hcl.h"
#include "tee/azure/runtime_data.h"
#include "tee/soft/dcap_stage.h"
#include "tee/soft/snp_stage.h"
#include "tee/tpm/structures.h"

// For tests and vectors: a good confidential virtual machine, made by the parsers' inverses on a
// development platform's hardware (tee/soft), with a paravisor and a virtual TPM of its own. A case
// changes the stage, and everything is signed anew.
namespace ward::azure::made {

inline constexpr UnixTime kFrom{1'790'000'000};
inline constexpr UnixTime kNow{1'790'000'000 + 86400};
inline constexpr unsigned kDays = 30;
inline constexpr UnixTime kTo{kFrom.seconds + std::int64_t{kDays} * 86400};

// Face is one kind of evidence that this TEE has.
struct Face {
  const char* name;
  Form form;
  std::uint64_t version;  // of the JSON
  std::uint32_t hash_type;
  soft::SnpFace snp;
  soft::DcapFace tdx;
};

inline constexpr Face kFaces[] = {
    {"snp_2", Form::kSnp, 2, hash_type::kSha256, {"milan", {snp::Line::kMilan, 3}}, {}},
    {"tdx_1", Form::kTdx, 1, hash_type::kSha256, {}, {"tdx_4", {4, dcap::BodyType::kTdReport10}}},
    {"snp_0", Form::kSnp0, 1, hash_type::kSha384, {"genoa", {snp::Line::kGenoa, 3}}, {}},
    {"snp_1", Form::kSnp, 1, hash_type::kSha512, {"genoa", {snp::Line::kGenoa, 5}}, {}},
    {"attested_tls",
     Form::kAttestedTls,
     1,
     hash_type::kSha256,
     {},
     {"tdx_5", {5, dcap::BodyType::kTdReport15}}},
};
inline constexpr std::size_t kSnpFace = 0;
inline constexpr std::size_t kTdxFace = 1;

// Stage is what machine, paravisor, virtual TPM and makers say, before anything is signed.
struct Stage {
  const Face* face = nullptr;
  std::optional<soft::SnpStage> snp;   // of an SNP face
  std::optional<soft::DcapStage> tdx;  // of a TDX face
  Hcl hcl;                             // its hardware's report and runtime data are made
  RuntimeData runtime;
  std::string runtime_json;  // stands in their place where it is not empty
  std::optional<std::array<std::uint8_t, 64>> report_data;  // that the hardware reports
  std::optional<tdx::TdReportParts> local;                  // what the paravisor's TD report says
  tpm::Quote quote;
  std::vector<Buffer> pcrs;
  const crypto::PrivateKey* ak = nullptr;           // signs the quote
  const crypto::PrivateKey* quoting_key = nullptr;  // of another quoting enclave of TDs
  bool root_of_hardware = false;                    // what the relying party takes the root for
  attest::Policy policy{.name = "test", .allow_development = true};
  attest::Expectations expected;
};

[[nodiscard]] Stage good_stage(const Face& face);

// ak is the virtual TPM's key, and the other a stranger's.
[[nodiscard]] const crypto::PrivateKey& ak();
[[nodiscard]] const crypto::PrivateKey& stranger();

// runtime_key is an RSA key as the runtime data state it.
[[nodiscard]] RuntimeKey runtime_key(const std::string& id, const crypto::PublicKey& key);

// set_pcrs gives the quote these values of the bank, and their digest.
void set_pcrs(Stage& stage, std::vector<Buffer> values);

// Made is what a verifier gets.
struct Made {
  Evidence evidence;
  attest::Collateral documents;  // of which root_ca.pem is the root to trust
};

// make signs everything. Every call makes the same octets.
[[nodiscard]] Made make(const Stage& stage);

[[nodiscard]] attest::Anchor anchor_of(const Stage& stage);

// change gives an HCL report of evidence other parts.
void change(Evidence& evidence, const std::function<void(Hcl&)>& how);

// drop takes the document with this name away.
void drop(Made& made, const std::string& name);

}  // namespace ward::azure::made
