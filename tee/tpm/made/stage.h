#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "attest/appraisal.h"
#include "attest/collateral.h"
#include "crypto/sign.h"
#include "pki/build.h"
#include "tee/tcg/event_log.h"
#include "tee/tpm/evidence.h"
#include "tee/tpm/ima.h"
#include "tee/tpm/structures.h"

// For tests and vectors: a good TPM's quote, made by the parsers' inverses under keys of its own. A
// case changes the stage, and everything is signed anew.
namespace ward::tpm::stage {

inline constexpr UnixTime kFrom{1'790'000'000};
inline constexpr UnixTime kNow{1'790'000'000 + 86400};
inline constexpr std::int64_t kDays = 30;
inline constexpr UnixTime kTo{kFrom.seconds + kDays * 86400};

// Trust says how the AK is trusted.
enum class Trust : std::uint8_t {
  kChain,  // by a certificate under an intermediate and a root
  kKey,    // by its own key
};

// Face is one kind of evidence that this TEE has.
struct Face {
  const char* name;
  std::uint16_t scheme;
  std::uint16_t hash;  // of signature, AK and PCR bank
  Form form;
  Trust trust;
  bool logs;  // with an event log and a measurement list
};

inline constexpr Face kFaces[] = {
    {"rsassa_chain_logs", alg::kRsassa, alg::kSha256, Form::kOwn, Trust::kChain, true},
    {"ecdsa_p256_key", alg::kEcdsa, alg::kSha256, Form::kOwn, Trust::kKey, false},
    {"ecdsa_p384_chain", alg::kEcdsa, alg::kSha384, Form::kOwn, Trust::kChain, false},
    {"rsapss_trustee_key", alg::kRsapss, alg::kSha256, Form::kTrustee, Trust::kKey, false},
};

// Keys are the private keys of one world, the same in every run.
struct Keys {
  crypto::PrivateKey root;          // P-384
  crypto::PrivateKey intermediate;  // P-384
  crypto::PrivateKey ak_rsa;        // 2048 bits
  crypto::PrivateKey ak_p256;
  crypto::PrivateKey ak_p384;

  // ak is the one of this scheme and hash.
  [[nodiscard]] const crypto::PrivateKey& ak(const Face& face) const;
};

// keys_of draws them from `seed`, once for each of "one" and "two".
[[nodiscard]] const Keys& keys_of(const std::string& seed);

// Stage is what a TPM and those who certify it say, before it is signed.
struct Stage {
  Face face;
  const Keys* keys = nullptr;  // whose AK the TPM holds
  const Keys* ca = nullptr;    // whose root and intermediate certify it
  Quote quote;
  Public ak;
  std::vector<Buffer> pcrs;
  tcg::LogParts log;
  std::vector<ImaEntry> ima;
  pki::CertificateSpec root;
  pki::CertificateSpec intermediate;
  pki::CertificateSpec ak_certificate;
  pki::CrlSpec root_crl;
  pki::CrlSpec intermediate_crl;
};

[[nodiscard]] Stage good_stage(const Face& face);

// certify_by has the world of these keys certify the AK.
void certify_by(Stage& stage, const Keys& ca);

// quote_logs gives the quote the PCRs that the stage's logs give, without the last entry of the
// measurement list, which came after it.
void quote_logs(Stage& stage);

// set_pcrs gives the quote these values, and their digest.
void set_pcrs(Stage& stage, std::vector<Buffer> values);

// Made is what a verifier gets.
struct Made {
  Evidence evidence;
  attest::Collateral documents;  // of which root_ca.pem is the root to trust

  [[nodiscard]] Buffer octets() const { return write_evidence(evidence); }
};

// make signs the quote with the face's AK, and all certificates and lists. Every call makes the
// same octets. `attest` is signed in the quote's place where it is not empty.
[[nodiscard]] Made make(const Stage& stage, Bytes attest = {});

// sign signs any TPMS_ATTEST as the face's TPM does.
[[nodiscard]] Buffer sign(const Stage& stage, Bytes attest);

// anchor_of is the root of the stage, or its AK, as a relying party names it for development.
[[nodiscard]] attest::Anchor anchor_of(const Stage& stage);

// expectations_of are what the good evidence says.
[[nodiscard]] attest::Expectations expectations_of(const Stage& stage);

// document returns the one with this name; ends the process where there is none.
[[nodiscard]] Buffer& document(Made& made, const std::string& name);
void drop(Made& made, const std::string& name);

// ima_entry makes one of ima-ng, or of ima-sig where a signature is given.
[[nodiscard]] ImaEntry ima_entry(const std::string& path, Bytes content, Bytes signature = {});

// replayed is the register `pcr` after the stage's logs, and after the first `ima_entries` of its
// measurement list.
[[nodiscard]] Buffer replayed(const Stage& stage, std::uint32_t pcr, std::size_t ima_entries);

}  // namespace ward::tpm::stage
