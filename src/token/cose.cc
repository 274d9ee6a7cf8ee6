#include "token/cose.h"

#include <algorithm>
#include <array>

#include "codec/cbor.h"
#include "codec/cbor_write.h"

namespace ward::token {
namespace {

using codec::CborValue;
using crypto::KeyType;
using crypto::SignatureAlgorithm;

struct Row {
  CoseAlgorithm algorithm;
  std::string_view name;
  std::int64_t number;
  KeyType key;
  SignatureAlgorithm signature;
};

constexpr std::array<Row, 7> kRows = {{
    {CoseAlgorithm::kEs256, "ES256", -7, KeyType::kP256, SignatureAlgorithm::kEcdsaP256Sha256},
    {CoseAlgorithm::kEs384, "ES384", -35, KeyType::kP384, SignatureAlgorithm::kEcdsaP384Sha384},
    {CoseAlgorithm::kEs512, "ES512", -36, KeyType::kP521, SignatureAlgorithm::kEcdsaP521Sha512},
    {CoseAlgorithm::kEdDsa, "EdDSA", -8, KeyType::kEd25519, SignatureAlgorithm::kEd25519},
    {CoseAlgorithm::kPs256, "PS256", -37, KeyType::kRsa, SignatureAlgorithm::kRsaPssSha256},
    {CoseAlgorithm::kPs384, "PS384", -38, KeyType::kRsa, SignatureAlgorithm::kRsaPssSha384},
    {CoseAlgorithm::kPs512, "PS512", -39, KeyType::kRsa, SignatureAlgorithm::kRsaPssSha512},
}};

const Row& row_of(CoseAlgorithm algorithm) {
  return *std::ranges::find(kRows, algorithm, &Row::algorithm);
}

constexpr std::uint64_t kTagSign1 = 18;

// RFC 9052 section 3.1.
constexpr std::int64_t kAlg = 1;
constexpr std::int64_t kCrit = 2;
constexpr std::int64_t kKid = 4;
constexpr std::int64_t kTyp = 16;  // RFC 9596

// Enough for four parts of a message and what stands in its headers.
constexpr codec::CborLimits kLimits{.max_bytes = kMaxCoseBytes, .max_depth = 8, .max_items = 1000};

bool labels_are_right(const CborValue& header) {
  return std::ranges::all_of(header.members(), [](const CborValue::Member& member) {
    return member.first.as_int().has_value() || member.first.as_text().has_value();
  });
}

// RFC 9052 section 3: a label that occurs in both headers makes the message malformed.
bool share_a_label(const CborValue& a, const CborValue& b) {
  return std::ranges::any_of(a.members(), [&](const CborValue::Member& left) {
    return std::ranges::any_of(b.members(), [&](const CborValue::Member& right) {
      return equal(left.first.encoding(), right.first.encoding());
    });
  });
}

Result<CoseAlgorithm> algorithm_of(const CborValue& header) {
  const CborValue* alg = header.find(kAlg);
  if (alg == nullptr) return Error(Errc::kUnsupported, "cose: no algorithm is signed");
  const auto number = alg->as_int();
  const auto algorithm = number ? cose_algorithm(*number) : std::nullopt;
  if (!algorithm) return Error(Errc::kUnsupported, "cose: algorithm");
  return *algorithm;
}

Result<void> read_headers(const CborValue& unprotected, CoseSign1& out) {
  // Parsed for what it says; what is signed are its octets.
  WARD_TRY(const CborValue header,
           codec::parse_cbor(out.protected_header, kLimits, codec::CborRules::kForeign));
  if (!header.is_map()) return Error(Errc::kMalformed, "cose: protected header");
  if (!labels_are_right(header) || !labels_are_right(unprotected)) {
    return Error(Errc::kUnsupported, "cose: header label");
  }
  if (share_a_label(header, unprotected)) return Error(Errc::kMalformed, "cose: a label twice");
  // Nothing that a sender may insist on is implemented.
  if (header.find(kCrit) != nullptr || unprotected.find(kCrit) != nullptr) {
    return Error(Errc::kUnsupported, "cose: crit");
  }
  WARD_TRY(out.algorithm, algorithm_of(header));
  if (const CborValue* kid = unprotected.find(kKid)) out.unprotected_kid = kid->as_bytes();
  if (const CborValue* kid = header.find(kKid)) out.protected_kid = kid->as_bytes();
  const CborValue* typ = header.find(kTyp);
  if (typ == nullptr) return {};
  out.typ = typ->as_text();
  if (!out.typ) return Error(Errc::kUnsupported, "cose: typ");
  return {};
}

}  // namespace

std::string_view to_text(CoseAlgorithm algorithm) { return row_of(algorithm).name; }

std::optional<CoseAlgorithm> cose_algorithm(std::int64_t number) {
  const auto* row = std::ranges::find(kRows, number, &Row::number);
  return row == kRows.end() ? std::nullopt : std::optional(row->algorithm);
}

std::int64_t cose_number(CoseAlgorithm algorithm) { return row_of(algorithm).number; }

CoseAlgorithm native_cose_algorithm(KeyType type) {
  return std::ranges::find(kRows, type, &Row::key)->algorithm;
}

SignatureAlgorithm signature_algorithm(CoseAlgorithm algorithm) {
  return row_of(algorithm).signature;
}

Result<CoseSign1> parse_cose_sign1(Bytes message) {
  WARD_TRY(const CborValue whole, codec::parse_cbor(message, kLimits, codec::CborRules::kForeign));
  const CborValue* inner = whole.tagged(kTagSign1);
  CoseSign1 out{.tagged = inner != nullptr};
  const CborValue& array = inner == nullptr ? whole : *inner;
  if (!array.is_array() || array.items().size() != 4) {
    return Error(Errc::kMalformed, "cose: not an array of four");
  }
  const std::vector<CborValue>& parts = array.items();
  const auto header = parts[0].as_bytes();
  const auto signature = parts[3].as_bytes();
  out.payload = parts[2].as_bytes();
  if (!header || !parts[1].is_map() || !signature || (!out.payload && !parts[2].is_null())) {
    return Error(Errc::kMalformed, "cose: a part of another type");
  }
  if (header->empty()) return Error(Errc::kUnsupported, "cose: no algorithm is signed");
  out.protected_header = *header;
  out.signature = *signature;
  WARD_CHECK_OK(read_headers(parts[1], out));
  return out;
}

Buffer cose_signed_octets(Bytes protected_header, Bytes payload, Bytes external_aad) {
  codec::CborWriter w;
  w.begin_array().text("Signature1").bytes(protected_header).bytes(external_aad).bytes(payload);
  auto out = w.end_array().take();
  return out ? *std::move(out) : Buffer();  // octets in an array are always written
}

bool cose_signature_holds(const CoseSign1& message, CoseAlgorithm algorithm,
                          const crypto::PublicKey& key, std::optional<Bytes> detached,
                          Bytes external_aad) {
  const Row& row = row_of(algorithm);
  if (message.algorithm != algorithm || key.type() != row.key) return false;
  if (message.payload.has_value() == detached.has_value()) return false;
  const Buffer octets = cose_signed_octets(
      message.protected_header, message.payload ? *message.payload : *detached, external_aad);
  const bool ecdsa = row.key != KeyType::kRsa && row.key != KeyType::kEd25519;
  return ecdsa ? key.verify_rs(row.signature, octets, message.signature)
               : key.verify(row.signature, octets, message.signature);
}

Buffer write_cose_sign1(const CoseSign1& message) {
  codec::CborWriter w;
  if (message.tagged) w.tag(kTagSign1);
  w.begin_array().bytes(message.protected_header).begin_map().end_map();
  if (message.payload) {
    w.bytes(*message.payload);
  } else {
    w.null();
  }
  auto out = w.bytes(message.signature).end_array().take();
  return out ? *std::move(out) : Buffer();  // octets in an array are always written
}

Result<Buffer> sign_cose_sign1(CoseAlgorithm algorithm, const CoseSigner& sign, Bytes payload,
                               const CoseForm& form) {
  codec::CborWriter w;
  w.begin_map().member(kAlg, cose_number(algorithm));
  if (!form.kid.empty()) w.member(kKid, form.kid);
  if (!form.typ.empty()) w.member(kTyp, form.typ);
  WARD_TRY(const Buffer header, w.end_map().take());
  WARD_TRY(const Buffer signature, sign(cose_signed_octets(header, payload)));
  CoseSign1 message{.tagged = form.tagged, .protected_header = header, .algorithm = algorithm};
  if (!form.detached) message.payload = payload;
  message.signature = signature;
  return write_cose_sign1(message);
}

}  // namespace ward::token
