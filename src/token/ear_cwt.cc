#include "token/ear_cwt.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "codec/cbor.h"
#include "codec/cbor_write.h"
#include "codec/json_write.h"
#include "token/cose.h"

namespace ward::token {
namespace {

using codec::CborValue;
using codec::CborWriter;
using codec::JsonValue;
using codec::JsonWriter;

// How a claim's value differs between JSON and CBOR.
enum class Form : std::uint8_t {
  kSame,
  kTime,      // whole seconds: an integer without a tag
  kOctets,    // base64url | octets
  kHex,       // hex | octets
  kTier,      // "warning" | 32
  kVector,    // names | numbers
  kVerifier,  // the same
  kSubmods,   // appraisals by name
};

struct Row {
  std::string_view name;
  std::int64_t key;
  Form form = Form::kSame;
};

// RFC 8392 section 4, RFC 9711 section 10.1, draft-ietf-rats-ear-03 figure 1.
constexpr Row kClaims[] = {{"iss", 1},
                           {"sub", 2},
                           {"aud", 3},
                           {"exp", 4, Form::kTime},
                           {"nbf", 5, Form::kTime},
                           {"iat", 6, Form::kTime},
                           {"jti", 7, Form::kHex},
                           {"eat_nonce", 10, Form::kOctets},
                           {"eat_profile", 265},
                           {"submods", 266, Form::kSubmods},
                           {"ear_status", 1000, Form::kTier},
                           {"ear_raw_evidence", 1002, Form::kOctets},
                           {"ear_verifier_id", 1004, Form::kVerifier}};

// Figure 2, figure 7.
constexpr Row kAppraisal[] = {
    {"eat_nonce", 10, Form::kOctets},     {"eat_profile", 265},
    {"ear_status", 1000, Form::kTier},    {"ear_trustworthiness_vector", 1001, Form::kVector},
    {"ear_appraisal_policy_ids", 1003},   {"ear_veraison_annotated_evidence", -70000},
    {"ward.appraisal", kCwtWardAppraisal}};

constexpr Row kVerifierId[] = {{"developer", 0}, {"build", 1}};

// draft-ietf-rats-ar4si section 3.2.
constexpr std::array<std::int64_t, 4> kTierNumbers = {0, 2, 32, 96};

constexpr std::string_view kTyp = "application/eat+cwt";

// Submods, checks and annotated evidence nest less than that; JSON allows no more either.
constexpr codec::CborLimits kLimits{
    .max_bytes = kMaxCoseBytes, .max_depth = 24, .max_items = 100'000};

std::span<const Row> vector_rows() {
  static const auto rows = [] {
    std::array<Row, 8> made{};
    std::transform(vector_members().begin(), vector_members().end(), made.begin(),
                   [](const VectorMember& m) {
                     return Row{m.name, m.key};
                   });
    return made;
  }();
  return rows;
}

Error wrong() { return {Errc::kMalformed, "cwt: a claim of another type"}; }

// Both directions recurse no deeper than kLimits and the JSON reader allow.
// NOLINTBEGIN(misc-no-recursion)

// JSON to CBOR.

Result<void> write_any(CborWriter& w, const JsonValue& value) {
  switch (value.kind()) {
    case JsonValue::Kind::kNull:
      w.null();
      return {};
    case JsonValue::Kind::kBool:
      w.boolean(*value.as_bool());
      return {};
    case JsonValue::Kind::kInt:
      w.integer(*value.as_int());
      return {};
    case JsonValue::Kind::kUint:
      w.uint(*value.as_uint());
      return {};
    case JsonValue::Kind::kDouble:
      break;
    case JsonValue::Kind::kString:
      w.text(*value.as_string());
      return {};
    case JsonValue::Kind::kArray:
      w.begin_array();
      for (const JsonValue& item : value.items()) {
        WARD_CHECK_OK(write_any(w, item));
      }
      w.end_array();
      return {};
    case JsonValue::Kind::kObject:
      w.begin_map();
      for (const auto& [name, item] : value.members()) {
        w.name(name);
        WARD_CHECK_OK(write_any(w, item));
      }
      w.end_map();
      return {};
  }
  return Error(Errc::kUnsupported, "cwt: a number that is no integer");
}

Result<void> write_claim(CborWriter& w, Form form, const JsonValue& value);

// What ear_payload writes and the table does not know is a claim that was forgotten here.
Result<void> write_claims(CborWriter& w, std::span<const Row> rows, const JsonValue& object) {
  w.begin_map();
  for (const auto& [name, value] : object.members()) {
    const auto row = std::ranges::find(rows, name, &Row::name);
    if (row == rows.end()) return Error(Errc::kInternal, "cwt: a claim without a key");
    w.name(row->key);
    WARD_CHECK_OK(write_claim(w, row->form, value));
  }
  w.end_map();
  return {};
}

Result<void> write_submods(CborWriter& w, const JsonValue& submods) {
  w.begin_map();
  for (const auto& [name, value] : submods.members()) {
    w.name(name);
    WARD_CHECK_OK(write_claims(w, kAppraisal, value));
  }
  w.end_map();
  return {};
}

Result<void> write_claim(CborWriter& w, Form form, const JsonValue& value) {
  const std::string_view text = value.as_string().value_or("");
  switch (form) {
    case Form::kSame:
    case Form::kTime:
      return write_any(w, value);
    case Form::kVector:
      return write_claims(w, vector_rows(), value);
    case Form::kVerifier:
      return write_claims(w, kVerifierId, value);
    case Form::kSubmods:
      return write_submods(w, value);
    case Form::kTier:
      for (std::size_t i = 0; i < kTierNumbers.size(); ++i) {
        if (text == to_text(static_cast<TrustTier>(i))) w.integer(kTierNumbers.at(i));
      }
      return {};
    case Form::kOctets:
    case Form::kHex:
      break;
  }
  const auto octets = form == Form::kHex ? from_hex(text) : from_base64(text, Base64::kUrl);
  if (!octets) return Error(Errc::kMalformed, "cwt: an id that is not hex");
  w.bytes(*octets);
  return {};
}

// CBOR to JSON.

Result<void> read_any(JsonWriter& w, const CborValue& value) {
  switch (value.kind()) {
    case CborValue::Kind::kNull:
      w.null();
      return {};
    case CborValue::Kind::kBool:
      w.boolean(*value.as_bool());
      return {};
    case CborValue::Kind::kUint:
      w.unsigned_integer(*value.as_uint());
      return {};
    case CborValue::Kind::kText:
      w.string(*value.as_text());
      return {};
    case CborValue::Kind::kBytes:  // RFC 8949 section 6.1
      w.string(to_base64(*value.as_bytes(), Base64::kUrl));
      return {};
    case CborValue::Kind::kNegative:
      if (!value.as_int()) break;
      w.integer(*value.as_int());
      return {};
    case CborValue::Kind::kArray:
      w.begin_array();
      for (const CborValue& item : value.items()) {
        WARD_CHECK_OK(read_any(w, item));
      }
      w.end_array();
      return {};
    case CborValue::Kind::kMap:
      w.begin_object();
      for (const auto& [key, item] : value.members()) {
        const auto name = key.as_text();
        if (!name) return Error(Errc::kUnsupported, "cwt: a key that JSON cannot have");
        w.name(*name);
        WARD_CHECK_OK(read_any(w, item));
      }
      w.end_object();
      return {};
    case CborValue::Kind::kTag:
      break;
  }
  return Error(Errc::kUnsupported, "cwt: a value that JSON cannot have");
}

Result<void> read_claim(JsonWriter& w, Form form, const CborValue& value);

// `strict` refuses keys that are not known: a vector has eight claims.
Result<void> read_claims(JsonWriter& w, std::span<const Row> rows, const CborValue& map,
                         bool strict = false) {
  if (!map.is_map()) return wrong();
  w.begin_object();
  for (const auto& [key, value] : map.members()) {
    const auto number = key.as_int();
    const auto row =
        std::ranges::find_if(rows, [&](const Row& r) { return number && r.key == *number; });
    if (row == rows.end()) {
      if (strict) return Error(Errc::kMalformed, "cwt: a claim that is not known");
      continue;
    }
    w.name(row->name);
    WARD_CHECK_OK(read_claim(w, row->form, value));
  }
  w.end_object();
  return {};
}

Result<void> read_submods(JsonWriter& w, const CborValue& map) {
  if (!map.is_map()) return wrong();
  w.begin_object();
  for (const auto& [name, value] : map.members()) {
    if (!name.as_text()) return wrong();
    w.name(*name.as_text());
    WARD_CHECK_OK(read_claims(w, kAppraisal, value));
  }
  w.end_object();
  return {};
}

Result<void> read_octets(JsonWriter& w, Form form, const CborValue& value) {
  if (value.is_array() && form == Form::kOctets) {  // several nonces (RFC 9711 section 4.1)
    w.begin_array();
    for (const CborValue& item : value.items()) {
      if (!item.as_bytes()) return wrong();
      w.string(to_base64(*item.as_bytes(), Base64::kUrl));
    }
    w.end_array();
    return {};
  }
  const auto octets = value.as_bytes();
  if (!octets) return wrong();
  w.string(form == Form::kHex ? to_hex(*octets) : to_base64(*octets, Base64::kUrl));
  return {};
}

Result<void> read_claim(JsonWriter& w, Form form, const CborValue& value) {
  switch (form) {
    case Form::kSame:
      return read_any(w, value);
    case Form::kVector:
      return read_claims(w, vector_rows(), value, true);
    case Form::kVerifier:
      return read_claims(w, kVerifierId, value);
    case Form::kSubmods:
      return read_submods(w, value);
    case Form::kOctets:
    case Form::kHex:
      return read_octets(w, form, value);
    case Form::kTime:
    case Form::kTier:
      break;
  }
  const auto number = value.as_int();
  if (!number) return wrong();
  if (form == Form::kTime) {
    w.integer(*number);
    return {};
  }
  const auto* tier = std::ranges::find(kTierNumbers, *number);
  if (tier == kTierNumbers.end()) return Error(Errc::kMalformed, "ear: status");
  w.string(to_text(static_cast<TrustTier>(tier - kTierNumbers.begin())));
  return {};
}

// NOLINTEND(misc-no-recursion)

// The key that signs: by name the same algorithm in COSE as in JOSE (RFC 9053, RFC 8812).
std::optional<CoseAlgorithm> cose_of(JwsAlgorithm algorithm) {
  using enum JwsAlgorithm;
  switch (algorithm) {
    case kEs256:
      return CoseAlgorithm::kEs256;
    case kEs384:
      return CoseAlgorithm::kEs384;
    case kEs512:
      return CoseAlgorithm::kEs512;
    case kEdDsa:
      return CoseAlgorithm::kEdDsa;
    case kPs256:
      return CoseAlgorithm::kPs256;
    case kPs384:
      return CoseAlgorithm::kPs384;
    case kPs512:
      return CoseAlgorithm::kPs512;
    case kRs256:
    case kRs384:
    case kRs512:
      break;
  }
  return std::nullopt;
}

Result<const JwsKey*> key_for(const CoseSign1& message, std::span<const JwsKey> keys) {
  const auto kid = message.protected_kid ? message.protected_kid : message.unprotected_kid;
  if (keys.size() == 1 && (!kid || keys.front().kid.empty())) return &keys.front();
  const auto found = std::ranges::find_if(
      keys, [&](const JwsKey& key) { return kid && !kid->empty() && as_text(*kid) == key.kid; });
  if (found == keys.end()) return Error(Errc::kUntrusted, "cwt: no key of this kid");
  return &*found;
}

Bytes without_cwt_tag(Bytes message) {
  constexpr std::array<std::uint8_t, 2> kTag61 = {0xd8, 61};
  const bool tagged = message.size() > 2 && equal(message.first(2), kTag61);
  return tagged ? message.subspan(2) : message;
}

Result<Buffer> signed_payload(Bytes message, std::span<const JwsKey> keys) {
  if (message.size() > kMaxCoseBytes) return Error(Errc::kLimit, "cwt: size", message.size());
  const Bytes inner = without_cwt_tag(message);
  WARD_TRY(const CoseSign1 cose, parse_cose_sign1(inner));
  if (inner.size() != message.size() && !cose.tagged) {
    return Error(Errc::kMalformed, "cwt: tag 61 before no tag of COSE");
  }
  if (!cose.payload) return Error(Errc::kMalformed, "cwt: the payload is sent elsewhere");
  if (cose.typ && cose.typ->substr(0, cose.typ->find(';')) != kTyp) {
    return Error(Errc::kDenied, "cwt: typ");
  }
  WARD_TRY(const JwsKey* key, key_for(cose, keys));
  const auto algorithm = cose_of(key->algorithm);
  if (!algorithm || cose.algorithm != *algorithm) {
    return Error(Errc::kUnsupported, "cwt: another algorithm than the key's");
  }
  if (!cose_signature_holds(cose, *algorithm, key->key)) {
    return Error(Errc::kUntrusted, "cwt: signature");
  }
  return to_buffer(*cose.payload);
}

}  // namespace

Result<Buffer> ear_cbor(const Ear& ear) {
  WARD_TRY(const std::string json, ear_payload(ear, EarProfile::kCwt));
  const auto claims = codec::parse_json(as_bytes(json), {.max_bytes = kMaxJwsBytes});
  if (!claims) return Error(Errc::kLimit, "ear: size");
  CborWriter w;
  WARD_CHECK_OK(write_claims(w, kClaims, *claims));
  return w.take();
}

Result<std::string> ear_json(Bytes cbor) {
  WARD_TRY(const CborValue claims, codec::parse_cbor(cbor, kLimits, codec::CborRules::kForeign));
  JsonWriter w;
  WARD_CHECK_OK(read_claims(w, kClaims, claims));
  return w.take();
}

Result<Buffer> sign_ear_cwt(const JwsSigner& signer, const Ear& ear) {
  const auto algorithm = cose_of(signer.algorithm);
  if (!algorithm) return Error(Errc::kUnsupported, "cwt: COSE has no such algorithm");
  WARD_TRY(const Buffer payload, ear_cbor(ear));
  const std::string typ = media_type(EarProfile::kCwt);
  WARD_TRY(Buffer out, sign_cose_sign1(*algorithm, signer.sign, payload,
                                       {.kid = as_bytes(signer.kid), .typ = typ}));
  if (out.size() > kMaxCoseBytes) return Error(Errc::kLimit, "cwt: size", out.size());
  return out;
}

Result<VerifiedJwt> verify_cwt(Bytes message, std::span<const JwsKey> keys,
                               const JwtExpectations& expected) {
  WARD_TRY(const Buffer payload, signed_payload(message, keys));
  WARD_TRY(const std::string json, ear_json(payload));
  auto parsed = codec::parse_json(as_bytes(json), {.max_bytes = kMaxJwsBytes});
  if (!parsed) return Error(Errc::kMalformed, "cwt: claims");
  JsonValue claims = *std::move(parsed);
  WARD_CHECK_OK(check_claims(claims, expected));
  const auto seconds = [&](std::string_view name) -> std::optional<UnixTime> {
    const JsonValue* value = claims.find(name);
    return value == nullptr ? std::nullopt : std::optional(UnixTime{*value->as_int()});
  };
  const auto expires = seconds("exp");
  const auto issued = seconds("iat");
  if (!expires) return Error(Errc::kMalformed, "jwt: no exp");
  return VerifiedJwt{JsonValue(), std::move(claims), to_buffer(as_bytes(json)), *expires, issued};
}

}  // namespace ward::token
