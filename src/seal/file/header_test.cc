#include "seal/file/header.h"

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "codec/cbor.h"
#include "codec/cbor_write.h"
#include "codec/json.h"
#include "seal/file/fault.h"

namespace ward::seal {
namespace {

Header full_header() {
  Header out;
  out.id.fill(1);
  out.name = "Befund Müller.csv";
  out.content_version = 3;
  out.creator = "hospital";
  out.created = UnixTime{1'700'000'000};
  out.size = 1234;
  ResourceSlot resource;
  resource.resource = "default/data/records";
  resource.wrapped.fill(2);
  resource.check.fill(3);
  PassphraseSlot passphrase;
  passphrase.log_n = 17;
  passphrase.salt.fill(4);
  out.slots = {resource, passphrase, RecipientSlot{std::string(43, 'k'), "a.b.c.d.e"}};
  out.commitment.fill(5);
  Provenance provenance;
  provenance.token = "h.p.s";
  provenance.init_data = "digest = \"00\"\n";
  provenance.inputs = {{"model.pt", FileId{9}, Digest{8}}};
  out.provenance = provenance;
  return out;
}

Header small_header() {
  Header out = full_header();
  out.provenance.reset();
  out.size.reset();
  out.slots.resize(1);
  return out;
}

std::optional<Fault> write_fault(const Header& header) {
  const auto octets = write_header(header);
  return octets ? std::nullopt : fault_of(octets.error());
}

std::optional<Fault> parse_fault(Bytes octets) {
  const auto header = parse_header(octets);
  return header ? std::nullopt : fault_of(header.error());
}

TEST(Header, ReadsBackWhatItWrote) {
  for (const Header& header : {full_header(), small_header()}) {
    const auto octets = write_header(header);
    ASSERT_TRUE(octets.has_value());
    const auto back = parse_header(*octets);
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(*back, header);
  }
}

TEST(Header, CutAtAnyLengthIsMalformed) {
  const auto octets = write_header(full_header());
  ASSERT_TRUE(octets.has_value());
  for (std::size_t size = 0; size < octets->size(); ++size)
    ASSERT_EQ(parse_fault(Bytes(*octets).first(size)), Fault::kHeaderMalformed) << size;
  Buffer longer = *octets;
  longer.push_back(0);
  EXPECT_EQ(parse_fault(longer), Fault::kHeaderMalformed);
}

// Copies the header's map with one member left out, added, or of another value.
Buffer edited(const Header& header, std::string_view leave_out, std::string_view add,
              const std::function<void(codec::CborWriter&)>& value) {
  const auto octets = write_header(header);
  const auto root = codec::parse_cbor(*octets);
  codec::CborWriter w;
  w.begin_map();
  for (const auto& [key, item] : root->members()) {
    if (key.as_text() != leave_out) w.raw(key.encoding()).raw(item.encoding());
  }
  if (!add.empty()) {
    w.name(add);
    value(w);
  }
  return *w.end_map().take();
}

TEST(Header, EveryMemberIsNeededAndNoOtherIsAllowed) {
  for (const char* key : {"v", "suite", "id", "name", "content_version", "creator", "created",
                          "size", "slots", "commitment", "provenance"}) {
    EXPECT_EQ(parse_fault(edited(full_header(), key, {}, {})), Fault::kHeaderMalformed) << key;
    // Of another type: a bool stands nowhere in the format.
    EXPECT_EQ(
        parse_fault(edited(full_header(), key, key, [](codec::CborWriter& w) { w.boolean(true); })),
        Fault::kHeaderMalformed)
        << key;
  }
  EXPECT_EQ(
      parse_fault(edited(full_header(), {}, "extra", [](codec::CborWriter& w) { w.uint(1); })),
      Fault::kHeaderMalformed);
}

TEST(Header, AnotherVersionOrSuiteIsUnsupportedWhateverElseItHolds) {
  const auto version =
      parse_header(edited(full_header(), "v", "v", [](codec::CborWriter& w) { w.uint(2); }));
  ASSERT_FALSE(version.has_value());
  EXPECT_EQ(fault_of(version.error()), Fault::kUnsupportedVersion);
  EXPECT_EQ(version.error().code(), Errc::kUnsupported);
  EXPECT_EQ(version.error().value(), 2U);
  EXPECT_EQ(parse_fault(edited(full_header(), "suite", "suite",
                               [](codec::CborWriter& w) { w.text("AES256_GCM_HKDF_4KB"); })),
            Fault::kUnsupportedSuite);
}

TEST(Header, SlotsOfUnknownKindOrWithOtherMembersAreMalformed) {
  const auto with_slot = [](const std::function<void(codec::CborWriter&)>& members) {
    return parse_fault(edited(small_header(), "slots", "slots", [&](codec::CborWriter& w) {
      w.begin_array().begin_map();
      members(w);
      w.end_map().end_array();
    }));
  };
  EXPECT_EQ(with_slot([](codec::CborWriter& w) { w.member("kind", "hpke"); }),
            Fault::kHeaderMalformed);
  const auto recipient = [](codec::CborWriter& w) {
    w.member("kind", "recipient").member("kid", std::string(43, 'k')).member("jwe", "a");
  };
  EXPECT_EQ(with_slot(recipient), std::nullopt);
  EXPECT_EQ(with_slot([&](codec::CborWriter& w) {
              recipient(w);
              w.member("extra", 1U);
            }),
            Fault::kHeaderMalformed);
}

struct LimitCase {
  const char* name;
  void (*at_limit)(Header&);
  void (*beyond)(Header&);
};

PassphraseSlot cheap_slot(std::uint32_t log_n) {
  PassphraseSlot slot;
  slot.log_n = log_n;
  return slot;
}

const LimitCase kLimits[] = {
    {"slots", [](Header& h) { h.slots.assign(kMaxSlots, h.slots[0]); },
     [](Header& h) { h.slots.assign(kMaxSlots + 1, h.slots[0]); }},
    {"passphrase slots", [](Header& h) { h.slots.assign(kMaxPassphraseSlots, cheap_slot(14)); },
     [](Header& h) { h.slots.assign(kMaxPassphraseSlots + 1, cheap_slot(14)); }},
    {"log_n", [](Header& h) { h.slots.assign(1, cheap_slot(kMaxLogN)); },
     [](Header& h) { h.slots.assign(1, cheap_slot(kMaxLogN + 1)); }},
    {"name", [](Header& h) { h.name.assign(kMaxNameBytes, 'n'); },
     [](Header& h) { h.name.assign(kMaxNameBytes + 1, 'n'); }},
    {"creator", [](Header& h) { h.creator.assign(kMaxNameBytes, 'n'); },
     [](Header& h) { h.creator.assign(kMaxNameBytes + 1, 'n'); }},
    {"size", [](Header& h) { h.size = kMaxPlaintextBytes; },
     [](Header& h) { h.size = kMaxPlaintextBytes + 1; }},
    {"created", [](Header& h) { h.created.seconds = kMaxCreatedSeconds; },
     [](Header& h) { h.created.seconds = kMaxCreatedSeconds + 1; }},
    {"jwe",
     [](Header& h) {
       h.slots[2] = RecipientSlot{std::string(43, 'k'), std::string(kMaxJweChars, 'j')};
     },
     [](Header& h) {
       h.slots[2] = RecipientSlot{std::string(43, 'k'), std::string(kMaxJweChars + 1, 'j')};
     }},
    {"token", [](Header& h) { h.provenance->token.assign(kMaxTokenBytes, 't'); },
     [](Header& h) { h.provenance->token.assign(kMaxTokenBytes + 1, 't'); }},
    {"init_data", [](Header& h) { h.provenance->init_data.assign(kMaxInitDataBytes, 't'); },
     [](Header& h) { h.provenance->init_data.assign(kMaxInitDataBytes + 1, 't'); }},
    {"inputs",
     [](Header& h) { h.provenance->inputs.assign(kMaxProvenanceInputs, h.provenance->inputs[0]); },
     [](Header& h) {
       h.provenance->inputs.assign(kMaxProvenanceInputs + 1, h.provenance->inputs[0]);
     }},
};

TEST(Header, EachLimitHoldsAndOneAboveIsRefused) {
  for (const LimitCase& row : kLimits) {
    Header header = full_header();
    row.at_limit(header);
    EXPECT_EQ(write_fault(header), std::nullopt) << row.name;
    header = full_header();
    row.beyond(header);
    EXPECT_EQ(write_fault(header), Fault::kHeaderLimit) << row.name;
  }
}

struct BadCase {
  const char* name;
  void (*make)(Header&);
};

const BadCase kMalformed[] = {
    {"no slot", [](Header& h) { h.slots.clear(); }},
    {"log_n below the least", [](Header& h) { h.slots.assign(1, cheap_slot(kMinLogN - 1)); }},
    {"empty name", [](Header& h) { h.name.clear(); }},
    {"name with a line end", [](Header& h) { h.name = "a\nb"; }},
    {"name with an escape", [](Header& h) { h.name = "a\x1b[2Jb"; }},
    {"name with DEL", [](Header& h) { h.name = "a\x7f"; }},
    {"name with a C1 control", [](Header& h) { h.name = "a\xc2\x9b"; }},
    {"name that is not UTF-8", [](Header& h) { h.name = "a\xff"; }},
    {"creator with NUL", [](Header& h) { h.creator = std::string("a\0b", 3); }},
    {"kid too short",
     [](Header& h) {
       h.slots[2] = RecipientSlot{std::string(42, 'k'), "j"};
     }},
    {"kid of other characters",
     [](Header& h) {
       h.slots[2] = RecipientSlot{std::string(43, '='), "j"};
     }},
    {"jwe of other characters",
     [](Header& h) {
       h.slots[2] = RecipientSlot{std::string(43, 'k'), "j j"};
     }},
    {"empty jwe",
     [](Header& h) {
       h.slots[2] = RecipientSlot{std::string(43, 'k'), ""};
     }},
    {"empty token", [](Header& h) { h.provenance->token.clear(); }},
    {"empty init_data", [](Header& h) { h.provenance->init_data.clear(); }},
    {"input without a name", [](Header& h) { h.provenance->inputs[0].name.clear(); }},
};

TEST(Header, MalformedValuesAreRefused) {
  for (const BadCase& row : kMalformed) {
    Header header = full_header();
    row.make(header);
    EXPECT_EQ(write_fault(header), Fault::kHeaderMalformed) << row.name;
  }
}

TEST(Header, AResourcePathHasThreePlainParts) {
  for (const char* good : {"a/b/c", "default/key/1", "A.b_c-d/x/..y"})
    EXPECT_TRUE(is_resource_path(good)) << good;
  for (const char* bad : {"", "a", "a/b", "a/b/", "a/b/c/", "a/b/c/d", "/b/c", "a//c", "a/../c",
                          "a/./c", "a/b/..", "a/b/c d", "a/b/c\n", "a/b/\xc3\xa4"})
    EXPECT_FALSE(is_resource_path(bad)) << bad;
  const std::string part(128, 'p');
  EXPECT_TRUE(is_resource_path(part + "/" + part + "/" + part));
  EXPECT_FALSE(is_resource_path(part + "p/b/c"));
}

TEST(Header, ThePrefixHasTheMagicAndASizeWithinTheLimit) {
  const auto prefix = [](std::string_view size) {
    return parse_prefix(concat({as_bytes("WARDSEAL"), *from_hex(size)}));
  };
  EXPECT_EQ(*prefix("00000001"), 1U);
  EXPECT_EQ(*prefix("00100000"), kMaxHeaderBytes);
  EXPECT_EQ(prefix("00100001").error().code(), Errc::kLimit);
  EXPECT_EQ(prefix("ffffffff").error().code(), Errc::kLimit);
  EXPECT_EQ(prefix("00000000").error().code(), Errc::kMalformed);
  EXPECT_EQ(parse_prefix(as_bytes("WARDSEAX0000")).error().code(), Errc::kMalformed);
  EXPECT_EQ(parse_prefix(as_bytes("WARD")).error().code(), Errc::kTruncated);
  EXPECT_EQ(parse_prefix({}).error().code(), Errc::kMalformed);
  EXPECT_TRUE(is_sealed(as_bytes("WARDSEAL")));
  EXPECT_FALSE(is_sealed(as_bytes("WARDSEA")));
}

Head head_of(const Header& header) {
  Head head;
  head.header = header;
  head.octets = *write_header(header);
  return head;
}

TEST(Describe, SaysWhatTheHeadHolds) {
  const Head head = head_of(full_header());
  const std::string text = describe_text(head);
  for (const char* part :
       {"Befund Müller.csv", "2023-11-14T22:13:20Z", "resource default/data/records",
        "scrypt, log_n 17", "from input      model.pt 09", "not verified"})
    EXPECT_NE(text.find(part), std::string::npos) << part << '\n' << text;
  const auto json = describe_json(head);
  ASSERT_TRUE(json.has_value());
  const auto value = codec::parse_json(as_bytes(*json));
  ASSERT_TRUE(value.has_value());
  EXPECT_EQ(value->find("schema")->as_string(), "ward.sealed-file/1");
  EXPECT_EQ(value->find("size")->as_uint(), 1234U);
  EXPECT_EQ(value->find("slots")->items().size(), 3U);
  EXPECT_NE(describe_text(head_of(small_header())).find("not said"), std::string::npos);
}

TEST(Fault, EachHasItsOwnNameAndIsFoundAgainInItsError) {
  std::string seen;
  for (int i = 0; i <= static_cast<int>(Fault::kWorkload); ++i) {
    const auto fault = static_cast<Fault>(i);
    const std::string name = " " + std::string(to_text(fault)) + " ";
    EXPECT_EQ(seen.find(name), std::string::npos) << name;
    seen += name;
    EXPECT_EQ(fault_of(fault_error(fault)), fault);
    EXPECT_EQ(fault_of(fault_error(fault, 5)), fault);
  }
  EXPECT_EQ(fault_of(Error(Errc::kInternal, "something else")), std::nullopt);
}

}  // namespace
}  // namespace ward::seal
