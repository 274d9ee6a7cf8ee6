#include "broker/platform_ids.h"

#include <utility>

#include "crypto/mac.h"

namespace ward::broker {

std::string PlatformIds::digest(Bytes id) const {
  return to_hex(crypto::hmac(crypto::Hash::kSha256, key_.expose(), attest::trimmed_id(id)));
}

void PlatformIds::conceal(const attest::Identity& identity, attest::Appraisal& appraisal) const {
  attest::conceal(
      identity, [this](Bytes id) { return digest(id); }, appraisal);
}

void PlatformIds::conceal(const attest::Identity& identity,
                          std::vector<attest::Claim>& claims) const {
  attest::Appraisal around;
  around.claims = std::move(claims);
  conceal(identity, around);
  claims = std::move(around.claims);
}

}  // namespace ward::broker
