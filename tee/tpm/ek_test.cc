#include "tee/tpm/ek.h"

#include <functional>

#include <gtest/gtest.h>

#include "codec/pem.h"
#include "pki/test_pki.h"
#include "tee/tpm/certificate.h"

namespace ward::tpm {
namespace {

using pki::CertificateSpec;
namespace test = pki::test;

constexpr std::uint8_t kEkPurpose[] = {0x30, 0x07, 0x06, 0x05, 0x67, 0x81, 0x05, 0x08, 0x01};
constexpr std::uint8_t kAikPurpose[] = {0x30, 0x07, 0x06, 0x05, 0x67, 0x81, 0x05, 0x08, 0x03};
constexpr std::uint8_t kExtKeyUsage[] = {0x55, 0x1d, 0x25};

// A maker with a root, a CA below it, and the certificate of one TPM's EK on P-256.
struct Maker {
  crypto::PrivateKey root = test::make_key("root");
  crypto::PrivateKey ca = test::make_key("ca");
  crypto::PrivateKey ek = test::make_key("ek");
  CertificateSpec root_spec = test::spec_of("root", root, "root", root, true);
  CertificateSpec ca_spec = test::spec_of("ca", ca, "root", root, true);
  CertificateSpec ek_spec = test::spec_of("ek", ek, "ca", ca, false);
  pki::CrlSpec root_list = test::crl_spec_of("root", root);
  pki::CrlSpec ca_list = test::crl_spec_of("ca", ca);

  Maker() { ek_spec.extensions[1] = pki::key_usage_extension(kKeyAgreement); }

  void set_purpose(Bytes value) {
    ek_spec.extensions.push_back(
        {.oid = to_buffer(kExtKeyUsage), .critical = false, .value = to_buffer(value)});
  }

  [[nodiscard]] static attest::Document document(const char* name, const pki::Certificate& c) {
    return {.name = name, .bytes = c.der};
  }

  // asked judges the certificate by what was given; `change` changes the question.
  [[nodiscard]] Result<Ek, EkFault> asked(
      bool with_ca = true, bool with_lists = true,
      const std::function<void(EkQuestion&)>& change = {}) const {
    const pki::Certificate top = test::built(root_spec, root);
    attest::Collateral collateral;
    collateral.documents.push_back(document("root", top));
    if (with_ca) collateral.documents.push_back(document("ca", test::built(ca_spec, root)));
    if (with_lists) {
      collateral.documents.push_back({.name = "root.crl", .bytes = list(root_list, root)});
      collateral.documents.push_back({.name = "ca.crl", .bytes = list(ca_list, ca)});
    }
    const attest::Document certificate = document("ek", test::built(ek_spec, ca));
    const attest::Anchor anchors[] = {{.spki_sha256 = top.spki_sha256, .name = "root"}};
    EkQuestion question{.certificate = certificate,
                        .collateral = collateral,
                        .anchors = anchors,
                        .now = test::kNow};
    if (change) change(question);
    return judge_ek(question);
  }

  [[nodiscard]] static Buffer list(const pki::CrlSpec& spec, const crypto::PrivateKey& key) {
    return *pki::build_crl(spec, test::signer(key));
  }
};

// What is wrong; "absent: ..." where something is missing, "" where nothing is.
std::string fault(const Result<Ek, EkFault>& judged) {
  if (judged) return "";
  return (judged.error().absent ? "absent: " : "") + judged.error().what;
}

TEST(TpmEk, AChainToANamedRootIsTaken) {
  Maker maker;
  for (const bool purpose : {false, true}) {
    if (purpose) maker.set_purpose(kEkPurpose);
    const auto ek = maker.asked();
    ASSERT_TRUE(ek) << fault(ek);
    EXPECT_EQ(ek->key.to_spki(), maker.ek.public_key().to_spki());
    EXPECT_TRUE(ek->unlisted.empty());
    EXPECT_NE(ek->maker.find("ek"), std::string::npos);
  }
}

TEST(TpmEk, ACertificateInPemIsOneToo) {
  const Maker maker;
  const std::string pem = codec::to_pem("CERTIFICATE", test::built(maker.ek_spec, maker.ca).der);
  attest::Document document{.name = "ek.pem", .bytes = to_buffer(as_bytes(pem))};
  const auto as = [&](const attest::Document& one) {
    return fault(maker.asked(true, true, [&](EkQuestion& q) {
      const EkQuestion changed{
          .certificate = one, .collateral = q.collateral, .anchors = q.anchors, .now = q.now};
      EXPECT_EQ(judge_ek(changed).has_value(), one.name == "ek.pem");
    }));
  };
  EXPECT_EQ(as(document), "");
  document = {.name = "none", .bytes = to_buffer(as_bytes("none"))};
  EXPECT_EQ(as(document), "");
}

TEST(TpmEk, AnotherRootIsRefused) {
  const attest::Anchor other[] = {{.spki_sha256 = crypto::sha256(as_bytes("other")), .name = "o"}};
  const Maker maker;
  const auto judged = maker.asked(true, true, [&](EkQuestion& q) { q.anchors = other; });
  EXPECT_TRUE(fault(judged).starts_with("root: ")) << fault(judged);
  EXPECT_TRUE(
      fault(maker.asked(true, true, [](EkQuestion& q) { q.anchors = {}; })).starts_with("root: "));
}

TEST(TpmEk, WhatIsMissingIsNamed) {
  const Maker maker;
  const auto judged = maker.asked(false);
  EXPECT_TRUE(fault(judged).starts_with("absent: the certificate of ")) << fault(judged);
  EXPECT_NE(fault(judged).find("ca"), std::string::npos);
  const auto unlisted = maker.asked(true, false);
  ASSERT_TRUE(unlisted) << fault(unlisted);
  EXPECT_EQ(unlisted->unlisted.size(), 2U);
  const auto demanded = maker.asked(true, false, [](EkQuestion& q) { q.require_crl = true; });
  EXPECT_TRUE(fault(demanded).starts_with("absent: the revocation list of "));
}

TEST(TpmEk, ACriticalExtKeyUsageIsReadAndATrustedIntermediateEndsTheChain) {
  Maker maker;
  maker.set_purpose(kEkPurpose);
  maker.ek_spec.extensions.back().critical = true;
  EXPECT_EQ(fault(maker.asked()), "");
  const attest::Anchor ca[] = {
      {.spki_sha256 = crypto::sha256(maker.ca.public_key().to_spki()), .name = "ca"}};
  const auto by_ca = [&] {
    return fault(maker.asked(true, false, [&](EkQuestion& q) { q.anchors = ca; }));
  };
  EXPECT_EQ(by_ca(), "");
  maker.ca_spec.not_after = {test::kNow.seconds - 1};
  EXPECT_TRUE(by_ca().starts_with("expired: ")) << by_ca();
}

TEST(TpmEk, ASignatureOfAnotherKeyIsRefused) {
  Maker maker;
  maker.ca = test::make_key("another");
  EXPECT_TRUE(fault(maker.asked()).starts_with("signatures: ")) << fault(maker.asked());
}

TEST(TpmEk, TheKeyMustBeOneToHideSecretsFor) {
  struct Case {
    const char* name;
    std::function<void(Maker&)> change;
    const char* what;
  };

  const Case cases[] = {
      {"signing key",
       [](Maker& m) {
         m.ek_spec.extensions[1] = pki::key_usage_extension(pki::key_usage::kDigitalSignature);
       },
       "may not agree on keys"},
      {"enciphering elliptic key",
       [](Maker& m) { m.ek_spec.extensions[1] = pki::key_usage_extension(kKeyEncipherment); },
       "may not agree on keys"},
      {"AK", [](Maker& m) { m.set_purpose(kAikPurpose); }, "is not for an EK"},
      {"CA",
       [](Maker& m) { m.ek_spec.extensions[0] = pki::basic_constraints_extension({.ca = true}); },
       "is a CA"},
      {"issuer that is no CA",
       [](Maker& m) { m.ca_spec.extensions[0] = pki::basic_constraints_extension({.ca = false}); },
       "is no CA"},
  };
  for (const Case& c : cases) {
    Maker maker;
    c.change(maker);
    const std::string what = fault(maker.asked());
    EXPECT_TRUE(what.starts_with("constraints: ")) << c.name << ": " << what;
    EXPECT_NE(what.find(c.what), std::string::npos) << c.name << ": " << what;
  }
}

TEST(TpmEk, TimesCount) {
  const Maker maker;
  const auto at = [&](UnixTime time) {
    return fault(maker.asked(true, false, [&](EkQuestion& q) { q.now = time; }));
  };
  EXPECT_EQ(at(test::kFrom), "");
  EXPECT_EQ(at(test::kTo), "");
  EXPECT_TRUE(at({test::kFrom.seconds - 1}).starts_with("not valid yet: "));
  EXPECT_TRUE(at({test::kTo.seconds + 1}).starts_with("expired: "));
}

TEST(TpmEk, ARevokedOneIsRefusedAndSoIsABadList) {
  Maker revoked;
  revoked.ca_list.revoked = {{test::built(revoked.ek_spec, revoked.ca).serial, test::kFrom}};
  EXPECT_TRUE(fault(revoked.asked()).starts_with("revoked: ")) << fault(revoked.asked());
  Maker ca;
  ca.root_list.revoked = {{test::built(ca.ca_spec, ca.root).serial, test::kFrom}};
  EXPECT_TRUE(fault(ca.asked()).starts_with("revoked: ")) << fault(ca.asked());
  Maker old;
  old.ca_list.next_update = {test::kNow.seconds - 1};
  EXPECT_TRUE(fault(old.asked()).starts_with("revocation list: ")) << fault(old.asked());
}

}  // namespace
}  // namespace ward::tpm
