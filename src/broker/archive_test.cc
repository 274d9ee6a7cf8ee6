#include "broker/archive.h"

#include <algorithm>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/reader.h"
#include "crypto/digest.h"
#include "store/memory/memory_store.h"
#include "test/broker/attester.h"
#include "test/broker/world.h"

namespace ward::broker {
namespace {

using test_support::attested;
using test_support::Attester;
using test_support::kNow;
using test_support::message;
using test_support::open_session;
using test_support::World;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> ids(const World& world) {
  std::vector<std::string> out;
  EXPECT_TRUE(world.store().read([&](store::View& view) -> Result<void> {
    WARD_TRY(out, list_archived(view, "", 1000));
    return {};
  }));
  return out;
}

ArchivedAppraisal load(const World& world, const std::string& id) {
  std::optional<ArchivedAppraisal> out;
  EXPECT_TRUE(world.store().read([&](store::View& view) -> Result<void> {
    WARD_TRY(out, load_archived(view, world.service(), id));
    return {};
  }));
  EXPECT_TRUE(out);
  return out.value_or(ArchivedAppraisal{});
}

ArchivedAppraisal record_at(UnixTime time, std::uint8_t nonce) {
  return {.id = archive_id(time, Buffer{nonce}),
          .time = time,
          .tee = "sgx",
          .primary_evidence = R"({"report_data":"00"})",
          .additional_evidence = "",
          .binding = Buffer(48, 7),
          .device_binding = Buffer(48, 8),
          .init_data_digest = {},
          .collateral = "",
          .policy = "",
          .policy_version = 1,
          .verdict = "accepted",
          .failed = {}};
}

void put(const World& world, const Retention& retention, const ArchivedAppraisal& record) {
  Service service{world.store(), world.verifier, world.keys(), world.service().rng,
                  Options{.name = "wardd.test", .retention = retention}};
  EXPECT_TRUE(world.store().transact([&](store::Transaction& tx) -> Result<void> {
    WARD_CHECK_OK(archive(tx, service, record));
    return {};
  }));
}

TEST(Archive, HoldsWhatCameAndWhatWasSaidOfIt) {
  const World world;
  world.set_up();
  const Attester attester;
  const Broker broker(world.service());
  EXPECT_FALSE(attested(broker, attester, kNow).empty());
  ASSERT_EQ(ids(world).size(), 1U);
  const ArchivedAppraisal one = load(world, ids(world)[0]);
  EXPECT_EQ(one.time, kNow);
  EXPECT_EQ(one.tee, "sgx");
  EXPECT_EQ(one.verdict, "accepted");
  EXPECT_THAT(one.failed, IsEmpty());
  EXPECT_EQ(one.binding.size(), 48U);
  EXPECT_NE(one.binding, one.device_binding);
  EXPECT_EQ(one.policy_version, 1U);
  EXPECT_EQ(one.primary_evidence.substr(0, 16), R"({"report_data":")");
}

TEST(Archive, HoldsARefusalWithItsChecks) {
  World world;
  world.set_up();
  world.verifier.debug = true;
  const Attester attester;
  const Broker broker(world.service());
  auto session = open_session(broker, attester, kNow);
  const std::string body = message(session, session.client.report_data());
  EXPECT_FALSE(broker.attest(session.cookie, as_bytes(body), kNow));
  ASSERT_EQ(ids(world).size(), 1U);
  EXPECT_EQ(load(world, ids(world)[0]).verdict, "refused");
  EXPECT_THAT(load(world, ids(world)[0]).failed, ElementsAre("fake.debug"));
}

// What is only counted in the ledger fills no archive either.
TEST(Archive, AFloodOfRefusalsLeavesNoMoreThanItsLeaves) {
  World world;
  world.set_up();
  world.verifier.debug = true;
  const Attester attester;
  const Broker broker(world.service());
  for (int i = 0; i < 30; ++i) {
    auto session = open_session(broker, attester, kNow);
    const std::string body = message(session, session.client.report_data());
    EXPECT_FALSE(broker.attest(session.cookie, as_bytes(body), kNow));
  }
  EXPECT_EQ(ids(world).size(), 20U);
}

TEST(Archive, IsSealed) {
  const World world;
  put(world, {}, record_at(kNow, 1));
  const std::string id = ids(world).at(0);
  const auto row = world.store().get(kArchiveTable, id);
  ASSERT_TRUE(row && row->value);
  EXPECT_EQ(as_text(*row->value).find("report_data"), std::string_view::npos);
  Buffer changed = *row->value;
  changed.back() ^= 1U;
  EXPECT_TRUE(world.store().put(kArchiveTable, id, changed, row->version));
  const auto read = world.store().read([&](store::View& view) -> Result<void> {
    const auto loaded = load_archived(view, world.service(), id);
    return loaded ? Result<void>() : Result<void>(loaded.error());
  });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), Errc::kUntrusted);
}

TEST(Archive, ForgetsWhatIsTooOld) {
  const World world;
  const Retention day{.seconds = 86400, .records = 100};
  put(world, day, record_at(kNow, 1));
  put(world, day, record_at({kNow.seconds + 86400}, 2));
  EXPECT_EQ(ids(world).size(), 2U);
  put(world, day, record_at({kNow.seconds + 86401}, 3));
  EXPECT_EQ(ids(world).size(), 2U);
  EXPECT_EQ(load(world, ids(world)[0]).time.seconds, kNow.seconds + 86400);
}

TEST(Archive, ForgetsTheOldestWhereThereAreTooMany) {
  const World world;
  const Retention three{.seconds = 86400, .records = 3};
  for (std::uint8_t i = 0; i < 10; ++i) {
    put(world, three, record_at({kNow.seconds + i}, i));
  }
  ASSERT_EQ(ids(world).size(), 3U);
  EXPECT_EQ(load(world, ids(world)[0]).time.seconds, kNow.seconds + 7);
}

// A smaller limit than before is met step by step.
TEST(Archive, ShrinksByAFewAtEachWrite) {
  const World world;
  for (std::uint8_t i = 0; i < 40; ++i) {
    put(world, {.seconds = 86400, .records = 100}, record_at({kNow.seconds + i}, i));
  }
  const Retention two{.seconds = 86400, .records = 2};
  put(world, two, record_at({kNow.seconds + 50}, 50));
  EXPECT_EQ(ids(world).size(), 41 - kForgottenAppraisals);
  put(world, two, record_at({kNow.seconds + 51}, 51));
  put(world, two, record_at({kNow.seconds + 52}, 52));
  EXPECT_EQ(ids(world).size(), 2U);
}

std::size_t rows_of(const World& world, std::string_view table) {
  std::size_t out = 0;
  EXPECT_TRUE(world.store().read([&](store::View& view) -> Result<void> {
    WARD_TRY(const auto keys, view.list_keys(table, "", "", 1000));
    out = keys.size();
    return {};
  }));
  return out;
}

// What the row of sizes says of a table: records and octets.
std::pair<std::uint64_t, std::uint64_t> counted(const World& world, std::string_view key) {
  const auto row = world.store().get(kArchiveSizeTable, key);
  std::pair<std::uint64_t, std::uint64_t> out;
  EXPECT_TRUE(row && row->value && row->value->size() == 16);
  Reader r(*row->value);
  EXPECT_TRUE(r.u64be(out.first) && r.u64be(out.second));
  return out;
}

std::uint64_t octets_in(const World& world, std::string_view table) {
  std::uint64_t out = 0;
  EXPECT_TRUE(world.store().read([&](store::View& view) -> Result<void> {
    WARD_TRY(const auto all, view.list(table, "", "", 1000));
    for (const store::Listed& row : all)
      out += row.value.size();
    return {};
  }));
  return out;
}

ArchivedAppraisal padded(UnixTime time, std::uint8_t nonce, std::size_t octets) {
  ArchivedAppraisal out = record_at(time, nonce);
  out.primary_evidence = "{" + std::string(octets, ' ') + "}";
  return out;
}

TEST(Archive, KeepsNoMoreOctetsThanItMay) {
  const World world;
  const Retention room{.seconds = 86400, .records = 100, .octets = 100'000};
  for (std::uint8_t i = 0; i < 60; ++i) {
    put(world, room, padded({kNow.seconds + i}, i, 3000));
    EXPECT_LE(octets_in(world, kArchiveTable), room.octets);
  }
  EXPECT_EQ(counted(world, "appraisals").first, ids(world).size());
  EXPECT_EQ(counted(world, "appraisals").second, octets_in(world, kArchiveTable));
  EXPECT_GT(ids(world).size(), 20U);
  // A large one takes the room of many at once.
  put(world, room, padded({kNow.seconds + 60}, 60, 90'000));
  EXPECT_LE(octets_in(world, kArchiveTable), room.octets);
  EXPECT_EQ(ids(world).back(), archive_id({kNow.seconds + 60}, Buffer{60}));
  // One that has no room at all is not kept, and pushes out nothing.
  const auto before = ids(world);
  put(world, room, padded({kNow.seconds + 61}, 61, 100'000));
  EXPECT_EQ(ids(world), before);
}

TEST(Archive, CountsTheOctetsOfRowsThatWereNotCounted) {
  const World world;
  for (std::uint8_t i = 0; i < 3; ++i) {
    put(world, {}, padded({kNow.seconds + i}, i, 1000));
  }
  const auto size = world.store().get(kArchiveSizeTable, "appraisals");
  ASSERT_TRUE(size && size->value);
  const Bytes records_alone = Bytes(*size->value).first(8);
  ASSERT_TRUE(world.store().put(kArchiveSizeTable, "appraisals", records_alone, size->version));
  put(world, {}, padded({kNow.seconds + 3}, 3, 1000));
  EXPECT_EQ(counted(world, "appraisals").first, 4U);
  EXPECT_EQ(counted(world, "appraisals").second, octets_in(world, kArchiveTable));
}

// Who sends what anybody can send pushes out none but that.
TEST(Archive, KeepsApartWhatAnybodyCanSend) {
  const World world;
  const Retention few{.seconds = 86400, .records = 100, .other_records = 3};
  put(world, few, record_at(kNow, 0));
  for (std::uint8_t i = 1; i < 20; ++i) {
    ArchivedAppraisal stated = record_at({kNow.seconds + i}, i);
    stated.purpose = AppraisedFor::kStatedData;
    stated.genuine = i % 2 == 0;
    put(world, few, stated);
  }
  EXPECT_EQ(rows_of(world, kStatedTable), 3U);
  for (std::uint8_t i = 20; i < 40; ++i) {
    ArchivedAppraisal forged = record_at({kNow.seconds + i}, i);
    forged.genuine = false;
    put(world, few, forged);
  }
  EXPECT_EQ(rows_of(world, kUnvouchedTable), 3U);
  EXPECT_EQ(rows_of(world, kStatedTable), 3U);
  ASSERT_EQ(ids(world).size(), 7U);  // all kinds, in the order of time
  EXPECT_TRUE(std::ranges::is_sorted(ids(world)));
  EXPECT_EQ(ids(world).front(), archive_id(kNow, Buffer{0}));
  EXPECT_EQ(load(world, ids(world)[1]).purpose, AppraisedFor::kStatedData);
  EXPECT_FALSE(load(world, ids(world).back()).genuine);
}

TEST(Archive, PutsARefusalOfWhatNobodyVouchesForApart) {
  World world;
  world.set_up();
  world.verifier.forged = true;
  const Attester attester;
  const Broker broker(world.service());
  auto session = open_session(broker, attester, kNow);
  const std::string body = message(session, session.client.report_data());
  EXPECT_FALSE(broker.attest(session.cookie, as_bytes(body), kNow));
  EXPECT_EQ(rows_of(world, kUnvouchedTable), 1U);
  EXPECT_EQ(rows_of(world, kArchiveTable), 0U);
}

TEST(Archive, KeepsNothingWhereItIsToKeepNothing) {
  const World world;
  put(world, {.seconds = 0, .records = 100}, record_at(kNow, 1));
  put(world, {.seconds = 86400, .records = 0}, record_at(kNow, 2));
  put(world, {.seconds = 86400, .octets = 0}, record_at(kNow, 3));
  EXPECT_THAT(ids(world), IsEmpty());
}

TEST(Archive, IdsAreOrderedByTime) {
  EXPECT_LT(archive_id({1}, Buffer{1}), archive_id({2}, Buffer{0}));
  EXPECT_LT(archive_begin({2}), archive_id({2}, Buffer{0}));
  EXPECT_LT(archive_id({1}, Buffer{1}), archive_begin({2}));
  EXPECT_LT(archive_id({255}, Buffer{1}), archive_id({256}, Buffer{1}));
}

attest::Collateral some(const char* one, const char* other) {
  return {{{"a", to_buffer(as_bytes(one))}, {"b", to_buffer(as_bytes(other))}}};
}

std::size_t rows(store::Store& store, std::string_view table) {
  std::size_t out = 0;
  EXPECT_TRUE(store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(const auto keys, view.list_keys(table, "", "", 1000));
    out = keys.size();
    return {};
  }));
  return out;
}

std::optional<attest::Collateral> collateral(store::Store& store, const std::string& id) {
  std::optional<attest::Collateral> out;
  EXPECT_TRUE(store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(out, load_collateral(view, id));
    return {};
  }));
  return out;
}

TEST(ArchivedCollateral, StandsOnceAndComesBackInItsOrder) {
  const auto store = store::make_memory_store();
  const auto id = remember_collateral(*store, some("x", "y"), {}, kNow);
  ASSERT_TRUE(id);
  const auto revision = store->revision();
  ASSERT_TRUE(revision);
  EXPECT_EQ(*remember_collateral(*store, some("x", "y"), {}, kNow), *id);
  EXPECT_EQ(*store->revision(), *revision);
  EXPECT_NE(*remember_collateral(*store, some("x", "z"), {}, kNow), *id);
  EXPECT_EQ(rows(*store, kDocumentTable), 3U);
  const auto back = collateral(*store, *id);
  ASSERT_TRUE(back);
  ASSERT_EQ(back->documents.size(), 2U);
  EXPECT_EQ(back->documents[1].name, "b");
  EXPECT_EQ(as_text(back->documents[1].bytes), "y");
  EXPECT_FALSE(collateral(*store, std::string(64, '0')));
}

TEST(ArchivedCollateral, IsForgottenWithTheLastAppraisalThatCanNeedIt) {
  const auto store = store::make_memory_store();
  const Retention day{.seconds = 86400, .records = 100};
  const auto first = remember_collateral(*store, some("x", "y"), day, kNow);
  const UnixTime later{kNow.seconds + 1000};
  const auto second = remember_collateral(*store, some("x", "z"), day, later);
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(remember_collateral(*store, some("x", "z"), day, {later.seconds + 86400}));
  EXPECT_TRUE(collateral(*store, *first));
  EXPECT_TRUE(remember_collateral(*store, some("x", "z"), day, {later.seconds + 86401}));
  EXPECT_FALSE(collateral(*store, *first));
  EXPECT_TRUE(collateral(*store, *second));
  EXPECT_EQ(rows(*store, kDocumentTable), 2U);
}

TEST(ArchivedCollateral, ThatCameBackIsInUseAgain) {
  const auto store = store::make_memory_store();
  const Retention day{.seconds = 86400, .records = 100};
  const auto first = remember_collateral(*store, some("x", "y"), day, kNow);
  EXPECT_TRUE(remember_collateral(*store, some("x", "z"), day, kNow));
  EXPECT_TRUE(remember_collateral(*store, some("x", "y"), day, kNow));
  EXPECT_TRUE(remember_collateral(*store, some("x", "y"), day, {kNow.seconds + 100 * 86400}));
  EXPECT_TRUE(collateral(*store, *first));
  EXPECT_EQ(rows(*store, kCollateralTable), 1U);
}

TEST(ArchivedCollateral, ThatWasChangedIsNotUsed) {
  const auto store = store::make_memory_store();
  const auto id = remember_collateral(*store, some("x", "y"), {}, kNow);
  ASSERT_TRUE(id);
  const std::string digest = to_hex(crypto::sha256(as_bytes("y")));
  EXPECT_TRUE(store->put(kDocumentTable, digest, as_bytes("Y"), 1));
  const auto read = store->read([&](store::View& view) -> Result<void> {
    const auto set = load_collateral(view, *id);
    return set ? Result<void>() : Result<void>(set.error());
  });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), Errc::kUntrusted);
}

}  // namespace
}  // namespace ward::broker
