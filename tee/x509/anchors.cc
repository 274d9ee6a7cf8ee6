#include "tee/x509/anchors.h"

#include "codec/pem.h"
#include "crypto/digest.h"
#include "crypto/sign.h"
#include "pki/certificate.h"
#include "tee/x509/development.h"

namespace ward::x509 {
namespace {

Result<attest::Anchor> anchor_of(const codec::PemBlock& block) {
  if (block.label == "CERTIFICATE") {
    WARD_TRY(const pki::Certificate c, pki::parse_certificate(block.der));
    return attest::Anchor{.spki_sha256 = c.spki_sha256, .name = shown_name(c)};
  }
  if (block.label != "PUBLIC KEY") {
    return Error(Errc::kMalformed,
                 "x509.anchors: a PEM block that is neither CERTIFICATE nor PUBLIC KEY");
  }
  WARD_CHECK_OK(crypto::PublicKey::from_spki(block.der));
  const auto digest = crypto::sha256(block.der);
  return attest::Anchor{.spki_sha256 = digest,
                        .name = "public key " + to_hex(Bytes(digest).first(8)),
                        .bare_key = true};
}

// Of one TEE, or, where `tee` is empty, of development platforms.
Result<std::vector<attest::Anchor>> anchors_of(std::string_view pem, std::string_view tee) {
  WARD_TRY(const std::vector<codec::PemBlock> blocks, codec::parse_pem(pem));
  std::vector<attest::Anchor> out;
  out.reserve(blocks.size());
  for (const codec::PemBlock& block : blocks) {
    WARD_TRY(attest::Anchor anchor, anchor_of(block));
    anchor.development = tee.empty();
    anchor.tee = tee;
    out.push_back(std::move(anchor));
  }
  return out;
}

}  // namespace

Result<std::vector<attest::Anchor>> development_anchors(std::string_view pem) {
  return anchors_of(pem, "");
}

Result<std::vector<attest::Anchor>> hardware_anchors(std::string_view pem, std::string_view tee) {
  return anchors_of(pem, tee);
}

}  // namespace ward::x509
