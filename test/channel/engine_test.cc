#include "net/tls/engine.h"

#include "test/channel/ends_fixture.h"

namespace ward::channel_fixture {
namespace {

struct Shaken {
  Shaken()
      : client(TlsSide::kClient, bed().client, bed().client_context),
        server(TlsSide::kServer, bed().server, bed().server_context) {
    shake_hands(client, server);
  }

  End client;
  End server;
};

TEST(TlsEngine, both_ends_know_protocol_keys_and_exporter) {
  Shaken s;
  ASSERT_TRUE(s.client.shaken && s.server.shaken);
  EXPECT_EQ(s.client.tls->protocol(), "ward-channel/1");
  EXPECT_EQ(s.server.tls->protocol(), "ward-channel/1");
  EXPECT_EQ(s.client.tls->peer_spki_sha256(), bed().server.digest);
  EXPECT_EQ(s.server.tls->peer_spki_sha256(), bed().client.digest);
  const auto exported = [](const End& end, std::string_view context) {
    return *end.tls->exporter(channel::kExporterLabel, as_bytes(context), 32);
  };
  EXPECT_EQ(exported(s.client, "a"), exported(s.server, "a"));
  EXPECT_NE(exported(s.client, "a"), exported(s.server, "b"));
  const Shaken other;
  EXPECT_NE(exported(s.client, "a"), exported(other.client, "a"));
}

TEST(TlsEngine, octets_pass_and_the_end_is_seen) {
  Shaken s;
  ASSERT_TRUE(s.client.tls->write(as_bytes("hello")));
  carry(s.client, s.server);
  EXPECT_EQ(as_text(s.server.read()), "hello");
  EXPECT_FALSE(s.server.tls->ended());
  s.client.tls->close();
  carry(s.client, s.server);
  EXPECT_TRUE(s.server.read().empty());
  EXPECT_TRUE(s.server.tls->ended());
}

TEST(TlsEngine, an_altered_record_is_an_error_for_good) {
  Shaken s;
  ASSERT_TRUE(s.client.tls->write(as_bytes("hello")));
  carry(s.client, s.server, [](Buffer& octets) { octets.back() ^= 1U; });
  std::array<std::uint8_t, 16> block{};
  for (int again = 0; again < 2; ++again) {
    const auto read = s.server.tls->read(block);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code(), Errc::kMalformed);
  }
  EXPECT_FALSE(s.server.tls->write(as_bytes("x")));
}

TEST(TlsEngine, what_is_no_tls_is_an_error) {
  End server(TlsSide::kServer, bed().server, bed().server_context);
  server.tls->receive(as_bytes("GET / HTTP/1.1\r\n\r\n"));
  const auto done = server.tls->handshake();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Errc::kMalformed);
}

TEST(TlsEngine, there_is_no_exporter_before_the_handshake) {
  const End server(TlsSide::kServer, bed().server, bed().server_context);
  const auto none = server.tls->exporter(channel::kExporterLabel, {}, 32);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), Errc::kUnavailable);
  const Shaken s;
  EXPECT_EQ(s.client.tls->exporter("x", {}, 256).error().code(), Errc::kLimit);
}

TEST(TlsEngine, a_key_must_fit_its_certificate) {
  const auto other =
      net::channel_context(TlsSide::kServer, bed().server.certificate, bed().client.key);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), Errc::kUntrusted);
  const auto none = net::channel_context(TlsSide::kServer, as_bytes("no DER"), bed().client.key);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), Errc::kMalformed);
}

}  // namespace
}  // namespace ward::channel_fixture
