#include <algorithm>
#include <cstdlib>

#include "crypto/repeatable.h"
#include "tee/soft/cases/flaws.h"

namespace ward::soft::cases {
namespace {

// No extension of X.509's, Intel's or AMD's has this last arc.
constexpr std::uint8_t kStandIn = 0x7a;

// restore puts the OID's last octet back.
Buffer restore(Bytes der, Bytes stand_in, std::uint8_t last) {
  Buffer out = to_buffer(der);
  const auto at = std::search(out.begin(), out.end(), stand_in.begin(), stand_in.end());
  if (at != out.end()) *(at + static_cast<std::ptrdiff_t>(stand_in.size()) - 1) = last;
  return out;
}

}  // namespace

Result<Buffer> twice(pki::CertificateSpec spec, pki::Extension second,
                     const crypto::PrivateKey& key) {
  const std::uint8_t last = second.oid.back();
  second.oid.back() = kStandIn;
  const Buffer stand_in = second.oid;
  spec.extensions.push_back(std::move(second));
  WARD_TRY(const Buffer der, pki::build_certificate(spec, [&](Bytes tbs) {
             return crypto::sign_repeatably(key, spec.signature_algorithm,
                                            restore(tbs, stand_in, last));
           }));
  return restore(der, stand_in, last);
}

Buffer& document(attest::Collateral& all, std::string_view name) {
  for (attest::Document& d : all.documents) {
    if (d.name == name) return d.bytes;
  }
  std::abort();
}

}  // namespace ward::soft::cases
