#include "codec/json_write.h"
#include "crypto/digest.h"
#include "explain/page_parts.h"

namespace ward::explain {
namespace {

using attest::KeyForm;
using attest::MaterialKind;
using attest::Part;
using attest::SignatureForm;
using codec::JsonWriter;

const char* form_name(KeyForm form) { return form == KeyForm::kPoint ? "point" : "spki"; }

const char* form_name(SignatureForm form) {
  switch (form) {
    case SignatureForm::kOwn:
      return "own";
    case SignatureForm::kFixed:
      return "fixed";
    case SignatureForm::kHex:
      return "hex";
    case SignatureForm::kLittleEndian:
      return "little-endian";
  }
  return "";
}

void write_part(JsonWriter& out, const Part& part) {
  out.begin_array();
  out.unsigned_integer(part.material).unsigned_integer(part.offset).unsigned_integer(part.size);
  out.end_array();
}

// A name to save a material under, of harmless characters alone.
std::string file_name(const attest::Material& material, std::size_t index) {
  std::string out = std::to_string(index + 1) + "-";
  for (const char c : material.title.empty() ? to_text(material.kind) : material.title) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain) out += c;
    if (!plain && out.back() != '-') out += '-';
    if (out.size() >= 48) break;
  }
  while (out.back() == '-') {
    out.pop_back();
  }
  if (material.kind == MaterialKind::kCertificate) return out + ".der";
  if (material.kind == MaterialKind::kRevocationList) return out + ".crl";
  const bool json = !material.bytes.empty() && material.bytes.front() == '{';
  return out + (json ? ".json" : ".bin");
}

void write_signature(JsonWriter& out, const attest::SignatureFact& fact) {
  out.begin_object().member("check", fact.check->id).member("algorithm", fact.algorithm);
  out.name("key");
  write_part(out, fact.key);
  out.member("key_form", form_name(fact.key_form)).name("message");
  write_part(out, fact.message);
  out.name("signature");
  write_part(out, fact.signature);
  out.member("form", form_name(fact.form)).member("holds", fact.holds).end_object();
}

void write_digest(JsonWriter& out, const attest::DigestFact& fact) {
  out.begin_object().member("check", fact.check->id).member("algorithm", fact.algorithm);
  out.name("message").begin_array();
  for (const Part& part : fact.message) {
    write_part(out, part);
  }
  out.end_array().member("extended", fact.extended).member("expected", to_hex(fact.expected));
  out.name("place");
  if (fact.place) {
    write_part(out, *fact.place);
  } else {
    out.null();
  }
  out.member("holds", fact.holds).end_object();
}

}  // namespace

Result<std::string> data_json(const attest::Work& work) {
  JsonWriter out;
  out.begin_object().member("schema", "ward.page/1").name("materials").begin_array();
  for (std::size_t i = 0; i < work.materials.size(); ++i) {
    const attest::Material& material = work.materials[i];
    out.begin_object().member("file", file_name(material, i));
    out.member("sha256", to_hex(crypto::sha256(material.bytes)));
    out.member("base64", to_base64(material.bytes, Base64::kStandard)).end_object();
  }
  out.end_array().name("signatures").begin_array();
  for (const attest::SignatureFact& fact : work.signatures) {
    write_signature(out, fact);
  }
  out.end_array().name("digests").begin_array();
  for (const attest::DigestFact& fact : work.digests) {
    write_digest(out, fact);
  }
  out.end_array().end_object();
  return out.take();
}

}  // namespace ward::explain
