#include "token/jwk.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "codec/der.h"
#include "codec/json_text.h"
#include "crypto/digest.h"

namespace ward::token {
namespace {

using codec::JsonValue;
using crypto::KeyType;
using crypto::PublicKey;

constexpr std::array<std::string_view, 8> kPrivateMembers = {"d",  "p",  "q",   "dp",
                                                             "dq", "qi", "oth", "k"};

struct Curve {
  std::string_view name;
  KeyType type;
  std::size_t octets;
};

constexpr std::array<Curve, 3> kCurves = {
    {{"P-256", KeyType::kP256, 32}, {"P-384", KeyType::kP384, 48}, {"P-521", KeyType::kP521, 66}}};

const Curve* curve_named(std::string_view name) {
  const auto* found =
      std::find_if(kCurves.begin(), kCurves.end(), [&](const Curve& c) { return c.name == name; });
  return found == kCurves.end() ? nullptr : found;
}

const Curve* curve_of(KeyType type) {
  const auto* found =
      std::find_if(kCurves.begin(), kCurves.end(), [&](const Curve& c) { return c.type == type; });
  return found == kCurves.end() ? nullptr : found;
}

Result<std::string_view> required_text(const JsonValue& object, std::string_view name) {
  const JsonValue* value = object.find(name);
  if (value == nullptr) return Error(Errc::kMalformed, "jwk: a required member is absent");
  const auto text = value->as_string();
  if (!text) return Error(Errc::kMalformed, "jwk: a member is not a string");
  return *text;
}

Result<std::string> optional_text(const JsonValue& object, std::string_view name) {
  if (object.find(name) == nullptr) return std::string();
  WARD_TRY(const std::string_view text, required_text(object, name));
  return std::string(text);
}

Result<Buffer> octets_member(const JsonValue& object, std::string_view name) {
  WARD_TRY(const std::string_view text, required_text(object, name));
  auto octets = from_base64(text, Base64::kUrl);
  if (!octets) return Error(Errc::kMalformed, "jwk: a member is not base64url");
  return *std::move(octets);
}

Result<PublicKey> parse_ec(const JsonValue& object) {
  WARD_TRY(const std::string_view name, required_text(object, "crv"));
  const Curve* curve = curve_named(name);
  if (curve == nullptr) return Error(Errc::kUnsupported, "jwk: crv");
  WARD_TRY(const Buffer x, octets_member(object, "x"));
  WARD_TRY(const Buffer y, octets_member(object, "y"));
  // RFC 7518 section 6.2.1.2: the full size of a coordinate, leading zeros included.
  if (x.size() != curve->octets || y.size() != curve->octets) {
    return Error(Errc::kMalformed, "jwk: length of a coordinate");
  }
  return PublicKey::from_ec_xy(curve->type, concat({x, y}));
}

Result<PublicKey> parse_okp(const JsonValue& object) {
  WARD_TRY(const std::string_view curve, required_text(object, "crv"));
  if (curve != "Ed25519") return Error(Errc::kUnsupported, "jwk: crv");
  WARD_TRY(const Buffer x, octets_member(object, "x"));
  if (x.size() != 32) return Error(Errc::kMalformed, "jwk: length of x");
  return PublicKey::from_ed25519(x);
}

Result<PublicKey> parse_rsa(const JsonValue& object) {
  WARD_TRY(const Buffer n, octets_member(object, "n"));
  WARD_TRY(const Buffer e, octets_member(object, "e"));
  // RFC 7518 section 2, Base64urlUInt: the minimum number of octets.
  if (n.empty() || e.empty() || n[0] == 0 || e[0] == 0) {
    return Error(Errc::kMalformed, "jwk: an RSA number is not minimal");
  }
  return PublicKey::from_rsa(n, e);
}

Result<PublicKey> parse_key(const JsonValue& object) {
  WARD_TRY(const std::string_view kty, required_text(object, "kty"));
  if (kty == "EC") return parse_ec(object);
  if (kty == "OKP") return parse_okp(object);
  if (kty == "RSA") return parse_rsa(object);
  return Error(Errc::kUnsupported, "jwk: kty");
}

Result<std::vector<std::string>> parse_key_ops(const JsonValue& object) {
  std::vector<std::string> out;
  const JsonValue* ops = object.find("key_ops");
  if (ops == nullptr) return out;
  if (!ops->is_array() || ops->items().empty()) return Error(Errc::kMalformed, "jwk: key_ops");
  for (const JsonValue& op : ops->items()) {
    const auto text = op.as_string();
    if (!text) return Error(Errc::kMalformed, "jwk: key_ops");
    out.emplace_back(*text);
  }
  return out;
}

// The numbers of a public key, which the library gives out in a SubjectPublicKeyInfo only.
struct RsaNumbers {
  Bytes n;
  Bytes e;
};

std::optional<Bytes> spki_key(Bytes spki) {
  codec::DerReader outer(spki);
  codec::DerReader info({});
  codec::DerElement algorithm;
  Bytes key;
  if (!outer.nested(codec::der_tag::kSequence, info) ||
      !info.element(codec::der_tag::kSequence, algorithm) || !info.bit_string(key)) {
    return std::nullopt;
  }
  return key;
}

std::optional<RsaNumbers> rsa_numbers(Bytes spki) {
  const auto key = spki_key(spki);
  if (!key) return std::nullopt;
  codec::DerReader outer(*key);
  codec::DerReader pair({});
  RsaNumbers out;
  if (!outer.nested(codec::der_tag::kSequence, pair) || !pair.integer(out.n) ||
      !pair.integer(out.e)) {
    return std::nullopt;
  }
  if (out.n.size() > 1 && out.n[0] == 0) out.n = out.n.subspan(1);
  if (out.e.size() > 1 && out.e[0] == 0) out.e = out.e.subspan(1);
  return out;
}

// Members of the key itself: what RFC 7638 section 3.2 wants, and nothing else.
using Members = std::vector<std::pair<std::string, std::string>>;

Members key_members(const PublicKey& key) {
  const auto url = [](Bytes b) { return to_base64(b, Base64::kUrl); };
  if (const Curve* curve = curve_of(key.type())) {
    const Buffer xy = key.to_ec_xy();
    const Bytes both(xy);
    return {{"crv", std::string(curve->name)},
            {"kty", "EC"},
            {"x", url(both.first(curve->octets))},
            {"y", url(both.subspan(curve->octets))}};
  }
  const Buffer spki = key.to_spki();
  if (key.type() == KeyType::kEd25519) {
    const auto x = spki_key(spki);
    return {{"crv", "Ed25519"}, {"kty", "OKP"}, {"x", url(x ? *x : Bytes())}};
  }
  const auto numbers = rsa_numbers(spki);
  if (!numbers) return {};
  return {{"e", url(numbers->e)}, {"kty", "RSA"}, {"n", url(numbers->n)}};
}

// The names are ASCII, so octet order is the order of RFC 8785. The texts came out of a JSON parser
// or are base64url, so they are UTF-8.
std::string object_of(Members members, const std::vector<std::string>& key_ops) {
  if (!key_ops.empty()) members.emplace_back("key_ops", "");
  std::sort(members.begin(), members.end());
  std::string out = "{";
  for (const auto& [name, value] : members) {
    if (out.size() > 1) out += ',';
    codec::append_json_string(out, name);
    out += ':';
    if (name != "key_ops") {
      codec::append_json_string(out, value);
      continue;
    }
    char before = '[';
    for (const std::string& op : key_ops) {
      out += before;
      codec::append_json_string(out, op);
      before = ',';
    }
    out += ']';
  }
  return out + '}';
}

}  // namespace

bool allows(const Jwk& jwk, KeyUse use, std::string_view alg) {
  const bool verify = use == KeyUse::kVerify;
  if (!jwk.use.empty() && jwk.use != (verify ? "sig" : "enc")) return false;
  if (!jwk.alg.empty() && jwk.alg != alg) return false;
  if (jwk.key_ops.empty()) return true;
  return std::any_of(jwk.key_ops.begin(), jwk.key_ops.end(), [&](const std::string& op) {
    return verify ? op == "verify"
                  : op == "deriveKey" || op == "deriveBits" || op == "wrapKey" || op == "encrypt";
  });
}

Result<Jwk> parse_jwk(const JsonValue& object) {
  if (!object.is_object()) return Error(Errc::kMalformed, "jwk: not an object");
  for (const std::string_view name : kPrivateMembers) {
    if (object.find(name) != nullptr) return Error(Errc::kDenied, "jwk: holds a private key");
  }
  WARD_TRY(PublicKey key, parse_key(object));
  WARD_TRY(std::string kid, optional_text(object, "kid"));
  WARD_TRY(std::string alg, optional_text(object, "alg"));
  WARD_TRY(std::string use, optional_text(object, "use"));
  WARD_TRY(std::vector<std::string> ops, parse_key_ops(object));
  return Jwk{std::move(key), std::move(kid), std::move(alg), std::move(use), std::move(ops)};
}

Result<Jwk> parse_jwk(Bytes json) {
  if (json.size() > kMaxJwkBytes) return Error(Errc::kLimit, "jwk: size", json.size());
  const auto document = codec::parse_json(json);
  if (!document) return Error(Errc::kMalformed, "jwk: not JSON");
  return parse_jwk(*document);
}

Result<std::vector<Jwk>> parse_jwks(Bytes json) {
  if (json.size() > kMaxJwkBytes * kMaxJwksKeys) {
    return Error(Errc::kLimit, "jwks: size", json.size());
  }
  const auto document = codec::parse_json(json);
  if (!document || !document->is_object()) return Error(Errc::kMalformed, "jwks: not an object");
  const JsonValue* keys = document->find("keys");
  if (keys == nullptr || !keys->is_array()) return Error(Errc::kMalformed, "jwks: keys");
  if (keys->items().size() > kMaxJwksKeys) {
    return Error(Errc::kLimit, "jwks: keys", keys->items().size());
  }
  std::vector<Jwk> out;
  for (const JsonValue& item : keys->items()) {
    auto jwk = parse_jwk(item);
    if (!jwk && jwk.error().code() == Errc::kUnsupported) continue;
    if (!jwk) return jwk.error();
    const bool twice = std::any_of(out.begin(), out.end(), [&](const Jwk& other) {
      return !jwk->kid.empty() && other.kid == jwk->kid;
    });
    if (twice) return Error(Errc::kMalformed, "jwks: two keys with one kid");
    out.push_back(*std::move(jwk));
  }
  return out;
}

std::string to_json(const Jwk& jwk) {
  Members members = key_members(jwk.key);
  if (!jwk.alg.empty()) members.emplace_back("alg", jwk.alg);
  if (!jwk.kid.empty()) members.emplace_back("kid", jwk.kid);
  if (!jwk.use.empty()) members.emplace_back("use", jwk.use);
  return object_of(std::move(members), jwk.key_ops);
}

std::string to_jwks_json(std::span<const Jwk> keys) {
  std::string out = R"({"keys":[)";
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i > 0) out += ',';
    out += to_json(keys[i]);
  }
  return out + "]}";
}

std::string thumbprint(const PublicKey& key) {
  return to_base64(crypto::sha256(as_bytes(object_of(key_members(key), {}))), Base64::kUrl);
}

}  // namespace ward::token
