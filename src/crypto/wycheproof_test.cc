// The Wycheproof sets of the algorithms that ward uses. A set's judge says whether we accept a
// test's input and get its result; `valid` must be accepted, `invalid` refused, and each kind of
// `acceptable` is decided below with its reason.

#include <algorithm>
#include <filesystem>
#include <functional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "codec/json.h"
#include "crypto/aead.h"
#include "crypto/edwards.h"
#include "crypto/kdf.h"
#include "crypto/kem.h"
#include "crypto/keywrap.h"
#include "crypto/mac.h"
#include "crypto/sign.h"
#include "crypto/signature.h"
#include "test/support/vectors.h"

namespace ward::crypto {
namespace {

using codec::JsonValue;

std::filesystem::path folder() { return test::vectors_dir() / "wycheproof"; }

std::string text_of(const JsonValue& value, std::string_view name) {
  const JsonValue* const member = value.find(name);
  return std::string(member == nullptr ? "" : member->as_string().value_or(""));
}

std::size_t number_of(const JsonValue& value, std::string_view name) {
  const JsonValue* const member = value.find(name);
  return member == nullptr ? 0 : member->as_uint().value_or(0);
}

Buffer hex_of(const JsonValue& value, std::string_view name) {
  auto out = from_hex(text_of(value, name));
  EXPECT_TRUE(out) << name;
  return out.value_or(Buffer{});
}

std::set<std::string> flags_of(const JsonValue& test) {
  std::set<std::string> out;
  for (const JsonValue& flag : test.find("flags")->items())
    out.emplace(flag.as_string().value_or(""));
  return out;
}

// What a judge says of one test.
enum class Verdict : std::uint8_t { kAccepted, kRefused, kLeftOut };

Verdict accepted_if(bool yes) { return yes ? Verdict::kAccepted : Verdict::kRefused; }

using Judge = std::function<Verdict(const JsonValue& group, const JsonValue& test)>;
using Flags = std::set<std::string>;

// No set without "acceptable" tests may grow some unseen.
bool none_acceptable(const Flags& /*flags*/) {
  ADD_FAILURE() << "an acceptable result that nobody has decided";
  return false;
}

// Runs a whole set; `left_out` is the number of its tests whose parameters our interfaces do not
// have at all.
void run(const std::string& name, std::size_t left_out, const Judge& judge,
         const std::function<bool(const Flags&)>& accept_acceptable = none_acceptable) {
  const Buffer document = test::read_file(folder() / name);
  const auto root = codec::parse_json(document);
  ASSERT_TRUE(root) << name << ": " << to_text(root.error());
  std::size_t ran = 0;
  std::size_t skipped = 0;
  for (const JsonValue& group : root->find("testGroups")->items()) {
    for (const JsonValue& test : group.find("tests")->items()) {
      const std::string result = text_of(test, "result");
      const bool want =
          result == "acceptable" ? accept_acceptable(flags_of(test)) : result == "valid";
      const Verdict verdict = judge(group, test);
      (verdict == Verdict::kLeftOut ? skipped : ran) += 1;
      if (verdict == Verdict::kLeftOut) continue;
      EXPECT_EQ(verdict, accepted_if(want)) << name << " " << number_of(test, "tcId") << " "
                                            << text_of(test, "comment") << " " << result;
    }
  }
  EXPECT_GT(ran, 0U);
  EXPECT_EQ(skipped, left_out) << name;
  EXPECT_EQ(ran + skipped, number_of(*root, "numberOfTests")) << name;
}

TEST(Wycheproof, Hmac) {
  WARD_NEED_VECTORS();
  const auto judge = [](Hash hash) {
    return [hash](const JsonValue& group, const JsonValue& test) {
      const Buffer whole = hmac(hash, hex_of(test, "key"), hex_of(test, "msg"));
      // Shortened tags are in the set, not in our interface: verify_hmac takes whole ones only.
      const Bytes cut = Bytes(whole).first(number_of(group, "tagSize") / 8);
      return accepted_if(ct_equal(cut, hex_of(test, "tag")));
    };
  };
  run("hmac_sha256_test.json", 0, judge(Hash::kSha256));
  run("hmac_sha384_test.json", 0, judge(Hash::kSha384));
}

TEST(Wycheproof, AesCmac) {
  WARD_NEED_VECTORS();
  run("aes_cmac_test.json", 209, [](const JsonValue& group, const JsonValue& test) {
    const auto key = to_array<16>(hex_of(test, "key"));
    if (!key) return Verdict::kLeftOut;  // keys that are not of 128 bits
    const Buffer tag = hex_of(test, "tag");
    const CmacTag whole = cmac_aes128(*key, hex_of(test, "msg"));
    return accepted_if(ct_equal(Bytes(whole).first(number_of(group, "tagSize") / 8), tag));
  });
}

TEST(Wycheproof, Hkdf) {
  WARD_NEED_VECTORS();
  const auto judge = [](Hash hash) {
    return [hash](const JsonValue& /*group*/, const JsonValue& test) {
      const auto out = hkdf(hash, hex_of(test, "ikm"), hex_of(test, "salt"), hex_of(test, "info"),
                            number_of(test, "size"));
      return accepted_if(out && ct_equal(out->expose(), hex_of(test, "okm")));
    };
  };
  run("hkdf_sha256_test.json", 0, judge(Hash::kSha256));
  run("hkdf_sha384_test.json", 0, judge(Hash::kSha384));
}

Verdict judge_aead(AeadAlgorithm algorithm, const JsonValue& test) {
  const auto nonce = to_array<kAeadNonceBytes>(hex_of(test, "iv"));
  auto aead = Aead::create(algorithm, hex_of(test, "key"));
  if (!nonce || !aead) return Verdict::kLeftOut;  // nonces that are not of 96 bits; AES-192
  const Buffer aad = hex_of(test, "aad");
  const Buffer plaintext = hex_of(test, "msg");
  const Buffer sealed = concat({hex_of(test, "ct"), hex_of(test, "tag")});
  const auto opened = aead->open(*nonce, aad, sealed);
  if (!opened) return Verdict::kRefused;
  const auto again = aead->seal(*nonce, aad, plaintext);
  return accepted_if(ct_equal(opened->expose(), plaintext) && again && *again == sealed);
}

TEST(Wycheproof, Aead) {
  WARD_NEED_VECTORS();
  run("aes_gcm_test.json", 183, [](const JsonValue& group, const JsonValue& test) {
    return judge_aead(
        number_of(group, "keySize") == 256 ? AeadAlgorithm::kAes256Gcm : AeadAlgorithm::kAes128Gcm,
        test);
  });
  run("chacha20_poly1305_test.json", 9, [](const JsonValue& /*group*/, const JsonValue& test) {
    return judge_aead(AeadAlgorithm::kChaCha20Poly1305, test);
  });
}

TEST(Wycheproof, AesKeyWrap) {
  WARD_NEED_VECTORS();
  const auto judge = [](const JsonValue& /*group*/, const JsonValue& test) {
    const Buffer kek = hex_of(test, "key");
    const Buffer wrapped = hex_of(test, "ct");
    const auto key = unwrap_key(kek, wrapped);
    if (!key) return Verdict::kRefused;
    const auto again = wrap_key(kek, key->expose());
    return accepted_if(ct_equal(key->expose(), hex_of(test, "msg")) && again && *again == wrapped);
  };
  run("aes_wrap_test.json", 0, judge, [](const Flags& flags) {
    EXPECT_TRUE(flags.contains("ShortKey"));
    return false;  // 8 octets are one block; RFC 3394 section 2 wants two
  });
}

// The scalar as the field's length wants it: the sets pad and cut zeros.
Result<PrivateKey> scalar_key(KeyType type, const Buffer& octets, std::size_t field_bytes) {
  Buffer scalar(field_bytes);
  const auto first = std::ranges::find_if(octets, [](auto b) { return b != 0; });
  const auto size = static_cast<std::size_t>(octets.end() - first);
  if (size > field_bytes) return Error(Errc::kMalformed, "test: scalar");
  std::copy_backward(first, octets.end(), scalar.end());
  return PrivateKey::from_ec_scalar(type, scalar);
}

Verdict judge_ecdh(KeyType type, std::size_t field_bytes, const Result<PublicKey>& peer,
                   const JsonValue& test) {
  if (!peer) return Verdict::kRefused;
  const auto mine = scalar_key(type, hex_of(test, "private"), field_bytes);
  if (!mine) return Verdict::kRefused;
  const auto shared = ecdh(*mine, *peer);
  return accepted_if(shared && ct_equal(shared->expose(), hex_of(test, "shared")));
}

TEST(Wycheproof, EcdhPoints) {
  WARD_NEED_VECTORS();
  const auto judge = [](KeyType type, std::size_t field_bytes) {
    return [=](const JsonValue& /*group*/, const JsonValue& test) {
      const Buffer point = hex_of(test, "public");
      if (point.empty() || point[0] != 4) return Verdict::kRefused;
      return judge_ecdh(type, field_bytes, PublicKey::from_ec_xy(type, Bytes(point).subspan(1)),
                        test);
    };
  };
  const auto compressed = [](const Flags& flags) {
    EXPECT_TRUE(flags.contains("CompressedPoint"));
    return false;  // no format of ours carries compressed points
  };
  run("ecdh_secp256r1_ecpoint_test.json", 0, judge(KeyType::kP256, 32), compressed);
  run("ecdh_secp384r1_ecpoint_test.json", 0, judge(KeyType::kP384, 48), compressed);
  run("ecdh_secp521r1_ecpoint_test.json", 0, judge(KeyType::kP521, 66), compressed);
}

TEST(Wycheproof, EcdhSubjectPublicKeyInfo) {
  WARD_NEED_VECTORS();
  const auto judge = [](const JsonValue& /*group*/, const JsonValue& test) {
    return judge_ecdh(KeyType::kP256, 32, PublicKey::from_spki(hex_of(test, "public")), test);
  };
  run("ecdh_secp256r1_test.json", 0, judge, [](const Flags& flags) {
    // Refused: points are uncompressed, curves are named (RFC 5480 section 2.1.1), and an encoding
    // is DER without anything else.
    EXPECT_TRUE(flags.contains("CompressedPoint") || flags.contains("UnnamedCurve") ||
                flags.contains("InvalidAsn"));
    return false;
  });
}

TEST(Wycheproof, X25519) {
  WARD_NEED_VECTORS();
  const auto judge = [](const JsonValue& /*group*/, const JsonValue& test) {
    const auto scalar = to_array<32>(hex_of(test, "private"));
    const auto peer = to_array<32>(hex_of(test, "public"));
    if (!scalar || !peer) return Verdict::kRefused;
    const auto shared = x25519(*scalar, *peer);
    return accepted_if(shared && ct_equal(shared->expose(), hex_of(test, "shared")));
  };
  run("x25519_test.json", 0, judge, [](const Flags& flags) {
    // A shared secret of zero is refused (RFC 7748 section 6.1). Points on the twist and
    // non-canonical coordinates are computed with, as section 5 says.
    return !flags.contains("ZeroSharedSecret");
  });
}

TEST(Wycheproof, Ecdsa) {
  WARD_NEED_VECTORS();
  const auto judge = [](SignatureAlgorithm algorithm, bool r_s) {
    return [=](const JsonValue& group, const JsonValue& test) {
      const auto key = PublicKey::from_spki(hex_of(group, "publicKeyDer"));
      if (!key) return Verdict::kRefused;
      const Buffer message = hex_of(test, "msg");
      const Buffer signature = hex_of(test, "sig");
      return accepted_if(r_s ? key->verify_rs(algorithm, message, signature)
                             : key->verify(algorithm, message, signature));
    };
  };
  using enum SignatureAlgorithm;
  run("ecdsa_secp256r1_sha256_test.json", 0, judge(kEcdsaP256Sha256, false));
  run("ecdsa_secp256r1_sha256_p1363_test.json", 0, judge(kEcdsaP256Sha256, true));
  run("ecdsa_secp384r1_sha256_test.json", 0, judge(kEcdsaP384Sha256, false));
  run("ecdsa_secp384r1_sha384_test.json", 0, judge(kEcdsaP384Sha384, false));
  run("ecdsa_secp384r1_sha384_p1363_test.json", 0, judge(kEcdsaP384Sha384, true));
}

TEST(Wycheproof, Ed25519) {
  WARD_NEED_VECTORS();
  run("ed25519_test.json", 0, [](const JsonValue& group, const JsonValue& test) {
    const auto key = PublicKey::from_spki(hex_of(group, "publicKeyDer"));
    return accepted_if(
        key && key->verify(SignatureAlgorithm::kEd25519, hex_of(test, "msg"), hex_of(test, "sig")));
  });
}

// The equations that Keystone's Ed25519 is judged by, with RFC 8032's hash.
TEST(Wycheproof, Ed25519OfAnyHash) {
  WARD_NEED_VECTORS();
  run("ed25519_test.json", 0, [](const JsonValue& group, const JsonValue& test) {
    const Buffer spki = hex_of(group, "publicKeyDer");
    return accepted_if(verify_edwards(EdwardsHash::kSha512, Bytes(spki).last(kEdwardsKeyBytes),
                                      hex_of(test, "msg"), hex_of(test, "sig")));
  });
}

TEST(Wycheproof, RsaPkcs1) {
  WARD_NEED_VECTORS();
  const auto judge = [](SignatureAlgorithm algorithm) {
    return [=](const JsonValue& group, const JsonValue& test) {
      const auto key = PublicKey::from_spki(hex_of(group, "publicKeyDer"));
      return accepted_if(key && key->verify(algorithm, hex_of(test, "msg"), hex_of(test, "sig")));
    };
  };
  const auto missing_null = [](const Flags& flags) {
    EXPECT_TRUE(flags.contains("MissingNull"));
    return false;  // RFC 8017 section 9.2: the parameters are NULL, and there is one encoding
  };
  run("rsa_signature_2048_sha256_test.json", 0, judge(SignatureAlgorithm::kRsaPkcs1Sha256),
      missing_null);
  run("rsa_signature_4096_sha384_test.json", 0, judge(SignatureAlgorithm::kRsaPkcs1Sha384),
      missing_null);
}

Verdict judge_pss(const JsonValue& group, const JsonValue& test) {
  const std::string sha = text_of(group, "sha");
  const std::size_t salt = number_of(group, "sLen");
  std::optional<SignatureAlgorithm> algorithm;
  if (sha == "SHA-256" && salt == 32) algorithm = SignatureAlgorithm::kRsaPssSha256;
  if (sha == "SHA-384" && salt == 48) algorithm = SignatureAlgorithm::kRsaPssSha384;
  if (sha == "SHA-512" && salt == 64) algorithm = SignatureAlgorithm::kRsaPssSha512;
  if (!algorithm || text_of(group, "mgfSha") != sha) return Verdict::kLeftOut;
  const JsonValue& numbers = *group.find("publicKey");
  const auto key =
      PublicKey::from_rsa(hex_of(numbers, "modulus"), hex_of(numbers, "publicExponent"));
  return accepted_if(key && key->verify(*algorithm, hex_of(test, "msg"), hex_of(test, "sig")));
}

TEST(Wycheproof, RsaPss) {
  WARD_NEED_VECTORS();
  run("rsa_pss_2048_sha256_mgf1_32_test.json", 0, judge_pss);
  run("rsa_pss_4096_sha384_mgf1_48_test.json", 0, judge_pss);
  run("rsa_pss_misc_test.json", 147, judge_pss);  // many salts, hashes and generators
}

// The parameters that are not ours must not verify under those that are.
TEST(Wycheproof, RsaPssOfOtherParametersIsRefused) {
  WARD_NEED_VECTORS();
  const Buffer document = test::read_file(folder() / "rsa_pss_misc_test.json");
  const auto root = codec::parse_json(document);
  ASSERT_TRUE(root);
  std::size_t tried = 0;
  for (const JsonValue& group : root->find("testGroups")->items()) {
    for (const JsonValue& test : group.find("tests")->items()) {
      if (judge_pss(group, test) != Verdict::kLeftOut) continue;
      const JsonValue& numbers = *group.find("publicKey");
      const auto key =
          PublicKey::from_rsa(hex_of(numbers, "modulus"), hex_of(numbers, "publicExponent"));
      ASSERT_TRUE(key);
      for (const auto algorithm :
           {SignatureAlgorithm::kRsaPssSha256, SignatureAlgorithm::kRsaPssSha384,
            SignatureAlgorithm::kRsaPssSha512}) {
        EXPECT_FALSE(key->verify(algorithm, hex_of(test, "msg"), hex_of(test, "sig")));
      }
      ++tried;
    }
  }
  EXPECT_GT(tried, 0U);
}

TEST(Wycheproof, RsaOaep) {
  WARD_NEED_VECTORS();
  for (const char* const name :
       {"rsa_oaep_2048_sha256_mgf1sha256_test.json", "rsa_oaep_4096_sha256_mgf1sha256_test.json"}) {
    std::optional<PrivateKey> key;  // the one key of the set's one group
    run(name, 0, [&key](const JsonValue& group, const JsonValue& test) {
      if (!key) {
        auto read = PrivateKey::from_pkcs8(hex_of(group, "privateKeyPkcs8"));
        if (!read) return Verdict::kRefused;
        key.emplace(std::move(*read));
      }
      const auto plaintext =
          rsa_oaep_decrypt(*key, OaepHash::kSha256, hex_of(test, "ct"), hex_of(test, "label"));
      return accepted_if(plaintext && ct_equal(plaintext->expose(), hex_of(test, "msg")));
    });
  }
}

// Every set is run here or named with the reason why not.
TEST(Wycheproof, LeavesNoSetOutSilently) {
  WARD_NEED_VECTORS();
  const std::set<std::string> elsewhere = {
      "json_web_crypto_test.json",      // src/token
      "json_web_encryption_test.json",  // src/token
      "json_web_key_test.json",         // src/token
      "json_web_signature_test.json",   // src/token
      "aes_kwp_test.json",              // padded key wrap: no format of ours has it
      "pbkdf2_hmacsha256_test.json",    // passwords go through scrypt
  };
  const std::string source = test::read_text(test::source_dir() / "src/crypto/wycheproof_test.cc");
  std::size_t seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() != ".json") continue;
    ++seen;
    EXPECT_TRUE(elsewhere.contains(name) || source.find('"' + name + '"') != std::string::npos)
        << name;
  }
  EXPECT_GT(seen, elsewhere.size());
}

}  // namespace
}  // namespace ward::crypto
