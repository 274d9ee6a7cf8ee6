#include "tee/nitro/document.h"

#include <gtest/gtest.h>

#include "codec/cbor_write.h"
#include "tee/nitro/made/stage.h"
#include "tee/nitro/scheme.h"

namespace ward::nitro {
namespace {

using codec::CborWriter;

// A document's parts, to be written with one of them another.
struct Parts {
  Buffer pcr = Buffer(kPcrSize, 1);
  Buffer certificate = {1};
};

// The payload of all members that must be there but the one named `without`; `more` may write it.
Buffer payload_without(std::string_view without, void (*more)(CborWriter&) = nullptr) {
  const Parts parts;
  CborWriter w;
  w.begin_map();
  if (without != "module_id") w.member("module_id", "module");
  if (without != "digest") w.member("digest", "SHA384");
  if (without != "timestamp") w.member("timestamp", 1);
  if (without != "pcrs") w.name("pcrs").begin_map().member(0, parts.pcr).end_map();
  if (without != "certificate") w.member("certificate", parts.certificate);
  if (without != "cabundle") w.name("cabundle").begin_array().bytes(parts.certificate).end_array();
  if (more != nullptr) more(w);
  auto out = w.end_map().take();
  EXPECT_TRUE(out);
  return out ? *out : Buffer();
}

Buffer message_of(Bytes payload) {
  static const Buffer header = *from_hex("a1013822");
  return token::write_cose_sign1({.protected_header = header, .payload = payload});
}

// What is wrong; empty where it parses.
std::string wrong(Bytes evidence) {
  const auto parsed = parse_document(evidence);
  const auto* error = std::get_if<FormError>(&parsed);
  return error == nullptr ? "" : error->found;
}

TEST(NitroDocument, WhatIsWrittenIsReadAgain) {
  const made::Made m = made::make(made::good_stage());
  const auto parsed = parse_document(m.evidence);
  ASSERT_TRUE(std::holds_alternative<Document>(parsed));
  EXPECT_EQ(*write_payload(std::get<Document>(parsed)), m.payload);
}

TEST(NitroDocument, CutAtEveryLengthItIsNone) {
  const made::Made m = made::make(made::good_stage());
  for (std::size_t size = 0; size < m.evidence.size(); ++size) {
    EXPECT_NE(wrong(Bytes(m.evidence).first(size)), "") << size;
  }
  EXPECT_NE(wrong(concat({m.evidence, Buffer(1)})), "");
  for (std::size_t size = 0; size < m.payload.size(); ++size) {
    EXPECT_NE(wrong(message_of(Bytes(m.payload).first(size))), "") << size;
  }
}

TEST(NitroDocument, EveryMandatoryMemberMustBeThere) {
  EXPECT_EQ(wrong(message_of(payload_without(""))), "");
  for (const char* name : {"module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle"}) {
    EXPECT_NE(wrong(message_of(payload_without(name))), "") << name;
    EXPECT_NE(
        wrong(message_of(payload_without(name, [](CborWriter& w) { w.name("padding").null(); }))),
        "")
        << name;
  }
}

struct Other {
  const char* member;
  const char* name;
  void (*write)(CborWriter&);
  bool right;
};

void pcrs(CborWriter& w, std::uint32_t begin, std::uint32_t end, std::size_t size = kPcrSize) {
  w.name("pcrs").begin_map();
  for (std::uint32_t i = begin; i < end; ++i) {
    w.member(i, Buffer(size, 1));
  }
  w.end_map();
}

void bundle(CborWriter& w, std::size_t count, std::size_t size) {
  w.name("cabundle").begin_array();
  for (std::size_t i = 0; i < count; ++i) {
    w.bytes(Buffer(size, 1));
  }
  w.end_array();
}

constexpr Other kOthers[] = {
    {"module_id", "octets", [](CborWriter& w) { w.member("module_id", Buffer(1)); }, false},
    {"module_id", "longest",
     [](CborWriter& w) { w.member("module_id", std::string(kMaxModuleId, 'a')); }, true},
    {"module_id", "too_long",
     [](CborWriter& w) { w.member("module_id", std::string(kMaxModuleId + 1, 'a')); }, false},
    {"digest", "number", [](CborWriter& w) { w.member("digest", 384); }, false},
    {"timestamp", "negative", [](CborWriter& w) { w.member("timestamp", -1); }, false},
    {"timestamp", "text", [](CborWriter& w) { w.member("timestamp", "1"); }, false},
    {"timestamp", "greatest", [](CborWriter& w) { w.member("timestamp", UINT64_MAX); }, true},
    {"pcrs", "none", [](CborWriter& w) { pcrs(w, 0, 0); }, false},
    {"pcrs", "all", [](CborWriter& w) { pcrs(w, 0, kPcrs); }, true},
    {"pcrs", "index_32", [](CborWriter& w) { pcrs(w, 0, kPcrs + 1); }, false},
    {"pcrs", "not_the_first", [](CborWriter& w) { pcrs(w, 1, 4); }, false},
    {"pcrs", "short", [](CborWriter& w) { pcrs(w, 0, 1, kPcrSize - 1); }, false},
    {"pcrs", "long", [](CborWriter& w) { pcrs(w, 0, 1, 64); }, false},
    {"pcrs", "text_key",
     [](CborWriter& w) { w.name("pcrs").begin_map().member("0", Buffer(kPcrSize)).end_map(); },
     false},
    {"pcrs", "array", [](CborWriter& w) { w.name("pcrs").begin_array().end_array(); }, false},
    {"certificate", "empty", [](CborWriter& w) { w.member("certificate", Buffer()); }, false},
    {"certificate", "largest",
     [](CborWriter& w) { w.member("certificate", Buffer(kMaxCertificate)); }, true},
    {"certificate", "too_large",
     [](CborWriter& w) { w.member("certificate", Buffer(kMaxCertificate + 1)); }, false},
    {"cabundle", "empty", [](CborWriter& w) { bundle(w, 0, 1); }, false},
    {"cabundle", "longest", [](CborWriter& w) { bundle(w, kMaxBundle, 1); }, true},
    {"cabundle", "too_long", [](CborWriter& w) { bundle(w, kMaxBundle + 1, 1); }, false},
    {"cabundle", "too_large", [](CborWriter& w) { bundle(w, 1, kMaxCertificate + 1); }, false},
    {"cabundle", "empty_one", [](CborWriter& w) { bundle(w, 1, 0); }, false},
    {"", "public_key_empty", [](CborWriter& w) { w.member("public_key", Buffer()); }, false},
    {"", "public_key_largest", [](CborWriter& w) { w.member("public_key", Buffer(kMaxUserData)); },
     true},
    {"", "public_key_too_large",
     [](CborWriter& w) { w.member("public_key", Buffer(kMaxUserData + 1)); }, false},
    {"", "user_data_empty", [](CborWriter& w) { w.member("user_data", Buffer()); }, true},
    {"", "user_data_largest", [](CborWriter& w) { w.member("user_data", Buffer(kMaxUserData)); },
     true},
    {"", "user_data_too_large",
     [](CborWriter& w) { w.member("user_data", Buffer(kMaxUserData + 1)); }, false},
    {"", "nonce_text", [](CborWriter& w) { w.member("nonce", "nonce"); }, false},
    {"", "nonce_too_large", [](CborWriter& w) { w.member("nonce", Buffer(kMaxUserData + 1)); },
     false},
    {"", "null_members",
     [](CborWriter& w) {
       w.name("public_key").null().name("user_data").null().name("nonce").null();
     },
     true},
    {"", "unknown_member", [](CborWriter& w) { w.member("nitrotpm_pcrs", 1); }, false},
    {"", "number_for_a_key", [](CborWriter& w) { w.member(1, 1); }, false}};

TEST(NitroDocument, EveryMemberHasItsTypeAndItsLimits) {
  for (const Other& other : kOthers) {
    const std::string why = wrong(message_of(payload_without(other.member, other.write)));
    EXPECT_EQ(why.empty(), other.right) << other.member << " " << other.name << ": " << why;
  }
}

TEST(NitroDocument, AMessageOfAnotherFormIsNone) {
  static const Buffer header = *from_hex("a1013822");
  EXPECT_NE(wrong(token::write_cose_sign1({.protected_header = header})), "");
  EXPECT_NE(wrong(message_of(Buffer{0x80})), "");
  EXPECT_NE(wrong(message_of(Buffer(kMaxPayload + 1))), "");
  EXPECT_NE(wrong(message_of({})), "");
}

TEST(NitroDocument, InspectNamesWhatIsThereWithoutAVerdict) {
  const made::Made m = made::make(made::good_stage());
  const auto claims = Nitro{}.inspect(m.evidence);
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->front().name, "module_id");
  EXPECT_TRUE(Nitro{}.needs(m.evidence)->empty());
  EXPECT_FALSE(Nitro{}.inspect(Bytes(m.evidence).first(100)));
  made::Stage s = made::good_stage();
  s.digest = "SHA512";
  EXPECT_EQ(Nitro{}.layout(made::make(s).evidence).error().code(), Errc::kUnsupported);
  s.algorithm = token::CoseAlgorithm::kEs256;
  EXPECT_EQ(Nitro{}.needs(made::make(s).evidence).error().code(), Errc::kUnsupported);
}

}  // namespace
}  // namespace ward::nitro
