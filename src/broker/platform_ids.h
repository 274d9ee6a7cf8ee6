#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "attest/appraisal.h"
#include "attest/identity.h"
#include "base/bytes.h"
#include "crypto/secret.h"

namespace ward::broker {

inline constexpr std::size_t kPlatformDigits = 32;

// kUnnamedPlatform stands among the names of machines where evidence hides one of its own.
inline constexpr const char* kUnnamedPlatform = "unnamed";

// PlatformIds writes HMAC-SHA-256 under the service's own key in the place of whatever names one
// machine (attest/identity.h): a service knows the same machine again, two services cannot tell
// that they mean the same, and nobody finds the machine by trying. Thread safe.
class PlatformIds {
 public:
  explicit PlatformIds(const Secret<32>& key) : key_(SecretBytes::copy_of(key.expose())) {}

  // digest is that of one identifier, without the zeros behind it (attest::trimmed_id), in hex.
  [[nodiscard]] std::string digest(Bytes id) const;

  // name is what stands for one identifier where machines are listed: the digest's first 32 digits.
  [[nodiscard]] std::string name(Bytes id) const { return digest(id).substr(0, kPlatformDigits); }

  // conceal leaves nothing of this identity in the appraisal, or in claims.
  void conceal(const attest::Identity& identity, attest::Appraisal& appraisal) const;
  void conceal(const attest::Identity& identity, std::vector<attest::Claim>& claims) const;

 private:
  SecretBytes key_;  // not Secret: this lies where keys lie (crypto/secret_memory.h)
};

}  // namespace ward::broker
