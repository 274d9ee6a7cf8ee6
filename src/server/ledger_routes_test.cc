#include "server/ledger_routes.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/policy_admin.h"
#include "codec/json.h"
#include "ledger/ledger.h"
#include "server/responses.h"
#include "test/broker/world.h"

namespace ward::server {
namespace {

using broker::test_support::administrator;
using broker::test_support::kNow;
using broker::test_support::World;
using testing::HasSubstr;

class LedgerRoutesTest : public testing::Test {
 protected:
  protocol::HttpResponse ask(std::string_view target,
                             const broker::Actor& actor = administrator()) {
    const protocol::HttpRequest request{"GET", "/v1/" + std::string(target), {}, {}};
    const std::string_view path = path_of(target);
    EXPECT_TRUE(LedgerRoutes::takes(path)) << path;
    const auto query = Query::parse(request.target, "after limit from to entry");
    if (!query) return to_response(query.error());
    if (LedgerRoutes::is_public(path)) return routes_.answer_anybody(path, *query);
    return routes_.answer({request, actor, *query, kNow}, path);
  }

  static std::string text(const protocol::HttpResponse& reply) {
    return std::string(as_text(reply.body));
  }

  static codec::JsonValue json(const protocol::HttpResponse& reply) {
    EXPECT_EQ(reply.status, 200U) << text(reply);
    return *codec::parse_json(reply.body);
  }

  static std::vector<ledger::NodeHash> hashes(const codec::JsonValue& list) {
    std::vector<ledger::NodeHash> out;
    for (const auto& item : list.items()) {
      const auto octets = from_hex(*item.as_string());
      EXPECT_TRUE(octets && octets->size() == out.emplace_back().size());
      std::ranges::copy(*octets, out.back().begin());
    }
    return out;
  }

  World world_;
  LedgerRoutes routes_{world_.service(), world_.keys().ledger.key.to_text()};
};

TEST_F(LedgerRoutesTest, an_empty_ledger_has_neither_checkpoint_nor_proofs) {
  EXPECT_EQ(ask("ledger/checkpoint").status, 404U);
  EXPECT_EQ(ask("ledger/proof/consistency?from=1").status, 404U);
  EXPECT_EQ(ask("ledger/proof/inclusion?entry=0").status, 404U);
  EXPECT_THAT(text(ask("ledger/entries")), HasSubstr(R"("entries":[],"next":"")"));
  EXPECT_EQ(json(ask("ledger/key")).find("key")->as_string(), world_.keys().ledger.key.to_text());
}

TEST_F(LedgerRoutesTest, the_entries_lead_to_the_checkpoint) {
  world_.set_up();
  const auto note = ask("ledger/checkpoint");
  EXPECT_EQ(note.header("Content-Type"), "text/plain; charset=utf-8");
  const auto checkpoint = ledger::open_checkpoint(text(note), world_.keys().ledger.key);
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->size, 3U);
  ledger::TreeBuilder tree;
  std::string after;
  do {
    const auto page = json(ask("ledger/entries?limit=2&after=" + after));
    for (const auto& entry : page.find("entries")->items()) {
      const auto leaf = from_base64(*entry.find("leaf")->as_string(), Base64::kStandard);
      ASSERT_TRUE(leaf);
      EXPECT_EQ(entry.find("index")->as_uint(), tree.size());
      EXPECT_EQ(entry.find("leaf_hash")->as_string(), to_hex(ledger::leaf_hash(*leaf)));
      (void)tree.add(ledger::leaf_hash(*leaf));
    }
    after = *page.find("next")->as_string();
  } while (!after.empty());
  EXPECT_EQ(tree.size(), 3U);
  EXPECT_EQ(tree.root(), checkpoint->root);
}

TEST_F(LedgerRoutesTest, proofs_verify_under_the_checkpoints) {
  world_.set_up();
  const ledger::NoteKey& key = world_.keys().ledger.key;
  const auto proof = json(ask("ledger/proof/consistency?from=1"));
  const auto old = ledger::open_checkpoint(*proof.find("from_checkpoint")->as_string(), key);
  const auto present = ledger::open_checkpoint(*proof.find("checkpoint")->as_string(), key);
  ASSERT_TRUE(old && present);
  EXPECT_EQ(old->size, 1U);
  EXPECT_EQ(present->size, 3U);
  EXPECT_TRUE(
      ledger::verify_consistency({1, 3, old->root, present->root}, hashes(*proof.find("path"))));
  EXPECT_EQ(json(ask("ledger/proof/consistency?from=1&to=2")).find("to")->as_uint(), 2U);

  const auto inclusion = json(ask("ledger/proof/inclusion?entry=1"));
  const auto leaf = from_base64(*inclusion.find("leaf")->as_string(), Base64::kStandard);
  ASSERT_TRUE(leaf);
  EXPECT_TRUE(ledger::verify_inclusion({1, 3, ledger::leaf_hash(*leaf), present->root},
                                       hashes(*inclusion.find("path"))));
  const std::string hash(*inclusion.find("leaf_hash")->as_string());
  EXPECT_EQ(json(ask("ledger/proof/inclusion?entry=" + hash)).find("index")->as_uint(), 1U);
}

TEST_F(LedgerRoutesTest, what_is_not_there_and_what_is_no_question_are_told_apart) {
  world_.set_up();
  for (const char* absent : {"ledger/proof/inclusion?entry=3", "ledger/proof/consistency?from=4",
                             "ledger/proof/consistency?from=2&to=1",
                             "ledger/proof/consistency?from=1&to=4", "ledger/other"}) {
    EXPECT_EQ(ask(absent).status, 404U) << absent;
  }
  for (const char* wrong :
       {"ledger/proof/inclusion", "ledger/proof/inclusion?entry=", "ledger/proof/inclusion?entry=x",
        "ledger/proof/inclusion?entry=-1", "ledger/proof/inclusion?entry=0123456789012345678",
        "ledger/proof/consistency", "ledger/proof/consistency?from=0",
        "ledger/proof/consistency?from=x", "ledger/proof/consistency?from=1&to=0",
        "ledger/entries?after=x", "ledger/entries?limit=0", "ledger/entries?after=-1"}) {
    EXPECT_EQ(ask(wrong).status, 400U) << wrong;
  }
  EXPECT_EQ(ask("ledger/proof/inclusion?entry=" + std::string(65, '0')).status, 400U);
  EXPECT_EQ(ask("ledger/proof/inclusion?entry=" + std::string(64, '0')).status, 404U);
  EXPECT_THAT(text(ask("ledger/entries?after=9223372036854775807")), HasSubstr(R"("entries":[])"));
}

TEST_F(LedgerRoutesTest, auditors_and_administrators_read_the_entries) {
  world_.set_up();
  const broker::Actor auditor{"auditor", broker::Role::kAuditor, {}};
  for (const char* path : {"ledger/entries", "ledger/proof/inclusion?entry=0"}) {
    EXPECT_EQ(ask(path, auditor).status, 200U) << path;
    for (const broker::Role role : {broker::Role::kOwner, broker::Role::kVerifierOwner}) {
      EXPECT_EQ(ask(path, {"other", role, {"hospital"}}).status, 403U) << path;
    }
  }
  const broker::Admin admin(world_.service());
  const broker::PolicyAdmin policies(world_.service());
  EXPECT_FALSE(admin.get_resource(auditor, "hospital/key/records", kNow));
  EXPECT_FALSE(
      policies.set(auditor, "evidence", as_bytes(broker::test_support::evidence_policy()), kNow));
  EXPECT_FALSE(policies.get(auditor, "results/hospital", kNow));
}

}  // namespace
}  // namespace ward::server
