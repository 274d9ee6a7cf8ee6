#include "protocol/ratls/certificate.h"

#include <gtest/gtest.h>

#include "codec/cbor_write.h"
#include "codec/der.h"
#include "crypto/digest.h"
#include "pki/build.h"

namespace ward::protocol::ratls {
namespace {

constexpr CertificateTimes kTimes{UnixTime{1'790'000'000}, UnixTime{1'790'086'400}};

crypto::PrivateKey key() {
  crypto::SeededRng rng(as_bytes("ratls"));
  return *crypto::PrivateKey::generate(crypto::KeyType::kP256, rng);
}

Buffer good() {
  crypto::SeededRng rng(as_bytes("serial"));
  return *write_certificate(as_bytes("a quote"), key(), kTimes, rng);
}

// with is a certificate whose extension holds `value`.
Buffer with(Bytes value) {
  const crypto::PrivateKey own = key();
  const pki::NamePart part{.type = "CN", .value = "x"};
  pki::CertificateSpec spec;
  spec.serial = {1};
  spec.signature_algorithm = crypto::SignatureAlgorithm::kEcdsaP256Sha256;
  spec.issuer = spec.subject = *pki::make_name(std::span(&part, 1));
  spec.not_before = kTimes.not_before;
  spec.not_after = kTimes.not_after;
  spec.spki = own.public_key().to_spki();
  if (!value.empty()) {
    spec.extensions.push_back(
        {.oid = *codec::der_oid(kEvidenceOid), .critical = false, .value = to_buffer(value)});
  }
  return *pki::build_certificate(
      spec, [&](Bytes tbs) { return own.sign(spec.signature_algorithm, tbs); });
}

Buffer wrapped(std::uint64_t tag, Bytes claims) {
  codec::CborWriter w;
  w.tag(tag).begin_array().bytes(as_bytes("q")).bytes(claims).end_array();
  return *w.take();
}

Buffer claims(std::uint64_t hash, std::size_t size, std::optional<std::size_t> nonce = {}) {
  codec::CborWriter pair;
  pair.begin_array().uint(hash).bytes(Buffer(size, 7)).end_array();
  codec::CborWriter map;
  map.begin_map().name("pubkey-hash").bytes(*pair.take());
  if (nonce) map.name("nonce").bytes(Buffer(*nonce, 1));
  return *map.end_map().take();
}

TEST(RaTls, the_claims_are_the_format_s_octets) {
  const auto digest = crypto::sha256(key().public_key().to_spki());
  // {"pubkey-hash": h'82 01 5820 <digest>'}: RFC 8949 by hand.
  EXPECT_EQ(to_hex(*claims_buffer(key().public_key())),
            "a16b7075626b65792d686173685824"
            "82015820" +
                to_hex(digest));
}

TEST(RaTls, what_is_written_is_read) {
  const auto read = read_certificate(good());
  ASSERT_TRUE(read) << read.error().what();
  EXPECT_EQ(as_text(read->quote), "a quote");
  EXPECT_TRUE(read->names_its_key);
  EXPECT_TRUE(read->self_signed);
  EXPECT_EQ(read->hash, "sha-256");
  EXPECT_FALSE(read->nonce);
  EXPECT_EQ(read->spki, key().public_key().to_spki());
  EXPECT_EQ(to_hex(read->report_data), to_hex(crypto::sha256(read->claims)) + std::string(64, '0'));
  EXPECT_TRUE(is_certificate(good()));
}

TEST(RaTls, a_claim_of_another_key_is_seen) {
  const auto read = read_certificate(with(wrapped(kQuoteTag, claims(1, 32, 16))));
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->names_its_key);
  EXPECT_EQ(read->nonce->size(), 16U);
  EXPECT_EQ(read_certificate(with(wrapped(kQuoteTag, claims(7, 48))))->hash, "sha-384");
  EXPECT_EQ(read_certificate(with(wrapped(kQuoteTag, claims(8, 64))))->hash, "sha-512");
}

struct Case {
  const char* name;
  Buffer value;
  Errc want;
};

TEST(RaTls, other_forms_are_refused) {
  codec::CborWriter bare;
  bare.begin_array().bytes(as_bytes("q")).bytes(claims(1, 32)).end_array();
  codec::CborWriter three;
  three.tag(kQuoteTag).begin_array().bytes({}).bytes({}).bytes({}).end_array();
  codec::CborWriter text;
  text.tag(kQuoteTag).begin_array().text("q").bytes(claims(1, 32)).end_array();
  const Buffer no_map = {0x80};
  const Buffer empty_map = {0xa0};
  const Case cases[] = {
      {"no tag", *bare.take(), Errc::kUnsupported},
      {"tag of a report", wrapped(60001, claims(1, 32)), Errc::kUnsupported},
      {"three items", *three.take(), Errc::kMalformed},
      {"a quote that is text", *text.take(), Errc::kMalformed},
      {"claims that are no map", wrapped(kQuoteTag, no_map), Errc::kMalformed},
      {"no key in the claims", wrapped(kQuoteTag, empty_map), Errc::kMalformed},
      {"an unknown hash", wrapped(kQuoteTag, claims(2, 32)), Errc::kUnsupported},
      {"a short hash", wrapped(kQuoteTag, claims(7, 32)), Errc::kMalformed},
      {"a long nonce", wrapped(kQuoteTag, claims(1, 32, 65)), Errc::kMalformed},
      {"no extension", {}, Errc::kUnsupported},
  };
  for (const Case& c : cases) {
    const auto read = read_certificate(with(c.value));
    ASSERT_FALSE(read) << c.name;
    EXPECT_EQ(read.error().code(), c.want) << c.name;
  }
}

TEST(RaTls, every_truncation_is_refused) {
  const Buffer whole = good();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    EXPECT_FALSE(read_certificate(Bytes(whole).first(n))) << n;
    EXPECT_FALSE(is_certificate(Bytes(whole).first(n)));
  }
}

TEST(RaTls, an_altered_certificate_is_not_self_signed) {
  Buffer altered = good();
  altered.back() ^= 1U;
  const auto read = read_certificate(altered);
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->self_signed);
}

}  // namespace
}  // namespace ward::protocol::ratls
