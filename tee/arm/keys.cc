#include "tee/arm/keys.h"

#include <algorithm>
#include <set>
#include <utility>

#include "codec/pem.h"
#include "token/jwk.h"

namespace ward::arm {
namespace {

// Reading is one reading of documents.
struct Reading {
  Keys keys;
  std::set<crypto::Sha256Digest> seen;
};

void add_key(const std::string& name, const crypto::PublicKey& key, Reading& out) {
  Buffer spki = key.to_spki();
  const crypto::Sha256Digest digest = crypto::sha256(spki);
  if (out.seen.contains(digest)) return;
  if (out.seen.size() == kMaxHeld) {
    out.keys.notes.push_back("passed over " + name + ": more than " + std::to_string(kMaxHeld) +
                             " keys");
    return;
  }
  out.seen.insert(digest);
  out.keys.keys.push_back({name, key, std::move(spki), digest});
}

// add_pem returns why the text has no public key, or one that cannot be read; empty otherwise.
// Blocks of another kind stand beside keys in bundles, in any order.
std::string add_pem(const std::string& name, std::string_view text, Reading& out) {
  const auto blocks = codec::parse_pem(text);
  if (!blocks) return blocks.error().what();
  std::string why = "PEM of another kind than PUBLIC KEY";
  bool wrong = false;
  for (const codec::PemBlock& block : *blocks) {
    if (block.label != "PUBLIC KEY") continue;
    const auto key = crypto::PublicKey::from_spki(block.der);
    if (key) add_key(name, *key, out);
    if (!wrong) why = key ? "" : key.error().what();
    wrong = wrong || !key;
  }
  return why;
}

std::string add_json(const std::string& name, Bytes json, Reading& out) {
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

std::string add_document(const attest::Document& document, Reading& out) {
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
  Reading out;
  std::vector<std::string>& notes = out.keys.notes;
  std::size_t number = 0;
  for (const attest::Document* document : documents) {
    const std::string why = number++ < attest::kMaxDocuments ? add_document(*document, out)
                                                             : "over the limit of documents";
    if (!why.empty()) notes.push_back("not recognised: " + document->name + ": " + why);
  }
  if (out.keys.keys.size() > kMaxKeys) {
    notes.push_back("of " + std::to_string(out.keys.keys.size()) +
                    " keys those named as roots and the first " + std::to_string(kMaxKeys) +
                    " are tried");
  }
  return std::move(out.keys);
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
  const auto tried = std::span(keys.keys).first(std::min(keys.keys.size(), kMaxKeys));
  const auto signer = std::ranges::find_if(tried, signed_it);
  if (signer != tried.end()) return &*signer;
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
