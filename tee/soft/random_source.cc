#include "tee/soft/random_source.h"

#include "crypto/kdf.h"
#include "crypto/repeatable.h"

namespace ward::soft {

Result<Buffer> sign(const crypto::PrivateKey& key, crypto::SignatureAlgorithm algorithm,
                    Bytes message, Signing signing) {
  return signing == Signing::kRepeatable ? crypto::sign_repeatably(key, algorithm, message)
                                         : key.sign(algorithm, message);
}

Result<Buffer> sign_rs(const crypto::PrivateKey& key, crypto::SignatureAlgorithm algorithm,
                       Bytes message, Signing signing) {
  return signing == Signing::kRepeatable ? crypto::sign_repeatably_rs(key, algorithm, message)
                                         : key.sign_rs(algorithm, message);
}

Result<crypto::PrivateKey> RandomSource::rsa_key(std::string_view label, std::size_t bits) const {
  if (!seed_) return crypto::PrivateKey::generate_rsa(bits);
  return crypto::generate_rsa_from(*stream(label), bits);
}

std::unique_ptr<crypto::Rng> RandomSource::stream(std::string_view label) const {
  if (!seed_) return std::make_unique<crypto::SystemRng>();
  const Secret<32> own = crypto::hkdf<32>(crypto::Hash::kSha256, seed_->expose(),
                                          as_bytes("ward development seed 1"), as_bytes(label));
  return std::make_unique<crypto::SeededRng>(own.expose());
}

}  // namespace ward::soft
