#include "ledger/entry.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "codec/cbor_write.h"

namespace ward::ledger {
namespace {

Entry sample() {
  return {.time = {1700000000},
          .kind = "release",
          .actor = "keep:abc",
          .subject = "default/key/records",
          .details = {{"outcome", "released"}, {"token", "xyz"}}};
}

template <class T>
Errc code(const Result<T>& r) {
  EXPECT_FALSE(r);
  return r ? Errc::kInternal : r.error().code();
}

TEST(LedgerLeaf, octets_are_deterministic_cbor) {
  const auto leaf = encode_leaf(3, {.time = {1}, .kind = "k", .details = {{"b", "2"}, {"a", "1"}}});
  ASSERT_TRUE(leaf);
  // {"v":1,"kind":"k","time":1,"actor":"","index":3,"details":{"a":"1","b":"2"},"subject":""}
  EXPECT_EQ(to_hex(*leaf),
            "a7617601646b696e64616b6474696d6501656163746f726065696e646578036764657461696c"
            "73a26161613161626132677375626a65637460");
}

TEST(LedgerLeaf, reads_back_what_was_written) {
  const auto octets = encode_leaf(7, sample());
  ASSERT_TRUE(octets);
  const auto leaf = parse_leaf(*octets);
  ASSERT_TRUE(leaf);
  EXPECT_EQ(leaf->index, 7U);
  EXPECT_EQ(leaf->entry, sample());
}

TEST(LedgerLeaf, every_truncation_and_an_octet_behind_are_refused) {
  Buffer octets = *encode_leaf(7, sample());
  for (std::size_t n = 0; n < octets.size(); ++n)
    EXPECT_EQ(code(parse_leaf(Bytes(octets).first(n))), Errc::kTruncated) << n;
  octets.push_back(0);
  EXPECT_EQ(code(parse_leaf(octets)), Errc::kMalformed);
}

TEST(LedgerLeaf, a_flipped_bit_never_reads_as_the_same_leaf) {
  const Buffer octets = *encode_leaf(7, sample());
  for (std::size_t bit = 0; bit < 8 * octets.size(); ++bit) {
    Buffer changed = octets;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    const auto leaf = parse_leaf(changed);
    EXPECT_FALSE(leaf && leaf->index == 7 && leaf->entry == sample()) << bit;
  }
}

struct Bad {
  const char* name;
  void (*change)(Entry&);
  std::optional<Errc> want;
};

TEST(LedgerLeaf, bounds_hold_at_the_limit_and_one_above) {
  const std::vector<Bad> cases = {
      {"time_zero", [](Entry& e) { e.time = {0}; }, std::nullopt},
      {"time_negative", [](Entry& e) { e.time = {-1}; }, Errc::kMalformed},
      {"kind_empty", [](Entry& e) { e.kind.clear(); }, Errc::kMalformed},
      {"kind_upper", [](Entry& e) { e.kind = "Release"; }, Errc::kMalformed},
      {"kind_limit", [](Entry& e) { e.kind.assign(kMaxKindBytes, 'k'); }, std::nullopt},
      {"kind_above", [](Entry& e) { e.kind.assign(kMaxKindBytes + 1, 'k'); }, Errc::kLimit},
      {"actor_limit", [](Entry& e) { e.actor.assign(kMaxNameBytes, 'a'); }, std::nullopt},
      {"actor_above", [](Entry& e) { e.actor.assign(kMaxNameBytes + 1, 'a'); }, Errc::kLimit},
      {"actor_utf8", [](Entry& e) { e.actor = "\xff"; }, Errc::kMalformed},
      {"subject_limit", [](Entry& e) { e.subject.assign(kMaxNameBytes, 's'); }, std::nullopt},
      {"subject_above", [](Entry& e) { e.subject.assign(kMaxNameBytes + 1, 's'); }, Errc::kLimit},
      {"detail_twice",
       [](Entry& e) {
         e.details = {{"a", "1"}, {"a", "2"}};
       },
       Errc::kMalformed},
      {"detail_name_above",
       [](Entry& e) {
         e.details = {{std::string(kMaxNameBytes + 1, 'n'), ""}};
       },
       Errc::kLimit},
      {"details_limit",
       [](Entry& e) {
         e.details.clear();
         for (std::size_t i = 0; i < kMaxDetails; ++i)
           e.details.emplace_back(std::to_string(i), "");
       },
       std::nullopt},
      {"details_above",
       [](Entry& e) {
         e.details.clear();
         for (std::size_t i = 0; i <= kMaxDetails; ++i)
           e.details.emplace_back(std::to_string(i), "");
       },
       Errc::kLimit},
      {"leaf_above",
       [](Entry& e) {
         e.details = {{"x", std::string(kMaxLeafBytes, 'x')}};
       },
       Errc::kLimit},
  };
  for (const Bad& c : cases) {
    Entry entry = sample();
    c.change(entry);
    const auto leaf = encode_leaf(0, entry);
    if (c.want) {
      EXPECT_EQ(code(leaf), *c.want) << c.name;
    } else {
      EXPECT_TRUE(leaf && parse_leaf(*leaf)) << c.name;
    }
  }
}

// A leaf in which one member is written otherwise.
Buffer odd_leaf(std::string_view name, const std::function<void(codec::CborWriter&)>& write) {
  codec::CborWriter w;
  w.begin_map();
  const auto member = [&](std::string_view key, const std::function<void()>& usual) {
    if (key == name && !write) return;
    w.name(key);
    if (key == name) {
      write(w);
    } else {
      usual();
    }
  };
  member("v", [&] { w.uint(1); });
  member("index", [&] { w.uint(0); });
  member("time", [&] { w.uint(5); });
  member("kind", [&] { w.text("k"); });
  member("actor", [&] { w.text(""); });
  member("subject", [&] { w.text(""); });
  member("details", [&] { w.begin_map().end_map(); });
  if (name == "more") write(w.name("more"));
  return *w.end_map().take();
}

TEST(LedgerLeaf, members_of_another_type_number_or_name_are_refused) {
  ASSERT_TRUE(parse_leaf(odd_leaf("none", {})));
  const auto number = [](codec::CborWriter& w) { w.integer(-1); };
  const auto text = [](codec::CborWriter& w) { w.text("x"); };
  for (const char* name : {"kind", "actor", "subject", "details", "index", "time", "v"}) {
    EXPECT_EQ(code(parse_leaf(odd_leaf(name, {}))), Errc::kMalformed) << name;
    EXPECT_EQ(code(parse_leaf(odd_leaf(name, number))), Errc::kMalformed) << name;
  }
  for (const char* name : {"details", "index", "time", "v"})
    EXPECT_EQ(code(parse_leaf(odd_leaf(name, text))), Errc::kMalformed) << name;
  EXPECT_EQ(code(parse_leaf(odd_leaf("more", text))), Errc::kMalformed);
  EXPECT_EQ(code(parse_leaf(odd_leaf("v", [](codec::CborWriter& w) { w.uint(2); }))),
            Errc::kUnsupported);
  EXPECT_EQ(code(parse_leaf(odd_leaf("time", [](codec::CborWriter& w) { w.uint(~0ULL); }))),
            Errc::kMalformed);
  EXPECT_EQ(
      code(parse_leaf(odd_leaf(
          "details", [](codec::CborWriter& w) { w.begin_map().name("a").uint(1).end_map(); }))),
      Errc::kMalformed);
  EXPECT_EQ(code(parse_leaf(Buffer{0x80})), Errc::kMalformed);
  EXPECT_EQ(code(parse_leaf(Buffer(kMaxLeafBytes + 1, 0))), Errc::kLimit);
}

}  // namespace
}  // namespace ward::ledger
