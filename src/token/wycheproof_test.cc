// Project Wycheproof's JSON Web sets. Every case is judged: the keys we implement by verify_jws and
// decrypt_jwe, the others by being refused as keys. Differences from Wycheproof's verdict are
// listed with their reason.
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "codec/json.h"
#include "crypto/sign.h"
#include "test/support/vectors.h"
#include "token/jwe.h"
#include "token/jwk.h"
#include "token/jws.h"

namespace ward::token {
namespace {

using codec::JsonValue;

// Case id and why ward's verdict differs.
using Differences = std::map<std::int64_t, const char*>;

JsonValue load(const char* name) {
  static std::map<std::string, Buffer> files;  // byte ranges refer to the document
  Buffer& file = files[name];
  file = test::read_file(test::vectors_dir() / "wycheproof" / name);
  auto document = codec::parse_json(file, {.max_bytes = 8U << 20U});
  EXPECT_TRUE(document) << name;
  return document ? *std::move(document) : JsonValue();
}

std::string text(const JsonValue& object, std::string_view name) {
  const JsonValue* value = object.find(name);
  return value != nullptr && value->as_string() ? std::string(*value->as_string()) : "";
}

constexpr const char* kRoca =
    "the form of a modulus (CVE-2017-15361) is not judged: keys are trusted by name, not by look";

struct Tally {
  int judged = 0;
  int accepted = 0;
  int differences = 0;
};

// judge compares one verdict with the file's.
void judge(const JsonValue& test, bool accepted, const Differences& differences, Tally& tally) {
  const auto id = test.find("tcId")->as_int().value_or(0);
  const bool valid = text(test, "result") == "valid";
  ++tally.judged;
  if (accepted) ++tally.accepted;
  if (differences.count(id) != 0) {
    EXPECT_NE(accepted, valid) << "case " << id << " no longer differs";
    ++tally.differences;
    return;
  }
  EXPECT_EQ(accepted, valid) << "case " << id << ": " << text(test, "comment");
}

// The keys of a group: one public key, a set of them, or a symmetric key under "private".
std::vector<JwsKey> keys_of(const JsonValue& group, std::vector<Errc>& refused) {
  const JsonValue* given = group.find("public");
  if (given == nullptr) given = group.find("private");
  std::vector<JwsKey> out;
  const auto add = [&](const JsonValue& item) {
    auto jwk = parse_jwk(item);
    auto key = jwk ? jws_key(*jwk) : Result<JwsKey>(jwk.error());
    if (key) {
      out.push_back(*std::move(key));
    } else {
      refused.push_back(key.error().code());
    }
  };
  if (const JsonValue* keys = given->find("keys")) {
    for (const JsonValue& item : keys->items())
      add(item);
  } else {
    add(*given);
  }
  return out;
}

Tally run_jws(const char* file, const Differences& differences) {
  Tally tally;
  const JsonValue document = load(file);
  for (const JsonValue& group : document.find("testGroups")->items()) {
    std::vector<Errc> refused;
    const auto keys = keys_of(group, refused);
    // A symmetric key is no public key: kDenied. Its valid cases are no business of ours.
    const bool symmetric = keys.empty() && !refused.empty() && refused[0] == Errc::kDenied;
    for (const JsonValue& test : group.find("tests")->items()) {
      if (test.find("jws") == nullptr || !test.find("jws")->as_string()) continue;
      const std::string jws = text(test, "jws");
      if (symmetric) {
        EXPECT_FALSE(verify_jws_any(jws, keys));
        ++tally.judged;
        continue;
      }
      const bool accepted = verify_jws_any(jws, keys, {.ignore_embedded_key = true}).has_value();
      judge(test, accepted, differences, tally);
    }
  }
  return tally;
}

TEST(Wycheproof, json_web_signature) {
  WARD_NEED_VECTORS();
  const Tally tally =
      run_jws("json_web_signature_test.json",
              {{346, "the key says PS256, the token PS384: a key is for its alg alone"},
               {350, "the key says PS256, the token PS384: a key is for its alg alone"},
               {347, "the key's alg ES521 is no algorithm of RFC 7518 (ES512 is)"},
               {351, "the key's alg ES521 is no algorithm of RFC 7518 (ES512 is)"}});
  EXPECT_EQ(tally.judged, 401);
  EXPECT_EQ(tally.accepted, 32);
}

TEST(Wycheproof, json_web_key) {
  WARD_NEED_VECTORS();
  const Tally tally = run_jws("json_web_key_test.json", {{7, kRoca}});
  EXPECT_EQ(tally.judged, 26);
}

TEST(Wycheproof, json_web_crypto_signatures) {
  WARD_NEED_VECTORS();
  const Tally tally = run_jws("json_web_crypto_test.json", {{46, kRoca}});
  EXPECT_EQ(tally.judged, 48);
}

// What a message asks for: "alg/enc" of its header.
std::string algorithms(std::string_view compact) {
  const auto octets = from_base64(compact.substr(0, compact.find('.')), Base64::kUrl);
  const auto header = octets ? codec::parse_json(*octets) : codec::parse_json({});
  return header ? text(*header, "alg") + '/' + text(*header, "enc") : "";
}

TEST(Wycheproof, json_web_encryption_to_ec_keys) {
  WARD_NEED_VECTORS();
  Tally tally;
  const JsonValue document = load("json_web_encryption_test.json");
  for (const JsonValue& group : document.find("testGroups")->items()) {
    const JsonValue& jwk = *group.find("private");
    if (text(jwk, "kty") != "EC") continue;
    const bool p256 = text(jwk, "crv") == "P-256";
    const auto scalar = from_base64(text(jwk, "d"), Base64::kUrl);
    ASSERT_TRUE(scalar);
    const auto key = crypto::PrivateKey::from_ec_scalar(
        p256 ? crypto::KeyType::kP256 : crypto::KeyType::kP384, *scalar);
    ASSERT_TRUE(key);
    for (const JsonValue& test : group.find("tests")->items()) {
      const std::string compact = text(test, "jwe");
      const auto jwe = parse_compact_jwe(compact);
      const auto opened = jwe ? decrypt_jwe(*jwe, *key) : Result<SecretBytes>(jwe.error());
      const bool ours = algorithms(compact) == "ECDH-ES+A256KW/A256GCM";
      ++tally.judged;
      if (opened) ++tally.accepted;
      if (ours) {
        EXPECT_EQ(opened.has_value(), text(test, "result") == "valid") << text(test, "comment");
        if (opened && test.find("pt") != nullptr) {
          EXPECT_EQ(to_hex(opened->expose()), text(test, "pt"));
        }
      } else {
        EXPECT_FALSE(opened) << text(test, "comment");
      }
    }
  }
  EXPECT_EQ(tally.judged, 44);
  EXPECT_EQ(tally.accepted, 1);
}

}  // namespace
}  // namespace ward::token
