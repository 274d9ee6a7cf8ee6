// What an AK's chain may have beside what the stage's has, and where it may end.
#include <functional>

#include <gtest/gtest.h>

#include "codec/der.h"
#include "tee/tpm/made/cases.h"
#include "tee/tpm/scheme.h"
#include "verifier/verifier.h"

namespace ward::tpm::stage {
namespace {

using Ids = std::vector<std::string>;

// What is judged: a stage, the documents beside it, and whether the intermediate is what is trusted
// in the root's place.
struct Asked {
  std::function<void(Scene&)> before = [](Scene&) {};
  std::function<void(Made&)> after = [](Made&) {};
  bool trust_intermediate = false;
};

attest::Appraisal judge(const Asked& asked) {
  static const Tpm kTpm;
  static const attest::Scheme* const kSchemes[] = {&kTpm};
  Scene scene = good_scene(kFaces[0]);
  asked.before(scene);
  Made made = make(scene.stage);
  asked.after(made);
  attest::Anchor anchor = anchor_of(scene.stage);
  if (asked.trust_intermediate) {
    anchor.spki_sha256 = crypto::sha256(keys_of("one").intermediate.public_key().to_spki());
  }
  const verifier::Verifier verifier(kSchemes, {anchor}, scene.policy);
  const Buffer evidence = made.octets();
  auto out = verifier.appraise({.evidence = evidence,
                                .collateral = made.documents,
                                .now = kNow,
                                .expected = scene.expected});
  return out ? *std::move(out) : attest::Appraisal{};
}

Ids failed(const std::function<void(Scene&)>& before) { return judge({.before = before}).failed(); }

pki::Extension critical(const char* oid, Buffer value) {
  return {.oid = *codec::der_oid(oid), .critical = true, .value = std::move(value)};
}

// Two qualifiers, id-qt-cps and id-qt-unotice; `last` is the last octet of the latter.
Buffer policies(const char* last = "02") {
  return *from_hex(
      std::string("3025302306022a03301d300d06082b06010505070201160178300c06082b060105050702") +
      last + "3000");
}

constexpr const char* kPolicies = "2.5.29.32";

TEST(TpmChain, ACriticalExtKeyUsageIsReadInTheLeafAndNowhereElse) {
  EXPECT_EQ(failed([](Scene& s) { s.stage.ak_certificate.extensions[2].critical = true; }), Ids{});
  const Ids constraints{"tpm.ak_chain.constraints"};
  EXPECT_EQ(failed([](Scene& s) {
              s.stage.ak_certificate.extensions[2].critical = true;
              s.stage.ak_certificate.extensions[2].value.back() = 1;  // of an EK
            }),
            constraints);
  EXPECT_EQ(failed([](Scene& s) {
              pki::Extension usage = s.stage.ak_certificate.extensions[2];
              usage.critical = true;
              s.stage.intermediate.extensions.push_back(usage);
            }),
            constraints);
}

TEST(TpmChain, CriticalPoliciesThatRestrictNothingAreAccepted) {
  const auto both = [](const Buffer& value) {
    return [value](Scene& s) {
      s.stage.ak_certificate.extensions.push_back(critical(kPolicies, value));
      s.stage.intermediate.extensions.push_back(critical(kPolicies, value));
    };
  };
  EXPECT_EQ(failed(both(policies())), Ids{});
  EXPECT_EQ(failed(both(*from_hex("3006300406022a03"))), Ids{});
  const Ids constraints{"tpm.ak_chain.constraints"};
  EXPECT_EQ(failed(both(policies("03"))), constraints);  // a qualifier that nobody knows
  EXPECT_EQ(failed(both(*from_hex("3000"))), constraints);
  EXPECT_EQ(failed(both(*from_hex("3006300406022a030500"))), constraints);
  EXPECT_EQ(failed([&](Scene& s) {
              both(policies())(s);
              pki::Extension explicit_policy = critical("2.5.29.36", *from_hex("3003800100"));
              explicit_policy.critical = false;
              s.stage.root.extensions.push_back(explicit_policy);
            }),
            constraints);
}

TEST(TpmChain, EndsAtAnIntermediateThatIsTrusted) {
  for (const bool root_given : {true, false}) {
    const auto judged = [&](const std::function<void(Scene&)>& before) {
      return judge({.before = before,
                    .after =
                        [&](Made& m) {
                          drop(m, "root.crl");
                          if (!root_given) drop(m, "root_ca.pem");
                        },
                    .trust_intermediate = true});
    };
    const attest::Appraisal good = judged([](Scene&) {});
    EXPECT_EQ(good.verdict, attest::Verdict::kAccepted) << attest::summary(good);
    EXPECT_EQ(judged([](Scene& s) {
                s.stage.intermediate_crl.revoked = {{.serial = {3}, .revoked_at = kFrom}};
              }).failed(),
              Ids{"tpm.ak_chain.revocation"});
    EXPECT_EQ(judged([](Scene& s) { s.stage.intermediate.not_after = kFrom; }).failed(),
              Ids{"tpm.ak_chain.not_after"});
    EXPECT_EQ(judged([](Scene& s) { s.stage.intermediate.extensions.pop_back(); }).failed(),
              Ids{"tpm.ak_chain.constraints"});
    EXPECT_EQ(judge({.after = [](Made& m) { document(m, "ak.der").back() ^= 1U; },
                     .trust_intermediate = true})
                  .failed(),
              Ids{"tpm.ak_chain.signature"});
  }
}

// The root that is trusted, too, is what the chain leads to: its word on the intermediate counts.
TEST(TpmChain, EndsAtTheRootWhereThatIsTrusted) {
  EXPECT_EQ(
      failed([](Scene& s) { s.stage.root_crl.revoked = {{.serial = {2}, .revoked_at = kFrom}}; }),
      Ids{"tpm.ak_chain.revocation"});
}

}  // namespace
}  // namespace ward::tpm::stage
