// Known faults of other verifiers of TPM quotes: each test fails where ward has the fault too.
#include <algorithm>
#include <array>

#include <gtest/gtest.h>

#include "tee/tcg/event_type.h"
#include "tee/tpm/made/cases.h"
#include "tee/tpm/scheme.h"
#include "verifier/verifier.h"

namespace ward::tpm::stage {
namespace {

using attest::Appraisal;
using attest::Verdict;
using Ids = std::vector<std::string>;

Appraisal judge(const Scene& scene, const Made& made) {
  static const Tpm kTpm;
  static const attest::Scheme* const kSchemes[] = {&kTpm};
  const verifier::Verifier verifier(kSchemes, {anchor_of(scene.stage)}, scene.policy);
  const Buffer evidence = made.octets();
  auto out = verifier.appraise({.evidence = evidence,
                                .collateral = made.documents,
                                .now = kNow,
                                .expected = scene.expected});
  return out ? *std::move(out) : Appraisal{};
}

// quote_only gives the quote another selection; the values are those of the good stage.
void quote_only(Scene& scene, const std::vector<std::uint32_t>& pcrs) {
  std::vector<Buffer> values;
  for (const std::uint32_t pcr : pcrs)
    values.push_back(scene.stage.pcrs.at(pcr));
  scene.stage.quote.pcr_select = {selection_of(scene.stage.face.hash, pcrs)};
  set_pcrs(scene.stage, std::move(values));
  scene.expected.measurement = std::vector<Buffer>{scene.stage.quote.pcr_digest};
}

// GHSA-5495-c38w-gr6f; Fraunhofer-SIT/charra issue 90: the magic was not looked at, so that a key
// which signs anything (or a TPM that signs octets from outside) made quotes of any content.
TEST(TpmLessons, OctetsThatNoTpmGeneratedAreNoQuote) {
  Scene s = good_scene(kFaces[0]);
  s.stage.quote.magic = 0;
  EXPECT_EQ(judge(s, make(s.stage)).failed(), Ids{"tpm.quote.magic"});
}

// GHSA-8rjm-5f5f-h4q6: the verifier bound values to the PCRs that it had asked for, and the quote
// selected others, which whoever runs the machine may set as he likes.
TEST(TpmLessons, ValuesBelongToThePcrsThatTheQuoteSelects) {
  Scene s = good_scene(kFaces[1]);
  quote_only(s, {16, 17, 23});  // in the place of 0, 1 and 7
  s.expected.workload = attest::Unchecked{};
  const Appraisal plain = judge(s, make(s.stage));
  EXPECT_EQ(plain.verdict, Verdict::kAccepted) << attest::summary(plain);
  s.policy.accepted_values["tpm.quote.pcr_selection"] = {"sha256:0,1,7"};
  EXPECT_EQ(judge(s, make(s.stage)).failed(), Ids{"tpm.quote.pcr_selection"});
  s.policy.accepted_values.clear();
  s.policy.accepted_values["tpm.pcr.0"] = {to_hex(good_stage(kFaces[1]).pcrs[16])};
  const Appraisal a = judge(s, make(s.stage));
  EXPECT_EQ(a.verdict, Verdict::kUndetermined) << "PCR 0 is not in the quote";
  EXPECT_EQ(a.check("tpm.pcr.0")->not_done, attest::NotDone::kAbsent);
}

// confidential-dot-ai/attestation-rs pull 69, attestation-go pull 16: PCR 8 was read from the
// values beside the quote though the quote did not select it.
TEST(TpmLessons, AValueThatTheQuoteDoesNotSelectIsNotBelieved) {
  Scene s = good_scene(kFaces[1]);
  const Buffer workload = s.stage.pcrs[8];
  quote_only(s, {0, 1, 7});
  EXPECT_EQ(judge(s, make(s.stage)).failed(), Ids{"tpm.workload.expected"}) << "none is stated";
  Made forged = make(s.stage);
  forged.evidence.pcrs.push_back(workload);
  const Appraisal a = judge(s, forged);
  EXPECT_EQ(a.failed(), Ids{"tpm.quote.pcr_values"});
  EXPECT_TRUE(a.facts.workload.empty());
}

// The same with the 24 values that some attesters send whatever was quoted.
TEST(TpmLessons, AllValuesBesideAQuoteOfSomeAreRefused) {
  Scene s = good_scene(kFaces[3]);
  const std::vector<Buffer> all = s.stage.pcrs;
  quote_only(s, {0, 1, 2, 3, 4, 5, 6, 7});
  Made forged = make(s.stage);
  forged.evidence.pcrs = all;
  EXPECT_EQ(judge(s, forged).failed(), Ids{"tpm.quote.pcr_values"});
}

// Two values exchanged have the same octets and another meaning.
TEST(TpmLessons, ValuesInAnotherOrderAreRefused) {
  Scene s = good_scene(kFaces[1]);
  Made made = make(s.stage);
  std::swap(made.evidence.pcrs[0], made.evidence.pcrs[4]);
  EXPECT_EQ(judge(s, made).failed(), Ids{"tpm.quote.pcr_digest"});
}

// osresearch/safeboot issue 53: wrong PCR values were printed, and the verification succeeded.
TEST(TpmLessons, WrongPcrValuesAreAFailure) {
  Scene s = good_scene(kFaces[0]);
  s.policy.accepted_values["tpm.pcr.4"] = {std::string(64, 'a')};
  const Appraisal a = judge(s, make(s.stage));
  EXPECT_EQ(a.verdict, Verdict::kRefused);
  EXPECT_EQ(a.failed(), Ids{"tpm.pcr.4"});
}

// kairos-io/kairos issue 4828: quotes over no nonce, which can be replayed for ever.
TEST(TpmLessons, AQuoteWithoutANonceIsRefusedWhateverIsExpected) {
  Scene s = good_scene(kFaces[0]);
  s.stage.quote.extra_data.clear();
  s.expected.report_data = attest::Unchecked{};
  EXPECT_EQ(judge(s, make(s.stage)).failed(), Ids{"tpm.quote.extra_data"});
  s.expected.report_data = std::vector<Buffer>{{}};
  EXPECT_EQ(judge(s, make(s.stage)).verdict, Verdict::kRefused) << "an empty expectation";
}

// confidential-containers/trustee, deps/verifier/src/tpm: the expected data was filled up with
// zeros to the size of the quote's.
TEST(TpmLessons, ANonceIsComparedWhole) {
  Scene s = good_scene(kFaces[0]);
  Buffer longer = s.stage.quote.extra_data;
  longer.push_back(0);
  s.expected.report_data = std::vector<Buffer>{longer};
  EXPECT_EQ(judge(s, make(s.stage)).failed(), Ids{"tpm.report_data.expected"});
}

// osresearch/safeboot issue 36: the AK's parameters were not looked at.
TEST(TpmLessons, AKeyThatSignsAnythingIsNoAk) {
  Scene s = good_scene(kFaces[1]);
  s.stage.ak.attributes = attribute::kSign | attribute::kUserWithAuth;
  EXPECT_EQ(judge(s, make(s.stage)).failed(), Ids{"tpm.ak.attributes"});
}

// agentrust-io/cmcp issue 429: the signature was thrown away and never verified.
TEST(TpmLessons, AQuoteWithAnotherQuotesSignatureIsRefused) {
  for (const Face& face : kFaces) {
    Scene s = good_scene(face);
    Made made = make(s.stage);
    s.stage.quote.clock += 1;
    made.evidence.signature = sign(s.stage, write_quote(s.stage.quote));
    EXPECT_EQ(judge(s, made).failed(), Ids{"tpm.quote.signature"}) << face.name;
  }
}

// A public area of another key beside the trusted key's signature: the key that is judged is the
// one that verifies the signature.
TEST(TpmLessons, TheTrustedKeyIsTheOneThatSigned) {
  Scene s = good_scene(kFaces[1]);
  Made made = make(s.stage);
  Public other = s.stage.ak;
  const Public two = public_of(keys_of("two").ak_p256.public_key(), 0, 0, 0);
  other.x = two.x;
  other.y = two.y;
  made.evidence.ak = write_public(other);
  const Appraisal a = judge(s, made);
  EXPECT_EQ(a.verdict, Verdict::kRefused);
  EXPECT_NE(a.check("tpm.quote.signature")->outcome, attest::Outcome::kPassed);
}

// SHA-1 banks are accepted where a policy names them, and nowhere else.
// A restricted AK signs any octets but those that look like a TPM's own structures: a certificate
// too. So a key that is named vouches for quotes, and for no certificate; nor is a root an AK.
TEST(TpmLessons, AKeyThatIsNamedIsNoRootAndARootIsNoAk) {
  static const Tpm kTpm;
  static const attest::Scheme* const kSchemes[] = {&kTpm};
  for (const Face& face : kFaces) {
    const Scene s = good_scene(face);
    const Made made = make(s.stage);
    const Buffer evidence = made.octets();
    for (const bool as_key : {false, true}) {
      attest::Anchor anchor = anchor_of(s.stage);
      const bool right = anchor.bare_key == as_key;
      anchor.bare_key = as_key;
      const verifier::Verifier verifier(kSchemes, {anchor}, s.policy);
      const auto a = verifier.appraise({.evidence = evidence,
                                        .collateral = made.documents,
                                        .now = kNow,
                                        .expected = s.expected});
      ASSERT_TRUE(a);
      EXPECT_EQ(a->verdict == Verdict::kAccepted, right) << attest::summary(*a);
    }
  }
}

TEST(TpmLessons, ASha1BankIsRefusedUnlessNamed) {
  Scene s = good_scene(kFaces[1]);
  s.stage.quote.pcr_select = {selection_of(alg::kSha1, {0, 8})};
  s.stage.pcrs = {Buffer(20, 1), Buffer(20, 2)};
  s.stage.quote.pcr_digest = to_buffer(crypto::sha256(concat({s.stage.pcrs[0], s.stage.pcrs[1]})));
  s.expected = expectations_of(good_stage(kFaces[1]));
  s.expected.measurement = std::vector<Buffer>{s.stage.quote.pcr_digest};
  s.expected.workload = std::vector<Buffer>{Buffer(20, 2)};
  EXPECT_EQ(judge(s, make(s.stage)).failed(), Ids{"tpm.quote.sha1_bank"});
  s.policy.accepted_values["tpm.quote.sha1_bank"] = {"true", "false"};
  EXPECT_EQ(judge(s, make(s.stage)).verdict, Verdict::kAccepted);
}

// google/go-attestation and others: text of a log was believed though its digest was of something
// else. What an event says counts only where its digest is that of its data.
TEST(TpmLessons, DataThatIsNotWhatWasHashedIsNotBelieved) {
  Scene s = good_scene(kFaces[0]);
  for (auto& event : s.stage.log.events) {
    if (event.register_index == 7 && event.type != 4) event.data.back() ^= 1U;  // SecureBoot off
  }
  const Appraisal a = judge(s, make(s.stage));
  for (const attest::Claim& claim : a.claims)
    EXPECT_NE(claim.name, "event_log.secure_boot");
}

// ccel is what a TD's firmware logs: registers 1 to 4 alone, under `bank`.
Buffer ccel(tcg::Algorithm bank) {
  tcg::LogParts log;
  log.spec.register_index = 1;
  log.spec.algorithms = {
      {static_cast<std::uint16_t>(bank), static_cast<std::uint16_t>(tcg::digest_size(bank))}};
  for (std::uint32_t i = 1; i <= 4; ++i) {
    log.events.push_back(tcg::measured(i, tcg::event_type::kEfiAction, as_bytes("td"),
                                       as_bytes("td"), std::array{bank}));
  }
  return tcg::write_event_log(log);
}

// The parts of a composite share their collateral: a TD's log refused the TPM beside it. Passed
// over, it is no evidence either.
TEST(TpmLessons, ALogOfAnotherMachinePartIsNeitherFailureNorEvidence) {
  for (const auto& [face, bank] :
       {std::pair{1, tcg::Algorithm::kSha384}, std::pair{1, tcg::Algorithm::kSha256},
        std::pair{2, tcg::Algorithm::kSha384}}) {
    Scene s = good_scene(kFaces[face]);
    Made made = make(s.stage);
    made.documents.documents.push_back({"ccel.bin", ccel(bank)});
    const Appraisal plain = judge(s, made);
    EXPECT_EQ(plain.verdict, Verdict::kAccepted) << attest::summary(plain);
    EXPECT_EQ(plain.check("tpm.event_log.form")->not_done, attest::NotDone::kNotAsked);
    EXPECT_EQ(
        std::ranges::count(plain.notes, "passed over: ccel.bin: an event log of other registers"),
        1);
    for (const char* id : {"tpm.event_log.secure_boot", "tpm.event_log.pcr1_measured"}) {
      s.policy.accepted_values = {{id, {"true", "td"}}};
      const Appraisal a = judge(s, made);
      EXPECT_EQ(a.verdict, Verdict::kUndetermined);
      EXPECT_EQ(a.check(id)->not_done, attest::NotDone::kAbsent);
    }
  }
}

// What gives a quoted PCR is this TPM's log, whatever was taken out of it.
TEST(TpmLessons, AChangedLogIsNotPassedOverForAnother) {
  Scene s = good_scene(kFaces[0]);
  const auto judge_log = [&](const std::function<void(std::vector<tcg::EventParts>&)>& change) {
    Made made = make(s.stage);
    tcg::LogParts log = s.stage.log;
    change(log.events);
    document(made, "binary_bios_measurements") = tcg::write_event_log(log);
    return judge(s, made);
  };
  const auto low_alone = [](std::vector<tcg::EventParts>& events) {
    std::erase_if(events, [](const auto& e) { return e.register_index - 1 > 3; });
  };
  EXPECT_EQ(judge_log(low_alone).check("tpm.event_log.form")->outcome, attest::Outcome::kPassed);
  const Appraisal changed = judge_log([&](std::vector<tcg::EventParts>& events) {
    low_alone(events);
    events.front().digests[0].value[0] ^= 1U;
  });
  EXPECT_EQ(changed.failed(), Ids{"tpm.event_log.pcrs"});
  const Appraisal stripped = judge_log([](std::vector<tcg::EventParts>& events) {
    for (tcg::EventParts& event : events)
      event.digests.erase(event.digests.begin());
  });
  EXPECT_EQ(stripped.failed(), Ids{"tpm.event_log.form"});
}

// The name and the attributes of an AK stand in octets that nothing signs: where the quote's signer
// is not a primary key of this name, the check of them shows no more than what the sender says.
TEST(TpmLessons, AttributesThatNoSignatureCoversAreWarnedOf) {
  for (const std::size_t face : {0U, 1U, 2U}) {
    Scene s = good_scene(kFaces[face]);
    EXPECT_TRUE(judge(s, make(s.stage)).warnings.empty());
    s.stage.quote.qualified_signer.back() ^= 1U;  // the child of another key
    const Appraisal a = judge(s, make(s.stage));
    EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
    ASSERT_EQ(a.warnings.size(), 1U);
    EXPECT_NE(a.warnings[0].find("tpm.ak.attributes"), std::string::npos);
  }
}

// Linux before 5.8 extends a SHA-256 bank with SHA-1 digests filled up: sha1_bank is false, and
// what the list says stands on SHA-1 all the same.
TEST(TpmLessons, AListThatStandsOnSha1SaysSo) {
  const char* const id = "tpm.ima_log.sha1";
  Scene s = good_scene(kFaces[0]);
  s.policy.accepted_values[id] = {"false"};
  const Appraisal own = judge(s, make(s.stage));
  EXPECT_EQ(own.verdict, Verdict::kAccepted) << attest::summary(own);
  EXPECT_TRUE(own.warnings.empty());
  Buffer value(32);
  for (std::size_t i = 0; i + 1 < s.stage.ima.size(); ++i) {
    const ImaEntry& entry = s.stage.ima[i];
    Buffer digest = entry.template_digest;
    digest.resize(32);
    if (entry.is_violation()) digest.assign(32, 0xff);
    value = to_buffer(crypto::sha256(concat({value, digest})));
  }
  std::vector<Buffer> values = s.stage.pcrs;
  values.at(10) = value;
  set_pcrs(s.stage, std::move(values));
  s.expected = expectations_of(s.stage);
  EXPECT_EQ(judge(s, make(s.stage)).failed(), Ids{id});
  s.policy.accepted_values.clear();
  const Appraisal a = judge(s, make(s.stage));
  EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
  ASSERT_EQ(a.warnings.size(), 1U);
  EXPECT_NE(a.warnings[0].find(id), std::string::npos);
}

// Entries behind the quoted value are listed by nobody's word but the sender's.
TEST(TpmLessons, OfAMeasurementListOnlyWhatTheQuoteShowsIsBelieved) {
  Scene s = good_scene(kFaces[0]);
  s.policy.refused_values["tpm.ima_log.measured"] = {s.stage.ima[3].digest_text() +
                                                     " /usr/bin/after-the-quote"};
  EXPECT_EQ(judge(s, make(s.stage)).verdict, Verdict::kAccepted);
  s.policy.refused_values["tpm.ima_log.measured"] = {s.stage.ima[1].digest_text() +
                                                     " /usr/bin/true"};
  EXPECT_EQ(judge(s, make(s.stage)).failed(), Ids{"tpm.ima_log.measured"});
}

}  // namespace
}  // namespace ward::tpm::stage
