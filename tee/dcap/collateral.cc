#include "tee/dcap/collateral.h"

#include <algorithm>

#include "codec/pem.h"

namespace ward::dcap {
namespace {

constexpr std::uint8_t kDerSequence = 0x30;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back()))
    text.remove_suffix(1);
  return text;
}

bool contains(std::string_view text, std::string_view what) {
  return text.find(what) != std::string_view::npos;
}

// Origin is a document with its digest, which is computed once: a document may hold many objects.
struct Origin {
  const std::string& name;
  crypto::Sha256Digest digest;
};

Origin origin_of(const attest::Document& document) {
  return {document.name, crypto::sha256(document.bytes)};
}

template <class T>
void add(std::vector<Named<T>>& list, const Origin& origin, T value) {
  list.push_back({origin.name, origin.digest, std::move(value)});
}

void sort_der(const Origin& document, Bytes der, CollateralSet& out) {
  if (auto certificate = pki::parse_certificate(der)) {
    add(out.certificates, document, *std::move(certificate));
    return;
  }
  if (auto crl = pki::parse_crl(der)) {
    add(out.crls, document, *std::move(crl));
    return;
  }
  out.unknown.push_back({document.name, "neither a certificate nor a CRL"});
}

void sort_pem(const attest::Document& document, std::string_view text, CollateralSet& out) {
  const auto blocks = codec::parse_pem(text);
  if (!blocks) {
    out.unknown.push_back({document.name, blocks.error().what()});
    return;
  }
  const Origin origin = origin_of(document);
  for (const codec::PemBlock& block : *blocks)
    sort_der(origin, block.der, out);
}

void sort_json(const attest::Document& document, std::string_view text, CollateralSet& out) {
  if (contains(text, "\"tcbInfo\"")) {
    auto parsed = parse_tcb_info(document.bytes);
    if (parsed) {
      add(out.tcb_infos, origin_of(document), *std::move(parsed));
    } else {
      out.bad_tcb_infos.push_back({document.name, to_text(parsed.error())});
    }
    return;
  }
  if (contains(text, "\"enclaveIdentity\"")) {
    auto parsed = parse_qe_identity(document.bytes);
    if (parsed) {
      add(out.qe_identities, origin_of(document), *std::move(parsed));
    } else {
      out.bad_qe_identities.push_back({document.name, to_text(parsed.error())});
    }
    return;
  }
  out.unknown.push_back({document.name, "JSON, but neither TCB info nor enclave identity"});
}

}  // namespace

CollateralSet sort_collateral(const attest::Collateral& collateral, bool (*skip)(Bytes)) {
  CollateralSet out;
  std::size_t looked_at = 0;
  for (const attest::Document& document : collateral.documents) {
    if (++looked_at > attest::kMaxDocuments || document.bytes.size() > attest::kMaxDocumentBytes) {
      out.unknown.push_back({document.name, "over the limit of documents or of octets in one"});
      continue;
    }
    if (skip != nullptr && skip(document.bytes)) continue;
    if (!document.bytes.empty() && document.bytes[0] == kDerSequence && document.bytes.size() > 1 &&
        document.bytes[1] >= 0x80) {
      sort_der(origin_of(document), document.bytes, out);
      continue;
    }
    const std::string_view text = trimmed(as_text(document.bytes));
    if (text.starts_with('{')) {
      sort_json(document, text, out);
    } else if (contains(text, "-----BEGIN ")) {
      sort_pem(document, text, out);
    } else if (const auto der = from_hex(text); der && !der->empty()) {
      sort_der(origin_of(document), *der, out);
    } else {
      out.unknown.push_back({document.name, "no kind of collateral that ward knows"});
    }
  }
  return out;
}

}  // namespace ward::dcap
