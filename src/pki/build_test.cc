#include "pki/build.h"

#include <gtest/gtest.h>

#include "codec/der.h"
#include "pki/algorithm.h"
#include "pki/test_pki.h"

namespace ward::pki {
namespace {

using test::make_key;

void expect_same(const std::vector<Extension>& a, const std::vector<Extension>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].oid, b[i].oid) << i;
    EXPECT_EQ(a[i].critical, b[i].critical) << i;
    EXPECT_EQ(a[i].value, b[i].value) << i;
  }
}

TEST(BuildCertificate, ParsesBackToItsSpecification) {
  const auto root = make_key("root");
  const auto key = make_key("leaf");
  CertificateSpec spec = test::spec_of("leaf", key, "root", root, true);
  spec.extensions[0] = basic_constraints_extension({.ca = true, .path_len = 3});
  spec.extensions.push_back({*codec::der_oid("1.2.840.113741.1.13.1"), true, {0x30, 0x00}});
  spec.not_after = *parse_rfc3339("2050-01-01T00:00:00Z");
  const auto der = build_certificate(spec, test::signer(root));
  ASSERT_TRUE(der) << der.error().what();
  const auto got = parse_certificate(*der);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->der, *der);
  EXPECT_EQ(got->version, 3);
  EXPECT_EQ(to_hex(got->serial), "008004");
  EXPECT_EQ(got->signature_algorithm, spec.signature_algorithm);
  EXPECT_EQ(to_hex(got->issuer.der()), to_hex(spec.issuer.der()));
  EXPECT_EQ(got->subject.text(), "C=US, O=Ward Test, CN=leaf");
  EXPECT_EQ(got->not_before, spec.not_before);
  EXPECT_EQ(got->not_after, spec.not_after);
  EXPECT_EQ(got->spki, spec.spki);
  expect_same(got->extensions, spec.extensions);
  EXPECT_EQ(got->basic_constraints->ca, true);
  EXPECT_EQ(got->basic_constraints->path_len, 3U);
  EXPECT_EQ(*got->key_usage, key_usage::kKeyCertSign | key_usage::kCrlSign);
  EXPECT_EQ(*got->subject_key_id, test::id_of(key));
  EXPECT_EQ(*got->authority_key_id, test::id_of(root));
  ASSERT_EQ(got->distribution_points.size(), 1U);
  EXPECT_EQ(as_text(got->distribution_points[0].names.at(0).value), "https://pki.example/ca.crl");
  EXPECT_TRUE(signed_by(*got, root.public_key()));
  EXPECT_FALSE(signed_by(*got, key.public_key()));
}

TEST(BuildCrl, ParsesBackToItsSpecification) {
  const auto root = make_key("root");
  const CrlSpec spec = test::crl_spec_of("root", root);
  const auto der = build_crl(spec, test::signer(root));
  ASSERT_TRUE(der) << der.error().what();
  const auto got = parse_crl(*der);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->der, *der);
  EXPECT_EQ(got->signature_algorithm, spec.signature_algorithm);
  EXPECT_TRUE(got->issuer.matches(spec.issuer));
  EXPECT_EQ(got->this_update, spec.this_update);
  EXPECT_EQ(got->next_update, spec.next_update);
  expect_same(got->extensions, spec.extensions);
  EXPECT_EQ(to_hex(*got->crl_number), "07");
  EXPECT_EQ(*got->authority_key_id, test::id_of(root));
  ASSERT_EQ(got->revoked.size(), 3U);  // sorted by value
  EXPECT_EQ(to_hex(got->revoked[0].serial), "7f");
  EXPECT_EQ(to_hex(got->revoked[1].serial), "0080");
  EXPECT_EQ(to_hex(got->revoked[2].serial), "0102");
  EXPECT_TRUE(signed_by(*got, root.public_key()));
}

TEST(BuildCrl, MayHaveNoEntriesAndNoNextUpdate) {
  const auto root = make_key("root");
  CrlSpec spec = test::crl_spec_of("root", root);
  spec.revoked.clear();
  spec.next_update.reset();
  spec.extensions.clear();
  const Crl got = test::built(spec, root);
  EXPECT_TRUE(got.revoked.empty());
  EXPECT_FALSE(got.next_update);
  EXPECT_TRUE(got.extensions.empty());
}

struct BadSpec {
  const char* name;
  Errc want;
  void (*change)(CertificateSpec&);
};

const BadSpec kBadSpecs[] = {
    {"long_serial", Errc::kLimit, [](CertificateSpec& s) { s.serial = Buffer(21, 1); }},
    {"no_issuer", Errc::kMalformed, [](CertificateSpec& s) { s.issuer = *make_name({}); }},
    {"issuer_no_name", Errc::kMalformed, [](CertificateSpec& s) { s.issuer = Name(Bytes{}); }},
    {"no_key", Errc::kMalformed, [](CertificateSpec& s) { s.spki.clear(); }},
    {"year_10000", Errc::kMalformed,
     [](CertificateSpec& s) { s.not_after = UnixTime{253402300800}; }},
    {"extension_twice", Errc::kMalformed,
     [](CertificateSpec& s) { s.extensions.push_back(s.extensions[0]); }},
    {"malformed_extension", Errc::kMalformed,
     [](CertificateSpec& s) {
       s.extensions[0].value = {0x05, 0x00};
     }},
};

TEST(BuildCertificate, RefusesWhatNoReaderWouldAccept) {
  const auto root = make_key("root");
  for (const BadSpec& c : kBadSpecs) {
    CertificateSpec spec = test::spec_of("leaf", root, "root", root, false);
    c.change(spec);
    const auto got = build_certificate(spec, test::signer(root));
    ASSERT_FALSE(got) << c.name;
    EXPECT_EQ(got.error().code(), c.want) << c.name;
  }
}

TEST(BuildCertificate, GivesTheSignersError) {
  const auto root = make_key("root");
  const CertificateSpec spec = test::spec_of("leaf", root, "root", root, false);
  const Signer failing = [](Bytes) -> Result<Buffer> {
    return Error(Errc::kUnavailable, "test: no key");
  };
  EXPECT_EQ(build_certificate(spec, failing).error().code(), Errc::kUnavailable);
  EXPECT_EQ(build_crl(test::crl_spec_of("root", root), failing).error().code(), Errc::kUnavailable);
}

TEST(MakeName, RefusesUnknownTypesAndCharacters) {
  for (const NamePart bad : {NamePart{"X", "a"}, NamePart{"CN", ""}, NamePart{"C", "U_S"},
                             NamePart{"CN", "a\nb"}, NamePart{"CN", "\xc3\xa9"}}) {
    const NamePart parts[] = {bad};
    ASSERT_FALSE(make_name(parts)) << bad.type << bad.value;
    EXPECT_EQ(make_name(parts).error().code(), Errc::kMalformed);
  }
  const std::vector<NamePart> most(kMaxNameAttributes, {"OU", "a"});
  EXPECT_TRUE(make_name(most));
  const std::vector<NamePart> more(kMaxNameAttributes + 1, {"OU", "a"});
  EXPECT_EQ(make_name(more).error().code(), Errc::kLimit);
}

TEST(KeyUsage, RoundTripsEveryBit) {
  const auto root = make_key("root");
  for (const unsigned bits : {0x0001U, 0x0020U, 0x0060U, 0x0100U, 0x8000U, 0xffffU}) {
    CertificateSpec spec = test::spec_of("leaf", root, "root", root, false);
    spec.extensions = {key_usage_extension(static_cast<std::uint16_t>(bits))};
    EXPECT_EQ(test::built(spec, root).key_usage, bits);
  }
  EXPECT_EQ(to_hex(key_usage_extension(key_usage::kKeyCertSign | key_usage::kCrlSign).value),
            "03020106");
}

TEST(SignatureAlgorithm, RoundTripsAndRefusesOtherParameters) {
  using enum crypto::SignatureAlgorithm;
  for (const auto algorithm :
       {kEcdsaP256Sha256, kEcdsaP384Sha384, kEcdsaP521Sha512, kEd25519, kRsaPkcs1Sha256,
        kRsaPkcs1Sha384, kRsaPkcs1Sha512, kRsaPssSha256, kRsaPssSha384, kRsaPssSha512}) {
    const Buffer whole = write_signature_algorithm(algorithm);
    const auto element = codec::der_document(whole, codec::der_tag::kSequence);
    ASSERT_TRUE(element);
    const auto back = parse_signature_algorithm(element->contents);
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, algorithm);
    // One flipped bit never leads to the same algorithm, nor past the end.
    for (std::size_t bit = 0; bit < element->contents.size() * 8; ++bit) {
      Buffer flipped = to_buffer(element->contents);
      flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ (1U << (bit % 8)));
      const auto other = parse_signature_algorithm(flipped);
      EXPECT_TRUE(!other || *other != algorithm) << bit;
    }
  }
  // ECDSA with a NULL, RSA-PSS without parameters (SHA-1 by default).
  EXPECT_EQ(parse_signature_algorithm(*from_hex("06082a8648ce3d0403020500")).error().code(),
            Errc::kUnsupported);
  EXPECT_EQ(parse_signature_algorithm(*from_hex("06092a864886f70d01010a")).error().code(),
            Errc::kUnsupported);
  EXPECT_EQ(parse_signature_algorithm(*from_hex("0500")).error().code(), Errc::kMalformed);
}

}  // namespace
}  // namespace ward::pki
