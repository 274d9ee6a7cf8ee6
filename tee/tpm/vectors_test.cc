// Recorded quotes and logs, each with its right verdict. Where the list of vectors says nothing,
// the truth was established with openssl and by hand, and stands here.
#include "test/support/vectors.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include <gtest/gtest.h>

#include "base/reader.h"
#include "codec/pem.h"
#include "tee/tcg/event_log.h"
#include "tee/tpm/collateral.h"
#include "tee/tpm/evidence.h"
#include "tee/tpm/scheme.h"
#include "tee/tpm/structures.h"
#include "verifier/verifier.h"

namespace ward::tpm {
namespace {

using attest::Appraisal;
using attest::NotDone;
using attest::Outcome;
using attest::Verdict;
using Ids = std::vector<std::string>;

constexpr UnixTime kNow{1'790'000'000};

struct Given {
  Buffer evidence;
  std::vector<attest::Document> documents;
  Buffer trusted_spki;  // empty: nobody is trusted
  attest::Expected report_data = attest::Unchecked{};
  bool sha1 = false;  // the policy takes a SHA-1 bank
};

Appraisal judge(const Given& given) {
  static const Tpm kTpm;
  static const attest::Scheme* const kSchemes[] = {&kTpm};
  std::vector<attest::Anchor> anchors;
  if (!given.trusted_spki.empty()) {
    anchors.push_back({.spki_sha256 = crypto::sha256(given.trusted_spki),
                       .name = "AK",
                       .tee = "tpm",
                       .bare_key = true});
  }
  attest::Policy policy;
  if (given.sha1) policy.accepted_values["tpm.quote.sha1_bank"] = {"true"};
  const verifier::Verifier verifier(kSchemes, anchors, policy);
  const attest::Collateral collateral{given.documents};
  auto out = verifier.appraise(
      {.evidence = given.evidence,
       .collateral = collateral,
       .now = kNow,
       .expected = {given.report_data, attest::Unchecked{}, attest::Unchecked{}}});
  return out ? *std::move(out) : Appraisal{};
}

std::filesystem::path recorded(const char* name) {
  return test::source_dir() / "tee/tpm/testdata/recorded" / name;
}

Buffer vector_file(const char* name) { return test::read_file(test::vectors_dir() / "tpm" / name); }

Buffer spki_of(const char* name) {
  return codec::parse_pem(test::read_text(recorded(name)))->at(0).der;
}

bool has_claim(const Appraisal& a, std::string_view name) {
  return std::ranges::any_of(a.claims, [&](const attest::Claim& c) { return c.name == name; });
}

// A software TPM's quote, as Trustee's attester sends it: nothing was extended.
TEST(TpmVectors, TrusteesEvidenceIsAcceptedByItsOwnAk) {
  const Buffer evidence = test::read_file(recorded("trustee_tpm_evidence.json"));
  const auto parsed = parse_evidence(evidence);
  ASSERT_TRUE(parsed) << parsed.error();
  const auto quote = parse_quote(parsed->attest);
  ASSERT_TRUE(quote);
  const Appraisal a = judge({.evidence = evidence,
                             .documents = {},
                             .trusted_spki = parsed->ak,
                             .report_data = std::vector<Buffer>{quote->extra_data}});
  EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
  EXPECT_EQ(quote->extra_data.size(), 64U);
  EXPECT_EQ(selection_text(quote->pcr_select).substr(0, 9), "sha256:0,");
  EXPECT_EQ(a.warnings.size(), 1U) << "the key stands there without its attributes";
  const Appraisal alone = judge({.evidence = evidence});
  EXPECT_EQ(alone.verdict, Verdict::kUndetermined);
  EXPECT_EQ(alone.check("tpm.ak_certificate.present")->not_done, NotDone::kAbsent);
}

// Keylime's quote and signature, whose PCR values are not among the vectors: the signature is that
// of the AK beside it (openssl dgst -sha256 -verify says so, too), and the values are missed.
TEST(TpmVectors, KeylimesQuoteIsSignedByItsAk) {
  WARD_NEED_VECTORS();
  const Buffer spki = spki_of("keylime_ak.pem");
  const Evidence e{.form = Form::kTrustee,
                   .attest = vector_file("keylime_quote.out"),
                   .signature = vector_file("keylime_quotesig.out"),
                   .ak = spki};
  const auto quote = parse_quote(e.attest);
  ASSERT_TRUE(quote);
  EXPECT_EQ(to_hex(quote->extra_data), "db1db298db6d60e6385b7231743e9c3056a18003");
  EXPECT_EQ(selection_text(quote->pcr_select), "sha256:15,16,22");
  EXPECT_EQ(quote->safe, 1);
  const Appraisal a = judge({.evidence = write_evidence(e), .documents = {}, .trusted_spki = spki});
  EXPECT_EQ(a.failed(), Ids{"tpm.quote.pcr_values"});
  EXPECT_EQ(a.check("tpm.quote.signature")->outcome, Outcome::kPassed);
  test::report_files("tpm-quote", {"tpm/keylime_quote.out", "tpm/keylime_quotesig.out"});
}

// A TPMS_ATTEST without a signature is no evidence.
TEST(TpmVectors, DstacksSampleIsAQuoteAlone) {
  WARD_NEED_VECTORS();
  const Buffer attest = vector_file("dstack_tpm_quote_sample.bin");
  const auto quote = parse_quote(attest);
  ASSERT_TRUE(quote);
  EXPECT_EQ(selection_text(quote->pcr_select), "sha256:0,1,2");
  EXPECT_EQ(to_hex(quote->extra_data), "12345678");
  EXPECT_EQ(write_quote(*quote), attest);
  EXPECT_EQ(judge({.evidence = attest}).failed(), Ids{"tpm.evidence.form"});
  test::report_files("tpm-quote", {"tpm/dstack_tpm_quote_sample.bin"});
}

// It holds the names of members in the place of their values: there is no quote in it.
TEST(TpmVectors, RustKeylimesRequestHoldsNoQuote) {
  WARD_NEED_VECTORS();
  EXPECT_FALSE(parse_evidence(vector_file("rust-keylime_evidence.json")));
  EXPECT_FALSE(looks_like_quote(vector_file("rust-keylime_evidence.json")));
  test::report_files("tpm-quote", {"tpm/rust-keylime_evidence.json"});
}

TEST(TpmVectors, EveryEventLogIsRecognisedAndRead) {
  WARD_NEED_VECTORS();
  std::size_t logs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(test::vectors_dir() / "tpm")) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("eventlog_") && !name.starts_with("ccel_C") &&
        !name.starts_with("ccel_aael"))
      continue;
    const Buffer log = test::read_file(entry.path());
    EXPECT_TRUE(is_log(log)) << name;
    EXPECT_TRUE(tcg::parse_event_log(log)) << name;
    ++logs;
  }
  EXPECT_EQ(logs, 9U);
}

// Protobuf of go-tpm-tools (proto/attest.proto): what of it is read here.
struct Message {
  std::vector<std::pair<std::uint64_t, Buffer>> fields;  // of length-delimited fields
  std::map<std::uint64_t, std::uint64_t> numbers;

  [[nodiscard]] std::vector<Buffer> all(std::uint64_t number) const {
    std::vector<Buffer> out;
    for (const auto& [field, value] : fields) {
      if (field == number) out.push_back(value);
    }
    return out;
  }
};

std::uint64_t varint(Reader& r) {
  std::uint64_t out = 0;
  std::uint8_t octet = 0x80;
  for (unsigned shift = 0; octet >= 0x80 && r.u8(octet); shift += 7)
    out |= std::uint64_t{octet & 0x7fU} << shift;
  return out;
}

Message message(Bytes in) {
  Message out;
  Reader r(in);
  while (!r.empty()) {
    const std::uint64_t key = varint(r);
    const std::uint64_t value = varint(r);
    Bytes octets;
    if ((key & 7U) == 0) {
      out.numbers[key >> 3U] = value;
    } else if (r.bytes(value, octets)) {
      out.fields.emplace_back(key >> 3U, to_buffer(octets));
    }
  }
  return out;
}

// An instance of Google Cloud: three quotes of one AK, one per bank, and the event log that gives
// them. The AK's certificate is not there, so that the AK is trusted by its key.
TEST(TpmVectors, GoogleCloudsQuotesAreAcceptedWithTheirLog) {
  WARD_NEED_VECTORS();
  const Message attestation = message(vector_file("go-tpm-tools_gce-cos-85-nonce9009.pb"));
  const Buffer ak = attestation.all(1).at(0);
  const Buffer log = attestation.all(3).at(0);
  const auto area = parse_public(ak);
  ASSERT_TRUE(area);
  std::vector<std::string> banks;
  for (const Buffer& one : attestation.all(2)) {
    const Message quote = message(one);
    const Message pcrs = message(quote.all(3).at(0));
    std::map<std::uint64_t, Buffer> values;
    for (const Buffer& entry : pcrs.all(2)) {
      const Message pair = message(entry);  // PCR 0 has no number: it is the default
      values[pair.numbers.contains(1) ? pair.numbers.at(1) : 0] = pair.all(2).at(0);
    }
    Evidence e{.attest = quote.all(1).at(0), .signature = quote.all(2).at(0), .ak = ak};
    for (const auto& [number, value] : values)
      e.pcrs.push_back(value);
    const Given given{.evidence = write_evidence(e),
                      .documents = {{"log", log}},
                      .trusted_spki = area->key()->to_spki(),
                      .report_data = std::vector<Buffer>{{0x90, 0x09}},
                      .sha1 = banks.empty()};
    const Appraisal a = judge(given);
    banks.push_back(name_of(parse_quote(e.attest)->pcr_select[0].hash));
    SCOPED_TRACE(banks.back());
    EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
    EXPECT_EQ(a.check("tpm.event_log.pcrs")->outcome, Outcome::kPassed);
    EXPECT_TRUE(has_claim(a, "event_log.secure_boot"));
    EXPECT_TRUE(has_claim(a, "event_log.kernel_command_lines"));
  }
  EXPECT_EQ(banks, (std::vector<std::string>{"sha1", "sha256", "sha384"}));
  test::report_files("tpm-attestation-pb", {"tpm/go-tpm-tools_gce-cos-85-nonce9009.pb"});
}

}  // namespace
}  // namespace ward::tpm
