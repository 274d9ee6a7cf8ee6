#include "token/jws.h"

#include <algorithm>
#include <array>
#include <utility>

#include "codec/json_write.h"

namespace ward::token {
namespace {

using codec::JsonValue;
using crypto::KeyType;
using crypto::SignatureAlgorithm;

struct Row {
  JwsAlgorithm algorithm;
  std::string_view name;
  KeyType key;
  SignatureAlgorithm signature;
};

constexpr std::array<Row, 10> kRows = {{
    {JwsAlgorithm::kEs256, "ES256", KeyType::kP256, SignatureAlgorithm::kEcdsaP256Sha256},
    {JwsAlgorithm::kEs384, "ES384", KeyType::kP384, SignatureAlgorithm::kEcdsaP384Sha384},
    {JwsAlgorithm::kEs512, "ES512", KeyType::kP521, SignatureAlgorithm::kEcdsaP521Sha512},
    {JwsAlgorithm::kEdDsa, "EdDSA", KeyType::kEd25519, SignatureAlgorithm::kEd25519},
    {JwsAlgorithm::kRs256, "RS256", KeyType::kRsa, SignatureAlgorithm::kRsaPkcs1Sha256},
    {JwsAlgorithm::kRs384, "RS384", KeyType::kRsa, SignatureAlgorithm::kRsaPkcs1Sha384},
    {JwsAlgorithm::kRs512, "RS512", KeyType::kRsa, SignatureAlgorithm::kRsaPkcs1Sha512},
    {JwsAlgorithm::kPs256, "PS256", KeyType::kRsa, SignatureAlgorithm::kRsaPssSha256},
    {JwsAlgorithm::kPs384, "PS384", KeyType::kRsa, SignatureAlgorithm::kRsaPssSha384},
    {JwsAlgorithm::kPs512, "PS512", KeyType::kRsa, SignatureAlgorithm::kRsaPssSha512},
}};

const Row& row_of(JwsAlgorithm algorithm) {
  return *std::find_if(kRows.begin(), kRows.end(),
                       [&](const Row& r) { return r.algorithm == algorithm; });
}

constexpr std::array<std::string_view, 4> kEmbeddedKeys = {"jwk", "jku", "x5u", "x5c"};

// The three parts of a compact JWS, still encoded.
struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signed_text;  // header '.' payload
};

Result<Parts> split(std::string_view compact) {
  if (compact.size() > kMaxJwsBytes) return Error(Errc::kLimit, "jws: size", compact.size());
  const std::size_t first = compact.find('.');
  const std::size_t second = first == std::string_view::npos ? first : compact.find('.', first + 1);
  if (second == std::string_view::npos) return Error(Errc::kMalformed, "jws: not three parts");
  Parts parts{compact.substr(0, first), compact.substr(first + 1, second - first - 1),
              compact.substr(second + 1), compact.substr(0, second)};
  if (parts.signature.find('.') != std::string_view::npos) {
    return Error(Errc::kMalformed, "jws: more than three parts");
  }
  if (parts.header.size() > kMaxHeaderBytes) {
    return Error(Errc::kLimit, "jws: header size", parts.header.size());
  }
  return parts;
}

Result<JsonValue> parse_header(std::string_view encoded) {
  const auto octets = from_base64(encoded, Base64::kUrl);
  if (!octets) return Error(Errc::kMalformed, "jws: header is not base64url");
  auto header = codec::parse_json(*octets);
  if (!header || !header->is_object()) {
    return Error(Errc::kMalformed, "jws: header is not a JSON object");
  }
  return *std::move(header);
}

Result<std::optional<std::string_view>> text_member(const JsonValue& header,
                                                    std::string_view name) {
  const JsonValue* value = header.find(name);
  if (value == nullptr) return std::optional<std::string_view>();
  const auto text = value->as_string();
  if (!text) return Error(Errc::kMalformed, "jws: a header member is not a string");
  return std::optional<std::string_view>(*text);
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// RFC 7515 section 4.1.9: media types, case does not matter, "application/" may be left off.
std::string media_type(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  constexpr std::string_view kPrefix = "application/";
  if (out.compare(0, kPrefix.size(), kPrefix) == 0) out.erase(0, kPrefix.size());
  return out;
}

Result<void> check_typ(const JsonValue& header, const JwsRules& rules) {
  WARD_TRY(const auto typ, text_member(header, "typ"));
  if (rules.typ.empty()) return {};
  const std::string said = media_type(typ.value_or(""));
  if (said == media_type(rules.typ)) return {};
  if (!rules.or_typ.empty() && said == media_type(rules.or_typ)) return {};
  return Error(Errc::kDenied, "jws: typ");
}

// What the header must say, and must not.
Result<void> check_header(const JsonValue& header, const JwsKey& key, const JwsRules& rules) {
  WARD_TRY(const auto alg, text_member(header, "alg"));
  if (!alg) return Error(Errc::kMalformed, "jws: no alg");
  if (*alg != to_text(key.algorithm)) {
    return Error(Errc::kUnsupported, "jws: alg is not the one of the key");
  }
  // No extension is implemented, so a token that insists on one is refused (RFC 7515 section
  // 4.1.11); b64 (RFC 7797) would change what is signed and needs crit as well.
  if (header.find("crit") != nullptr) return Error(Errc::kUnsupported, "jws: crit");
  if (header.find("b64") != nullptr) return Error(Errc::kUnsupported, "jws: b64");
  for (const std::string_view name : kEmbeddedKeys) {
    if (header.find(name) != nullptr && !rules.ignore_embedded_key) {
      return Error(Errc::kDenied, "jws: the header brings a key");
    }
  }
  WARD_TRY(const auto kid, text_member(header, "kid"));
  if (kid && !key.kid.empty() && *kid != key.kid) {
    return Error(Errc::kUntrusted, "jws: kid is another key's");
  }
  return check_typ(header, rules);
}

bool signature_is_right(const JwsKey& key, std::string_view text, Bytes signature) {
  const Row& row = row_of(key.algorithm);
  if (key.key.type() != row.key) return false;
  const bool ecdsa = row.key != KeyType::kRsa && row.key != KeyType::kEd25519;
  return ecdsa ? key.key.verify_rs(row.signature, as_bytes(text), signature)
               : key.key.verify(row.signature, as_bytes(text), signature);
}

Result<VerifiedJws> verify_parts(const Parts& parts, JsonValue header, const JwsKey& key,
                                 const JwsRules& rules) {
  WARD_CHECK_OK(check_header(header, key, rules));
  const auto signature = from_base64(parts.signature, Base64::kUrl);
  if (!signature) return Error(Errc::kMalformed, "jws: signature is not base64url");
  auto payload = from_base64(parts.payload, Base64::kUrl);
  if (!payload) return Error(Errc::kMalformed, "jws: payload is not base64url");
  if (!signature_is_right(key, parts.signed_text, *signature)) {
    return Error(Errc::kUntrusted, "jws: signature");
  }
  return VerifiedJws{std::move(header), *std::move(payload)};
}

}  // namespace

std::string_view to_text(JwsAlgorithm algorithm) { return row_of(algorithm).name; }

std::optional<JwsAlgorithm> jws_algorithm(std::string_view name) {
  const auto* found =
      std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.name == name; });
  if (found == kRows.end()) return std::nullopt;
  return found->algorithm;
}

JwsAlgorithm native_algorithm(crypto::KeyType type) {
  return std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.key == type; })
      ->algorithm;
}

Result<JwsKey> jws_key(const Jwk& jwk) {
  const auto algorithm =
      jwk.alg.empty() ? native_algorithm(jwk.key.type()) : jws_algorithm(jwk.alg);
  if (!algorithm) return Error(Errc::kUnsupported, "jwk: alg does not sign");
  if (row_of(*algorithm).key != jwk.key.type()) {
    return Error(Errc::kUnsupported, "jwk: alg is for another type of key");
  }
  if (!allows(jwk, KeyUse::kVerify, to_text(*algorithm))) {
    return Error(Errc::kDenied, "jwk: not a key for verifying");
  }
  return JwsKey{*algorithm, jwk.key, jwk.kid};
}

Result<VerifiedJws> verify_jws(std::string_view compact, const JwsKey& key, const JwsRules& rules) {
  WARD_TRY(const Parts parts, split(compact));
  WARD_TRY(JsonValue header, parse_header(parts.header));
  return verify_parts(parts, std::move(header), key, rules);
}

Result<VerifiedJws> verify_jws_any(std::string_view compact, std::span<const JwsKey> keys,
                                   const JwsRules& rules) {
  WARD_TRY(const Parts parts, split(compact));
  WARD_TRY(JsonValue header, parse_header(parts.header));
  WARD_TRY(const auto kid, text_member(header, "kid"));
  const JwsKey* chosen = nullptr;
  if (keys.size() == 1 && (!kid || keys.front().kid.empty())) chosen = keys.data();
  for (const JwsKey& key : keys) {
    if (kid && key.kid == *kid) chosen = &key;
  }
  if (chosen == nullptr) return Error(Errc::kUntrusted, "jws: no trusted key of this kid");
  return verify_parts(parts, std::move(header), *chosen, rules);
}

JwsSigner signer_of(const crypto::PrivateKey& key) {
  const JwsAlgorithm algorithm = native_algorithm(key.type());
  const SignatureAlgorithm signature = row_of(algorithm).signature;
  const bool ecdsa = key.type() != KeyType::kRsa && key.type() != KeyType::kEd25519;
  return {algorithm, thumbprint(key.public_key()), [&key, signature, ecdsa](Bytes message) {
            return ecdsa ? key.sign_rs(signature, message) : key.sign(signature, message);
          }};
}

Result<std::string> sign_jws(const JwsSigner& signer, std::string_view typ, Bytes payload) {
  codec::JsonWriter w;
  w.begin_object().member("alg", to_text(signer.algorithm));
  if (!signer.kid.empty()) w.member("kid", signer.kid);
  if (!typ.empty()) w.member("typ", typ);
  WARD_TRY(const std::string header, w.end_object().take());
  std::string out = to_base64(as_bytes(header), Base64::kUrl) + '.';
  out += to_base64(payload, Base64::kUrl);
  WARD_TRY(const Buffer signature, signer.sign(as_bytes(out)));
  out += '.' + to_base64(signature, Base64::kUrl);
  if (out.size() > kMaxJwsBytes) return Error(Errc::kLimit, "jws: size", out.size());
  return out;
}

}  // namespace ward::token
