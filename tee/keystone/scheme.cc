#include "tee/keystone/scheme.h"

#include <algorithm>
#include <utility>

#include "attest/fields.h"
#include "attest/work.h"
#include "crypto/edwards.h"
#include "tee/keystone/checks.h"
#include "tee/keystone/keys.h"
#include "tee/keystone/report.h"
#include "tee/x509/documents.h"
#include "tee/x509/work.h"

namespace ward::keystone {
namespace {

using attest::Origin;

constexpr attest::CheckInfo kChecks[] = {
#define WARD_KEYSTONE_CHECK(name, id, reference, meaning, hint) \
  {"keystone." id, reference, meaning, hint},
#define WARD_KEYSTONE_POLICY_CHECK(name, id, reference, meaning, hint)
#include "tee/keystone/checks.def"
#undef WARD_KEYSTONE_CHECK
#undef WARD_KEYSTONE_POLICY_CHECK
#define WARD_KEYSTONE_CHECK(name, id, reference, meaning, hint)
#define WARD_KEYSTONE_POLICY_CHECK(name, id, reference, meaning, hint) \
  {"keystone." id, reference, meaning, hint},
#include "tee/keystone/checks.def"
#undef WARD_KEYSTONE_CHECK
#undef WARD_KEYSTONE_POLICY_CHECK
#define WARD_FIELD(claim, id, form, reference) \
  {"keystone." id, reference, attest::kFieldMeaning, attest::kFieldHint},
#include "tee/keystone/fields.def"
#undef WARD_FIELD
};

constexpr attest::FieldInfo kFields[] = {
#define WARD_FIELD(claim, id, form, reference) {"keystone." id, claim, form},
#include "tee/keystone/fields.def"
#undef WARD_FIELD
};

constexpr attest::PolicyLine kDefaultPolicy[] = {
#define WARD_POLICY_LINE(line, value, why) {line, value, why},
#include "tee/keystone/policy.def"
#undef WARD_POLICY_LINE
};

constexpr auto kPolicyAt = static_cast<std::size_t>(CheckId::kEnd);
constexpr const char* kAlgorithm = "Ed25519-SHA3-512";

std::span<const attest::CheckInfo> field_checks() {
  return std::span<const attest::CheckInfo>(kChecks).last(std::size(kFields));
}

attest::Facts facts_without_values() {
  const auto info = [](PolicyCheckId id) {
    return &kChecks[kPolicyAt + static_cast<std::size_t>(id)];
  };
  attest::Facts facts;
  facts.report_data_check = info(PolicyCheckId::kReportData);
  facts.measurement_check = info(PolicyCheckId::kMeasurement);
  facts.workload_check = info(PolicyCheckId::kWorkload);
  facts.chip_check = info(PolicyCheckId::kChip);
  facts.development_check = info(PolicyCheckId::kDevelopment);
  facts.memory = attest::MemoryKept::kIsolated;
  return facts;
}

void fill_facts(const Report& report, attest::Facts& facts) {
  assign(report.data, facts.report_data);
  assign(report.monitor_hash, facts.measurement);
  assign(report.enclave_hash, facts.workload);
  facts.chips = {to_buffer(report.device_key)};
}

constexpr const char* kTwoHashes =
    "two hashes say what runs: the monitor's (measurement) and the enclave's (workload); where one "
    "of them is not compared, any program may have asked for this report";

// Judging is one report under judgement.
struct Judging {
  const attest::Job& job;
  const Report& report;
  CheckList& checks;
};

// SignedPart is one of the report's two signatures.
struct SignedPart {
  CheckId check;
  Bytes message;
  Bytes signature;
  Bytes key;
  const char* key_title;
};

// show_key adds the key's SubjectPublicKeyInfo, and returns where it stands.
attest::Part show_key(attest::Work& work, const attest::CheckInfo& check, const SignedPart& part) {
  const auto named = spki_of(part.key);
  Buffer octets = named ? named->spki : to_buffer(part.key);
  const std::size_t size = octets.size();
  const std::size_t material =
      work.add({.kind = attest::MaterialKind::kExtract,
                .object = attest::object_of(check),
                .title = std::string(part.key_title) + ", SubjectPublicKeyInfo",
                .name = "in the evidence",
                .bytes = std::move(octets)});
  return {material, 0, size};
}

bool record_signature(const Judging& j, const SignedPart& part) {
  const bool holds =
      crypto::verify_edwards(crypto::EdwardsHash::kSha3, part.key, part.message, part.signature);
  const std::string key = part.key_title;
  j.checks.record(part.check, holds, (holds ? "by the " : "not by the ") + key,
                  {"signed by the " + key + ", Ed25519 with SHA3-512"});
  if (j.job.work == nullptr) return holds;
  attest::Work& work = *j.job.work;
  const attest::CheckInfo& info = j.checks.info(part.check);
  work.signatures.push_back({.check = &info,
                             .algorithm = kAlgorithm,
                             .key = show_key(work, info, part),
                             .message = work.part_or_extract(0, part.message, "what is signed"),
                             .signature = work.part_or_extract(0, part.signature, "signature"),
                             .holds = holds});
  return holds;
}

// record_device_key judges whose device it is; returns its anchor, or null.
const attest::Anchor* record_device_key(const Judging& j) {
  const auto named = spki_of(j.report.device_key);
  const auto found = std::ranges::find_if(j.job.anchors, [&](const attest::Anchor& a) {
    return named && equal(a.spki_sha256, named->digest);
  });
  const attest::Anchor* anchor = found == j.job.anchors.end() ? nullptr : &*found;
  j.checks.record(CheckId::kDeviceKeyRoot, anchor != nullptr,
                  "device key " + to_hex(j.report.device_key),
                  {"a key that was named as a root of trust", Origin::kPolicy, "trust anchors"});
  const PublishedKey* published = find_published(j.report.device_key);
  const bool fine = published == nullptr || (anchor != nullptr && anchor->development);
  j.checks.record(
      CheckId::kDeviceKeySecret, fine,
      published == nullptr ? "none of the published keys" : std::string(published->where),
      {"a key whose secret half is not published, or a development root"});
  if (j.job.work == nullptr) return anchor;
  const attest::CheckInfo& info = j.checks.info(CheckId::kDeviceKeyRoot);
  const attest::Part spki =
      show_key(*j.job.work, info, {.key = j.report.device_key, .key_title = "device's key"});
  j.job.work->digests.push_back(
      {.check = &info,
       .algorithm = "SHA-256",
       .message = {spki},
       .expected = anchor == nullptr ? Buffer{} : to_buffer(anchor->spki_sha256),
       .expected_from =
           anchor == nullptr ? "no trusted root has this key" : "the named key of " + anchor->name,
       .holds = anchor != nullptr});
  return anchor;
}

// The keys are tried only where everything is signed: otherwise nothing hangs on the monitor's key.
void record_monitor_key(const Judging& j) {
  const auto guessed = guess_monitor_key(j.report.monitor_key, j.report.monitor_hash);
  const std::string octet = guessed ? to_hex(std::array<std::uint8_t, 1>{*guessed}) : std::string();
  j.checks.record(
      CheckId::kMonitorKeySecret, !guessed,
      guessed ? "the key of the octets " + octet + " and " + to_hex(j.report.monitor_hash.first(1))
              : "none of the 256 keys that can be guessed",
      {"a key that follows from the whole of the device's secret"});
}

void judge(const Judging& j, attest::Findings& out) {
  const attest::Anchor* anchor = record_device_key(j);
  out.development = anchor != nullptr && anchor->development;
  const bool monitor = record_signature(j, {.check = CheckId::kMonitorSignature,
                                            .message = j.report.monitor_signed,
                                            .signature = j.report.monitor_signature,
                                            .key = j.report.device_key,
                                            .key_title = "device's key"});
  const bool enclave = record_signature(j, {.check = CheckId::kEnclaveSignature,
                                            .message = j.report.enclave_signed,
                                            .signature = j.report.enclave_signature,
                                            .key = j.report.monitor_key,
                                            .key_title = "security monitor's key"});
  if (monitor && enclave) record_monitor_key(j);
}

Result<Report> form_only(Bytes evidence) {
  auto out = parse_report(evidence);
  if (std::holds_alternative<std::string>(out)) {
    return Error(Errc::kMalformed, "no Keystone report of 1352 octets");
  }
  return std::get<Report>(std::move(out));
}

// Nothing is read from documents: all keys stand in the report.
class NoDocuments final : public attest::Prepared {
 public:
  explicit NoDocuments(const attest::Collateral& collateral)
      : Prepared(x509::digest_of(x509::all_of(collateral))) {}
};

}  // namespace

attest::SchemeInfo Keystone::info() const {
  return {.name = "keystone",
          .title = "RISC-V Keystone (report of an enclave and its security monitor)",
          .media_type = "application/vnd.ward.keystone-report",
          .report_data_size = 0,
          .measurement_size = kHashSize,
          .workload_size = kHashSize,
          .checks = kChecks,
          .fields = kFields,
          .default_policy = kDefaultPolicy};
}

attest::Recognition Keystone::recognises(Bytes evidence) const {
  using attest::Recognition;
  if (is_report(evidence)) return Recognition::kSure;
  return may_be_report(evidence) ? Recognition::kDamaged : Recognition::kNo;
}

Result<std::vector<attest::Claim>> Keystone::inspect(Bytes evidence) const {
  WARD_TRY(const Report report, form_only(evidence));
  std::vector<attest::Claim> out;
  report.add_claims(out);
  return out;
}

Result<std::vector<attest::LayoutField>> Keystone::layout(Bytes evidence) const {
  WARD_TRY(const Report report, form_only(evidence));
  return report.layout(evidence);
}

Result<std::vector<attest::CollateralRequest>> Keystone::needs(Bytes evidence) const {
  WARD_TRY(const Report report, form_only(evidence));
  static_cast<void>(report);
  return std::vector<attest::CollateralRequest>{};
}

std::unique_ptr<const attest::Prepared> Keystone::prepare(
    const attest::Collateral& collateral) const {
  return std::make_unique<NoDocuments>(collateral);
}

Result<void> Keystone::verify(const attest::Job& job, attest::Findings& out) const {
  if (job.work != nullptr) job.work->add(x509::evidence_material(job.evidence, "report"));
  out = {};
  out.tee = "keystone";
  out.facts = facts_without_values();
  CheckList checks(std::span<const attest::CheckInfo>(kChecks).first(kPolicyAt), out.checks);
  const auto parsed = parse_report(job.evidence);
  const auto* wrong = std::get_if<std::string>(&parsed);
  checks.record(CheckId::kForm, wrong == nullptr, wrong == nullptr ? "a report" : *wrong,
                {"1352 octets, with at most 1024 of data"});
  if (wrong == nullptr) {
    const auto& report = std::get<Report>(parsed);
    report.add_claims(out.claims);
    fill_facts(report, out.facts);
    judge({job, report, checks}, out);
    out.facts.warns_unless_both = kTwoHashes;
  }
  attest::write_field_facts(field_checks(), kFields, out.claims, out.facts.fields);
  return {};
}

}  // namespace ward::keystone
