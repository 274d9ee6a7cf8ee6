#include "tee/nvidia/documents.h"

namespace ward::nvidia {
namespace {

// Notes that the document counts; false where it is a copy of one that is there already.
bool is_new(Bytes octets, Documents& out) {
  return out.x509.seen.insert(crypto::sha256(octets)).second;
}

bool add_ocsp(const attest::Document& document, Bytes der, Documents& out) {
  auto response = x509::parse_ocsp_response(der);
  if (!response) return false;
  if (is_new(der, out)) {
    out.ocsp.push_back({document.name, crypto::sha256(document.bytes), *std::move(response)});
  }
  return true;
}

void add_rim(const attest::Document& document, Bytes xml, Documents& out) {
  if (!is_new(xml, out)) return;
  auto rim = parse_rim(xml);
  if (rim) {
    out.rims.push_back({document.name, crypto::sha256(document.bytes), *std::move(rim)});
  } else {
    out.x509.unknown.push_back({document.name, rim.error().what()});
  }
}

void add(const attest::Document& document, Documents& out) {
  if (add_ocsp(document, document.bytes, out)) return;
  const auto decoded = from_base64(x509::trimmed(document), Base64::kStandard);
  if (decoded && add_ocsp(document, *decoded, out)) return;
  const Buffer xml = unwrap_rim(document.bytes);
  if (is_rim(xml)) {
    add_rim(document, xml, out);
  } else {
    x509::add_document(document, out.x509);
  }
}

}  // namespace

Documents sorted(std::span<const attest::Document* const> documents,
                 x509::OwnDocument /*belongs*/) {
  Documents out;
  std::size_t number = 0;
  for (const attest::Document* document : documents) {
    if (x509::within_limits(*document, number++, out.x509)) add(*document, out);
  }
  return out;
}

}  // namespace ward::nvidia
