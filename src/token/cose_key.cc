#include <algorithm>
#include <array>

#include "codec/cbor.h"
#include "codec/cbor_write.h"
#include "token/cose.h"

namespace ward::token {
namespace {

using codec::CborValue;
using crypto::KeyType;
using crypto::PublicKey;

// RFC 9052 section 7.1 and RFC 9053 section 7.1.
constexpr std::int64_t kKty = 1;
constexpr std::int64_t kAlg = 3;
constexpr std::int64_t kKeyOps = 4;
constexpr std::int64_t kCrv = -1;
constexpr std::int64_t kX = -2;
constexpr std::int64_t kY = -3;
constexpr std::int64_t kD = -4;
constexpr std::int64_t kKtyOkp = 1;
constexpr std::int64_t kKtyEc2 = 2;
constexpr std::int64_t kOpVerify = 2;

struct Curve {
  KeyType type;
  std::int64_t kty;
  std::int64_t crv;
  std::size_t size;
};

constexpr std::array<Curve, 4> kCurves = {{{KeyType::kP256, kKtyEc2, 1, 32},
                                           {KeyType::kP384, kKtyEc2, 2, 48},
                                           {KeyType::kP521, kKtyEc2, 3, 66},
                                           {KeyType::kEd25519, kKtyOkp, 6, 32}}};

// What its owner says that it is for.
bool is_for_verifying(const CborValue& key, KeyType type) {
  if (const CborValue* alg = key.find(kAlg)) {
    const auto number = alg->as_int();
    if (!number || *number != cose_number(native_cose_algorithm(type))) return false;
  }
  const CborValue* ops = key.find(kKeyOps);
  return ops == nullptr || std::ranges::any_of(ops->items(), [](const CborValue& op) {
           return op.as_int() == kOpVerify;
         });
}

std::optional<Bytes> coordinate(const CborValue& key, std::int64_t label, std::size_t size) {
  const CborValue* value = key.find(label);
  const auto octets = value == nullptr ? std::nullopt : value->as_bytes();
  return octets && octets->size() == size ? octets : std::nullopt;
}

}  // namespace

Result<PublicKey> parse_cose_key(Bytes encoded) {
  constexpr codec::CborLimits kLimits{.max_bytes = 4096, .max_depth = 4, .max_items = 64};
  WARD_TRY(const CborValue key, codec::parse_cbor(encoded, kLimits, codec::CborRules::kForeign));
  if (!key.is_map()) return Error(Errc::kMalformed, "cose key: not a map");
  if (key.find(kD) != nullptr) return Error(Errc::kDenied, "cose key: it is private");
  const CborValue* kty = key.find(kKty);
  const CborValue* crv = key.find(kCrv);
  if (kty == nullptr || crv == nullptr) return Error(Errc::kMalformed, "cose key: kty or crv");
  const auto* curve = std::ranges::find_if(
      kCurves, [&](const Curve& c) { return kty->as_int() == c.kty && crv->as_int() == c.crv; });
  if (curve == kCurves.end()) return Error(Errc::kUnsupported, "cose key: kty or crv");
  if (!is_for_verifying(key, curve->type)) return Error(Errc::kUnsupported, "cose key: use");
  const auto x = coordinate(key, kX, curve->size);
  if (!x) return Error(Errc::kMalformed, "cose key: x");
  if (curve->kty == kKtyOkp) return PublicKey::from_ed25519(*x);
  const CborValue* y_value = key.find(kY);
  if (y_value != nullptr && y_value->as_bool()) {
    return Error(Errc::kUnsupported, "cose key: compressed point");
  }
  const auto y = coordinate(key, kY, curve->size);
  if (!y) return Error(Errc::kMalformed, "cose key: y");
  return PublicKey::from_ec_xy(curve->type, concat({*x, *y}));
}

Result<Buffer> write_cose_key(const PublicKey& key) {
  const auto* curve = std::ranges::find(kCurves, key.type(), &Curve::type);
  if (curve == kCurves.end()) return Error(Errc::kUnsupported, "cose key: kty");
  codec::CborWriter w;
  w.begin_map().member(kKty, curve->kty).member(kCrv, curve->crv);
  if (curve->kty == kKtyOkp) {
    // The key's octets are the last of its SubjectPublicKeyInfo (RFC 8410 section 4).
    const Buffer spki = key.to_spki();
    w.member(kX, Bytes(spki).last(curve->size));
  } else {
    const Buffer xy = key.to_ec_xy();
    w.member(kX, Bytes(xy).first(curve->size)).member(kY, Bytes(xy).last(curve->size));
  }
  return w.end_map().take();
}

}  // namespace ward::token
