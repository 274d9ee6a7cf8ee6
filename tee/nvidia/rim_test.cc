#include "tee/nvidia/rim.h"

#include <gtest/gtest.h>

#include "codec/xml.h"
#include "crypto/digest.h"
#include "tee/nvidia/fwid.h"
#include "tee/nvidia/made/stage.h"

namespace ward::nvidia {
namespace {

std::string good() {
  return std::string(as_text(make(good_stage(Arch::kHopper)).document("driver_rim.xml")));
}

// The text with one part replaced by another.
std::string changed(std::string_view from, std::string_view to) {
  std::string text = good();
  const std::size_t at = text.find(from);
  if (at == std::string::npos) {
    ADD_FAILURE() << "not there: " << from;
    return text;
  }
  return text.replace(at, from.size(), to);
}

Errc refused(std::string_view text) {
  const auto rim = parse_rim(as_bytes(text));
  EXPECT_FALSE(rim.has_value()) << text.substr(0, 200);
  return rim ? Errc::kInternal : rim.error().code();
}

TEST(NvidiaRim, TheInverseWritesWhatIsRead) {
  const Stage s = good_stage(Arch::kHopper);
  const auto rim = parse_rim(as_bytes(good()));
  ASSERT_TRUE(rim) << rim.error().what();
  EXPECT_EQ(rim->content, s.rims[1].content);
  EXPECT_EQ(rim->certificates.size(), 4U);
  EXPECT_TRUE(equal(rim->digest, crypto::sha384(as_bytes(rim->signed_octets))));
  EXPECT_TRUE(stage_keys("one")[Role::kRimSigner].public_key().verify_rs(
      crypto::SignatureAlgorithm::kEcdsaP384Sha384, as_bytes(rim->signed_info), rim->signature));
}

// What the signature does not cover, or what it covers otherwise, has no say.
TEST(NvidiaRim, OnlyTheWholeDocumentMayBeSigned) {
  EXPECT_EQ(refused(changed("URI=\"\"", "URI=\"#part\"")), Errc::kUnsupported);
  EXPECT_EQ(refused(changed(" URI=\"\"", "")), Errc::kUnsupported);
  EXPECT_EQ(refused(changed("URI=\"\"", "URI=\"\" Type=\"x\"")), Errc::kUnsupported);
  EXPECT_EQ(refused(changed("2000/09/xmldsig#enveloped-signature", "TR/1999/REC-xpath-19991116")),
            Errc::kUnsupported);
  EXPECT_EQ(refused(changed("xmldsig-more#sha384", "xmldsig#sha1")), Errc::kUnsupported);
  EXPECT_EQ(refused(changed("ecdsa-sha384", "hmac-sha384")), Errc::kUnsupported);
  EXPECT_EQ(
      refused(changed("CanonicalizationMethod Algorithm=\"http://www.w3.org/2006/12/xml-c14n11\"",
                      "CanonicalizationMethod Algorithm=\"urn:another\"")),
      Errc::kUnsupported);
  const std::string text = good();
  const std::size_t begin = text.find("<ds:Signature ");
  const std::size_t end = text.find("</ds:Signature>") + 15;
  const std::string signature = text.substr(begin, end - begin);
  std::string two = text;
  EXPECT_EQ(refused(two.insert(begin, signature)), Errc::kUnsupported);
  std::string hidden = text;  // in another element, where no one looks
  EXPECT_EQ(refused(hidden.insert(text.find("</ns0:Payload>"), signature)), Errc::kUnsupported);
  std::string none = text;
  EXPECT_EQ(refused(none.erase(begin, end - begin)), Errc::kUnsupported);
  std::string moved = text;
  moved.erase(begin, end - begin);
  EXPECT_EQ(refused(moved.insert(moved.find("</ns0:Payload>"), signature)), Errc::kUnsupported);
  EXPECT_EQ(refused(changed("</ds:KeyInfo>", "</ds:KeyInfo><ds:Object/>")), Errc::kMalformed);
}

TEST(NvidiaRim, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(refused(changed("type=\"Measurement\"", "type=\"OpaqueData\"")), Errc::kUnsupported);
  EXPECT_EQ(refused(changed("<ns0:Entity", "<ns0:Evidence")), Errc::kUnsupported);
  EXPECT_EQ(refused("<!DOCTYPE x>" + good()), Errc::kUnsupported);
  EXPECT_EQ(refused("<SoftwareIdentity/>"), Errc::kMalformed);
}

TEST(NvidiaRim, RefusesWhatIsMalformed) {
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"index=\"7\"", "index=\"x\""},
           {"index=\"7\"", "index=\"256\""},
           {"index=\"7\"", "index=\"12\""},
           {"index=\"7\"", "index=\"-1\""},
           {"alternatives=\"2\"", "alternatives=\"0\""},
           {"alternatives=\"2\"", "alternatives=\"3\""},
           {"alternatives=\"2\"", "alternatives=\"65\""},
           {"active=\"True\"", "active=\"true\""},
           {"size=\"48\"", "size=\"32\""},
           {"ns2:Hash1=\"", "ns2:Hash1=\"00"},
           {"ns2:Hash1=\"", "Hash1=\""},
           {"colloquialVersion=\"570.1.2\"", "colloquialVersion=\"\""},
           {"product=\"GH100\"", "model=\"GH100\""},
           {"<ds:DigestValue>", "<ds:DigestValue>AAAA"},
           {"<ds:SignatureValue>", "<ds:SignatureValue>AAAA"},
           {"<ds:X509Certificate>", "<ds:X509Certificate>A"},
           {"<ds:KeyInfo>", "<ds:KeyInfo>text"}}) {
    EXPECT_EQ(refused(changed(from, to)), Errc::kMalformed) << from;
  }
}

TEST(NvidiaRim, AnInactiveMeasurementIsNotCompared) {
  std::string text = good();
  for (std::size_t at = text.find("active=\"True\""); at != std::string::npos;
       at = text.find("active=\"True\"", at)) {
    text.replace(at, 13, "active=\"False\"");
  }
  EXPECT_EQ(refused(text), Errc::kMalformed);  // none is left
  const auto one = parse_rim(as_bytes(changed("active=\"True\"", "active=\"False\"")));
  ASSERT_TRUE(one);
  EXPECT_EQ(one->content.golden.size(), 2U);
}

TEST(NvidiaRim, EveryCutIsRefused) {
  const std::string text = good();
  for (std::size_t size = 0; size < text.size(); size += 1)
    EXPECT_FALSE(parse_rim(as_bytes(text).first(size)).has_value()) << size;
}

TEST(NvidiaRim, CertificatesHaveALimit) {
  const auto with = [](std::size_t count) {
    const std::string text = good();
    const std::size_t begin = text.find("<ds:X509Certificate>");
    const std::size_t end = text.find("</ds:X509Certificate>") + 21;
    std::string all;
    for (std::size_t i = 0; i < count; ++i)
      all += text.substr(begin, end - begin);
    return text.substr(0, begin) + all + text.substr(text.find("</ds:X509Data>"));
  };
  EXPECT_TRUE(parse_rim(as_bytes(with(kMaxRimCertificates))).has_value());
  EXPECT_EQ(refused(with(kMaxRimCertificates + 1)), Errc::kLimit);
  EXPECT_EQ(refused(with(0)), Errc::kMalformed);
}

TEST(NvidiaRim, IsUnwrappedOutOfTheServicesAnswer) {
  const std::string answer = R"({"id":"x","rim":")" +
                             to_base64(as_bytes(good()), Base64::kStandard) + R"(","sha256":"y"})";
  EXPECT_EQ(as_text(unwrap_rim(as_bytes(answer))), good());
  EXPECT_EQ(as_text(unwrap_rim(as_bytes("{\"rim\":1}"))), "{\"rim\":1}");
  EXPECT_TRUE(is_rim(as_bytes(good())));
  EXPECT_FALSE(is_rim(as_bytes("<x/>")));
}

TEST(NvidiaFwid, ReadsBothFormsAndNoOther) {
  const Buffer digest(48, 9);
  const Buffer spki = stage_keys("one")[Role::kDevice].public_key().to_spki();
  const auto read = [](const pki::Extension& extension) {
    pki::Certificate c;
    c.extensions = {extension};
    EXPECT_TRUE(has_fwid(c));
    return fwid_of(c);
  };
  EXPECT_EQ(*read(fwid_extension(digest, spki)), digest);
  EXPECT_EQ(*read(tcb_info_extension(digest)), digest);
  pki::Extension tcb_info_under_the_old_name = tcb_info_extension(digest);
  tcb_info_under_the_old_name.oid.pop_back();
  EXPECT_EQ(*read(tcb_info_under_the_old_name), digest);
  pki::Extension raw = fwid_extension(digest, spki);
  raw.value = digest;  // digests are not taken from wherever they stand
  EXPECT_FALSE(read(raw).has_value());
  pki::Extension cut = fwid_extension(digest, spki);
  cut.value.pop_back();
  EXPECT_FALSE(read(cut).has_value());
  EXPECT_FALSE(read(tcb_info_extension(Buffer(32))).has_value());
  EXPECT_FALSE(has_fwid({}));
  EXPECT_FALSE(fwid_of({}).has_value());
}

}  // namespace
}  // namespace ward::nvidia
