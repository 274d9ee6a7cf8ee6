#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/rng.h"
#include "crypto/secret.h"
#include "crypto/sign.h"

namespace ward::soft {

// Signing says where the random part of a signature comes from: OpenSSL's own generator, or key and
// message (crypto/repeatable.h), so that the same gives the same.
enum class Signing : std::uint8_t { kFresh, kRepeatable };

// sign and sign_rs are those of crypto::PrivateKey, in either way.
[[nodiscard]] Result<Buffer> sign(const crypto::PrivateKey& key,
                                  crypto::SignatureAlgorithm algorithm, Bytes message,
                                  Signing signing);
[[nodiscard]] Result<Buffer> sign_rs(const crypto::PrivateKey& key,
                                     crypto::SignatureAlgorithm algorithm, Bytes message,
                                     Signing signing);

// RandomSource is where everything that a development platform draws comes from: its keys, serial
// numbers and names of chips. Without a seed that is the system's generator, and nothing can be
// made again. With a seed each thing has a stream of its own by its label, so that another thing
// which is added later changes none of them; whoever knows the seed knows every key. Const methods
// are safe from several threads.
class RandomSource {
 public:
  RandomSource() = default;

  // Takes a seed of any length; the caller wipes its own copy.
  explicit RandomSource(Bytes seed) : seed_(SecretBytes::copy_of(seed)) {}

  [[nodiscard]] Signing signing() const { return seed_ ? Signing::kRepeatable : Signing::kFresh; }

  // stream begins the stream of `label`: with a seed, twice the same.
  [[nodiscard]] std::unique_ptr<crypto::Rng> stream(std::string_view label) const;

  // rsa_key makes the RSA key of `label`: 2048, 3072 or 4096 bits, one to three seconds for the
  // last.
  [[nodiscard]] Result<crypto::PrivateKey> rsa_key(std::string_view label, std::size_t bits) const;

 private:
  std::optional<SecretBytes> seed_;
};

}  // namespace ward::soft
