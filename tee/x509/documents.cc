#include "tee/x509/documents.h"

#include <string_view>

#include "codec/pem.h"

namespace ward::x509 {
namespace {

constexpr std::uint8_t kDerSequence = 0x30;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Source is a document with its digest, which is computed once: a document may hold many objects.
struct Source {
  const std::string& name;
  crypto::Sha256Digest digest;
};

// `digest` is that of `der`.
void add_der(const Source& origin, Bytes der, const crypto::Sha256Digest& digest, Documents& out) {
  if (!out.seen.insert(digest).second) return;
  if (auto certificate = pki::parse_certificate(der)) {
    out.certificates.push_back({origin.name, origin.digest, *std::move(certificate)});
    return;
  }
  if (auto crl = pki::parse_crl(der)) {
    out.crls.push_back({origin.name, origin.digest, *std::move(crl)});
    return;
  }
  out.unknown.push_back({origin.name, "neither a certificate nor a CRL"});
}

void add_pem(const attest::Document& document, std::string_view text, Documents& out) {
  const auto blocks = codec::parse_pem(text);
  if (!blocks) {
    out.unknown.push_back({document.name, blocks.error().what()});
    return;
  }
  const Source origin{document.name, crypto::sha256(document.bytes)};
  for (const codec::PemBlock& block : *blocks) {
    add_der(origin, block.der, crypto::sha256(block.der), out);
  }
}

}  // namespace

std::vector<const attest::Document*> all_of(const attest::Collateral& first,
                                            const attest::Collateral* second) {
  std::vector<const attest::Document*> out;
  out.reserve(first.documents.size() + (second == nullptr ? 0 : second->documents.size()));
  for (const attest::Document& document : first.documents) {
    out.push_back(&document);
  }
  if (second == nullptr) return out;
  for (const attest::Document& document : second->documents) {
    out.push_back(&document);
  }
  return out;
}

void add_changes(const pki::Certificate& certificate, std::vector<UnixTime>& out) {
  out.push_back(certificate.not_before);
  out.push_back(after(certificate.not_after));
}

void add_changes(const Documents& documents, std::vector<UnixTime>& out) {
  for (const Named<pki::Certificate>& certificate : documents.certificates) {
    add_changes(certificate.value, out);
  }
  for (const Named<pki::Crl>& crl : documents.crls) {
    out.push_back(crl.value.this_update);
    if (crl.value.next_update) out.push_back(after(*crl.value.next_update));
  }
}

crypto::Sha256Digest digest_of(std::span<const attest::Document* const> documents) {
  crypto::Sha256 all;
  for (const attest::Document* document : documents) {
    all.update(crypto::sha256(as_bytes(document->name)));
    all.update(crypto::sha256(document->bytes));
  }
  return all.finish();
}

bool within_limits(const attest::Document& document, std::size_t number, Documents& out) {
  if (number < attest::kMaxDocuments && document.bytes.size() <= attest::kMaxDocumentBytes) {
    return true;
  }
  out.unknown.push_back({document.name, "over the limit of documents or of octets in one"});
  return false;
}

std::string_view trimmed(const attest::Document& document) {
  std::string_view text = as_text(document.bytes);
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

void add_document(const attest::Document& document, Documents& out) {
  const Bytes bytes = document.bytes;
  if (bytes.size() > 1 && bytes[0] == kDerSequence && bytes[1] >= 0x80) {
    const crypto::Sha256Digest digest = crypto::sha256(bytes);
    add_der({document.name, digest}, bytes, digest, out);
    return;
  }
  const std::string_view text = trimmed(document);
  if (text.find("-----BEGIN ") != std::string_view::npos) {
    add_pem(document, text, out);
  } else if (const auto der = from_hex(text); der && !der->empty()) {
    add_der({document.name, crypto::sha256(bytes)}, *der, crypto::sha256(*der), out);
  } else {
    out.unknown.push_back({document.name, "no kind of document that counts for this TEE"});
  }
}

}  // namespace ward::x509
