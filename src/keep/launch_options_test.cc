#include "keep/launch_options.h"

#include <array>

#include <gtest/gtest.h>

#include "codec/cbor_write.h"

namespace ward::keep {
namespace {

LaunchOptions some() {
  return {.face = "tdx-v5-1.5", .debug = true, .signature = Buffer(kMaxSignatureBytes, 7)};
}

TEST(LaunchOptions, come_back_as_they_went) {
  for (const LaunchOptions& options :
       {LaunchOptions{}, some(),
        LaunchOptions{.face = std::string(kMaxFaceBytes, 'a'), .debug = false, .signature = {}}}) {
    const auto octets = write_launch_options(options);
    ASSERT_TRUE(octets);
    EXPECT_LE(octets->size(), kMaxLaunchOptionsBytes);
    const auto again = parse_launch_options(*octets);
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, options);
  }
}

TEST(LaunchOptions, truncated_anywhere_are_refused) {
  const Buffer octets = *write_launch_options(some());
  for (std::size_t n = 0; n < octets.size(); n += n < 64 ? 1 : 61) {
    const auto cut = parse_launch_options(Bytes(octets).first(n));
    ASSERT_FALSE(cut) << n;
    EXPECT_EQ(cut.error().code(), Errc::kTruncated) << n;
  }
}

// Members of the map, written as given.
struct Row {
  const char* name;
  void (*members)(codec::CborWriter&);
  Errc want;
};

TEST(LaunchOptions, another_form_is_refused) {
  using W = codec::CborWriter;
  for (const Row& row : std::to_array<Row>({
           {"no_members", [](W&) {}, Errc::kMalformed},
           {"no_face", [](W& w) { w.member("debug", false).member("signature", Buffer{}); },
            Errc::kMalformed},
           {"no_debug", [](W& w) { w.member("face", "sgx").member("signature", Buffer{}); },
            Errc::kMalformed},
           {"no_signature", [](W& w) { w.member("face", "sgx").member("debug", false); },
            Errc::kMalformed},
           {"one_more",
            [](W& w) {
              w.member("face", "sgx").member("debug", false).member("signature", Buffer{});
              w.member("x", 1U);
            },
            Errc::kMalformed},
           {"face_is_octets",
            [](W& w) {
              w.member("face", Buffer{'s'}).member("debug", false).member("signature", Buffer{});
            },
            Errc::kMalformed},
           {"debug_is_a_number",
            [](W& w) { w.member("face", "sgx").member("debug", 1U).member("signature", Buffer{}); },
            Errc::kMalformed},
           {"signature_is_text",
            [](W& w) { w.member("face", "sgx").member("debug", false).member("signature", ""); },
            Errc::kMalformed},
           {"face_is_empty",
            [](W& w) { w.member("face", "").member("debug", false).member("signature", Buffer{}); },
            Errc::kMalformed},
           {"face_is_long",
            [](W& w) {
              w.member("face", std::string(kMaxFaceBytes + 1, 'a')).member("debug", false);
              w.member("signature", Buffer{});
            },
            Errc::kMalformed},
           {"face_has_other_letters",
            [](W& w) {
              w.member("face", "../x").member("debug", false).member("signature", Buffer{});
            },
            Errc::kMalformed},
           {"signature_is_long",
            [](W& w) {
              w.member("face", "sgx").member("debug", false);
              w.member("signature", Buffer(kMaxSignatureBytes + 1));
            },
            Errc::kLimit},
       })) {
    codec::CborWriter w;
    w.begin_map();
    row.members(w);
    const auto octets = w.end_map().take();
    ASSERT_TRUE(octets) << row.name;
    const auto options = parse_launch_options(*octets);
    ASSERT_FALSE(options) << row.name;
    EXPECT_EQ(options.error().code(), row.want) << row.name;
  }
  const auto list = parse_launch_options(*codec::CborWriter().begin_array().end_array().take());
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().code(), Errc::kMalformed);
  const auto longer = parse_launch_options(Buffer(kMaxLaunchOptionsBytes + 1));
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().code(), Errc::kLimit);
}

}  // namespace
}  // namespace ward::keep
