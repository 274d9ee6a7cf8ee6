#include "test/broker/world.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "broker/policy_admin.h"
#include "codec/json.h"
#include "ledger/ledger.h"
#include "protocol/kbs/message.h"
#include "store/memory/memory_store.h"
#include "token/jwk.h"

namespace ward::broker::test_support {
namespace {

constexpr attest::CheckInfo kReportData{"fake.report_data", "test", "", ""};
constexpr attest::CheckInfo kMeasurement{"fake.measurement", "test", "", ""};
constexpr attest::CheckInfo kWorkload{"fake.workload", "test", "", ""};
constexpr attest::CheckInfo kChip{"fake.chip", "test", "", ""};
constexpr attest::CheckInfo kTcb{"fake.tcb", "test", "", ""};
constexpr attest::CheckInfo kEvaluation{"fake.evaluation", "test", "", ""};
constexpr attest::CheckInfo kDebug{"fake.debug", "test", "", ""};
constexpr attest::CheckInfo kDevelopment{"fake.development", "test", "", ""};
constexpr attest::CheckInfo kFlag{kFieldId, "test", "", ""};
constexpr attest::FieldForm kFlagForm{.kind = attest::FieldKind::kFlag};
constexpr attest::CheckInfo kSignature{"fake.signature", "test", "", ""};
constexpr attest::CheckInfo kListPresent{"fake.list.present", "test", "", ""};
constexpr attest::CheckInfo kListRevocation{"fake.list.revocation", "test", "", ""};

crypto::PrivateKey make_key(crypto::KeyType type, crypto::Rng& rng) {
  return *crypto::PrivateKey::generate(type, rng);
}

attest::Expected expected_of(const std::optional<std::vector<Buffer>>& values) {
  if (!values) return attest::Unchecked{};
  return *values;
}

}  // namespace

Result<Appraised> FakeVerifier::appraise(const EvidenceRequest& request) const {
  const auto json = codec::parse_json(as_bytes(request.primary_evidence));
  const auto* member = json ? json->find("report_data") : nullptr;
  const auto text = member != nullptr ? member->as_string() : std::nullopt;
  const auto report_data = text ? from_hex(*text) : std::nullopt;
  if (!report_data) return Error(Errc::kMalformed, "fake: evidence");
  if (meanwhile) meanwhile();
  attest::Findings findings;
  findings.tee = "sgx";
  findings.checks.push_back(
      {.info = &kSignature,
       .outcome = forged ? attest::Outcome::kFailed : attest::Outcome::kPassed});
  if (without_list) {
    findings.checks.push_back({.info = &kListPresent, .not_done = attest::NotDone::kAbsent});
    findings.checks.push_back({.info = &kListRevocation, .not_done = attest::NotDone::kBlocked});
  }
  findings.tcb.status = tcb_status;
  findings.tcb.advisories = advisories;
  findings.development = development;
  findings.facts = {.tcb_status_check = &kTcb,
                    .tcb_evaluation_check = &kEvaluation,
                    .debug_check = &kDebug,
                    .report_data_check = &kReportData,
                    .measurement_check = &kMeasurement,
                    .workload_check = &kWorkload,
                    .development_check = &kDevelopment,
                    .chip_check = &kChip,
                    .fields = {{.check = &kFlag, .form = kFlagForm, .values = {}}},
                    .revocation_checks = {&kListPresent, &kListRevocation},
                    .tcb_matched = true,
                    .debug = debug,
                    .report_data = *report_data,
                    .measurement = runtime,
                    .workload = workload,
                    .signer = signer,
                    .memory = attest::MemoryKept::kEncrypted};
  if (flag) findings.facts.fields[0].values = {*flag ? "true" : "false"};
  Buffer field = to_buffer(request.binding);
  if (!request.whole_field) field.resize(protocol::kbs::kReportDataBytes);
  // The owners' policies compare the workload.
  const attest::Expectations expected{std::vector<Buffer>{std::move(field)},
                                      expected_of(request.policy.runtimes), attest::Unchecked{}};
  findings.claims = {{"mr_enclave", runtime}, {"debug", debug}, {"isv_svn", std::uint64_t{3}}};
  DeviceClaims device{.classes = classes,
                      .tee = std::string(request.tee),
                      .scheme = "sgx",
                      .claims = findings.claims,
                      .tcb = findings.tcb};
  findings.facts.chips = {chip};
  Appraised out{attest::appraise(std::move(findings), request.policy.policy, expected, request.now),
                {std::move(device)},
                {}};
  out.identity = attest::identity_of({}, out.appraisal);
  return out;
}

std::vector<attest::FieldInfo> FakeVerifier::fields() const {
  return {{kFieldId, "flag", kFlagForm}};
}

World::World(std::unique_ptr<store::Store> store, const RegoEngine* rego)
    : token_key_(make_key(crypto::KeyType::kP256, rng_)),
      ledger_key_(make_key(crypto::KeyType::kEd25519, rng_)),
      store_(store ? std::move(store) : store::make_memory_store()) {
  const std::string kid = token::thumbprint(token_key_.public_key());
  const crypto::PrivateKey& signing = token_key_;
  const crypto::PrivateKey& noting = ledger_key_;
  keys_ = std::make_unique<Keys>(
      Keys{.sessions = SessionSealer(filled(1)),
           .rows = SealedRows(filled(2)),
           .platform_ids = PlatformIds(filled(3)),
           .token_signer = {token::JwsAlgorithm::kEs256, kid,
                            [&signing](Bytes message) {
                              return signing.sign_rs(crypto::SignatureAlgorithm::kEcdsaP256Sha256,
                                                     message);
                            }},
           .token_keys = {{token::JwsAlgorithm::kEs256, token_key_.public_key(), kid}},
           .ledger = {*ledger::NoteKey::make("wardd.test/ledger", ledger_key_.public_key()),
                      [this, &noting](Bytes message) -> Result<Buffer> {
                        if (ledger_fails) return Error(Errc::kUnavailable, "test: no ledger");
                        return noting.sign(crypto::SignatureAlgorithm::kEd25519, message);
                      }}});
  service_ = std::make_unique<Service>(
      Service{*store_, verifier, *keys_, rng_, Options{.name = "wardd.test"}, rego});
}

void World::set_up() const {
  const Admin admin(service());
  const Actor actor = administrator();
  const PolicyAdmin policies(service());
  EXPECT_TRUE(policies.set(actor, "evidence", as_bytes(evidence_policy()), kNow));
  EXPECT_TRUE(policies.set(actor, "results/hospital", as_bytes(results_policy()), kNow));
  EXPECT_TRUE(admin.put_resource(actor, "hospital/key/records", as_bytes("the key"), kNow));
}

Secret<32> filled(std::uint8_t value) {
  Secret<32> out;
  std::fill(out.expose_mut().begin(), out.expose_mut().end(), value);
  return out;
}

Actor administrator() {
  return {.name = "first", .role = Role::kAdministrator, .repositories = {}};
}

std::vector<ledger::Leaf> leaves_of(const World& world) {
  std::vector<ledger::Leaf> out;
  const auto done = world.store().read([&](store::View& view) -> Result<void> {
    WARD_TRY(const ledger::Head head, ledger::read_head(view));
    for (std::uint64_t i = 0; i < head.size; ++i) {
      WARD_TRY(const Buffer octets, ledger::read_leaf(view, i));
      WARD_TRY(ledger::Leaf leaf, ledger::parse_leaf(octets));
      out.push_back(std::move(leaf));
    }
    return {};
  });
  EXPECT_TRUE(done);
  return out;
}

std::string detail_of(const ledger::Leaf& leaf, std::string_view name) {
  for (const auto& [key, value] : leaf.entry.details) {
    if (key == name) return value;
  }
  return {};
}

std::string evidence_policy() {
  return R"({"schema":"ward.evidence-policy/1","runtimes":[")" + to_hex(Buffer(32, 2)) + "\"]}";
}

std::string results_policy() {
  return R"({"schema":"ward.results-policy/1","releases":[{"resources":["key/records","key/absent"],)"
         R"("workloads":[")" +
         to_hex(Buffer(48, 1)) + R"("],"runtimes":[")" + to_hex(Buffer(32, 2)) + "\"]}]}";
}

}  // namespace ward::broker::test_support
