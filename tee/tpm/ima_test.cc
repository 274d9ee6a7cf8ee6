#include "tee/tpm/ima.h"

#include <gtest/gtest.h>

#include "tee/tpm/made/stage.h"
#include "tee/tpm/structures.h"

namespace ward::tpm {
namespace {

// One entry of each template, and a violation.
std::vector<ImaEntry> good() {
  std::vector<ImaEntry> out = {
      stage::ima_entry("boot_aggregate", as_bytes("a")),
      stage::ima_entry("/bin/sh", as_bytes("b"), as_bytes("signature")),
      stage::ima_entry("kexec-cmdline", as_bytes("c"), as_bytes("quiet")),
      stage::ima_entry("/etc/motd", as_bytes("d")),
      {.template_name = "ima", .fields = {Buffer(20, 5), to_buffer(as_bytes("/old name"))}}};
  out[2].template_name = "ima-buf";
  out[3].template_digest = Buffer(20);
  out[4].template_digest = digest_by(alg::kSha1, out[4].data());
  return out;
}

Buffer ascii(const std::vector<ImaEntry>& entries) {
  return to_buffer(as_bytes(write_ima_ascii(entries)));
}

Buffer replay_all(const std::vector<ImaEntry>& entries, std::uint16_t hash, bool own_hash) {
  Buffer value(digest_size_of(hash));
  for (const ImaEntry& e : entries) {
    Buffer digest = own_hash ? digest_by(hash, e.data()) : e.template_digest;
    digest.resize(value.size());
    if (e.is_violation()) digest.assign(value.size(), 0xff);
    value = digest_by(hash, concat({value, digest}));
  }
  return value;
}

TEST(Ima, BothFormsAreReadAndWrittenAlike) {
  const auto entries = good();
  for (const Buffer& octets : {write_ima_binary(entries), ascii(entries)}) {
    EXPECT_TRUE(is_ima_log(octets));
    const auto read = parse_ima_log(octets);
    ASSERT_TRUE(read) << text_of(read.error());
    EXPECT_EQ(*read, entries);
  }
  EXPECT_EQ(wrong_digest(entries), std::nullopt);
  EXPECT_EQ(entries[1].path(), "/bin/sh");
  EXPECT_EQ(entries[1].digest_text(), "sha256:" + to_hex(crypto::sha256(as_bytes("b"))));
  EXPECT_EQ(entries[4].digest_text(), "sha1:" + to_hex(Buffer(20, 5)));
}

// A list that is cut between two entries is a shorter list: the quote says whether it is whole.
TEST(Ima, IsRefusedCutWithinAnEntry) {
  const auto entries = good();
  for (const bool binary : {false, true}) {
    const Buffer octets = binary ? write_ima_binary(entries) : ascii(entries);
    std::size_t whole = 0;
    for (std::size_t n = 0; n < octets.size(); ++n) {
      const auto read = parse_ima_log(Bytes(octets).first(n));
      if (read) ++whole;
    }
    EXPECT_EQ(whole, entries.size() - 1);
  }
}

TEST(Ima, MalformedEntriesAreRefused) {
  const std::string digest(40, 'a');
  const std::string file = "sha256:" + std::string(64, 'b') + " /x\n";
  EXPECT_TRUE(parse_ima_log(as_bytes("10 " + digest + " ima-ng " + file)));
  for (const std::string& wrong :
       {"24 " + digest + " ima-ng " + file, "x " + digest + " ima-ng " + file,
        "10 " + digest.substr(2) + " ima-ng " + file, "10 " + digest + " ima-xx " + file,
        "10 " + digest + " ima-ng " + std::string(64, 'b') + " /x\n",
        "10 " + digest + " ima-ng sha256: /x\n", "10 " + digest + " ima-ng :00 /x\n",
        "10 " + digest + " ima-ng sha256:00 /x" + std::string(1, '\0') + "y\n",
        "10 " + digest + " ima-ng sha256:0g /x\n", "10 " + digest + " ima-ng sha256:00 /x y\n",
        "10 " + digest + " ima-sig sha256:00 /x 0g\n", "10 " + digest + " ima 00 /x\n",
        std::string("\n"), std::string()})
    EXPECT_FALSE(parse_ima_log(as_bytes(wrong))) << wrong;
  auto entries = good();
  for (const auto& [field, value] :
       std::vector<std::pair<std::size_t, std::string>>{{0, "sha256:"}, {0, "x"}, {1, "no zero"}}) {
    auto changed = entries;
    changed[1].fields[field] = to_buffer(as_bytes(value));
    EXPECT_EQ(parse_ima_log(write_ima_binary(changed)).error().code(), Errc::kMalformed) << value;
  }
  entries[0].pcr = 24;
  EXPECT_EQ(parse_ima_log(write_ima_binary(entries)).error().code(), Errc::kMalformed);
  entries[0].pcr = 10;
  entries[0].template_name = "evm-sig";
  EXPECT_EQ(parse_ima_log(write_ima_binary(entries)).error().code(), Errc::kUnsupported);
  EXPECT_FALSE(is_ima_log(as_bytes("10 words")));
  EXPECT_FALSE(is_ima_log({}));
}

TEST(Ima, HasItsLimits) {
  const ImaEntry one = stage::ima_entry("/x", as_bytes("x"));
  std::vector<ImaEntry> entries(kMaxImaEntries, one);
  EXPECT_TRUE(parse_ima_log(write_ima_binary(entries)));
  entries.push_back(one);
  EXPECT_EQ(parse_ima_log(write_ima_binary(entries)).error().code(), Errc::kLimit);
  ImaEntry large = stage::ima_entry("/x", as_bytes("x"));
  large.fields[1] = concat({Buffer(kMaxImaField - 8 - large.fields[0].size() - 1, 'x'), Buffer{0}});
  EXPECT_TRUE(parse_ima_log(write_ima_binary({large})));
  large.fields[1].insert(large.fields[1].begin(), 'x');
  EXPECT_FALSE(parse_ima_log(write_ima_binary({large})));
  EXPECT_EQ(parse_ima_log(Buffer(kMaxImaBytes + 1)).error().code(), Errc::kLimit);
}

TEST(Ima, AnEntryWhoseDigestIsNotOfItsDataIsFound) {
  auto entries = good();
  entries[2].fields[1][0] ^= 1U;
  EXPECT_EQ(wrong_digest(entries), 2U);
}

// Kernels before 5.8 extend every bank with the SHA-1, filled up.
TEST(Ima, ABeginningOfTheListIsShownByThePcr) {
  const auto entries = good();
  for (const std::uint16_t hash : {alg::kSha1, alg::kSha256, alg::kSha384}) {
    for (const bool own_hash : {true, false}) {
      for (std::size_t n = 1; n <= entries.size(); ++n) {
        const std::vector<ImaEntry> first(entries.begin(),
                                          entries.begin() + static_cast<std::ptrdiff_t>(n));
        const auto found = replay_ima(entries, hash, 10, replay_all(first, hash, own_hash));
        EXPECT_TRUE(found.matches);
        EXPECT_EQ(found.believed, n);
        EXPECT_EQ(found.sha1, hash == alg::kSha1 || !own_hash);
      }
    }
  }
  const auto none = replay_ima(entries, alg::kSha256, 10, Buffer(32, 1));
  EXPECT_FALSE(none.matches);
  EXPECT_EQ(none.believed, 0U);
  EXPECT_FALSE(replay_ima(entries, alg::kSha256, 11, Buffer(32)).matches) << "no entry of it";
}

}  // namespace
}  // namespace ward::tpm
