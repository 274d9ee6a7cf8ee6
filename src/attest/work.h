#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attest/check.h"
#include "base/bytes.h"
#include "base/time.h"

// What a verdict was derived from, so that it can be derived again without ward.
namespace ward::attest {

enum class MaterialKind : std::uint8_t {
  kEvidence,
  kCertificate,     // DER
  kRevocationList,  // DER
  kDocument,        // as it was given
  kExtract,  // octets that stand in another material in a changed form: JSON's escapes undone
};

[[nodiscard]] const char* to_text(MaterialKind kind);  // "evidence", "certificate", ...

// Material is one thing that a verdict rests on. Nothing in it is trusted because it is listed.
struct Material {
  MaterialKind kind = MaterialKind::kDocument;
  std::string object;  // of the checks that judge it: "pck_chain" of "sgx.pck_chain.root"
  std::string title;   // for people: "Intel SGX PCK Certificate"
  std::string name;    // where it was: a file's name, or "in the evidence"
  Buffer bytes;
  std::optional<UnixTime> from;   // when its validity begins, both ends included
  std::optional<UnixTime> until;  // nullopt: it states no end
};

// Part is a range of a material's octets.
struct Part {
  std::size_t material = 0;
  std::size_t offset = 0;
  std::size_t size = 0;
};

enum class KeyForm : std::uint8_t {
  kSpki,   // DER SubjectPublicKeyInfo
  kPoint,  // x || y of P-256, big-endian
};

enum class SignatureForm : std::uint8_t {
  kOwn,           // as X.509 has it: DER ECDSA-Sig-Value, or RSA's octets
  kFixed,         // r || s, big-endian
  kHex,           // r || s as hexadecimal digits
  kLittleEndian,  // r, s, each in 72 octets, little-endian (AMD)
};

// SignatureFact is one signature that a verdict rests on.
struct SignatureFact {
  const CheckInfo* check = nullptr;  // whose outcome it decides
  std::string algorithm;             // RFC 7518: "ES256", "PS384"
  Part key;
  KeyForm key_form = KeyForm::kSpki;
  Part message;
  Part signature;
  SignatureForm form = SignatureForm::kOwn;
  bool holds = false;  // what ward found
};

// DigestFact is one digest that a verdict rests on: that of the parts, one behind the other.
struct DigestFact {
  const CheckInfo* check = nullptr;
  std::string algorithm;  // "SHA-256", "SHA-384", "SHA-512"
  std::vector<Part> message;
  // The register that begins with zeros and is extended with each part in turn:
  // register = digest(register || part).
  bool extended = false;
  Buffer expected;
  std::string expected_from;  // for people: "Intel SGX Root CA, pinned"
  std::optional<Part> place;  // where `expected` stands; nullopt: it is ward's own, or the policy's
  bool holds = false;
};

// Work is what a scheme writes down while it verifies, where it is asked to. One thread at a time.
struct Work {
  std::vector<Material> materials;  // the evidence first
  std::vector<SignatureFact> signatures;
  std::vector<DigestFact> digests;

  // add returns the index of the material with these octets and this kind, which is added where it
  // is not there yet.
  std::size_t add(Material material);

  // part finds the octets in a material, at the first place where they stand.
  [[nodiscard]] std::optional<Part> part(std::size_t material, Bytes octets) const;

  // part_or_extract is part(), or where they do not stand there as they are an extract of their
  // own.
  Part part_or_extract(std::size_t material, Bytes octets, const std::string& title);

  // bytes are a part's octets; borrowed.
  [[nodiscard]] Bytes bytes(const Part& part) const;
};

// object_of is the middle of a check's id: "pck_chain" of "sgx.pck_chain.root"; all between the
// first point and the last.
[[nodiscard]] std::string object_of(const CheckInfo& check);

}  // namespace ward::attest
