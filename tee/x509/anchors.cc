#include "tee/x509/anchors.h"

#include "pki/certificate.h"
#include "tee/x509/development.h"

namespace ward::x509 {

Result<std::vector<attest::Anchor>> development_anchors(std::string_view pem) {
  WARD_TRY(const auto certificates, pki::parse_certificates(pem));
  std::vector<attest::Anchor> out;
  out.reserve(certificates.size());
  for (const pki::Certificate& c : certificates) {
    out.push_back({.spki_sha256 = c.spki_sha256, .name = shown_name(c), .development = true});
  }
  return out;
}

}  // namespace ward::x509
