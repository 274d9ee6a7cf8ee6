#include "tee/sev/launch.h"

#include <gtest/gtest.h>

#include "base/writer.h"
#include "tee/sev/certificate.h"
#include "tee/sev/made/firmware.h"
#include "tee/sev/made/stage.h"
#include "tee/sev/session.h"
#include "test/support/vectors.h"

namespace ward::sev {
namespace {

constexpr std::uint32_t kPolicy = 0x1600000f;

// The numbers are those of the crate `sev` 8.0.0 (src/session), for keys, nonce and IV of zeros.
TEST(SevSession, DerivesAndWrapsAsThePeerDoes) {
  const Buffer zero(16);
  EXPECT_EQ(to_hex(derive(zero, "sev-master-secret", zero).expose()),
            "ab4d269fcc62bedb4511d56c386ce706");
  const Session session = wrap({}, zero, {}, 0);
  EXPECT_EQ(to_hex(session.wrap_tk),
            "2137bc7f9bb8bd7c3e55a576a15d3454b3856b8ba27afadf46dcfee9f02c02c4");
  EXPECT_EQ(to_hex(session.wrap_mac),
            "3176c0752738bd9d5e8668953402"
            "0f528c088f16238826b000b327dee6aeed7d");
  EXPECT_EQ(to_hex(session.policy_mac),
            "aa7855e13839dd767cd5da7c1ff5036540c9264b7a803029315e55375287b4af");
}

TEST(SevSession, TheFirmwareUnwrapsWhatTheOwnerWrapped) {
  for (const made::Face& face : made::kFaces) {
    const made::Stage s = made::good_stage(face);
    crypto::SeededRng rng(as_bytes("session"));
    const auto launch = start_session(s.pdh_key.public_key(), kPolicy, rng);
    ASSERT_TRUE(launch);
    const Buffer session = write_session(launch->session);
    ASSERT_EQ(session.size(), kSessionSize);
    const auto keys = made::start(s.pdh_key, launch->godh, session, kPolicy);
    ASSERT_TRUE(keys) << keys.error().what();
    EXPECT_TRUE(ct_equal(keys->tek.expose(), launch->keys.tek.expose()));
    EXPECT_TRUE(ct_equal(keys->tik.expose(), launch->keys.tik.expose()));
    EXPECT_FALSE(made::start(s.pdh_key, launch->godh, session, kPolicy ^ 1U));
    EXPECT_FALSE(made::start(s.pek_key, launch->godh, session, kPolicy));
    for (std::size_t i = 0; i < session.size(); ++i) {
      Buffer changed = session;
      changed[i] ^= 1U;
      EXPECT_FALSE(made::start(s.pdh_key, launch->godh, changed, kPolicy)) << i;
    }
  }
}

TEST(SevSession, IsReadAtItsLengthAlone) {
  const Buffer octets(kSessionSize);
  EXPECT_TRUE(parse_session(octets));
  EXPECT_EQ(parse_session(Bytes(octets).first(127)).error().code(), Errc::kTruncated);
  EXPECT_EQ(parse_session(Buffer(129)).error().code(), Errc::kMalformed);
}

TEST(SevSession, WantsAKeyOnACurveOfTheirs) {
  crypto::SeededRng rng(as_bytes("x"));
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::kP521, rng);
  const auto launch = start_session(key->public_key(), 0, rng);
  ASSERT_FALSE(launch);
  EXPECT_EQ(launch.error().code(), Errc::kUnsupported);
}

TEST(SevSession, TheMeasurementCoversEveryFact) {
  const Secret<kKeySize> tik;
  const auto good = measurement(tik.expose(), {});
  Measured m;
  m.firmware.api_major = 1;
  EXPECT_NE(measurement(tik.expose(), m), good);
  m = {};
  m.firmware.api_minor = 1;
  EXPECT_NE(measurement(tik.expose(), m), good);
  m = {};
  m.firmware.build = 1;
  EXPECT_NE(measurement(tik.expose(), m), good);
  m = {};
  m.policy = 1;
  EXPECT_NE(measurement(tik.expose(), m), good);
  m = {};
  m.launch_digest[31] = 1;
  EXPECT_NE(measurement(tik.expose(), m), good);
  m = {};
  m.mnonce[15] = 1;
  EXPECT_NE(measurement(tik.expose(), m), good);
}

TEST(SevSecret, TheFirmwareOpensWhatWasPackedForThisMeasurementAlone) {
  crypto::SeededRng rng(as_bytes("secret"));
  const TransportKeys keys{.tek = crypto::random_secret<16>(rng),
                           .tik = crypto::random_secret<16>(rng)};
  const auto measure = crypto::random_array<32>(rng);
  const auto iv = crypto::random_array<16>(rng);
  const Buffer secret(48, 7);
  const auto packet = pack_secret(keys, measure, secret, iv);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->header.size(), kPacketHeaderSize);
  EXPECT_EQ(packet->data.size(), secret.size());
  const auto opened = made::inject(keys, measure, *packet);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(ct_equal(opened->expose(), secret));
  auto other = measure;
  other[0] ^= 1U;
  EXPECT_FALSE(made::inject(keys, other, *packet));
  Packet changed = *packet;
  changed.data[0] ^= 1U;
  EXPECT_FALSE(made::inject(keys, measure, changed));
  changed = *packet;
  changed.header[4] ^= 1U;
  EXPECT_FALSE(made::inject(keys, measure, changed));
}

TEST(SevSecret, HasASizeThatTheFirmwareTakes) {
  const TransportKeys keys;
  const std::array<std::uint8_t, 32> measure{};
  const std::array<std::uint8_t, 16> iv{};
  const auto code = [&](std::size_t size) {
    const auto packet = pack_secret(keys, measure, Buffer(size), iv);
    return packet ? Errc::kInternal : packet.error().code();
  };
  EXPECT_EQ(code(0), Errc::kMalformed);
  EXPECT_EQ(code(15), Errc::kMalformed);
  EXPECT_EQ(code(kMaxSecret), Errc::kInternal);
  EXPECT_EQ(code(kMaxSecret + 16), Errc::kLimit);
}

// The layout of drivers/virt/coco/efi_secret: header GUID and length of all, then entries.
TEST(SevSecret, TheTableIsAsTheGuestReadsIt) {
  std::vector<SecretEntry> entries(2);
  entries[0].guid = *parse_guid("736869e5-84f0-4973-92ec-06879ce3da0b");
  entries[0].data = SecretBytes::copy_of(as_bytes("passphrase"));
  entries[1].guid = *parse_guid("e6f5a162-d67f-4750-a67c-5d065f2a9910");
  entries[1].data = SecretBytes::copy_of(as_bytes("x"));
  const auto table = secret_table(entries);
  ASSERT_TRUE(table);
  EXPECT_EQ(to_hex(table->expose()),
            "42f5741edd71664d963eef4287ff173b"
            "47000000"
            "e5696873f084734992ec06879ce3da0b"
            "1e000000"
            "70617373706872617365"
            "62a1f5e67fd65047a67c5d065f2a9910"
            "15000000"
            "78"
            "000000000000000000");
  entries[1].guid = entries[0].guid;
  EXPECT_EQ(secret_table(entries).error().code(), Errc::kMalformed);
  EXPECT_EQ(secret_table({}).error().code(), Errc::kMalformed);
  std::vector<SecretEntry> large(1);
  large[0].data = SecretBytes(kMaxSecret - 40);
  EXPECT_EQ(secret_table(large)->size(), kMaxSecret);
  large[0].data = SecretBytes(kMaxSecret - 39);
  EXPECT_EQ(secret_table(large).error().code(), Errc::kLimit);
  large[0].data = SecretBytes(kMaxSecret + 1);
  EXPECT_EQ(secret_table(large).error().code(), Errc::kLimit);
}

// The value of one line of what the peer printed.
Buffer peers(const std::string& name) {
  const std::string all =
      test::read_text(test::source_dir() / "tee/sev/testdata/peer/crate_sev.txt");
  const std::size_t at = all.find(name + " ");
  const std::size_t begin = at + name.size() + 1;
  return from_hex(std::string_view(all).substr(begin, all.find('\n', at) - begin))
      .value_or(Buffer());
}

// testdata/peer/SOURCE.md says how the peer made it.
TEST(SevPeer, WhatTheCrateWrappedAndPackedIsOpened) {
  const made::Stage s = made::good_stage(made::kFaces[1]);
  Buffer godh = peers("godh");
  ASSERT_EQ(godh.size(), kCertificateSize);
  std::fill(godh.begin() + certificate::Pubkey::kBegin + 4 + kEcdsaSize,
            godh.begin() + certificate::Pubkey::kEnd, std::uint8_t{0});
  const auto keys = made::start(s.pdh_key, godh, peers("session"), kPolicy);
  ASSERT_TRUE(keys) << keys.error().what();
  EXPECT_TRUE(ct_equal(keys->tek.expose(), peers("tek")));
  EXPECT_TRUE(ct_equal(keys->tik.expose(), peers("tik")));
  Measured launched{.firmware = {1, 55, 8}, .policy = kPolicy};
  launched.launch_digest.fill(0xab);
  launched.mnonce.fill(0x17);
  const auto measure = measurement(keys->tik.expose(), launched);
  EXPECT_EQ(to_buffer(measure), peers("measure"));
  const auto secret = made::inject(*keys, measure, {peers("packet_header"), peers("packet_data")});
  ASSERT_TRUE(secret) << secret.error().what();
  EXPECT_TRUE(ct_equal(secret->expose(), Buffer(48, 0x42)));
}

TEST(SevGuid, IsReadStrictly) {
  EXPECT_EQ(to_hex(*parse_guid("00112233-4455-6677-8899-aabbccddeeff")),
            "33221100554477668899aabbccddeeff");
  for (const char* wrong :
       {"", "00112233-4455-6677-8899-aabbccddeef", "00112233-4455-6677-8899-aabbccddeeff0",
        "00112233x4455-6677-8899-aabbccddeeff", "0011223g-4455-6677-8899-aabbccddeeff",
        "-0112233-4455-6677-8899-aabbccddeeff"}) {
    EXPECT_FALSE(parse_guid(wrong)) << wrong;
  }
}

void put_entry(Writer& w, const char* guid, Bytes data) {
  w.bytes(data);
  w.u16le(static_cast<std::uint16_t>(data.size() + 18));
  w.bytes(*parse_guid(guid));
}

// An image as of OVMF: a table at its end that says where the hashes go, and where processors
// begin.
Buffer image(bool hashes = true, bool reset = true) {
  Writer table;
  Writer area;
  area.u32le(0x808c00);
  area.u32le(0x400);
  if (hashes) put_entry(table, "7255371f-3a3b-4b04-927b-1da6efa8d454", area.view());
  Writer eip;
  eip.u32le(0x80b004);
  if (reset) put_entry(table, "00f771de-1a7e-4fcb-890e-68c77e2fb44e", eip.view());
  const auto size = static_cast<std::uint16_t>(table.size() + 18);
  table.u16le(size);
  table.bytes(*parse_guid("96b582de-1fb2-45f7-baea-a366c55a082d"));
  Buffer out(4096 - 32 - table.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::uint8_t>(i);
  }
  out.insert(out.end(), table.view().begin(), table.view().end());
  out.resize(4096);
  return out;
}

// The numbers are those of sev-snp-measure 0.0.12 for the same image (modes sev and seves, CPU
// EPYC-v4, kernel "kernel", initrd "initrd").
TEST(SevLaunch, TheDigestIsThePeers) {
  constexpr std::uint32_t kEpyc = 0x800f12;
  const Buffer firmware = image();
  const auto digest = [&](const std::optional<KernelHashes>& hashes, std::size_t processors) {
    std::vector<Buffer> pages;
    if (processors != 0) pages = *vmsa_pages(firmware, processors, kEpyc);
    return to_hex(launch_digest(firmware, hashes, pages));
  };
  const KernelHashes all{.kernel = crypto::sha256(as_bytes("kernel")),
                         .initrd = crypto::sha256(as_bytes("initrd")),
                         .cmdline = cmdline_hash("console=ttyS0")};
  const KernelHashes kernel{.kernel = crypto::sha256(as_bytes("kernel")),
                            .initrd = crypto::sha256(Bytes()),
                            .cmdline = cmdline_hash("")};
  EXPECT_EQ(digest(std::nullopt, 0),
            "8d2f2582f56c51b184fb8b000e13bf07b2328a11e333f8a3676d2aa4f7ffc8d0");
  EXPECT_EQ(digest(all, 0), "a02f85c33c070e989b8d6b77266f16e5bc936b458706b6a43e0b82110d661139");
  EXPECT_EQ(digest(kernel, 0), "2222c85d8ce325e7736abbeb2edeee0b9244ddda0f12bdf0bd48e36820c856af");
  EXPECT_EQ(digest(std::nullopt, 1),
            "2574597815f11e7ee63ffcd4134135060f8a370465ae7b757c6da329e4c56cc1");
  EXPECT_EQ(digest(all, 4), "c719a6cd5fe73c76f38aeb84284a66ab948aef55ff6f5d543490dfc364a9bdea");
}

TEST(SevLaunch, FirmwareThatHasNoPlaceForAKernelIsTold) {
  EXPECT_TRUE(takes_kernel_hashes(image()));
  EXPECT_FALSE(takes_kernel_hashes(image(false)));
  EXPECT_FALSE(takes_kernel_hashes(Buffer(4096)));
  const Buffer whole = image();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    EXPECT_FALSE(takes_kernel_hashes(Bytes(whole).first(n))) << n;
  }
}

TEST(SevLaunch, ProcessorsHaveALimitAndAResetVector) {
  EXPECT_EQ(vmsa_pages(image(), 0, 0).error().code(), Errc::kMalformed);
  EXPECT_EQ(vmsa_pages(image(), kMaxProcessors, 0)->size(), kMaxProcessors);
  EXPECT_EQ(vmsa_pages(image(), kMaxProcessors + 1, 0).error().code(), Errc::kLimit);
  EXPECT_TRUE(vmsa_pages(image(true, false), 1, 0));
  EXPECT_EQ(vmsa_pages(image(true, false), 2, 0).error().code(), Errc::kUnsupported);
}

}  // namespace
}  // namespace ward::sev
