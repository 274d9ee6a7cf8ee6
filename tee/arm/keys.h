#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "attest/appraisal.h"
#include "attest/collateral.h"
#include "attest/work.h"
#include "crypto/digest.h"
#include "crypto/signature.h"
#include "token/cose.h"

// Keys of devices. Arm vouches for none: whoever made or provisioned a device tells its key, and
// the relying party names it as a root of trust, by the digest of its SubjectPublicKeyInfo.
namespace ward::arm {

// NamedKey is a public key with the document that it was in.
struct NamedKey {
  std::string name;
  crypto::PublicKey key;
  Buffer spki;
  crypto::Sha256Digest digest{};  // of spki
};

// At most so many keys are tried by a token's signature, not counting trust anchors; and no more
// than kMaxHeld are read.
inline constexpr std::size_t kMaxKeys = 256;
inline constexpr std::size_t kMaxHeld = 16384;

// Keys are those among documents: PEM PUBLIC KEY, whatever stands beside it, a JWK or a set of them
// (RFC 7517).
struct Keys {
  std::vector<NamedKey> keys;
  std::vector<std::string> notes;  // documents that are none, and why
};

// read_keys reads them; copies are left out. The second argument is that of x509::Given.
[[nodiscard]] Keys read_keys(std::span<const attest::Document* const> documents,
                             bool (*belongs)(Bytes));

// find_anchor returns the anchor that names the key, or null; borrowed.
[[nodiscard]] const attest::Anchor* find_anchor(std::span<const attest::Anchor> anchors,
                                                const NamedKey& key);

// find_signer looks for the key that signed a token: one that is a trust anchor and did, one that
// did, one that is an anchor, the only one there is, in this order; null for none of these. Of the
// keys that are no anchor, the first kMaxKeys are tried.
[[nodiscard]] const NamedKey* find_signer(const Keys& keys, std::span<const attest::Anchor> anchors,
                                          const std::function<bool(const NamedKey&)>& signed_it);

// signed_by is true where the message is signed by this key, under the algorithm that goes with the
// key.
[[nodiscard]] bool signed_by(const token::CoseSign1& message, const crypto::PublicKey& key);

// Shown is a signature to be written down. `whole` is where the message's octets stand.
struct Shown {
  const attest::CheckInfo* check = nullptr;
  const token::CoseSign1* message = nullptr;
  std::size_t material = 0;
  Bytes spki;
  std::string key_title;
  std::string key_name;
  bool holds = false;
};

// show_signature writes a COSE_Sign1's signature down, and returns where the key's
// SubjectPublicKeyInfo stands.
attest::Part show_signature(attest::Work& work, const Shown& shown);

// show_root writes down that the key is, or is not, a trust anchor's.
void show_root(attest::Work& work, const attest::CheckInfo& check, const attest::Part& spki,
               const attest::Anchor* anchor);

}  // namespace ward::arm
