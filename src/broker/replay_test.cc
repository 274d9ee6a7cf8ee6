#include "broker/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/archive.h"
#include "broker/incident.h"
#include "broker/lease.h"
#include "broker/policy_admin.h"
#include "codec/json.h"
#include "crypto/digest.h"
#include "test/broker/attester.h"
#include "test/broker/world.h"

namespace ward::broker {
namespace {

using test_support::administrator;
using test_support::attested;
using test_support::Attester;
using test_support::evidence_policy;
using test_support::kNow;
using test_support::message;
using test_support::open_session;
using test_support::results_policy;
using test_support::World;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const Actor kHospital{.name = "hospital", .role = Role::kOwner, .repositories = {"hospital"}};
const Actor kStranger{.name = "other", .role = Role::kOwner, .repositories = {"bank"}};
const Actor kVerifierOwner{.name = "verifier", .role = Role::kVerifierOwner, .repositories = {}};

constexpr const char* kNothingForEvidence = R"({"schema":"ward.evidence-policy/1","runtimes":[]})";
constexpr const char* kNothingForResults = R"({"schema":"ward.results-policy/1","releases":[]})";

std::string with_debug() {
  std::string out = evidence_policy();
  out.pop_back();
  return out + R"(,"allow_debug":true})";
}

class ReplayTest : public testing::Test {
 protected:
  ReplayTest() { world_.set_up(); }

  void attest_once(UnixTime at = kNow) { EXPECT_FALSE(attested(broker_, attester_, at).empty()); }

  void attest_in_vain(UnixTime at = kNow) {
    auto session = open_session(broker_, attester_, at);
    const std::string body = message(session, session.client.report_data());
    EXPECT_FALSE(broker_.attest(session.cookie, as_bytes(body), at));
  }

  Answer<ReplayStep> step(const ReplayRequest& request, const Actor& actor = administrator()) {
    return Replay(world_.service()).step(actor, request, kLater);
  }

  static constexpr UnixTime kLater{kNow.seconds + 1000};

  World world_;
  Attester attester_;
  Broker broker_{world_.service()};
};

std::vector<std::string> lines(const ReplayStep& step) {
  std::vector<std::string> out;
  for (const AccessChange& change : step.changes) {
    out.push_back(std::string(change.gains ? "gains " : "loses ") + change.access + ": " +
                  change.reasons.at(0).id);
  }
  return out;
}

TEST_F(ReplayTest, TheSamePolicyChangesNothing) {
  attest_once();
  const std::string same = evidence_policy();
  const auto out = step({.candidate = as_bytes(same)});
  ASSERT_TRUE(out) << out.error().body.detail;
  EXPECT_EQ(out->replayed, 1U);
  EXPECT_THAT(out->changes, IsEmpty());
  EXPECT_THAT(out->not_replayed, IsEmpty());
  EXPECT_EQ(out->next, "");
}

TEST_F(ReplayTest, WhoWouldLoseAccessIsNamedWithTheCheck) {
  attest_once();
  const auto out = step({.candidate = as_bytes(kNothingForEvidence)});
  ASSERT_TRUE(out);
  EXPECT_THAT(lines(*out), ElementsAre("loses hospital/key/records: fake.measurement",
                                       "loses result: fake.measurement"));
  EXPECT_EQ(out->changes[0].workload, to_hex(world_.verifier.workload));
  EXPECT_EQ(out->changes[0].runtime, to_hex(world_.verifier.runtime));
  EXPECT_EQ(out->changes[0].reasons[0].found, to_hex(world_.verifier.runtime));
  EXPECT_EQ(out->changes[0].time, kNow);
}

TEST_F(ReplayTest, WhoWouldGainAccessIsNamedWithWhatKeptThemOut) {
  world_.verifier.debug = true;
  attest_in_vain();
  const std::string candidate = with_debug();
  const auto out = step({.candidate = as_bytes(candidate)});
  ASSERT_TRUE(out);
  // The rules of the repository still refuse debug.
  EXPECT_THAT(lines(*out), ElementsAre("gains result: fake.debug"));
}

TEST_F(ReplayTest, AResultsPolicyIsReplayedByItsOwnerForHisResourcesAlone) {
  attest_once();
  const auto out =
      step({.candidate = as_bytes(kNothingForResults), .repository = "hospital"}, kHospital);
  ASSERT_TRUE(out);
  EXPECT_THAT(lines(*out), ElementsAre("loses hospital/key/records: kbs.release.rule"));
  ASSERT_TRUE(Admin(world_.service())
                  .put_resource(administrator(), "bank/key/records", as_bytes("x"), kNow));
  const std::string candidate = results_policy();
  const auto bank = step({.candidate = as_bytes(candidate), .repository = "bank"}, kStranger);
  ASSERT_TRUE(bank);
  EXPECT_THAT(lines(*bank), ElementsAre("gains bank/key/records: kbs.release.rule"));
}

TEST_F(ReplayTest, TheVerifiersOwnerLearnsNothingOfRepositories) {
  attest_once();
  const auto out = step({.candidate = as_bytes(kNothingForEvidence)}, kVerifierOwner);
  ASSERT_TRUE(out);
  EXPECT_THAT(lines(*out), ElementsAre("loses result: fake.measurement"));
}

TEST_F(ReplayTest, WhoMayNotSetAPolicyMayNotReplayIt) {
  for (const auto& [actor, repository] :
       std::initializer_list<std::pair<Actor, std::optional<std::string>>>{
           {kHospital, std::nullopt}, {kStranger, "hospital"}, {kVerifierOwner, "hospital"}}) {
    const auto out =
        step({.candidate = as_bytes(kNothingForResults), .repository = repository}, actor);
    ASSERT_FALSE(out) << actor.name;
    EXPECT_EQ(out.error().status, 403U);
    EXPECT_THAT(out.error().checks, ElementsAre("kbs.admin.role"));
  }
  for (const Actor& actor : {kHospital, kStranger}) {
    EXPECT_FALSE(Replay(world_.service()).list(actor, {}, {}, kLater));
    EXPECT_FALSE(Replay(world_.service()).repeat(actor, {.id = "x"}, kLater));
  }
}

TEST_F(ReplayTest, ACandidateThatIsNoPolicyIsNamedWithItsPlace) {
  const auto out = step({.candidate = as_bytes("{}")});
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().status, 400U);
  EXPECT_THAT(out.error().body.detail, HasSubstr("schema"));
}

TEST_F(ReplayTest, WithoutAPolicyInForceEverythingIsGained) {
  attest_once();
  const World bare;
  EXPECT_TRUE(bare.store().transact([&](store::Transaction& tx) -> Result<void> {
    ArchivedAppraisal record;
    WARD_CHECK_OK(world_.store().read([&](store::View& view) -> Result<void> {
      WARD_TRY(const auto ids, list_archived(view, "", 1));
      WARD_TRY(auto loaded, load_archived(view, world_.service(), ids.at(0)));
      record = *std::move(loaded);
      return {};
    }));
    WARD_CHECK_OK(archive(tx, bare.service(), record));
    return {};
  }));
  const std::string candidate = evidence_policy();
  const auto out =
      Replay(bare.service()).step(administrator(), {.candidate = as_bytes(candidate)}, kLater);
  ASSERT_TRUE(out);
  EXPECT_THAT(lines(*out), ElementsAre("gains result: kbs.evidence.policy"));
}

TEST_F(ReplayTest, StepsGoOnWhereTheLastOneEnded) {
  for (int i = 0; i < 5; ++i) {
    attest_once({kNow.seconds + i});
  }
  std::size_t replayed = 0;
  std::size_t steps = 0;
  std::string after;
  do {
    const auto out = step({.candidate = as_bytes(kNothingForEvidence), .after = after, .limit = 2},
                          kVerifierOwner);
    ASSERT_TRUE(out);
    EXPECT_THAT(out->changes, SizeIs(out->replayed));
    replayed += out->replayed;
    after = out->next;
    ++steps;
  } while (!after.empty() && steps < 10);
  EXPECT_EQ(replayed, 5U);
  EXPECT_EQ(steps, 3U);
}

TEST_F(ReplayTest, SinceAndUntilBoundIt) {
  for (int i = 0; i < 5; ++i) {
    attest_once({kNow.seconds + i});
  }
  const auto out = step({.candidate = as_bytes(kNothingForEvidence),
                         .since = {kNow.seconds + 1},
                         .until = UnixTime{kNow.seconds + 3}},
                        kVerifierOwner);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->replayed, 3U);
  EXPECT_EQ(out->changes.front().time.seconds, kNow.seconds + 1);
  EXPECT_EQ(out->changes.back().time.seconds, kNow.seconds + 3);
}

TEST_F(ReplayTest, ARecordThatWasChangedIsNamedAndTheOthersAreReplayed) {
  attest_once();
  attest_once({kNow.seconds + 1});
  const auto all = Replay(world_.service()).list(kVerifierOwner, {}, {}, kLater);
  ASSERT_TRUE(all);
  const std::string id = all->lines.at(0).id;
  const auto row = world_.store().get(kArchiveTable, id);
  Buffer changed = *row->value;
  changed.back() ^= 1U;
  EXPECT_TRUE(world_.store().put(kArchiveTable, id, changed, row->version));
  const auto out = step({.candidate = as_bytes(kNothingForEvidence)}, kVerifierOwner);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->replayed, 1U);
  ASSERT_THAT(out->not_replayed, SizeIs(1));
  EXPECT_EQ(out->not_replayed[0].id, id);
  const auto after = Replay(world_.service()).list(kVerifierOwner, {}, {}, kLater);
  ASSERT_TRUE(after);
  ASSERT_THAT(after->lines, SizeIs(2));
  EXPECT_THAT(after->lines[0].failed, ElementsAre("kbs.archive.record"));
  EXPECT_EQ(after->lines[0].time, kNow);
  EXPECT_EQ(after->lines[1].verdict, "accepted");
}

TEST_F(ReplayTest, WhatWasJudgedWithForgottenCollateralIsNamed) {
  Service service = world_.service();
  service.collateral = "no longer here";
  EXPECT_FALSE(attested(Broker(service), attester_, kNow).empty());
  const auto out = step({.candidate = as_bytes(kNothingForEvidence)}, kVerifierOwner);
  ASSERT_TRUE(out);
  ASSERT_THAT(out->not_replayed, SizeIs(1));
  EXPECT_THAT(out->not_replayed[0].why, HasSubstr("collateral"));
  const auto now = step({.candidate = as_bytes(kNothingForEvidence),
                         .when = {.now = false, .present_collateral = true}},
                        kVerifierOwner);
  ASSERT_TRUE(now);
  EXPECT_EQ(now->replayed, 1U);
  const std::string id = out->not_replayed[0].id;
  const Replay replay(world_.service());
  EXPECT_EQ(replay.repeat(kVerifierOwner, {.id = id}, kLater).error().status, 409U);
  EXPECT_TRUE(replay.repeat(kVerifierOwner, {.id = id, .collateral = {{}}}, kLater));
}

TEST_F(ReplayTest, TheListIsOfWhatWasSaidThen) {
  attest_once();
  world_.verifier.debug = true;
  attest_in_vain({kNow.seconds + 1});
  const auto all = Replay(world_.service()).list(kVerifierOwner, {}, {}, kLater);
  ASSERT_TRUE(all);
  ASSERT_THAT(all->lines, SizeIs(2));
  EXPECT_EQ(all->lines[0].verdict, "accepted");
  EXPECT_THAT(all->lines[1].failed, ElementsAre("fake.debug"));
  EXPECT_EQ(all->next, "");
}

TEST_F(ReplayTest, OneAppraisalIsRepeatedAsOfAnyTime) {
  attest_once();
  const Replay replay(world_.service());
  const std::string id = replay.list(kVerifierOwner, {}, {}, kLater)->lines.at(0).id;
  const auto says = [](UnixTime time) { return HasSubstr("\"at\":\"" + format_rfc3339(time)); };
  EXPECT_THAT(*replay.repeat(kVerifierOwner, {.id = id}, kLater), says(kNow));
  EXPECT_THAT(*replay.repeat(kVerifierOwner, {.id = id, .when = {.now = true}}, kLater),
              says(kLater));
  const UnixTime other{kNow.seconds + 77};
  EXPECT_THAT(*replay.repeat(kVerifierOwner, {.id = id, .at = other}, kLater), says(other));
  EXPECT_EQ(replay.repeat(kVerifierOwner, {.id = "0000"}, kLater).error().status, 404U);
}

constexpr const char* kPath = "hospital/key/records";

std::vector<std::string> withheld(const ReplayStep& step) {
  std::vector<std::string> out;
  for (const AccessChange& change : step.changes) {
    for (const Reason& reason : change.withheld) {
      out.push_back((change.gains ? "gains " : "loses ") + change.access + " but: " + reason.id +
                    ": found " + reason.found);
    }
  }
  return out;
}

// WithheldTest: a workload that got the resource, and that the policy in force gives nothing now.
class WithheldTest : public ReplayTest {
 protected:
  void release(const PutOptions& options) {
    EXPECT_TRUE(Admin(world_.service())
                    .put_resource(administrator(), kPath, as_bytes("key"), kNow, options));
    const std::string token = attested(broker_, attester_, kNow);
    const auto released = broker_.resource({.cookie = {}, .bearer = token}, kPath, kNow);
    ASSERT_TRUE(released);
    if (released->lease) lease_ = released->lease->id;
  }

  void set_results(const char* policy) {
    EXPECT_TRUE(PolicyAdmin(world_.service())
                    .set(administrator(), "results/hospital", as_bytes(policy), kNow));
  }

  Answer<ReplayStep> step_results(const std::string& candidate) {
    return step({.candidate = as_bytes(candidate), .repository = "hospital"});
  }

  std::string lease_;
};

TEST_F(WithheldTest, WhoseLeaseIsRevokedGainsNothingByAPolicy) {
  release({.lease_s = 60});
  set_results(kNothingForResults);
  const auto open = step_results(results_policy());
  ASSERT_TRUE(open);
  EXPECT_THAT(lines(*open), ElementsAre("gains hospital/key/records: kbs.release.rule"));
  EXPECT_THAT(withheld(*open), IsEmpty());
  ASSERT_TRUE(Leases(world_.service()).revoke(administrator(), lease_, kNow));
  const auto out = step_results(results_policy());
  ASSERT_TRUE(out);
  EXPECT_THAT(withheld(*out),
              ElementsAre("gains hospital/key/records but: kbs.lease.unrevoked: found revoked at " +
                          format_rfc3339(kNow)));
}

TEST_F(WithheldTest, WhoseLeaseIsRevokedLosesWhatHeDoesNotGet) {
  release({.lease_s = 60});
  ASSERT_TRUE(Leases(world_.service()).revoke(administrator(), lease_, kNow));
  const auto out = step_results(kNothingForResults);
  ASSERT_TRUE(out);
  EXPECT_THAT(withheld(*out),
              ElementsAre(HasSubstr("loses hospital/key/records but: kbs.lease.unrevoked")));
}

TEST_F(WithheldTest, AResourceWhoseTimeIsOverIsGainedByNobody) {
  release({.expires = kLater});
  set_results(kNothingForResults);
  const auto out = step_results(results_policy());  // at kLater
  ASSERT_TRUE(out);
  EXPECT_THAT(
      withheld(*out),
      ElementsAre("gains hospital/key/records but: kbs.resource.unexpired: found good until " +
                  format_rfc3339(kLater)));
}

TEST_F(WithheldTest, ACandidateThatLiftsAnIncidentSaysThatItCannotBeSet) {
  attest_once();
  const auto subject = incident_subject(world_.keys().platform_ids, IncidentOf::kWorkload,
                                        to_hex(world_.verifier.workload));
  ASSERT_TRUE(subject);
  const auto incident =
      Incidents(world_.service()).open(administrator(), {.subject = *subject, .apply = true}, kNow);
  ASSERT_TRUE(incident);
  const std::string candidate = evidence_policy();
  const auto out = step({.candidate = as_bytes(candidate)});
  ASSERT_TRUE(out);
  EXPECT_THAT(withheld(*out),
              ElementsAre("gains hospital/key/records but: kbs.policy.incident: found incident " +
                              incident->id,
                          "gains result but: kbs.policy.incident: found incident " + incident->id));
  ASSERT_TRUE(Incidents(world_.service()).close(administrator(), incident->id, kLater));
  const auto closed = step({.candidate = as_bytes(candidate)});
  ASSERT_TRUE(closed);
  EXPECT_THAT(closed->changes, SizeIs(2));
  EXPECT_THAT(withheld(*closed), IsEmpty());
}

// Repeated is one appraisal, archived under version 1 of a policy of which version 2 is in force,
// by which nothing is accepted.
class RepeatedTest : public ReplayTest {
 protected:
  RepeatedTest() {
    attest_once();
    id_ = Replay(world_.service()).list(kVerifierOwner, {}, {}, kLater)->lines.at(0).id;
    const PolicyAdmin policies(world_.service());
    EXPECT_TRUE(policies.set(administrator(), "evidence", as_bytes(kNothingForEvidence), kLater));
  }

  [[nodiscard]] Answer<std::string> repeat(RepeatRequest request) const {
    request.id = id_;
    return Replay(world_.service()).repeat(kVerifierOwner, request, kLater);
  }

  void forget_versions() {
    EXPECT_TRUE(world_.store().transact([&](store::Transaction& tx) -> Result<void> {
      WARD_TRY(const auto rows, tx.list_keys(kPolicyVersionTable, "", "", store::kMaxListed));
      for (const auto& row : rows) {
        WARD_CHECK_OK(tx.forget(kPolicyVersionTable, row.key));
      }
      return {};
    }));
  }

  std::string id_;
};

constexpr const char* kOfThen = R"("policy":{"name":"evidence policy","version":1,"of":"then"}})";
constexpr const char* kOfNow = R"("version":2,"of":"now"}})";
constexpr const char* kAccepted = R"("verdict":"accepted")";
constexpr const char* kRefused = R"("verdict":"refused")";

TEST_F(RepeatedTest, AsOfThenItIsUnderThePolicyOfThen) {
  const auto then = repeat({});
  ASSERT_TRUE(then) << then.error().body.detail;
  EXPECT_THAT(*then, HasSubstr(kOfThen));
  EXPECT_THAT(*then, HasSubstr(kAccepted));
}

TEST_F(RepeatedTest, AsOfAnotherTimeItIsUnderThePolicyInForce) {
  for (const RepeatRequest& request : std::initializer_list<RepeatRequest>{
           {.id = {}, .when = {.now = true}}, {.id = {}, .at = UnixTime{kNow.seconds + 1}}}) {
    const auto now = repeat(request);
    ASSERT_TRUE(now) << now.error().body.detail;
    EXPECT_THAT(*now, HasSubstr(kOfNow));
    EXPECT_THAT(*now, HasSubstr(kRefused));
  }
}

TEST_F(RepeatedTest, ThePolicyCanBeChosen) {
  const auto now = repeat({.id = {}, .present_policy = true});
  ASSERT_TRUE(now);
  EXPECT_THAT(*now, HasSubstr(kOfNow));
  EXPECT_THAT(*now, HasSubstr(kRefused));
  const auto then = repeat({.id = {}, .when = {.now = true}, .present_policy = false});
  ASSERT_TRUE(then);
  EXPECT_THAT(*then, HasSubstr(kOfThen));
  EXPECT_THAT(*then, HasSubstr(kAccepted));
}

TEST_F(RepeatedTest, APolicyThatIsNotKeptAnyMoreIsNotReplacedByAnother) {
  forget_versions();
  const auto gone = repeat({});
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().status, 409U);
  EXPECT_THAT(gone.error().checks, ElementsAre("kbs.policy.version"));
  EXPECT_THAT(gone.error().body.detail, HasSubstr("version 1 of the policy for evidence"));
  EXPECT_TRUE(repeat({.id = {}, .present_policy = true}));
  const auto shown = Replay(world_.service()).show(kVerifierOwner, id_, kLater);
  ASSERT_TRUE(shown);
  EXPECT_THAT(*shown, HasSubstr(R"("policy_kept":false)"));
}

TEST_F(RepeatedTest, TheRecordIsShownWithoutWhatNamesAMachine) {
  const Actor auditor{.name = "auditor", .role = Role::kAuditor, .repositories = {}};
  const auto shown = Replay(world_.service()).show(auditor, id_, kLater);
  ASSERT_TRUE(shown) << shown.error().body.detail;
  std::optional<ArchivedAppraisal> record;
  EXPECT_TRUE(world_.store().read([&](store::View& view) -> Result<void> {
    WARD_TRY(record, load_archived(view, world_.service(), id_));
    return {};
  }));
  ASSERT_TRUE(record);
  const auto json = codec::parse_json(as_bytes(*shown));
  ASSERT_TRUE(json);
  const auto text = [&](const char* name) { return json->find(name)->as_string(); };
  EXPECT_EQ(text("schema"), "ward.archived/1");
  EXPECT_EQ(text("id"), id_);
  EXPECT_EQ(text("time"), format_rfc3339(kNow));
  EXPECT_EQ(text("for"), "release");
  EXPECT_EQ(text("verdict"), "accepted");
  EXPECT_EQ(text("policy"), "evidence policy");
  EXPECT_EQ(json->find("policy_version")->as_uint(), 1U);
  EXPECT_EQ(json->find("policy_kept")->as_bool(), true);
  EXPECT_EQ(json->find("collateral_kept")->as_bool(), true);
  EXPECT_EQ(text("binding"), to_hex(record->binding));
  EXPECT_NE(json->find("runtime_data")->find("tee-pubkey"), nullptr);
  const codec::JsonValue& evidence = *json->find("primary_evidence");
  EXPECT_EQ(evidence.find("size")->as_uint(), record->primary_evidence.size());
  EXPECT_EQ(evidence.find("sha256")->as_string(),
            to_hex(crypto::sha256(as_bytes(record->primary_evidence))));
  EXPECT_THAT(*shown, testing::Not(HasSubstr(record->primary_evidence)));
}

TEST_F(RepeatedTest, OnlyWhoMayListMayReadARecord) {
  const Replay replay(world_.service());
  for (const Actor& actor : {kHospital, kStranger}) {
    EXPECT_EQ(replay.show(actor, id_, kLater).error().status, 403U);
  }
  EXPECT_EQ(replay.show(kVerifierOwner, "0000", kLater).error().status, 404U);
}

}  // namespace
}  // namespace ward::broker
