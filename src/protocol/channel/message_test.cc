#include "protocol/channel/message.h"

#include <gtest/gtest.h>

#include "protocol/channel/binding.h"

namespace ward::protocol::channel {
namespace {

Nonce nonce(std::uint8_t octet) {
  Nonce out{};
  out.fill(octet);
  return out;
}

Evidence evidence(std::size_t size) {
  Evidence out;
  out.binding = {.round = 7, .role = Role::kClient, .nonce = nonce(1)};
  out.binding.sender_key.fill(2);
  out.binding.receiver_key.fill(3);
  out.binding.exporter.fill(4);
  out.octets = Buffer(size, 5);
  return out;
}

std::vector<Message> examples() {
  Accept accept{.round = 1};
  accept.transcript.fill(6);
  return {Hello{.gives = true, .wants = false, .nonce = nonce(9)},
          evidence(3),
          accept,
          Challenge{.round = 2, .nonce = nonce(8)},
          Data{{1, 2, 3}},
          Window{kWindow},
          Finish{},
          Refuse{"channel.exporter.same", "00..", "ff.."}};
}

struct Case {
  const char* name;
  std::string hex;
};

TEST(ChannelMessage, what_is_written_is_read) {
  for (const Message& message : examples()) {
    const Buffer frame = write_message(message);
    const auto read = parse_message(frame);
    ASSERT_TRUE(read) << read.error().what();
    EXPECT_EQ(*read, message);
    EXPECT_EQ(write_message(*read), frame);
  }
}

TEST(ChannelMessage, the_octets_are_those_of_the_document) {
  EXPECT_EQ(to_hex(write_message(Hello{.gives = true, .wants = true, .nonce = nonce(0xab)})),
            "6800000022"
            "0103" +
                to_hex(nonce(0xab)));
  EXPECT_EQ(to_hex(write_message(Finish{})), "6600000000");
  EXPECT_EQ(to_hex(write_message(Data{{0x41}})), "640000000141");
  EXPECT_EQ(to_hex(write_message(Window{258})), "770000000400000102");
  EXPECT_EQ(to_hex(write_message(Challenge{.round = 258, .nonce = nonce(1)})),
            "6e00000024"
            "00000102" +
                to_hex(nonce(1)));
  EXPECT_EQ(to_hex(write_message(Refuse{"a.b", "x", ""})),
            "720000000903612e62"
            "000178"
            "0000");
}

TEST(ChannelMessage, every_truncation_is_refused) {
  for (const Message& message : examples()) {
    const Buffer frame = write_message(message);
    for (std::size_t n = 0; n < frame.size(); ++n) {
      const auto read = parse_message(Bytes(frame).first(n));
      ASSERT_FALSE(read) << n;
      EXPECT_EQ(read.error().code(), Errc::kTruncated) << n;
    }
  }
}

TEST(ChannelMessage, every_wrong_length_is_refused) {
  for (const Message& message : examples()) {
    Buffer frame = write_message(message);
    frame.push_back(0);
    ASSERT_FALSE(parse_message(frame));
    EXPECT_EQ(parse_message(frame).error().code(), Errc::kMalformed);
  }
}

TEST(ChannelMessage, bounds_are_exact) {
  const auto head = [](char kind, std::uint32_t size) {
    const Buffer front = {static_cast<std::uint8_t>(kind), static_cast<std::uint8_t>(size >> 24U),
                          static_cast<std::uint8_t>(size >> 16U),
                          static_cast<std::uint8_t>(size >> 8U), static_cast<std::uint8_t>(size)};
    return parse_head(front);
  };

  struct Bound {
    char kind;
    std::uint32_t least;
    std::uint32_t most;
  };

  for (const Bound& b :
       {Bound{'h', 34, 34}, Bound{'e', 134, 1'048'709}, Bound{'a', 52, 52}, Bound{'n', 36, 36},
        Bound{'d', 1, 16384}, Bound{'w', 4, 4}, Bound{'r', 6, 1093}}) {
    EXPECT_TRUE(head(b.kind, b.least)) << b.kind;
    EXPECT_TRUE(head(b.kind, b.most)) << b.kind;
    ASSERT_FALSE(head(b.kind, b.least - 1)) << b.kind;
    EXPECT_EQ(head(b.kind, b.least - 1).error().code(), Errc::kLimit);
    ASSERT_FALSE(head(b.kind, b.most + 1)) << b.kind;
    EXPECT_EQ(head(b.kind, b.most + 1).error().code(), Errc::kLimit);
  }
  EXPECT_TRUE(head('f', 0));
  EXPECT_FALSE(head('f', 1));
  EXPECT_FALSE(head('f', 0xffffffff));
  EXPECT_EQ(parse_message(write_message(evidence(kMaxEvidence)))->index(), 1U);
}

TEST(ChannelMessage, no_other_kind_is_read) {
  for (unsigned kind = 0; kind < 256; ++kind) {
    const bool known =
        std::string_view("heandwfr").find(static_cast<char>(kind)) != std::string::npos;
    const auto read = parse_message(Buffer{static_cast<std::uint8_t>(kind), 0xff, 0, 0, 0});
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code(), Errc::kLimit) << kind;
    EXPECT_EQ(kind_name(static_cast<std::uint8_t>(kind)) == "no message", !known);
  }
}

std::vector<Case> other_forms() {
  const std::string zeros(64, '0');
  return {{"version 0", "68000000220003" + zeros},
          {"version 2", "68000000220203" + zeros},
          {"flag 4", "68000000220104" + zeros},
          {"flag 128", "68000000220183" + zeros},
          {"role", "65000000860000000078" + zeros + zeros + zeros + zeros + "00"},
          {"no check", "7200000006000000000000"},
          {"check of other characters", "7200000006014100000000"},
          {"check beyond the message", "7200000006026100000000"},
          {"found with a control character", "7200000007016100011b0000"},
          {"found beyond the message", "720000000701610004200000"},
          {"no window", "770000000400000000"},
          {"a window beyond the limit", "770000000400100001"},
          {"trailing", "720000000701610000000000"}};
}

TEST(ChannelMessage, bodies_of_another_form_are_refused) {
  for (const Case& c : other_forms()) {
    const auto read = parse_message(*from_hex(c.hex));
    ASSERT_FALSE(read) << c.name;
    EXPECT_EQ(read.error().code(), Errc::kMalformed) << c.name;
  }
}

TEST(ChannelMessage, a_refusal_is_cut_and_cleaned) {
  const Refuse long_one{std::string(80, 'a'), std::string(600, 'b'), "esc\x1b\n\xc3"};
  const auto read = parse_message(write_message(long_one));
  ASSERT_TRUE(read);
  const auto& cut = std::get<Refuse>(*read);
  EXPECT_EQ(cut.check.size(), kMaxCheckName);
  EXPECT_EQ(cut.found.size(), kMaxReason);
  EXPECT_EQ(cut.expected, "esc???");
}

Bound bound() {
  Bound out{.round = 1, .role = Role::kServer, .nonce = nonce(3)};
  out.exporter.fill(1);
  out.receiver_key.fill(2);
  out.sender_key.fill(4);
  return out;
}

// SHA-384 by another program:
// printf 'ward attested channel 1\0s\0\0\0\1' and 32 octets each of 1, 2, 3, 4 | sha384sum
TEST(ChannelBinding, report_data_is_as_another_program_computes_it) {
  EXPECT_EQ(to_hex(report_data(bound())),
            "d9f0b8cfb5ed198774d87c9e282deccf849bae62dda7cf787238eb5fc4876f2445561a69346ee04d7e174a"
            "99063b3f63" +
                std::string(32, '0'));
  EXPECT_EQ(to_hex(exporter_digest(bound().exporter)),
            "39a132f5e8e4606c3fc9e89a35b1e6c2f6087203cd1d149956851e5c81825eaa");
}

TEST(ChannelBinding, report_data_depends_on_every_part) {
  const ReportData right = report_data(bound());
  for (int part = 0; part < 6; ++part) {
    Bound b = bound();
    if (part == 0) b.round = 2;
    if (part == 1) b.role = Role::kClient;
    if (part == 2) b.exporter[31] ^= 1U;
    if (part == 3) b.receiver_key[0] ^= 1U;
    if (part == 4) b.nonce[5] ^= 1U;
    if (part == 5) b.sender_key[9] ^= 1U;
    EXPECT_NE(report_data(b), right) << part;
  }
  Bound swapped = bound();
  std::swap(swapped.receiver_key, swapped.sender_key);
  EXPECT_NE(report_data(swapped), right);
}

}  // namespace
}  // namespace ward::protocol::channel
