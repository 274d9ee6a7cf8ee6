// What every TEE of this build must do, over the list of all of them (docs/DESIGN.md 2): its own
// vectors verify; what is cut, changed, bound to something else or out of its time is refused, each
// by a reason.
#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "base/time.h"
#include "codec/pem.h"
#include "crypto/digest.h"
#include "pki/certificate.h"
#include "tee/all.h"
#include "test/support/vectors.h"
#include "verifier/verifier.h"

namespace ward {
namespace {

namespace fs = std::filesystem;
using attest::Appraisal;
using attest::Outcome;
using attest::Verdict;

// A folder of tee/<name>/testdata/{valid,invalid}: `evidence`, `case.txt` (a name and a value a
// line), and collateral, of which root_ca.pem is the root to trust.
struct Vector {
  std::string name;
  const attest::Scheme* scheme = nullptr;
  Buffer evidence;
  attest::Collateral collateral;
  std::map<std::string, std::string> facts;
  std::vector<std::string> fails;  // where it is invalid
  std::vector<std::string> open;
  attest::Anchor root;

  [[nodiscard]] UnixTime time(const char* fact) const { return *parse_rfc3339(facts.at(fact)); }

  [[nodiscard]] attest::Expected value(const char* fact) const {
    return std::vector<Buffer>{*from_hex(facts.at(fact))};
  }
};

void read_facts(Vector& out, const fs::path& path) {
  std::ifstream in(path);
  for (std::string key, value; in >> key >> value;) {
    if (key == "fails") out.fails.push_back(value);
    if (key == "open") out.open.push_back(value);
    out.facts[key] = value;
  }
}

Vector read_vector(const attest::Scheme& scheme, const fs::path& folder) {
  Vector out;
  out.name = std::string(scheme.info().name) + "/" + folder.filename().string();
  out.scheme = &scheme;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory()) continue;
    if (name == "evidence") {
      out.evidence = test::read_file(entry.path());
    } else if (name == "case.txt") {
      read_facts(out, entry.path());
    } else {
      out.collateral.documents.push_back({name, test::read_file(entry.path())});
      if (name != "root_ca.pem") continue;
      const auto pem = codec::parse_pem(as_text(out.collateral.documents.back().bytes));
      const auto root = pki::parse_certificate(pem->at(0).der);
      out.root = {
          .spki_sha256 = crypto::sha256(root->spki), .name = "development", .development = true};
    }
  }
  return out;
}

std::vector<Vector> vectors_of(const char* kind) {
  std::vector<Vector> out;
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    const fs::path all = test::source_dir() / "tee" / scheme->info().name / "testdata" / kind;
    for (const auto& folder : fs::directory_iterator(all))
      out.push_back(read_vector(*scheme, folder.path()));
  }
  return out;
}

std::vector<Vector> all_vectors() { return vectors_of("valid"); }

attest::Expectations expected_of(const Vector& v) {
  return {v.value("report_data"), v.value("measurement"), v.value("workload")};
}

struct Judge {
  attest::Policy policy{.name = "conformance", .allow_development = true, .min_tcb_evaluation = 1};

  [[nodiscard]] Appraisal operator()(const Vector& v, Bytes evidence, UnixTime now,
                                     attest::Expectations expected,
                                     attest::Work* work = nullptr) const {
    const verifier::Verifier verifier(tee::all_schemes(), {v.root}, policy);
    auto out = verifier.appraise({.evidence = evidence,
                                  .collateral = v.collateral,
                                  .now = now,
                                  .expected = std::move(expected),
                                  .work = work});
    if (!out) return {};  // no such kind of evidence: refused, with no checks
    return *std::move(out);
  }

  [[nodiscard]] Appraisal operator()(const Vector& v) const {
    return (*this)(v, v.evidence, v.time("at"), expected_of(v));
  }
};

TEST(Conformance, EveryTeeHasAVectorOfItsOwn) {
  std::set<const attest::Scheme*> seen;
  for (const Vector& v : all_vectors())
    seen.insert(v.scheme);
  EXPECT_EQ(seen.size(), tee::all_schemes().size());
  EXPECT_FALSE(seen.empty());
}

TEST(Conformance, AValidVectorPassesEveryCheck) {
  for (const Vector& v : all_vectors()) {
    SCOPED_TRACE(v.name);
    const Appraisal a = Judge{}(v);
    EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
    EXPECT_TRUE(a.development);
    // Fields are judged where a policy names them, as are products, chips, dates and advisories.
    auto unasked = std::ranges::count_if(
        v.scheme->info().fields, [](const auto& field) { return field.form.usual == nullptr; });
    for (const auto* check : {a.facts.tcb_date_check, a.facts.tcb_advisories_check,
                              a.facts.product_check, a.facts.chip_check}) {
      if (check != nullptr) ++unasked;
    }
    EXPECT_EQ(a.checks.size() + static_cast<std::size_t>(unasked), v.scheme->info().checks.size());
    for (const attest::Check& c : a.checks)
      EXPECT_EQ(c.outcome, Outcome::kPassed) << c.info->id;
  }
}

TEST(Conformance, AnInvalidVectorFailsItsOwnChecksAlone) {
  std::set<const attest::Scheme*> seen;
  for (const Vector& v : vectors_of("invalid")) {
    SCOPED_TRACE(v.name);
    seen.insert(v.scheme);
    const Appraisal a = Judge{}(v);
    EXPECT_NE(a.verdict, Verdict::kAccepted);
    EXPECT_EQ(attest::to_text(a.verdict), v.facts.at("verdict")) << attest::summary(a);
    EXPECT_EQ(a.failed(), v.fails);
    EXPECT_FALSE(v.fails.empty() && v.open.empty());
    for (const std::string& id : v.open) {
      ASSERT_NE(a.check(id), nullptr) << id;
      EXPECT_EQ(a.check(id)->outcome, Outcome::kNotDone) << id;
    }
    if (v.facts.contains("tcb_status")) {
      EXPECT_EQ(a.tcb.status, v.facts.at("tcb_status"));
    }
  }
  EXPECT_EQ(seen.size(), tee::all_schemes().size());
}

// The default policy of a folder is what the pipeline's default really is.
TEST(Conformance, TheDefaultPolicyIsStatedAsItIs) {
  const attest::Policy policy;
  std::string statuses;
  for (const std::string& status : policy.accepted_tcb)
    statuses += (statuses.empty() ? "" : ", ") + status;
  const auto flag = [](bool set) { return std::string(set ? "true" : "false"); };
  const std::map<std::string, std::string> real = {
      {"accepted_tcb", policy.accept_any_tcb ? "any" : statuses},
      {"allow_debug", flag(policy.allow_debug)},
      {"allow_development", flag(policy.allow_development)},
      {"min_tcb_evaluation",
       policy.min_tcb_evaluation ? std::to_string(*policy.min_tcb_evaluation) : "none"},
      {"min_tcb_date", policy.min_tcb_date ? "some" : "none"},
      {"tolerated_advisories", policy.tolerated.empty() ? "none" : "some"},
      {"accepted_chips", policy.chips ? "some" : "none"},
      {"require_revocation", flag(policy.require_revocation)},
      {"refused_values", policy.refused_values.empty() ? "none" : "some"},
      {"minimum_values", policy.minimum_values.empty() ? "none" : "some"},
  };
  ASSERT_TRUE(policy.accepted_values.empty());
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    const attest::SchemeInfo info = scheme->info();
    SCOPED_TRACE(info.name);
    std::map<std::string, std::string> stated;
    for (const attest::PolicyLine& line : info.default_policy) {
      EXPECT_TRUE(stated.emplace(line.line, line.value).second) << line.line;
      EXPECT_GT(std::string(line.why).size(), 20U) << line.line;
    }
    for (const auto& [line, value] : real)
      EXPECT_EQ(stated[line], value) << line;
    std::string roots;
    for (const attest::Anchor& anchor : info.anchors)
      roots += (roots.empty() ? "" : ", ") + anchor.name;
    EXPECT_EQ(stated["roots"], roots + ", by its key");
    std::string usual;
    for (const attest::FieldInfo& field : info.fields) {
      if (field.form.usual == nullptr) continue;
      usual += (usual.empty() ? "" : ", ") + std::string(field.id) + "=" + field.form.usual;
    }
    EXPECT_EQ(stated["accepted_values"], usual.empty() ? "none" : usual);
    EXPECT_EQ(stated["expectations"], "none");
    EXPECT_EQ(stated.size(), real.size() + 3);
  }
}

// The command line compares the length of an expected value with these.
TEST(Conformance, TheFieldsThatAreComparedHaveTheStatedSizes) {
  for (const Vector& v : all_vectors()) {
    SCOPED_TRACE(v.name);
    const attest::SchemeInfo info = v.scheme->info();
    const attest::Facts facts = Judge{}(v).facts;
    EXPECT_EQ(facts.report_data.size(), info.report_data_size);
    EXPECT_EQ(facts.measurement.size(), info.measurement_size);
    EXPECT_EQ(facts.workload.size(), info.workload_size);
  }
}

TEST(Conformance, EvidenceIsRecognisedByItsOwnTeeAlone) {
  for (const Vector& v : all_vectors()) {
    for (const attest::Scheme* scheme : tee::all_schemes()) {
      const bool sure = scheme->recognises(v.evidence) == attest::Recognition::kSure;
      EXPECT_EQ(sure, scheme == v.scheme) << v.name << " by " << scheme->info().name;
    }
    EXPECT_EQ(attest::recognise(tee::all_schemes(), v.evidence), v.scheme) << v.name;
  }
}

TEST(Conformance, TheLayoutCoversEveryOctetOnce) {
  for (const Vector& v : all_vectors()) {
    SCOPED_TRACE(v.name);
    const auto layout = v.scheme->layout(v.evidence);
    ASSERT_TRUE(layout);
    std::size_t at = 0;
    for (const attest::LayoutField& field : *layout) {
      EXPECT_EQ(field.offset, at) << field.name;
      at += field.size;
    }
    EXPECT_EQ(at, v.evidence.size());
  }
}

// What is whole without what stands behind it (a report without its certificates) is not accepted.
TEST(Conformance, CutEvidenceIsRefusedAtEveryLength) {
  for (const Vector& v : all_vectors()) {
    const auto whole = v.facts.find("whole_at");
    const std::size_t whole_at =
        whole == v.facts.end() ? v.evidence.size() : std::stoul(whole->second);
    for (std::size_t n = 0; n < v.evidence.size(); ++n) {
      const Appraisal a = Judge{}(v, Bytes(v.evidence).first(n), v.time("at"), expected_of(v));
      const Verdict expected = n == whole_at ? Verdict::kUndetermined : Verdict::kRefused;
      ASSERT_EQ(a.verdict, expected) << v.name << " cut to " << n;
    }
  }
}

TEST(Conformance, AFlippedBitOfTheSignedPartIsRefused) {
  for (const Vector& v : all_vectors()) {
    const std::size_t size = std::stoul(v.facts.at("signed_octets"));
    ASSERT_GT(size, 0U);
    ASSERT_LE(size, v.evidence.size());
    for (std::size_t i = 0; i < size; ++i) {
      Buffer changed = v.evidence;
      changed[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
      const Appraisal a = Judge{}(v, changed, v.time("at"), expected_of(v));
      ASSERT_EQ(a.verdict, Verdict::kRefused) << v.name << " octet " << i;
    }
  }
}

// Expectations are compared each under its own check; nothing else fails.
TEST(Conformance, AnotherExpectationIsRefusedByItsOwnCheck) {
  for (const Vector& v : all_vectors()) {
    const std::string tee = v.scheme->info().name;
    const auto judged = [&](attest::Expected attest::Expectations::*member) {
      attest::Expectations expected = expected_of(v);
      std::get<1>(expected.*member)[0][0] ^= 1U;
      return Judge{}(v, v.evidence, v.time("at"), std::move(expected)).failed();
    };
    using Ids = std::vector<std::string>;
    EXPECT_EQ(judged(&attest::Expectations::report_data), Ids{tee + ".report_data.expected"});
    EXPECT_EQ(judged(&attest::Expectations::measurement), Ids{tee + ".measurement.expected"});
    EXPECT_EQ(judged(&attest::Expectations::workload), Ids{tee + ".workload.expected"});
  }
}

TEST(Conformance, ATimeBeforeOrAfterValidityIsRefused) {
  for (const Vector& v : all_vectors()) {
    SCOPED_TRACE(v.name);
    const UnixTime before{v.time("valid_from").seconds - 1};
    const UnixTime after{v.time("valid_to").seconds + 1};
    const auto early = Judge{}(v, v.evidence, before, expected_of(v));
    const auto late = Judge{}(v, v.evidence, after, expected_of(v));
    EXPECT_EQ(early.verdict, Verdict::kRefused);
    EXPECT_EQ(late.verdict, Verdict::kRefused);
    EXPECT_NE(early.failed(), late.failed());
    EXPECT_EQ(Judge{}(v, v.evidence, v.time("valid_from"), expected_of(v)).verdict,
              Verdict::kAccepted);
    EXPECT_EQ(Judge{}(v, v.evidence, v.time("valid_to"), expected_of(v)).verdict,
              Verdict::kAccepted);
  }
}

TEST(Conformance, WithoutCollateralNothingIsAcceptedAndNothingIsCalledWrong) {
  for (Vector v : all_vectors()) {
    v.collateral.documents.clear();
    const Appraisal a = Judge{}(v);
    EXPECT_EQ(a.verdict, Verdict::kUndetermined) << v.name << ": " << attest::summary(a);
  }
}

TEST(Conformance, ADevelopmentRootIsTrustedOnlyWhereNamedAndAllowed) {
  for (const Vector& v : all_vectors()) {
    SCOPED_TRACE(v.name);
    const Judge production{attest::Policy{}};
    EXPECT_EQ(production(v).failed(), std::vector<std::string>{std::string(v.scheme->info().name) +
                                                               ".platform.development"});
    const verifier::Verifier makers_alone(tee::all_schemes(), {}, Judge{}.policy);
    const auto a = makers_alone.appraise({.evidence = v.evidence,
                                          .collateral = v.collateral,
                                          .now = v.time("at"),
                                          .expected = expected_of(v)});
    ASSERT_TRUE(a);
    EXPECT_EQ(a->verdict, Verdict::kRefused);
    EXPECT_FALSE(a->tcb.status);
  }
}

TEST(Conformance, CheckIdsAreTheTeesOwnAndDeclaredOnce) {
  std::set<std::string> seen;
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    for (const attest::CheckInfo& c : scheme->info().checks) {
      EXPECT_TRUE(std::string_view(c.id).starts_with(std::string(scheme->info().name) + "."))
          << c.id;
      EXPECT_TRUE(seen.insert(c.id).second) << c.id;
      EXPECT_NE(std::string_view(c.reference), "");
      EXPECT_NE(std::string_view(c.meaning), "");
      EXPECT_NE(std::string_view(c.hint), "");
    }
  }
}

// holds_again judges a signature by the written work alone.
bool holds_again(const attest::Work& work, const attest::SignatureFact& fact) {
  using crypto::SignatureAlgorithm;
  static const std::map<std::string, SignatureAlgorithm> kAlgorithms = {
      {"ES256", SignatureAlgorithm::kEcdsaP256Sha256},
      {"ES384", SignatureAlgorithm::kEcdsaP384Sha384},
      {"PS384", SignatureAlgorithm::kRsaPssSha384}};
  const auto key = fact.key_form == attest::KeyForm::kPoint
                       ? crypto::PublicKey::from_p256_xy(work.bytes(fact.key))
                       : crypto::PublicKey::from_spki(work.bytes(fact.key));
  if (!key) return false;
  const SignatureAlgorithm algorithm = kAlgorithms.at(fact.algorithm);
  const Bytes message = work.bytes(fact.message);
  Buffer signature = to_buffer(work.bytes(fact.signature));
  if (fact.form == attest::SignatureForm::kOwn) return key->verify(algorithm, message, signature);
  if (fact.form == attest::SignatureForm::kHex) signature = *from_hex(as_text(signature));
  if (fact.form == attest::SignatureForm::kLittleEndian) {
    Buffer r(signature.begin(), signature.begin() + 48);
    Buffer s(signature.begin() + 72, signature.begin() + 120);
    std::ranges::reverse(r);
    std::ranges::reverse(s);
    signature = concat({r, s});
  }
  return key->verify_rs(algorithm, message, signature);
}

// The same of a digest; what was expected must be what stands where the work says that it stands.
bool holds_again(const attest::Work& work, const attest::DigestFact& fact) {
  const bool sha384 = fact.algorithm == "SHA-384";
  EXPECT_TRUE(sha384 || fact.algorithm == "SHA-256") << fact.algorithm;
  if (fact.place) {
    EXPECT_EQ(to_buffer(work.bytes(*fact.place)), fact.expected) << fact.check->id;
  }
  const crypto::Hash hash = sha384 ? crypto::Hash::kSha384 : crypto::Hash::kSha256;
  Buffer value(fact.extended ? crypto::digest_size(hash) : 0);
  for (const attest::Part& part : fact.message) {
    value = concat({value, work.bytes(part)});
    if (fact.extended) value = crypto::digest(hash, value);
  }
  return (fact.extended ? value : crypto::digest(hash, value)) == fact.expected;
}

// The checks of registers that an event log was compared with.
bool is_register(const attest::Check& check) {
  const std::string_view id = check.info->id;
  return id.find(".event_log.rtmr") != std::string_view::npos && !id.ends_with("_measured");
}

TEST(Conformance, TheWorkHoldsEverySignatureAndDigest) {
  for (const Vector& v : all_vectors()) {
    SCOPED_TRACE(v.name);
    attest::Work work;
    const Appraisal a = Judge{}(v, v.evidence, v.time("at"), expected_of(v), &work);
    ASSERT_FALSE(work.materials.empty());
    EXPECT_EQ(work.materials.front().bytes, v.evidence);
    std::set<std::string> shown;
    for (const attest::SignatureFact& fact : work.signatures) {
      EXPECT_TRUE(fact.holds) << fact.check->id;
      EXPECT_TRUE(holds_again(work, fact)) << fact.check->id;
      shown.insert(fact.check->id);
    }
    for (const attest::Check& check : a.checks) {
      const bool signature = std::string_view(check.info->id).ends_with(".signature");
      EXPECT_EQ(shown.contains(check.info->id), signature) << check.info->id;
    }
    shown.clear();
    for (const attest::DigestFact& fact : work.digests) {
      EXPECT_TRUE(fact.holds) << fact.check->id;
      EXPECT_TRUE(holds_again(work, fact)) << fact.check->id;
      shown.insert(fact.check->id);
    }
    EXPECT_EQ(
        std::ranges::count_if(shown, [](const std::string& id) { return id.ends_with(".root"); }),
        1);
    for (const attest::Check& check : a.checks) {
      EXPECT_TRUE(!is_register(check) || shown.contains(check.info->id)) << check.info->id;
    }
  }
}

// Whoever delivers a log can change it.
TEST(Conformance, TheWorkOfAChangedLogSaysWhichDigestDoesNotHold) {
  std::size_t logs = 0;
  for (Vector& v : all_vectors()) {
    const auto log = std::ranges::find(v.collateral.documents, "ccel.bin", &attest::Document::name);
    if (log == v.collateral.documents.end()) continue;
    SCOPED_TRACE(v.name);
    ++logs;
    const Buffer genuine = log->bytes;
    std::set<std::string> failed;
    for (std::size_t at = 0; at < genuine.size(); at += 3) {
      log->bytes = genuine;
      log->bytes[at] ^= 4U;
      attest::Work work;
      const Appraisal a = Judge{}(v, v.evidence, v.time("at"), expected_of(v), &work);
      for (const attest::DigestFact& fact : work.digests) {
        EXPECT_EQ(holds_again(work, fact), fact.holds) << fact.check->id << " at " << at;
        if (fact.holds) continue;
        failed.insert(fact.check->id);
        EXPECT_EQ(a.check(fact.check->id)->outcome, Outcome::kFailed) << fact.check->id;
      }
    }
    EXPECT_EQ(failed.size(), 5U) << "four registers and a separator";
  }
  EXPECT_GT(logs, 0U);
}

TEST(Conformance, TheWorkOfChangedEvidenceSaysWhichSignatureDoesNotHold) {
  for (const Vector& v : all_vectors()) {
    SCOPED_TRACE(v.name);
    for (std::size_t at = 0; at < v.evidence.size(); at += 101) {
      Buffer changed = v.evidence;
      changed[at] ^= 1U;
      attest::Work work;
      const Appraisal a = Judge{}(v, changed, v.time("at"), expected_of(v), &work);
      for (const attest::SignatureFact& fact : work.signatures) {
        EXPECT_EQ(holds_again(work, fact), fact.holds) << fact.check->id << " at " << at;
        const attest::Check* check = a.check(fact.check->id);
        EXPECT_TRUE(fact.holds || check->outcome != Outcome::kPassed) << fact.check->id;
      }
      for (const attest::DigestFact& fact : work.digests) {
        EXPECT_EQ(holds_again(work, fact), fact.holds) << fact.check->id << " at " << at;
      }
    }
  }
}

}  // namespace
}  // namespace ward
