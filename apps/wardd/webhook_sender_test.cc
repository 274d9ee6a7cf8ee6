#include "apps/wardd/webhook_sender.h"

#include <chrono>
#include <future>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/signature.h"
#include "net/http/server.h"
#include "test/support/full_port.h"

namespace ward::wardd {
namespace {

crypto::PrivateKey key() { return *crypto::PrivateKey::from_ed25519_seed(Buffer(32, 7)); }

broker::Event event() {
  const ledger::Entry entry{{1700000000}, "release", "who", "a/b/c", {}};
  return {5, *ledger::encode_leaf(5, entry), entry};
}

Result<unsigned> send(const std::string& url, bool private_addresses) {
  const crypto::PrivateKey signing = key();
  Abort abort;
  net::Lookups lookups(1);
  return send_webhook({.key = signing,
                       .service = "wardd.test",
                       .lookups = lookups,
                       .private_addresses = private_addresses},
                      {.id = "i", .url = url, .kinds = {}, .ca = {}, .by = "a", .created = {}},
                      event(), {1700000000}, abort);
}

TEST(WebhookSender, signs_what_it_sends_as_the_standard_says) {
  std::string seen;
  unsigned status = 204;
  const auto server = net::serve_http({}, [&](const protocol::HttpRequest& request) {
    const std::string body(as_text(request.body));
    EXPECT_EQ(request.target, "/x?y");
    EXPECT_EQ(request.header("webhook-timestamp"), "1700000000");
    const std::string id(request.header("webhook-id").value_or(""));
    EXPECT_EQ(id, broker::event_id(event()));
    const std::string_view signature = request.header("webhook-signature").value_or("");
    EXPECT_TRUE(signature.starts_with("v1a,"));
    const auto octets = from_base64(signature.substr(4), Base64::kStandard);
    EXPECT_TRUE(octets);
    const std::string content = id + ".1700000000." + body;
    EXPECT_TRUE(octets && key().public_key().verify(crypto::SignatureAlgorithm::kEd25519,
                                                    as_bytes(content), *octets));
    seen = body;
    return protocol::HttpResponse{.status = status, .headers = {}, .body = {}};
  });
  ASSERT_TRUE(server);
  const std::string url = "http://127.0.0.1:" + std::to_string((*server)->port()) + "/x?y";
  const auto sent = send(url, true);
  ASSERT_TRUE(sent) << sent.error().what();
  EXPECT_EQ(*sent, 204U);
  EXPECT_TRUE(seen.starts_with(R"({"type":"release","timestamp":"2023-11-14T22:13:20Z",)"
                               R"("service":"wardd.test","data":{"index":5,)"))
      << seen;
  status = 302;
  EXPECT_EQ(*send(url, true), 302U);
  seen.clear();
  const auto refused = send(url, false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::kDenied);
  EXPECT_EQ(seen, "");
}

TEST(WebhookSender, connects_to_no_address_that_is_forbidden) {
  for (const char* url : {"https://169.254.169.254/", "https://[fe80::1]/", "https://0.0.0.0/",
                          "https://[::ffff:169.254.169.254]/", "https://224.0.0.1/"}) {
    const auto sent = send(url, true);
    ASSERT_FALSE(sent) << url;
    EXPECT_EQ(sent.error().code(), Errc::kDenied) << url;
  }
  for (const char* url : {"https://10.0.0.1/", "https://192.168.1.1/", "https://127.0.0.1/"}) {
    EXPECT_EQ(send(url, false).error().code(), Errc::kDenied) << url;
  }
}

TEST(WebhookSender, takes_no_reply_without_an_end) {
  const auto server = net::serve_http({}, [](const protocol::HttpRequest&) {
    return protocol::HttpResponse{
        .status = 200, .headers = {}, .body = Buffer(kMaxWebhookReply + 1, 'x')};
  });
  ASSERT_TRUE(server);
  const auto sent = send("http://127.0.0.1:" + std::to_string((*server)->port()), true);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code(), Errc::kLimit);
}

TEST(WebhookSender, ends_at_once_while_it_connects_to_one_of_many_addresses) {
  const test::FullPort full;
  const crypto::PrivateKey signing = key();
  std::promise<void> asked;
  net::Lookups lookups(1, [&](const std::string&, std::uint16_t) {
    std::vector<net::SocketAddress> many(12,
                                         net::addresses_of("127.0.0.1", full.number())->front());
    asked.set_value();
    return Result<std::vector<net::SocketAddress>>(std::move(many));
  });
  Abort abort;
  const auto begin = std::chrono::steady_clock::now();
  auto sent = std::async(std::launch::async, [&] {
    return send_webhook(
        {.key = signing, .service = "wardd.test", .lookups = lookups, .private_addresses = true},
        {.id = "i",
         .url = "https://many.example:" + std::to_string(full.number()),
         .kinds = {},
         .ca = {},
         .by = "a",
         .created = {}},
        event(), {1700000000}, abort);
  });
  asked.get_future().wait();
  abort.abort();
  EXPECT_FALSE(sent.get());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(kWebhookConnectMs));
}

TEST(Abort, ends_what_it_watches_and_what_comes_after) {
  int pair[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  Abort abort;
  abort.watch(pair[0]);
  abort.abort();
  char octet = 0;
  EXPECT_EQ(::read(pair[1], &octet, 1), 0);
  int later[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, later), 0);
  abort.watch(later[0]);
  EXPECT_EQ(::read(later[1], &octet, 1), 0);
  for (const int fd : {pair[0], pair[1], later[0], later[1]}) {
    EXPECT_EQ(::close(fd), 0);
  }
}

}  // namespace
}  // namespace ward::wardd
