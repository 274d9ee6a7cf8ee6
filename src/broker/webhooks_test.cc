#include "broker/webhooks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/records.h"
#include "test/broker/world.h"

namespace ward::broker {
namespace {

using test_support::administrator;
using test_support::kNow;
using test_support::leaves_of;
using test_support::World;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

UnixTime later(std::int64_t seconds) { return {kNow.seconds + seconds}; }

struct Read {
  const char* url;
  bool tls;
  const char* host;
  unsigned port;
  const char* target;
};

TEST(WebhookUrl, is_read_in_its_parts) {
  for (const Read& one : {
           Read{"https://a.example", true, "a.example", 443, "/"},
           Read{"https://a.example:8443/x/y?z=1", true, "a.example", 8443, "/x/y?z=1"},
           Read{"https://a.example?z", true, "a.example", 443, "/?z"},
           Read{"https://[2001:db8::1]:1/", true, "2001:db8::1", 1, "/"},
           Read{"http://127.0.0.1:80/x", false, "127.0.0.1", 80, "/x"},
           Read{"http://[::1]", false, "::1", 80, "/"},
           Read{"http://localhost", false, "localhost", 80, "/"},
       }) {
    const auto url = parse_webhook_url(one.url);
    ASSERT_TRUE(url) << one.url << " " << url.error().what();
    EXPECT_EQ(url->tls, one.tls) << one.url;
    EXPECT_EQ(url->host, one.host) << one.url;
    EXPECT_EQ(url->port, one.port) << one.url;
    EXPECT_EQ(url->target, one.target) << one.url;
  }
}

struct Wrong {
  const char* url;
  Errc want;
};

TEST(WebhookUrl, that_is_none_is_refused) {
  for (const Wrong& one : {
           Wrong{"", Errc::kUnsupported},
           Wrong{"ftp://a.example", Errc::kUnsupported},
           Wrong{"http://a.example", Errc::kUnsupported},
           Wrong{"http://10.0.0.1/", Errc::kUnsupported},
           Wrong{"https://", Errc::kMalformed},
           Wrong{"https://u@a.example", Errc::kMalformed},
           Wrong{"https://a.example#f", Errc::kMalformed},
           Wrong{"https://a.example/x y", Errc::kMalformed},
           Wrong{"https://a.example:0/", Errc::kMalformed},
           Wrong{"https://a.example:65536/", Errc::kMalformed},
           Wrong{"https://a.example:12x/", Errc::kMalformed},
           Wrong{"https://[::1", Errc::kMalformed},
           Wrong{"https://a\r\nb/", Errc::kMalformed},
       }) {
    const auto url = parse_webhook_url(one.url);
    ASSERT_FALSE(url) << one.url;
    EXPECT_EQ(url.error().code(), one.want) << one.url;
  }
  const std::string begin = "https://a.example/";
  EXPECT_TRUE(parse_webhook_url(begin + std::string(kMaxWebhookUrl - begin.size(), 'x')));
  EXPECT_EQ(
      parse_webhook_url(begin + std::string(kMaxWebhookUrl + 1 - begin.size(), 'x')).error().code(),
      Errc::kLimit);
}

TEST(RetryPause, doubles_up_to_an_hour) {
  EXPECT_EQ(retry_pause_s(1), 5);
  EXPECT_EQ(retry_pause_s(2), 10);
  EXPECT_EQ(retry_pause_s(10), 2560);
  EXPECT_EQ(retry_pause_s(11), 3600);
  EXPECT_EQ(retry_pause_s(4'000'000'000U), 3600);
}

class WebhooksTest : public testing::Test {
 protected:
  Webhook add(const Kinds& kinds = {}) {
    const auto made = webhooks_.add(administrator(),
                                    {.url = "https://a.example/x", .kinds = kinds, .ca = {}}, kNow);
    EXPECT_TRUE(made);
    return made ? *made : Webhook();
  }

  void write(const char* kind) {
    ASSERT_TRUE(world_.store().transact([&](store::Transaction& tx) {
      return record(tx, world_.keys(), {kNow, kind, "who", "a/b/c", {}});
    }));
  }

  // take claims the webhook and says which event is next; nullopt: none.
  std::optional<std::uint64_t> take(const Outbox& outbox, const Webhook& webhook,
                                    UnixTime now = kNow) {
    const auto claimed = outbox.claim(webhook.id, now);
    EXPECT_TRUE(claimed);
    if (!claimed || !*claimed) return std::nullopt;
    EXPECT_EQ((*claimed)->url, webhook.url);
    const auto event = outbox.next(**claimed, now);
    EXPECT_TRUE(event);
    if (!event || !*event) return std::nullopt;
    return (*event)->index;
  }

  WebhookState state() {
    const auto list = webhooks_.list(administrator(), kNow);
    EXPECT_TRUE(list && !list->empty());
    return list && !list->empty() ? list->front().state : WebhookState();
  }

  World world_;
  Webhooks webhooks_{world_.service()};
  Outbox one_{world_.service(), "one"};
  Outbox two_{world_.service(), "two"};
};

TEST_F(WebhooksTest, get_what_they_asked_for_in_order) {
  write("release");
  const Webhook webhook = add({"release", "policy"});  // leaf 1 is its own
  write("release");
  write("refusal");
  write("policy.set");
  EXPECT_THAT(*one_.due(kNow), ElementsAre(webhook.id));
  EXPECT_EQ(take(one_, webhook), 2U);
  ASSERT_TRUE(one_.delivered(webhook.id, 2, kNow));
  EXPECT_EQ((*one_.next(webhook, kNow))->index, 4U);
  EXPECT_EQ((*one_.next(webhook, kNow))->index, 4U);  // at least once
  ASSERT_TRUE(one_.delivered(webhook.id, 4, later(7)));
  EXPECT_FALSE(*one_.next(webhook, kNow));
  ASSERT_TRUE(one_.release(webhook.id));
  EXPECT_THAT(*one_.due(kNow), IsEmpty());
  EXPECT_EQ(state().delivered, 4U);
  EXPECT_EQ(state().delivered_at, later(7));
}

TEST_F(WebhooksTest, are_delivered_to_by_one_replica_at_a_time) {
  const Webhook webhook = add();
  EXPECT_EQ(take(one_, webhook), 0U);
  EXPECT_THAT(*two_.due(kNow), IsEmpty());
  EXPECT_FALSE(*two_.claim(webhook.id, kNow));
  EXPECT_EQ(two_.delivered(webhook.id, 0, kNow).error().code(), Errc::kDenied);
  // The one is gone; the other goes on where it was.
  const UnixTime over = later(kDeliveryHold_s);
  EXPECT_EQ(take(two_, webhook, over), 0U);
  EXPECT_EQ(one_.delivered(webhook.id, 0, over).error().code(), Errc::kDenied);
  EXPECT_EQ(one_.failed(webhook.id, "x", over).error().code(), Errc::kDenied);
  ASSERT_TRUE(two_.delivered(webhook.id, 0, over));
  EXPECT_EQ(state().delivered, 0U);
}

TEST_F(WebhooksTest, that_fail_are_tried_again_after_a_pause) {
  const Webhook webhook = add();
  EXPECT_EQ(take(one_, webhook), 0U);
  ASSERT_TRUE(one_.failed(webhook.id, "nobody there", kNow));
  EXPECT_EQ(state().error, "nobody there");
  EXPECT_EQ(state().failures, 1U);
  EXPECT_THAT(*one_.due(later(4)), IsEmpty());
  EXPECT_EQ(take(two_, webhook, later(5)), 0U);
  ASSERT_TRUE(two_.delivered(webhook.id, 0, later(5)));
  EXPECT_EQ(state().failures, 0U);
  EXPECT_EQ(state().error, "");
}

TEST_F(WebhooksTest, a_test_goes_to_the_one_at_once) {
  const Webhook webhook = add({"release"});
  const Webhook other = add();
  EXPECT_EQ(take(one_, webhook), std::nullopt);
  EXPECT_EQ(take(one_, other), 1U);
  ASSERT_TRUE(one_.failed(other.id, "x", kNow));
  ASSERT_TRUE(one_.release(webhook.id));
  const auto index = webhooks_.test(administrator(), webhook.id, kNow);
  ASSERT_TRUE(index);
  EXPECT_EQ(*index, 2U);
  EXPECT_EQ(take(one_, webhook), 2U);
  ASSERT_TRUE(one_.release(webhook.id));
  // To the other it does not go; and a test of his does not wait for his pause.
  ASSERT_TRUE(webhooks_.test(administrator(), other.id, kNow));
  EXPECT_EQ(take(one_, other), 1U);
  ASSERT_TRUE(one_.delivered(other.id, 1, kNow));
  EXPECT_EQ((*one_.next(other, kNow))->index, 3U);
}

TEST_F(WebhooksTest, a_wrong_clock_silences_none_for_long) {
  const Webhook webhook = add();
  constexpr std::int64_t kYear_s = std::int64_t{365} * 86400;
  ASSERT_TRUE(*one_.claim(webhook.id, later(kYear_s)));
  ASSERT_TRUE(one_.failed(webhook.id, "no", later(kYear_s)));
  EXPECT_EQ(one_.due(kNow)->size(), 1U);
  // A hold too; by a clock that is a little ahead it counts.
  ASSERT_TRUE(*one_.claim(webhook.id, later(kYear_s + 3600)));
  EXPECT_EQ(two_.due(kNow)->size(), 1U);
  ASSERT_TRUE(*two_.claim(webhook.id, later(30)));
  EXPECT_THAT(*one_.due(kNow), IsEmpty());
  EXPECT_EQ(one_.due(later(30 + kDeliveryHold_s))->size(), 1U);
}

TEST_F(WebhooksTest, are_an_administrators_alone_and_bounded) {
  const Actor owner{.name = "h", .role = Role::kOwner, .repositories = {"hospital"}};
  const Actor auditor{.name = "a", .role = Role::kAuditor, .repositories = {}};
  for (const Actor& actor : {owner, auditor}) {
    EXPECT_EQ(webhooks_.list(actor, kNow).error().status, 403U);
    EXPECT_EQ(webhooks_.add(actor, {"https://a.example", {}, {}}, kNow).error().status, 403U);
    EXPECT_EQ(webhooks_.remove(actor, "0123456789abcdef", kNow).error().status, 403U);
    EXPECT_EQ(webhooks_.test(actor, "0123456789abcdef", kNow).error().status, 403U);
  }
  EXPECT_THAT(webhooks_.add(administrator(), {"http://a.example", {}, {}}, kNow).error().checks,
              ElementsAre("kbs.webhook.url"));
  EXPECT_EQ(webhooks_
                .add(administrator(),
                     {"https://a.example", {}, std::string(kMaxWebhookCa + 1, 'x')}, kNow)
                .error()
                .status,
            400U);
  for (std::size_t i = 0; i < kMaxWebhooks; ++i) {
    EXPECT_EQ(add().id.size(), 16U);
  }
  EXPECT_THAT(webhooks_.add(administrator(), {"https://a.example", {}, {}}, kNow).error().checks,
              ElementsAre("kbs.webhook.room"));
}

TEST_F(WebhooksTest, that_are_removed_get_nothing_more) {
  const Webhook webhook = add();
  EXPECT_EQ(take(one_, webhook), 0U);
  ASSERT_TRUE(webhooks_.remove(administrator(), webhook.id, kNow));
  EXPECT_EQ(one_.delivered(webhook.id, 0, kNow).error().code(), Errc::kDenied);
  EXPECT_THAT(*one_.due(kNow), IsEmpty());
  EXPECT_EQ(webhooks_.remove(administrator(), webhook.id, kNow).error().status, 404U);
  EXPECT_EQ(webhooks_.test(administrator(), webhook.id, kNow).error().status, 404U);
  EXPECT_EQ(webhooks_.remove(administrator(), "../x", kNow).error().status, 404U);
  std::vector<std::string> kinds;
  for (const ledger::Leaf& leaf : leaves_of(world_)) {
    kinds.push_back(leaf.entry.kind);
    EXPECT_EQ(leaf.entry.subject, webhook.id);
  }
  EXPECT_THAT(kinds, ElementsAre("webhook.add", "webhook.remove"));
}

}  // namespace
}  // namespace ward::broker
