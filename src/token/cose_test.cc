#include "token/cose.h"

#include <string>

#include <gtest/gtest.h>

#include "codec/cbor_write.h"
#include "token/jwk.h"

namespace ward::token {
namespace {

using crypto::KeyType;
using crypto::PrivateKey;

Buffer hex(std::string_view text) {
  auto out = from_hex(text);
  EXPECT_TRUE(out) << text;
  return out.value_or(Buffer());
}

template <class T>
Errc code(const Result<T>& r) {
  EXPECT_FALSE(r);
  return r ? Errc::kInternal : r.error().code();
}

// Keys and messages of the COSE working group's examples (github.com/cose-wg/Examples, folders
// sign1-tests and ecdsa-examples).
constexpr const char* kP256 =
    R"({"kty":"EC","crv":"P-256","x":"usWxHK2PmfnHKwXPS54m0kTcGJ90UiglWiGahtagnv8",)"
    R"("y":"IBOL-C3BttVivg-lSreASjpkttcsz-1rb7btKLv8EX4"})";
constexpr const char* kP384 =
    R"({"kty":"EC","crv":"P-384",)"
    R"("x":"kTJyP2KSsBBhnb4kjWmMF7WHVsY55xUPgb7k64rDcjatChoZ1nvjKmYmPh5STRKc",)"
    R"("y":"mM0weMVU2DKsYDxDJkEP9hZiRZtB8fPfXbzINZj_fF7YQRynNWedHEyzAJOX2e8s"})";
constexpr const char* kP521 =
    R"({"kty":"EC","crv":"P-521",)"
    R"("x":"AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt",)"
    R"("y":"AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1"})";

enum class Want : std::uint8_t { kHolds, kDoesNot, kMalformed, kUnsupported };

struct Example {
  const char* name;
  const char* jwk;
  CoseAlgorithm algorithm;
  const char* message;
  const char* external;
  Want want;
};

constexpr const char* kContent = "546869732069732074686520636f6e74656e742e";

constexpr Example kExamples[] = {
    {"ecdsa-sig-01", kP256, CoseAlgorithm::kEs256,
     "D28445A201260300A10442313154546869732069732074686520636F6E74656E742E5840EAE868ECC176883766C5D"
     "C"
     "5BA5B8DCA25DAB3C2E56A551CE5705B793914348E172727F48461FABBBA2E343492DDECAC3983686250BC68E9F1A7"
     "A"
     "07D41225B59F",
     "", Want::kHolds},
    {"ecdsa-sig-02", kP384, CoseAlgorithm::kEs384,
     "D28444A1013822A104445033383454546869732069732074686520636F6E74656E742E5860B8F85EFF78C88F5351C"
     "E"
     "D2F1887B79B296490795594B62E41E22529BB90208B7D8CDDD4A46D0E9C986464D83D0A5D1EDF39B3E2C575036423"
     "0"
     "D0E8D76460D8808E76C83830FBBD1978CC174066EB437F17887979ECF027DCC9D51BAF6C4FD8C0",
     "", Want::kHolds},
    {"ecdsa-sig-03", kP521, CoseAlgorithm::kEs512,
     "D28444A1013823A104581E62696C626F2E62616767696E7340686F626269746F6E2E6578616D706C6554546869732"
     "0"
     "69732074686520636F6E74656E742E5884000F348009BADC7DA478150AA7FA06DFD812CDF826344F17C7330563573"
     "D"
     "8F97F7A966924C3D88B108907235476E3F6BEA9F3890027792B0F94E905C217227CF064E00A6BC6A5187D0DF9B1DB"
     "7"
     "675AECFC678CE4692A8121EB8170F3592A859D518FD3B823091AAB22E6C41EB97ED92127CE8C46DCC715A247CB789"
     "2"
     "1FAD1E19133AFC30",
     "", Want::kHolds},
    // Its algorithm stands outside the protected header: ward refuses what RFC 9052 leaves open.
    {"sign-pass-01", kP256, CoseAlgorithm::kEs256,
     "D28441A0A201260442313154546869732069732074686520636F6E74656E742E5840EAE868ECC176883766C5DC5BA"
     "5"
     "B8DCA25DAB3C2E56A551CE5705B793914348E11A02E5F0344BF2D4EE5C7FD75A68A9F5E0B3CC1F1FC1409C1895665"
     "8"
     "6FF9D610",
     "", Want::kUnsupported},
    {"sign-pass-02", kP256, CoseAlgorithm::kEs256,
     "D28443A10126A10442313154546869732069732074686520636F6E74656E742E5840EAE868ECC176883766C5DC5BA"
     "5"
     "B8DCA25DAB3C2E56A551CE5705B793914348E155388B10C4F1B59A6733EAB416870A945111A4B2FBDBEF33A77234B"
     "1"
     "DEFF2F9B",
     "11aa22bb33cc44dd55006699", Want::kHolds},
    {"sign-fail-01", kP256, CoseAlgorithm::kEs256,
     "D903E68443A10126A10442313154546869732069732074686520636F6E74656E742E5840EAE868ECC176883766C5D"
     "C"
     "5BA5B8DCA25DAB3C2E56A551CE5705B793914348E19F43D6C6BA654472DA301B645B293C9BA939295B97C4BDB8477"
     "8"
     "2BFF384C5794",
     "", Want::kMalformed},
    {"sign-fail-02", kP256, CoseAlgorithm::kEs256,
     "D28443A10126A10442313154546869732069732074686520636F6E74656E742F5840EAE868ECC176883766C5DC5BA"
     "5"
     "B8DCA25DAB3C2E56A551CE5705B793914348E19F43D6C6BA654472DA301B645B293C9BA939295B97C4BDB847782BF"
     "F"
     "384C5794",
     "", Want::kDoesNot},
    {"sign-fail-03", kP256, CoseAlgorithm::kEs256,
     "D28445A1013903E6A10442313154546869732069732074686520636F6E74656E742E5840EAE868ECC176883766C5D"
     "C"
     "5BA5B8DCA25DAB3C2E56A551CE5705B793914348E19F43D6C6BA654472DA301B645B293C9BA939295B97C4BDB8477"
     "8"
     "2BFF384C5794",
     "", Want::kUnsupported},
    {"sign-fail-04", kP256, CoseAlgorithm::kEs256,
     "D2844AA10167756E6B6E6F776EA10442313154546869732069732074686520636F6E74656E742E5840EAE868ECC17"
     "6"
     "883766C5DC5BA5B8DCA25DAB3C2E56A551CE5705B793914348E19F43D6C6BA654472DA301B645B293C9BA939295B9"
     "7"
     "C4BDB847782BFF384C5794",
     "", Want::kUnsupported},
    {"sign-fail-06", kP256, CoseAlgorithm::kEs256,
     "D28445A201260300A10442313154546869732069732074686520636F6E74656E742E5840EAE868ECC176883766C5D"
     "C"
     "5BA5B8DCA25DAB3C2E56A551CE5705B793914348E19F43D6C6BA654472DA301B645B293C9BA939295B97C4BDB8477"
     "8"
     "2BFF384C5794",
     "", Want::kDoesNot},
    {"sign-fail-07", kP256, CoseAlgorithm::kEs256,
     "D28443A10126A10442313154546869732069732074686520636F6E74656E742E5840EAE868ECC176883766C5DC5BA"
     "5"
     "B8DCA25DAB3C2E56A551CE5705B793914348E172727F48461FABBBA2E343492DDECAC3983686250BC68E9F1A7A07D"
     "4"
     "1225B59F",
     "", Want::kDoesNot}};

Want seen(const Example& example) {
  const auto jwk = parse_jwk(as_bytes(example.jwk));
  EXPECT_TRUE(jwk);
  const Buffer octets = hex(example.message);
  const auto message = parse_cose_sign1(octets);
  if (!message) {
    return message.error().code() == Errc::kUnsupported ? Want::kUnsupported : Want::kMalformed;
  }
  EXPECT_TRUE(message->tagged);
  EXPECT_TRUE(message->unprotected_kid);
  return cose_signature_holds(*message, example.algorithm, jwk->key, std::nullopt,
                              hex(example.external))
             ? Want::kHolds
             : Want::kDoesNot;
}

TEST(Cose, TheWorkingGroupsExamplesAreAsTheySay) {
  for (const Example& example : kExamples) {
    SCOPED_TRACE(example.name);
    EXPECT_EQ(seen(example), example.want);
  }
}

TEST(Cose, TheSignedOctetsAreThoseOfTheExample) {
  EXPECT_EQ(
      to_hex(cose_signed_octets(hex("a10126"), hex(kContent), hex("11aa22bb33cc44dd55006699"))),
      "846a5369676e61747572653143a101264c11aa22bb33cc44dd5500669954546869732069732074686520636f"
      "6e74656e742e");
}

PrivateKey key_of(KeyType type) {
  crypto::SeededRng rng(as_bytes("cose_test"));
  auto key = PrivateKey::generate(type, rng);
  EXPECT_TRUE(key);
  return *std::move(key);
}

CoseSigner signer(const PrivateKey& key) {
  return [&key](Bytes octets) {
    const auto algorithm = signature_algorithm(native_cose_algorithm(key.type()));
    return key.type() == KeyType::kEd25519 || key.type() == KeyType::kRsa
               ? key.sign(algorithm, octets)
               : key.sign_rs(algorithm, octets);
  };
}

TEST(Cose, EveryAlgorithmSignsAndVerifiesUnderItsOwnKeyAlone) {
  const auto rsa = PrivateKey::generate_rsa(2048);
  ASSERT_TRUE(rsa);
  const PrivateKey keys[] = {key_of(KeyType::kP256), key_of(KeyType::kP384), key_of(KeyType::kP521),
                             key_of(KeyType::kEd25519)};
  const Buffer payload = hex(kContent);
  const auto check = [&](const PrivateKey& key, const PrivateKey& other) {
    const CoseAlgorithm algorithm = native_cose_algorithm(key.type());
    SCOPED_TRACE(std::string(to_text(algorithm)));
    EXPECT_EQ(cose_algorithm(cose_number(algorithm)), algorithm);
    const auto message = sign_cose_sign1(algorithm, signer(key), payload);
    ASSERT_TRUE(message);
    const auto parsed = parse_cose_sign1(*message);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->algorithm, algorithm);
    EXPECT_TRUE(cose_signature_holds(*parsed, algorithm, key.public_key()));
    EXPECT_FALSE(cose_signature_holds(*parsed, algorithm, other.public_key()));
    EXPECT_FALSE(
        cose_signature_holds(*parsed, native_cose_algorithm(other.type()), key.public_key()));
    EXPECT_EQ(write_cose_sign1(*parsed), *message);
  };
  for (std::size_t i = 0; i < std::size(keys); ++i) {
    check(keys[i], keys[(i + 1) % std::size(keys)]);
  }
  check(*rsa, keys[0]);
}

TEST(Cose, APayloadThatIsSentElsewhereIsSignedAllTheSame) {
  const PrivateKey key = key_of(KeyType::kP256);
  const auto message = sign_cose_sign1(CoseAlgorithm::kEs256, signer(key), hex(kContent),
                                       {.tagged = false, .detached = true});
  ASSERT_TRUE(message);
  const auto parsed = parse_cose_sign1(*message);
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(parsed->tagged);
  EXPECT_FALSE(parsed->payload);
  const auto& public_key = key.public_key();
  EXPECT_TRUE(
      cose_signature_holds(*parsed, CoseAlgorithm::kEs256, public_key, Bytes(hex(kContent))));
  EXPECT_FALSE(cose_signature_holds(*parsed, CoseAlgorithm::kEs256, public_key));
  EXPECT_FALSE(cose_signature_holds(*parsed, CoseAlgorithm::kEs256, public_key, Bytes(hex("00"))));
}

TEST(Cose, AMessageWithItsOwnPayloadTakesNoOther) {
  const PrivateKey key = key_of(KeyType::kP256);
  const auto message = sign_cose_sign1(CoseAlgorithm::kEs256, signer(key), hex(kContent));
  ASSERT_TRUE(message);
  const auto parsed = parse_cose_sign1(*message);
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(
      cose_signature_holds(*parsed, CoseAlgorithm::kEs256, key.public_key(), Bytes(hex(kContent))));
}

TEST(Cose, EveryFlippedBitIsRefusedAndEveryCutOneTruncated) {
  const PrivateKey key = key_of(KeyType::kEd25519);
  const auto message = sign_cose_sign1(CoseAlgorithm::kEdDsa, signer(key), hex(kContent));
  ASSERT_TRUE(message);
  const auto holds = [&](Bytes octets) {
    const auto parsed = parse_cose_sign1(octets);
    return parsed && cose_signature_holds(*parsed, CoseAlgorithm::kEdDsa, key.public_key());
  };
  ASSERT_TRUE(holds(*message));
  for (std::size_t bit = 0; bit < message->size() * 8; ++bit) {
    Buffer changed = *message;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_FALSE(holds(changed)) << bit;
  }
  for (std::size_t size = 0; size < message->size(); ++size) {
    EXPECT_EQ(code(parse_cose_sign1(Bytes(*message).first(size))), Errc::kTruncated) << size;
  }
}

struct Form {
  const char* name;
  const char* message;
  Errc want;
};

TEST(Cose, OtherFormsAreRefused) {
  constexpr Form kForms[] = {{"trailing",
                              "8443a10126a0414100"
                              "00",
                              Errc::kMalformed},
                             {"three_parts", "8343a10126a04141", Errc::kMalformed},
                             {"a_map", "a0", Errc::kMalformed},
                             {"mac0_tag", "d18443a10105a041414100", Errc::kMalformed},
                             {"header_no_octets", "84a10126a041414100", Errc::kMalformed},
                             {"unprotected_no_map", "8443a101264041414100", Errc::kMalformed},
                             {"payload_text", "8443a10126a061414100", Errc::kMalformed},
                             {"signature_null", "8443a10126a04141f6", Errc::kMalformed},
                             {"header_array", "844180a0414140", Errc::kMalformed},
                             {"header_trailing", "8444a1012600a0414140", Errc::kMalformed},
                             {"label_twice", "8445a201260126a0414140", Errc::kMalformed},
                             {"label_in_both", "8443a10126a10126414140", Errc::kMalformed},
                             {"no_algorithm", "8440a0414140", Errc::kUnsupported},
                             {"algorithm_outside", "8440a10126414140", Errc::kUnsupported},
                             {"algorithm_hmac", "8443a10105a0414140", Errc::kUnsupported},
                             {"crit", "8446a20126028101a0414140", Errc::kUnsupported},
                             {"crit_outside", "8443a10126a1028101414140", Errc::kUnsupported},
                             {"label_octets", "8443a10126a1410100414140", Errc::kUnsupported}};
  for (const Form& form : kForms) {
    SCOPED_TRACE(form.name);
    const Buffer octets = hex(form.message);
    EXPECT_EQ(code(parse_cose_sign1(octets)), form.want);
  }
}

TEST(Cose, AMessageThatIsTooLargeIsALimit) {
  const auto of = [](std::size_t size) {
    return write_cose_sign1({.protected_header = hex("a10126"), .payload = Buffer(size, 1)});
  };
  const std::size_t around = of(kMaxCoseBytes).size() - kMaxCoseBytes;
  EXPECT_TRUE(parse_cose_sign1(of(kMaxCoseBytes - around)));
  EXPECT_EQ(code(parse_cose_sign1(of(kMaxCoseBytes - around + 1))), Errc::kLimit);
}

TEST(Cose, AnErrorOfTheSignerIsPassedOn) {
  const CoseSigner fails = [](Bytes) -> Result<Buffer> {
    return Error(Errc::kUnavailable, "no key");
  };
  EXPECT_EQ(code(sign_cose_sign1(CoseAlgorithm::kEs256, fails, {})), Errc::kUnavailable);
}

TEST(CoseKey, IsReadAndWrittenBack) {
  for (const KeyType type : {KeyType::kP256, KeyType::kP384, KeyType::kP521, KeyType::kEd25519}) {
    const PrivateKey key = key_of(type);
    const auto written = write_cose_key(key.public_key());
    ASSERT_TRUE(written);
    const auto read = parse_cose_key(*written);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->to_spki(), key.public_key().to_spki());
    for (std::size_t size = 0; size < written->size(); ++size) {
      EXPECT_FALSE(parse_cose_key(Bytes(*written).first(size))) << size;
    }
  }
  const auto rsa = PrivateKey::generate_rsa(2048);
  ASSERT_TRUE(rsa);
  EXPECT_EQ(code(write_cose_key(rsa->public_key())), Errc::kUnsupported);
}

// RFC 9052 appendix C.7.1: the key "meriadoc.brandybuck@buckland.example".
TEST(CoseKey, IsTheOneOfTheRfc) {
  const Buffer encoded =
      hex("a5200121582065eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d2258201e52ed"
          "75701163"
          "f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c010202582"
          "46d65726961646f632e6272616e64796275636b406275636b6c616e642e6578616d706c65");
  const auto key = parse_cose_key(encoded);
  ASSERT_TRUE(key);
  EXPECT_EQ(to_hex(key->to_ec_xy()).substr(0, 16), "65eda5a12577c2ba");
}

TEST(CoseKey, OtherKeysAreRefused) {
  const PrivateKey key = key_of(KeyType::kP256);
  const Buffer xy = key.public_key().to_ec_xy();
  const Bytes x = Bytes(xy).first(32);
  const Bytes y = Bytes(xy).last(32);
  using Fill = void (*)(codec::CborWriter&, Bytes, Bytes);

  struct Case {
    const char* name;
    Fill fill;
    Errc want;
  };

  constexpr Case kCases[] = {
      {"private",
       [](codec::CborWriter& w, Bytes a, Bytes b) {
         w.member(1, 2).member(-1, 1).member(-2, a).member(-3, b).member(-4, a);
       },
       Errc::kDenied},
      {"no_kty",
       [](codec::CborWriter& w, Bytes a, Bytes b) { w.member(-1, 1).member(-2, a).member(-3, b); },
       Errc::kMalformed},
      {"curve_of_another_kty",
       [](codec::CborWriter& w, Bytes a, Bytes b) {
         w.member(1, 1).member(-1, 1).member(-2, a).member(-3, b);
       },
       Errc::kUnsupported},
      {"ed448",
       [](codec::CborWriter& w, Bytes a, Bytes) { w.member(1, 1).member(-1, 7).member(-2, a); },
       Errc::kUnsupported},
      {"compressed",
       [](codec::CborWriter& w, Bytes a, Bytes) {
         w.member(1, 2).member(-1, 1).member(-2, a).member(-3, true);
       },
       Errc::kUnsupported},
      {"other_algorithm",
       [](codec::CborWriter& w, Bytes a, Bytes b) {
         w.member(1, 2).member(-1, 1).member(-2, a).member(-3, b).member(3, -35);
       },
       Errc::kUnsupported},
      {"for_signing",
       [](codec::CborWriter& w, Bytes a, Bytes b) {
         w.member(1, 2).member(-1, 1).member(-2, a).member(-3, b).name(4).begin_array().integer(1);
         w.end_array();
       },
       Errc::kUnsupported},
      {"short_x",
       [](codec::CborWriter& w, Bytes a, Bytes b) {
         w.member(1, 2).member(-1, 1).member(-2, a.first(31)).member(-3, b);
       },
       Errc::kMalformed},
      {"no_y",
       [](codec::CborWriter& w, Bytes a, Bytes) { w.member(1, 2).member(-1, 1).member(-2, a); },
       Errc::kMalformed},
      {"not_on_the_curve",
       [](codec::CborWriter& w, Bytes a, Bytes) {
         w.member(1, 2).member(-1, 1).member(-2, a).member(-3, a);
       },
       Errc::kMalformed}};
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    codec::CborWriter w;
    w.begin_map();
    c.fill(w, x, y);
    const auto encoded = w.end_map().take();
    ASSERT_TRUE(encoded);
    EXPECT_EQ(code(parse_cose_key(*encoded)), c.want);
  }
  EXPECT_EQ(code(parse_cose_key(hex("80"))), Errc::kMalformed);
}

}  // namespace
}  // namespace ward::token
