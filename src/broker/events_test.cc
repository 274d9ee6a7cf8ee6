#include "broker/events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/records.h"
#include "ledger/ledger.h"
#include "test/broker/world.h"

namespace ward::broker {
namespace {

using test_support::administrator;
using test_support::kNow;
using test_support::World;
using testing::ElementsAre;
using testing::IsEmpty;

const Actor kOwner{.name = "h", .role = Role::kOwner, .repositories = {"hospital"}};
const Actor kAuditor{.name = "a", .role = Role::kAuditor, .repositories = {}};
const Actor kVerifierOwner{.name = "v", .role = Role::kVerifierOwner, .repositories = {}};

TEST(Kinds, are_words_with_a_comma_between) {
  EXPECT_THAT(*parse_kinds("release,policy.set"), ElementsAre("release", "policy.set"));
  EXPECT_THAT(*parse_kinds(""), IsEmpty());
  for (const char* wrong : {",", "a,", ",a", "a,,b", "A", "a b", "a/b"}) {
    EXPECT_FALSE(parse_kinds(wrong)) << wrong;
  }
  std::string many = "k";
  for (std::size_t i = 1; i < kMaxEventKinds; ++i)
    many += ",k";
  EXPECT_TRUE(parse_kinds(many));
  EXPECT_FALSE(parse_kinds(many + ",k"));
  EXPECT_TRUE(parse_kinds(std::string(ledger::kMaxKindBytes, 'a')));
  EXPECT_FALSE(parse_kinds(std::string(ledger::kMaxKindBytes + 1, 'a')));
}

TEST(Kinds, name_a_kind_whole_or_by_its_first_word) {
  EXPECT_TRUE(names({}, "release"));
  EXPECT_TRUE(names({"policy"}, "policy.set"));
  EXPECT_TRUE(names({"policy.set"}, "policy.set"));
  EXPECT_FALSE(names({"policy.set"}, "policy.rollback"));
  EXPECT_FALSE(names({"pol"}, "policy.set"));
  EXPECT_FALSE(names({"release"}, "refusal"));
}

struct About {
  const char* kind;
  const char* subject;
  const char* repository;
};

TEST(Events, tell_which_repository_they_are_about) {
  for (const About& one : {
           About{"release", "hospital/key/records", "hospital"},
           About{"refusal", "hospital/key/records", "hospital"},
           About{"policy.set", "results/hospital", "hospital"},
           About{"policy.set", "evidence", ""},
           About{"refusal", "results/hospital", ""},
           About{"refusal", "policy results/hospital", ""},
           About{"refusal", "replay results/a/b", ""},
           About{"attestation", "sgx", ""},
           About{"release", "a/b/c/d", ""},
           About{"release", "", ""},
           About{"resource.put", "hospital/key/records", "hospital"},
           About{"resource.delete", "hospital/key/records", "hospital"},
           About{"lease.revoke", "hospital/key/records", "hospital"},
           About{"expiry.resource", "hospital/key/records", "hospital"},
           About{"expiry.lease", "hospital/key/records", "hospital"},
           About{"policy.rollback", "results/hospital", "hospital"},
           About{"policy.set", "hospital/key/records", ""},
           About{"refval.set", "hospital/fw/v1", ""},
           About{"expiry.refval", "hospital/fw/v1", ""},
           About{"expiry.damaged", "hospital/key/records", ""},
           About{"incident.open", "hospital/key/records", ""},
           About{"webhook.add", "hospital/key/records", ""},
           About{"refusal.more", "hospital/key/records", ""},
       }) {
    EXPECT_EQ(repository_told({kNow, one.kind, "", one.subject, {}}), one.repository)
        << one.kind << " " << one.subject;
  }
}

class EventsTest : public testing::Test {
 protected:
  void write(const char* kind, const char* subject, std::int64_t after_s = 0) {
    ASSERT_TRUE(world_.store().transact([&](store::Transaction& tx) {
      return record(tx, world_.keys(), {{kNow.seconds + after_s}, kind, "who", subject, {}});
    }));
  }

  std::vector<std::uint64_t> read(const Actor& actor, std::uint64_t from, const Kinds& kinds = {},
                                  std::size_t limit = 100) {
    const auto page = events_.read(actor, from, kinds, limit);
    EXPECT_TRUE(page);
    std::vector<std::uint64_t> out;
    if (!page) return out;
    for (const Event& event : page->events) {
      EXPECT_TRUE(event_id(event).starts_with("evt_" + std::to_string(event.index) + "_"));
      out.push_back(event.index);
    }
    next_ = page->next;
    more_ = page->more;
    return out;
  }

  std::uint64_t begin(const EventPlace& place) {
    const auto from = events_.begin(administrator(), place, kNow);
    EXPECT_TRUE(from);
    return from ? *from : ~std::uint64_t{0};
  }

  World world_;
  Events events_{world_.service()};
  std::uint64_t next_ = 0;
  bool more_ = false;
};

TEST_F(EventsTest, are_the_leaves_in_their_order) {
  EXPECT_THAT(read(administrator(), 0), IsEmpty());
  EXPECT_EQ(next_, 0U);
  write("release", "hospital/key/records");
  write("policy.set", "results/vendor");
  write("refusal", "vendor/key/x");
  write("policy.set", "evidence");
  EXPECT_THAT(read(administrator(), 0), ElementsAre(0, 1, 2, 3));
  EXPECT_FALSE(more_);
  EXPECT_THAT(read(kAuditor, 1, {}, 2), ElementsAre(1, 2));
  EXPECT_TRUE(more_);
  EXPECT_EQ(next_, 3U);
  EXPECT_THAT(read(kAuditor, next_), ElementsAre(3));
  EXPECT_THAT(read(kAuditor, 0, {"policy", "refusal"}), ElementsAre(1, 2, 3));
  EXPECT_THAT(read(kAuditor, 9), IsEmpty());
}

TEST_F(EventsTest, an_owner_sees_those_of_his_repositories) {
  write("release", "hospital/key/records");
  write("release", "vendor/key/records");
  write("policy.set", "results/hospital");
  write("policy.set", "evidence");
  write("attestation", "sgx");
  EXPECT_THAT(read(kOwner, 0), ElementsAre(0, 2));
  EXPECT_EQ(next_, 5U);
}

TEST_F(EventsTest, whoever_has_no_business_with_them_is_refused_and_that_is_recorded) {
  const auto refused = events_.begin(kVerifierOwner, {}, kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, 403U);
  EXPECT_THAT(refused.error().checks, ElementsAre("kbs.admin.role"));
  EXPECT_THAT(read(administrator(), 0, {"refusal"}), ElementsAre(0));
}

TEST_F(EventsTest, one_answer_looks_at_a_bounded_number_of_leaves) {
  for (std::size_t i = 0; i < kMaxEventsScanned + 1; ++i)
    write("attestation", "sgx");
  EXPECT_THAT(read(administrator(), 0, {"release"}), IsEmpty());
  EXPECT_EQ(next_, kMaxEventsScanned);
  EXPECT_TRUE(more_);
}

TEST_F(EventsTest, begin_where_the_reader_says) {
  using At = EventPlace::At;
  EXPECT_EQ(begin({.at = At::kNewest, .since = {}}), 0U);
  for (std::int64_t i = 0; i < 5; ++i)
    write("release", "a/b/c", 10 * i);
  EXPECT_EQ(begin({}), 0U);
  EXPECT_EQ(begin({.at = At::kNewest, .since = {}}), 5U);
  EXPECT_EQ(begin({.at = At::kBehind, .index = 0, .since = {}}), 1U);
  EXPECT_EQ(begin({.at = At::kBehind, .index = 4, .since = {}}), 5U);
  EXPECT_EQ(begin({.at = At::kBehind, .index = 99, .since = {}}), 5U);
  EXPECT_EQ(begin({.at = At::kSince, .since = {kNow.seconds - 1}}), 0U);
  EXPECT_EQ(begin({.at = At::kSince, .since = {kNow.seconds + 11}}), 2U);
  EXPECT_EQ(begin({.at = At::kSince, .since = {kNow.seconds + 20}}), 2U);
  EXPECT_EQ(begin({.at = At::kSince, .since = {kNow.seconds + 99}}), 5U);
}

}  // namespace
}  // namespace ward::broker
