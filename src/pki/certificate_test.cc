#include "pki/certificate.h"

#include <gtest/gtest.h>

#include "codec/der.h"
#include "codec/pem.h"
#include "pki/algorithm.h"
#include "pki/oid.h"
#include "pki/test_pki.h"

namespace ward::pki {
namespace {

namespace tag = codec::der_tag;
using codec::DerReader;
using codec::DerWriter;
using test::make_key;

Buffer certificate_der() {
  const auto root = make_key("root");
  const auto leaf = make_key("leaf");
  return *build_certificate(test::spec_of("leaf", leaf, "root", root, false), test::signer(root));
}

Buffer crl_der() {
  const auto root = make_key("root");
  return *build_crl(test::crl_spec_of("root", root), test::signer(root));
}

TEST(Certificate, EveryTruncationIsTruncated) {
  const Buffer der = certificate_der();
  for (std::size_t n = 0; n < der.size(); ++n) {
    const auto got = parse_certificate(Bytes(der).first(n));
    ASSERT_FALSE(got) << n;
    EXPECT_EQ(got.error().code(), Errc::kTruncated) << n;
  }
}

TEST(Crl, EveryTruncationIsTruncated) {
  const Buffer der = crl_der();
  for (std::size_t n = 0; n < der.size(); ++n) {
    const auto got = parse_crl(Bytes(der).first(n));
    ASSERT_FALSE(got) << n;
    EXPECT_EQ(got.error().code(), Errc::kTruncated) << n;
  }
}

// True where what `parse` makes of some flip of one bit of `der` is signed by `key`.
template <class Parse>
bool any_flip_accepted(Buffer der, const crypto::PublicKey& key, Parse parse) {
  for (std::size_t bit = 0; bit < der.size() * 8; ++bit) {
    const auto mask = static_cast<std::uint8_t>(1U << (bit % 8));
    der[bit / 8] ^= mask;
    const auto got = parse(der);
    if (got && signed_by(*got, key)) return true;
    der[bit / 8] ^= mask;
  }
  return false;
}

TEST(Certificate, NoFlippedBitIsAccepted) {
  const auto root = make_key("root");
  ASSERT_TRUE(signed_by(*parse_certificate(certificate_der()), root.public_key()));
  EXPECT_FALSE(any_flip_accepted(certificate_der(), root.public_key(), parse_certificate));
}

TEST(Crl, NoFlippedBitIsAccepted) {
  const auto root = make_key("root");
  ASSERT_TRUE(signed_by(*parse_crl(crl_der()), root.public_key()));
  EXPECT_FALSE(any_flip_accepted(crl_der(), root.public_key(), parse_crl));
}

TEST(Certificate, TrailingBytesAreMalformed) {
  Buffer der = certificate_der();
  der.push_back(0);
  EXPECT_EQ(parse_certificate(der).error().code(), Errc::kMalformed);
  Buffer crl = crl_der();
  crl.push_back(0);
  EXPECT_EQ(parse_crl(crl).error().code(), Errc::kMalformed);
}

// The elements of a signed object's tbs, to be changed one at a time and put together again.
struct Parts {
  std::vector<Buffer> fields;
  Buffer outer_algorithm = write_signature_algorithm(test::kAlgorithm);

  explicit Parts(const Buffer& der) {
    DerReader outer(codec::der_document(der, tag::kSequence)->contents);
    DerReader tbs({});
    codec::DerElement element;
    if (!outer.nested(tag::kSequence, tbs)) std::abort();
    while (tbs.any(element))
      fields.push_back(to_buffer(element.encoding));
  }

  [[nodiscard]] Buffer whole() const {
    DerWriter tbs;
    for (const Buffer& field : fields)
      tbs.raw(field);
    DerWriter parts;
    parts.element(tag::kSequence, tbs.view());
    parts.raw(outer_algorithm);
    parts.bit_string(Buffer{1});
    DerWriter out;
    out.element(tag::kSequence, parts.view());
    return out.take();
  }
};

struct Case {
  const char* name;
  Errc want;
  void (*change)(Parts&);
};

Buffer hex(std::string_view text) { return *from_hex(text); }

// version 0, serial 1, algorithm 2, issuer 3, validity 4, subject 5, key 6, extensions 7
const Case kCertificates[] = {
    {"version_1_with_extensions", Errc::kMalformed,
     [](Parts& p) { p.fields.erase(p.fields.begin()); }},
    {"version_1_written_out", Errc::kMalformed, [](Parts& p) { p.fields[0] = hex("a003020100"); }},
    {"version_2_with_extensions", Errc::kMalformed,
     [](Parts& p) { p.fields[0] = hex("a003020101"); }},
    {"version_4", Errc::kUnsupported, [](Parts& p) { p.fields[0] = hex("a003020103"); }},
    {"serial_not_minimal", Errc::kMalformed, [](Parts& p) { p.fields[1] = hex("02020001"); }},
    {"serial_of_21_octets", Errc::kLimit,
     [](Parts& p) { p.fields[1] = hex("021501" + std::string(40, '0')); }},
    {"inner_algorithm_differs", Errc::kMalformed,
     [](Parts& p) {
       p.fields[2] = write_signature_algorithm(crypto::SignatureAlgorithm::kEcdsaP384Sha384);
     }},
    {"outer_algorithm_differs", Errc::kMalformed,
     [](Parts& p) {
       p.outer_algorithm = write_signature_algorithm(crypto::SignatureAlgorithm::kEd25519);
     }},
    {"sha1_with_rsa", Errc::kUnsupported,
     [](Parts& p) { p.outer_algorithm = hex("300d06092a864886f70d0101050500"); }},
    {"empty_issuer", Errc::kMalformed, [](Parts& p) { p.fields[3] = hex("3000"); }},
    {"issuer_with_empty_set", Errc::kMalformed, [](Parts& p) { p.fields[3] = hex("30023100"); }},
    {"validity_of_one_time", Errc::kMalformed,
     [](Parts& p) { p.fields[4] = hex("300f170d3138303532313130343530385a"); }},
    {"key_no_bit_string", Errc::kMalformed, [](Parts& p) { p.fields[6] = hex("30053003060129"); }},
    {"no_extension", Errc::kMalformed, [](Parts& p) { p.fields[7] = hex("a3023000"); }},
    {"field_behind", Errc::kMalformed, [](Parts& p) { p.fields.push_back(hex("a400")); }},
};

TEST(Certificate, RefusesOtherForms) {
  ASSERT_TRUE(parse_certificate(Parts(certificate_der()).whole()));
  for (const Case& c : kCertificates) {
    Parts parts(certificate_der());
    c.change(parts);
    const auto got = parse_certificate(parts.whole());
    ASSERT_FALSE(got) << c.name;
    EXPECT_EQ(got.error().code(), c.want) << c.name << " " << got.error().what();
  }
}

TEST(Certificate, BearsZeroNegativeAndLongSerials) {
  const std::string long_serial = "021500ff" + std::string(38, '0');  // 20 octets, a sign octet
  for (const std::string& serial : {std::string("020100"), std::string("0201ff"), long_serial}) {
    Parts parts(certificate_der());
    parts.fields[1] = hex(serial);
    EXPECT_TRUE(parse_certificate(parts.whole())) << serial;
  }
}

TEST(Certificate, AcceptsAnEmptySubjectAndAForeignKey) {
  Parts parts(certificate_der());
  parts.fields[5] = hex("3000");
  parts.fields[6] = hex("300b3005060329010103020001");  // some algorithm
  const auto got = parse_certificate(parts.whole());
  ASSERT_TRUE(got) << got.error().what();
  EXPECT_FALSE(got->public_key);
  EXPECT_EQ(got->subject.text(), "");
}

// version 0, algorithm 1, issuer 2, thisUpdate 3, nextUpdate 4, entries 5, extensions 6
const Case kCrls[] = {
    {"version_1", Errc::kUnsupported, [](Parts& p) { p.fields.erase(p.fields.begin()); }},
    {"version_1_written_out", Errc::kMalformed, [](Parts& p) { p.fields[0] = hex("020100"); }},
    {"version_3", Errc::kUnsupported, [](Parts& p) { p.fields[0] = hex("020102"); }},
    {"inner_algorithm_differs", Errc::kMalformed,
     [](Parts& p) {
       p.fields[1] = write_signature_algorithm(crypto::SignatureAlgorithm::kEd25519);
     }},
    {"empty_issuer", Errc::kMalformed, [](Parts& p) { p.fields[2] = hex("3000"); }},
    {"malformed_this_update", Errc::kMalformed, [](Parts& p) { p.fields[3] = hex("0500"); }},
    {"malformed_next_update", Errc::kMalformed, [](Parts& p) { p.fields[4] = hex("170100"); }},
    {"empty_list", Errc::kMalformed, [](Parts& p) { p.fields[5] = hex("3000"); }},
    {"entry_without_time", Errc::kMalformed, [](Parts& p) { p.fields[5] = hex("30053003020101"); }},
    {"serial_of_21_octets", Errc::kLimit,
     [](Parts& p) {
       p.fields[5] =
           hex("30283026021501" + std::string(40, '0') + "170d3138303532313130343530385a");
     }},
    {"no_extension", Errc::kMalformed, [](Parts& p) { p.fields[6] = hex("a0023000"); }},
    {"field_behind", Errc::kMalformed, [](Parts& p) { p.fields.push_back(hex("a100")); }},
};

TEST(Crl, RefusesOtherForms) {
  ASSERT_TRUE(parse_crl(Parts(crl_der()).whole()));
  for (const Case& c : kCrls) {
    Parts parts(crl_der());
    c.change(parts);
    const auto got = parse_crl(parts.whole());
    ASSERT_FALSE(got) << c.name;
    EXPECT_EQ(got.error().code(), c.want) << c.name << " " << got.error().what();
  }
}

TEST(Crl, SeesCriticalEntryExtensions) {
  struct Entry {
    const char* oid;
    bool unknown;
    bool of_others;
  };

  for (const Entry& e : {Entry{"551d15", false, false}, Entry{"551d18", false, false},
                         Entry{"551d1d", false, true}, Entry{"551d63", true, false}}) {
    Parts parts(crl_der());
    parts.fields[5] = hex("30243022020101170d3138303532313130343530385a300e300c0603" +
                          std::string(e.oid) + "0101ff04020500");
    const auto got = parse_crl(parts.whole());
    ASSERT_TRUE(got) << e.oid << got.error().what();
    EXPECT_EQ(got->unknown_critical, e.unknown) << e.oid;
    EXPECT_EQ(got->entries_of_other_issuers, e.of_others) << e.oid;
  }
}

TEST(CompareSerial, OrdersByValue) {
  const char* const kAscending[] = {"8000", "ff7f", "80",   "ff",   "00",   "01",
                                    "7f",   "0080", "00ff", "0100", "7fff", "008000"};
  for (std::size_t i = 0; i < std::size(kAscending); ++i) {
    for (std::size_t j = 0; j < std::size(kAscending); ++j) {
      const int want = i < j ? -1 : (i > j ? 1 : 0);
      EXPECT_EQ(compare_serial(hex(kAscending[i]), hex(kAscending[j])), want) << i << " " << j;
    }
  }
}

CrlSpec large_crl(std::size_t entries, const crypto::PrivateKey& key) {
  CrlSpec spec = test::crl_spec_of("root", key);
  spec.revoked.clear();
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t n = 2 * ((i * 7919) % entries);  // even numbers, unordered
    const Buffer serial = {0x01, static_cast<std::uint8_t>(n >> 16U),
                           static_cast<std::uint8_t>(n >> 8U), static_cast<std::uint8_t>(n)};
    spec.revoked.push_back({serial, test::kFrom});
  }
  return spec;
}

TEST(Crl, OfTheLargestSizeFindsEachSerial) {
  const auto root = make_key("root");
  const CrlSpec spec = large_crl(kMaxRevoked, root);
  const Crl crl = test::built(spec, root);
  ASSERT_EQ(crl.revoked.size(), kMaxRevoked);
  for (const RevokedEntry& entry : spec.revoked) {
    Buffer absent = entry.serial;
    absent.back() |= 1;
    ASSERT_TRUE(crl.revokes(entry.serial));
    ASSERT_FALSE(crl.revokes(absent));
  }
  const auto more = build_crl(large_crl(kMaxRevoked + 1, root), test::signer(root));
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code(), Errc::kLimit);
}

TEST(Limits, HoldForSizesAndNumbers) {
  EXPECT_EQ(parse_certificate(Buffer(kMaxCertificateBytes + 1)).error().code(), Errc::kLimit);
  EXPECT_EQ(parse_certificate(Buffer(kMaxCertificateBytes)).error().code(), Errc::kMalformed);
  EXPECT_EQ(parse_crl(Buffer(kMaxCrlBytes + 1)).error().code(), Errc::kLimit);
  EXPECT_EQ(parse_crl(Buffer(kMaxCrlBytes)).error().code(), Errc::kMalformed);

  const auto root = make_key("root");
  CertificateSpec spec = test::spec_of("leaf", root, "root", root, false);
  const auto build = [&] { return build_certificate(spec, test::signer(root)); };
  while (spec.extensions.size() < kMaxExtensions) {
    const auto arc = std::to_string(spec.extensions.size());
    spec.extensions.push_back({*codec::der_oid("1.3.6.1.4.1.99999." + arc), false, {}});
  }
  EXPECT_TRUE(build());
  spec.extensions.push_back({*codec::der_oid("1.3.6.1.4.1.99999.1"), false, {}});
  EXPECT_EQ(build().error().code(), Errc::kLimit);
}

TEST(Limits, HoldForAlternativeNames) {
  const auto root = make_key("root");
  CertificateSpec spec = test::spec_of("leaf", root, "root", root, false);
  for (const std::size_t count : {kMaxGeneralNames, kMaxGeneralNames + 1}) {
    DerWriter names;
    for (std::size_t i = 0; i < count; ++i)
      names.element(tag::context(2), as_bytes("a.example"));
    DerWriter value;
    value.element(tag::kSequence, names.view());
    spec.extensions = {{to_buffer(oid::kSubjectAltName), false, value.take()}};
    const auto got = build_certificate(spec, test::signer(root));
    ASSERT_EQ(got.has_value(), count == kMaxGeneralNames);
    if (!got) {
      EXPECT_EQ(got.error().code(), Errc::kLimit);
    }
  }
}

TEST(Certificates, OfOnePemTextKeepTheirOrder) {
  const auto root = make_key("root");
  const Certificate top = test::built(test::spec_of("root", root, "root", root, true), root);
  const std::string pem =
      codec::to_pem("CERTIFICATE", certificate_der()) + codec::to_pem("CERTIFICATE", top.der);
  const auto got = parse_certificates(pem);
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), 2U);
  EXPECT_EQ((*got)[0].subject.common_name(), "leaf");
  EXPECT_EQ((*got)[1].subject.common_name(), "root");
  EXPECT_EQ(parse_certificates(codec::to_pem("X509 CRL", top.der)).error().code(),
            Errc::kMalformed);
  EXPECT_EQ(parse_certificates("").error().code(), Errc::kTruncated);
}

}  // namespace
}  // namespace ward::pki
