#include "attest/work.h"

#include <gtest/gtest.h>

namespace ward::attest {
namespace {

Material document(std::string_view text) {
  return {
      .kind = MaterialKind::kDocument, .object = "tcb_info", .bytes = to_buffer(as_bytes(text))};
}

TEST(Work, OneMaterialStandsOnce) {
  Work work;
  EXPECT_EQ(work.add(document("one")), 0U);
  EXPECT_EQ(work.add(document("two")), 1U);
  EXPECT_EQ(work.add(document("one")), 0U);
  Material evidence = document("one");
  evidence.kind = MaterialKind::kEvidence;
  EXPECT_EQ(work.add(evidence), 2U) << "the same octets as something else";
}

TEST(Work, APartIsWhereTheOctetsStand) {
  Work work;
  work.add(document("head body tail"));
  const auto part = work.part(0, as_bytes("body"));
  ASSERT_TRUE(part.has_value());
  EXPECT_EQ(part->offset, 5U);
  EXPECT_EQ(as_text(work.bytes(*part)), "body");
  EXPECT_FALSE(work.part(0, as_bytes("bodies")).has_value());
  EXPECT_FALSE(work.part(0, Bytes{}).has_value());
}

TEST(Work, WhatStandsInAnotherFormIsAnExtract) {
  Work work;
  work.add(document("\\u0062ody"));
  const Part part = work.part_or_extract(0, as_bytes("body"), "signed part");
  ASSERT_EQ(work.materials.size(), 2U);
  EXPECT_EQ(work.materials[1].kind, MaterialKind::kExtract);
  EXPECT_EQ(work.materials[1].object, "tcb_info");
  EXPECT_EQ(as_text(work.bytes(part)), "body");
}

TEST(Work, TheObjectOfACheckIsTheMiddleOfItsId) {
  const auto object = [](const char* id) { return object_of(CheckInfo{.id = id}); };
  EXPECT_EQ(object("sgx.pck_chain.root"), "pck_chain");
  EXPECT_EQ(object("tdx.a.b.c"), "a.b");
  EXPECT_EQ(object("plain"), "plain");
}

}  // namespace
}  // namespace ward::attest
