#include "tee/tpm/evidence.h"

#include <gtest/gtest.h>

#include "tee/tpm/made/stage.h"
#include "tee/tpm/scheme.h"

namespace ward::tpm {
namespace {

Evidence good(std::size_t face) {
  return stage::make(stage::good_stage(stage::kFaces[face])).evidence;
}

constexpr std::size_t kJsonFace = 3;

TEST(TpmEvidence, IsReadAndWrittenAlikeInEveryForm) {
  for (std::size_t i = 0; i < std::size(stage::kFaces); ++i) {
    const Evidence evidence = good(i);
    const Buffer octets = write_evidence(evidence);
    const auto read = parse_evidence(octets);
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(*read, evidence);
    EXPECT_EQ(write_evidence(*read), octets);
    EXPECT_TRUE(looks_like_quote(octets));
  }
}

TEST(TpmEvidence, IsRefusedCutAtEveryLength) {
  for (const std::size_t face : {std::size_t{0}, kJsonFace}) {
    const Buffer octets = write_evidence(good(face));
    for (std::size_t n = 0; n < octets.size(); ++n)
      EXPECT_FALSE(parse_evidence(Bytes(octets).first(n))) << n;
  }
}

TEST(TpmEvidence, HasItsLimits) {
  struct Row {
    const char* name;
    void (*change)(Evidence&);
    bool good;
  };

  const Row kRows[] = {
      {"longest quote", [](Evidence& e) { e.attest.resize(kMaxAttest); }, true},
      {"longer quote", [](Evidence& e) { e.attest.resize(kMaxAttest + 1); }, false},
      {"longest signature", [](Evidence& e) { e.signature.resize(kMaxSignature); }, true},
      {"longer signature", [](Evidence& e) { e.signature.resize(kMaxSignature + 1); }, false},
      {"longest AK", [](Evidence& e) { e.ak.resize(kMaxPublic); }, true},
      {"longer AK", [](Evidence& e) { e.ak.resize(kMaxPublic + 1); }, false},
      {"most values", [](Evidence& e) { e.pcrs.resize(kMaxPcrs); }, true},
      {"more values", [](Evidence& e) { e.pcrs.resize(kMaxPcrs + 1); }, false},
      {"longest value", [](Evidence& e) { e.pcrs[0].resize(64); }, true},
      {"longer value", [](Evidence& e) { e.pcrs[0].resize(65); }, false},
  };

  for (const Row& row : kRows) {
    for (const std::size_t face : {std::size_t{0}, kJsonFace}) {
      Evidence evidence = good(face);
      row.change(evidence);
      EXPECT_EQ(parse_evidence(write_evidence(evidence)).has_value(), row.good)
          << row.name << " of face " << face;
    }
  }
}

// Nothing of a JSON document is passed over.
TEST(TpmEvidence, JsonHasExactlyItsMembers) {
  const std::string text(as_text(write_evidence(good(kJsonFace))));
  const auto refused = [](std::string changed) {
    return !parse_evidence(as_bytes(changed)).has_value();
  };
  const auto replaced = [&](std::string_view from, std::string_view to) {
    std::string out = text;
    return out.replace(out.find(from), from.size(), to);
  };
  EXPECT_FALSE(refused(text + "\n"));
  EXPECT_TRUE(refused(replaced("{", R"({"more":1,)")));
  EXPECT_TRUE(refused(replaced(R"("tpm_quote":{)", R"("tpm_quote":{"more":1,)")));
  EXPECT_TRUE(refused(replaced("ak_public", "ak_publik")));
  EXPECT_TRUE(refused(replaced("\"message\":\"", "\"message\":\"!")));
  EXPECT_TRUE(refused(replaced("\"signature\":\"", "\"signature\":\"!")));
  EXPECT_TRUE(refused(replaced("\"ak_public\":\"", "\"ak_public\":\"!")));
  EXPECT_TRUE(refused(replaced("\"pcrs\":[\"", "\"pcrs\":[\"g")));
  EXPECT_TRUE(refused(replaced("\"pcrs\":[", "\"pcrs\":[1,")));
  EXPECT_TRUE(refused("{}"));
  EXPECT_TRUE(refused("[]"));
}

TEST(TpmEvidence, ABareQuoteIsToldWhatBelongsBesideIt) {
  const Buffer attest = good(0).attest;
  EXPECT_TRUE(looks_like_quote(attest));
  EXPECT_NE(parse_evidence(attest).error().find("ward tpm pack"), std::string::npos);
}

TEST(TpmEvidence, TheLayoutCoversEveryOctet) {
  const Tpm scheme;
  for (std::size_t i = 0; i < std::size(stage::kFaces); ++i) {
    const Buffer octets = write_evidence(good(i));
    std::size_t at = 0;
    const auto layout = scheme.layout(octets);
    ASSERT_TRUE(layout);
    for (const attest::LayoutField& field : *layout) {
      EXPECT_EQ(field.offset, at) << field.name;
      at += field.size;
    }
    EXPECT_EQ(at, octets.size());
  }
  EXPECT_FALSE(scheme.layout({}));
}

TEST(TpmEvidence, InspectionSaysWhatTheQuoteSays) {
  const Tpm scheme;
  const auto claims = scheme.inspect(write_evidence(good(0)));
  ASSERT_TRUE(claims);
  const auto has = [&](const char* name) {
    return std::ranges::any_of(*claims, [&](const attest::Claim& c) { return c.name == name; });
  };
  for (const char* name : {"quote.extra_data", "quote.pcr_selection", "ak.name", "pcr.7",
                           "ak.hierarchy", "signature.scheme"})
    EXPECT_TRUE(has(name)) << name;
  EXPECT_FALSE(scheme.inspect({}));
  EXPECT_EQ(scheme.needs(write_evidence(good(0)))->size(), 3U);
  EXPECT_FALSE(scheme.needs({}));
}

}  // namespace
}  // namespace ward::tpm
