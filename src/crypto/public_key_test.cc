#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "crypto/internal/der.h"
#include "crypto/signature.h"
#include "test/support/vectors.h"

// How strict from_spki and the ECDSA signature are, form by form.
namespace ward::crypto {
namespace {

Buffer hex(std::string_view text) { return from_hex(text).value_or(Buffer{}); }

Buffer seed(const std::string& name) {
  return test::read_file(test::source_dir() / "src/crypto/corpus/key_fuzz" / name);
}

std::optional<Errc> code(Bytes spki) {
  const auto key = PublicKey::from_spki(spki);
  return key ? std::nullopt : std::optional(key.error().code());
}

Buffer wrapped(std::uint8_t identifier, std::initializer_list<Bytes> parts) {
  Buffer out;
  der::put(out, identifier, concat(parts));
  return out;
}

const Buffer kOidEc = hex("06072a8648ce3d0201");
const Buffer kOidP256 = hex("06082a8648ce3d030107");
const Buffer kOidRsa = hex("06092a864886f70d010101");
const Buffer kOidEd25519 = hex("06032b6570");
const Buffer kNull = hex("0500");

// SubjectPublicKeyInfo of these parts; `bits` holds the octet of unused bits too.
Buffer spki(Bytes algorithm_parts, Bytes bits) {
  const Buffer algorithm = wrapped(der::kSequence, {algorithm_parts});
  const Buffer key = wrapped(der::kBitString, {bits});
  return wrapped(der::kSequence, {algorithm, key});
}

TEST(FromSpki, ReadsOrRefusesWhatOpensslWrites) {
  struct Case {
    const char* file;
    std::optional<Errc> want;
  };

  constexpr Case kCases[] = {
      {"P-256.der", std::nullopt},           {"P-384.der", std::nullopt},
      {"P-521.der", std::nullopt},           {"Ed25519.der", std::nullopt},
      {"rsa2048.der", std::nullopt},         {"rsa1024.der", Errc::kLimit},
      {"secp256k1.der", Errc::kUnsupported}, {"X25519.der", Errc::kUnsupported},
      {"explicit.der", Errc::kUnsupported},  {"compressed.der", Errc::kUnsupported},
      {"cut.der", Errc::kMalformed},
  };
  for (const Case& c : kCases)
    EXPECT_EQ(code(seed(c.file)), c.want) << c.file;
}

TEST(FromSpki, RefusesEcKeysInAnotherForm) {
  const Buffer point = PublicKey::from_spki(seed("P-256.der"))->to_ec_xy();
  const Buffer named = concat({kOidEc, kOidP256});
  const auto bits = [&](std::uint8_t unused, std::uint8_t form, Bytes rest) {
    return concat({Buffer{unused, form}, rest});
  };
  ASSERT_EQ(code(spki(named, bits(0, 4, point))), std::nullopt) << "the form that is right";
  EXPECT_EQ(code(spki(named, bits(1, 4, point))), Errc::kMalformed) << "unused bits";
  EXPECT_EQ(code(spki(named, bits(0, 6, point))), Errc::kMalformed) << "hybrid";
  EXPECT_EQ(code(spki(named, bits(0, 7, point))), Errc::kMalformed) << "hybrid";
  EXPECT_EQ(code(spki(named, Buffer{0, 0})), Errc::kMalformed) << "infinity";
  EXPECT_EQ(code(spki(named, Buffer{0})), Errc::kMalformed) << "no point";
  EXPECT_EQ(code(spki(named, {})), Errc::kMalformed) << "no bits at all";
  EXPECT_EQ(code(spki(named, bits(0, 4, Bytes(point).first(63)))), Errc::kMalformed) << "short";
  EXPECT_EQ(code(spki(named, concat({bits(0, 4, point), Buffer{0}}))), Errc::kMalformed) << "long";
  EXPECT_EQ(code(spki(kOidEc, bits(0, 4, point))), Errc::kUnsupported) << "no parameters";
  EXPECT_EQ(code(spki(concat({kOidEc, kNull}), bits(0, 4, point))), Errc::kUnsupported) << "NULL";
  EXPECT_EQ(code(spki(concat({named, kNull}), bits(0, 4, point))), Errc::kUnsupported) << "more";
}

TEST(FromSpki, RefusesEd25519InAnotherForm) {
  const Buffer raw = concat({Buffer{0}, Bytes(seed("Ed25519.der")).last(32)});
  ASSERT_EQ(code(spki(kOidEd25519, raw)), std::nullopt) << "the form that is right";
  EXPECT_EQ(code(spki(concat({kOidEd25519, kNull}), raw)), Errc::kMalformed) << "parameters";
  EXPECT_EQ(code(spki(kOidEd25519, Bytes(raw).first(32))), Errc::kMalformed) << "short";
  EXPECT_EQ(code(spki(kOidEd25519, concat({raw, Buffer{0}}))), Errc::kMalformed) << "long";
}

TEST(FromSpki, RefusesRsaInAnotherForm) {
  const Buffer algorithm = concat({kOidRsa, kNull});
  Buffer n(256, 0x55);
  n[0] = 0x80;
  const Buffer e = {3};
  const auto key = [](std::initializer_list<Bytes> numbers) {
    return concat({Buffer{0}, wrapped(der::kSequence, numbers)});
  };
  const Buffer n_right = wrapped(der::kInteger, {Buffer{0}, n});
  const Buffer e_right = wrapped(der::kInteger, {e});
  const Buffer n_negative = wrapped(der::kInteger, {n});
  const Buffer n_padded = wrapped(der::kInteger, {Buffer{0, 0}, n});
  const Buffer e_padded = wrapped(der::kInteger, {Buffer{0}, e});
  const Buffer zero = wrapped(der::kInteger, {Buffer{0}});
  const Buffer right = key({n_right, e_right});
  ASSERT_EQ(code(spki(algorithm, right)), std::nullopt) << "the form that is right";
  EXPECT_EQ(code(spki(kOidRsa, right)), Errc::kMalformed) << "without NULL";
  EXPECT_EQ(code(spki(concat({algorithm, kNull}), right)), Errc::kMalformed) << "NULL twice";
  EXPECT_EQ(code(spki(algorithm, key({n_negative, e_right}))), Errc::kMalformed) << "negative";
  EXPECT_EQ(code(spki(algorithm, key({n_padded, e_right}))), Errc::kMalformed) << "padded";
  EXPECT_EQ(code(spki(algorithm, key({n_right, e_padded}))), Errc::kMalformed) << "padded exponent";
  EXPECT_EQ(code(spki(algorithm, key({n_right, zero}))), Errc::kMalformed) << "exponent 0";
  EXPECT_EQ(code(spki(algorithm, key({n_right}))), Errc::kMalformed) << "no exponent";
  EXPECT_EQ(code(spki(algorithm, key({n_right, e_right, e_right}))), Errc::kMalformed) << "more";
  EXPECT_EQ(code(spki(algorithm, concat({right, Buffer{0}}))), Errc::kMalformed) << "trailing";
}

TEST(FromSpki, RefusesLengthsThatAreNotMinimal) {
  const Buffer right = seed("P-256.der");
  const Bytes inner = Bytes(right).subspan(2);
  EXPECT_EQ(code(concat({hex("308159"), inner})), Errc::kMalformed);
  EXPECT_EQ(code(concat({hex("30820059"), inner})), Errc::kMalformed);
  EXPECT_EQ(code(concat({hex("3080"), inner, hex("0000")})), Errc::kMalformed) << "indefinite";
}

// RFC 6979 appendix A.2.5, "sample", SHA-256, in forms that a lax reader would take.
TEST(EcdsaSignature, IsTakenInItsOneDerForm) {
  const auto key = PublicKey::from_p256_xy(
      hex("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
          "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"));
  ASSERT_TRUE(key);
  const Buffer r = hex("00efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716");
  const Buffer s = hex("00f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
  const Buffer r_der = wrapped(der::kInteger, {r});
  const Buffer s_der = wrapped(der::kInteger, {s});
  const Buffer both = concat({r_der, s_der});
  const Buffer zero = hex("020100");
  const Buffer order =
      hex("022100ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");

  struct Case {
    const char* name;
    Buffer der;
    bool want;
  };

  const Case cases[] = {
      {"right", wrapped(der::kSequence, {both}), true},
      {"trailing octet", concat({wrapped(der::kSequence, {both}), Buffer{0}}), false},
      {"trailing octet inside", wrapped(der::kSequence, {both, Buffer{0}}), false},
      {"third number", wrapped(der::kSequence, {both, zero}), false},
      {"long length", concat({hex("308146"), both}), false},
      {"indefinite length", concat({hex("3080"), both, hex("0000")}), false},
      {"r without its zero",
       wrapped(der::kSequence, {wrapped(der::kInteger, {Bytes(r).subspan(1)}), s_der}), false},
      {"r with two zeros", wrapped(der::kSequence, {wrapped(der::kInteger, {Buffer{0}, r}), s_der}),
       false},
      {"r is 0", wrapped(der::kSequence, {zero, s_der}), false},
      {"s is 0", wrapped(der::kSequence, {r_der, zero}), false},
      {"r is the order", wrapped(der::kSequence, {order, s_der}), false},
      {"s is the order", wrapped(der::kSequence, {r_der, order}), false},
      {"empty", {}, false},
      {"a set", wrapped(0x31, {both}), false},
      {"r || s", concat({Bytes(r).subspan(1), Bytes(s).subspan(1)}), false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(key->verify(SignatureAlgorithm::kEcdsaP256Sha256, as_bytes("sample"), c.der), c.want)
        << c.name;
  }
}

}  // namespace
}  // namespace ward::crypto
