#include "broker/incident.h"

#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/incident_rows.h"
#include "broker/incident_scan.h"
#include "broker/policy_admin.h"
#include "broker/records.h"
#include "crypto/digest.h"
#include "test/broker/attester.h"
#include "test/broker/world.h"

namespace ward::broker {
namespace {

using test_support::administrator;
using test_support::Attester;
using test_support::detail_of;
using test_support::kNow;
using test_support::leaves_of;
using test_support::message;
using test_support::open_session;
using test_support::Opened;
using test_support::World;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kPath = "hospital/key/records";

UnixTime later(std::int64_t seconds) { return {kNow.seconds + seconds}; }

class IncidentTest : public testing::Test {
 protected:
  IncidentTest() { world_.set_up(); }

  // prove attests from a chip: the token, and in `check_` the check that failed.
  std::string prove(const Buffer& chip, UnixTime now = kNow) {
    world_.verifier.chip = chip;
    Opened session = open_session(broker_, attester_, now);
    const std::string body = message(session, session.client.report_data());
    const auto answer = broker_.attest(session.cookie, as_bytes(body), now);
    check_.clear();
    if (!answer) {
      const Refusal& refusal = answer.error();
      check_ = refusal.checks.empty() ? std::to_string(refusal.status) : refusal.checks.front();
      return {};
    }
    const auto begin = answer->find(':') + 2;
    return answer->substr(begin, answer->rfind('"') - begin);
  }

  // turned_over is the same ES256 result with the other signature that verifies: n - s for s.
  static std::string turned_over(const std::string& token) {
    const auto point = token.rfind('.') + 1;
    const auto signature = from_base64(token.substr(point), Base64::kUrl);
    EXPECT_TRUE(signature);
    if (!signature) return {};
    const Buffer order =
        *from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    Buffer out = *signature;
    int borrow = 0;
    for (std::size_t i = 32; i-- > 0;) {
      const int digit = order[i] - out[32 + i] - borrow;
      borrow = digit < 0 ? 1 : 0;
      out[32 + i] = static_cast<std::uint8_t>(digit + (borrow != 0 ? 256 : 0));
    }
    return token.substr(0, point) + to_base64(out, Base64::kUrl);
  }

  // ask is "released", or the check that failed.
  std::string ask(const std::string& token, UnixTime now = kNow) {
    const auto answer = broker_.resource({.cookie = std::nullopt, .bearer = token}, kPath, now);
    return answer ? "released" : answer.error().checks.front();
  }

  NewIncident of(IncidentOf kind, std::string_view text, bool apply) {
    const auto subject = incident_subject(world_.keys().platform_ids, kind, text);
    EXPECT_TRUE(subject) << text;
    return {.subject = subject.value_or(IncidentSubject{}), .note = "why", .apply = apply};
  }

  Incident open(IncidentOf kind, std::string_view text, bool apply = true, UnixTime now = kNow) {
    auto out = incidents_.open(administrator(), of(kind, text, apply), now);
    EXPECT_TRUE(out) << out.error().body.detail;
    return out ? *std::move(out) : Incident();
  }

  std::string rotate_mark() {
    const auto list = Admin(world_.service()).list_resources(administrator());
    EXPECT_TRUE(list);
    return list ? list->resources.front().rotate : "";
  }

  std::uint64_t policy_version() {
    const auto versions =
        PolicyAdmin(world_.service()).versions(administrator(), kEvidencePolicyKey, kNow);
    EXPECT_TRUE(versions);
    return versions ? versions->front().version : 0;
  }

  const Buffer one_ = Buffer(16, 0xc1);
  const Buffer two_ = Buffer(16, 0xc2);
  crypto::SystemRng rng_;
  World world_;
  Attester attester_;
  Broker broker_{world_.service()};
  Incidents incidents_{world_.service()};
  std::string check_;
};

TEST_F(IncidentTest, a_chips_keys_are_listed_and_it_gets_no_more_while_another_does) {
  const std::string mine = prove(one_);
  const std::string other = prove(two_);
  EXPECT_EQ(ask(mine), "released");
  EXPECT_EQ(ask(other), "released");
  EXPECT_EQ(ask(mine), "released");
  const std::uint64_t before = policy_version();

  const Incident incident = open(IncidentOf::kChip, to_hex(one_));
  ASSERT_EQ(incident.affected.releases.size(), 2U);
  for (const AffectedRelease& one : incident.affected.releases) {
    EXPECT_EQ(one.resource, kPath);
    EXPECT_EQ(one.platforms, world_.keys().platform_ids.name(one_));
  }
  EXPECT_EQ(incident.affected.unknown, 0U);
  EXPECT_EQ(incident.tokens_refused, 1U);
  EXPECT_EQ(incident.policy_before, before);
  EXPECT_EQ(incident.policy_after, before + 1);
  EXPECT_EQ(policy_version(), before + 1);
  EXPECT_THAT(incident.rotate, ElementsAre(kPath));
  EXPECT_EQ(rotate_mark(), incident.id);

  // The result that it has is of no use any more, nor is new evidence; another's are.
  EXPECT_EQ(ask(mine), "kbs.token.unaffected");
  EXPECT_EQ(ask(other), "released");
  EXPECT_EQ(prove(one_), "");
  EXPECT_EQ(check_, "kbs.evidence.platform_unaffected");
  EXPECT_EQ(ask(prove(two_)), "released");

  // Another value takes the mark away, the same one does not.
  Admin admin(world_.service());
  ASSERT_TRUE(admin.put_resource(administrator(), kPath, as_bytes("the key"), kNow));
  EXPECT_EQ(rotate_mark(), incident.id);
  ASSERT_TRUE(admin.put_resource(administrator(), kPath, as_bytes("new"), kNow));
  EXPECT_EQ(rotate_mark(), "");

  // Who is open to no doubt closes the incident first, then takes the refusal away.
  const PolicyAdmin policies(world_.service());
  const auto early = policies.rollback(administrator(), kEvidencePolicyKey, before, later(1));
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().status, 409U);
  EXPECT_EQ(early.error().checks.front(), "kbs.policy.incident");
  ASSERT_TRUE(incidents_.close(administrator(), incident.id, later(1)));
  ASSERT_TRUE(policies.rollback(administrator(), kEvidencePolicyKey, before, later(1)));
  EXPECT_EQ(ask(prove(one_, later(1)), later(1)), "released");
}

TEST_F(IncidentTest, a_refused_result_stays_refused_with_its_signature_written_otherwise) {
  const std::string token = prove(one_);
  open(IncidentOf::kChip, to_hex(one_));
  EXPECT_EQ(ask(token), "kbs.token.unaffected");
  EXPECT_EQ(ask(turned_over(token)), "kbs.token.unaffected");
}

TEST_F(IncidentTest, what_is_released_on_a_result_that_is_written_otherwise_is_listed) {
  EXPECT_EQ(ask(turned_over(prove(one_))), "released");
  EXPECT_EQ(open(IncidentOf::kChip, to_hex(one_)).affected.releases.size(), 1U);
}

TEST_F(IncidentTest, evidence_that_was_judged_by_the_policy_before_is_judged_again) {
  bool once = true;
  world_.verifier.meanwhile = [&] {
    if (!std::exchange(once, false)) return;
    ASSERT_TRUE(incidents_.open(administrator(), of(IncidentOf::kChip, to_hex(one_), true), kNow));
  };
  EXPECT_EQ(prove(one_), "");
  EXPECT_EQ(check_, "kbs.evidence.platform_unaffected");
}

TEST_F(IncidentTest, while_the_policy_keeps_changing_nothing_is_accepted) {
  const PolicyAdmin policies(world_.service());
  const auto text = policies.get(administrator(), kEvidencePolicyKey, kNow, std::nullopt);
  ASSERT_TRUE(text);
  world_.verifier.meanwhile = [&] {
    ASSERT_TRUE(policies.set(administrator(), kEvidencePolicyKey, as_bytes(*text), kNow));
  };
  EXPECT_EQ(prove(one_), "");
  EXPECT_EQ(check_, "503");
  world_.verifier.meanwhile = {};
  EXPECT_NE(prove(one_), "");
}

TEST_F(IncidentTest, a_chip_is_the_same_with_and_without_the_zeros_behind_it) {
  Buffer padded = Buffer(8, 0xc3);
  padded.resize(64);
  EXPECT_EQ(ask(prove(padded)), "released");
  const PlatformIds& ids = world_.keys().platform_ids;
  for (const std::string& text :
       {to_hex(padded), to_hex(Bytes(padded).first(8)), "salted:" + ids.digest(padded)}) {
    EXPECT_EQ(open(IncidentOf::kChip, text, false).affected.releases.size(), 1U) << text;
  }
  open(IncidentOf::kChip, to_hex(Bytes(padded).first(8)));
  EXPECT_EQ(prove(padded), "");
  EXPECT_EQ(check_, "kbs.evidence.platform_unaffected");
}

TEST_F(IncidentTest, evidence_that_hides_its_machine_may_be_the_one_that_is_refused) {
  const Buffer hidden(16, 0);
  EXPECT_EQ(ask(prove(hidden)), "released");
  EXPECT_EQ(ask(prove(two_)), "released");
  const Incident incident = open(IncidentOf::kChip, to_hex(one_));
  EXPECT_EQ(incident.affected.unknown, 1U);
  EXPECT_THAT(incident.affected.releases, IsEmpty());
  EXPECT_EQ(prove(hidden), "");
  EXPECT_EQ(check_, "kbs.evidence.platform_unaffected");
  EXPECT_EQ(ask(prove(two_)), "released");
}

TEST_F(IncidentTest, an_advisorys_platforms_are_listed_and_refused_until_they_show_it_no_more) {
  world_.verifier.advisories = {"INTEL-SA-00614", "INTEL-SA-00615"};
  const std::string token = prove(one_);
  EXPECT_EQ(ask(token), "released");
  const Incident incident = open(IncidentOf::kAdvisory, "INTEL-SA-00615");
  EXPECT_EQ(incident.affected.releases.size(), 1U);
  EXPECT_EQ(incident.tokens_refused, 1U);
  EXPECT_EQ(ask(token), "kbs.token.unaffected");
  EXPECT_EQ(prove(one_), "");
  EXPECT_EQ(check_, "kbs.evidence.advisory_unaffected");
  world_.verifier.advisories = {"INTEL-SA-00614"};
  EXPECT_EQ(ask(prove(one_)), "released");
}

TEST_F(IncidentTest, no_policy_forgets_the_subject_of_an_open_incident) {
  const PolicyAdmin policies(world_.service());
  const auto before = policies.get(administrator(), kEvidencePolicyKey, kNow, std::nullopt);
  ASSERT_TRUE(before);
  const std::string workload = to_hex(Buffer(32, 0xee));
  const std::vector<Incident> all = {open(IncidentOf::kChip, to_hex(one_)),
                                     open(IncidentOf::kWorkload, workload),
                                     open(IncidentOf::kAdvisory, "INTEL-SA-00615")};
  const auto with_all = policies.get(administrator(), kEvidencePolicyKey, kNow, std::nullopt);
  ASSERT_TRUE(with_all);
  EXPECT_TRUE(policies.set(administrator(), kEvidencePolicyKey, as_bytes(*with_all), kNow));
  for (const Incident& one : all) {
    const auto refused = policies.set(administrator(), kEvidencePolicyKey, as_bytes(*before), kNow);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().checks.front(), "kbs.policy.incident");
    ASSERT_TRUE(incidents_.close(administrator(), one.id, kNow));
  }
  EXPECT_TRUE(policies.set(administrator(), kEvidencePolicyKey, as_bytes(*before), kNow));
}

TEST_F(IncidentTest, a_report_lists_what_it_has_room_for_and_counts_the_rest) {
  const std::string token = prove(one_);
  ASSERT_EQ(ask(token), "released");
  const ledger::Entry release = leaves_of(world_).back().entry;
  ASSERT_EQ(release.kind, "release");
  ASSERT_TRUE(world_.store().transact([&](store::Transaction& tx) -> Result<void> {
    for (std::size_t i = 0; i < kMaxListedReleases; ++i) {
      WARD_CHECK_OK(record(tx, world_.keys(), release));
    }
    return {};
  }));
  const Incident incident = open(IncidentOf::kChip, to_hex(one_));
  EXPECT_LE(incident.affected.releases.size(), kMaxListedReleases);
  EXPECT_EQ(incident.affected.releases.size() + incident.affected.unlisted, kMaxListedReleases + 1);
  EXPECT_GE(incident.affected.unlisted, 1U);
  EXPECT_TRUE(incidents_.report(incident));
}

TEST_F(IncidentTest, a_workload_in_a_register_is_found_by_the_digest_that_was_extended) {
  const Buffer digest(32, 0xd1);
  Buffer both(32);
  both.insert(both.end(), digest.begin(), digest.end());
  world_.verifier.workload = to_buffer(crypto::sha256(both));
  ASSERT_NE(prove(one_), "");
  open(IncidentOf::kWorkload, to_hex(digest));
  EXPECT_EQ(prove(one_), "");
  EXPECT_EQ(check_, "kbs.evidence.workload_unaffected");
}

TEST_F(IncidentTest, a_closed_incident_makes_room_where_there_are_as_many_as_may_be) {
  const Incident oldest = open(IncidentOf::kAdvisory, "INTEL-SA-00001");
  ASSERT_TRUE(world_.store().transact([&](store::Transaction& tx) -> Result<void> {
    for (std::size_t i = 1; i < kMaxIncidents; ++i) {
      Incident one = oldest;
      one.id = std::to_string(1'000'000'000'000'000 + i);
      one.opened = later(1);
      WARD_TRY(const std::string text, incident_json(one, "test"));
      WARD_CHECK_OK(world_.keys().rows.put(tx, kIncidentTable, one.id, as_bytes(text), 0, rng_));
      WARD_CHECK_OK(tx.put(kOpenIncidentTable, one.id, as_bytes("advisory INTEL-SA-00001"), 0));
    }
    return {};
  }));
  const std::uint64_t policy = policy_version();
  const auto refused =
      incidents_.open(administrator(), of(IncidentOf::kAdvisory, "INTEL-SA-00002", true), later(2));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, 409U);
  EXPECT_EQ(policy_version(), policy);
  ASSERT_TRUE(incidents_.close(administrator(), oldest.id, later(2)));
  EXPECT_TRUE(incidents_.open(administrator(), of(IncidentOf::kAdvisory, "INTEL-SA-00002", true),
                              later(2)));
  EXPECT_EQ(incidents_.get(administrator(), oldest.id, later(2)).error().status, 404U);
}

TEST_F(IncidentTest, a_workloads_keys_are_listed_and_it_gets_no_more) {
  EXPECT_EQ(ask(prove(one_)), "released");
  const Incident incident = open(IncidentOf::kWorkload, to_hex(world_.verifier.workload));
  EXPECT_EQ(incident.affected.releases.size(), 1U);
  EXPECT_EQ(prove(two_), "");
  EXPECT_EQ(check_, "kbs.evidence.workload_unaffected");
  // By its first 32 octets: on a TEE whose field is another it is the same.
  world_.verifier.workload.resize(32);
  EXPECT_EQ(prove(two_), "");
  EXPECT_EQ(check_, "kbs.evidence.workload_unaffected");
}

TEST_F(IncidentTest, a_trial_changes_nothing) {
  const std::string token = prove(one_);
  EXPECT_EQ(ask(token), "released");
  const std::uint64_t before = policy_version();
  const auto leaves = leaves_of(world_).size();
  const Incident trial = open(IncidentOf::kChip, to_hex(one_), false);
  EXPECT_EQ(trial.id, "");
  EXPECT_EQ(trial.affected.releases.size(), 1U);
  EXPECT_EQ(trial.policy_after, before + 1);
  EXPECT_THAT(trial.rotate, ElementsAre(kPath));
  EXPECT_EQ(policy_version(), before);
  EXPECT_EQ(leaves_of(world_).size(), leaves);
  EXPECT_EQ(rotate_mark(), "");
  EXPECT_EQ(ask(token), "released");
}

TEST_F(IncidentTest, of_something_unaffected_lists_nothing) {
  EXPECT_EQ(ask(prove(one_)), "released");
  for (const Incident& incident :
       {open(IncidentOf::kChip, to_hex(two_)), open(IncidentOf::kWorkload, std::string(64, 'e')),
        open(IncidentOf::kAdvisory, "INTEL-SA-00615")}) {
    EXPECT_THAT(incident.affected.releases, IsEmpty());
    EXPECT_EQ(incident.affected.unknown, 0U);
    EXPECT_EQ(incident.tokens_refused, 0U);
  }
  EXPECT_EQ(ask(prove(one_)), "released");
}

TEST_F(IncidentTest, what_the_ledger_does_not_say_is_counted_and_refused) {
  ASSERT_TRUE(world_.store().transact([&](store::Transaction& tx) -> Result<void> {
    const auto first =
        record(tx, world_.keys(), {kNow, "attestation", "ab", "sgx", {{"token_sha256", "t"}}});
    if (!first) return first.error();
    return record(tx, world_.keys(), {kNow, "release", "ab", kPath, {{"token_sha256", "t"}}});
  }));
  const Incident incident = open(IncidentOf::kChip, to_hex(one_));
  EXPECT_EQ(incident.affected.unknown, 1U);
  EXPECT_THAT(incident.affected.releases, IsEmpty());
  EXPECT_EQ(incident.tokens_refused, 1U);
}

TEST_F(IncidentTest, is_open_and_refuses_though_there_is_no_place_to_read_the_ledger) {
  const std::string token = prove(one_);
  ASSERT_EQ(ask(token), "released");
  {
    const auto first = ScanPlace::take(ScanFor::kIncident);
    const auto second = ScanPlace::take(ScanFor::kIncident);
    ASSERT_TRUE(first && second);
    const auto busy =
        incidents_.open(administrator(), of(IncidentOf::kChip, to_hex(one_), true), kNow);
    ASSERT_FALSE(busy);
    EXPECT_EQ(busy.error().status, 429U);
    // A trial has a place of its own.
    EXPECT_EQ(open(IncidentOf::kChip, to_hex(one_), false).affected.releases.size(), 1U);
  }
  EXPECT_EQ(ask(token), "kbs.token.unaffected");
  EXPECT_EQ(prove(one_), "");
  EXPECT_EQ(rotate_mark(), "");
  const auto list = incidents_.list(administrator(), kNow);
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 1U);
  const PolicyAdmin policies(world_.service());
  const auto lifted = policies.rollback(administrator(), kEvidencePolicyKey, 1, kNow);
  ASSERT_FALSE(lifted);
  EXPECT_EQ(lifted.error().checks.front(), "kbs.policy.incident");
  const Incident again = open(IncidentOf::kChip, to_hex(one_));
  EXPECT_EQ(again.affected.releases.size(), 1U);
  EXPECT_EQ(rotate_mark(), again.id);
  EXPECT_TRUE(incidents_.close(administrator(), list->front().id, kNow));
}

TEST_F(IncidentTest, one_whose_opening_was_broken_off_keeps_no_other_from_being_opened) {
  const Incident broken{.id = "0000000000000001",
                        .subject = {IncidentOf::kAdvisory, "INTEL-SA-00615"},
                        .note = {},
                        .opened_by = "first",
                        .opened = kNow,
                        .rotate = {},
                        .affected = {},
                        .closed_by = {},
                        .closed = {}};
  ASSERT_TRUE(world_.store().transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(const bool added, add_open_incident(tx, world_.service(), broken));
    EXPECT_TRUE(added);
    return {};
  }));
  const Incident incident = open(IncidentOf::kChip, to_hex(one_));
  EXPECT_EQ(prove(one_), "");
  EXPECT_EQ(check_, "kbs.evidence.platform_unaffected");
  world_.verifier.advisories = {"INTEL-SA-00615"};
  EXPECT_EQ(prove(two_), "");
  EXPECT_EQ(check_, "kbs.evidence.advisory_unaffected");
  EXPECT_TRUE(incidents_.close(administrator(), broken.id, kNow));
  EXPECT_TRUE(incidents_.close(administrator(), incident.id, kNow));
}

TEST_F(IncidentTest, a_second_one_of_the_same_finds_the_policy_as_it_must_be) {
  const Incident first = open(IncidentOf::kChip, to_hex(one_));
  const Incident second = open(IncidentOf::kChip, to_hex(one_));
  EXPECT_EQ(second.policy_before, first.policy_after);
  EXPECT_EQ(second.policy_after, first.policy_after);
}

TEST_F(IncidentTest, reports_are_signed_and_read_back) {
  EXPECT_EQ(ask(prove(one_)), "released");
  const Incident incident = open(IncidentOf::kChip, to_hex(one_));
  const auto text = incidents_.report(incident);
  ASSERT_TRUE(text);
  const auto& key = world_.keys().ledger.key;
  const token::JwsKey verifier{token::JwsAlgorithm::kEdDsa, key.key(), key.name()};
  const auto verified = token::verify_jws(*text, verifier, {.typ = kIncidentReportType});
  ASSERT_TRUE(verified) << verified.error().what();
  const auto read = parse_incident(verified->payload);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->id, incident.id);
  EXPECT_EQ(read->subject.value, incident.subject.value);
  EXPECT_EQ(read->affected.releases.size(), 1U);
  EXPECT_EQ(*incident_json(*read, world_.service().options.name),
            std::string(as_text(verified->payload)));
  std::string changed = *text;
  changed[changed.find('.') + 5] ^= 1;
  EXPECT_FALSE(token::verify_jws(changed, verifier, {.typ = kIncidentReportType}));
}

TEST_F(IncidentTest, are_kept_listed_and_closed) {
  const Incident incident = open(IncidentOf::kAdvisory, "intel-sa-00615");
  EXPECT_EQ(incident.subject.value, "INTEL-SA-00615");
  const auto closed = incidents_.close(administrator(), incident.id, later(5));
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->closed_by, administrator().name);
  EXPECT_EQ(incidents_.close(administrator(), incident.id, later(9))->closed, later(5));
  const auto list = incidents_.list(administrator(), kNow);
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 1U);
  EXPECT_EQ(list->front().closed, later(5));
  EXPECT_EQ(incidents_.get(administrator(), "0123456789abcdef", kNow).error().status, 404U);
  EXPECT_EQ(incidents_.get(administrator(), "../x", kNow).error().status, 404U);
  std::vector<std::string> kinds;
  for (const ledger::Leaf& leaf : leaves_of(world_)) {
    kinds.push_back(leaf.entry.kind);
  }
  EXPECT_THAT(kinds, Contains("incident.open"));
  EXPECT_THAT(kinds, Contains("incident.close"));
}

TEST_F(IncidentTest, are_an_administrators_and_auditors_read) {
  const Actor owner{.name = "h", .role = Role::kOwner, .repositories = {"hospital"}};
  const Actor auditor{.name = "a", .role = Role::kAuditor, .repositories = {}};
  const Actor verifier{.name = "v", .role = Role::kVerifierOwner, .repositories = {}};
  const NewIncident asked = of(IncidentOf::kChip, to_hex(one_), true);
  const std::uint64_t before = policy_version();
  for (const Actor& actor : {owner, auditor, verifier}) {
    EXPECT_EQ(incidents_.open(actor, asked, kNow).error().status, 403U);
    EXPECT_EQ(incidents_.close(actor, "0123456789abcdef", kNow).error().status, 403U);
  }
  EXPECT_EQ(policy_version(), before);
  EXPECT_TRUE(incidents_.list(auditor, kNow));
  EXPECT_EQ(incidents_.list(owner, kNow).error().status, 403U);
  EXPECT_EQ(incidents_.get(verifier, "0123456789abcdef", kNow).error().status, 403U);
}

TEST_F(IncidentTest, a_subject_is_written_as_people_have_it) {
  const PlatformIds& ids = world_.keys().platform_ids;
  EXPECT_EQ(incident_subject(ids, IncidentOf::kChip, "salted:" + ids.digest(one_))->value,
            ids.name(one_));
  for (const char* wrong : {"", "salted:", "salted:abcd", "zz", "abcd"}) {
    EXPECT_FALSE(incident_subject(ids, IncidentOf::kChip, wrong)) << wrong;
  }
  EXPECT_FALSE(incident_subject(ids, IncidentOf::kWorkload, std::string(62, 'a')));
  EXPECT_TRUE(incident_subject(ids, IncidentOf::kWorkload, std::string(64, 'a')));
  EXPECT_TRUE(incident_subject(ids, IncidentOf::kWorkload, std::string(128, 'a')));
  EXPECT_FALSE(incident_subject(ids, IncidentOf::kWorkload, std::string(130, 'a')));
  EXPECT_FALSE(incident_subject(ids, IncidentOf::kAdvisory, "CVE-2024-1"));
}

}  // namespace
}  // namespace ward::broker
