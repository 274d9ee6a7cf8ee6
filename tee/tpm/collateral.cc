#include "tee/tpm/collateral.h"

#include "codec/pem.h"
#include "tee/tcg/event_log.h"
#include "tee/tpm/ima.h"

namespace ward::tpm {
namespace {

constexpr std::string_view kKeyLabel = "PUBLIC KEY";

// add_keys is true for a document of bare keys alone.
bool add_keys(const attest::Document& document, Collateral& out) {
  const std::string_view text = as_text(document.bytes);
  if (text.find("-----BEGIN PUBLIC KEY-----") == std::string_view::npos) return false;
  const auto blocks = codec::parse_pem(text);
  if (!blocks) return false;
  for (const codec::PemBlock& block : *blocks) {
    if (block.label != kKeyLabel) return false;
  }
  for (const codec::PemBlock& block : *blocks)
    out.keys.insert(crypto::sha256(block.der));
  return true;
}

}  // namespace

bool is_log(Bytes document) { return is_ima_log(document) || tcg::is_event_log(document); }

Collateral read_collateral(std::span<const attest::Document* const> documents,
                           x509::OwnDocument belongs) {
  Collateral out;
  std::size_t number = 0;
  for (const attest::Document* document : documents) {
    if (!x509::within_limits(*document, number++, out.x509)) continue;
    if (belongs != nullptr && belongs(document->bytes)) continue;
    if (!add_keys(*document, out)) x509::add_document(*document, out.x509);
  }
  return out;
}

}  // namespace ward::tpm
