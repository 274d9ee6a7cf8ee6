#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "attest/appraisal.h"
#include "base/bytes.h"
#include "base/time.h"
#include "crypto/sign.h"
#include "pki/build.h"
#include "token/cose.h"

// A development platform's attestation documents, made by the parser's inverse under keys of its
// own: what tests change single facts of. Everything is the same in every run.
namespace ward::nitro::made {

inline constexpr UnixTime kFrom{1790000000};  // when the certificates begin
inline constexpr UnixTime kMade{1790000003};  // the document's timestamp
inline constexpr UnixTime kNow{1790000600};
inline constexpr UnixTime kTo{1790010800};  // when the enclave's certificate ends

// The certificates of a chain, the root first.
enum Place : std::size_t { kRoot, kRegion, kZone, kInstance, kEnclave, kPlaces };

// One certificate, and whose key signs it.
struct Issued {
  pki::CertificateSpec spec;
  std::size_t signer = kRoot;
};

// Stage is what a document and its certificates state before they are signed, and by what it is
// judged.
struct Stage {
  std::array<Issued, kPlaces> chain;
  std::string module_id;
  std::string digest = "SHA384";
  std::uint64_t timestamp_ms = 0;
  std::map<std::uint32_t, Buffer> pcrs;
  std::optional<Buffer> public_key;
  std::optional<Buffer> user_data;
  std::optional<Buffer> nonce;
  token::CoseAlgorithm algorithm = token::CoseAlgorithm::kEs384;
  std::size_t signer = kEnclave;
  bool tagged = false;

  // How it is judged.
  std::vector<attest::Anchor> anchors;
  attest::Policy policy;
  attest::Expectations expected;
  UnixTime now = kNow;
};

// good_stage is a platform that is accepted, its root named as a development root.
[[nodiscard]] Stage good_stage();

// key_of is the private key of a place.
[[nodiscard]] const crypto::PrivateKey& key_of(std::size_t place);

// Made is what a stage gives.
struct Made {
  std::vector<Buffer> certificates;  // the root first
  Buffer payload;
  Buffer evidence;
};

// make signs all of it.
[[nodiscard]] Made make(const Stage& stage);

// sign_payload makes evidence of other octets of payload.
[[nodiscard]] Buffer sign_payload(const Stage& stage, Bytes payload);

// judge appraises evidence as the stage says.
[[nodiscard]] attest::Appraisal judge(const Stage& stage, Bytes evidence);
[[nodiscard]] attest::Appraisal judge(const Stage& stage);

}  // namespace ward::nitro::made
