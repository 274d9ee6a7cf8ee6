#include <atomic>
#include <memory>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/tenants.h"
#include "store/memory/memory_store.h"
#include "test/broker/world.h"

namespace ward::server {
namespace {

using broker::test_support::World;
using testing::HasSubstr;

// CountingStore counts how often it is read.
class CountingStore final : public store::Store {
 public:
  explicit CountingStore(std::atomic<int>& reads) : reads_(reads) {}

  Result<void> transact(const Body& body) override { return below_->transact(body); }

  Result<void> read(const std::function<Result<void>(store::View&)>& body) override {
    ++reads_;
    return below_->read(body);
  }

  Result<std::uint64_t> revision() override { return below_->revision(); }

 private:
  std::unique_ptr<store::Store> below_ = store::make_memory_store();
  std::atomic<int>& reads_;
};

class NoTenants final : public TenantMaker {
 public:
  [[nodiscard]] Result<std::unique_ptr<ServedTenant>> make(const broker::Tenant&) const override {
    return Error(Errc::kInternal, "test: no tenant");
  }
};

class Endless final : public net::Source {
 public:
  std::optional<Buffer> more() override { return Buffer(); }
};

class TenantStreamsTest : public testing::Test {
 protected:
  std::optional<net::Stream> ask(const std::string& target, const std::string& accept) const {
    return tenants_.stream(
        {.method = "GET", .target = target, .headers = {{"Accept", accept}}, .body = {}});
  }

  std::atomic<int> reads_{0};
  World world_{std::make_unique<CountingStore>(reads_)};
  NoTenants maker_;
  Tenants tenants_{world_.service(),
                   {.answer = [](const protocol::HttpRequest&) { return protocol::HttpResponse(); },
                    .stream = [](const protocol::HttpRequest&) -> std::optional<net::Stream> {
                      return net::Stream{{.status = 200, .headers = {}, .body = {}},
                                         std::make_unique<Endless>()};
                    }},
                   maker_};
};

TEST_F(TenantStreamsTest, read_nothing_for_what_is_no_stream) {
  const int before = reads_;
  EXPECT_FALSE(ask("/t/acme/v1/resources", "text/event-stream"));
  EXPECT_FALSE(ask("/t/acme/v1/events", "application/json"));
  EXPECT_FALSE(ask("/t/acme/kbs/v0/auth", ""));
  EXPECT_EQ(reads_, before);
  EXPECT_FALSE(ask("/t/acme/v1/events?after=newest", "text/event-stream"));
  EXPECT_GT(reads_, before);
}

TEST_F(TenantStreamsTest, all_together_have_a_bounded_number_of_streams) {
  std::vector<net::Stream> open;
  for (std::size_t i = 0; i < kMaxStreamsOfAll; ++i) {
    auto one = ask("/v1/events", "text/event-stream");
    ASSERT_TRUE(one && one->source) << i;
    open.push_back(*std::move(one));
  }
  const auto refused = ask("/v1/events", "text/event-stream");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->source, nullptr);
  EXPECT_EQ(refused->begin.status, 429U);
  EXPECT_THAT(std::string(as_text(refused->begin.body)), HasSubstr("kbs.event.room"));
  open.pop_back();
  EXPECT_NE(ask("/v1/events", "text/event-stream")->source, nullptr);
}

}  // namespace
}  // namespace ward::server
