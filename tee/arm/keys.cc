#include "tee/arm/keys.h"

#include <algorithm>

#include "codec/pem.h"
#include "token/jwk.h"

namespace ward::arm {
namespace {

void add_key(const std::string& name, const crypto::PublicKey& key, Keys& out) {
  Buffer spki = key.to_spki();
  const crypto::Sha256Digest digest = crypto::sha256(spki);
  const bool known =
      std::ranges::any_of(out.keys, [&](const NamedKey& other) { return other.digest == digest; });
  if (known) return;
  if (out.keys.size() == kMaxKeys) {
    out.notes.push_back("passed over " + name + ": more than " + std::to_string(kMaxKeys) +
                        " keys");
    return;
  }
  out.keys.push_back({name, key, std::move(spki), digest});
}

// add_pem returns why the text is none of public keys; empty where it is.
std::string add_pem(const std::string& name, std::string_view text, Keys& out) {
  const auto blocks = codec::parse_pem(text);
  if (!blocks) return blocks.error().what();
  for (const codec::PemBlock& block : *blocks) {
    if (block.label != "PUBLIC KEY") return "PEM of another kind than PUBLIC KEY";
    const auto key = crypto::PublicKey::from_spki(block.der);
    if (!key) return key.error().what();
    add_key(name, *key, out);
  }
  return "";
}

std::string add_json(const std::string& name, Bytes json, Keys& out) {
  if (const auto set = token::parse_jwks(json)) {
    for (const token::Jwk& jwk : *set) {
      add_key(name, jwk.key, out);
    }
    return "";
  }
  const auto jwk = token::parse_jwk(json);
  if (!jwk) return jwk.error().what();
  add_key(name, jwk->key, out);
  return "";
}

std::string add_document(const attest::Document& document, Keys& out) {
  if (document.bytes.size() > attest::kMaxDocumentBytes) return "over the limit of octets";
  const std::string_view text = as_text(document.bytes);
  if (text.find("-----BEGIN ") != std::string_view::npos) {
    return add_pem(document.name, text, out);
  }
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && text[first] == '{') {
    return add_json(document.name, document.bytes, out);
  }
  return "no kind of document that counts for this TEE";
}

}  // namespace

Keys read_keys(std::span<const attest::Document* const> documents, bool (* /*belongs*/)(Bytes)) {
  Keys out;
  std::size_t number = 0;
  for (const attest::Document* document : documents) {
    const std::string why = number++ < attest::kMaxDocuments ? add_document(*document, out)
                                                             : "over the limit of documents";
    if (!why.empty()) out.notes.push_back("not recognised: " + document->name + ": " + why);
  }
  return out;
}

const attest::Anchor* find_anchor(std::span<const attest::Anchor> anchors, const NamedKey& key) {
  const auto found = std::ranges::find_if(
      anchors, [&](const attest::Anchor& a) { return equal(a.spki_sha256, key.digest); });
  return found == anchors.end() ? nullptr : &*found;
}

const NamedKey* find_signer(const Keys& keys, std::span<const attest::Anchor> anchors,
                            const std::function<bool(const NamedKey&)>& signed_it) {
  const NamedKey* anchored = nullptr;
  for (const NamedKey& key : keys.keys) {
    if (find_anchor(anchors, key) == nullptr) continue;
    if (signed_it(key)) return &key;
    if (anchored == nullptr) anchored = &key;
  }
  const auto signer = std::ranges::find_if(keys.keys, signed_it);
  if (signer != keys.keys.end()) return &*signer;
  if (anchored != nullptr) return anchored;
  return keys.keys.size() == 1 ? &keys.keys.front() : nullptr;
}

bool signed_by(const token::CoseSign1& message, const crypto::PublicKey& key) {
  return token::cose_signature_holds(message, token::native_cose_algorithm(key.type()), key);
}

attest::Part show_signature(attest::Work& work, const Shown& shown) {
  const token::CoseSign1& message = *shown.message;
  const std::size_t key = work.add({.kind = attest::MaterialKind::kExtract,
                                    .object = attest::object_of(*shown.check),
                                    .title = shown.key_title + ", SubjectPublicKeyInfo",
                                    .name = shown.key_name,
                                    .bytes = to_buffer(shown.spki)});
  const attest::Part spki{key, 0, shown.spki.size()};
  const Buffer octets = token::cose_signed_octets(message.protected_header, *message.payload);
  // What the message says it is signed with: with another key's, the signature does not hold.
  const bool fixed = message.algorithm == token::CoseAlgorithm::kEs256 ||
                     message.algorithm == token::CoseAlgorithm::kEs384 ||
                     message.algorithm == token::CoseAlgorithm::kEs512;
  work.signatures.push_back(
      {.check = shown.check,
       .algorithm = std::string(token::to_text(message.algorithm)),
       .key = spki,
       .message = work.part_or_extract(shown.material, octets, "Sig_structure (RFC 9052 4.4)"),
       .signature = work.part_or_extract(shown.material, message.signature, "signature"),
       .form = fixed ? attest::SignatureForm::kFixed : attest::SignatureForm::kOwn,
       .holds = shown.holds});
  return spki;
}

void show_root(attest::Work& work, const attest::CheckInfo& check, const attest::Part& spki,
               const attest::Anchor* anchor) {
  work.digests.push_back({.check = &check,
                          .algorithm = "SHA-256",
                          .message = {spki},
                          .expected = anchor == nullptr ? Buffer{} : to_buffer(anchor->spki_sha256),
                          .expected_from = anchor == nullptr ? "no trusted root has this key"
                                                             : "the named key of " + anchor->name,
                          .holds = anchor != nullptr});
}

}  // namespace ward::arm
